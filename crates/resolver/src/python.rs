//! The Python versions a (part of a) resolution is for.

use crate::facts::RequiresPython;
use pubgrub::Ranges;
use rustc_hash::FxHashMap;
use std::ops::Bound;
use uv_pep440::{LowerBound, Version, VersionSpecifier, VersionSpecifiers, release_specifiers_to_ranges};
use uv_pep508::{MarkerExpression, MarkerTree, MarkerTreeKind, MarkerValueVersion};

#[derive(Clone, Debug)]
pub(crate) struct Python {
    range: Ranges<Version>,
    pub(crate) lower: LowerBound,
    /// 12 where 3.12 is the newest; `None` without an end.
    pub(crate) newest_minor: Option<u64>,
    pub(crate) marker: MarkerTree,
}

impl Python {
    pub(crate) fn new(specifiers: &VersionSpecifiers) -> Self {
        Self::from_range(release_specifiers_to_ranges(specifiers.clone()))
    }

    fn from_range(range: Ranges<Version>) -> Self {
        let marker = range.iter().fold(MarkerTree::FALSE, |any, (low, high)| {
            let both = VersionSpecifier::from_release_only_bounds((low, high));
            any.or(both.map(python_full_version).fold(MarkerTree::TRUE, MarkerTree::and))
        });
        Self { lower: lower(&range), newest_minor: newest_minor(&range), range, marker }
    }

    /// Does `wants` allow every Python here?
    pub(crate) fn allowed_by(&self, wants: &RequiresPython) -> bool {
        self.lower >= wants.lower
    }

    /// The parts below and at or above the lower bound of `wants`, if both exist.
    pub(crate) fn split(&self, wants: &RequiresPython) -> Option<[MarkerTree; 2]> {
        let above: Ranges<Version> =
            Ranges::from_range_bounds::<_, Version>((Bound::from(wants.lower.clone()), Bound::Unbounded));
        let parts = [self.range.intersection(&above.complement()), self.range.intersection(&above)];
        parts.iter().all(|part| !part.is_empty()).then(|| parts.map(|part| Self::from_range(part).marker))
    }

    /// What is left of these Pythons where `marker` holds; `None` if it says nothing about Python.
    pub(crate) fn narrow(&self, marker: MarkerTree) -> Option<Self> {
        python_range(marker).map(|range| Self::from_range(self.range.intersection(&range)))
    }

    /// Does `marker` need a newer Python than the oldest here?
    pub(crate) fn raised_by(&self, marker: MarkerTree) -> bool {
        python_range(marker).is_some_and(|range| lower(&range) > self.lower)
    }
}

fn newest_minor(range: &Ranges<Version>) -> Option<u64> {
    let (_, high) = range.bounding_range()?;
    match high {
        Bound::Unbounded => None,
        Bound::Included(version) => minor_of(version),
        Bound::Excluded(version) if version.release().iter().skip(2).all(|part| *part == 0) => {
            minor_of(version)?.checked_sub(1)
        }
        Bound::Excluded(version) => minor_of(version),
    }
}

fn minor_of(version: &Version) -> Option<u64> {
    match version.release()[..] {
        [3, minor, ..] => Some(minor),
        _ => None,
    }
}

pub(crate) fn lower(range: &Ranges<Version>) -> LowerBound {
    range.bounding_range().map(|(low, _)| LowerBound::new(low.cloned())).unwrap_or_default()
}

fn python_full_version(specifier: VersionSpecifier) -> MarkerTree {
    MarkerTree::expression(MarkerExpression::Version { key: MarkerValueVersion::PythonFullVersion, specifier })
}

/// The hull of all Pythons for which `marker` can hold; `None` if it says nothing about Python.
pub(crate) fn python_range(marker: MarkerTree) -> Option<Ranges<Version>> {
    let all = pythons(marker, &mut FxHashMap::default());
    let (low, high) = all.bounding_range()?;
    let hull = Ranges::from_range_bounds((low.cloned(), high.cloned()));
    (hull != Ranges::full()).then_some(hull)
}

/// The Pythons for which `marker` can hold. Each part of a diagram is looked at once, however many ways lead there.
fn pythons(marker: MarkerTree, known: &mut FxHashMap<MarkerTree, Ranges<Version>>) -> Ranges<Version> {
    if let Some(known) = known.get(&marker) {
        return known.clone();
    }
    let mut all = Ranges::empty();
    let mut add = |child, within: Option<&Ranges<Version>>| {
        let pythons = pythons(child, known);
        all = all.union(&within.map_or_else(|| pythons.clone(), |within| pythons.intersection(within)));
    };
    match marker.kind() {
        MarkerTreeKind::False => {}
        MarkerTreeKind::True => return Ranges::full(),
        MarkerTreeKind::Version(node) if node.key().to_string() == "python_full_version" => {
            node.edges().for_each(|(range, child)| add(child, Some(range)));
        }
        MarkerTreeKind::Version(node) => node.edges().for_each(|(_, child)| add(child, None)),
        MarkerTreeKind::String(node) => node.children().for_each(|(_, child)| add(child, None)),
        MarkerTreeKind::In(node) => node.children().for_each(|(_, child)| add(child, None)),
        MarkerTreeKind::Contains(node) => node.children().for_each(|(_, child)| add(child, None)),
        MarkerTreeKind::List(node) => node.children().for_each(|(_, child)| add(child, None)),
        MarkerTreeKind::Extra(node) => node.children().for_each(|(_, child)| add(child, None)),
    }
    known.insert(marker, all.clone());
    all
}
