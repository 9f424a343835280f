//! `Pipfile.lock`, and the `Pipfile` beside it.

use super::constraint::convert;
use super::index::{self, Role};
use super::{Foreign, ImportError, Imported, Parts, pin, requirement, short, table, table_at, tables_at, text_at};
use super::{git_url, texts_at, without_credentials};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

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
    let pipfile = foreign.beside.map(|text| table(text, "Pipfile")).transpose()?;
    let described = pipfile.as_ref().filter(|pipfile| pipfile.contains_key("source"));
    let names = match described.or_else(|| table_at(lock, &["_meta"])) {
        Some(table) => sources(table, &mut out),
        None => Sources::new(),
    };
    match pipfile {
        Some(pipfile) => {
            if let Some(requires) = pipfile.get("requires").and_then(Value::as_object) {
                let python = text_at(requires, "python_full_version").or_else(|| text_at(requires, "python_version"));
                out.requires_python = python.map(|version| format!(">={version}"));
            }
            out.dependencies = entries(pipfile.get("packages"), &names, &mut out);
            let dev = entries(pipfile.get("dev-packages"), &names, &mut out);
            if !dev.is_empty() {
                out.groups.insert("dev".to_owned(), dev);
            }
        }
        None => {
            out.lost.push("there is no Pipfile beside it; everything that is locked is listed as required".to_owned());
            out.dependencies = entries(lock.get("default").map(loosened).as_ref(), &names, &mut out);
            let mut dev = lock.get("develop").map(loosened);
            if let (Some(Value::Object(dev)), Some(default)) = (&mut dev, table_at(lock, &["default"])) {
                dev.retain(|name, _| !default.contains_key(name));
            }
            let dev = entries(dev.as_ref(), &names, &mut out);
            if !dev.is_empty() {
                out.groups.insert("dev".to_owned(), dev);
            }
        }
    }
    // The index of what only others require.
    for (name, entry) in section("default").chain(section("develop")) {
        if let Some(index) = entry.get("index").and_then(Value::as_str) {
            assign(name, index, &names, &mut out);
        }
    }
    Ok(out)
}

/// What each index is called here, by what it is called there; `None` is the one that is asked for everything.
type Sources = BTreeMap<String, Option<String>>;

/// `[[source]]` of a Pipfile, or `sources` of its lock: the first is asked for everything, others for what names them.
fn sources(table: &Map<String, Value>, out: &mut Imported) -> Sources {
    let mut names = Sources::new();
    for key in ["source", "sources"] {
        for source in tables_at(table, key) {
            let role = if names.is_empty() { Role::Default } else { Role::Explicit };
            let (name, url) = (text_at(source, "name"), text_at(source, "url").unwrap_or_default());
            let here = index::take(out, name, url, role);
            let name = name.unwrap_or(url).to_owned();
            if source.get("verify_ssl").and_then(Value::as_bool) == Some(false) {
                out.lost
                    .push(format!("`verify_ssl = false` of the index `{}`; certificates are verified", short(&name)));
            }
            names.insert(name, here.filter(|_| role == Role::Explicit));
        }
    }
    names
}

fn assign(name: &str, index: &str, names: &Sources, out: &mut Imported) {
    let here = match names.get(index) {
        Some(here) => here.clone(),
        None if index.contains("://") => index::take(out, None, index, Role::Explicit),
        None => Some(index.to_owned()),
    };
    if let Some(here) = here {
        index::assign(out, name, here);
    }
}

/// Versions of a lock are preferences and no requirements.
fn loosened(section: &Value) -> Value {
    let mut section = section.clone();
    for entry in section.as_object_mut().into_iter().flat_map(|all| all.values_mut()) {
        if let Some(entry) = entry.as_object_mut() {
            entry.remove("version");
        }
    }
    section
}

fn entries(section: Option<&Value>, names: &Sources, out: &mut Imported) -> Vec<String> {
    let none = Map::new();
    let section = section.and_then(Value::as_object).unwrap_or(&none);
    section.iter().filter_map(|(name, entry)| entry_of(name, entry, names, out)).collect()
}

fn entry_of(name: &str, entry: &Value, names: &Sources, out: &mut Imported) -> Option<String> {
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
        index::place(out, name, source);
    }
    let subdirectory = text_at(entry_table, "subdirectory").map(|path| format!("#subdirectory={path}"));
    let url = text_at(entry_table, "git")
        .map(|url| git_url(url, text_at(entry_table, "ref")) + subdirectory.as_deref().unwrap_or_default())
        .or_else(|| text_at(entry_table, "file").map(without_credentials));
    if let Some(index) = text_at(entry_table, "index") {
        assign(name, index, names, out);
    }
    let extras = texts_at(entry_table, "extras");
    requirement(out, Parts { name, extras, specifier: &specifier, url, markers })
}
