//! A resolution that was written down: what was asked for, what it came to, and every file by its hash.

use pybun_model::{
    ExtraName, ExtraOperator, GroupName, MarkerExpression, MarkerTree, MarkerValueExtra, PackageName, Requirement,
    Sha256, Version, VersionSpecifiers,
};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;

/// Sorted throughout, so that equal locks have equal bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Lock {
    pub inputs: Inputs,
    /// By name and version. A name has several versions only where their markers exclude each other.
    pub packages: Vec<Package>,
    /// The parts of the universe that were solved apart, in that order, so that a resolution that starts from this
    /// lock divides it alike; empty where nothing had to be.
    pub forks: Vec<MarkerTree>,
}

/// What was resolved; a lock whose inputs differ from the project's is stale.
#[derive(Clone, Debug, PartialEq)]
pub struct Inputs {
    pub requires_python: Option<VersionSpecifiers>,
    /// The project's own requirements, then extras and groups by name.
    pub roots: Vec<Root>,
    pub constraints: Vec<Requirement>,
    pub overrides: Vec<Requirement>,
    /// Never installed, whoever requires them.
    pub excludes: Vec<PackageName>,
    /// The lock is for these environments only; empty for all.
    pub environments: Vec<MarkerTree>,
    /// Each of these must find a file of every package that it needs.
    pub required_environments: Vec<MarkerTree>,
    /// At most one of each inner list may be active.
    pub conflicts: Vec<Vec<RootKind>>,
    /// Files that were uploaded later do not exist; as it was stated, an instant or a duration.
    pub exclude_newer: Option<String>,
    /// To be built from sdists.
    pub no_binary: Names,
    /// Never built.
    pub no_build: Names,
    /// An older version with a wheel was to be taken before a newer one without.
    pub prefer_binary: bool,
    /// What is said of a requirement beside its text.
    pub sources: BTreeMap<PackageName, Assigned>,
    pub mode: Mode,
    pub prereleases: Prereleases,
}

/// All projects, or some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Names {
    All,
    Only(BTreeSet<PackageName>),
}

/// Where a project comes from, as far as no requirement's text can say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Assigned {
    /// The index of this name, and no other.
    Index(String),
    /// The directory that the requirement names is linked and not copied (PEP 660).
    Editable,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Root {
    pub kind: RootKind,
    pub requirements: Vec<Requirement>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

/// Where a package is from. Paths are relative to the project, with `/`, wherever that is possible; no URL holds
/// credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Whatever index is configured: the lock is the same for a mirror and for the original. A name stands for the
    /// one index that the project is assigned to.
    Index { name: Option<String> },
    /// The archive that a requirement names; its fragment is `subdirectory=…` or missing.
    Url(String),
    Git {
        /// Of the repository, without `git+` and revision.
        url: String,
        /// In full.
        commit: String,
        /// The branch, tag or commit that the requirement names.
        reference: Option<String>,
        subdirectory: Option<String>,
    },
    Directory {
        path: String,
        editable: bool,
        /// Of what its manifest says, when nothing of it is left to a build: tells whether the lock still fits.
        metadata: Option<Sha256>,
    },
    /// A wheel or an sdist in a file.
    Path(String),
}

impl Source {
    /// An index, whichever is configured.
    pub const INDEX: Self = Self::Index { name: None };
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

impl Default for Names {
    fn default() -> Self {
        Self::Only(BTreeSet::new())
    }
}

impl Names {
    pub fn has(&self, name: &PackageName) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => names.contains(name),
        }
    }
}

impl Inputs {
    /// Requirements that nothing else narrows.
    pub fn new(requires_python: Option<VersionSpecifiers>, roots: Vec<Root>) -> Self {
        Self {
            requires_python,
            roots,
            constraints: Vec::new(),
            overrides: Vec::new(),
            excludes: Vec::new(),
            environments: Vec::new(),
            required_environments: Vec::new(),
            conflicts: Vec::new(),
            exclude_newer: None,
            no_binary: Names::Only(BTreeSet::new()),
            no_build: Names::Only(BTreeSet::new()),
            prefer_binary: false,
            sources: BTreeMap::new(),
            mode: Mode::Highest,
            prereleases: Prereleases::IfNecessary,
        }
    }

    /// Inputs that ask for `roots` and leave everything else as it is without a word.
    pub fn of(roots: Vec<Root>) -> Self {
        Self::new(None, roots)
    }

