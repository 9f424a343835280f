//! The lock as others want to see it: as a graph, a tree, the chains that lead to a package, what is newer than
//! it. Pure: locks, pages and texts go in, values and texts come out.

mod export;
mod graph;
mod outdated;
mod tree;
mod why;

pub use export::{Exported, Subject, cyclonedx, is_pylock_name, pylock, requirements};
pub use graph::{Entry, Graph, Link, Scope};
pub use outdated::{Holder, Outdated, Pages, deciders, held_by_package, outdated};
pub use tree::{Branch, Direction, Item, TreeWish, tree};
pub use why::{Chain, Chains, Step, why};

#[cfg(test)]
mod samples;
