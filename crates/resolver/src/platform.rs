//! Releases that only some platforms can install: the universe is split where that matters.
//! The rules are uv's (`required-environments`, and local versions that fewer platforms have than their base).

use crate::Why;
use crate::branch::Branch;
use crate::candidates::{Candidate, Select};
use crate::facts::Page;
use crate::node::{Node, Range};
use pubgrub::Id;
use pybun_model::Joins;
use rustc_hash::FxHashMap;
use uv_normalize::PackageName;
use uv_pep440::Version;
use uv_pep508::MarkerTree;

/// What becomes of a version, seen from the platforms.
pub(crate) enum Verdict {
    Take(Version),
    /// It lacks a wheel where it has to have one.
    Lacks(Why),
    /// Solve these parts apart; the first takes this version, if there is one here, and the others choose again.
    Split(Option<Version>, [MarkerTree; 2]),
}

pub(crate) struct Question<'a> {
    pub(crate) id: Id<Node>,
    pub(crate) name: &'a PackageName,
    pub(crate) page: &'a Page,
    pub(crate) range: &'a Range,
    pub(crate) version: Version,
}

impl Branch {
    /// Looks at a version that is otherwise good to take.
    pub(crate) fn weigh_platforms(&self, question: Question, select: &Select) -> Verdict {
        let Question { id, name, page, range, version } = question;
        let required = &select.inputs.required_environments;
        if required.is_empty() && !version.is_local() {
            return Verdict::Take(version);
        }
        let cover = select.cover(name, page, &version);
        let joins = &select.rules.joins;
        if cover.is_true() {
            return Verdict::Take(version);
        }
        for marker in required {
            let matters =
                self.includes(*marker, joins) && joins.is_disjoint(joins.and(cover, self.python.marker), *marker);
            if matters && !joins.is_disjoint(self.reached(id, joins), *marker) {
                return match self.halves(*marker, joins) {
                    Some(parts) => Verdict::Split(None, parts),
                    None => Verdict::Lacks(Why::NoWheelFor(*marker)),
                };
            }
        }
        if version.is_local() {
            self.weigh_local(name, page, range, version, cover, select)
        } else {
            Verdict::Take(version)
        }
    }

    /// `2.0+cpu` may have wheels for fewer platforms than `2.0`: those that only the base has take the base.
    fn weigh_local(
        &self,
        name: &PackageName,
        page: &Page,
        range: &Range,
        version: Version,
        cover: MarkerTree,
        select: &Select,
    ) -> Verdict {
        let base = Range::singleton(version.clone().without_local());
        let Candidate::Version(base) = select.choose(name, page, &range.intersection(&base)) else {
            return Verdict::Take(version);
        };
        let joins = &select.rules.joins;
        let only_base = joins.and(select.cover(name, page, &base), cover.negate());
        if only_base.is_false() || !self.includes(only_base, joins) {
            return Verdict::Take(version);
        }
        if !self.includes(cover, joins) {
            return Verdict::Take(base);
        }
        match self.halves(only_base.negate(), joins) {
            Some(parts) => Verdict::Split(Some(base), parts),
            None => Verdict::Take(version),
        }
    }

    fn includes(&self, marker: MarkerTree, joins: &Joins) -> bool {
        !joins.is_disjoint(joins.and(self.environment, self.python.marker), marker)
    }

    /// This part of the universe without and with `marker`, if there are both.
    fn halves(&self, marker: MarkerTree, joins: &Joins) -> Option<[MarkerTree; 2]> {
        let parts = [marker.negate(), marker].map(|half| joins.and(self.environment, half));
        parts.iter().all(|part| !joins.is_disjoint(*part, self.python.marker)).then_some(parts)
    }

    /// Where the versions decided so far need `wanted`.
    fn reached(&self, wanted: Id<Node>, joins: &Joins) -> MarkerTree {
        let decided: FxHashMap<_, _> = self.state.partial_solution.extract_solution().collect();
        let nodes = &self.state.package_store;
        let wanted = &nodes[wanted];
        let ids: FxHashMap<&Node, Id<Node>> = decided.keys().map(|id| (&nodes[*id], *id)).collect();
        let mut reach: FxHashMap<Id<Node>, MarkerTree> = FxHashMap::default();
        let mut found = MarkerTree::FALSE;
        let mut work = vec![(self.state.root_package, self.environment)];
        while let Some((id, marker)) = work.pop() {
            let known = reach.entry(id).or_insert(MarkerTree::FALSE);
            let wider = joins.or(*known, marker);
            if wider == *known {
                continue;
            }
            *known = wider;
            let Some(edges) = decided.get(&id).and_then(|version| self.edges.get(&(id, version.clone()))) else {
                continue;
            };
            for edge in edges.iter() {
                let marker = joins.and(wider, edge.marker);
                if edge.node == *wanted {
                    found = joins.or(found, marker);
                } else if let Some(id) = ids.get(&edge.node) {
                    work.push((*id, marker));
                }
            }
        }
        found
    }
}
