//! Joining markers within a budget. Two diagrams that are small can join to one that fills the memory, and many joins
//! that are small can take all day: what joins foreign markers asks here, and one budget serves all of one undertaking.

use super::size::{Size, Sizes};
use crate::{ExtraName, MarkerTree};
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Joining two diagrams may take as many steps as the product of their arrows.
const MAX_STEPS: u64 = 1_000_000;
/// For all joins together: seconds, where a large resolution takes a hundredth of them.
const BUDGET: u64 = 40_000_000;
/// Nodes are kept until the process ends, some hundred bytes each.
const MAX_NODES: usize = 200_000;
/// What takes so few steps is done as often as it is asked for. What takes more is charged, once: its result is kept.
const FEW: u64 = 256;
/// Telling a marker as it reads within another forgets what that one says, in diagrams that no join bounds.
const MAX_ASSUMED: u64 = 256;
/// What a new lock may hold of one marker.
const MAX_TERMS: u64 = 20_000;

/// The joins of one undertaking. Once the budget is spent it is over with all of them: what is asked then gets the
/// answer that ends the work soonest, and who asks looks at [`Joins::is_over`] before the result is believed.
pub struct Joins {
    known: Mutex<Known>,
    left: AtomicU64,
    over: AtomicBool,
}

/// What was asked before costs nothing.
#[derive(Default)]
struct Known {
    sizes: Sizes,
    joined: FxHashMap<(MarkerTree, MarkerTree), MarkerTree>,
    written: FxHashSet<MarkerTree>,
}

impl Default for Joins {
    fn default() -> Self {
        Self { known: Mutex::default(), left: AtomicU64::new(BUDGET), over: AtomicBool::new(false) }
    }
}

/// The markers come together to more than can be worked with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooComplicated;

impl Joins {
    /// Works with a budget of its own, and tells whether it was enough.
    pub fn within<T>(work: impl FnOnce(&Self) -> T) -> Result<T, TooComplicated> {
        let joins = Self::default();
        let value = work(&joins);
        if joins.is_over() { Err(TooComplicated) } else { Ok(value) }
    }

    /// Was more asked than the budget has? Then nothing that was answered counts.
    pub fn is_over(&self) -> bool {
        self.over.load(Relaxed)
    }

    /// The steps that were charged so far.
    pub fn spent(&self) -> u64 {
        BUDGET - self.left.load(Relaxed)
    }

    /// Where both hold.
    pub fn and(&self, a: MarkerTree, b: MarkerTree) -> MarkerTree {
        self.kept(self.try_and(a, b)).unwrap_or(MarkerTree::FALSE)
    }

    /// Where one of them holds.
    pub fn or(&self, a: MarkerTree, b: MarkerTree) -> MarkerTree {
        self.kept(self.try_and(a.negate(), b.negate())).map_or(a, MarkerTree::negate)
    }

    /// Where one of all holds.
    pub fn any(&self, all: impl IntoIterator<Item = MarkerTree>) -> MarkerTree {
        all.into_iter().fold(MarkerTree::FALSE, |any, one| self.or(any, one))
    }

    /// Do they never hold together?
    pub fn is_disjoint(&self, a: MarkerTree, b: MarkerTree) -> bool {
        if is_trivial(a, b) {
            return a.is_disjoint(b);
        }
        let few = self.kept(self.size(a).zip(self.size(b))).map(|(a, b)| a.text.ways.saturating_mul(b.text.ways));
        match few {
            Some(ways) if ways <= FEW => a.is_disjoint(b),
            Some(_) => self.and(a, b).is_false(),
            None => true,
        }
    }

    /// A marker that is the same as this one inside of `universe`, whatever it says outside; in its simplest form unless
    /// `universe` is more complicated than Pythons and platforms are.
    pub fn within_universe(&self, marker: MarkerTree, universe: MarkerTree) -> MarkerTree {
        let inside = self.and(marker, universe);
        if inside.is_false() || inside.is_true() || universe.is_true() {
            return inside;
        }
        let Some((size, assumed)) = self.kept(self.size(inside).zip(self.size(universe))) else { return inside };
        if assumed.arrows > MAX_ASSUMED || self.charge(size.arrows.saturating_mul(assumed.arrows)).is_none() {
            return inside;
        }
        inside.restrict(universe)
    }

