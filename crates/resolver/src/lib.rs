//! A resolver that does no input and no output.
//!
//! [`Resolver::step`] runs as far as the known facts allow and names every fact it lacks; the caller feeds
//! facts with [`Resolver::answer`] as they arrive, in any order, and steps again.

mod ahead;
mod branch;
mod candidates;
mod conflict;
mod facts;
mod fork;
#[cfg(any(test, feature = "fuzz"))]
#[doc(hidden)]
pub mod fuzz;
mod inputs;
mod need;
mod needs;
mod node;
mod order;
mod platform;
mod python;
mod rules;
mod scout;
mod solution;
#[cfg(test)]
mod tests;
mod wheel_marker;
mod wheel_pythons;
mod why;

pub use branch::Statistics;
pub use conflict::{Cause, Conflict, Term};
pub use facts::{Direct, Fact, File, Metadata, Page, Request, RequiresPython};
pub use inputs::{Inputs, Limits, Lookahead, Mode, Names, Preference, Prereleases, Root, Target};
pub use need::Need;
pub use node::{Node, Range};
pub use solution::{Edge, Release, Resolution, Resolved};
pub use wheel_marker::{Certainty, WheelMarkers};
pub use why::Why;

use branch::{Branch, Context, Progress};
use facts::Facts;
use pybun_model::Joins;
use python::Python;
use rules::Rules;
use rustc_hash::{FxHashMap, FxHashSet};
use scout::{Scout, Sight};
use std::sync::Arc;
use uv_normalize::{ExtraName, PackageName};
use uv_pep440::Version;
use uv_pep508::MarkerTree;

pub enum Step {
    /// These facts are missing and were not named before. Empty: answers named earlier are still awaited.
    Need(Vec<Request>),
    Done(Resolution),
    Conflict(Conflict),
    TooHard(TooHard),
}

/// Which of the [`Limits`] was reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TooHard {
    Decisions,
    Forks,
    Projects,
    /// Not of [`Limits`]: where things are needed comes to more than can be joined or written down. With whose
    /// requirements were being joined, where that is known.
    Markers(Option<PackageName>),
}

pub struct Resolver {
    inputs: Inputs,
    rules: Rules,
    python: Arc<Python>,
    facts: Facts,
    /// Parts of the universe still to solve; the last is being solved.
    branches: Vec<Branch>,
    solved: Vec<solution::Solved>,
    kept: FxHashMap<PackageName, Vec<Preference>>,
    scout: Scout,
    wants: Wants,
    statistics: Statistics,
    /// What the branch that is being solved cannot go on without.
    awaited: Option<Request>,
}

impl Resolver {
    pub fn new(inputs: Inputs) -> Self {
        let mut resolver = Self {
            rules: Rules::of(&inputs),
            python: Arc::new(Python::new(&inputs.python)),
            branches: Vec::new(),
            inputs,
            scout: Scout::default(),
            wants: Wants::default(),
            facts: Facts::default(),
            solved: Vec::new(),
            kept: FxHashMap::default(),
            statistics: Statistics::default(),
            awaited: None,
        };
        resolver.branches = first_branches(&resolver.inputs, &resolver.rules.joins);
        if resolver.inputs.lookahead > Lookahead::Nothing {
            let Self { inputs, rules, python, facts, wants, scout, .. } = &mut resolver;
            scout.start(&mut Sight { inputs, rules, python, facts, wants });
        }
        resolver
    }

