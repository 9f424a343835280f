//! What one version, or the roots, need in a part of the universe.

use crate::node::{Dependency, Node, Range};
use crate::python::Python;
use crate::rules::{Rules, text_of};
use crate::{Inputs, Need, Target, Why};
use uv_normalize::{ExtraName, PackageName};
use uv_pep440::Version;
use uv_pep508::{MarkerTree, VersionOrUrl};

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
                self.add(&mut out, &requirement.clone().into(), root.gate, None)?;
            }
        }
        self.constrain(&mut out);
        Ok(out)
    }

    /// What a version, or one extra of it, needs here. `Err` says why that is impossible.
    pub(crate) fn of_release(&self, all: &[Need], asker: &Asker) -> Result<Vec<Dependency>, Why> {
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
        for need in all {
            self.add(&mut out, need, MarkerTree::TRUE, Some(asker))?;
        }
        self.constrain(&mut out);
        Ok(out)
    }

    fn add(&self, out: &mut Vec<Dependency>, need: &Need, gate: MarkerTree, asker: Option<&Asker>) -> Result<(), Why> {
        if self.inputs.excludes.contains(&need.requirement.name) {
            return Ok(());
        }
        for need in self.rules.overridden(need) {
            let Need { requirement, range, url, .. } = &*need;
            let marker =
                self.rules.joins.and(need.marker(asker.and_then(|asker| asker.extra), &self.rules.joins), gate);
            let Some(marker) = self.here(marker) else { continue };
            if let (Some(url), Some(VersionOrUrl::Url(stated))) = (url, &requirement.version_or_url) {
                let name = &requirement.name;
                if asker.is_some_and(|asker| !asker.direct) && !self.rules.names_url(name, url) {
                    return Err(Why::NeedsUrl { requirement: format!("{name} from {stated}") });
                }
            }
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
                let joins = &self.rules.joins;
                let never = |part| joins.is_disjoint(marker, part);
                (!never(self.environment) && !never(self.python.marker)).then_some(marker)
            }
        }
    }

    /// Adds the constraints on what is needed. They only narrow: nothing is needed because of one.
    fn constrain(&self, out: &mut Vec<Dependency>) {
        let mut narrowing = Vec::new();
        for dependency in out.iter() {
            let name = dependency.name();
            for constraint in self.rules.constraints(name) {
                let Some(marker) = self.here(self.rules.joins.and(dependency.marker, constraint.marker)) else {
                    continue;
                };
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
