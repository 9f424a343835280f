//! The lock as a graph: from the requirements of its roots along the edges between packages.

use pybun_lock::{Lock, Root, RootKind};
use pybun_model::{
    ExtraName, Joins, MarkerEnvironment, MarkerTree, PackageName, Problem, Requirement, Version, VersionOrUrl,
};
use rustc_hash::{FxHashMap, FxHashSet};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::rc::Rc;

/// Which part of a lock is looked at.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// The roots, in the order in which they are to be shown.
    pub roots: Vec<RootKind>,
    /// `None`: every platform and Python of the lock.
    pub environment: Option<MarkerEnvironment>,
    /// A root may require the project itself with extras.
    pub project: Option<PackageName>,
    /// The roots are looked at one by one, so that what tells conflicting ones apart does not count.
    pub one_by_one: bool,
}

/// Looking at one edge takes as long as so many steps of a join.
const STEPS: usize = 8;

pub struct Graph<'a> {
    pub lock: &'a Lock,
    scope: &'a Scope,
    roots: FxHashMap<&'a RootKind, &'a Root>,
    /// What tells conflicting extras and groups apart inside of markers.
    active: Vec<ExtraName>,
    /// A lock that somebody made may take all day to look at, so that all who look share a budget.
    pub(crate) joins: Joins,
    edges: RefCell<FxHashMap<u32, Rc<Edges<'a>>>>,
    assumed: RefCell<FxHashMap<MarkerTree, MarkerTree>>,
    texts: RefCell<FxHashMap<MarkerTree, Option<Rc<str>>>>,
}

/// Where the edges of a package are, by the extra because of which they count.
#[derive(Default)]
struct Edges<'a> {
    always: Vec<usize>,
    because_of: FxHashMap<&'a ExtraName, Vec<usize>>,
}

/// A requirement of a root, and a package that it came to.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    pub kind: &'a RootKind,
    pub requirement: &'a Requirement,
    pub to: Link,
}

/// A package as something else needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Position in `Lock::packages`.
    pub package: u32,
    /// The extras that are needed of it, sorted.
    pub extras: Vec<ExtraName>,
    /// The extra of the needing package because of which it is needed, unless it is needed anyway.
    pub because_of: Option<ExtraName>,
    pub marker: MarkerTree,
}

impl<'a> Graph<'a> {
    /// Looks at a lock. A lock that takes more work than any that PyBun made is a problem.
    pub fn look<T>(lock: &'a Lock, scope: &'a Scope, work: impl FnOnce(&Self) -> T) -> Result<T, Problem> {
        let graph = Self::new(lock, scope);
        let value = work(&graph);
        if graph.joins.is_over() {
            return Err(Problem::new("lock/too-complicated", "the lock takes more work to look at than any real one")
                .hint(
                    "Say less in the markers of your requirements, then make a new one with `pybun lock --upgrade`",
                ));
        }
        Ok(value)
    }

    pub(crate) fn new(lock: &'a Lock, scope: &'a Scope) -> Self {
        let active = scope.roots.iter().filter_map(RootKind::marker_name);
        let mut roots = FxHashMap::default();
        for root in &lock.inputs.roots {
            roots.entry(&root.kind).or_insert(root);
        }
        let active = if lock.inputs.conflicts.is_empty() { Vec::new() } else { active.collect() };
        Self {
            lock,
            scope,
            roots,
            active,
            joins: Joins::default(),
            edges: RefCell::default(),
            assumed: RefCell::default(),
            texts: RefCell::default(),
        }
    }

    /// How a marker is written; `None` for the one that always holds.
    pub fn text(&self, marker: MarkerTree) -> Option<Rc<str>> {
        if marker.is_true() {
            return None;
        }
        let known = self.texts.borrow().get(&marker).cloned();
        let text = known.unwrap_or_else(|| {
            let text = self.joins.text(marker).map(Rc::from);
            self.texts.borrow_mut().insert(marker, text.clone());
            text
        });
        // The same long text may be written on every line.
        self.joins.count(text.as_ref().map_or(0, |text| text.len() / 16));
        text
    }

    /// As people write it: a path of the project is relative to it.
    pub(crate) fn requirement_text(&self, requirement: &Requirement) -> String {
        // Writing takes the time that writing its marker takes.
        self.text(requirement.marker);
        if self.joins.is_over() {
            return String::new();
        }
        requirement.to_string().replace(" @ project:", " @ ")
    }

