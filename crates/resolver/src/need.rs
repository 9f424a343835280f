//! One requirement, with what is asked of it again and again.

use crate::node::Range;
use crate::rules::text_of;
use pybun_model::Joins;
use std::sync::Arc;
use uv_normalize::ExtraName;
use uv_pep508::{MarkerTree, Requirement, VersionOrUrl};

/// A requirement as a package states it. Making one costs more than looking at it, and needs no resolver.
#[derive(Clone, Debug)]
pub struct Need {
    pub requirement: Requirement,
    /// Where it holds whichever extras are wanted.
    always: MarkerTree,
    pub(crate) range: Range,
    pub(crate) url: Option<Arc<str>>,
}

impl From<Requirement> for Need {
    fn from(requirement: Requirement) -> Self {
        let (range, url) = match &requirement.version_or_url {
            None => (Range::full(), None),
            Some(VersionOrUrl::VersionSpecifier(specifiers)) => (Range::from(specifiers.clone()), None),
            Some(VersionOrUrl::Url(url)) => (Range::full(), Some(text_of(url))),
        };
        let marker = requirement.marker;
        let always = if marker.is_true() { marker } else { marker.simplify_not_extras_with(|_| true) };
        Self { requirement, always, range, url }
    }
}

impl Need {
    /// Where it holds for the package itself, or only because of `extra`.
    pub(crate) fn marker(&self, extra: Option<&ExtraName>, joins: &Joins) -> MarkerTree {
        let Some(extra) = extra else { return self.always };
        if self.always.is_true() {
            return MarkerTree::FALSE;
        }
        let wanted = joins.with_extras(self.requirement.marker, std::slice::from_ref(extra), |other| other != extra);
        joins.and(wanted, self.always.negate())
    }
}
