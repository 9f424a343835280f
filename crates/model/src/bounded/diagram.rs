//! How large the diagram of a marker is, and its text.

use super::TOO_COMPLICATED;
use crate::MarkerTree;
use std::collections::{HashMap, HashSet};
use uv_pep508::MarkerTreeKind;

/// Nodes of a diagram. Markers of published requirements have a few dozen.
const MAX_NODES: usize = 10_000;
/// Joining two diagrams may take as many steps as the product of their nodes.
const MAX_STEPS: usize = 4_000_000;

#[derive(Clone, Copy)]
pub(super) struct Diagram {
    pub(super) tree: MarkerTree,
    nodes: usize,
}

impl Diagram {
    pub(super) fn of(tree: MarkerTree) -> Result<Self, String> {
        let mut seen = HashSet::from([tree]);
        let mut pending = vec![tree];
        while let Some(next) = pending.pop() {
            pending.extend(children(next).into_iter().filter(|child| seen.insert(*child)));
            if seen.len() > MAX_NODES {
                return Err(TOO_COMPLICATED.to_owned());
            }
        }
        Ok(Self { tree, nodes: seen.len() })
    }

    pub(super) fn join(mut self, other: Self, join: fn(MarkerTree, MarkerTree) -> MarkerTree) -> Result<Self, String> {
        if self.nodes.saturating_mul(other.nodes) > MAX_STEPS {
            return Err(TOO_COMPLICATED.to_owned());
        }
        self.tree = join(self.tree, other.tree);
        Self::of(self.tree)
    }
}

/// How long the text of a marker is at most.
#[derive(Clone, Copy, Default)]
pub(super) struct Text {
    alternatives: u64,
    pub(super) terms: u64,
}

impl Text {
    pub(super) fn of(marker: MarkerTree, known: &mut HashMap<MarkerTree, Self>) -> Self {
        if marker.is_true() || marker.is_false() {
            return Self { alternatives: u64::from(marker.is_true()), terms: 0 };
        }
        if let Some(text) = known.get(&marker) {
            return *text;
        }
        let text = children(marker).into_iter().fold(Self::default(), |sum, child| {
            let Self { alternatives, terms } = Self::of(child, known);
            Self {
                alternatives: sum.alternatives.saturating_add(alternatives),
                terms: sum.terms.saturating_add(terms).saturating_add(alternatives),
            }
        });
        known.insert(marker, text);
        text
    }
}

fn children(marker: MarkerTree) -> Vec<MarkerTree> {
    match marker.kind() {
        MarkerTreeKind::True | MarkerTreeKind::False => Vec::new(),
        MarkerTreeKind::Version(version) => version.edges().map(|(_, child)| child).collect(),
        MarkerTreeKind::String(string) => string.children().map(|(_, child)| child).collect(),
        MarkerTreeKind::In(within) => within.children().map(|(_, child)| child).collect(),
        MarkerTreeKind::Contains(contains) => contains.children().map(|(_, child)| child).collect(),
        MarkerTreeKind::List(list) => list.children().map(|(_, child)| child).collect(),
        MarkerTreeKind::Extra(extra) => extra.children().map(|(_, child)| child).collect(),
    }
}
