//! The shape of format 2 on disk. Never changed: a new shape is a new format in a folder of its own.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

#[derive(Serialize, Deserialize)]
pub(super) struct Lock<'a> {
    #[serde(borrow)]
    pub(super) requires_python: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) roots: Vec<Root<'a>>,
    #[serde(borrow)]
    pub(super) constraints: Vec<Requirement<'a>>,
    #[serde(borrow)]
    pub(super) overrides: Vec<Requirement<'a>>,
    #[serde(borrow)]
    pub(super) excludes: Vec<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) environments: Vec<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) required_environments: Vec<Cow<'a, str>>,
    /// Kinds and names as in `Root`.
    #[serde(borrow)]
    pub(super) conflicts: Vec<Vec<(u8, Cow<'a, str>)>>,
    #[serde(borrow)]
    pub(super) exclude_newer: Option<Cow<'a, str>>,
    /// `None` for all.
    #[serde(borrow)]
    pub(super) no_binary: Option<Vec<Cow<'a, str>>>,
    /// `None` for all.
    #[serde(borrow)]
    pub(super) no_build: Option<Vec<Cow<'a, str>>>,
    pub(super) prefer_binary: bool,
    /// By name; the name of an index, or `None` for an editable.
    #[serde(borrow)]
    pub(super) sources: Vec<(Cow<'a, str>, Option<Cow<'a, str>>)>,
    pub(super) mode: u8,
    pub(super) prereleases: u8,
    #[serde(borrow)]
    pub(super) markers: Vec<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) packages: Vec<Package<'a>>,
    /// Each as in `Package::marker`.
    pub(super) forks: Vec<u32>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Root<'a> {
    /// 0 project, 1 extra, 2 dependency group.
    pub(super) kind: u8,
    #[serde(borrow)]
    pub(super) name: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) requirements: Vec<Requirement<'a>>,
}

/// Apart from its URL, which may be relative to the project (`project:../name`).
#[derive(Serialize, Deserialize)]
pub(super) struct Requirement<'a> {
    #[serde(borrow)]
    pub(super) text: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) url: Option<Cow<'a, str>>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Package<'a> {
    #[serde(borrow)]
    pub(super) name: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) version: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) source: Source<'a>,
    /// Position in `Lock::markers` plus one; 0 for "always".
    pub(super) marker: u32,
    #[serde(borrow)]
    pub(super) dependencies: Vec<Dependency<'a>>,
    #[serde(borrow)]
    pub(super) files: Vec<File<'a>>,
}

/// New variants may be put at the end.
#[derive(Serialize, Deserialize)]
pub(super) enum Source<'a> {
    Index(#[serde(borrow)] Option<Cow<'a, str>>),
    Url(Cow<'a, str>),
    Git { url: Cow<'a, str>, commit: Cow<'a, str>, reference: Option<Cow<'a, str>>, subdirectory: Option<Cow<'a, str>> },
    Directory { path: Cow<'a, str>, editable: bool, metadata: Option<[u8; 32]> },
    Path(Cow<'a, str>),
}

#[derive(Serialize, Deserialize)]
pub(super) struct Dependency<'a> {
    #[serde(borrow)]
    pub(super) because_of: Option<Cow<'a, str>>,
    pub(super) package: u32,
    #[serde(borrow)]
    pub(super) extra: Option<Cow<'a, str>>,
    pub(super) marker: u32,
}

#[derive(Serialize, Deserialize)]
pub(super) struct File<'a> {
    #[serde(borrow)]
    pub(super) filename: Cow<'a, str>,
    pub(super) sha256: Option<[u8; 32]>,
    pub(super) size: Option<u64>,
    pub(super) storage: Option<[u8; 32]>,
}
