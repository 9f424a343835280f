//! Manifests, scripts, requirements files and other TOML.

use crate::answer::{Outcome, all, answer, one};
use napi_derive::napi;
use pybun_manifest::{Declared, Edit, Entry, EntryValue, Positions, Table};
use pybun_model::Joins;
use pybun_model::{Problem, VersionOrUrl};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
struct TextWire {
    text: String,
    #[serde(default)]
    path: String,
}

#[napi(catch_unwind)]
pub fn manifest_parse(request: String) -> napi::Result<String> {
    answer(&request, |TextWire { text, path }| {
        let manifest = pybun_manifest::Manifest::parse(&text, &path).map_err(all)?;
        let build = manifest.build_system.as_ref();
        Ok(json!({
            "name": manifest.name,
            "version": manifest.version.as_ref().map(ToString::to_string),
            "requires_python": manifest.requires_python.as_ref().map(ToString::to_string),
            "dependencies": texts(&manifest.dependencies),
            "optional_dependencies": text_table(&manifest.optional_dependencies),
            "dependency_groups": text_table(&manifest.dependency_groups),
            "scripts": manifest.scripts,
            "build_backend": build.and_then(|build| build.backend.clone()),
            "build_requires": build.map(|build| texts(&build.requires)).unwrap_or_default(),
            "has_project": manifest.has_project,
            "has_build_system": build.is_some(),
            "tool_pybun": manifest.tool_pybun,
            "positions": positions(&manifest.positions),
        }))
    })
}

