//! How large the diagram of a marker is, and its text.

use crate::MarkerTree;
use rustc_hash::{FxHashMap, FxHashSet};
use uv_pep508::MarkerTreeKind;

/// Arrows from one node of a diagram to the next. Markers of published requirements have a few dozen.
const MAX_ARROWS: usize = 8_000;
/// Nodes on one way through a diagram. What joins two of them goes as deep as both together, and the stack of a thread
/// ends at some 1,500.
const MAX_DEPTH: usize = 400;

#[derive(Clone, Copy)]
pub(super) struct Size {
    pub(super) arrows: u64,
    pub(super) text: Text,
}

/// How long the text of a marker is at most: a list of alternatives, each with its terms.
#[derive(Clone, Copy, Default)]
pub(super) struct Text {
    pub(super) alternatives: u64,
    pub(super) terms: u64,
    /// The ways through the diagram, also those to where the marker does not hold.
    pub(super) ways: u64,
    depth: usize,
}

impl Text {
    /// The time that writing takes: each term of each alternative is compared with all the others.
    pub(super) fn steps(self) -> u64 {
        self.alternatives.saturating_mul(self.terms)
    }
}

/// The sizes of markers, each measured once.
#[derive(Default)]
pub(super) struct Sizes {
    of_marker: FxHashMap<MarkerTree, Size>,
    texts: FxHashMap<MarkerTree, Text>,
}

impl Sizes {
    pub(super) fn known(&self, marker: MarkerTree) -> Option<Size> {
        self.of_marker.get(&marker).copied()
    }

    /// `None` for a diagram that is larger or deeper than any that is met in practice.
    pub(super) fn measure(&mut self, marker: MarkerTree) -> Option<Size> {
        let mut arrows = 0_usize;
        let mut seen = FxHashSet::default();
        let mut pending = vec![marker];
        while let Some(next) = pending.pop() {
            children(next, &mut |child| {
                arrows += 1;
                if !child.is_true() && !child.is_false() && seen.insert(child) {
                    pending.push(child);
                }
            });
            if arrows > MAX_ARROWS {
                return None;
            }
        }
        let text = self.text(marker);
        if text.depth > MAX_DEPTH {
            return None;
        }
        let size = Size { arrows: arrows as u64, text };
        self.of_marker.insert(marker, size);
        Some(size)
    }

    /// How many nodes were seen, over all markers.
    pub(super) fn nodes(&self) -> usize {
        self.texts.len()
    }

    fn text(&mut self, marker: MarkerTree) -> Text {
        if marker.is_true() || marker.is_false() {
            return Text { alternatives: u64::from(marker.is_true()), terms: 0, ways: 1, depth: 0 };
        }
        if let Some(text) = self.texts.get(&marker) {
            return *text;
        }
        let mut sum = Text::default();
        children(marker, &mut |child| {
            let Text { alternatives, terms, ways, depth } = self.text(child);
            sum = Text {
                alternatives: sum.alternatives.saturating_add(alternatives),
                terms: sum.terms.saturating_add(terms).saturating_add(alternatives),
                ways: sum.ways.saturating_add(ways),
                depth: sum.depth.max(depth + 1),
            };
        });
        self.texts.insert(marker, sum);
        sum
    }
}

fn children(marker: MarkerTree, each: &mut dyn FnMut(MarkerTree)) {
    match marker.kind() {
        MarkerTreeKind::True | MarkerTreeKind::False => {}
        MarkerTreeKind::Version(version) => version.edges().for_each(|(_, child)| each(child)),
        MarkerTreeKind::String(string) => string.children().for_each(|(_, child)| each(child)),
        MarkerTreeKind::In(within) => within.children().for_each(|(_, child)| each(child)),
        MarkerTreeKind::Contains(contains) => contains.children().for_each(|(_, child)| each(child)),
        MarkerTreeKind::List(list) => list.children().for_each(|(_, child)| each(child)),
        MarkerTreeKind::Extra(extra) => extra.children().for_each(|(_, child)| each(child)),
    }
}
