//! Runs ahead of the solver: assumes that every first guess is right and asks for what would then be needed.
//! A wrong guess costs a request and never changes the result.

use crate::candidates::{Candidate, Select};
use crate::facts::{Facts, Metadata, Request};
use crate::node::Range;
use crate::python::Python;
use crate::rules::Rules;
use crate::{Inputs, Need, Target, Wants};
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;
use uv_normalize::{ExtraName, PackageName};
use uv_pep508::MarkerTree;

#[derive(Default)]
pub(crate) struct Scout {
    /// What the guesses so far say about each name.
    known: FxHashMap<PackageName, Known>,
    /// How often a guess was followed. Ranges and extras only ever narrow and grow, so this ends by itself;
    /// an index made to keep it busy ends here.
    guesses: usize,
}

#[derive(Clone)]
struct Known {
    range: Range,
    extras: FxHashSet<ExtraName>,
    url: Option<Arc<str>>,
}

/// What a guess may look at.
pub(crate) struct Sight<'a> {
    pub(crate) inputs: &'a Inputs,
    pub(crate) rules: &'a Rules,
    pub(crate) python: &'a Arc<Python>,
    pub(crate) facts: &'a Facts,
    pub(crate) wants: &'a mut Wants,
}

const MAX_GUESSES: usize = 200_000;

impl Scout {
    pub(crate) fn start(&mut self, sight: &mut Sight) {
        let inputs = sight.inputs;
        for requirement in inputs.roots.iter().flat_map(|root| &root.requirements) {
            self.meet(&requirement.clone().into(), None, sight);
        }
    }

    pub(crate) fn learned(&mut self, request: &Request, sight: &mut Sight) {
        let mut work = vec![request.name().clone()];
        while let Some(name) = work.pop() {
            self.guesses += 1;
            if self.guesses > MAX_GUESSES || sight.rules.joins.is_over() {
                return;
            }
            let Some(known) = self.known.get(&name) else { continue };
            let Some(metadata) = guess(&name, known, sight) else { continue };
            let extras = known.extras.clone();
            for extra in std::iter::once(None).chain(extras.iter().map(Some)) {
                for need in &metadata.requires {
                    // An extra more, or a narrower range, of something already here: guess again.
                    if self.meet(need, extra, sight) {
                        work.push(need.requirement.name.clone());
                    }
                }
            }
        }
    }

    /// Returns whether this says something new about a name.
    fn meet(&mut self, need: &Need, extra: Option<&ExtraName>, sight: &mut Sight) -> bool {
        let Need { requirement, range, url, .. } = need;
        if sight.inputs.excludes.contains(&requirement.name) {
            return false;
        }
        let joins = &sight.rules.joins;
        let marker = need.marker(extra, joins);
        let applies = match &sight.inputs.target {
            Target::Machine { environment, .. } => marker.evaluate(environment, &[]),
            Target::Universal => marker.is_true() || !joins.is_disjoint(marker, sight.python.marker),
        };
        if !applies {
            return false;
        }
        let fresh = || Known { range: Range::full(), extras: FxHashSet::default(), url: None };
        let known = self.known.entry(requirement.name.clone()).or_insert_with(fresh);
        if url.is_some() {
            known.url.clone_from(url);
        }
        sight.wants.ask(match &known.url {
            Some(url) => Request::Direct(requirement.name.clone(), url.clone()),
            None => Request::Page(requirement.name.clone()),
        });
        let narrower = known.range.intersection(range);
        let mut news = false;
        if narrower != known.range && !narrower.is_empty() {
            known.range = narrower;
            news = true;
        }
        for extra in &requirement.extras {
            news |= known.extras.insert(extra.clone());
        }
        news
    }
}

/// What the likely version of a project needs, if that is known; else it is asked for.
fn guess(name: &PackageName, known: &Known, sight: &mut Sight) -> Option<Arc<Metadata>> {
    let facts = sight.facts;
    if let Some(url) = &known.url {
        return facts.direct(name, url)?.as_ref().ok().map(|direct| direct.metadata.clone());
    }
    let page = facts.page(name)?.as_ref().ok()?;
    let none = FxHashMap::default();
    let select = Select {
        inputs: sight.inputs,
        rules: sight.rules,
        python: sight.python.clone(),
        environment: MarkerTree::TRUE,
        solved: &none,
    };
    let Candidate::Version(guess) = select.choose(name, page, &known.range) else { return None };
    match facts.metadata(name, &guess) {
        Some(metadata) => metadata.as_ref().ok().cloned(),
        None => {
            sight.wants.ask(Request::Metadata(name.clone(), guess));
            None
        }
    }
}
