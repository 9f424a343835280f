//! What is asked of the resolver.

use pybun_model::Tags;
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;
use uv_normalize::PackageName;
use uv_pep440::{Version, VersionSpecifiers};
use uv_pep508::{MarkerEnvironment, MarkerTree, Requirement};

#[derive(Clone, Debug)]
pub struct Inputs {
    pub roots: Vec<Root>,
    pub python: VersionSpecifiers,
    /// Parts of the universe to solve one by one, first things first. They exclude each other, and what none of
    /// them holds is not solved for. Empty: everything that `python` allows.
    pub environments: Vec<MarkerTree>,
    /// How an earlier resolution divided the universe; what it does not hold is one more part.
    pub forks: Vec<MarkerTree>,
    /// A release without source files is taken here only if it has a wheel for each of these that needs it.
    pub required_environments: Vec<MarkerTree>,
    pub target: Target,
    pub mode: Mode,
    pub prereleases: Prereleases,
    /// Narrow the versions of what is needed; need nothing themselves.
    pub constraints: Vec<Requirement>,
    /// Replace what anybody requires of the same name.
    pub overrides: Vec<Requirement>,
    /// Whoever requires one of these requires nothing.
    pub excludes: FxHashSet<PackageName>,
    pub preferences: FxHashMap<PackageName, Vec<Preference>>,
    pub no_binary: Names,
    pub no_build: Names,
    /// An older version with a wheel before a newer one without.
    pub prefer_binary: bool,
    pub lookahead: Lookahead,
    /// Change the order of decisions after this many conflicts of a package; 0 for never.
    pub patience: u32,
    pub limits: Limits,
}

/// Requirements that somebody states directly.
#[derive(Clone, Debug)]
pub struct Root {
    /// Where they count; it may speak of extras, which stand for what is chosen at installation.
    pub gate: MarkerTree,
    pub requirements: Vec<Requirement>,
}

impl From<Vec<Requirement>> for Root {
    fn from(requirements: Vec<Requirement>) -> Self {
        Self { gate: MarkerTree::TRUE, requirements }
    }
}

#[derive(Clone, Debug)]
pub enum Target {
    /// One interpreter on one machine.
    Machine { environment: Box<MarkerEnvironment>, tags: Arc<Tags> },
    /// Every environment that `Inputs::python` and `Inputs::environments` allow.
    Universal,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Mode {
    #[default]
    Highest,
    Lowest,
    LowestDirect,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Prereleases {
    /// Only where no stable version fits.
    #[default]
    IfNecessary,
    Allow,
    Disallow,
}

/// All projects, or some.
#[derive(Clone, Debug)]
pub enum Names {
    All,
    Only(FxHashSet<PackageName>),
}

impl Names {
    pub fn has(&self, name: &PackageName) -> bool {
        match self {
            Names::All => true,
            Names::Only(names) => names.contains(name),
        }
    }
}

impl Default for Names {
    fn default() -> Self {
        Names::Only(FxHashSet::default())
    }
}

/// A version to keep if it still fits.
#[derive(Clone, Debug)]
pub struct Preference {
    pub version: Version,
    pub marker: MarkerTree,
    /// From a lock, and not from a sibling fork of this very resolution.
    pub locked: bool,
}

/// How far ahead of the solver to ask.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub enum Lookahead {
    /// Only what blocks the solver.
    Nothing,
    /// Pages of known dependencies and the metadata of their likely versions.
    Known,
    /// Also what those likely versions would need in turn.
    Transitive,
}

/// Where to give up. Real worlds stay far below; an index made to be endless ends here.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub decisions: usize,
    pub forks: usize,
    pub projects: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { decisions: 1_000_000, forks: 4_000, projects: 50_000 }
    }
}

impl Inputs {
    pub fn new(requirements: Vec<Requirement>, python: VersionSpecifiers, target: Target) -> Self {
        Self {
            roots: vec![requirements.into()],
            python,
            environments: Vec::new(),
            forks: Vec::new(),
            required_environments: Vec::new(),
            target,
            mode: Mode::default(),
            prereleases: Prereleases::default(),
            constraints: Vec::new(),
            overrides: Vec::new(),
            excludes: FxHashSet::default(),
            preferences: FxHashMap::default(),
            no_binary: Names::default(),
            no_build: Names::default(),
            prefer_binary: false,
            lookahead: Lookahead::Transitive,
            patience: 5,
            limits: Limits::default(),
        }
    }
}