    /// What the roots of the scope need, by root, in the order of the lock.
    pub fn entries(&self) -> Vec<Entry<'a>> {
        let mut out = Vec::new();
        for kind in &self.scope.roots {
            if let Some(root) = self.root(kind) {
                self.enter(root, &root.kind, &mut FxHashSet::default(), &mut out);
            }
        }
        out
    }

    pub(crate) fn scope(&self) -> &Scope {
        self.scope
    }

    fn root(&self, kind: &RootKind) -> Option<&'a Root> {
        self.roots.get(kind).copied()
    }

    fn enter(
        &self,
        root: &'a Root,
        shown_as: &'a RootKind,
        seen: &mut FxHashSet<&'a ExtraName>,
        out: &mut Vec<Entry<'a>>,
    ) {
        for requirement in root.requirements.iter().filter(|requirement| self.holds(requirement.marker)) {
            if self.scope.project.as_ref() == Some(&requirement.name) {
                for extra in &requirement.extras {
                    let Some(own) = self.root(&RootKind::Extra(extra.clone())) else { continue };
                    if let RootKind::Extra(name) = &own.kind
                        && seen.insert(name)
                    {
                        self.enter(own, shown_as, seen, out);
                    }
                }
            }
            out.extend(self.targets(requirement).into_iter().map(|to| Entry { kind: shown_as, requirement, to }));
        }
    }

    /// The packages that a requirement of a root came to: several where the lock is split.
    fn targets(&self, requirement: &Requirement) -> Vec<Link> {
        let named = self.named(&requirement.name);
        let of_name: Vec<_> = named.clone().zip(&self.lock.packages[named.start as usize..]).collect();
        let only = of_name.len() == 1;
        self.joins.count(STEPS * of_name.len());
        let mut extras = requirement.extras.to_vec();
        extras.sort();
        of_name
            .into_iter()
            .filter_map(|(position, package)| {
                let inside = self.joins.and(self.assume(requirement.marker), self.assume(package.marker));
                // What was never asked for where the lock holds came to nothing; another root brought the package.
                if self.lock.inputs.overrides.is_empty() && !admits(requirement, &package.version) {
                    return None;
                }
                let wanted = only || self.holds(package.marker) && !inside.is_false();
                let marker = if only { requirement.marker } else { inside };
                wanted.then(|| Link { package: position, extras: extras.clone(), because_of: None, marker })
            })
            .collect()
    }

    /// The positions of what has a name: packages are in their order.
    pub(crate) fn named(&self, name: &PackageName) -> Range<u32> {
        let packages = &self.lock.packages;
        let start = packages.partition_point(|package| package.name < *name);
        let count = packages[start..].iter().take_while(|package| package.name == *name).count();
        start as u32..(start + count) as u32
    }

    /// What a package needs when these extras of it are wanted, by the names of what is needed.
    pub fn needs(&self, package: u32, extras: &[ExtraName]) -> Vec<Link> {
        let edges = self.edges(package);
        let active = self.with_own(package, &edges, extras);
        let mut counting = edges.always.clone();
        counting.extend(active.iter().filter_map(|extra| edges.because_of.get(extra)).flatten());
        counting.sort_unstable();
        self.joins.count(STEPS * (counting.len() + active.len()));
        let mut links: BTreeMap<u32, Link> = BTreeMap::new();
        for place in counting {
            let edge = &self.lock.packages[package as usize].dependencies[place];
            if edge.package == package || self.joins.is_over() || !self.holds(edge.marker) {
                continue;
            }
            let marker = self.assume(edge.marker);
            let link = links.entry(edge.package).or_insert_with(|| Link {
                package: edge.package,
                extras: Vec::new(),
                because_of: edge.because_of.clone(),
                marker: MarkerTree::FALSE,
            });
            link.extras.extend(edge.extra.clone());
            link.marker = self.joins.or(link.marker, marker);
            if edge.because_of.is_none() {
                link.because_of = None;
            }
        }
        let mut links: Vec<Link> = links.into_values().collect();
        for link in &mut links {
            link.extras.sort();
            link.extras.dedup();
        }
        links
    }

    fn edges(&self, package: u32) -> Rc<Edges<'a>> {
        let known = self.edges.borrow().get(&package).cloned();
        known.unwrap_or_else(|| {
            let mut edges = Edges::default();
            for (place, edge) in self.lock.packages[package as usize].dependencies.iter().enumerate() {
                match &edge.because_of {
                    None => edges.always.push(place),
                    Some(extra) => edges.because_of.entry(extra).or_default().push(place),
                }
            }
            let edges = Rc::new(edges);
            self.edges.borrow_mut().insert(package, edges.clone());
            edges
        })
    }

    /// These extras, and those that they want of the package itself (`all = ["it[a,b]"]`).
    fn with_own(&self, package: u32, edges: &Edges<'a>, extras: &[ExtraName]) -> BTreeSet<ExtraName> {
        let mut active: BTreeSet<ExtraName> = extras.iter().cloned().collect();
        let mut work = if edges.because_of.is_empty() { Vec::new() } else { extras.to_vec() };
        while let Some(extra) = work.pop() {
            for place in edges.because_of.get(&extra).into_iter().flatten() {
                let edge = &self.lock.packages[package as usize].dependencies[*place];
                if edge.package == package
                    && self.holds(edge.marker)
                    && let Some(own) = &edge.extra
                    && active.insert(own.clone())
                {
                    work.push(own.clone());
                }
            }
        }
        active
    }

    /// Can the marker hold in this scope?
    fn holds(&self, marker: MarkerTree) -> bool {
        match &self.scope.environment {
            Some(environment) => self.assume(marker).evaluate(environment, &self.active),
            None => !self.assume(marker).is_false(),
        }
    }

    fn assume(&self, marker: MarkerTree) -> MarkerTree {
        if self.lock.inputs.conflicts.is_empty() {
            return marker;
        }
        if let Some(known) = self.assumed.borrow().get(&marker) {
            return *known;
        }
        let ours = |extra: &ExtraName| extra.as_ref().starts_with("pybun-");
        let assumed = match self.scope.one_by_one {
            true => self.joins.without_extras(marker),
            false => self.joins.with_extras(marker, &self.active, ours),
        };
        self.assumed.borrow_mut().insert(marker, assumed);
        assumed
    }

    /// Where each package is needed, by its position: narrowed along the edges from the roots, and widened by every
    /// way that leads to it. What the scope does not reach is not in it.
    pub fn reach(&self) -> BTreeMap<u32, Reached> {
        let mut reached: BTreeMap<u32, Reached> = BTreeMap::new();
        // What leads to a package is put together before it is followed: a package may be needed in a thousand ways.
        let mut news: BTreeMap<u32, Reached> = BTreeMap::new();
        for entry in self.entries() {
            self.widen(news.entry(entry.to.package).or_default(), entry.to.marker, entry.to.extras);
        }
        while let Some((package, new)) = news.pop_first() {
            let known = reached.entry(package).or_default();
            if !self.widen(known, new.marker, new.extras) {
                continue;
            }
            let marker = known.marker;
            let extras: Vec<ExtraName> = known.extras.iter().cloned().collect();
            for next in self.needs(package, &extras) {
                let narrower = self.joins.and(next.marker, marker);
                self.widen(news.entry(next.package).or_default(), narrower, next.extras);
            }
        }
        reached.retain(|_, reached| !reached.marker.is_false());
        reached
    }

    /// Tells whether that says something new.
    fn widen(&self, known: &mut Reached, marker: MarkerTree, extras: impl IntoIterator<Item = ExtraName>) -> bool {
        let wider = self.joins.or(known.marker, marker);
        let mut news = wider != known.marker;
        known.marker = wider;
        for extra in extras {
            news |= known.extras.insert(extra);
        }
        news
    }
}

