//! `poetry.lock`, and the `[tool.poetry]` of the `pyproject.toml` beside it.

use super::constraint::{convert, python_marker};
use super::{Foreign, ImportError, Imported, Parts, pin, requirement, short, table, table_at, tables_at, text_at};
use super::{declared, index, texts_at, without_credentials};
use pybun_model::PUBLIC_INDEX_URL;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

pub(super) fn import(foreign: Foreign) -> Result<Imported, ImportError> {
    let lock = table(foreign.text, foreign.path)?;
    let Some(manifest) = foreign.beside else {
        return Err(ImportError::NothingBeside { path: foreign.path.to_owned(), missing: "pyproject.toml" });
    };
    let mut out = Imported::default();
    let mut from = Vec::new();
    for package in tables_at(&lock, "package") {
        let (Some(name), Some(version)) = (text_at(package, "name"), text_at(package, "version")) else { continue };
        let source = table_at(package, &["source"]);
        if source.and_then(|source| text_at(source, "type")).is_none_or(|kind| kind == "legacy") {
            pin(&mut out, name, version);
            from.extend(source.and_then(|source| Some((name, text_at(source, "url")?))));
        }
    }
    let standard = declared::take(manifest, &mut out)?;
    let manifest = table(manifest, "pyproject.toml")?;
    if let Some(poetry) = table_at(&manifest, &["tool", "poetry"]) {
        let said = out.clone();
        project(poetry, &mut out);
        // What [project] says counts; [tool.poetry] then only tells where packages are from.
        let is_dynamic = standard.dynamic.iter().any(|field| field == "dependencies");
        if standard.has_project && !is_dynamic {
            (out.dependencies, out.extras) = (said.dependencies, said.extras);
        }
        out.name = said.name.or(out.name);
        out.version = said.version.or(out.version);
        out.description = said.description.or(out.description);
        out.requires_python = said.requires_python.or(out.requires_python);
    }
    index::take_locked(&mut out, &from);
    Ok(out)
}

fn project(poetry: &Map<String, Value>, out: &mut Imported) {
    let text = |key: &str| text_at(poetry, key).map(str::to_owned);
    (out.name, out.version, out.description) = (text("name"), text("version"), text("description"));
    let sources = sources(poetry, out);
    let entries = |name: &str, entry: &Value, out: &mut Imported| entries(name, entry, &sources, out);
    let group = |name: &str, of: Option<&Map<String, Value>>, out: &mut Imported| group(name, of, &sources, out);
    let mut optional: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, entry) in table_at(poetry, &["dependencies"]).into_iter().flatten() {
        if name == "python" {
            python(entry, out);
            continue;
        }
        let texts = entries(name, entry, out);
        if is_optional(entry) {
            optional.entry(normal(name)).or_default().extend(texts);
        } else {
            out.dependencies.extend(texts);
        }
    }
    for (extra, names) in table_at(poetry, &["extras"]).into_iter().flatten() {
        let names = names.as_array().into_iter().flatten().filter_map(Value::as_str);
        let texts = names.flat_map(|name| match optional.get(&normal(name)) {
            Some(texts) => texts.clone(),
            None => vec![name.to_owned()],
        });
        out.extras.insert(extra.clone(), texts.collect());
    }
    group("dev", table_at(poetry, &["dev-dependencies"]), out);
    for (name, of) in table_at(poetry, &["group"]).into_iter().flatten() {
        group(name, of.get("dependencies").and_then(Value::as_object), out);
    }
    for (name, script) in table_at(poetry, &["scripts"]).into_iter().flatten() {
        match script.as_str() {
            Some(script) => drop(out.scripts.insert(name.clone(), script.to_owned())),
            None => out.lost.push(format!("the script `{}`, which is a file", short(name))),
        }
    }
    if poetry.contains_key("plugins") {
        out.lost.push("entry points of plugins; say them in [project.entry-points]".to_owned());
    }
}

/// `[[tool.poetry.source]]`; gives what each is called here by what it is called there. A primary source takes the
/// place of the public index; supplemental ones are asked as well, and explicit ones for what names them.
fn sources(poetry: &Map<String, Value>, out: &mut Imported) -> Sources {
    let is = |source: &Map<String, Value>, key: &str| source.get(key).and_then(Value::as_bool) == Some(true);
    let priority = |source: &Map<String, Value>| match text_at(source, "priority") {
        Some("explicit") => "explicit",
        Some("supplemental" | "secondary") => "supplemental",
        None if is(source, "secondary") => "supplemental",
        Some(_) | None => "primary",
    };
    let all: Vec<_> = tables_at(poetry, "source").map(|source| (priority(source), place(source))).collect();
    let of = |wanted: &str| {
        let found = all.iter().filter(|(priority, _)| *priority == wanted);
        found.map(|(_, (name, url))| (Some(*name), *url)).collect::<Vec<_>>()
    };
    let mut asked = of("primary");
    if asked.is_empty() {
        asked.push((None, PUBLIC_INDEX_URL));
    }
    asked.extend(of("supplemental"));
    index::take_all(out, &asked);
    let taken = |(_, (name, url)): &(&str, (&str, &str))| {
        let here = index::take(out, Some(name), url, index::Role::Explicit)?;
        Some((name.to_ascii_lowercase(), here))
    };
    all.iter().filter_map(taken).collect()
}

