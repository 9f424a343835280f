//! The facts that a proof rests on, with the texts that people wrote.

use crate::conflict::ranges::{narrowed, stated};
use crate::{Cutoff, Request};
use pybun_lock::RootKind;
use pybun_model::{ExtraName, MarkerTree, PackageName, ProjectPage, Requirement, Version, VersionOrUrl};
use pybun_resolver::{Cause, Conflict, Node, Range, Resolver, Why};
use std::collections::{BTreeMap, BTreeSet};

/// A step of the proof that rests on no other.
#[derive(Clone, Debug)]
pub(crate) enum Leaf {
    /// Whoever is `by` needs `node` in `wanted`.
    Needs { by: Asker, node: Node, wanted: Range, text: String, marker: MarkerTree },
    /// An extra comes with its own project, in the same version.
    Tie { extra: Node, range: Range, base: Node, wanted: Range },
    /// None of the versions in `range` can be used.
    Barred { name: PackageName, node: Node, range: Range, bar: Bar },
    /// The project itself cannot be resolved, whatever versions are chosen.
    Broken { why: Why },
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Asker {
    /// A requirement of yours, as it stands in the list of that kind.
    Root(RootKind, String),
    Constraint(String),
    Override(String),
    /// These versions of a project, because of an extra of it or always.
    Package(PackageName, Option<ExtraName>, Versions),
}

/// A range, ordered by its text so that the same proof is always told in the same order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Versions(pub(crate) Range);

impl PartialOrd for Versions {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Versions {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.to_string().cmp(&other.0.to_string())
    }
}

/// Why versions are out of the question, apart from what anybody requires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Bar {
    /// There are none.
    NoVersion,
    /// There are some, uploaded later than is wanted.
    TooNew,
    /// There are only pre-releases, and those are not wanted.
    Prereleases,
    Why(Why),
}

/// What the resolver knew when it gave up.
#[derive(Clone, Copy)]
pub(crate) struct World<'a> {
    pub(crate) resolver: &'a Resolver,
    pub(crate) request: &'a Request,
    /// What the index has and was uploaded too late to count.
    pub(crate) later: &'a Later,
}

pub(crate) type Later = BTreeMap<PackageName, Vec<Version>>;

/// The versions of these pages of which no file counts, by project.
pub(crate) fn later<'a>(pages: impl Iterator<Item = &'a ProjectPage>, cutoff: Option<Cutoff>) -> Later {
    let Some(cutoff) = cutoff else { return Later::default() };
    let late = |page: &ProjectPage| {
        let counting: BTreeSet<&Version> =
            page.files.iter().filter(|file| cutoff.admits(file)).map(|file| file.distribution.version()).collect();
        let versions = page.versions().into_iter().filter(|version| !counting.contains(version));
        (page.name.clone(), versions.cloned().collect())
    };
    pages.map(late).collect()
}

