//! A lock as trees, from what is required to what that needs, or the other way round.

use crate::{Entry, Graph, Link};
use pybun_lock::RootKind;
use pybun_model::{ExtraName, MarkerTree, PackageName};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::{BTreeMap, BTreeSet};

/// What to show.
#[derive(Clone, Debug, Default)]
pub struct TreeWish {
    /// The levels below the top one: with 1 only what is needed directly; everything when `None`.
    pub depth: Option<usize>,
    pub direction: Direction,
    /// Only the trees of these packages.
    pub packages: Vec<PackageName>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    #[default]
    Needs,
    NeededBy,
}

/// One line of a tree, and what is below it.
#[derive(Clone, Debug)]
pub struct Branch {
    pub item: Item,
    /// When it is needed by the line above (or needs it, in an inverted tree).
    pub marker: MarkerTree,
    /// The extra of the needing package because of which.
    pub because_of: Option<ExtraName>,
    /// It stands above itself.
    pub cycle: bool,
    /// What is below was shown before.
    pub repeated: bool,
    /// What is below is too deep to be shown.
    pub cut: bool,
    pub below: Vec<Branch>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    Package { package: u32, extras: Vec<ExtraName>, requirement: Option<String> },
    Root(RootKind),
}

/// No real chain of packages is nearly as long; a lock that was made to hurt may be.
const MAX_DEPTH: usize = 100;
/// More lines than anybody reads; then nothing grows further.
const MAX_SHOWN: usize = 100_000;

/// The trees of a scope. What stands in several places has its branches at the first alone.
pub fn tree(graph: &Graph, wish: &TreeWish) -> Vec<Branch> {
    let mut grower = Grower {
        graph,
        needed_by: match wish.direction {
            Direction::Needs => None,
            Direction::NeededBy => Some(inverted(graph)),
        },
        depth: wish.depth.unwrap_or(MAX_DEPTH).min(MAX_DEPTH),
        entries: by_root(graph),
        grown: BTreeSet::new(),
        cut: BTreeSet::new(),
        shown: 0,
        path: Vec::new(),
    };
    grower.tops(wish).into_iter().map(|top| grower.grow(top)).collect()
}

/// A branch before anything grew on it.
fn bud(item: Item) -> Branch {
    Branch {
        item,
        marker: MarkerTree::TRUE,
        because_of: None,
        cycle: false,
        repeated: false,
        cut: false,
        below: Vec::new(),
    }
}

struct Grower<'a, 'g> {
    graph: &'a Graph<'g>,
    needed_by: Option<FxHashMap<u32, Vec<Branch>>>,
    depth: usize,
    entries: FxHashMap<&'g RootKind, Vec<Entry<'g>>>,
    grown: BTreeSet<Item>,
    /// Those that have something below and stood too deep.
    cut: BTreeSet<Item>,
    /// Lines, so far.
    shown: usize,
    path: Vec<Item>,
}

impl Grower<'_, '_> {
    fn tops(&self, wish: &TreeWish) -> Vec<Branch> {
        if wish.packages.is_empty() && wish.direction == Direction::Needs {
            return self.roots();
        }
        let reached = self.graph.reach();
        let package =
            |(package, extras): (u32, Vec<ExtraName>)| bud(Item::Package { package, extras, requirement: None });
        let all =
            reached.iter().map(|(position, reached)| (*position, reached.extras.iter().cloned().collect::<Vec<_>>()));
        if !wish.packages.is_empty() {
            let wanted = |position: u32| wish.packages.contains(&self.graph.lock.packages[position as usize].name);
            return all.filter(|(position, _)| wanted(*position)).map(package).collect();
        }
        // Leaves first; what needs itself in a circle has none.
        let leaves: Vec<_> =
            all.clone().filter(|(position, extras)| self.graph.needs(*position, extras).is_empty()).collect();
        if leaves.is_empty() { all.map(package).collect() } else { leaves.into_iter().map(package).collect() }
    }

    fn roots(&self) -> Vec<Branch> {
        let mut shown = FxHashSet::default();
        let kinds = self.graph.scope().roots.iter().filter(|kind| self.entries.contains_key(kind));
        kinds.filter(|kind| shown.insert(*kind)).map(|kind| bud(Item::Root(kind.clone()))).collect()
    }

    fn grow(&mut self, mut branch: Branch) -> Branch {
        let key = identity(&branch.item);
        if self.path.contains(&key) {
            return Branch { cycle: true, ..branch };
        }
        let too_deep = self.path.len() >= self.depth || self.shown > MAX_SHOWN;
        // What is below is looked up once: a package may be needed by all the others.
        if self.grown.contains(&key) {
            return Branch { cut: too_deep, repeated: !too_deep, ..branch };
        }
        if too_deep && self.cut.contains(&key) {
            return Branch { cut: true, ..branch };
        }
        let below = self.below(&branch.item);
        if below.is_empty() {
            return branch;
        }
        if too_deep {
            self.cut.insert(key);
            return Branch { cut: true, ..branch };
        }
        self.grown.insert(key.clone());
        self.shown += below.len();
        self.path.push(key);
        branch.below = below.into_iter().map(|next| self.grow(next)).collect();
        self.path.pop();
        branch
    }

