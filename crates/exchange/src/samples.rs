//! Locks for tests, from lines of text.

use pybun_lock::{Dependency, File, Inputs, Lock, Package, Root, RootKind, Source};
use pybun_model::{MarkerTree, Sha256};

/// `packages`: `name version`, then what it needs, as in `"a 1.0", &["b", "c[x] ; os_name == 'nt'", "<extra> d"]`.
/// A version of a needed package may be given as `b==2.0`.
pub(crate) fn lock(roots: &[(RootKind, &[&str])], packages: &[(&str, &[&str])]) -> Lock {
    let split = |text: &str| {
        let (name, version) = text.split_once(' ').expect("name version");
        (name.to_owned(), version.to_owned())
    };
    let names: Vec<_> = packages.iter().map(|(package, _)| split(package)).collect();
    let position = |wanted: &str| {
        let (name, version) = wanted.split_once("==").map_or((wanted, None), |(name, version)| (name, Some(version)));
        let found = names.iter().position(|(n, v)| n == name && version.is_none_or(|version| version == v));
        u32::try_from(found.unwrap_or_else(|| panic!("no {wanted}"))).unwrap()
    };
    let dependencies = |needs: &[&str]| {
        let mut out = Vec::new();
        for need in needs {
            let (need, marker) = need.split_once(" ; ").unwrap_or((need, ""));
            let marker: MarkerTree = if marker.is_empty() { MarkerTree::TRUE } else { marker.parse().unwrap() };
            let (because_of, need) = match need.strip_prefix('<').and_then(|rest| rest.split_once("> ")) {
                Some((extra, need)) => (Some(extra.parse().unwrap()), need),
                None => (None, need),
            };
            let (name, extra) = match need.trim_end_matches(']').split_once('[') {
                Some((name, extra)) => (name, Some(extra.parse().unwrap())),
                None => (need, None),
            };
            let package = position(name);
            if extra.is_some() {
                out.push(Dependency { because_of: because_of.clone(), package, extra: None, marker });
            }
            out.push(Dependency { because_of, package, extra, marker });
        }
        out
    };
    Lock {
        inputs: Inputs {
            requires_python: Some(">=3.9".parse().unwrap()),
            ..Inputs::of(
                roots
                    .iter()
                    .map(|(kind, requirements)| Root {
                        kind: kind.clone(),
                        requirements: requirements.iter().map(|text| text.parse().unwrap()).collect(),
                    })
                    .collect(),
            )
        },
        packages: packages
            .iter()
            .zip(&names)
            .map(|((_, needs), (name, version))| Package {
                name: name.parse().unwrap(),
                version: version.parse().unwrap(),
                source: Source::INDEX,
                marker: MarkerTree::TRUE,
                dependencies: dependencies(needs),
                files: vec![File {
                    filename: format!("{}-{version}-py3-none-any.whl", name.replace('-', "_")).into(),
                    sha256: Some(Sha256([7; 32])),
                    size: Some(10),
                    storage: None,
                }],
            })
            .collect(),
        forks: Vec::new(),
    }
}

pub(crate) fn extra(name: &str) -> RootKind {
    RootKind::Extra(name.parse().unwrap())
}

pub(crate) fn group(name: &str) -> RootKind {
    RootKind::Group(name.parse().unwrap())
}
