//! What one version, or the roots, need in a part of the universe.

use crate::node::{Dependency, Node, Range};
use crate::python::Python;
use crate::rules::{Rules, text_of};
use crate::{Inputs, Target, Why};
use uv_normalize::{ExtraName, PackageName};
use uv_pep440::Version;
use uv_pep508::{MarkerTree, Requirement, VersionOrUrl};

/// Whose requirements are read.
pub(crate) struct Asker<'a> {
    pub(crate) name: &'a PackageName,
    pub(crate) extra: Option<&'a ExtraName>,
    pub(crate) version: &'a Version,
    /// It comes from a URL, so that it may name URLs itself.
    pub(crate) direct: bool,
}

pub(crate) struct Needs<'a> {
    pub(crate) inputs: &'a Inputs,
    pub(crate) rules: &'a Rules,
    pub(crate) environment: MarkerTree,
    pub(crate) python: &'a Python,
}

impl Needs<'_> {
    /// What the roots need here. `Err` says why that is impossible.
    pub(crate) fn of_roots(&self) -> Result<Vec<Dependency>, Why> {
        let mut out = Vec::new();
        for root in &self.inputs.roots {
            for requirement in &root.requirements {
                self.add(&mut out, requirement, root.gate, None)?;
            }
        }
        self.constrain(&mut out);
        Ok(out)
    }

    /// What a version, or one extra of it, needs here. `Err` says why that is impossible.
    pub(crate) fn of_release(&self, all: &[Requirement], asker: &Asker) -> Result<Vec<Dependency>, Why> {
        let mut out = Vec::new();
        if asker.extra.is_some() {
            out.push(Dependency {
                node: Node::Package(asker.name.clone()),
                range: Range::singleton(asker.version.clone()),
                url: None,
                marker: MarkerTree::TRUE,
                stated: false,
            });
        }
        for requirement in all {
            self.add(&mut out, requirement, MarkerTree::TRUE, Some(asker))?;
        }
        self.constrain(&mut out);
        Ok(out)
    }

    fn add(
        &self,
        out: &mut Vec<Dependency>,
        requirement: &Requirement,
        gate: MarkerTree,
        asker: Option<&Asker>,
    ) -> Result<(), Why> {
        if self.inputs.excludes.contains(&requirement.name) {
            return Ok(());
        }
        for requirement in self.rules.overridden(requirement) {
            let marker = marker_for(requirement.marker, asker.and_then(|asker| asker.extra)).and(gate);
            let Some(marker) = self.here(marker) else { continue };
            let (range, url) = match &requirement.version_or_url {
                None => (Range::full(), None),
                Some(VersionOrUrl::VersionSpecifier(specifiers)) => (Range::from(specifiers.clone()), None),
                Some(VersionOrUrl::Url(url)) => {
                    let text = text_of(url);
                    let name = &requirement.name;
                    if asker.is_some_and(|asker| !asker.direct) && !self.rules.names_url(name, &text) {
                        return Err(Why::NeedsUrl { requirement: format!("{name} from {url}") });
                    }
                    (Range::full(), Some(text))
                }
            };
            if range.is_empty() {
                return Err(Why::Impossible { requirement: requirement.to_string() });
            }
            match asker {
                // A package that requires itself: either always true or never.
                Some(Asker { name, version, .. }) if **name == requirement.name => {
                    let itself = range.contains(version);
                    itself.then_some(()).ok_or_else(|| Why::Itself { requirement: requirement.to_string() })?;
                }
                _ if requirement.extras.is_empty() => out.push(Dependency {
                    node: Node::Package(requirement.name.clone()),
                    range: range.clone(),
                    url: url.clone(),
                    marker,
                    stated: true,
                }),
                _ => {}
            }
            for extra in &requirement.extras {
                let node = Node::Extra(requirement.name.clone(), extra.clone());
                out.push(Dependency { node, range: range.clone(), url: url.clone(), marker, stated: true });
            }
        }
        Ok(())
    }

    /// The marker as far as it matters here; `None` where it never holds.
    fn here(&self, marker: MarkerTree) -> Option<MarkerTree> {
        match &self.inputs.target {
            Target::Machine { environment, .. } => marker.evaluate(environment, &[]).then_some(MarkerTree::TRUE),
            Target::Universal if marker.is_true() => Some(marker),
            Target::Universal => {
                (!marker.is_disjoint(self.environment) && !marker.is_disjoint(self.python.marker)).then_some(marker)
            }
        }
    }

    /// Adds the constraints on what is needed. They only narrow: nothing is needed because of one.
    fn constrain(&self, out: &mut Vec<Dependency>) {
        let mut narrowing = Vec::new();
        for dependency in out.iter() {
            let name = dependency.name();
            for constraint in self.rules.constraints(name) {
                let Some(marker) = self.here(dependency.marker.and(constraint.marker)) else { continue };
                let (range, url) = match &constraint.version_or_url {
                    None => continue,
                    Some(VersionOrUrl::VersionSpecifier(specifiers)) => (Range::from(specifiers.clone()), None),
                    Some(VersionOrUrl::Url(url)) => (Range::full(), Some(text_of(url))),
                };
                narrowing.push(Dependency { node: Node::Package(name.clone()), range, url, marker, stated: false });
            }
        }
        out.extend(narrowing);
    }
}

/// The part of a requirement's marker that holds for the package itself, or only because of `extra`.
pub(crate) fn marker_for(marker: MarkerTree, extra: Option<&ExtraName>) -> MarkerTree {
    if marker.is_true() {
        return if extra.is_none() { marker } else { MarkerTree::FALSE };
    }
    let always = marker.simplify_not_extras_with(|_| true);
    match extra {
        None => always,
        Some(extra) => marker
            .simplify_extras(std::slice::from_ref(extra))
            .simplify_not_extras_with(|other| other != extra)
            .and(always.negate()),
    }
}
