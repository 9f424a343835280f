//! The manifest of an imported project: a new one, or the one that is there with what it lacks.

use super::{ImportError, Imported};
use pybun_manifest::{Declared, Edit, Manifest, Table, edit};
use serde_json::{Map, Value};
use std::fmt::Write;

/// The text of `pyproject.toml`. `existing` keeps every character that it has; tables that it lacks stand before or
/// behind them. `name` and `requires_python` are for what nobody said.
pub fn complete(
    existing: Option<&str>,
    imported: &mut Imported,
    name: &str,
    requires_python: &str,
) -> Result<String, ImportError> {
    let text = existing.unwrap_or_default();
    let before =
        Manifest::parse(text, "pyproject.toml").map_err(|mut all| ImportError::Manifest(all.swap_remove(0)))?;
    let (mut out, groups_done) = if before.has_project {
        (added(text, &before, imported)?, true)
    } else {
        let new = project(imported, name, requires_python);
        let groups = if before.dependency_groups.is_empty() { groups(imported) } else { String::new() };
        (joined(&format!("{new}{groups}"), text), before.dependency_groups.is_empty())
    };
    if !groups_done {
        out = with_groups(&out, imported)?;
    }
    let tool = tool(imported);
    if tool.is_empty() {
        return Ok(out);
    }
    if let Some(own) = &before.tool_pybun {
        imported.lost.push("[tool.pybun] is there already and was left alone".to_owned());
        imported.unplaced.extend(without_place(own, imported));
        return Ok(out);
    }
    Ok(joined(&out, &tool))
}

/// Indexes, and sources from them, that an existing `[tool.pybun]` does not have.
fn without_place(own: &Map<String, Value>, imported: &Imported) -> Vec<String> {
    let indexes = own.get("index").and_then(Value::as_array).into_iter().flatten();
    let urls: Vec<&str> =
        indexes.filter_map(|index| index.get("url")).chain(own.get("index-url")).filter_map(Value::as_str).collect();
    let lacking = imported.indexes.iter().filter(|index| !urls.iter().any(|url| index.is_at(url)));
    let sources = own.get("sources").and_then(Value::as_object);
    let unassigned = imported.sources.iter().filter(|(name, fields)| {
        fields.iter().any(|(key, _)| *key == "index") && sources.is_none_or(|own| !own.contains_key(*name))
    });
    lacking
        .map(|index| format!("the index `{}`", index.name))
        .chain(unassigned.map(|(name, _)| format!("the index of `{name}`")))
        .collect()
}

/// Two texts with an empty line between them, in the line endings of the second (the first is ours or has none).
fn joined(first: &str, second: &str) -> String {
    if first.trim().is_empty() || second.trim().is_empty() {
        return format!("{first}{second}");
    }
    let windows = first.contains("\r\n") || second.contains("\r\n");
    let text = format!("{}\n\n{}", first.trim_end(), second.trim_start_matches(['\u{feff}', '\r', '\n']));
    if windows { text.replace("\r\n", "\n").replace('\n', "\r\n") } else { text }
}

fn project(imported: &Imported, name: &str, requires_python: &str) -> String {
    let mut toml = String::from("[project]\n");
    let mut line = |key: &str, text: &str| {
        let _ = writeln!(toml, "{key} = {}", quoted(text));
    };
    line("name", imported.name.as_deref().unwrap_or(name));
    line("version", imported.version.as_deref().unwrap_or("0.1.0"));
    if let Some(description) = &imported.description {
        line("description", description);
    }
    line("requires-python", imported.requires_python.as_deref().unwrap_or(requires_python));
    let _ = writeln!(toml, "dependencies = {}", list(&imported.dependencies));
    if !imported.extras.is_empty() {
        toml.push_str("\n[project.optional-dependencies]\n");
        for (extra, texts) in &imported.extras {
            let _ = writeln!(toml, "{} = {}", key(extra), list(texts));
        }
    }
    if !imported.scripts.is_empty() {
        toml.push_str("\n[project.scripts]\n");
        for (name, script) in &imported.scripts {
            let _ = writeln!(toml, "{} = {}", key(name), quoted(script));
        }
    }
    toml
}

