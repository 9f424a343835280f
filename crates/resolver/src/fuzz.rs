//! What the fuzzer calls (`fuzz/`).

use crate::{Fact, File, Inputs, Limits, Metadata, Page, Request, Resolver, Step, Target, Why};
use pybun_model::{Joins, Requirement, lenient_requirement};
use std::sync::Arc;
use uv_pep440::Version;

/// A line `r`, `c` or `o` with a requirement, a constraint or an override; any other letter, with what the package of that
/// name requires. Each name has two versions. It ends, and where it ends well, no two releases of a name meet.
pub fn resolution(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (mut inputs, mut of_package): (Vec<_>, Vec<(&str, Requirement)>) = Default::default();
    for line in text.lines().take(60) {
        let Some((kind, rest)) = line.split_at_checked(1) else { return };
        let Ok(requirement) = lenient_requirement(rest.trim()) else { return };
        match kind {
            "r" | "c" | "o" => inputs.push((kind, requirement)),
            name => of_package.push((name, requirement)),
        }
    }
    let of = |kind: &str| inputs.iter().filter(|(of, _)| *of == kind).map(|(_, one)| one.clone()).collect::<Vec<_>>();
    let python = ">=3.9".parse().expect("it is a specifier");
    let limits = Limits { decisions: 200, forks: 50, projects: 50 };
    let (constraints, overrides) = (of("c"), of("o"));
    let inputs = Inputs { constraints, overrides, limits, ..Inputs::new(of("r"), python, Target::Universal) };
    let mut resolver = Resolver::new(inputs);
    let resolution = loop {
        match resolver.step() {
            Step::Need(requests) => {
                for request in requests {
                    resolver.answer(&request, fact(&request, &of_package));
                }
            }
            Step::Done(resolution) => break resolution,
            Step::Conflict(_) | Step::TooHard(_) => return,
        }
    };
    let joins = Joins::default();
    for pair in resolution.packages.windows(2).filter(|pair| pair[0].release.name == pair[1].release.name) {
        let meet = joins.and(joins.and(pair[0].marker, pair[1].marker), resolution.universe);
        assert!(meet.is_false() || joins.is_over(), "{text}");
    }
}

fn fact(request: &Request, of_package: &[(&str, Requirement)]) -> Fact {
    match request {
        Request::Page(_) => {
            let file = |minor| {
                (Version::new([1, minor]), File::new(format!("x-1.{minor}-py3-none-any.whl").into(), None, false))
            };
            Fact::Page(Arc::new(Page::new(vec![file(0), file(1)])))
        }
        Request::Metadata(name, _) => {
            let requires = of_package.iter().filter(|(of, _)| *of == name.as_ref()).map(|(_, one)| one.clone().into());
            Fact::Metadata(Arc::new(Metadata { requires: requires.collect(), ..Metadata::default() }))
        }
        Request::Direct(..) => Fact::Missing(Why::NoFiles),
    }
}

#[cfg(test)]
#[path = "../../../fuzz/replay.rs"]
mod replay;

#[cfg(test)]
mod tests {
    use super::replay::replay;
    use super::*;

    #[test]
    fn known_inputs_do_no_harm() {
        replay("resolution", resolution);
    }
}