    /// Runs as far as the known facts allow, then names everything that is missing, at once.
    pub fn step(&mut self) -> Step {
        self.statistics.steps += 1;
        if self.rules.joins.is_over() {
            return Step::TooHard(TooHard::Markers(None));
        }
        // The scout has asked for whatever an answer leads to.
        if self.inputs.lookahead == Lookahead::Transitive
            && self.awaited.as_ref().is_some_and(|request| !self.facts.answers(request))
            && self.wants.projects <= self.inputs.limits.projects
        {
            return Step::Need(self.wants.take());
        }
        while let Some(branch) = self.branches.last_mut() {
            let mut context = Context {
                inputs: &self.inputs,
                rules: &self.rules,
                facts: &self.facts,
                kept: &self.kept,
                wants: &mut self.wants,
                statistics: &mut self.statistics,
            };
            match branch.advance(&mut context) {
                Progress::Blocked(_) if self.wants.projects > self.inputs.limits.projects => {
                    return Step::TooHard(TooHard::Projects);
                }
                Progress::Blocked(request) => {
                    self.awaited = Some(request);
                    return Step::Need(self.wants.take());
                }
                Progress::Conflict(tree) => {
                    let environment = branch.environment.restrict(self.python.marker);
                    return Step::Conflict(Conflict::new(*tree, environment));
                }
                Progress::TooHard(why) => return Step::TooHard(why),
                Progress::Split(parts) => {
                    self.statistics.forks += parts.len().saturating_sub(1);
                    if self.statistics.forks > self.inputs.limits.forks {
                        return Step::TooHard(TooHard::Forks);
                    }
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
        match Resolution::merge(&self.solved, &self.inputs, &self.rules.joins) {
            Some(resolution) => Step::Done(resolution),
            None => Step::TooHard(TooHard::Markers(None)),
        }
    }

    /// Takes one fact. Facts nobody asked for are welcome.
    pub fn answer(&mut self, request: &Request, fact: Fact) {
        self.wants.asked.insert(request.clone());
        self.facts.learn(request, fact);
        if self.inputs.lookahead == Lookahead::Transitive {
            let Self { inputs, rules, python, facts, wants, scout, .. } = self;
            scout.learned(request, &mut Sight { inputs, rules, python, facts, wants });
        }
    }

    /// What an index said about a project: `None` while nobody asked.
    pub fn page(&self, name: &PackageName) -> Option<Result<&Page, &Why>> {
        self.facts.page(name).map(|page| page.as_deref())
    }

    pub fn metadata(&self, name: &PackageName, version: &Version) -> Option<Result<&Metadata, &Why>> {
        self.facts.metadata(name, version).map(|metadata| metadata.as_deref())
    }

    /// The extras that a chosen release says it has.
    pub fn extras(&self, release: &Release) -> Option<&[ExtraName]> {
        let metadata = match &release.url {
            Some(url) => &self.facts.direct(&release.name, url)?.as_ref().ok()?.metadata,
            None => self.facts.metadata(&release.name, &release.version)?.as_ref().ok()?,
        };
        Some(&metadata.extras)
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
        self.rules.joins.within_universe(marker, python::Python::new(&self.inputs.python).marker)
    }

    /// For whoever joins the markers of this resolution; it is not over where a conflict was found.
    pub fn joins(&self) -> &Joins {
        &self.rules.joins
    }

    pub fn inputs(&self) -> &Inputs {
        &self.inputs
    }

    pub fn statistics(&self) -> &Statistics {
        &self.statistics
    }
}

/// One for each part of the universe; the last is solved first.
fn first_branches(inputs: &Inputs, joins: &Joins) -> Vec<Branch> {
    let whole = Branch::new(inputs);
    if matches!(inputs.target, Target::Machine { .. }) {
        return vec![whole];
    }
    let parts = match &inputs.environments[..] {
        [] => vec![MarkerTree::TRUE],
        environments => environments.to_vec(),
    };
    let parts = fork::as_before(parts, &inputs.forks, joins);
    parts.into_iter().rev().map(|part| whole.clone().within(part)).filter(|branch| branch.is_possible(joins)).collect()
}

/// Requests by first mention, each named once.
#[derive(Default)]
pub(crate) struct Wants {
    asked: FxHashSet<Request>,
    new: Vec<Request>,
    /// How many of them are for a project, and not for one of its versions.
    projects: usize,
}

impl Wants {
    pub(crate) fn ask(&mut self, request: Request) {
        if self.asked.insert(request.clone()) {
            self.projects += usize::from(!matches!(request, Request::Metadata(..)));
            self.new.push(request);
        }
    }

    fn take(&mut self) -> Vec<Request> {
        std::mem::take(&mut self.new)
    }
}
