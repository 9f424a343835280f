//! `uv.lock`, and the `pyproject.toml` beside it.

use super::index::{self, Role};
use super::{Foreign, ImportError, Imported, Parts, pin, requirement, short, table, table_at, tables_at, text_at};
use super::{declared, git_url, texts_at, without_credentials};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

pub(super) fn import(foreign: Foreign) -> Result<Imported, ImportError> {
    let lock = table(foreign.text, foreign.path)?;
    if lock.get("version").and_then(Value::as_i64) != Some(1) {
        let why = "its `version` is not 1".to_owned();
        return Err(ImportError::Unreadable { path: foreign.path.to_owned(), why });
    }
    let mut out =
        Imported { requires_python: text_at(&lock, "requires-python").map(str::to_owned), ..Imported::default() };
    let mut from = Vec::new();
    for package in tables_at(&lock, "package") {
        let (Some(name), Some(source)) = (text_at(package, "name"), table_at(package, &["source"])) else { continue };
        if let Some(registry) = text_at(source, "registry") {
            from.push((name, registry));
            if let Some(version) = text_at(package, "version") {
                pin(&mut out, name, version);
            }
        }
    }
    let root = |out: &mut Imported| {
        let is_root = |package: &&Map<String, Value>| table_at(package, &["source"]).is_some_and(is_root);
        if let Some(package) = tables_at(&lock, "package").find(is_root) {
            self::root(package, out);
        }
    };
    match foreign.beside {
        None => root(&mut out),
        Some(text) => {
            let manifest = declared::take(text, &mut out)?;
            // What only a build tells stands in the lock.
            if manifest.dynamic.iter().any(|field| field.ends_with("dependencies")) {
                let said = out.clone();
                root(&mut out);
                out = Imported { name: said.name, groups: said.groups, ..out };
                if !manifest.dependencies.is_empty() {
                    out.dependencies = said.dependencies;
                }
            }
            settings(&table(text, "pyproject.toml")?, &mut out);
        }
    }
    index::take_locked(&mut out, &from);
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
    let url = text_at(entry, "git").map(repository).or_else(|| text_at(entry, "url").map(without_credentials));
    if ["directory", "editable", "path", "virtual"].iter().any(|kind| entry.contains_key(*kind)) {
        out.lost.push(format!("`{}` is in a directory; name it in [tool.pybun.sources]", short(name)));
    }
    let specifier = text_at(entry, "specifier").unwrap_or_default();
    let extras = texts_at(entry, "extras");
    let markers = vec![marker.to_owned()];
    requirement(out, Parts { name, extras, specifier, url, markers })
}

/// A repository as uv writes it, with `?tag=`, `?branch=` or `?rev=`, and `subdirectory=`.
fn repository(url: &str) -> String {
    let (url, commit) = url.split_once('#').map_or((url, None), |(url, commit)| (url, Some(commit)));
    let (url, query) = url.split_once('?').unwrap_or((url, ""));
    let field = |wanted: &[&str]| {
        let mut fields = query.split('&').filter_map(|field| field.split_once('='));
        fields.find(|(key, _)| wanted.contains(key)).map(|(_, value)| decoded(value))
    };
    let reference = field(&["tag", "branch", "rev"]).or_else(|| commit.map(str::to_owned));
    let subdirectory = field(&["subdirectory"]).map(|path| format!("#subdirectory={path}")).unwrap_or_default();
    format!("{}{subdirectory}", git_url(url, reference.as_deref()))
}

/// Without percent-encoding; what is none stays.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let code = (*first == b'%').then(|| after.get(..2)).flatten();
        let code = code.and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// `[tool.uv]`: most of its keys are called the same here.
