//! `pylock.toml` (PEP 751).

use super::{Foreign, ImportError, Imported, Parts, pin, requirement, short, table, table_at, tables_at, text_at};
use super::{git_url, index, without_credentials};
use pybun_model::PackageName;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn import(foreign: Foreign) -> Result<Imported, ImportError> {
    let lock = table(foreign.text, foreign.path)?;
    if text_at(&lock, "lock-version").and_then(|version| version.split('.').next()) != Some("1") {
        let why = "its `lock-version` is not 1.x".to_owned();
        return Err(ImportError::Unreadable { path: foreign.path.to_owned(), why });
    }
    let mut out =
        Imported { requires_python: text_at(&lock, "requires-python").map(str::to_owned), ..Imported::default() };
    let packages: Vec<&Map<String, Value>> = tables_at(&lock, "packages").collect();
    let mut needed = BTreeSet::new();
    for package in &packages {
        needed.extend(required(package));
    }
    let mut from = Vec::new();
    for package in &packages {
        let Some(name) = text_at(package, "name") else { continue };
        if let Some(version) = text_at(package, "version") {
            pin(&mut out, name, version);
        }
        from.extend(text_at(package, "index").map(|index| (name, index)));
        let is_needed = needed.contains(&normal(name));
        if is_local(package) {
            if is_needed {
                out.unplaced.push(format!("`{}`, which is in a directory or a file", short(name)));
            }
            out.lost.push(format!("`{}` is in a directory or a file; add it with `NAME @ URL`", short(name)));
        }
    }
    // What nothing needs is what the project requires, and what is from a place of its own has to be named. From there
    // on everything is to be reached: what needs one another in a circle, or is needed by what is left out, is not.
    let is_root = |package: &&&Map<String, Value>| {
        let name = text_at(package, "name").unwrap_or_default();
        let is_listed = foreign.required.iter().any(|listed| listed == &normal(name));
        is_listed || !needed.contains(&normal(name)) || package.contains_key("vcs") || package.contains_key("archive")
    };
    let mut by_name: ByName = BTreeMap::new();
    for package in &packages {
        by_name.entry(normal(text_at(package, "name").unwrap_or_default())).or_default().push(package);
    }
    let mut reached = BTreeSet::new();
    for package in packages.iter().filter(is_root).chain(packages.iter().filter(|package| !is_root(package))) {
        let name = normal(text_at(package, "name").unwrap_or_default());
        if is_local(package) || !is_root(&package) && reached.contains(&name) {
            continue;
        }
        list(package, &mut out);
        reach(&name, &by_name, &mut reached);
    }
    if needed.is_empty() && out.dependencies.len() > 1 {
        out.lost.push("which packages the project itself requires is not in it; all of them are listed".to_owned());
    }
    index::take_locked(&mut out, &from);
    Ok(out)
}

fn list(package: &Map<String, Value>, out: &mut Imported) {
    let name = text_at(package, "name").unwrap_or_default();
    let archive = table_at(package, &["archive"]).and_then(|archive| text_at(archive, "url"));
    let git = table_at(package, &["vcs"]).filter(|vcs| text_at(vcs, "type") == Some("git"));
    let git = git.and_then(|vcs| Some(git_url(text_at(vcs, "url")?, text_at(vcs, "commit-id"))));
    let url = git.or(archive.map(without_credentials));
    if url.is_none() && package.contains_key("vcs") {
        return out.lost.push(format!("`{}`, whose repository is not one of git", short(name)));
    }
    let place = table_at(package, &["vcs"]).or_else(|| table_at(package, &["archive"]));
    let subdirectory = place.and_then(|place| text_at(place, "subdirectory"));
    let subdirectory = subdirectory.map(|path| format!("#subdirectory={path}")).unwrap_or_default();
    let url = url.map(|url| format!("{url}{subdirectory}"));
    let markers = text_at(package, "marker").map(str::to_owned).into_iter().collect();
    let text = requirement(out, Parts { name, url, markers, ..Parts::default() });
    out.dependencies.extend(text);
}

fn is_local(package: &Map<String, Value>) -> bool {
    let archive = table_at(package, &["archive"]);
    package.contains_key("directory") || archive.is_some_and(|archive| !archive.contains_key("url"))
}

type ByName<'a> = BTreeMap<String, Vec<&'a Map<String, Value>>>;

/// What is needed by `name`, and by what it needs; itself is among it.
fn reach(name: &str, packages: &ByName, reached: &mut BTreeSet<String>) {
    let mut open = vec![name.to_owned()];
    while let Some(name) = open.pop() {
        let of_name = packages.get(&name).into_iter().flatten();
        if reached.insert(name) {
            open.extend(of_name.flat_map(|package| required(package)));
        }
    }
}

fn required(package: &Map<String, Value>) -> impl Iterator<Item = String> {
    tables_at(package, "dependencies").filter_map(|one| text_at(one, "name")).map(normal)
}

/// As PEP 503 compares names; what is none stays.
fn normal(name: &str) -> String {
    name.parse::<PackageName>().map(|name| name.to_string()).unwrap_or_else(|_| name.to_owned())
}
