//! One branch of a resolution: a part of the universe, PubGrub's state for it, and what has to be remembered
//! between steps.

use crate::ahead::Ahead;
use crate::candidates::{Candidate, Select};
use crate::facts::{Facts, Metadata, Page, Request, RequiresPython};
use crate::fork::{self, Part, World};
use crate::needs::{Asker, Needs};
use crate::node::{Dependency, Node, Range, Types};
use crate::order::Order;
use crate::platform::{Question, Verdict};
use crate::python::Python;
use crate::rules::Rules;
use crate::solution::{Solved, Tree};
use crate::{Inputs, Lookahead, Preference, Target, TooHard, Wants, Why};
use pubgrub::{Id, State, Term};
use pybun_model::Joins;
use rustc_hash::FxHashMap;
use std::sync::Arc;
use uv_normalize::PackageName;
use uv_pep440::Version;
use uv_pep508::MarkerTree;

#[derive(Clone, Debug, Default)]
pub struct Statistics {
    pub steps: usize,
    pub decisions: usize,
    pub conflicts: usize,
    pub reordered: usize,
    pub forks: usize,
}

/// What a branch may look at, and where it leaves word.
pub(crate) struct Context<'a> {
    pub(crate) inputs: &'a Inputs,
    pub(crate) rules: &'a Rules,
    pub(crate) facts: &'a Facts,
    /// Versions chosen by branches already solved.
    pub(crate) kept: &'a FxHashMap<PackageName, Vec<Preference>>,
    pub(crate) wants: &'a mut Wants,
    pub(crate) statistics: &'a mut Statistics,
}

pub(crate) enum Progress {
    /// It cannot go on without this.
    Blocked(Request),
    Solved,
    Split(Vec<Branch>),
    Conflict(Box<Tree>),
    /// More than `Limits` allow.
    TooHard(TooHard),
}

#[derive(Clone)]
pub(crate) struct Branch {
    pub(crate) state: State<Types>,
    pub(crate) environment: MarkerTree,
    pub(crate) python: Arc<Python>,
    /// What each version that was looked at needs.
    pub(crate) edges: FxHashMap<(Id<Node>, Version), Arc<[Dependency]>>,
    /// The node decided last; unit propagation starts here.
    last: Id<Node>,
    /// A node taken from the queue and not yet decided. Taking is final, so a step that blocks must keep it.
    taken: Option<Id<Node>>,
    /// The version for `taken`, when this branch was split off for it.
    forced: Option<Version>,
    /// Where projects come from that do not come from an index.
    urls: FxHashMap<PackageName, Arc<str>>,
    order: Order,
    pub(crate) ahead: Ahead,
}

/// A version that may be taken, and what it says of itself.
struct Release {
    version: Version,
    /// The largest range that holds this version and no other.
    gap: Range,
    metadata: Arc<Metadata>,
    direct: bool,
}

enum Decided {
    Yes,
    Lacks(Request),
    Split(Vec<Branch>),
    TooHard(TooHard),
}

impl Branch {
    pub(crate) fn new(inputs: &Inputs) -> Self {
        let state = State::init(Node::Root, Version::new([0]));
        Self {
            last: state.root_package,
            state,
            environment: MarkerTree::TRUE,
            python: Arc::new(Python::new(&inputs.python)),
            edges: FxHashMap::default(),
            taken: None,
            forced: None,
            urls: FxHashMap::default(),
            order: Order::default(),
            ahead: Ahead::default(),
        }
    }

    pub(crate) fn within(mut self, environment: MarkerTree) -> Self {
        if let Some(narrower) = self.python.narrow(environment) {
            self.python = Arc::new(narrower);
        }
        self.environment = environment;
        self
    }

    /// Is some Python left here?
    pub(crate) fn is_possible(&self, joins: &Joins) -> bool {
        !joins.is_disjoint(self.environment, self.python.marker)
    }

    pub(crate) fn advance(&mut self, context: &mut Context) -> Progress {
        loop {
            let id = match self.taken.take() {
                Some(id) => id,
                None => match self.take_next(context) {
                    Ok(Some(id)) => id,
                    Ok(None) => return Progress::Solved,
                    Err(tree) => return Progress::Conflict(tree),
                },
            };
            self.last = id;
            let decided = self.decide(id, context);
            if context.rules.joins.is_over() {
                return Progress::TooHard(TooHard::Markers(self.state.package_store[id].name().cloned()));
            }
            match decided {
                Decided::Yes if context.statistics.decisions > context.inputs.limits.decisions => {
                    return Progress::TooHard(TooHard::Decisions);
                }
                Decided::Yes => {}
                Decided::Lacks(request) => {
                    self.taken = Some(id);
                    context.wants.ask(request.clone());
                    self.look_ahead(context);
                    return Progress::Blocked(request);
                }
                Decided::Split(parts) => return Progress::Split(parts),
                Decided::TooHard(why) => return Progress::TooHard(why),
            }
        }
    }

