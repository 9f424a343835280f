//! What moved between two locks.

use pybun_lock::{Lock, Source};
use pybun_model::PackageName;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A name with several versions is told as all of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    pub from: Option<String>,
    pub name: PackageName,
    pub to: Option<String>,
}

/// By name.
pub fn changes(previous: Option<&Lock>, lock: &Lock) -> Vec<Change> {
    let before = previous.map(versions).unwrap_or_default();
    let after = versions(lock);
    let names: BTreeSet<&PackageName> = before.keys().chain(after.keys()).collect();
    let moved = names.into_iter().filter(|name| before.get(name) != after.get(name));
    moved.map(|name| Change { name: name.clone(), from: text(&before, name), to: text(&after, name) }).collect()
}

type Versions = BTreeMap<PackageName, BTreeSet<String>>;

fn versions(lock: &Lock) -> Versions {
    let mut of_name = Versions::new();
    for package in &lock.packages {
        let version = match &package.source {
            // The same version may come of another commit.
            Source::Git { commit, .. } => format!("{} ({})", package.version, commit.get(..7).unwrap_or(commit)),
            Source::Index { .. } | Source::Url(_) | Source::Directory { .. } | Source::Path(_) => {
                package.version.to_string()
            }
        };
        of_name.entry(package.name.clone()).or_default().insert(version);
    }
    of_name
}

fn text(of: &Versions, name: &PackageName) -> Option<String> {
    of.get(name).map(|versions| versions.iter().map(String::as_str).collect::<Vec<_>>().join(", "))
}