impl<'a> World<'a> {
    /// The versions that exist, ascending; none while nobody asked.
    pub(crate) fn versions(&self, name: &PackageName) -> &'a [Version] {
        match self.resolver.page(name) {
            Some(Ok(page)) => &page.versions,
            Some(Err(_)) | None => &[],
        }
    }

    /// The index has the project, perhaps without any version that counts.
    pub(crate) fn is_known(&self, name: &PackageName) -> bool {
        matches!(self.resolver.page(name), Some(Ok(_)))
    }

    /// Why nothing that counts is in `range`.
    pub(crate) fn nothing(&self, name: &PackageName, range: &Range) -> Bar {
        let later = self.later.get(name).is_some_and(|versions| versions.iter().any(|version| range.contains(version)));
        if later { Bar::TooNew } else { Bar::NoVersion }
    }

    pub(crate) fn inside(&self, name: &PackageName, range: &Range) -> Vec<&'a Version> {
        self.versions(name).iter().filter(|version| range.contains(version)).collect()
    }

    /// The specifiers that say `range` of what exists.
    pub(crate) fn specifiers(&self, node: &Node, range: &Range) -> String {
        match name_of(node) {
            Some(name) => narrowed(range, self.versions(name)),
            None => String::new(),
        }
    }

    pub(crate) fn leaf(&self, cause: &Cause) -> Option<Leaf> {
        match cause {
            Cause::Derived { .. } => None,
            Cause::Requires { from, range, to, wanted } => Some(self.needs(from, range, to, wanted)),
            Cause::NoVersions { package, range } => {
                let name = name_of(package)?.clone();
                let only_prereleases = !self.inside(&name, range).is_empty();
                let bar = if only_prereleases { Bar::Prereleases } else { self.nothing(&name, range) };
                Some(Leaf::Barred { name, node: package.clone(), range: range.clone(), bar })
            }
            Cause::Unusable { package, range, why } => Some(match name_of(package) {
                Some(name) => Leaf::Barred {
                    name: name.clone(),
                    node: package.clone(),
                    range: range.clone(),
                    bar: if *why == Why::TooNew { Bar::TooNew } else { Bar::Why(why.clone()) },
                },
                None => Leaf::Broken { why: why.clone() },
            }),
        }
    }

    fn needs(&self, from: &Node, range: &Range, to: &Node, wanted: &Range) -> Leaf {
        let asked = match from {
            Node::Root => self.root_requirement(to, wanted),
            Node::Package(name) => self.package_requirement(name, None, range, to, wanted),
            Node::Extra(name, extra) if *to == Node::Package(name.clone()) => {
                let stated = self.package_requirement(name, Some(extra), range, to, wanted);
                if stated.is_none() {
                    let (extra, base) = (from.clone(), to.clone());
                    return Leaf::Tie { extra, range: range.clone(), base, wanted: wanted.clone() };
                }
                stated
            }
            Node::Extra(name, extra) => self.package_requirement(name, Some(extra), range, to, wanted),
        };
        let (by, text, marker) = asked.or_else(|| self.narrowing(to, wanted)).unwrap_or_else(|| {
            // Nobody wrote it in these words: it is told in ours.
            let text = format!("{to}{}", stated_or_nothing(wanted));
            let by = match from {
                Node::Root => Asker::Root(RootKind::Project, text.clone()),
                Node::Package(name) => Asker::Package(name.clone(), None, Versions(range.clone())),
                Node::Extra(name, extra) => Asker::Package(name.clone(), Some(extra.clone()), Versions(range.clone())),
            };
            (by, text, MarkerTree::TRUE)
        });
        Leaf::Needs { by, node: to.clone(), wanted: wanted.clone(), text, marker }
    }

    fn root_requirement(&self, to: &Node, wanted: &Range) -> Option<(Asker, String, MarkerTree)> {
        for root in &self.request.inputs.roots {
            for requirement in root.requirements.iter().filter(|requirement| asks_for(requirement, to)) {
                if range_of(requirement) == *wanted {
                    let text = requirement.to_string();
                    return Some((Asker::Root(root.kind.clone(), text.clone()), text, requirement.marker));
                }
            }
        }
        None
    }

    /// What the newest of these versions says.
    fn package_requirement(
        &self,
        name: &PackageName,
        extra: Option<&ExtraName>,
        range: &Range,
        to: &Node,
        wanted: &Range,
    ) -> Option<(Asker, String, MarkerTree)> {
        let inside = self.inside(name, range);
        let metadata =
            inside.iter().rev().find_map(|version| self.resolver.metadata(name, version).and_then(Result::ok))?;
        let matching = |requirement: &&Requirement| asks_for(requirement, to) && range_of(requirement) == *wanted;
        let requirement = metadata.requires.iter().map(|need| &need.requirement).find(matching)?;
        let mut plain = requirement.clone();
        plain.marker = requirement.marker.simplify_extras(extra.map(std::slice::from_ref).unwrap_or_default());
        let by = Asker::Package(name.clone(), extra.cloned(), Versions(range.clone()));
        Some((by, plain.to_string(), plain.marker))
    }

    /// A constraint or an override that asks for this.
    fn narrowing(&self, to: &Node, wanted: &Range) -> Option<(Asker, String, MarkerTree)> {
        let name = name_of(to)?;
        let matching = |requirement: &&Requirement| requirement.name == *name && range_of(requirement) == *wanted;
        let inputs = &self.request.inputs;
        if let Some(constraint) = inputs.constraints.iter().find(matching) {
            let text = constraint.to_string();
            return Some((Asker::Constraint(text.clone()), text, constraint.marker));
        }
        let replaced = inputs.overrides.iter().find(matching)?;
        let text = replaced.to_string();
        Some((Asker::Override(text.clone()), text, replaced.marker))
    }
}

/// The projects whose pages the explanation needs, in order.
pub(crate) fn named(conflict: &Conflict, request: &Request) -> Vec<PackageName> {
    let mut names: BTreeSet<&PackageName> = BTreeSet::new();
    let mut unknown = false;
    for leaf in conflict.leaves() {
        match leaf {
            Cause::Requires { from, to, .. } => names.extend(name_of(from).into_iter().chain(name_of(to))),
            Cause::NoVersions { package, .. } => names.extend(name_of(package)),
            Cause::Unusable { package, why, .. } => {
                unknown |= *why == Why::NotFound;
                names.extend(name_of(package));
            }
            Cause::Derived { .. } => {}
        }
    }
    // One of your own may be what was meant by a name that nobody knows.
    if unknown {
        names.extend(request.inputs.roots.iter().flat_map(|root| &root.requirements).map(|own| &own.name));
    }
    // What comes from a URL is nothing that an index needs to hear of.
    let inputs = &request.inputs;
    let own =
        inputs.roots.iter().flat_map(|root| &root.requirements).chain(&inputs.constraints).chain(&inputs.overrides);
    for requirement in own.filter(|own| matches!(own.version_or_url, Some(VersionOrUrl::Url(_)))) {
        names.remove(&requirement.name);
    }
    names.into_iter().cloned().collect()
}

pub(crate) fn name_of(node: &Node) -> Option<&PackageName> {
    match node {
        Node::Root => None,
        Node::Package(name) | Node::Extra(name, _) => Some(name),
    }
}

fn asks_for(requirement: &Requirement, node: &Node) -> bool {
    match node {
        Node::Root => false,
        Node::Package(name) => requirement.name == *name,
        Node::Extra(name, extra) => requirement.name == *name && requirement.extras.contains(extra),
    }
}

pub(crate) fn range_of(requirement: &Requirement) -> Range {
    match &requirement.version_or_url {
        Some(VersionOrUrl::VersionSpecifier(specifiers)) => Range::from(specifiers.clone()),
        Some(VersionOrUrl::Url(_)) | None => Range::full(),
    }
}

fn stated_or_nothing(range: &Range) -> String {
    if *range == Range::full() { String::new() } else { stated(range) }
}