    fn take_next(&mut self, context: &mut Context) -> Result<Option<Id<Node>>, Box<Tree>> {
        let conflicts: Vec<_> = self.state.unit_propagation(self.last).map_err(Box::new)?.into_iter().collect();
        for (affected, conflict) in conflicts {
            context.statistics.conflicts += 1;
            self.order.blame(&self.state, self.last, affected, &conflict, context.inputs.patience);
        }
        context.statistics.reordered += self.order.reorder(&mut self.state);
        let (order, nodes) = (&self.order, &self.state.package_store);
        let rank = |id: Id<Node>, _: &Range| order.rank(&nodes[id]);
        Ok(self.state.partial_solution.pick_highest_priority_pkg(rank).map(|(id, _)| id))
    }

    fn decide(&mut self, id: Id<Node>, context: &mut Context) -> Decided {
        context.statistics.decisions += 1;
        let node = self.state.package_store[id].clone();
        let Some(name) = node.name() else { return self.decide_root(id, context) };
        let range = self.wanted(id).expect("only packages somebody wants are taken").clone();
        let found = match self.urls.get(name).cloned() {
            Some(url) => self.direct_release(id, name, &url, &range, context),
            None => self.index_release(id, &node, range, context),
        };
        let Release { version, gap, metadata, direct } = match found {
            Ok(release) => release,
            Err(decided) => return decided,
        };
        if self.edges.contains_key(&(id, version.clone())) {
            self.state.partial_solution.add_decision(id, version);
            return Decided::Yes;
        }
        if let Some(wants) = metadata.requires_python.as_ref().filter(|wants| !self.python.allowed_by(wants)) {
            return self.narrow_python(id, gap, wants, context);
        }
        let extra = match &node {
            Node::Extra(_, extra) => Some(extra),
            Node::Root | Node::Package(_) => None,
        };
        let asker = Asker { name, extra, version: &version, direct };
        match self.needs(context).of_release(&metadata.requires, &asker) {
            Ok(dependencies) => self.add(id, version, gap, dependencies, context),
            Err(why) => self.reject(id, gap, why),
        }
    }

    fn decide_root(&mut self, id: Id<Node>, context: &mut Context) -> Decided {
        match self.needs(context).of_roots() {
            Ok(dependencies) => {
                let version = Version::new([0]);
                let only = Range::singleton(version.clone());
                self.add(id, version, only, dependencies, context)
            }
            Err(why) => self.reject(id, Range::full(), why),
        }
    }

    fn direct_release(
        &mut self,
        id: Id<Node>,
        name: &PackageName,
        url: &Arc<str>,
        range: &Range,
        context: &mut Context,
    ) -> Result<Release, Decided> {
        match context.facts.direct(name, url) {
            None => Err(Decided::Lacks(Request::Direct(name.clone(), url.clone()))),
            Some(Err(why)) => Err(self.reject(id, Range::full(), why.clone())),
            Some(Ok(direct)) if !range.contains(&direct.version) => {
                self.state.add_no_versions(id, range.clone());
                Err(Decided::Yes)
            }
            Some(Ok(direct)) => Ok(Release {
                version: direct.version.clone(),
                gap: Range::full(),
                metadata: direct.metadata.clone(),
                direct: true,
            }),
        }
    }

    fn index_release(
        &mut self,
        id: Id<Node>,
        node: &Node,
        range: Range,
        context: &mut Context,
    ) -> Result<Release, Decided> {
        let name = node.name().expect("the root is decided elsewhere");
        let page = match context.facts.page(name) {
            None => return Err(Decided::Lacks(Request::Page(name.clone()))),
            Some(Err(why)) => return Err(self.reject(id, range, why.clone())),
            Some(Ok(page)) => page,
        };
        let version = self.index_version(id, node, page, &range, context)?;
        if context.inputs.lookahead > Lookahead::Nothing {
            let fixed = self.state.partial_solution.unchanging_term_for_package(id);
            self.ahead.tried(name, &version, page, [Some(&range), fixed.and_then(positive)], context.wants);
        }
        let gap = page.gap(&version);
        match context.facts.metadata(name, &version) {
            None => {
                self.forced = Some(version.clone());
                Err(Decided::Lacks(Request::Metadata(name.clone(), version)))
            }
            Some(Err(why)) => Err(self.reject(id, gap, why.clone())),
            Some(Ok(metadata)) => Ok(Release { version, gap, metadata: metadata.clone(), direct: false }),
        }
    }

