//! In which order packages are decided, and how conflicts change it.

use crate::node::{Dependency, Node, Types};
use pubgrub::{ConflictId, Id, State};
use rustc_hash::FxHashMap;
use std::cmp::Reverse;
use uv_normalize::PackageName;

/// Later variants are decided first; within one, the name that was met first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    Plain(Reverse<u32>),
    /// Often the reason why another was rejected.
    Culprit(Reverse<u32>),
    /// Often rejected itself.
    Affected(Reverse<u32>),
    Pinned(Reverse<u32>),
    /// From a URL: there is no choice, and what it names by URL must be known before any index is asked.
    Direct(Reverse<u32>),
    Root,
}

impl Rank {
    fn order(self) -> Reverse<u32> {
        match self {
            Rank::Plain(order)
            | Rank::Culprit(order)
            | Rank::Affected(order)
            | Rank::Pinned(order)
            | Rank::Direct(order) => order,
            Rank::Root => Reverse(0),
        }
    }
}

#[derive(Clone, Default)]
pub(crate) struct Order {
    ranks: FxHashMap<PackageName, Rank>,
    culprit: FxHashMap<Id<Node>, u32>,
    affected: FxHashMap<Id<Node>, u32>,
    /// Who has had as many conflicts as patience allows, and whether as the one rejected.
    crowded: Vec<(Id<Node>, bool)>,
}

impl Order {
    pub(crate) fn meet(&mut self, dependency: &Dependency) {
        let next = Reverse(self.ranks.len() as u32);
        let name = dependency.name();
        let rank = match self.ranks.get_mut(name) {
            Some(rank) => rank,
            None => self.ranks.entry(name.clone()).or_insert(Rank::Plain(next)),
        };
        if dependency.url.is_some() {
            *rank = Rank::Direct(rank.order());
        } else if dependency.is_pin() {
            *rank = (*rank).max(Rank::Pinned(rank.order()));
        }
    }

    pub(crate) fn rank(&self, node: &Node) -> Rank {
        node.name().map_or(Rank::Root, |name| self.ranks[name])
    }

    /// Counts a conflict: `last`, which was being decided, lost to the others that the conflict names.
    pub(crate) fn blame(
        &mut self,
        state: &State<Types>,
        last: Id<Node>,
        affected: Id<Node>,
        conflict: &ConflictId<Types>,
        patience: u32,
    ) {
        if patience == 0 {
            return;
        }
        let name = |id: Id<Node>| state.package_store[id].name();
        let mut blamed = false;
        for other in state.conflict_packages(conflict) {
            if other == affected || name(other) == name(affected) {
                continue;
            }
            blamed = true;
            let count = self.culprit.entry(other).or_default();
            *count += 1;
            if *count == patience {
                self.crowded.push((other, false));
            }
        }
        if !blamed {
            return;
        }
        let count = self.affected.entry(last).or_default();
        *count += 1;
        if *count == patience {
            self.crowded.push((last, true));
        }
    }

    /// Decide what is often rejected first and what rejects it second, going back to before the culprit.
    /// Returns how many ranks changed.
    pub(crate) fn reorder(&mut self, state: &mut State<Types>) -> usize {
        let mut changed = 0;
        let mut crowded = std::mem::take(&mut self.crowded);
        crowded.sort_by_key(|(_, affected)| !affected);
        for (id, affected) in crowded {
            let Some(name) = state.package_store[id].name() else { continue };
            let Some(rank) = self.ranks.get_mut(name) else { continue };
            match (affected, *rank) {
                (true, Rank::Affected(_)) | (false, Rank::Affected(_) | Rank::Culprit(_)) | (_, Rank::Direct(_)) => {}
                (true, old) => {
                    *rank = Rank::Affected(old.order());
                    changed += 1;
                }
                (false, old) => {
                    *rank = Rank::Culprit(old.order());
                    changed += 1;
                    state.backtrack_package(id);
                }
            }
        }
        changed
    }
}
