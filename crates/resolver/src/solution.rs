//! What comes out.

use crate::node::{Dependency, Node, Range};
use crate::python::Python;
use crate::{Inputs, Preference, Why};
use pubgrub::DerivationTree;
use pybun_model::Joins;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::sync::Arc;
use uv_normalize::{ExtraName, PackageName};
use uv_pep440::Version;
use uv_pep508::MarkerTree;

pub(crate) type Tree = DerivationTree<Node, Range, Why>;

/// One solved branch.
pub(crate) struct Solved {
    pub(crate) environment: MarkerTree,
    pub(crate) chosen: FxHashMap<Node, (Version, Arc<[Dependency]>)>,
    pub(crate) urls: FxHashMap<PackageName, Arc<str>>,
}

impl Solved {
    fn release(&self, name: &PackageName, version: &Version) -> Release {
        Release { name: name.clone(), version: version.clone(), url: self.urls.get(name).cloned() }
    }

    pub(crate) fn preferences(&self) -> impl Iterator<Item = (PackageName, Preference)> {
        self.chosen.iter().filter_map(|(node, (version, _))| match node {
            Node::Package(name) if !self.urls.contains_key(name) => {
                Some((name.clone(), Preference { version: version.clone(), marker: self.environment, locked: false }))
            }
            Node::Root | Node::Package(_) | Node::Extra(..) => None,
        })
    }

    /// Where each chosen node is needed: true at the root, and narrowed along every edge.
    fn reach(&self, joins: &Joins) -> FxHashMap<&Node, MarkerTree> {
        let mut reach: FxHashMap<&Node, MarkerTree> = FxHashMap::default();
        let mut work = vec![(&Node::Root, self.environment)];
        while let Some((node, marker)) = work.pop() {
            let known = reach.entry(node).or_insert(MarkerTree::FALSE);
            let wider = joins.or(*known, marker);
            if wider == *known {
                continue;
            }
            *known = wider;
            for edge in self.chosen.get(node).map(|(_, edges)| &edges[..]).unwrap_or_default() {
                work.push((&edge.node, joins.and(wider, edge.marker)));
            }
        }
        reach
    }
}

/// What was chosen.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Release {
    pub name: PackageName,
    pub version: Version,
    /// Where it comes from; `None` for an index. It may hold credentials and is not for showing.
    pub url: Option<Arc<str>>,
}

#[derive(Clone, Debug)]
pub struct Resolved {
    pub release: Release,
    /// Where it is needed, given that the Python is one the inputs allow.
    pub marker: MarkerTree,
    /// What it needs, sorted.
    pub edges: Vec<Edge>,
}

/// One package needs another.
#[derive(Clone, Debug)]
pub struct Edge {
    /// The extra of the needing package because of which it is needed; `None` when always.
    pub because_of: Option<ExtraName>,
    pub to: Release,
    /// The extra of the needed package that is wanted; `None` for the package itself.
    pub extra: Option<ExtraName>,
    pub marker: MarkerTree,
}

#[derive(Clone, Debug, Default)]
pub struct Resolution {
    /// By name, version and origin. A name has several versions only if the universe had to be split.
    pub packages: Vec<Resolved>,
    /// What the root requirements came to; `because_of` is `None` in all of them.
    pub roots: Vec<Edge>,
    /// The parts of the universe that were solved apart, in that order; empty where it was solved as one. A resolution
    /// that starts from them and prefers these releases comes to them again.
    pub forks: Vec<MarkerTree>,
    /// Everything that was solved for.
    pub universe: MarkerTree,
}

