//! What the solver decides on, and what it knows of it.

use pubgrub::{Dependencies, DependencyProvider, PackageResolutionStatistics, Ranges};
use std::fmt;
use std::sync::Arc;
use uv_normalize::{ExtraName, PackageName};
use uv_pep440::Version;
use uv_pep508::MarkerTree;

pub type Range = Ranges<Version>;

/// An extra is a package of its own, tied to the version of its base.
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

/// One thing that a version needs.
#[derive(Clone, Debug)]
pub(crate) struct Dependency {
    pub(crate) node: Node,
    pub(crate) range: Range,
    /// It must come from here.
    pub(crate) url: Option<Arc<str>>,
    pub(crate) marker: MarkerTree,
    /// A requirement says so; otherwise it comes from a constraint or ties an extra to its base.
    pub(crate) stated: bool,
}

impl Dependency {
    pub(crate) fn name(&self) -> &PackageName {
        self.node.name().expect("nothing depends on the root")
    }

    /// `== 1.0`, which as a range also holds the local versions of 1.0.
    pub(crate) fn is_pin(&self) -> bool {
        use std::ops::Bound::{Excluded, Included};
        match self.range.bounding_range() {
            Some((Included(low), Included(high) | Excluded(high))) => {
                low == high || low.clone().without_local() == high.clone().without_local()
            }
            _ => false,
        }
    }
}

/// PubGrub takes its types from this trait; with the state API none of its functions is called.
#[derive(Clone, Debug)]
pub(crate) struct Types;

impl DependencyProvider for Types {
    type P = Node;
    type V = Version;
    type VS = Range;
    type Priority = crate::order::Rank;
    type M = crate::Why;
    type Err = std::convert::Infallible;

    fn prioritize(&self, _: &Node, _: &Range, _: &PackageResolutionStatistics) -> Self::Priority {
        unreachable!("the state is driven from outside")
    }
    fn choose_version(&self, _: &Node, _: &Range) -> Result<Option<Version>, Self::Err> {
        unreachable!("the state is driven from outside")
    }
    fn get_dependencies(&self, _: &Node, _: &Version) -> Result<Dependencies<Node, Range, crate::Why>, Self::Err> {
        unreachable!("the state is driven from outside")
    }
}
