//! What comes out.

use crate::machine::{Dependency, Node, Range};
use crate::python::Python;
use crate::{Inputs, Preference, Why};
use pubgrub::DerivationTree;
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
}

impl Solved {
    pub(crate) fn preferences(&self) -> impl Iterator<Item = (PackageName, Preference)> {
        self.chosen.iter().filter_map(|(node, (version, _))| match node {
            Node::Package(name) => {
                Some((name.clone(), Preference { version: version.clone(), marker: self.environment, locked: false }))
            }
            _ => None,
        })
    }

    /// Where each chosen node is needed: true at the root, and narrowed along every edge.
    fn reach(&self) -> FxHashMap<&Node, MarkerTree> {
        let mut reach: FxHashMap<&Node, MarkerTree> = FxHashMap::default();
        let mut work = vec![(&Node::Root, self.environment)];
        while let Some((node, marker)) = work.pop() {
            let known = reach.entry(node).or_insert(MarkerTree::FALSE);
            let wider = known.or(marker);
            if wider == *known {
                continue;
            }
            *known = wider;
            for edge in self.chosen.get(node).map(|(_, edges)| &edges[..]).unwrap_or_default() {
                work.push((&edge.node, wider.and(edge.marker)));
            }
        }
        reach
    }
}

#[derive(Clone, Debug)]
pub struct Resolved {
    pub name: PackageName,
    pub version: Version,
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
    pub name: PackageName,
    pub version: Version,
    /// The extra of the needed package that is wanted; `None` for the package itself.
    pub extra: Option<ExtraName>,
    pub marker: MarkerTree,
}

#[derive(Clone, Debug, Default)]
pub struct Resolution {
    /// By name and version. A name has several versions only if the universe had to be split.
    pub packages: Vec<Resolved>,
    /// What the root requirements came to; `because_of` is `None` in all of them.
    pub roots: Vec<Edge>,
    pub environments: Vec<MarkerTree>,
}

impl Resolution {
    pub(crate) fn merge(solved: &[Solved], inputs: &Inputs) -> Self {
        let python = Python::new(&inputs.python).marker;
        let mut merged: BTreeMap<(PackageName, Version), MarkerTree> = BTreeMap::new();
        let mut edges = EdgeTable::default();
        for branch in solved {
            for (node, marker) in branch.reach() {
                if marker.is_disjoint(python) {
                    continue;
                }
                let Some((version, dependencies)) = branch.chosen.get(node) else { continue };
                if let Some(name) = node.name() {
                    let all = merged.entry((name.clone(), version.clone())).or_insert(MarkerTree::FALSE);
                    *all = all.or(marker);
                }
                for dependency in dependencies.iter().filter(|dependency| dependency.stated) {
                    // Where the needing node is needed, its requirement's marker may never hold.
                    if marker.and(dependency.marker).is_disjoint(python) {
                        continue;
                    }
                    if let Some((target, _)) = branch.chosen.get(&dependency.node) {
                        edges.add(node, version, dependency, target, branch.environment);
                    }
                }
            }
        }
        let mut edges = edges.finish(python);
        let roots = edges.remove(&None).unwrap_or_default();
        let packages = merged.into_iter().map(|((name, version), marker)| Resolved {
            edges: edges.remove(&Some((name.clone(), version.clone()))).unwrap_or_default(),
            name,
            version,
            marker: marker.restrict(python),
        });
        let environments = solved.iter().map(|branch| branch.environment).collect();
        Self { packages: packages.collect(), roots, environments }
    }
}

type From = Option<(PackageName, Version)>;
type Wanted = (Option<ExtraName>, PackageName, Option<ExtraName>);

/// The edges of all branches, by who needs what.
#[derive(Default)]
struct EdgeTable {
    /// The marker as stated, and where (in which branches) it leads to each version.
    edges: BTreeMap<(From, Wanted), BTreeMap<Version, (MarkerTree, MarkerTree)>>,
}

impl EdgeTable {
    fn add(
        &mut self,
        node: &Node,
        version: &Version,
        dependency: &Dependency,
        target: &Version,
        environment: MarkerTree,
    ) {
        let (from, because_of) = match node {
            Node::Root => (None, None),
            Node::Package(name) => (Some((name.clone(), version.clone())), None),
            Node::Extra(name, extra) => (Some((name.clone(), version.clone())), Some(extra.clone())),
        };
        let (name, extra) = match &dependency.node {
            Node::Root => return,
            Node::Package(name) => (name.clone(), None),
            Node::Extra(name, extra) => (name.clone(), Some(extra.clone())),
        };
        let versions = self.edges.entry((from, (because_of, name, extra))).or_default();
        let (stated, inside) = versions.entry(target.clone()).or_insert((MarkerTree::FALSE, MarkerTree::FALSE));
        *stated = stated.or(dependency.marker);
        *inside = inside.or(dependency.marker.and(environment));
    }

    /// An edge that leads to one version in every branch keeps its marker as stated; otherwise the branches
    /// tell the versions apart.
    fn finish(self, python: MarkerTree) -> BTreeMap<From, Vec<Edge>> {
        let mut out: BTreeMap<From, Vec<Edge>> = BTreeMap::new();
        for ((from, (because_of, name, extra)), versions) in self.edges {
            let single = versions.len() == 1;
            for (version, (stated, inside)) in versions {
                let marker = if single { stated } else { inside }.restrict(python);
                let (because_of, name, extra) = (because_of.clone(), name.clone(), extra.clone());
                out.entry(from.clone()).or_default().push(Edge { because_of, name, version, extra, marker });
            }
        }
        out
    }
}
