//! `uv.lock`, and the `pyproject.toml` beside it.

use super::{Foreign, ImportError, Imported, Parts, pin, requirement, short, table, table_at, tables_at, text_at};
use super::{texts_at, without_credentials};
use serde_json::{Map, Value};

pub(super) fn import(foreign: Foreign) -> Result<Imported, ImportError> {
    let lock = table(foreign.text, foreign.path)?;
    if lock.get("version").and_then(Value::as_i64) != Some(1) {
        let why = "its `version` is not 1".to_owned();
        return Err(ImportError::Unreadable { path: foreign.path.to_owned(), why });
    }
    let mut out =
        Imported { requires_python: text_at(&lock, "requires-python").map(str::to_owned), ..Imported::default() };
    for package in tables_at(&lock, "package") {
        let (Some(name), Some(source)) = (text_at(package, "name"), table_at(package, &["source"])) else { continue };
        if source.contains_key("registry") {
            if let Some(version) = text_at(package, "version") {
                pin(&mut out, name, version);
            }
        } else if is_root(source) && foreign.beside.is_none() {
            root(package, &mut out);
        }
    }
    if let Some(text) = foreign.beside {
        settings(&table(text, "pyproject.toml")?, &mut out);
    }
    Ok(out)
}

fn is_root(source: &Map<String, Value>) -> bool {
    ["virtual", "editable", "directory"].iter().any(|kind| text_at(source, kind) == Some("."))
}

/// What the project requires, as the lock repeats it.
fn root(package: &Map<String, Value>, out: &mut Imported) {
    out.name = text_at(package, "name").map(str::to_owned);
    out.version = text_at(package, "version").map(str::to_owned);
    let Some(metadata) = table_at(package, &["metadata"]) else { return };
    for entry in tables_at(metadata, "requires-dist") {
        let marker = text_at(entry, "marker").unwrap_or_default();
        // An extra of the project stands in the marker, as in core metadata.
        match marker.rsplit_once("extra == '").filter(|(_, rest)| rest.ends_with('\'')) {
            Some((before, extra)) => {
                let before = before.trim().trim_end_matches("and").trim().to_owned();
                let text = entry_of(entry, &before, out);
                out.extras.entry(extra.trim_end_matches('\'').to_owned()).or_default().extend(text);
            }
            None => {
                let text = entry_of(entry, marker, out);
                out.dependencies.extend(text);
            }
        }
    }
    for (group, entries) in table_at(metadata, &["requires-dev"]).into_iter().flatten() {
        let entries = entries.as_array().into_iter().flatten().filter_map(Value::as_object);
        let texts: Vec<String> =
            entries.filter_map(|entry| entry_of(entry, text_at(entry, "marker").unwrap_or_default(), out)).collect();
        out.groups.insert(group.clone(), texts);
    }
}

fn entry_of(entry: &Map<String, Value>, marker: &str, out: &mut Imported) -> Option<String> {
    let name = text_at(entry, "name")?;
    let url =
        text_at(entry, "git").map(|url| format!("git+{url}")).or_else(|| text_at(entry, "url").map(str::to_owned));
    if ["directory", "editable", "path", "virtual"].iter().any(|kind| entry.contains_key(*kind)) {
        out.lost.push(format!("`{}` is in a directory; name it in [tool.pybun.sources]", short(name)));
    }
    let specifier = text_at(entry, "specifier").unwrap_or_default();
    let extras = texts_at(entry, "extras");
    let markers = vec![marker.to_owned()];
    requirement(out, Parts { name, extras, specifier, url: url.map(|url| without_credentials(&url)), markers })
}

/// `[tool.uv]`: most of its keys are called the same here.
fn settings(manifest: &Map<String, Value>, out: &mut Imported) {
    let Some(tool) = table_at(manifest, &["tool", "uv"]) else { return };
    let dev = texts_at(tool, "dev-dependencies");
    if !dev.is_empty() {
        out.groups.insert("dev".to_owned(), dev);
    }
    for (theirs, ours) in [
        ("constraint-dependencies", "constraints"),
        ("override-dependencies", "overrides"),
        ("exclude-dependencies", "excludes"),
        ("environments", "environments"),
        ("required-environments", "required-environments"),
        ("exclude-newer", "exclude-newer"),
        ("no-binary-package", "no-binary"),
        ("no-build-package", "only-binary"),
        ("find-links", "find-links"),
        ("no-index", "no-index"),
    ] {
        if let Some(value) = tool.get(theirs) {
            out.settings.push((ours, value.clone()));
        }
    }
    conflicts(tool, out);
    let known = ["name", "url", "explicit", "default"];
    for index in tables_at(tool, "index") {
        let fields = known.into_iter().filter_map(|key| {
            let value = index.get(key)?;
            let text = value.as_str().filter(|_| key == "url").map(|url| Value::from(without_credentials(url)));
            Some((key, text.unwrap_or_else(|| value.clone())))
        });
        out.indexes.push(fields.collect());
    }
    for (name, source) in table_at(tool, &["sources"]).into_iter().flatten() {
        sources(name, source, out);
    }
    if tool.contains_key("workspace") {
        out.lost.push("the workspace: each of its projects is to be imported by itself".to_owned());
    }
}

fn conflicts(tool: &Map<String, Value>, out: &mut Imported) {
    let Some(Value::Array(sets)) = tool.get("conflicts") else { return };
    let plain = |one: &Value| {
        one.as_object().is_some_and(|one| one.len() == 1 && (one.contains_key("extra") || one.contains_key("group")))
    };
    if sets.iter().all(|set| set.as_array().is_some_and(|set| set.iter().all(plain))) {
        out.settings.push(("conflicts", Value::Array(sets.clone())));
    } else {
        out.lost.push("conflicts between packages of a workspace".to_owned());
    }
}

fn sources(name: &str, source: &Value, out: &mut Imported) {
    let Some(source) = source.as_object() else {
        return out.lost.push(format!("the source of `{}` depends on markers", short(name)));
    };
    let known = ["git", "tag", "branch", "rev", "subdirectory", "path", "editable", "url", "index"];
    if let Some(other) = source.keys().find(|key| !known.contains(&key.as_str())) {
        return out.lost.push(format!("the source of `{}`: `{}` is not known here", short(name), short(other)));
    }
    let fields = known.into_iter().filter_map(|key| Some((key, source.get(key)?.clone())));
    out.sources.insert(name.to_owned(), fields.collect());
}