fn groups(imported: &Imported) -> String {
    if imported.groups.is_empty() {
        return String::new();
    }
    let mut toml = String::from("\n[dependency-groups]\n");
    for (group, texts) in &imported.groups {
        let _ = writeln!(toml, "{} = {}", key(group), list(texts));
    }
    toml
}

/// What a manifest with `[project]` lacks. A name that it requires in the same list stays as it is.
fn added(text: &str, before: &Manifest, imported: &Imported) -> Result<String, ImportError> {
    let mut edits = Vec::new();
    let is_dynamic = |field: &str| before.dynamic.iter().any(|name| name == field);
    let own: &[String] = if is_dynamic("dependencies") { &[] } else { &imported.dependencies };
    for requirement in missing(&before.dependencies, own) {
        edits.push(Edit::Add { requirement, table: Table::Project });
    }
    for (extra, texts) in imported.extras.iter().filter(|_| !is_dynamic("optional-dependencies")) {
        let present = extra.parse().ok().and_then(|name| before.optional_dependencies.get(&name));
        for requirement in missing(present.map_or(&[], Vec::as_slice), texts) {
            edits.push(Edit::Add { requirement, table: Table::Extra(extra.clone()) });
        }
    }
    Ok(edit(&with_groups(text, imported)?, "pyproject.toml", &edits)?.text)
}

fn with_groups(text: &str, imported: &Imported) -> Result<String, ImportError> {
    let before =
        Manifest::parse(text, "pyproject.toml").map_err(|mut all| ImportError::Manifest(all.swap_remove(0)))?;
    let mut edits = Vec::new();
    for (group, texts) in &imported.groups {
        let present = group.parse().ok().and_then(|name| before.dependency_groups.get(&name));
        for requirement in missing(present.map_or(&[], Vec::as_slice), texts) {
            edits.push(Edit::Add { requirement, table: Table::Group(group.clone()) });
        }
    }
    Ok(edit(text, "pyproject.toml", &edits)?.text)
}

fn missing(present: &[Declared], wanted: &[String]) -> Vec<String> {
    let is_new = |text: &&String| {
        Declared::parse(text).is_ok_and(|new| !present.iter().any(|old| old.requirement.name == new.requirement.name))
    };
    wanted.iter().filter(is_new).cloned().collect()
}

fn tool(imported: &Imported) -> String {
    let mut toml = String::new();
    if !imported.settings.is_empty() {
        toml.push_str("\n[tool.pybun]\n");
        for (name, value) in &imported.settings {
            let _ = writeln!(toml, "{name} = {}", shown(value));
        }
    }
    if !imported.sources.is_empty() {
        toml.push_str("\n[tool.pybun.sources]\n");
        for (name, fields) in &imported.sources {
            let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name} = {}", shown(value))).collect();
            let _ = writeln!(toml, "{} = {{ {} }}", key(name), fields.join(", "));
        }
    }
    for index in &imported.indexes {
        toml.push_str("\n[[tool.pybun.index]]\n");
        for (name, value) in index.fields() {
            let _ = writeln!(toml, "{name} = {}", shown(&value));
        }
    }
    toml
}

fn list(texts: &[String]) -> String {
    if texts.is_empty() {
        return "[]".to_owned();
    }
    let lines: String = texts.iter().map(|text| format!("    {},\n", quoted(text))).collect();
    format!("[\n{lines}]")
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Array(all) => format!("[{}]", all.iter().map(shown).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(name, value)| format!("{} = {}", key(name), shown(value))).collect();
            format!("{{ {} }}", fields.join(", "))
        }
        Value::Null => "\"\"".to_owned(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

fn key(name: &str) -> String {
    let bare = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if bare { name.to_owned() } else { quoted(name) }
}

/// A literal string where that needs no escapes, as people write markers; else a basic one.
fn quoted(text: &str) -> String {
    let plain = !text.contains(['\'', '\\']) && !text.contains(char::is_control);
    if text.contains('"') && plain { format!("'{text}'") } else { crate::toml_text(text) }
}