    fn index_version(
        &mut self,
        id: Id<Node>,
        node: &Node,
        page: &Page,
        range: &Range,
        context: &mut Context,
    ) -> Result<Version, Decided> {
        let forced = self.forced.take().or_else(|| self.base_decision(node));
        if let Some(version) = forced.filter(|version| range.contains(version)) {
            return Ok(version);
        }
        let name = node.name().expect("the root is decided elsewhere");
        let select = self.select(context);
        match select.choose(name, page, range) {
            Candidate::None => {
                self.state.add_no_versions(id, range.clone());
                Err(Decided::Yes)
            }
            Candidate::Unusable(version, why) => Err(self.reject(id, page.gap(&version), why)),
            Candidate::NeedsPython(version, wants) => Err(self.narrow_python(id, page.gap(&version), &wants, context)),
            Candidate::Version(version) if !matches!(context.inputs.target, Target::Universal) => Ok(version),
            Candidate::Version(version) => {
                let question = Question { id, name, page, range, version: version.clone() };
                match self.weigh_platforms(question, &select) {
                    Verdict::Take(version) => Ok(version),
                    Verdict::Lacks(why) => Err(self.reject(id, page.gap(&version), why)),
                    Verdict::Split(first, [a, b]) => {
                        let mut a = self.clone().within(a);
                        a.taken = Some(id);
                        a.forced = first;
                        let mut b = self.clone().within(b);
                        b.taken = Some(id);
                        Err(Decided::Split(vec![a, b]))
                    }
                }
            }
        }
    }

    fn reject(&mut self, id: Id<Node>, range: Range, why: Why) -> Decided {
        self.state.add_unavailable(id, range, why);
        Decided::Yes
    }

    /// The version needs a newer Python than this branch promises: split there, or give the version up.
    fn narrow_python(&mut self, id: Id<Node>, gap: Range, wants: &RequiresPython, context: &Context) -> Decided {
        if let (Target::Universal, Some(parts)) = (&context.inputs.target, self.python.split(wants)) {
            let parts: Vec<_> = parts
                .into_iter()
                .map(|part| self.clone().within(context.rules.joins.and(self.environment, part)))
                .filter(|part| !part.environment.is_false())
                .map(|part| Self { taken: Some(id), ..part })
                .collect();
            if !parts.is_empty() {
                return Decided::Split(parts);
            }
        }
        self.reject(id, gap, Why::NeedsPython(wants.specifiers.clone()))
    }

    /// The range everybody who wants this package agrees on so far.
    fn wanted(&self, id: Id<Node>) -> Option<&Range> {
        positive(self.state.partial_solution.term_intersection_for_package(id)?)
    }

    /// The version of the package that this extra belongs to, once there is only one left.
    fn base_decision(&mut self, node: &Node) -> Option<Version> {
        let Node::Extra(name, _) = node else { return None };
        let base = self.state.package_store.alloc(Node::Package(name.clone()));
        self.wanted(base)?.as_singleton().cloned()
    }