fn settings(manifest: &Map<String, Value>, out: &mut Imported) {
    let Some(tool) = table_at(manifest, &["tool", "uv"]) else { return };
    let dev = texts_at(tool, "dev-dependencies");
    let group = out.groups.entry("dev".to_owned()).or_default();
    group.extend(dev.into_iter().filter(|text| !group.contains(text)).collect::<Vec<_>>());
    out.groups.retain(|_, texts| !texts.is_empty());
    for (theirs, ours) in SAME {
        if let Some(value) = tool.get(theirs) {
            out.settings.push((ours, value.clone()));
        }
    }
    let prerelease = text_at(tool, "prerelease");
    if let Some(known) = prerelease.filter(|mode| ["allow", "disallow", "if-necessary"].contains(mode)) {
        out.settings.push(("prereleases", known.into()));
    } else if let Some(other) = prerelease {
        out.lost.push(format!("`prerelease = \"{}\"`", short(other)));
    }
    conflicts(tool, out);
    let names = indexes(tool, out);
    for (name, source) in table_at(tool, &["sources"]).into_iter().flatten() {
        sources(name, source, &names, out);
    }
    if tool.contains_key("workspace") {
        out.lost.push("the workspace: each of its projects is to be imported by itself".to_owned());
    }
    let is_read = |key: &String| READ.contains(&key.as_str()) || SAME.iter().any(|(theirs, _)| theirs == key);
    let unread: Vec<String> = tool.keys().filter(|key| !is_read(key)).map(|key| format!("`{}`", short(key))).collect();
    if !unread.is_empty() {
        out.lost.push(format!("{} of [tool.uv]", unread.join(", ")));
    }
}

/// Keys of `[tool.uv]` that mean the same here, and what they are called.
const SAME: [(&str, &str); 12] = [
    ("compile-bytecode", "compile-bytecode"),
    ("constraint-dependencies", "constraints"),
    ("environments", "environments"),
    ("exclude-dependencies", "excludes"),
    ("exclude-newer", "exclude-newer"),
    ("find-links", "find-links"),
    ("no-binary-package", "no-binary"),
    ("no-build-package", "only-binary"),
    ("no-index", "no-index"),
    ("override-dependencies", "overrides"),
    ("required-environments", "required-environments"),
    ("resolution", "resolution"),
];

/// Keys that are read one by one.
const READ: [&str; 8] =
    ["conflicts", "dev-dependencies", "extra-index-url", "index", "index-url", "prerelease", "sources", "workspace"];

/// In the order in which uv asks. Gives what each is called here, by what it is called there.
fn indexes(tool: &Map<String, Value>, out: &mut Imported) -> BTreeMap<String, String> {
    let is = |index: &Map<String, Value>, key: &str| index.get(key).and_then(Value::as_bool) == Some(true);
    let mut names = BTreeMap::new();
    for index in tables_at(tool, "index") {
        let (name, url) = (text_at(index, "name"), text_at(index, "url").unwrap_or_default());
        if text_at(index, "format").is_some_and(|format| format != "simple") {
            out.unplaced.push(format!("the list of files {}", short(&without_credentials(url))));
            continue;
        }
        let role = match (is(index, "explicit"), is(index, "default")) {
            (true, _) => Role::Explicit,
            (false, true) => Role::Default,
            (false, false) => Role::Before,
        };
        if let (Some(taken), Some(name)) = (index::take(out, name, url, role), name) {
            names.insert(name.to_owned(), taken);
        }
    }
    for url in texts_at(tool, "extra-index-url") {
        index::take(out, None, &url, Role::Before);
    }
    if let Some(url) = text_at(tool, "index-url") {
        index::take(out, None, url, Role::Default);
    }
    names
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

fn sources(name: &str, source: &Value, names: &BTreeMap<String, String>, out: &mut Imported) {
    let Some(source) = source.as_object() else {
        let is_index = |one: &Value| one.get("index").is_some();
        if source.as_array().is_some_and(|all| all.iter().any(is_index)) {
            out.unplaced.push(format!("the index of `{}`, which depends on markers", short(name)));
        }
        return out.lost.push(format!("the source of `{}` depends on markers", short(name)));
    };
    let known = ["git", "tag", "branch", "rev", "subdirectory", "path", "editable", "url", "index"];
    if let Some(other) = source.keys().find(|key| !known.contains(&key.as_str())) {
        if let Some(index) = text_at(source, "index") {
            out.unplaced.push(format!(
                "the index `{}` of `{}`, with its `{}`",
                short(index),
                short(name),
                short(other)
            ));
        }
        return out.lost.push(format!("the source of `{}`: `{}` is not known here", short(name), short(other)));
    }
    if let Some(index) = text_at(source, "index") {
        return index::assign(out, name, names.get(index).map_or(index, String::as_str).to_owned());
    }
    let bare = |key: &str, value: &Value| match value.as_str().filter(|_| ["git", "url"].contains(&key)) {
        Some(url) => Value::from(without_credentials(url)),
        None => value.clone(),
    };
    let fields = known.into_iter().filter_map(|key| Some((key, bare(key, source.get(key)?)))).collect();
    index::place(out, name, fields);
}
