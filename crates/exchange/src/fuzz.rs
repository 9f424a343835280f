//! What the fuzzer calls (`fuzz/`).

use crate::{Direction, Graph, Scope, TreeWish, requirements, tree, why};

/// A lock that is shown in every way: whoever made it, it ends, and a lock that is read has no edge that leads nowhere.
pub fn graph(bytes: &[u8]) {
    let Some(lock) = pybun_lock::fuzz::read(bytes) else { return };
    let roots: Vec<_> = lock.inputs.roots.iter().map(|root| root.kind.clone()).collect();
    for one_by_one in [false, true] {
        let scope = Scope { roots: roots.clone(), one_by_one, ..Scope::default() };
        for direction in [Direction::Needs, Direction::NeededBy] {
            let wish = TreeWish { direction, ..TreeWish::default() };
            drop(Graph::look(&lock, &scope, |graph| tree(graph, &wish)));
        }
        if let Some(package) = lock.packages.last() {
            drop(Graph::look(&lock, &scope, |graph| why(graph, &package.name)));
        }
        drop(Graph::look(&lock, &scope, |graph| requirements(graph, true)));
    }
}

#[cfg(test)]
#[path = "../../../fuzz/replay.rs"]
mod replay;

#[cfg(test)]
mod tests {
    use super::replay::replay;
    use super::*;

    #[test]
    fn known_inputs_do_no_harm() {
        replay("graph", graph);
    }
}