#[derive(Deserialize)]
struct EditsWire {
    text: String,
    path: String,
    edits: Vec<EditWire>,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum EditWire {
    Add {
        requirement: String,
        #[serde(flatten)]
        table: TableWire,
    },
    Remove {
        name: String,
        #[serde(flatten)]
        table: TableWire,
    },
    SetSource {
        name: String,
        entry: Map<String, Value>,
    },
    RemoveSource {
        name: String,
    },
}

#[derive(Deserialize)]
#[serde(tag = "table", rename_all = "kebab-case")]
enum TableWire {
    Project,
    Group { table_name: String },
    Extra { table_name: String },
}

#[napi(catch_unwind)]
pub fn manifest_edit(request: String) -> napi::Result<String> {
    answer(&request, |EditsWire { text, path, edits }| {
        let table = |table| match table {
            TableWire::Project => Table::Project,
            TableWire::Group { table_name } => Table::Group(table_name),
            TableWire::Extra { table_name } => Table::Extra(table_name),
        };
        let edits = edits.into_iter().map(|edit| match edit {
            EditWire::Add { requirement, table: of } => Edit::Add { requirement, table: table(of) },
            EditWire::Remove { name, table: of } => Edit::Remove { name, table: table(of) },
            EditWire::SetSource { name, entry } => Edit::SetSource { name, entry: entry_of(entry) },
            EditWire::RemoveSource { name } => Edit::RemoveSource { name },
        });
        let edited = pybun_manifest::edit(&text, &path, &edits.collect::<Vec<_>>()).map_err(one)?;
        Ok(json!({ "text": edited.text, "removed": edited.removed, "added": edited.added }))
    })
}

fn entry_of(entry: Map<String, Value>) -> Entry {
    let value = |value| match value {
        Value::Bool(flag) => EntryValue::Flag(flag),
        Value::String(text) => EntryValue::Text(text),
        other => EntryValue::Text(other.to_string()),
    };
    let mut entry: Entry = entry.into_iter().map(|(key, of)| (key, value(of))).collect();
    let order = ["git", "path", "url", "branch", "tag", "rev", "subdirectory", "editable"];
    entry.sort_by_key(|(key, _)| order.iter().position(|known| known == key));
    entry
}

#[napi(catch_unwind)]
pub fn toml_parse(request: String) -> napi::Result<String> {
    answer(&request, |TextWire { text, path }| {
        let toml = pybun_manifest::toml::parse(&text, &path).map_err(one)?;
        Ok(json!({ "value": toml.value, "positions": positions(&toml.positions) }))
    })
}

#[napi(catch_unwind)]
pub fn script_parse(request: String) -> napi::Result<String> {
    answer(&request, |TextWire { text, path }| {
        let script = pybun_manifest::script::parse(&text, &path).map_err(all)?;
        let found = script.is_some();
        let script = script.as_ref();
        let python = script.and_then(|script| script.requires_python.as_ref());
        Ok(json!({
            "found": found,
            "requires_python": python.map(ToString::to_string),
            "dependencies": script.map(|script| texts(&script.dependencies)).unwrap_or_default(),
            "tool_pybun": script.and_then(|script| script.tool_pybun.clone()),
        }))
    })
}

#[napi(catch_unwind)]
pub fn requirement_parse(request: String) -> napi::Result<String> {
    answer(&request, |TextWire { text, .. }| {
        let declared = Declared::parse(&text).map_err(|why| {
            vec![
                Problem::new("requirement/invalid", format!("`{text}` is not a requirement: {why}"))
                    .hint("Write it as in `requests>=2.31` or `fastapi[standard]` (PEP 508)")
                    .with("requirement", text.as_str()),
            ]
        })?;
        let requirement = declared.requirement;
        let (specifier, url) = match &requirement.version_or_url {
            None => (String::new(), None),
            Some(VersionOrUrl::VersionSpecifier(specifiers)) => (specifiers.to_string(), None),
            Some(VersionOrUrl::Url(url)) => (String::new(), Some(url.to_string())),
        };
        Ok(json!({
            "name": requirement.name,
            "extras": requirement.extras,
            "specifier": specifier,
            "url": url,
            "marker": requirement.marker.try_to_string(),
        }))
    })
}

#[derive(Deserialize)]
struct RequirementsWire {
    paths: Vec<String>,
    cwd: PathBuf,
    #[serde(default)]
    require_hashes: bool,
}

#[napi(catch_unwind)]
pub fn requirements_read(request: String) -> napi::Result<String> {
    answer(&request, |RequirementsWire { paths, cwd, require_hashes }| {
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        let environment = crate::python::variables();
        let mut read = |path: &str| read_file(&cwd, path);
        let read = pybun_manifest::requirements::parse(&paths, &environment, &mut read).map_err(all)?;
        let asked = require_hashes || read.require_hashes;
        let hashing = asked || read.requirements.iter().any(|listed| !listed.hashes.is_empty());
        let why = if asked { "which --require-hashes wants" } else { "and others do" };
        let of_requirements = read
            .requirements
            .iter()
            .filter(|listed| listed.hashes.is_empty())
            .map(|listed| (Some(&listed.declared.text), &listed.path, listed.line));
        // A tree has no hash that could be stated.
        let of_sources = read.sources.iter().map(|source| (None, &source.path, source.line));
        let bare: Vec<Problem> = of_requirements
            .chain(of_sources)
            .filter(|_| hashing)
            .map(|(text, path, line)| without_hash(text.map(String::as_str), (path, line), why))
            .collect();
        if !bare.is_empty() {
            return Err(bare);
        }
        let hashes: Map<String, Value> = read
            .requirements
            .iter()
            .filter(|listed| !listed.hashes.is_empty())
            .map(|listed| (listed.declared.requirement.name.to_string(), json!(listed.hashes)))
            .collect();
        Ok(json!({
            "requirements": read.requirements.iter().map(|listed| &listed.declared.text).collect::<Vec<_>>(),
            "constraints": read.constraints.iter().map(|listed| &listed.declared.text).collect::<Vec<_>>(),
            "sources": read.sources.iter().map(|source| json!({
                "text": source.place,
                "editable": source.editable,
                "path": source.path,
                "line": source.line,
            })).collect::<Vec<_>>(),
            "hashes": hashes,
            "index_url": read.index_url,
            "extra_index_urls": read.extra_index_urls,
            "find_links": read.find_links,
            "no_index": read.no_index,
            "no_binary": read.no_binary,
            "prefer_binary": read.prefer_binary,
            "only_binary": read.only_binary,
            "pre": read.pre,
        }))
    })
}

fn read_file(cwd: &Path, path: &str) -> Result<Vec<u8>, String> {
    if path == "-" {
        let mut bytes = Vec::new();
        let stdin = std::io::stdin().take(MAX_REQUIREMENTS_FILE).read_to_end(&mut bytes);
        stdin.map_err(|error| error.to_string())?;
        return Ok(bytes);
    }
    let path = cwd.join(path);
    if is_handed_over(&path) {
        let mut bytes = Vec::new();
        let read = std::fs::File::open(&path).and_then(|file| file.take(MAX_REQUIREMENTS_FILE).read_to_end(&mut bytes));
        return read.map(|_| bytes).map_err(|error| error.to_string());
    }
    pybun_files::read(&path, MAX_REQUIREMENTS_FILE).map_err(|error| error.to_string())
}

/// The longest that people have list some ten thousand lines with digests.
const MAX_REQUIREMENTS_FILE: u64 = 64 << 20;

/// What a shell hands over, as in `-r <(pip freeze)`, is a pipe that somebody writes into. Any other one in the place of a file is not
/// waited for.
fn is_handed_over(path: &Path) -> bool {
    path == Path::new("/dev/stdin") || path.starts_with("/dev/fd") || path.starts_with("/proc/self/fd")
}

/// Once one requirement states a hash, all must (pip's hash-checking mode).
/// What is no requirement may be anything, and is not shown.
fn without_hash(requirement: Option<&str>, (path, line): (&str, usize), why: &str) -> Problem {
    let what = requirement.map_or_else(|| "the line".to_owned(), |requirement| format!("`{requirement}`"));
    let problem = Problem::new("requirements/hash-missing", format!("{path}:{line}: {what} states no --hash, {why}"))
        .hint("State a hash for every requirement, also for those that are only needed by others")
        .with("path", path)
        .with("line", line);
    match requirement {
        Some(requirement) => problem.with("requirement", requirement),
        None => problem,
    }
}

fn texts(declared: &[Declared]) -> Vec<&str> {
    declared.iter().map(|declared| declared.text.as_str()).collect()
}

fn text_table<K: ToString>(table: &BTreeMap<K, Vec<Declared>>) -> Map<String, Value> {
    table.iter().map(|(name, declared)| (name.to_string(), json!(texts(declared)))).collect()
}

fn positions(positions: &Positions) -> Map<String, Value> {
    positions.iter().map(|(key, position)| (key.clone(), position.to_json())).collect()
}

/// Several problems at once are still one failure.
pub(crate) fn requirements_of(texts: &[String]) -> Outcome<Vec<pybun_model::Requirement>> {
    let joins = Joins::default();
    let mut requirements = Vec::new();
    let mut problems = Vec::new();
    for text in texts {
        match Declared::parse_of(text, &joins) {
            Ok(declared) => requirements.push(declared.requirement),
            Err(why) => problems.push(
                Problem::new("requirement/invalid", format!("`{text}` is not a requirement: {why}"))
                    .hint("Write it as in `requests>=2.31` or `fastapi[standard]` (PEP 508)")
                    .with("requirement", text.as_str()),
            ),
        }
    }
    if problems.is_empty() { Ok(requirements) } else { Err(problems) }
}