    /// The same inputs, whatever order and repetition they were written in.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        for root in &mut self.roots {
            sort(&mut root.requirements);
        }
        self.roots.sort_by(|a, b| a.kind.cmp(&b.kind));
        sort(&mut self.constraints);
        sort(&mut self.overrides);
        self.excludes.sort();
        self.excludes.dedup();
        for markers in [&mut self.environments, &mut self.required_environments] {
            markers.sort_by_cached_key(marker_text);
            markers.dedup();
        }
        for conflict in &mut self.conflicts {
            conflict.sort();
            conflict.dedup();
        }
        self.conflicts.sort();
        self.conflicts.dedup();
        self
    }

    fn texts_by_root(&self) -> BTreeMap<&RootKind, Vec<String>> {
        let mut out: BTreeMap<&RootKind, Vec<String>> = BTreeMap::new();
        for root in &self.roots {
            out.entry(&root.kind).or_default().extend(texts(&root.requirements));
        }
        out
    }

    /// What differs from `other`, one sentence each; empty when nothing does.
    pub fn differences(&self, other: &Inputs) -> Vec<String> {
        let mut out = Vec::new();
        if self.requires_python != other.requires_python {
            let text = |of: &Inputs| of.requires_python.as_ref().map_or("any Python".to_owned(), ToString::to_string);
            out.push(format!("requires-python was {} and is {}", text(self), text(other)));
        }
        let (before, after) = (self.texts_by_root(), other.texts_by_root());
        for kind in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
            let of = |texts: &BTreeMap<&RootKind, Vec<String>>| texts.get(kind).cloned().unwrap_or_default();
            compare(&kind.describe(), &of(&before), &of(&after), &mut out);
        }
        compare("the constraints", &texts(&self.constraints), &texts(&other.constraints), &mut out);
        compare("the overrides", &texts(&self.overrides), &texts(&other.overrides), &mut out);
        compare_options(self, other, &mut out);
        let mut changed = |key: &str, differs: bool| {
            if differs {
                out.push(format!("`{key}` changed"));
            }
        };
        changed("excludes", self.excludes != other.excludes);
        changed("environments", self.environments != other.environments);
        changed("required-environments", self.required_environments != other.required_environments);
        changed("conflicts", self.conflicts != other.conflicts);
        for name in self.sources.keys().chain(other.sources.keys()).collect::<BTreeSet<_>>() {
            if self.sources.get(name) != other.sources.get(name) {
                out.push(format!("the source of `{name}` changed"));
            }
        }
        out
    }
}

/// What may be typed as well: whoever reads it may have forgotten an option, and nothing of the manifest has changed.
fn compare_options(before: &Inputs, after: &Inputs, out: &mut Vec<String>) {
    for (key, value) in OPTIONS {
        let (was, is) = (value(before), value(after));
        if was != is {
            out.push(format!("the option `{key}` was {was} when it was locked and is {is} now"));
        }
    }
}

type OptionText = fn(&Inputs) -> String;

const OPTIONS: [(&str, OptionText); 6] = [
    ("resolution", |of| {
        match of.mode {
            Mode::Highest => "highest",
            Mode::Lowest => "lowest",
            Mode::LowestDirect => "lowest-direct",
        }
        .to_owned()
    }),
    ("prereleases", |of| {
        match of.prereleases {
            Prereleases::IfNecessary => "if-necessary",
            Prereleases::Allow => "allow",
            Prereleases::Disallow => "disallow",
        }
        .to_owned()
    }),
    ("exclude-newer", |of| of.exclude_newer.clone().unwrap_or_else(|| UNSET.to_owned())),
    ("no-binary", |of| names_text(&of.no_binary)),
    ("only-binary", |of| names_text(&of.no_build)),
    ("prefer-binary", |of| if of.prefer_binary { "set" } else { UNSET }.to_owned()),
];

const UNSET: &str = "not set";

fn names_text(names: &Names) -> String {
    match names {
        Names::All => ":all:".to_owned(),
        Names::Only(names) if names.is_empty() => UNSET.to_owned(),
        Names::Only(names) => names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    }
}

/// The canonical text of a marker, `None` for the one that always holds.
pub(crate) fn marker_text(marker: &MarkerTree) -> Option<String> {
    if marker.is_false() {
        return Some("python_version < '0'".to_owned());
    }
    marker.try_to_string()
}

impl RootKind {
    /// Holds where this root is among those chosen. Extras and groups that conflict are told apart by it.
    pub fn active(&self) -> MarkerTree {
        let Some(name) = self.marker_name() else { return MarkerTree::TRUE };
        let (operator, name) = (ExtraOperator::Equal, MarkerValueExtra::Extra(name));
        MarkerTree::expression(MarkerExpression::Extra { operator, name })
    }

    /// What stands for it in markers: `pybun-extra-NAME` or `pybun-group-NAME`.
    pub fn marker_name(&self) -> Option<ExtraName> {
        let text = match self {
            Self::Project => return None,
            Self::Extra(name) => format!("pybun-extra-{name}"),
            Self::Group(name) => format!("pybun-group-{name}"),
        };
        Some(text.parse().expect("names joined by a hyphen are a name"))
    }

    fn describe(&self) -> String {
        match self {
            Self::Project => "the project".to_owned(),
            Self::Extra(name) => format!("the extra `{name}`"),
            Self::Group(name) => format!("the group `{name}`"),
        }
    }
}

impl fmt::Display for RootKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe())
    }
}

fn sort(requirements: &mut Vec<Requirement>) {
    let key = |requirement: &Requirement| requirement.displayable_with_credentials().to_string();
    requirements.sort_by_cached_key(key);
    requirements.dedup_by_key(|requirement| key(requirement));
}

fn texts(requirements: &[Requirement]) -> Vec<String> {
    requirements.iter().map(ToString::to_string).collect()
}

fn compare(what: &str, before: &[String], after: &[String], out: &mut Vec<String>) {
    let (old, new): (HashSet<_>, HashSet<_>) = (before.iter().collect(), after.iter().collect());
    out.extend(after.iter().filter(|text| !old.contains(text)).map(|text| format!("{what} now requires {text}")));
    out.extend(
        before.iter().filter(|text| !new.contains(text)).map(|text| format!("{what} no longer requires {text}")),
    );
}
