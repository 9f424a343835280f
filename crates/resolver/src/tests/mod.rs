//! The rules, each over a small index in memory.

mod alternatives;
mod basics;
mod bounds;
mod platforms;
mod relock;
mod rules;
mod urls;

use crate::*;
use rustc_hash::FxHashMap;
use std::fmt::Write;
use std::str::FromStr;
use std::sync::Arc;
use uv_pep440::VersionSpecifiers;
use uv_pep508::{MarkerTree, Requirement};

/// What an index has.
#[derive(Clone, Default)]
struct World {
    releases: FxHashMap<PackageName, Vec<Listed>>,
    urls: FxHashMap<(PackageName, Arc<str>), Listed>,
}

#[derive(Clone)]
struct Listed {
    version: Version,
    files: Vec<File>,
    requires: Vec<Requirement>,
}

impl World {
    /// One release per line, `name version {what} : requirement, requirement`. `what` is optional and holds the
    /// tags of wheels, `sdist`, `yanked` and `>=3.12` for `requires-python`. A line that starts with `@ URL` is
    /// what that URL leads to.
    fn of(text: &str) -> Self {
        let mut world = Self::default();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (url, line) = match line.strip_prefix("@ ") {
                Some(rest) => rest.split_once(' ').map(|(url, rest)| (Some(url), rest)).unwrap(),
                None => (None, line),
            };
            let (head, tail) = line.split_once(" :").or_else(|| line.split_once(':')).unwrap();
            let (head, what) = head.split_once('{').unwrap_or((head, "py3-none-any}"));
            let (name, version) = head.trim().split_once(' ').unwrap();
            let requires = tail.split(',').map(str::trim).filter(|text| !text.is_empty());
            let listed = Listed {
                version: version.parse().unwrap(),
                files: files(what.trim().trim_end_matches('}')),
                requires: requires.map(|text| Requirement::from_str(text).unwrap()).collect(),
            };
            let name: PackageName = name.parse().unwrap();
            match url {
                Some(url) => drop(world.urls.insert((name, url.into()), listed)),
                None => world.releases.entry(name).or_default().push(listed),
            }
        }
        world
    }

    fn fact(&self, request: &Request) -> Fact {
        match request {
            Request::Page(name) => match self.releases.get(name) {
                None => Fact::Missing(Why::NotFound),
                Some(all) => {
                    let of = |listed: &Listed| {
                        let version = listed.version.clone();
                        listed.files.iter().cloned().map(move |file| (version.clone(), file)).collect::<Vec<_>>()
                    };
                    Fact::Page(Arc::new(Page::new(all.iter().flat_map(of).collect())))
                }
            },
            Request::Metadata(name, version) => {
                let listed = self.releases[name].iter().find(|listed| listed.version == *version).unwrap();
                Fact::Metadata(listed.metadata())
            }
            Request::Direct(name, url) => match self.urls.get(&(name.clone(), url.clone())) {
                None => Fact::Missing(Why::NoFiles),
                Some(listed) => {
                    Fact::Direct(Arc::new(Direct { version: listed.version.clone(), metadata: listed.metadata() }))
                }
            },
        }
    }
}

impl Listed {
    fn metadata(&self) -> Arc<Metadata> {
        let requires = self.requires.iter().cloned().map(Into::into).collect();
        Arc::new(Metadata { requires, ..Metadata::default() })
    }
}

fn files(what: &str) -> Vec<File> {
    let words = || what.split_whitespace();
    let yanked = words().any(|word| word == "yanked");
    let python = words().find(|word| word.starts_with(">="));
    let requires_python = python.map(|text| Arc::new(VersionSpecifiers::from_str(text).unwrap().into()));
    let mut names: Vec<String> = words()
        .filter(|word| *word != "yanked" && !word.starts_with(">="))
        .map(|word| if word == "sdist" { "x-0.tar.gz".to_owned() } else { format!("x-0-{word}.whl") })
        .collect();
    if names.is_empty() {
        names.push("x-0-py3-none-any.whl".to_owned());
    }
    let file = |name: String| File::new(name.into(), requires_python.clone(), yanked);
    names.into_iter().map(file).collect()
}

fn inputs(requirements: &[&str]) -> Inputs {
    let requirements = requirements.iter().map(|text| Requirement::from_str(text).unwrap()).collect();
    Inputs::new(requirements, VersionSpecifiers::from_str(">=3.9").unwrap(), Target::Universal)
}

fn markers(texts: &[&str]) -> Vec<MarkerTree> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// The resolution, or why there is none. Answers one request per step; `pick` says which of the open ones arrives.
fn resolve(inputs: Inputs, world: &World, mut pick: impl FnMut(usize) -> usize) -> Result<Resolution, String> {
    let mut resolver = Resolver::new(inputs);
    let mut open = Vec::new();
    loop {
        match resolver.step() {
            Step::Need(requests) => open.extend(requests),
            Step::TooHard(why) => return Err(format!("{why:?}")),
            Step::Conflict(conflict) => return Err(told(&conflict)),
            Step::Done(resolution) => {
                let known = |edge: &Edge| resolution.packages.iter().any(|it| it.release == edge.to);
                assert!(resolution.packages.iter().flat_map(|package| &package.edges).all(known));
                return Ok(resolution);
            }
        }
        let request = open.swap_remove(pick(open.len()));
        resolver.answer(&request, world.fact(&request));
    }
}

/// One package per line with its marker, or what the conflict rests on.
fn solve(inputs: Inputs, world: &str) -> Result<String, String> {
    resolve(inputs, &World::of(world), |_| 0).map(|resolution| text(&resolution))
}

fn text(resolution: &Resolution) -> String {
    let mut out = String::new();
    for Resolved { release, marker, .. } in &resolution.packages {
        write!(out, "{}=={}", release.name, release.version).unwrap();
        if let Some(url) = &release.url {
            write!(out, " @ {url}").unwrap();
        }
        if let Some(marker) = marker.try_to_string() {
            write!(out, " ; {marker}").unwrap();
        }
        out.push('\n');
    }
    out.trim_end().to_owned()
}

fn told(conflict: &Conflict) -> String {
    let leaf = |cause: &Cause| match cause {
        Cause::Requires { from, to, wanted, .. } => format!("{from} -> {to} {wanted}"),
        Cause::NoVersions { package, range } => format!("{package} has none in {range}"),
        Cause::Unusable { package, why, .. } => format!("{package} {why}"),
        Cause::Derived { .. } => String::new(),
    };
    conflict.leaves().map(leaf).collect::<Vec<_>>().join("; ")
}
