//! One branch of a resolution: PubGrub's state plus what it has to remember between steps.

use crate::candidates::{Candidate, Select};
use crate::facts::{Facts, Metadata, Request, RequiresPython};
use crate::fork::{self, Part};
use crate::python::Python;
use crate::solution::{Solved, Tree};
use crate::{Inputs, Lookahead, Preference, Target, Wants, Why};
use pubgrub::{ConflictId, Dependencies, DependencyProvider, Id, PackageResolutionStatistics, Ranges, State, Term};
use rustc_hash::{FxHashMap, FxHashSet};
use std::cmp::Reverse;
use std::fmt;
use std::sync::Arc;
use uv_normalize::{ExtraName, PackageName};
use uv_pep440::Version;
use uv_pep508::{MarkerTree, Requirement, VersionOrUrl};

pub type Range = Ranges<Version>;

/// What PubGrub decides on. An extra is a package of its own, tied to the version of its base.
/// Markers live on the edges and not in here: a marker never lets a package have a second version within one fork.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Node {
    Root,
    Package(PackageName),
    Extra(PackageName, ExtraName),
}

impl Node {
    pub(crate) fn name(&self) -> Option<&PackageName> {
        match self {
            Node::Root => None,
            Node::Package(name) | Node::Extra(name, _) => Some(name),
        }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Node::Root => f.write_str("your requirements"),
            Node::Package(name) => write!(f, "{name}"),
            Node::Extra(name, extra) => write!(f, "{name}[{extra}]"),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Dependency {
    pub(crate) node: Node,
    pub(crate) range: Range,
    pub(crate) marker: MarkerTree,
    /// A requirement says so; otherwise it comes from a constraint or ties an extra to its base.
    pub(crate) stated: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Statistics {
    pub steps: usize,
    pub decisions: usize,
    pub conflicts: usize,
    pub reordered: usize,
    pub forks: usize,
}

/// PubGrub takes its types from this trait; with the state API none of its functions is called.
#[derive(Clone, Debug)]
pub(crate) struct Types;

impl DependencyProvider for Types {
    type P = Node;
    type V = Version;
    type VS = Range;
    type Priority = Rank;
    type M = Why;
    type Err = std::convert::Infallible;

    fn prioritize(&self, _: &Node, _: &Range, _: &PackageResolutionStatistics) -> Rank {
        unreachable!("the state is driven from outside")
    }
    fn choose_version(&self, _: &Node, _: &Range) -> Result<Option<Version>, Self::Err> {
        unreachable!("the state is driven from outside")
    }
    fn get_dependencies(&self, _: &Node, _: &Version) -> Result<Dependencies<Node, Range, Why>, Self::Err> {
        unreachable!("the state is driven from outside")
    }
}

/// Later variants are decided first; within one, the name that was met first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    Plain(Reverse<u32>),
    /// Often the reason why another was rejected.
    Culprit(Reverse<u32>),
    /// Often rejected itself.
    Affected(Reverse<u32>),
    Pinned(Reverse<u32>),
    Root,
}

impl Rank {
    fn order(self) -> Reverse<u32> {
        match self {
            Rank::Plain(order) | Rank::Culprit(order) | Rank::Affected(order) | Rank::Pinned(order) => order,
            Rank::Root => Reverse(0),
        }
    }
}

pub(crate) struct Context<'a> {
    pub(crate) inputs: &'a Inputs,
    pub(crate) facts: &'a Facts,
    pub(crate) kept: &'a FxHashMap<PackageName, Vec<Preference>>,
}

pub(crate) enum Progress {
    Blocked,
    Solved,
    Split(Vec<Branch>),
    Conflict(Box<Tree>),
}

#[derive(Clone)]
pub(crate) struct Branch {
    state: State<Types>,
    environment: MarkerTree,
    python: Python,
    /// The node decided last; unit propagation starts here.
    last: Id<Node>,
    /// A node taken from the queue and not yet decided. Taking is final, so a step that blocks must keep it.
    taken: Option<Id<Node>>,
    edges: FxHashMap<(Id<Node>, Version), Arc<[Dependency]>>,
    ranks: FxHashMap<PackageName, Rank>,
    culprit: FxHashMap<Id<Node>, u32>,
    affected: FxHashMap<Id<Node>, u32>,
    crowded: Vec<(Id<Node>, bool)>,
    tried: FxHashMap<PackageName, (Version, u32)>,
    waiting: FxHashSet<Id<Node>>,
}

impl Branch {
    pub(crate) fn new(inputs: &Inputs) -> Self {
        let state = State::init(Node::Root, Version::new([0]));
        Self {
            last: state.root_package,
            state,
            environment: MarkerTree::TRUE,
            python: Python::new(&inputs.python),
            taken: None,
            edges: FxHashMap::default(),
            ranks: FxHashMap::default(),
            culprit: FxHashMap::default(),
            affected: FxHashMap::default(),
            crowded: Vec::new(),
            tried: FxHashMap::default(),
            waiting: FxHashSet::default(),
        }
    }