fn admits(requirement: &Requirement, version: &Version) -> bool {
    match &requirement.version_or_url {
        Some(VersionOrUrl::VersionSpecifier(specifiers)) => specifiers.contains(version),
        Some(VersionOrUrl::Url(_)) | None => true,
    }
}

/// How much of a package is needed.
#[derive(Clone, Debug)]
pub struct Reached {
    pub marker: MarkerTree,
    pub extras: BTreeSet<ExtraName>,
}

impl Default for Reached {
    fn default() -> Self {
        Self { marker: MarkerTree::FALSE, extras: BTreeSet::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{extra, group, lock};

    fn reached(lock: &Lock, scope: &Scope) -> Vec<String> {
        let shown = Graph::new(lock, scope).reach().into_iter().map(|(position, reached)| {
            let package = &lock.packages[position as usize];
            let marker = reached.marker.try_to_string().map(|text| format!(" ; {text}")).unwrap_or_default();
            let extras: Vec<_> = reached.extras.iter().map(ToString::to_string).collect();
            format!("{}[{}]{marker}", package.name, extras.join(","))
        });
        shown.collect()
    }

    #[test]
    fn markers_narrow_along_edges_and_widen_where_ways_meet() {
        let lock = lock(
            &[(RootKind::Project, &["a", "b ; sys_platform == 'win32'"]), (group("dev"), &["d"])],
            &[("a 1", &["c ; os_name == 'nt'"]), ("b 1", &["c"]), ("c 1", &[]), ("d 1", &["a"])],
        );
        let scope = Scope { roots: vec![RootKind::Project], ..Scope::default() };
        assert_eq!(
            reached(&lock, &scope),
            ["a[]", "b[] ; sys_platform == 'win32'", "c[] ; os_name == 'nt' or sys_platform == 'win32'"]
        );
        let scope = Scope { roots: vec![group("dev")], ..Scope::default() };
        assert_eq!(reached(&lock, &scope), ["a[]", "c[] ; os_name == 'nt'", "d[]"]);
    }

    #[test]
    fn extras_lead_further_also_through_the_package_itself() {
        let lock = lock(
            &[(RootKind::Project, &["a[all]"])],
            &[("a 1", &["<all> a[x]", "<x> b", "<y> c"]), ("b 1", &["a"]), ("c 1", &[])],
        );
        let scope = Scope { roots: vec![RootKind::Project], ..Scope::default() };
        assert_eq!(reached(&lock, &scope), ["a[all]", "b[]"]);
    }

    #[test]
    fn a_root_that_requires_the_project_with_extras_means_those_roots() {
        let lock =
            lock(&[(RootKind::Project, &[]), (extra("web"), &["a"]), (group("dev"), &["shop[web]"])], &[("a 1", &[])]);
        let scope = Scope { roots: vec![group("dev")], project: Some("shop".parse().unwrap()), ..Scope::default() };
        assert_eq!(reached(&lock, &scope), ["a[]"]);
    }

    #[test]
    fn a_split_lock_has_each_version_where_its_marker_holds() {
        let mut lock = lock(&[(RootKind::Project, &["a"])], &[("a 1", &[]), ("a 2", &[])]);
        lock.packages[0].marker = "python_full_version < '3.10'".parse().unwrap();
        lock.packages[1].marker = "python_full_version >= '3.10'".parse().unwrap();
        let scope = Scope { roots: vec![RootKind::Project], ..Scope::default() };
        assert_eq!(
            reached(&lock, &scope),
            ["a[] ; python_full_version < '3.10'", "a[] ; python_full_version >= '3.10'"]
        );
    }

    /// Each line would be written with the square of its terms.
    #[test]
    fn a_lock_made_to_take_all_day_is_a_problem() {
        let value = |seed: usize, i: usize| (seed * 7919 + i * 104_729) % 99_991;
        let bomb = |seed: usize| {
            let all: Vec<_> = (0..60).map(|i| format!("'{}' not in platform_version", value(seed, i))).collect();
            all.join(" and ")
        };
        let bombs: Vec<String> = (0..20).map(|seed| format!("a ; {}", bomb(seed))).collect();
        let bombs: Vec<&str> = bombs.iter().map(String::as_str).collect();
        let scope = Scope { roots: vec![RootKind::Project], ..Scope::default() };
        let by_edges = lock(&[(RootKind::Project, &["b"])], &[("a 1", &[]), ("b 1", &bombs)]);
        let problem = Graph::look(&by_edges, &scope, |graph| graph.reach()).unwrap_err();
        assert_eq!(problem.code, "lock/too-complicated");
        let by_roots = lock(&[(RootKind::Project, &bombs)], &[("a 1", &[])]);
        assert!(Graph::look(&by_roots, &scope, |graph| graph.reach()).is_err());
        let plain = lock(&[(RootKind::Project, &["a"])], &[("a 1", &[])]);
        assert!(Graph::look(&plain, &scope, |graph| graph.reach()).is_ok());
    }
}
