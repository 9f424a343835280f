//! One requirement, with what is asked of it again and again.

use crate::node::Range;
use crate::rules::text_of;
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
    pub(crate) fn marker(&self, extra: Option<&ExtraName>) -> MarkerTree {
        let Some(extra) = extra else { return self.always };
        if self.always.is_true() {
            return MarkerTree::FALSE;
        }
        self.requirement
            .marker
            .simplify_extras(std::slice::from_ref(extra))
            .simplify_not_extras_with(|other| other != extra)
            .and(self.always.negate())
    }
}
