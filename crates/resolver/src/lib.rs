//! A resolver that does no input and no output.
//!
//! [`Resolver::step`] runs as far as the known facts allow and names every fact it lacks; the caller feeds
//! facts with [`Resolver::answer`] as they arrive, in any order, and steps again.

mod candidates;
mod conflict;
mod facts;
mod fork;
mod machine;
mod python;
mod scout;
mod solution;
mod why;

pub use conflict::{Cause, Conflict, Term};
pub use facts::{Fact, File, Metadata, Page, Request, RequiresPython};
pub use machine::{Node, Range, Statistics};
pub use solution::{Edge, Resolution, Resolved};
pub use why::Why;

use facts::Facts;
use machine::{Branch, Progress};
use pybun_model::Tags;
use rustc_hash::{FxHashMap, FxHashSet};
use scout::Scout;
use std::borrow::Cow;
use std::sync::Arc;
use uv_normalize::PackageName;
use uv_pep440::{Operator, Version, VersionSpecifiers};
use uv_pep508::{MarkerEnvironment, MarkerTree, Requirement, VersionOrUrl};

#[derive(Clone, Debug)]
pub enum Target {
    /// One interpreter on one machine.
    Machine { environment: Box<MarkerEnvironment>, tags: Arc<Tags> },
    /// Every environment that `Inputs::python` allows.
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

#[derive(Clone, Debug)]
pub struct Inputs {
    pub requirements: Vec<Requirement>,
    pub python: VersionSpecifiers,
    pub target: Target,
    pub mode: Mode,
    pub prereleases: Prereleases,
    /// Narrow the versions of what is needed; need nothing themselves.
    pub constraints: Vec<Requirement>,
    /// Replace what anybody requires of the same name.
    pub overrides: Vec<Requirement>,
    /// Projects that come from a URL of the requirements: their page is that one file.
    pub direct: FxHashSet<PackageName>,
    pub preferences: FxHashMap<PackageName, Vec<Preference>>,
    pub no_binary: FxHashSet<PackageName>,
    pub no_build: FxHashSet<PackageName>,
    pub lookahead: Lookahead,
    /// Change the order of decisions after this many conflicts of a package; 0 for never.
    pub patience: u32,
}

impl Inputs {
    pub fn new(requirements: Vec<Requirement>, python: VersionSpecifiers, target: Target) -> Self {
        Self {
            requirements,
            python,
            target,
            mode: Mode::default(),
            prereleases: Prereleases::default(),
            constraints: Vec::new(),
            overrides: Vec::new(),
            direct: FxHashSet::default(),
            preferences: FxHashMap::default(),
            no_binary: FxHashSet::default(),
            no_build: FxHashSet::default(),
            lookahead: Lookahead::Transitive,
            patience: 5,
        }
    }

    /// The requirement itself, or what the overrides put in its place: its extras are kept, and so is the
    /// extra that asked for it.
    pub(crate) fn overridden<'a>(&'a self, requirement: &'a Requirement) -> Vec<Cow<'a, Requirement>> {
        let replacements: Vec<_> = self.overrides.iter().filter(|other| other.name == requirement.name).collect();
        if replacements.is_empty() {
            return vec![Cow::Borrowed(requirement)];
        }
        let replace = |other: &Requirement| {
            let mut replaced = requirement.clone();
            replaced.version_or_url.clone_from(&other.version_or_url);
            replaced.marker = requirement.marker.and(other.marker);
            Cow::Owned(replaced)
        };
        replacements.into_iter().map(replace).collect()
    }

    /// Is `name == version` among the requirements? Such a pin takes yanked releases.
    fn pins(&self, name: &PackageName, version: &Version) -> bool {
        let all = self.requirements.iter().chain(&self.constraints).chain(&self.overrides);
        all.filter(|requirement| requirement.name == *name).any(|requirement| match &requirement.version_or_url {
            Some(VersionOrUrl::VersionSpecifier(all)) => match &all[..] {
                [one] => matches!(one.operator(), Operator::Equal | Operator::ExactEqual) && one.version() == version,
                _ => false,
            },
            _ => false,
        })
    }
}

pub enum Step {
    /// These facts are missing and were not named before. Empty: answers named earlier are still awaited.
    Need(Vec<Request>),
    Done(Resolution),
    Conflict(Conflict),
}

pub struct Resolver {
    inputs: Inputs,
    facts: Facts,
    /// Parts of the universe still to solve; the last is being solved.
    branches: Vec<Branch>,
    solved: Vec<solution::Solved>,
    kept: FxHashMap<PackageName, Vec<Preference>>,
    scout: Scout,
    wants: Wants,
    statistics: Statistics,
}

impl Resolver {
    pub fn new(inputs: Inputs) -> Self {
        let mut wants = Wants::default();
        let mut scout = Scout::default();
        if inputs.lookahead > Lookahead::Nothing {
            scout.start(&inputs, &mut wants);
        }
        Self {
            branches: vec![Branch::new(&inputs)],
            inputs,
            scout,
            wants,
            facts: Facts::default(),
            solved: Vec::new(),
            kept: FxHashMap::default(),
            statistics: Statistics::default(),
        }
    }