    pub(crate) fn select<'a>(&self, context: &Context<'a>) -> Select<'a> {
        Select {
            inputs: context.inputs,
            rules: context.rules,
            python: self.python.clone(),
            environment: self.environment,
            solved: context.kept,
        }
    }

    fn needs<'a>(&'a self, context: &Context<'a>) -> Needs<'a> {
        Needs { inputs: context.inputs, rules: context.rules, environment: self.environment, python: &self.python }
    }

    /// Records what `version` needs, splitting the branch where its dependencies diverge.
    fn add(
        &mut self,
        id: Id<Node>,
        version: Version,
        gap: Range,
        dependencies: Vec<Dependency>,
        context: &mut Context,
    ) -> Decided {
        if !matches!(context.inputs.target, Target::Universal) {
            self.insert(id, version, gap, dependencies, context);
            return Decided::Yes;
        }
        let own = self.state.package_store[id].name().cloned();
        let world = World {
            environment: self.environment,
            python: &self.python,
            mode: context.inputs.mode,
            most: context.inputs.limits.forks,
            joins: &context.rules.joins,
        };
        let parts = fork::split(dependencies, own.as_ref(), &world);
        let Some(mut parts) = parts else { return Decided::TooHard(TooHard::Forks) };
        if parts.len() < 2 {
            let dependencies = parts.pop().map(|part| part.dependencies).unwrap_or_default();
            self.insert(id, version, gap, dependencies, context);
            return Decided::Yes;
        }
        Decided::Split(
            parts
                .into_iter()
                .map(|Part { environment, dependencies }| {
                    let mut branch = self.clone().within(environment);
                    branch.insert(id, version.clone(), gap.clone(), dependencies, context);
                    branch
                })
                .collect(),
        )
    }

    fn insert(
        &mut self,
        id: Id<Node>,
        version: Version,
        gap: Range,
        dependencies: Vec<Dependency>,
        context: &mut Context,
    ) {
        if let Err(why) = self.claim_urls(&dependencies) {
            return self.state.add_unavailable(id, gap, why);
        }
        for dependency in &dependencies {
            self.order.meet(dependency);
            if let Node::Extra(name, _) = &dependency.node {
                // Let the base feel the extra's range before either is decided. The base is also met first.
                let base = self.state.package_store.alloc(Node::Package(name.clone()));
                let extra = self.state.package_store.alloc(dependency.node.clone());
                self.state.add_dependency(extra, dependency.range.clone(), (base, dependency.range.clone()));
            }
            let id = self.state.package_store.alloc(dependency.node.clone());
            if context.inputs.lookahead > Lookahead::Nothing {
                let name = dependency.name();
                context.wants.ask(match self.urls.get(name) {
                    Some(url) => Request::Direct(name.clone(), url.clone()),
                    None => Request::Page(name.clone()),
                });
                self.ahead.waiting.insert(id);
            }
        }
        let terms: Vec<_> = dependencies.iter().map(|d| (d.node.clone(), d.range.clone())).collect();
        self.edges.insert((id, version.clone()), dependencies.into());
        if let Some(conflict) = self.state.add_package_version_dependencies(id, version, gap, terms) {
            context.statistics.conflicts += 1;
            self.order.blame(&self.state, self.last, id, &conflict, context.inputs.patience);
        }
    }

    /// Within one branch a project has one place that it comes from.
    fn claim_urls(&mut self, dependencies: &[Dependency]) -> Result<(), Why> {
        let wanted = dependencies.iter().filter_map(|one| Some((one.name(), one.url.as_ref()?)));
        let mut new: FxHashMap<&PackageName, &Arc<str>> = FxHashMap::default();
        for (name, url) in wanted {
            let known = self.urls.get(name).or_else(|| new.get(name).copied());
            if let Some(known) = known.filter(|known| *known != url) {
                return Err(Why::SeveralSources { name: name.clone(), url: shown(url), other: Some(shown(known)) });
            }
            let is_from_index = || self.edges.keys().any(|(id, _)| self.state.package_store[*id].name() == Some(name));
            if known.is_none() && is_from_index() {
                return Err(Why::SeveralSources { name: name.clone(), url: shown(url), other: None });
            }
            new.insert(name, url);
        }
        let new: Vec<_> = new.into_iter().map(|(name, url)| (name.clone(), url.clone())).collect();
        self.urls.extend(new);
        Ok(())
    }

    pub(crate) fn into_solved(self) -> Solved {
        let chosen = self.state.partial_solution.extract_solution().map(|(id, version)| {
            let edges = self.edges.get(&(id, version.clone())).cloned().unwrap_or_default();
            (self.state.package_store[id].clone(), (version, edges))
        });
        Solved { environment: self.environment, chosen: chosen.collect(), urls: self.urls }
    }
}

pub(crate) fn positive(term: &Term<Range>) -> Option<&Range> {
    match term {
        Term::Positive(range) => Some(range),
        Term::Negative(_) => None,
    }
}

/// A URL without what it may hold in secret.
fn shown(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let end = rest.find('/').unwrap_or(rest.len());
            let host = rest[..end].rfind('@').map_or(0, |at| at + 1);
            format!("{scheme}://{}", &rest[host..])
        }
        None => url.to_owned(),
    }
}
