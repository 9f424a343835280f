//! Why nothing fits: a proof as data.

use crate::Why;
use crate::node::{Node, Range};
use crate::solution::Tree;
use pubgrub::{DerivationTree, External};
use rustc_hash::FxHashMap;
use std::sync::Arc;
use uv_pep508::MarkerTree;

/// A proof that the requirements contradict each other.
#[derive(Clone, Debug)]
pub struct Conflict {
    /// The first step is the contradiction. A step rests only on later ones.
    pub steps: Vec<Cause>,
    /// The part of the universe in which it holds.
    pub environment: MarkerTree,
}

/// A step of the proof.
#[derive(Clone, Debug, PartialEq)]
pub enum Cause {
    /// Not all `terms` can be true, because of two other steps.
    Derived { terms: Vec<Term>, causes: [usize; 2] },
    /// `from` in `range` requires `to` in `wanted`.
    Requires { from: Node, range: Range, to: Node, wanted: Range },
    /// No version of `package` is in `range`.
    NoVersions { package: Node, range: Range },
    /// The versions of `package` in `range` cannot be used.
    Unusable { package: Node, range: Range, why: Why },
}

/// What a solution may say of one package.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    pub node: Node,
    pub range: Range,
    /// A version in `range` is chosen; otherwise none of them is, and perhaps no version at all.
    pub positive: bool,
}

impl Conflict {
    pub(crate) fn new(tree: Tree, environment: MarkerTree) -> Self {
        let mut order = parents_first(Arc::new(tree));
        let places: FxHashMap<*const Tree, usize> =
            order.iter().enumerate().map(|(place, tree)| (Arc::as_ptr(tree), place)).collect();
        let steps = order.iter().map(|tree| cause(tree, &places)).collect();
        // Proofs can be deep. Taken apart from the top nothing is dropped recursively.
        order.drain(..).for_each(drop);
        Self { steps, environment }
    }

    /// The steps that rest on no other, in the order of the proof.
    pub fn leaves(&self) -> impl Iterator<Item = &Cause> {
        self.steps.iter().filter(|step| !matches!(step, Cause::Derived { .. }))
    }
}

/// Every node once, each before those it rests on.
fn parents_first(root: Arc<Tree>) -> Vec<Arc<Tree>> {
    let mut order = Vec::new();
    let mut entered: FxHashMap<*const Tree, ()> = FxHashMap::default();
    let mut work = vec![(root, false)];
    while let Some((tree, left)) = work.pop() {
        if left {
            order.push(tree);
            continue;
        }
        if entered.insert(Arc::as_ptr(&tree), ()).is_some() {
            continue;
        }
        work.push((tree.clone(), true));
        if let DerivationTree::Derived(derived) = &*tree {
            work.push((derived.cause1.clone(), false));
            work.push((derived.cause2.clone(), false));
        }
    }
    order.reverse();
    order
}

fn cause(tree: &Tree, places: &FxHashMap<*const Tree, usize>) -> Cause {
    match tree {
        DerivationTree::Derived(derived) => {
            let mut terms: Vec<Term> = derived.terms.iter().map(|(node, term)| term_of(node, term)).collect();
            terms.sort_by(|a, b| a.node.cmp(&b.node));
            Cause::Derived {
                terms,
                causes: [&derived.cause1, &derived.cause2].map(|cause| places[&Arc::as_ptr(cause)]),
            }
        }
        DerivationTree::External(External::NotRoot(package, version)) => Cause::Requires {
            from: Node::Root,
            range: Range::full(),
            to: package.clone(),
            wanted: Range::singleton(version.clone()),
        },
        DerivationTree::External(External::NoVersions(package, range)) => {
            Cause::NoVersions { package: package.clone(), range: range.clone() }
        }
        DerivationTree::External(External::Custom(package, range, why)) => {
            Cause::Unusable { package: package.clone(), range: range.clone(), why: why.clone() }
        }
        DerivationTree::External(External::FromDependencyOf(from, range, to, wanted)) => {
            Cause::Requires { from: from.clone(), range: range.clone(), to: to.clone(), wanted: wanted.clone() }
        }
    }
}

fn term_of(node: &Node, term: &pubgrub::Term<Range>) -> Term {
    let (range, positive) = match term {
        pubgrub::Term::Positive(range) => (range, true),
        pubgrub::Term::Negative(range) => (range, false),
    };
    Term { node: node.clone(), range: range.clone(), positive }
}