    /// What is left of a marker where exactly these extras are wanted, of those that `counts` names.
    pub fn with_extras(
        &self,
        marker: MarkerTree,
        extras: &[ExtraName],
        counts: impl Fn(&ExtraName) -> bool,
    ) -> MarkerTree {
        if marker.is_true() || marker.is_false() {
            return marker;
        }
        match self.kept(self.size(marker).and_then(|size| self.charge_unless_few(size.text.ways))) {
            Some(()) => marker.simplify_extras(extras).simplify_not_extras_with(counts),
            None => MarkerTree::FALSE,
        }
    }

    /// What is left of a marker where extras do not count.
    pub fn without_extras(&self, marker: MarkerTree) -> MarkerTree {
        if marker.is_true() || marker.is_false() {
            return marker;
        }
        // Extras are at the leaves of a diagram, where what they decide about is joined.
        let charge = |size: Size| self.charge(size.arrows.saturating_mul(size.arrows));
        match self.kept(self.size(marker).and_then(charge)) {
            Some(()) => marker.without_extras(),
            None => MarkerTree::FALSE,
        }
    }

    /// How it is written; `None` for the marker that always holds.
    pub fn text(&self, marker: MarkerTree) -> Option<String> {
        let size = self.kept(self.size(marker))?;
        self.charge(size.text.steps())?;
        marker.try_to_string()
    }

    /// Work that is no join and shares the budget with them.
    pub fn count(&self, steps: usize) {
        self.kept(self.charge(steps as u64));
    }

    /// Can a lock hold it? Its text is written in a time that grows with the square of its terms, and read within a
    /// budget like this one.
    pub fn is_lockable(&self, marker: MarkerTree) -> bool {
        if marker.is_true() || self.known().written.contains(&marker) {
            return true;
        }
        let Some(size) = self.size(marker).filter(|size| size.text.terms <= MAX_TERMS) else { return false };
        let read = size.arrows.saturating_mul(size.arrows);
        let fits = self.charge(size.text.steps().saturating_add(read)).is_some();
        self.known().written.insert(marker);
        fits
    }

    /// Like [`Joins::and`], and `None` where this join alone is too much.
    pub(super) fn try_and(&self, a: MarkerTree, b: MarkerTree) -> Option<MarkerTree> {
        if is_trivial(a, b) {
            return Some(a.and(b));
        }
        let steps = self.size(a)?.arrows.saturating_mul(self.size(b)?.arrows);
        if steps > MAX_STEPS {
            return None;
        }
        let known = self.known().joined.get(&(a, b)).copied();
        if known.is_some() {
            return known;
        }
        self.charge_unless_few(steps)?;
        let joined = a.and(b);
        self.size(joined)?;
        self.known().joined.insert((a, b), joined);
        Some(joined)
    }

    /// `None` for a diagram, or for more diagrams, than are met in practice.
    pub(super) fn size(&self, marker: MarkerTree) -> Option<Size> {
        if self.over.load(Relaxed) {
            return None;
        }
        let mut known = self.known();
        if let Some(size) = known.sizes.known(marker) {
            return Some(size);
        }
        let size = known.sizes.measure(marker)?;
        if known.sizes.nodes() > MAX_NODES {
            self.over.store(true, Relaxed);
            return None;
        }
        drop(known);
        self.charge_unless_few(size.arrows)?;
        Some(size)
    }

    fn charge_unless_few(&self, steps: u64) -> Option<()> {
        if steps > FEW { self.charge(steps) } else { (!self.is_over()).then_some(()) }
    }

    pub(super) fn charge(&self, steps: u64) -> Option<()> {
        let enough = self.left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(steps)).is_ok();
        self.kept((enough && !self.is_over()).then_some(()))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept<T>(&self, answer: Option<T>) -> Option<T> {
        if answer.is_none() {
            self.over.store(true, Relaxed);
        }
        answer
    }
}

fn is_trivial(a: MarkerTree, b: MarkerTree) -> bool {
    [a, b].iter().any(|one| one.is_true() || one.is_false()) || a == b || a == b.negate()
}