    pub(crate) fn advance(&mut self, context: &Context, wants: &mut Wants, statistics: &mut Statistics) -> Progress {
        loop {
            let id = match self.taken.take() {
                Some(id) => id,
                None => match self.take_next(context.inputs, statistics) {
                    Ok(Some(id)) => id,
                    Ok(None) => return Progress::Solved,
                    Err(tree) => return Progress::Conflict(tree),
                },
            };
            self.last = id;
            match self.decide(id, context, wants, statistics) {
                Decided::Yes => {}
                Decided::Lacks(request) => {
                    self.taken = Some(id);
                    wants.ask(request);
                    self.look_ahead(context, wants);
                    return Progress::Blocked;
                }
                Decided::Split(parts) => return Progress::Split(parts),
            }
        }
    }

    fn take_next(&mut self, inputs: &Inputs, statistics: &mut Statistics) -> Result<Option<Id<Node>>, Box<Tree>> {
        let conflicts: Vec<_> = self.state.unit_propagation(self.last).map_err(Box::new)?.into_iter().collect();
        for (affected, conflict) in conflicts {
            self.blame(affected, &conflict, inputs, statistics);
        }
        self.reorder(statistics);
        let (ranks, nodes) = (&self.ranks, &self.state.package_store);
        let rank = |id: Id<Node>, _: &Range| nodes[id].name().map_or(Rank::Root, |name| ranks[name]);
        Ok(self.state.partial_solution.pick_highest_priority_pkg(rank).map(|(id, _)| id))
    }

    fn decide(&mut self, id: Id<Node>, context: &Context, wants: &mut Wants, statistics: &mut Statistics) -> Decided {
        let node = self.state.package_store[id].clone();
        let range = self.wanted(id).expect("only packages somebody wants are taken").clone();
        let Some(name) = node.name() else {
            let dependencies = match self.requirements(&context.inputs.requirements, None, context.inputs) {
                Ok(dependencies) => dependencies,
                Err(why) => {
                    self.state.add_unavailable(id, Range::full(), why);
                    return Decided::Yes;
                }
            };
            return self.add(
                id,
                Version::new([0]),
                Range::singleton(Version::new([0])),
                dependencies,
                context,
                wants,
                statistics,
            );
        };
        let page = match context.facts.page(name) {
            None => return Decided::Lacks(Request::Page(name.clone())),
            Some(Err(why)) => {
                self.state.add_unavailable(id, range, why.clone());
                return Decided::Yes;
            }
            Some(Ok(page)) => page,
        };
        let base = self.base_decision(&node).filter(|version| range.contains(version));
        let select = Select {
            inputs: context.inputs,
            python: &self.python,
            environment: self.environment,
            solved: context.kept,
        };
        let candidate = match base {
            Some(version) => Candidate::Version(version),
            None => select.choose(name, page, &range),
        };
        let version = match candidate {
            Candidate::Version(version) => version,
            Candidate::None => {
                self.state.add_no_versions(id, range);
                return Decided::Yes;
            }
            Candidate::Unusable(version, why) => {
                self.state.add_unavailable(id, page.gap(&version), why);
                return Decided::Yes;
            }
            Candidate::NeedsPython(version, wants_python) => {
                return self.narrow_python(id, &version, &wants_python, page, context);
            }
        };
        statistics.decisions += 1;
        if context.inputs.lookahead > Lookahead::Nothing {
            self.prefetch_older(id, name, &version, page, &range, wants);
        }
        if self.edges.contains_key(&(id, version.clone())) {
            self.state.partial_solution.add_decision(id, version);
            return Decided::Yes;
        }
        let metadata: &Metadata = match context.facts.metadata(name, &version) {
            None => {
                statistics.decisions -= 1;
                return Decided::Lacks(Request::Metadata(name.clone(), version));
            }
            Some(Err(why)) => {
                self.state.add_unavailable(id, page.gap(&version), why.clone());
                return Decided::Yes;
            }
            Some(Ok(metadata)) => metadata,
        };
        if let Some(wants_python) = metadata.requires_python.as_ref().filter(|wants| !self.python.allowed_by(wants)) {
            return self.narrow_python(id, &version, wants_python, page, context);
        }
        let gap = page.gap(&version);
        let extra = match &node {
            Node::Extra(_, extra) => Some(extra),
            _ => None,
        };
        match self.requirements(&metadata.requires, Some((name, extra, &version)), context.inputs) {
            Ok(dependencies) => self.add(id, version, gap, dependencies, context, wants, statistics),
            Err(why) => {
                self.state.add_unavailable(id, gap, why);
                Decided::Yes
            }
        }
    }

