//! The shape of format 1 on disk. Never changed: a new shape is a new format in a folder of its own.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

#[derive(Serialize, Deserialize)]
pub(super) struct Lock<'a> {
    #[serde(borrow)]
    pub(super) requires_python: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) roots: Vec<Root<'a>>,
    #[serde(borrow)]
    pub(super) constraints: Vec<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) overrides: Vec<Cow<'a, str>>,
    pub(super) mode: u8,
    pub(super) prereleases: u8,
    #[serde(borrow)]
    pub(super) markers: Vec<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) packages: Vec<Package<'a>>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Root<'a> {
    /// 0 project, 1 extra, 2 dependency group.
    pub(super) kind: u8,
    #[serde(borrow)]
    pub(super) name: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) requirements: Vec<Cow<'a, str>>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Package<'a> {
    #[serde(borrow)]
    pub(super) name: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) version: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) url: Option<Cow<'a, str>>,
    /// Position in `Lock::markers` plus one; 0 for "always".
    pub(super) marker: u32,
    #[serde(borrow)]
    pub(super) dependencies: Vec<Dependency<'a>>,
    #[serde(borrow)]
    pub(super) files: Vec<File<'a>>,
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