/// Name and URL; the public index is known by its name.
fn place(source: &Map<String, Value>) -> (&str, &str) {
    let name = text_at(source, "name").unwrap_or("source");
    let url = text_at(source, "url").or(name.eq_ignore_ascii_case("pypi").then_some(PUBLIC_INDEX_URL));
    (name, url.unwrap_or_default())
}

fn python(entry: &Value, out: &mut Imported) {
    let text = entry.as_str().or_else(|| entry.get("version").and_then(Value::as_str)).unwrap_or("*");
    match convert(text) {
        Some(converted) => {
            if !converted.exact {
                out.lost.push(format!("`python = \"{}\"` is taken as {}", short(text), converted.specifier));
            }
            out.requires_python = Some(converted.specifier).filter(|specifier| !specifier.is_empty());
        }
        None => out.lost.push(format!("`python = \"{}\"` is no constraint on versions", short(text))),
    }
}

type Sources = BTreeMap<String, String>;

fn group(name: &str, dependencies: Option<&Map<String, Value>>, sources: &Sources, out: &mut Imported) {
    let Some(dependencies) = dependencies else { return };
    let mut texts = Vec::new();
    for (name, entry) in dependencies {
        texts.extend(entries(name, entry, sources, out));
    }
    out.groups.entry(name.to_owned()).or_default().extend(texts);
}

/// One requirement, or one for each environment.
fn entries(name: &str, entry: &Value, sources: &Sources, out: &mut Imported) -> Vec<String> {
    match entry {
        Value::Array(all) => all.iter().filter_map(|one| entry_of(name, one, sources, out)).collect(),
        one => entry_of(name, one, sources, out).into_iter().collect(),
    }
}

fn entry_of(name: &str, entry: &Value, sources: &Sources, out: &mut Imported) -> Option<String> {
    let none = Map::new();
    let fields = entry.as_object().unwrap_or(&none);
    let text = entry.as_str().or_else(|| text_at(fields, "version")).unwrap_or("*");
    let converted = convert(text);
    match &converted {
        None => out.lost.push(format!("`{}` of `{}` is no constraint on versions", short(text), short(name))),
        Some(found) if !found.exact => {
            out.lost.push(format!("`{}` of `{}` is taken as {}", short(text), short(name), found.specifier));
        }
        Some(_) => {}
    }
    let specifier = converted.map(|one| one.specifier).unwrap_or_default();
    let mut markers: Vec<String> = text_at(fields, "markers").map(str::to_owned).into_iter().collect();
    if let Some(python) = text_at(fields, "python") {
        match python_marker(python) {
            Some(marker) => markers.push(marker),
            None => out.lost.push(format!("`python = \"{}\"` of `{}`", short(python), short(name))),
        }
    }
    markers.extend(text_at(fields, "platform").map(|platform| format!("sys_platform == '{platform}'")));
    if fields.get("allow-prereleases").and_then(Value::as_bool) == Some(true) {
        out.lost.push(format!("`allow-prereleases` of `{}`; name a pre-release in its specifier", short(name)));
    }
    let url = source(name, fields, sources, out);
    let extras = texts_at(fields, "extras");
    requirement(out, Parts { name, extras, specifier: &specifier, url, markers })
}

/// A URL where PEP 508 can say it; what else tells where a project is from goes to `[tool.pybun.sources]`.
fn source(name: &str, fields: &Map<String, Value>, sources: &Sources, out: &mut Imported) -> Option<String> {
    let subdirectory = text_at(fields, "subdirectory");
    if let Some(git) = text_at(fields, "git") {
        let mut source = vec![("git", Value::from(without_credentials(git)))];
        for key in ["branch", "tag", "rev"] {
            source.extend(text_at(fields, key).map(|value| (key, Value::from(value))));
        }
        source.extend(subdirectory.map(|path| ("subdirectory", Value::from(path))));
        index::place(out, name, source);
    } else if let Some(path) = text_at(fields, "path") {
        let mut source = vec![("path", Value::from(path))];
        if fields.get("develop").and_then(Value::as_bool) == Some(true) {
            source.push(("editable", true.into()));
        }
        index::place(out, name, source);
    } else if let Some(index) = text_at(fields, "source") {
        let here = match sources.get(&index.to_ascii_lowercase()) {
            Some(here) => Some(here.clone()),
            None if index.eq_ignore_ascii_case("pypi") => {
                index::take(out, Some("pypi"), PUBLIC_INDEX_URL, index::Role::Explicit)
            }
            None => Some(index.to_owned()),
        };
        if let Some(here) = here {
            index::assign(out, name, here);
        }
    }
    let fragment = subdirectory.map(|path| format!("#subdirectory={path}")).unwrap_or_default();
    text_at(fields, "url").map(|url| format!("{}{fragment}", without_credentials(url)))
}

fn is_optional(entry: &Value) -> bool {
    entry.get("optional").and_then(Value::as_bool) == Some(true)
}

/// As PEP 503 compares names.
fn normal(name: &str) -> String {
    name.to_ascii_lowercase().replace(['_', '.'], "-")
}