    /// Runs as far as the known facts allow, then names everything that is missing, at once.
    pub fn step(&mut self) -> Step {
        self.statistics.steps += 1;
        while let Some(branch) = self.branches.last_mut() {
            let context = machine::Context { inputs: &self.inputs, facts: &self.facts, kept: &self.kept };
            match branch.advance(&context, &mut self.wants, &mut self.statistics) {
                Progress::Blocked => return Step::Need(self.wants.take()),
                Progress::Conflict(tree) => {
                    let python = python::Python::new(&self.inputs.python).marker;
                    return Step::Conflict(Conflict::new(*tree, branch.environment().restrict(python)));
                }
                Progress::Split(parts) => {
                    self.statistics.forks += parts.len() - 1;
                    self.branches.pop();
                    self.branches.extend(parts);
                }
                Progress::Solved => {
                    let branch = self.branches.pop().expect("it was just advanced");
                    let solved = branch.into_solved();
                    if self.inputs.mode != Mode::LowestDirect {
                        for (name, preference) in solved.preferences() {
                            self.kept.entry(name).or_default().push(preference);
                        }
                    }
                    self.solved.push(solved);
                }
            }
        }
        Step::Done(Resolution::merge(&self.solved, &self.inputs))
    }

    /// Takes one fact. Facts nobody asked for are welcome.
    pub fn answer(&mut self, request: &Request, fact: Fact) {
        self.wants.asked.insert(request.clone());
        self.facts.learn(request, fact);
        if self.inputs.lookahead == Lookahead::Transitive {
            self.scout.learned(request, &self.facts, &self.inputs, &mut self.wants);
        }
    }

    /// What an index said about a project: `None` while nobody asked.
    pub fn page(&self, name: &PackageName) -> Option<Result<&Page, &Why>> {
        self.facts.page(name).map(|page| page.as_deref())
    }

    /// The projects that exist, as far as anybody asked.
    pub fn known_projects(&self) -> impl Iterator<Item = &PackageName> {
        self.facts.known_projects()
    }

    pub fn metadata(&self, name: &PackageName, version: &Version) -> Option<Result<&Metadata, &Why>> {
        self.facts.metadata(name, version).map(|metadata| metadata.as_deref())
    }

    /// Another question about the same world. Pages must not have changed.
    #[must_use]
    pub fn again(&self, inputs: Inputs) -> Self {
        let mut other = Self::new(Inputs { lookahead: Lookahead::Nothing, ..inputs });
        other.facts = self.facts.clone();
        other.wants.asked.extend(other.facts.answered());
        other
    }

    /// A marker as it reads for those who know for which Pythons all this is.
    pub fn without_python(&self, marker: MarkerTree) -> MarkerTree {
        marker.restrict(python::Python::new(&self.inputs.python).marker)
    }

    pub fn inputs(&self) -> &Inputs {
        &self.inputs
    }

    pub fn statistics(&self) -> &Statistics {
        &self.statistics
    }
}

/// Requests by first mention, each named once.
#[derive(Default)]
pub(crate) struct Wants {
    asked: FxHashSet<Request>,
    new: Vec<Request>,
}

impl Wants {
    pub(crate) fn ask(&mut self, request: Request) {
        if self.asked.insert(request.clone()) {
            self.new.push(request);
        }
    }

