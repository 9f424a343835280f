//! The inputs by name, as often as they are looked at.

use crate::python::Python;
use crate::{Inputs, Need};
use pybun_model::Joins;
use rustc_hash::{FxHashMap, FxHashSet};
use std::borrow::Cow;
use std::sync::Arc;
use uv_normalize::PackageName;
use uv_pep440::{LowerBound, Operator, Version};
use uv_pep508::{MarkerTree, Requirement, VerbatimUrl, VersionOrUrl};

pub(crate) struct Rules {
    constraints: FxHashMap<PackageName, Vec<Requirement>>,
    overrides: FxHashMap<PackageName, Vec<Requirement>>,
    /// The versions that a requirement, a constraint or an override names with `==`.
    pins: FxHashSet<(PackageName, Version)>,
    /// Where the roots require each name.
    roots: FxHashMap<PackageName, MarkerTree>,
    urls: FxHashSet<(PackageName, Arc<str>)>,
    /// The oldest Python of all, and not only of one fork.
    pub(crate) oldest: LowerBound,
    /// The joins of this resolution; once they are over, nothing that it finds counts.
    pub(crate) joins: Joins,
}

impl Rules {
    pub(crate) fn of(inputs: &Inputs) -> Self {
        let by_name = |all: &[Requirement]| {
            let mut of_name: FxHashMap<PackageName, Vec<Requirement>> = FxHashMap::default();
            for requirement in all {
                of_name.entry(requirement.name.clone()).or_default().push(requirement.clone());
            }
            of_name
        };
        let mut rules = Self {
            constraints: by_name(&inputs.constraints),
            overrides: by_name(&inputs.overrides),
            pins: FxHashSet::default(),
            roots: FxHashMap::default(),
            urls: FxHashSet::default(),
            oldest: Python::new(&inputs.python).lower,
            joins: Joins::default(),
        };
        for root in &inputs.roots {
            for requirement in &root.requirements {
                let marker = rules.joins.and(requirement.marker, root.gate);
                let known = rules.roots.entry(requirement.name.clone()).or_insert(MarkerTree::FALSE);
                *known = rules.joins.or(*known, marker);
            }
        }
        let stated = inputs.roots.iter().flat_map(|root| &root.requirements);
        for requirement in stated.chain(&inputs.constraints).chain(&inputs.overrides) {
            match &requirement.version_or_url {
                Some(VersionOrUrl::Url(url)) => drop(rules.urls.insert((requirement.name.clone(), text_of(url)))),
                Some(VersionOrUrl::VersionSpecifier(all)) => {
                    if let [one] = &all[..]
                        && matches!(one.operator(), Operator::Equal | Operator::ExactEqual)
                    {
                        rules.pins.insert((requirement.name.clone(), one.version().clone()));
                    }
                }
                None => {}
            }
        }
        rules
    }

    /// The requirement itself, or what the overrides put in its place. Of the requirement only its extras are
    /// kept, and the extra that asked for it.
    pub(crate) fn overridden<'a>(&'a self, need: &'a Need) -> impl Iterator<Item = Cow<'a, Need>> + use<'a> {
        let requirement = &need.requirement;
        let replacements = if self.overrides.is_empty() { None } else { self.overrides.get(&requirement.name) };
        let itself = replacements.is_none().then_some(Cow::Borrowed(need));
        let replaced = replacements.into_iter().flatten().map(|other| {
            let mut extras = requirement.extras.to_vec();
            extras.extend(other.extras.iter().filter(|extra| !requirement.extras.contains(extra)).cloned());
            let asked_by = requirement.marker.top_level_extra().map(MarkerTree::expression);
            let marker = self.joins.and(other.marker, asked_by.unwrap_or(MarkerTree::TRUE));
            Cow::Owned(Requirement { extras: extras.into(), marker, ..other.clone() }.into())
        });
        itself.into_iter().chain(replaced)
    }

    pub(crate) fn constraints(&self, name: &PackageName) -> &[Requirement] {
        if self.constraints.is_empty() {
            return &[];
        }
        self.constraints.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// Is `name == version` stated? Such a pin takes yanked releases.
    pub(crate) fn pins(&self, name: &PackageName, version: &Version) -> bool {
        self.pins.contains(&(name.clone(), version.clone()))
    }

    /// Do the roots themselves require `name` somewhere in `environment`?
    pub(crate) fn is_direct(&self, name: &PackageName, environment: MarkerTree) -> bool {
        self.roots.get(name).is_some_and(|marker| !self.joins.is_disjoint(*marker, environment))
    }

    /// Do the inputs themselves name this URL for the project?
    pub(crate) fn names_url(&self, name: &PackageName, url: &Arc<str>) -> bool {
        self.urls.contains(&(name.clone(), url.clone()))
    }
}

/// The whole URL; it may hold credentials and is not for showing.
pub(crate) fn text_of(url: &VerbatimUrl) -> Arc<str> {
    url.raw().displayable_with_credentials().to_string().into()
}
