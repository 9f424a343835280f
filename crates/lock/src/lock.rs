//! A resolution that was written down: what was asked for, what it came to, and every file by its hash.

use pybun_model::{ExtraName, GroupName, MarkerTree, PackageName, Requirement, Sha256, Version, VersionSpecifiers};

/// Sorted throughout, so that equal locks have equal bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Lock {
    pub inputs: Inputs,
    /// By name and version. A name has several versions only where their markers exclude each other.
    pub packages: Vec<Package>,
}

/// What was resolved; a lock whose inputs differ from the project's is stale.
#[derive(Clone, Debug, PartialEq)]
pub struct Inputs {
    pub requires_python: Option<VersionSpecifiers>,
    /// The project's own requirements, then extras and groups by name.
    pub roots: Vec<Root>,
    pub constraints: Vec<Requirement>,
    pub overrides: Vec<Requirement>,
    pub mode: Mode,
    pub prereleases: Prereleases,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Root {
    pub kind: RootKind,
    pub requirements: Vec<Requirement>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RootKind {
    Project,
    Extra(ExtraName),
    Group(GroupName),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Highest,
    Lowest,
    LowestDirect,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prereleases {
    IfNecessary,
    Allow,
    Disallow,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Package {
    pub name: PackageName,
    pub version: Version,
    pub source: Source,
    /// Where it is needed, within `requires_python`.
    pub marker: MarkerTree,
    pub dependencies: Vec<Dependency>,
    pub files: Vec<File>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Whatever index is configured: the lock is the same for a mirror and for the original.
    Index,
    /// The URL a requirement names.
    Url(String),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Dependency {
    /// The extra of the needing package because of which it is needed.
    pub because_of: Option<ExtraName>,
    /// Position in `Lock::packages`.
    pub package: u32,
    /// The extra of the needed package.
    pub extra: Option<ExtraName>,
    pub marker: MarkerTree,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    pub filename: Box<str>,
    /// Missing only where the index states none.
    pub sha256: Option<Sha256>,
    pub size: Option<u64>,
    /// The digest in the storage path that the public index and its mirrors use,
    /// `packages/<2 hex>/<2 hex>/<60 hex>/<filename>`; spares a project page when installing.
    pub storage: Option<[u8; 32]>,
}

impl Inputs {
    /// The same inputs, whatever order and repetition they were written in.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        for root in &mut self.roots {
            sort(&mut root.requirements);
        }
        self.roots.sort_by(|a, b| a.kind.cmp(&b.kind));
        sort(&mut self.constraints);
        sort(&mut self.overrides);
        self
    }

    /// What differs from `other`, one sentence each; empty when nothing does.
    pub fn differences(&self, other: &Inputs) -> Vec<String> {
        let mut out = Vec::new();
        if self.requires_python != other.requires_python {
            let text = |of: &Inputs| of.requires_python.as_ref().map_or("any Python".to_owned(), ToString::to_string);
            out.push(format!("requires-python was {} and is {}", text(self), text(other)));
        }
        for kind in
            self.roots.iter().chain(&other.roots).map(|root| &root.kind).collect::<std::collections::BTreeSet<_>>()
        {
            let of = |inputs: &Inputs| requirements_of(inputs, kind);
            compare(&kind.describe(), &of(self), &of(other), &mut out);
        }
        compare("the constraints", &texts(&self.constraints), &texts(&other.constraints), &mut out);
        compare("the overrides", &texts(&self.overrides), &texts(&other.overrides), &mut out);
        if self.mode != other.mode || self.prereleases != other.prereleases {
            out.push("the resolution settings changed".to_owned());
        }
        out
    }
}

impl RootKind {
    fn describe(&self) -> String {
        match self {
            Self::Project => "the project".to_owned(),
            Self::Extra(name) => format!("the extra `{name}`"),
            Self::Group(name) => format!("the group `{name}`"),
        }
    }
}

fn sort(requirements: &mut Vec<Requirement>) {
    requirements.sort_by_cached_key(ToString::to_string);
    requirements.dedup();
}

fn texts(requirements: &[Requirement]) -> Vec<String> {
    requirements.iter().map(ToString::to_string).collect()
}

fn requirements_of(inputs: &Inputs, kind: &RootKind) -> Vec<String> {
    inputs.roots.iter().filter(|root| root.kind == *kind).flat_map(|root| texts(&root.requirements)).collect()
}

fn compare(what: &str, before: &[String], after: &[String], out: &mut Vec<String>) {
    out.extend(after.iter().filter(|text| !before.contains(text)).map(|text| format!("{what} now requires {text}")));
    out.extend(
        before.iter().filter(|text| !after.contains(text)).map(|text| format!("{what} no longer requires {text}")),
    );
}