impl Resolution {
    /// `None` where markers come to more than a lock can hold.
    pub(crate) fn merge(solved: &[Solved], inputs: &Inputs, joins: &Joins) -> Option<Self> {
        let universe = universe(inputs, joins);
        let mut merged: BTreeMap<Release, MarkerTree> = BTreeMap::new();
        let mut edges = EdgeTable::new(joins);
        for branch in solved {
            for (node, marker) in branch.reach(joins) {
                if joins.is_disjoint(marker, universe) {
                    continue;
                }
                let Some((version, dependencies)) = branch.chosen.get(node) else { continue };
                if let Some(name) = node.name() {
                    let all = merged.entry(branch.release(name, version)).or_insert(MarkerTree::FALSE);
                    *all = joins.or(*all, marker);
                }
                for dependency in dependencies.iter().filter(|dependency| dependency.stated) {
                    // Where the needing node is needed, its requirement's marker may never hold.
                    if joins.is_disjoint(joins.and(marker, dependency.marker), universe) {
                        continue;
                    }
                    if let Some((target, _)) = branch.chosen.get(&dependency.node) {
                        edges.add(branch, (node, version), dependency, target);
                    }
                }
            }
        }
        let mut edges = edges.finish(universe);
        let roots = edges.remove(&None).unwrap_or_default();
        let packages = merged.into_iter().map(|(release, marker)| Resolved {
            edges: edges.remove(&Some(release.clone())).unwrap_or_default(),
            release,
            marker: joins.within_universe(marker, universe),
        });
        let forks = solved.iter().filter(|_| solved.len() > 1);
        let forks = forks.map(|branch| joins.within_universe(branch.environment, universe)).collect();
        let resolution = Self { packages: packages.collect(), roots, forks, universe };
        (resolution.is_lockable(joins) && !joins.is_over()).then_some(resolution)
    }
}

impl Resolution {
    fn is_lockable(&self, joins: &Joins) -> bool {
        let markers = self.packages.iter().flat_map(|one| one.edges.iter().map(|edge| edge.marker).chain([one.marker]));
        markers.chain(self.forks.iter().copied()).all(|marker| joins.is_lockable(marker))
    }
}

/// Everything that is solved for, as far as the inputs say it.
fn universe(inputs: &Inputs, joins: &Joins) -> MarkerTree {
    let python = Python::new(&inputs.python).marker;
    if inputs.environments.is_empty() {
        return python;
    }
    joins.and(python, joins.any(inputs.environments.iter().copied()))
}

type From = Option<Release>;
type Wanted = (Option<ExtraName>, PackageName, Option<ExtraName>);

/// The edges of all branches, by who needs what.
struct EdgeTable<'j> {
    joins: &'j Joins,
    /// The marker as stated, and where (in which branches) it leads to each release.
    edges: BTreeMap<(From, Wanted), BTreeMap<Release, (MarkerTree, MarkerTree)>>,
}

impl<'j> EdgeTable<'j> {
    fn new(joins: &'j Joins) -> Self {
        Self { joins, edges: BTreeMap::new() }
    }

    fn add(&mut self, branch: &Solved, (node, version): (&Node, &Version), dependency: &Dependency, target: &Version) {
        let (from, because_of) = match node {
            Node::Root => (None, None),
            Node::Package(name) => (Some(branch.release(name, version)), None),
            Node::Extra(name, extra) => (Some(branch.release(name, version)), Some(extra.clone())),
        };
        let (name, extra) = match &dependency.node {
            Node::Root => return,
            Node::Package(name) => (name, None),
            Node::Extra(name, extra) => (name, Some(extra.clone())),
        };
        let releases = self.edges.entry((from, (because_of, name.clone(), extra))).or_default();
        let (stated, inside) =
            releases.entry(branch.release(name, target)).or_insert((MarkerTree::FALSE, MarkerTree::FALSE));
        *stated = self.joins.or(*stated, dependency.marker);
        *inside = self.joins.or(*inside, self.joins.and(dependency.marker, branch.environment));
    }

    /// An edge that leads to one release in every branch keeps its marker as stated; otherwise the branches
    /// tell the releases apart.
    fn finish(self, universe: MarkerTree) -> BTreeMap<From, Vec<Edge>> {
        let mut out: BTreeMap<From, Vec<Edge>> = BTreeMap::new();
        for ((from, (because_of, _, extra)), releases) in self.edges {
            let single = releases.len() == 1;
            for (to, (stated, inside)) in releases {
                let marker = self.joins.within_universe(if single { stated } else { inside }, universe);
                let (because_of, extra) = (because_of.clone(), extra.clone());
                out.entry(from.clone()).or_default().push(Edge { because_of, to, extra, marker });
            }
        }
        out
    }
}