    /// The version needs a newer Python than this branch promises: split there, or give the version up.
    fn narrow_python(
        &mut self,
        id: Id<Node>,
        version: &Version,
        wants: &RequiresPython,
        page: &crate::Page,
        context: &Context,
    ) -> Decided {
        if let (Target::Universal, Some(parts)) = (&context.inputs.target, self.python.split(wants)) {
            let parts: Vec<_> =
                parts.into_iter().map(|part| self.environment.and(part)).filter(|part| !part.is_false()).collect();
            if !parts.is_empty() {
                self.taken = Some(id);
                return Decided::Split(parts.into_iter().map(|part| self.clone().within(part)).collect());
            }
        }
        self.state.add_unavailable(id, page.gap(version), Why::NeedsPython(wants.specifiers.clone()));
        Decided::Yes
    }

    /// The part of the universe that this branch is for.
    pub(crate) fn environment(&self) -> MarkerTree {
        self.environment
    }

    fn within(mut self, environment: MarkerTree) -> Self {
        self.python = self.python.narrow(environment);
        self.environment = environment;
        self
    }

    /// The range everybody who wants this package agrees on so far.
    fn wanted(&self, id: Id<Node>) -> Option<&Range> {
        match self.state.partial_solution.term_intersection_for_package(id)? {
            Term::Positive(range) => Some(range),
            Term::Negative(_) => None,
        }
    }

    /// The version of the package that this extra belongs to, once there is only one left.
    fn base_decision(&mut self, node: &Node) -> Option<Version> {
        let Node::Extra(name, _) = node else { return None };
        let base = self.state.package_store.alloc(Node::Package(name.clone()));
        self.wanted(base)?.as_singleton().cloned()
    }

    /// The requirements that matter in this branch, for the package itself or for one of its extras.
    fn requirements(
        &self,
        all: &[Requirement],
        of: Option<(&PackageName, Option<&ExtraName>, &Version)>,
        inputs: &Inputs,
    ) -> Result<Vec<Dependency>, Why> {
        let mut out = Vec::new();
        let extra = of.and_then(|(_, extra, _)| extra);
        if let Some((name, Some(_), version)) = of {
            out.push(Dependency {
                node: Node::Package(name.clone()),
                range: Range::singleton(version.clone()),
                marker: MarkerTree::TRUE,
                stated: false,
            });
        }
        for requirement in all.iter().flat_map(|requirement| inputs.overridden(requirement)) {
            let marker = marker_for(requirement.marker, extra);
            let applies = match &inputs.target {
                Target::Machine { environment, .. } => marker.evaluate(environment, &[]),
                Target::Universal => !marker.is_disjoint(self.environment) && !marker.is_disjoint(self.python.marker),
            };
            if !applies {
                continue;
            }
            let range = match &requirement.version_or_url {
                None => Range::full(),
                Some(VersionOrUrl::VersionSpecifier(specifiers)) => Range::from(specifiers.clone()),
                // The project's page then holds the one file behind the URL.
                Some(VersionOrUrl::Url(_)) if inputs.direct.contains(&requirement.name) => Range::full(),
                Some(VersionOrUrl::Url(url)) => {
                    return Err(Why::NeedsUrl { requirement: format!("{} from {url}", requirement.name) });
                }
            };
            if range.is_empty() {
                return Err(Why::Impossible { requirement: requirement.to_string() });
            }
            let marker = if matches!(inputs.target, Target::Universal) { marker } else { MarkerTree::TRUE };
            match of {
                // A package that requires itself: either always true or never.
                Some((name, _, version)) if *name == requirement.name => {
                    let itself = range.contains(version);
                    itself.then_some(()).ok_or_else(|| Why::Itself { requirement: requirement.to_string() })?;
                }
                _ if requirement.extras.is_empty() => out.push(Dependency {
                    node: Node::Package(requirement.name.clone()),
                    range: range.clone(),
                    marker,
                    stated: true,
                }),
                _ => {}
            }
            for extra in &requirement.extras {
                let node = Node::Extra(requirement.name.clone(), extra.clone());
                out.push(Dependency { node, range: range.clone(), marker, stated: true });
            }
        }
        self.constrain(&mut out, inputs);
        Ok(out)
    }

