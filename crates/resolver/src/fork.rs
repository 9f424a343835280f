//! When one package needs the same dependency in different ways in different places, solve each place apart.

use crate::Mode;
use crate::node::Dependency;
use crate::python::{Python, lower, python_range};
use pybun_model::Joins;
use std::collections::BTreeMap;
use uv_normalize::PackageName;
use uv_pep508::MarkerTree;

#[derive(Clone)]
pub(crate) struct Part {
    pub(crate) environment: MarkerTree,
    pub(crate) dependencies: Vec<Dependency>,
}

/// What is divided, and within which bounds.
#[derive(Clone, Copy)]
pub(crate) struct World<'a> {
    pub(crate) environment: MarkerTree,
    pub(crate) python: &'a Python,
    pub(crate) mode: Mode,
    pub(crate) most: usize,
    pub(crate) joins: &'a Joins,
}

/// Split `environment` until every part has, per name, only dependencies that hold in all of it or stand
/// alone. Parts come in the order to push them: the one to solve first is last. `None` for more than `most`.
pub(crate) fn split(dependencies: Vec<Dependency>, own: Option<&PackageName>, world: &World) -> Option<Vec<Part>> {
    let World { environment, python, mode, most, joins } = *world;
    let mut by_name: BTreeMap<PackageName, Vec<Dependency>> = BTreeMap::new();
    for dependency in dependencies {
        by_name
            .entry(dependency.node.name().expect("nothing depends on the root").clone())
            .or_default()
            .push(dependency);
    }
    let mut parts = vec![Part { environment, dependencies: Vec::new() }];
    for (name, dependencies) in by_name {
        let first = dependencies[0].marker;
        let alike = dependencies.iter().all(|dependency| dependency.marker == first);
        if Some(&name) == own || (alike && !python.raised_by(first)) {
            for part in &mut parts {
                let here = |d: &&Dependency| !joins.is_disjoint(d.marker, part.environment);
                part.dependencies.extend(dependencies.iter().filter(here).cloned());
            }
            continue;
        }
        for dependency in dependencies {
            let mut next = Vec::new();
            for part in parts {
                let without = joins.and(part.environment, dependency.marker.negate());
                let with = joins.and(part.environment, dependency.marker);
                // A part that is not divided keeps its own environment, which may be simpler than `with`.
                if with.is_false() {
                    next.push(part);
                } else if without.is_false() {
                    next.push(part.with(dependency.clone()));
                } else {
                    let pair = [part.clone().within(without, joins), part.within(with, joins).with(dependency.clone())];
                    next.extend(pair.into_iter().filter(|part| !joins.is_disjoint(part.environment, python.marker)));
                }
            }
            parts = next;
            if parts.len() > most {
                return None;
            }
        }
    }
    let upper_bounds = |part: &Part| {
        let bounded =
            |d: &&Dependency| d.range.bounding_range().is_some_and(|(_, high)| high != std::ops::Bound::Unbounded);
        part.dependencies.iter().filter(bounded).count()
    };
    let oldest = |part: &Part| python_range(part.environment).map(|range| lower(&range)).unwrap_or_default();
    // Newest Python first, for its versions to be the newest; the reverse where versions are to be the lowest.
    parts.sort_by(|a, b| {
        let pythons = oldest(a).cmp(&oldest(b));
        let pythons = if mode == Mode::Lowest { pythons.reverse() } else { pythons };
        pythons.then_with(|| upper_bounds(a).cmp(&upper_bounds(b)))
    });
    Some(parts)
}

/// Divides `parts` as an earlier resolution did: its versions may not fit together where they were chosen apart.
pub(crate) fn as_before(parts: Vec<MarkerTree>, forks: &[MarkerTree], joins: &Joins) -> Vec<MarkerTree> {
    let along = |part: MarkerTree| {
        let mut rest = part;
        let mut inside = Vec::new();
        for fork in forks {
            inside.push(joins.and(rest, *fork));
            rest = joins.and(rest, fork.negate());
        }
        inside.push(rest);
        inside.into_iter().filter(|part| !part.is_false())
    };
    parts.into_iter().flat_map(along).collect()
}

impl Part {
    fn within(mut self, environment: MarkerTree, joins: &Joins) -> Self {
        self.environment = environment;
        self.dependencies.retain(|dependency| !joins.is_disjoint(dependency.marker, environment));
        self
    }

    fn with(mut self, dependency: Dependency) -> Self {
        self.dependencies.push(dependency);
        self
    }
}
