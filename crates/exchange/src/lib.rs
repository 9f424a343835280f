//! The lock as others want to see it: as a graph, a tree, the chains that lead to a package, what is newer than
//! it. Pure: locks, pages and texts go in, values and texts come out.

mod export;
#[cfg(any(test, feature = "fuzz"))]
#[doc(hidden)]
pub mod fuzz;
mod graph;
mod heal;
pub mod import;
mod outdated;
mod tree;
mod why;

pub use export::{Exported, Subject, Unwritable, cyclonedx, is_pylock_name, pylock, requirements};
pub use graph::{Entry, Graph, Link, Scope};
pub use heal::{Sides, merged, split_conflict};
pub use outdated::{Holder, Outdated, Pages, deciders, held_by_package, outdated};
pub use tree::{Branch, Direction, Item, TreeWish, tree};
pub use why::{Chain, Chains, Step, why};

#[cfg(test)]
mod samples;

/// A basic string of TOML.
pub(crate) fn toml_text(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 2);
    out.push('"');
    for c in value.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if pybun_model::is_harmful(c) => out.push_str(&format!("\\u{:04X}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