    /// Adds the constraints on what is needed. They only narrow: nothing is needed because of one.
    fn constrain(&self, out: &mut Vec<Dependency>, inputs: &Inputs) {
        let mut narrowing = Vec::new();
        for dependency in out.iter() {
            let (Node::Package(name) | Node::Extra(name, _)) = &dependency.node else { continue };
            for constraint in inputs.constraints.iter().filter(|constraint| constraint.name == *name) {
                let Some(VersionOrUrl::VersionSpecifier(specifiers)) = &constraint.version_or_url else { continue };
                let marker = match &inputs.target {
                    Target::Machine { environment, .. } if !constraint.marker.evaluate(environment, &[]) => continue,
                    Target::Machine { .. } => MarkerTree::TRUE,
                    Target::Universal => dependency.marker.and(constraint.marker),
                };
                if marker.is_disjoint(self.environment) || marker.is_disjoint(self.python.marker) {
                    continue;
                }
                let range = Range::from(specifiers.clone());
                narrowing.push(Dependency { node: Node::Package(name.clone()), range, marker, stated: false });
            }
        }
        out.extend(narrowing);
    }

    /// Records what `version` needs, splitting the branch where its dependencies diverge.
    #[expect(clippy::too_many_arguments)]
    fn add(
        &mut self,
        id: Id<Node>,
        version: Version,
        gap: Range,
        dependencies: Vec<Dependency>,
        context: &Context,
        wants: &mut Wants,
        statistics: &mut Statistics,
    ) -> Decided {
        if !matches!(context.inputs.target, Target::Universal) {
            self.insert(id, version, gap, dependencies, context.inputs, wants, statistics);
            return Decided::Yes;
        }
        let own = self.state.package_store[id].name().cloned();
        let mut parts = fork::split(dependencies, own.as_ref(), self.environment, &self.python, context.inputs.mode);
        if parts.len() < 2 {
            let dependencies = parts.pop().map(|part| part.dependencies).unwrap_or_default();
            self.insert(id, version, gap, dependencies, context.inputs, wants, statistics);
            return Decided::Yes;
        }
        Decided::Split(
            parts
                .into_iter()
                .map(|Part { environment, dependencies }| {
                    let mut branch = self.clone().within(environment);
                    branch.insert(id, version.clone(), gap.clone(), dependencies, context.inputs, wants, statistics);
                    branch
                })
                .collect(),
        )
    }

    #[expect(clippy::too_many_arguments)]
    fn insert(
        &mut self,
        id: Id<Node>,
        version: Version,
        gap: Range,
        dependencies: Vec<Dependency>,
        inputs: &Inputs,
        wants: &mut Wants,
        statistics: &mut Statistics,
    ) {
        for dependency in &dependencies {
            let name = dependency.node.name().expect("nothing depends on the root");
            let order = Reverse(self.ranks.len() as u32);
            let rank = self.ranks.entry(name.clone()).or_insert(Rank::Plain(order));
            if is_pin(&dependency.range) {
                *rank = (*rank).max(Rank::Pinned(rank.order()));
            }
            if let Node::Extra(name, _) = &dependency.node {
                // Let the base feel the extra's range before either is decided. The base is also met first.
                let base = self.state.package_store.alloc(Node::Package(name.clone()));
                let extra = self.state.package_store.alloc(dependency.node.clone());
                self.state.add_dependency(extra, dependency.range.clone(), (base, dependency.range.clone()));
            }
            if inputs.lookahead > Lookahead::Nothing {
                wants.ask(Request::Page(name.clone()));
            }
            let id = self.state.package_store.alloc(dependency.node.clone());
            self.waiting.insert(id);
        }
        let terms: Vec<_> = dependencies.iter().map(|d| (d.node.clone(), d.range.clone())).collect();
        self.edges.insert((id, version.clone()), dependencies.into());
        if let Some(conflict) = self.state.add_package_version_dependencies(id, version, gap, terms) {
            self.blame(id, &conflict, inputs, statistics);
        }
    }

    fn blame(
        &mut self,
        affected: Id<Node>,
        conflict: &ConflictId<Types>,
        inputs: &Inputs,
        statistics: &mut Statistics,
    ) {
        let others: Vec<_> = self.state.conflict_packages(conflict).collect();
        let name = |id: Id<Node>| self.state.package_store[id].name();
        let others: Vec<_> =
            others.into_iter().filter(|other| *other != affected && name(*other) != name(affected)).collect();
        statistics.conflicts += 1;
        if inputs.patience == 0 || others.is_empty() {
            return;
        }
        for other in others {
            let count = self.culprit.entry(other).or_default();
            *count += 1;
            if *count == inputs.patience {
                self.crowded.push((other, false));
            }
        }
        let count = self.affected.entry(self.last).or_default();
        *count += 1;
        if *count == inputs.patience {
            self.crowded.push((self.last, true));
        }
    }