    fn below(&self, item: &Item) -> Vec<Branch> {
        match (item, &self.needed_by) {
            (Item::Package { package, .. }, Some(needed_by)) => needed_by.get(package).cloned().unwrap_or_default(),
            (Item::Root(_), Some(_)) => Vec::new(),
            (Item::Package { package, extras, .. }, None) => {
                let needs = self.graph.needs(*package, extras);
                needs.into_iter().map(|link| branch_of(link, None)).collect()
            }
            (Item::Root(kind), None) => {
                let entries = self.entries.get(kind).into_iter().flatten();
                let text = |entry: &Entry| Some(self.graph.requirement_text(entry.requirement));
                entries.map(|entry| branch_of(entry.to.clone(), text(entry))).collect()
            }
        }
    }
}

fn branch_of(link: Link, requirement: Option<String>) -> Branch {
    let Link { package, extras, because_of, marker } = link;
    Branch { marker, because_of, ..bud(Item::Package { package, extras, requirement }) }
}

/// What decides about the branches below; which requirement led here does not.
fn identity(item: &Item) -> Item {
    match item {
        Item::Root(kind) => Item::Root(kind.clone()),
        Item::Package { package, extras, .. } => {
            Item::Package { package: *package, extras: extras.clone(), requirement: None }
        }
    }
}

fn by_root<'g>(graph: &Graph<'g>) -> FxHashMap<&'g RootKind, Vec<Entry<'g>>> {
    let mut out: FxHashMap<&RootKind, Vec<Entry>> = FxHashMap::default();
    for entry in graph.entries() {
        out.entry(entry.kind).or_default().push(entry);
    }
    out
}

