//! Runs ahead of the solver: assumes that every first guess is right and asks for what would then be needed.
//! A wrong guess costs a request and never changes the result.

use crate::candidates::{Candidate, Select};
use crate::facts::{Facts, Request};
use crate::machine::{Range, marker_for};
use crate::python::Python;
use crate::{Inputs, Target, Wants};
use rustc_hash::{FxHashMap, FxHashSet};
use uv_normalize::{ExtraName, PackageName};
use uv_pep508::{MarkerTree, Requirement, VersionOrUrl};

#[derive(Default)]
pub(crate) struct Scout {
    python: Option<Python>,
    /// What the guesses so far say about each name: the range, and the extras somebody wants.
    known: FxHashMap<PackageName, (Range, FxHashSet<ExtraName>)>,
}

impl Scout {
    pub(crate) fn start(&mut self, inputs: &Inputs, wants: &mut Wants) {
        self.python = Some(Python::new(&inputs.python));
        for requirement in &inputs.requirements {
            self.meet(requirement, None, inputs, wants);
        }
    }

    pub(crate) fn learned(&mut self, request: &Request, facts: &Facts, inputs: &Inputs, wants: &mut Wants) {
        let (Request::Page(name) | Request::Metadata(name, _)) = request;
        let Some((range, extras)) = self.known.get(name).cloned() else { return };
        let (Some(Ok(page)), Some(python)) = (facts.page(name), &self.python) else { return };
        let none = FxHashMap::default();
        let select = Select { inputs, python, environment: MarkerTree::TRUE, solved: &none };
        let Candidate::Version(guess) = select.choose(name, page, &range) else { return };
        let Some(Ok(metadata)) = facts.metadata(name, &guess) else {
            return wants.ask(Request::Metadata(name.clone(), guess));
        };
        for extra in std::iter::once(None).chain(extras.iter().map(Some)) {
            for requirement in &metadata.requires {
                if self.meet(requirement, extra, inputs, wants) {
                    // An extra more, or a narrower range, of something already here: guess again.
                    self.learned(&Request::Page(requirement.name.clone()), facts, inputs, wants);
                }
            }
        }
    }

    /// Returns whether this says something new about a name.
    fn meet(
        &mut self,
        requirement: &Requirement,
        extra: Option<&ExtraName>,
        inputs: &Inputs,
        wants: &mut Wants,
    ) -> bool {
        let marker = marker_for(requirement.marker, extra);
        let applies = match (&inputs.target, &self.python) {
            (Target::Machine { environment, .. }, _) => marker.evaluate(environment, &[]),
            (Target::Universal, python) => python.as_ref().is_some_and(|python| !marker.is_disjoint(python.marker)),
        };
        if !applies {
            return false;
        }
        let range = match &requirement.version_or_url {
            None => Range::full(),
            Some(VersionOrUrl::VersionSpecifier(specifiers)) => Range::from(specifiers.clone()),
            Some(VersionOrUrl::Url(_)) => return false,
        };
        wants.ask(Request::Page(requirement.name.clone()));
        let (known, extras) =
            self.known.entry(requirement.name.clone()).or_insert_with(|| (Range::full(), FxHashSet::default()));
        let narrower = known.intersection(&range);
        let mut news = false;
        if narrower != *known && !narrower.is_empty() {
            *known = narrower;
            news = true;
        }
        for extra in &requirement.extras {
            news |= extras.insert(extra.clone());
        }
        news
    }
}