    fn take(&mut self) -> Vec<Request> {
        std::mem::take(&mut self.new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustc_hash::FxHashMap;
    use std::str::FromStr;

    /// `name version: requirement, requirement`, one release per line.
    fn index(text: &str) -> impl Fn(&Request) -> Fact + use<> {
        let mut releases: FxHashMap<PackageName, Vec<(Version, Vec<Requirement>)>> = FxHashMap::default();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (head, tail) = line.split_once(':').unwrap();
            let (name, version) = head.split_once(' ').unwrap();
            let requires = tail
                .split(',')
                .map(str::trim)
                .filter(|text| !text.is_empty())
                .map(|text| Requirement::from_str(text).unwrap());
            releases.entry(name.parse().unwrap()).or_default().push((version.parse().unwrap(), requires.collect()));
        }
        move |request| match request {
            Request::Page(name) => match releases.get(name) {
                None => Fact::Missing(Why::NotFound),
                Some(all) => {
                    let file =
                        || File { filename: "x-0-py3-none-any.whl".into(), requires_python: None, yanked: false };
                    Fact::Page(Arc::new(Page::new(all.iter().map(|(version, _)| (version.clone(), file())).collect())))
                }
            },
            Request::Metadata(name, version) => {
                let requires = releases[name].iter().find(|(of, _)| of == version).unwrap().1.clone();
                Fact::Metadata(Arc::new(Metadata { requires, requires_python: None }))
            }
        }
    }

    /// Answers one request per step; `pick` says which of the open ones arrives next.
    fn solve(
        requirements: &[&str],
        index: &dyn Fn(&Request) -> Fact,
        mut pick: impl FnMut(usize) -> usize,
    ) -> Result<String, String> {
        let requirements = requirements.iter().map(|text| Requirement::from_str(text).unwrap()).collect();
        let mut resolver =
            Resolver::new(Inputs::new(requirements, VersionSpecifiers::from_str(">=3.9").unwrap(), Target::Universal));
        let mut open = Vec::new();
        loop {
            match resolver.step() {
                Step::Need(requests) => open.extend(requests),
                Step::Conflict(conflict) => return Err(format!("{:?}", conflict.leaves().collect::<Vec<_>>())),
                Step::Done(resolution) => {
                    let known = |edge: &Edge| {
                        resolution.packages.iter().any(|it| (&it.name, &it.version) == (&edge.name, &edge.version))
                    };
                    assert!(resolution.packages.iter().flat_map(|package| &package.edges).all(known));
                    let text = |package: &Resolved| match package.marker.try_to_string() {
                        Some(marker) => format!("{}=={} ; {marker}", package.name, package.version),
                        None => format!("{}=={}", package.name, package.version),
                    };
                    return Ok(resolution.packages.iter().map(text).collect::<Vec<_>>().join("\n"));
                }
            }
            let request = open.swap_remove(pick(open.len()));
            resolver.answer(&request, index(&request));
        }
    }

    #[test]
    fn disjoint_markers_split_the_universe() {
        let index = index("a 1:\n a 2:\n b 1: a<2 ; sys_platform == 'win32', a>=2 ; sys_platform != 'win32'");
        let solved = solve(&["b"], &index, |_| 0).unwrap();
        assert_eq!(solved, "a==1 ; sys_platform == 'win32'\na==2 ; sys_platform != 'win32'\nb==1");
    }

    #[test]
    fn what_no_place_needs_is_left_out() {
        let index = index("a 1: b ; sys_platform == 'linux', c\n b 1:\n c 1:");
        let solved = solve(&["a ; sys_platform == 'win32'"], &index, |_| 0).unwrap();
        assert_eq!(solved, "a==1 ; sys_platform == 'win32'\nc==1 ; sys_platform == 'win32'");
    }

    #[test]
    fn an_extra_keeps_the_version_of_its_base() {
        let index = index("a 2: c ; extra == 'x'\n a 1: c ; extra == 'x'\n b 1: a<2\n c 1:");
        assert_eq!(solve(&["a[x]", "b"], &index, |_| 0).unwrap(), "a==1\nb==1\nc==1");
    }

    #[test]
    fn a_conflict_names_both_sides() {
        let explained = solve(&["a", "b"], &index("a 1: c<2\n b 1: c>=2\n c 1:\n c 2:"), |_| 0).unwrap_err();
        assert!(explained.contains("a") && explained.contains("b") && explained.contains("c"), "{explained}");
    }

    #[test]
    fn the_order_of_answers_does_not_matter() {
        let lines: Vec<String> =
            (1..40).map(|i| format!("boto {i}: core=={i}\n core {i}: url>={}", if i > 3 { 2 } else { 1 })).collect();
        let index = index(&format!("{}\n url 1:\n url 2:\n top 1: boto, url<2", lines.join("\n")));
        let expected = solve(&["top"], &index, |_| 0).unwrap();
        assert_eq!(expected, "boto==3\ncore==3\ntop==1\nurl==1");
        for seed in 1..50_usize {
            let mut state = seed;
            let random = |open| {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                (state >> 33) % open
            };
            assert_eq!(solve(&["top"], &index, random).unwrap(), expected);
        }
    }
}
