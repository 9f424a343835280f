//! Asking for what will probably be needed, before the solver gets there.

use crate::branch::{Branch, Context, positive};
use crate::candidates::Candidate;
use crate::facts::{Page, Request};
use crate::node::{Node, Range};
use crate::{Lookahead, Wants};
use pubgrub::Id;
use rustc_hash::{FxHashMap, FxHashSet};
use uv_normalize::PackageName;
use uv_pep440::Version;

#[derive(Clone, Default)]
pub(crate) struct Ahead {
    /// Nodes whose likely version was not asked for yet.
    pub(crate) waiting: FxHashSet<Id<Node>>,
    /// The version tried last, and how many were tried.
    tries: FxHashMap<PackageName, (Version, u32)>,
}

impl Ahead {
    /// A package that was tried often will be tried again: ask ahead for its next versions, first those that
    /// fit now, then those that nothing but the requirements themselves rules out.
    pub(crate) fn tried(
        &mut self,
        name: &PackageName,
        version: &Version,
        page: &Page,
        ranges: [Option<&Range>; 2],
        wants: &mut Wants,
    ) {
        let Some((last, count)) = self.tries.get_mut(name) else {
            self.tries.insert(name.clone(), (version.clone(), 1));
            return;
        };
        // A blocked step is repeated; only another version is another try.
        if last == version {
            return;
        }
        *last = version.clone();
        *count += 1;
        if *count < 5 || !count.is_multiple_of(5) {
            return;
        }
        let batch = (*count as usize).min(50);
        let below = page.versions.partition_point(|other| other < version);
        let older = || page.versions[..below].iter().rev().filter(|older| !older.any_prerelease());
        for range in ranges {
            for version in older().filter(|older| range.is_none_or(|range| range.contains(older))).take(batch) {
                wants.ask(Request::Metadata(name.clone(), version.clone()));
            }
        }
    }
}

impl Branch {
    /// Ask for the likely version of everything that waits for a decision.
    pub(crate) fn look_ahead(&mut self, context: &mut Context) {
        if context.inputs.lookahead == Lookahead::Nothing || self.ahead.waiting.is_empty() {
            return;
        }
        let select = self.select(context);
        let (state, facts, wants) = (&self.state, context.facts, &mut *context.wants);
        self.ahead.waiting.retain(|id| {
            let Some(name) = state.package_store[*id].name() else { return false };
            let Some(page) = facts.page(name) else { return true };
            let Ok(page) = page else { return false };
            let Some(term) = state.partial_solution.term_intersection_for_package(*id) else { return true };
            if let Some(range) = positive(term)
                && let Candidate::Version(version) = select.choose(name, page, range)
            {
                wants.ask(Request::Metadata(name.clone(), version));
            }
            false
        });
    }
}
