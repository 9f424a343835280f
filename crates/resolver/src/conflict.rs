//! Why nothing fits: a proof as data.

use crate::machine::{Node, Range};
use crate::solution::Tree;
use pubgrub::{DerivationTree, External, Term};

/// A proof that the requirements contradict each other.
pub struct Conflict {
    tree: Tree,
}

/// A step of the proof.
#[derive(Clone, Debug, PartialEq)]
pub enum Cause {
    /// Two other steps together rule out what `packages` says.
    Derived { packages: Vec<(Node, Range)>, causes: Box<[Cause; 2]> },
    /// `from` in `range` requires `to` in `wanted`.
    Requires { from: Node, range: Range, to: Node, wanted: Range },
    /// No version of `package` is in `range`.
    NoVersions { package: Node, range: Range },
    /// The versions of `package` in `range` cannot be used.
    Unusable { package: Node, range: Range, why: String },
}

impl Conflict {
    pub(crate) fn new(tree: Tree) -> Self {
        Self { tree }
    }

    pub fn cause(&self) -> Cause {
        cause(&self.tree)
    }
}

impl Cause {
    /// The steps that rest on no other, in the order of the proof.
    pub fn leaves(&self) -> Vec<&Cause> {
        match self {
            Cause::Derived { causes, .. } => causes.iter().flat_map(Cause::leaves).collect(),
            Cause::Requires { .. } | Cause::NoVersions { .. } | Cause::Unusable { .. } => vec![self],
        }
    }
}

fn cause(tree: &Tree) -> Cause {
    match tree {
        DerivationTree::Derived(derived) => Cause::Derived {
            packages: derived.terms.iter().map(|(node, term)| (node.clone(), range_of(term))).collect(),
            causes: Box::new([cause(&derived.cause1), cause(&derived.cause2)]),
        },
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

fn range_of(term: &Term<Range>) -> Range {
    match term {
        Term::Positive(range) => range.clone(),
        Term::Negative(range) => range.complement(),
    }
}
