//! The lock as a graph: from the requirements of its roots along the edges between packages.

use pybun_lock::{Lock, Root, RootKind};
use pybun_model::{ExtraName, MarkerEnvironment, MarkerTree, PackageName, Requirement, Version, VersionOrUrl};
use rustc_hash::FxHashSet;
use std::collections::{BTreeMap, BTreeSet};

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

pub struct Graph<'a> {
    pub lock: &'a Lock,
    scope: &'a Scope,
    /// What tells conflicting extras and groups apart inside of markers.
    active: Vec<ExtraName>,
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
    pub fn new(lock: &'a Lock, scope: &'a Scope) -> Self {
        let active = scope.roots.iter().filter_map(|kind| match kind {
            RootKind::Project => None,
            RootKind::Extra(name) => format!("pybun-extra-{name}").parse().ok(),
            RootKind::Group(name) => format!("pybun-group-{name}").parse().ok(),
        });
        Self { lock, scope, active: active.collect() }
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

    fn root(&self, kind: &RootKind) -> Option<&'a Root> {
        self.lock.inputs.roots.iter().find(|root| root.kind == *kind)
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
        let packages = &self.lock.packages;
        let start = packages.partition_point(|package| package.name < requirement.name);
        let of_name: Vec<_> =
            (0_u32..).zip(packages).skip(start).take_while(|(_, package)| package.name == requirement.name).collect();
        let only = of_name.len() == 1;
        let mut extras = requirement.extras.to_vec();
        extras.sort();
        of_name
            .into_iter()
            .filter_map(|(position, package)| {
                let inside = self.assume(requirement.marker).and(self.assume(package.marker));
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

    /// What a package needs when these extras of it are wanted, by the names of what is needed.
    pub fn needs(&self, package: u32, extras: &[ExtraName]) -> Vec<Link> {
        let active = self.with_own(package, extras);
        let mut links: BTreeMap<u32, Link> = BTreeMap::new();
        for edge in &self.lock.packages[package as usize].dependencies {
            let counts = edge.because_of.as_ref().is_none_or(|extra| active.contains(extra));
            if edge.package == package || !counts || !self.holds(edge.marker) {
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
            link.marker = link.marker.or(marker);
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

    /// These extras, and those that they want of the package itself (`all = ["it[a,b]"]`).
    fn with_own(&self, package: u32, extras: &[ExtraName]) -> BTreeSet<ExtraName> {
        let mut active: BTreeSet<ExtraName> = extras.iter().cloned().collect();
        let mut work: Vec<ExtraName> = extras.to_vec();
        while let Some(extra) = work.pop() {
            for edge in &self.lock.packages[package as usize].dependencies {
                if edge.package == package
                    && edge.because_of.as_ref() == Some(&extra)
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
        if self.scope.one_by_one {
            return marker.without_extras();
        }
        let ours = |extra: &ExtraName| extra.as_ref().starts_with("pybun-");
        marker.simplify_extras(&self.active).simplify_not_extras_with(ours)
    }

    /// Where each package is needed, by its position: narrowed along the edges from the roots, and widened by every
    /// way that leads to it. What the scope does not reach is not in it.
    pub fn reach(&self) -> BTreeMap<u32, Reached> {
        let mut reached: BTreeMap<u32, Reached> = BTreeMap::new();
        let mut work: Vec<Link> = self.entries().into_iter().map(|entry| entry.to).collect();
        while let Some(link) = work.pop() {
            let known = reached.entry(link.package).or_default();
            let marker = known.marker.or(link.marker);
            let extras: BTreeSet<ExtraName> = known.extras.iter().cloned().chain(link.extras).collect();
            if marker == known.marker && extras.len() == known.extras.len() {
                continue;
            }
            known.marker = marker;
            known.extras = extras;
            let extras: Vec<ExtraName> = known.extras.iter().cloned().collect();
            for next in self.needs(link.package, &extras) {
                work.push(Link { marker: next.marker.and(marker), ..next });
            }
        }
        reached.retain(|_, reached| !reached.marker.is_false());
        reached
    }
}

/// As people write it: a path of the project is relative to it.
pub(crate) fn requirement_text(requirement: &Requirement) -> String {
    requirement.to_string().replace(" @ project:", " @ ")
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
}