/// Who needs each package, roots first.
fn inverted(graph: &Graph) -> FxHashMap<u32, Vec<Branch>> {
    let mut out: FxHashMap<u32, Vec<Branch>> = FxHashMap::default();
    let mut roots: BTreeMap<(u32, &RootKind), MarkerTree> = BTreeMap::new();
    for entry in graph.entries() {
        let marker = roots.entry((entry.to.package, entry.kind)).or_insert(MarkerTree::FALSE);
        *marker = graph.joins.or(*marker, entry.to.marker);
    }
    for ((package, kind), marker) in roots {
        out.entry(package).or_default().push(Branch { marker, ..bud(Item::Root(kind.clone())) });
    }
    for (position, reached) in graph.reach() {
        let extras: Vec<ExtraName> = reached.extras.into_iter().collect();
        for link in graph.needs(position, &extras) {
            let item = Item::Package { package: position, extras: Vec::new(), requirement: None };
            let branch = Branch { marker: link.marker, because_of: link.because_of, ..bud(item) };
            out.entry(link.package).or_default().push(branch);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scope;
    use crate::samples::{extra, group, lock};
    use pybun_lock::Lock;

    fn shown(lock: &Lock, wish: &TreeWish) -> String {
        let roots = lock.inputs.roots.iter().map(|root| root.kind.clone()).collect();
        let scope = Scope { roots, ..Scope::default() };
        let mut out = String::new();
        for branch in tree(&Graph::new(lock, &scope), wish) {
            write(lock, &branch, 0, &mut out);
        }
        out
    }

    fn write(lock: &Lock, branch: &Branch, level: usize, out: &mut String) {
        let name = match &branch.item {
            Item::Root(kind) => format!("{kind:?}"),
            Item::Package { package, extras, requirement } => {
                let extras: Vec<_> = extras.iter().map(ToString::to_string).collect();
                let requirement = requirement.as_ref().map(|text| format!(" ({text})")).unwrap_or_default();
                format!("{} {extras:?}{requirement}", lock.packages[*package as usize].name)
            }
        };
        let flags = [(branch.cycle, " cycle"), (branch.repeated, " repeated"), (branch.cut, " cut")];
        let flags: String = flags.iter().filter(|(set, _)| *set).map(|(_, text)| *text).collect();
        out.push_str(&format!("{}{name}{flags}\n", "  ".repeat(level)));
        for below in &branch.below {
            write(lock, below, level + 1, out);
        }
    }

    fn sample() -> Lock {
        lock(
            &[(RootKind::Project, &["a[x]>=1"]), (extra("e"), &[]), (group("dev"), &["c"])],
            &[("a 1", &["b", "<x> c"]), ("b 1", &["a"]), ("c 1", &["b"])],
        )
    }

    #[test]
    fn what_is_needed_once_and_circles_as_such() {
        let expected = "\
Project
  a [\"x\"] (a[x]>=1)
    b []
      a []
        b [] cycle
    c []
      b [] repeated
Group(GroupName(\"dev\"))
  c [] (c) repeated
";
        assert_eq!(shown(&sample(), &TreeWish::default()), expected);
    }

    #[test]
    fn no_deeper_than_wished() {
        let wish = TreeWish { depth: Some(1), ..TreeWish::default() };
        let expected = "\
Project
  a [\"x\"] (a[x]>=1) cut
Group(GroupName(\"dev\"))
  c [] (c) cut
";
        assert_eq!(shown(&sample(), &wish), expected);
    }

    #[test]
    fn who_needs_a_package() {
        let wish =
            TreeWish { direction: Direction::NeededBy, packages: vec!["c".parse().unwrap()], ..TreeWish::default() };
        let expected = "\
c []
  Group(GroupName(\"dev\"))
  a []
    Project
    b []
      a [] cycle
      c [] cycle
";
        assert_eq!(shown(&sample(), &wish), expected);
    }

    #[test]
    fn a_chain_without_end_is_cut() {
        let names: Vec<String> = (0..500).map(|n| format!("p{n:03} 1")).collect();
        let needs: Vec<Vec<String>> =
            (0..500).map(|n| if n == 499 { vec![] } else { vec![format!("p{:03}", n + 1)] }).collect();
        let needs: Vec<Vec<&str>> = needs.iter().map(|of| of.iter().map(String::as_str).collect()).collect();
        let packages: Vec<(&str, &[&str])> =
            names.iter().zip(&needs).map(|(name, of)| (name.as_str(), of.as_slice())).collect();
        let text = shown(&lock(&[(RootKind::Project, &["p000"])], &packages), &TreeWish::default());
        assert_eq!(text.lines().count(), MAX_DEPTH + 1);
        assert!(text.trim_end().ends_with("cut"));
    }

    /// Whoever looks for each of them among all the others is not done in a minute.
    #[test]
    fn twenty_thousand_extras_and_packages_are_shown() {
        const MANY: usize = 20_000;
        let mut lock = lock(&[], &[("a 1", &[]), ("b 1", &[])]);
        let name = |i: usize| format!("p{i:05}");
        let dependency = |extra: Option<usize>, because_of: Option<usize>, package| pybun_lock::Dependency {
            because_of: because_of.map(|i| name(i).parse().unwrap()),
            package,
            extra: extra.map(|i| name(i).parse().unwrap()),
            marker: MarkerTree::TRUE,
        };
        lock.inputs.roots = (0..MANY)
            .map(|i| pybun_lock::Root {
                kind: extra(&name(i)),
                requirements: vec![format!("a[{}]", name(i)).parse().unwrap(), name(i).parse().unwrap()],
            })
            .collect();
        // Each extra wants a package of its own, which wants the same extra.
        lock.packages[0].dependencies = (0..MANY).map(|i| dependency(None, Some(i), 2 + i as u32)).collect();
        for i in 0..MANY {
            let mut package = lock.packages[1].clone();
            package.name = name(i).parse().unwrap();
            package.dependencies = vec![dependency(None, None, 0), dependency(Some(i), None, 0)];
            lock.packages.push(package);
        }
        let roots = lock.inputs.roots.iter().map(|root| root.kind.clone()).collect();
        let scope = Scope { roots, ..Scope::default() };
        let whole =
            Graph::look(&lock, &scope, |graph| tree(graph, &TreeWish { depth: Some(1), ..TreeWish::default() }));
        assert_eq!(whole.unwrap().len(), MANY);
        let wish = TreeWish { direction: Direction::NeededBy, ..TreeWish::default() };
        assert!(Graph::look(&lock, &scope, |graph| tree(graph, &wish)).is_ok());
        let found = Graph::look(&lock, &scope, |graph| crate::why(graph, &name(7).parse().unwrap()));
        assert_eq!(found.unwrap().chains.len(), 2);
        assert!(Graph::look(&lock, &scope, |graph| crate::export::requirements(graph, false)).is_ok());
    }

    #[test]
    fn packages_that_all_need_each_other_are_shown() {
        const MANY: usize = 400;
        let names: Vec<String> = (0..MANY).map(|i| format!("p{i:03} 1")).collect();
        let all: Vec<&str> = names.iter().map(|name| &name[..4]).collect();
        let packages: Vec<(&str, &[&str])> = names.iter().map(|name| (name.as_str(), &all[..])).collect();
        let lock = lock(&[(RootKind::Project, &["p000"])], &packages);
        let scope = Scope { roots: vec![RootKind::Project], ..Scope::default() };
        for direction in [Direction::Needs, Direction::NeededBy] {
            for depth in [None, Some(2)] {
                let wish = TreeWish { direction, depth, ..TreeWish::default() };
                assert!(Graph::look(&lock, &scope, |graph| tree(graph, &wish)).is_ok());
            }
        }
    }
}
