//! `Pipfile.lock`, and the `Pipfile` beside it.

use super::constraint::convert;
use super::without_credentials;
use super::{Foreign, ImportError, Imported, Parts, pin, requirement, short, table, tables_at, text_at, texts_at};
use serde_json::{Map, Value};

pub(super) fn import(foreign: Foreign) -> Result<Imported, ImportError> {
    let unreadable = |why: String| ImportError::Unreadable { path: foreign.path.to_owned(), why };
    let lock: Value = serde_json::from_str(foreign.text).map_err(|error| unreadable(error.to_string()))?;
    let lock = lock.as_object().ok_or_else(|| unreadable("it is no JSON object".to_owned()))?;
    let mut out = Imported::default();
    let section = |key: &str| lock.get(key).and_then(Value::as_object).into_iter().flatten();
    for (name, entry) in section("default").chain(section("develop")) {
        if let Some(version) = entry.get("version").and_then(Value::as_str).and_then(|text| text.strip_prefix("==")) {
            pin(&mut out, name, version);
        }
    }
    match foreign.beside {
        Some(text) => {
            let pipfile = table(text, "Pipfile")?;
            if let Some(requires) = pipfile.get("requires").and_then(Value::as_object) {
                let python = text_at(requires, "python_full_version").or_else(|| text_at(requires, "python_version"));
                out.requires_python = python.map(|version| format!(">={version}"));
            }
            if tables_at(&pipfile, "source").count() > 1 {
                out.lost.push("which index to ask is not carried over; say it in [[tool.pybun.index]]".to_owned());
            }
            out.dependencies = entries(pipfile.get("packages"), &mut out);
            let dev = entries(pipfile.get("dev-packages"), &mut out);
            if !dev.is_empty() {
                out.groups.insert("dev".to_owned(), dev);
            }
        }
        None => {
            out.lost.push("there is no Pipfile beside it; everything that is locked is listed as required".to_owned());
            let names = |key: &str| section(key).map(|(name, _)| name.clone()).collect::<Vec<_>>();
            out.dependencies = names("default");
            let dev: Vec<String> =
                names("develop").into_iter().filter(|name| !out.dependencies.contains(name)).collect();
            if !dev.is_empty() {
                out.groups.insert("dev".to_owned(), dev);
            }
        }
    }
    Ok(out)
}

fn entries(section: Option<&Value>, out: &mut Imported) -> Vec<String> {
    let none = Map::new();
    let section = section.and_then(Value::as_object).unwrap_or(&none);
    section.iter().filter_map(|(name, entry)| entry_of(name, entry, out)).collect()
}

fn entry_of(name: &str, entry: &Value, out: &mut Imported) -> Option<String> {
    let none = Map::new();
    let entry_table = entry.as_object().unwrap_or(&none);
    let text = entry.as_str().or_else(|| text_at(entry_table, "version")).unwrap_or("*");
    let converted = convert(text);
    if converted.is_none() {
        out.lost.push(format!("`{}` of `{}` is no constraint on versions", short(text), short(name)));
    }
    let specifier = converted.map(|one| one.specifier).unwrap_or_default();
    let mut markers: Vec<String> = text_at(entry_table, "markers").map(str::to_owned).into_iter().collect();
    for variable in ["sys_platform", "os_name", "platform_system", "platform_machine", "python_version"] {
        markers.extend(text_at(entry_table, variable).map(|test| format!("{variable} {test}")));
    }
    if let Some(path) = text_at(entry_table, "path") {
        let editable = entry_table.get("editable").and_then(Value::as_bool).unwrap_or(false);
        let mut source = vec![("path", Value::from(path))];
        if editable {
            source.push(("editable", true.into()));
        }
        out.sources.insert(name.to_owned(), source);
    }
    let url = text_at(entry_table, "git").map(|url| {
        let reference = text_at(entry_table, "ref").map(|of| format!("@{of}")).unwrap_or_default();
        format!("git+{}{reference}", without_credentials(url))
    });
    let url = url.or_else(|| text_at(entry_table, "file").map(without_credentials));
    let extras = texts_at(entry_table, "extras");
    requirement(out, Parts { name, extras, specifier: &specifier, url, markers })
}