    /// Decide what is often rejected first and what rejects it second, going back to before the culprit.
    fn reorder(&mut self, statistics: &mut Statistics) {
        let mut crowded = std::mem::take(&mut self.crowded);
        crowded.sort_by_key(|(_, affected)| !affected);
        for (id, affected) in crowded {
            let Some(name) = self.state.package_store[id].name().cloned() else { continue };
            let Some(rank) = self.ranks.get_mut(&name) else { continue };
            match (affected, *rank) {
                (true, Rank::Affected(_)) | (false, Rank::Affected(_) | Rank::Culprit(_)) => {}
                (true, old) => {
                    *rank = Rank::Affected(old.order());
                    statistics.reordered += 1;
                }
                (false, old) => {
                    *rank = Rank::Culprit(old.order());
                    statistics.reordered += 1;
                    self.state.backtrack_package(id);
                }
            }
        }
    }

    /// Ask for the likely version of everything that waits for a decision.
    fn look_ahead(&mut self, context: &Context, wants: &mut Wants) {
        if context.inputs.lookahead == Lookahead::Nothing {
            return;
        }
        let select = Select {
            inputs: context.inputs,
            python: &self.python,
            environment: self.environment,
            solved: context.kept,
        };
        let (state, facts) = (&self.state, context.facts);
        self.waiting.retain(|id| {
            let Some(name) = state.package_store[*id].name() else { return false };
            let Some(page) = facts.page(name) else { return true };
            let Ok(page) = page else { return false };
            let Some(term) = state.partial_solution.term_intersection_for_package(*id) else { return true };
            if let Term::Positive(range) = term
                && let Candidate::Version(version) = select.choose(name, page, range)
            {
                wants.ask(Request::Metadata(name.clone(), version));
            }
            false
        });
    }

    /// A package that was tried often will be tried again: ask ahead for its next versions, first those that
    /// fit now, then those that nothing but the requirements themselves rules out.
    fn prefetch_older(
        &mut self,
        id: Id<Node>,
        name: &PackageName,
        version: &Version,
        page: &crate::Page,
        range: &Range,
        wants: &mut Wants,
    ) {
        let (last, count) = self.tried.entry(name.clone()).or_insert_with(|| (version.clone(), 1));
        // A blocked step is repeated; only another version is another try.
        if last == version {
            return;
        }
        *last = version.clone();
        *count += 1;
        if *count < 5 || !count.is_multiple_of(5) {
            return;
        }
        let batch = (*count as usize).min(50);
        let below = page.versions.partition_point(|other| other < version);
        let older = || page.versions[..below].iter().rev().filter(|older| !older.any_prerelease());
        let fixed = match self.state.partial_solution.unchanging_term_for_package(id) {
            Some(Term::Positive(fixed)) => fixed.clone(),
            _ => Range::full(),
        };
        let fitting = older().filter(|older| range.contains(older)).take(batch);
        let possible = older().filter(|older| fixed.contains(older)).take(batch);
        for version in fitting.chain(possible) {
            wants.ask(Request::Metadata(name.clone(), version.clone()));
        }
    }

    pub(crate) fn into_solved(self) -> Solved {
        let chosen = self.state.partial_solution.extract_solution().map(|(id, version)| {
            let edges = self.edges.get(&(id, version.clone())).cloned().unwrap_or_default();
            (self.state.package_store[id].clone(), (version, edges))
        });
        Solved { environment: self.environment, chosen: chosen.collect() }
    }
}

enum Decided {
    Yes,
    Lacks(Request),
    Split(Vec<Branch>),
}

/// The part of a requirement's marker that holds for the package itself, or only because of `extra`.
pub(crate) fn marker_for(marker: MarkerTree, extra: Option<&ExtraName>) -> MarkerTree {
    let always = marker.simplify_not_extras_with(|_| true);
    match extra {
        None => always,
        Some(extra) => marker
            .simplify_extras(std::slice::from_ref(extra))
            .simplify_not_extras_with(|other| other != extra)
            .and(always.negate()),
    }
}

/// `== 1.0`, which as a range also holds the local versions of 1.0.
fn is_pin(range: &Range) -> bool {
    use std::ops::Bound::{Excluded, Included};
    match range.bounding_range() {
        Some((Included(low), Included(high) | Excluded(high))) => {
            low.clone().without_local() == high.clone().without_local()
        }
        _ => false,
    }
}
