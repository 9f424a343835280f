//! What a lock holds against what an index offers.

use pybun_lock::{Lock, Prereleases, RootKind, Source};
use pybun_model::{
    PackageName, ProjectPage, Requirement, Version, VersionOrUrl, VersionSpecifiers, lenient_requires_python,
};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// One project of which there is something newer than what is locked.
#[derive(Clone, Debug)]
pub struct Outdated {
    pub name: PackageName,
    /// What is locked: several where the lock is split.
    pub current: Vec<Version>,
    /// What a resolution that keeps nothing comes to; empty when the project is no longer needed.
    pub in_range: Vec<Version>,
    /// The newest that the index offers.
    pub newest: Version,
    /// The roots that require it themselves.
    pub required_by: Vec<RootKind>,
    /// Why a locked version was withdrawn, where it was.
    pub yanked: Option<String>,
    /// `archived`, `quarantined` or `deprecated` (PEP 792).
    pub status: Option<String>,
    /// What keeps `newest` out.
    pub held_back: Vec<Holder>,
}

/// A requirement that does not admit the newest version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    Root {
        kind: RootKind,
        requirement: String,
    },
    Package {
        name: PackageName,
        version: Version,
        requirement: String,
    },
    Constraint {
        requirement: String,
    },
    Override {
        requirement: String,
    },
    /// The newest version is for other Pythons than the project.
    Python {
        wanted: String,
        project: String,
    },
}

/// Project pages by name.
pub type Pages = FxHashMap<PackageName, Arc<ProjectPage>>;

/// `old` is the lock as it is, `new` the one that keeps no version; both are from the same inputs. The rows are by name.
pub fn outdated(old: &Lock, new: &Lock, pages: &Pages) -> Vec<Outdated> {
    let mut rows = Vec::new();
    for (name, current) in versions_by_name(old) {
        let Some(page) = pages.get(&name) else { continue };
        let pre = old.inputs.prereleases == Prereleases::Allow || current.iter().any(Version::any_prerelease);
        let Some(newest) = newest(page, pre) else { continue };
        let in_range: Vec<Version> = versions_of(new, &name);
        let yanked = current.iter().find_map(|version| withdrawn(page, version));
        let status = page.status.as_deref().filter(|status| *status != "active").map(str::to_owned);
        let behind = lag(&current, &newest) || in_range != current && !in_range.is_empty();
        if !behind && yanked.is_none() && status.is_none() {
            continue;
        }
        let mut held_back = Vec::new();
        if lag(&in_range, &newest) {
            held_by_inputs(new, &name, &newest, &mut held_back);
            held_by_python(new, page, &newest, &mut held_back);
        }
        let required_by = old.inputs.roots.iter().filter(|root| root.requirements.iter().any(|one| one.name == name));
        let required_by = required_by.map(|root| root.kind.clone()).collect();
        rows.push(Outdated { name, current, in_range, newest, required_by, yanked, status, held_back });
    }
    rows
}

/// The packages whose own requirements decide whether a row is held back; their metadata is asked for.
pub fn deciders(rows: &[Outdated], new: &Lock) -> Vec<u32> {
    let held = |position: u32| {
        let target = &new.packages[position as usize];
        rows.iter().any(|row| row.name == target.name && lag(&row.in_range, &row.newest))
    };
    (0_u32..)
        .zip(&new.packages)
        .filter(|(_, package)| package.dependencies.iter().any(|edge| held(edge.package)))
        .map(|(position, _)| position)
        .collect()
}

/// Adds what a package's own requirements keep out.
pub fn held_by_package(rows: &mut [Outdated], new: &Lock, package: u32, requires: &[Requirement]) {
    let from = &new.packages[package as usize];
    for row in rows {
        let needed = from.dependencies.iter().any(|edge| new.packages[edge.package as usize].name == row.name);
        let overridden = new.inputs.overrides.iter().any(|one| one.name == row.name);
        if !needed || overridden || !lag(&row.in_range, &row.newest) {
            continue;
        }
        for requirement in requires.iter().filter(|one| one.name == row.name && !admits(one, &row.newest)) {
            row.held_back.push(Holder::Package {
                name: from.name.clone(),
                version: from.version.clone(),
                requirement: requirement.to_string(),
            });
        }
    }
}

/// A split lock that has the newest where that can be used is not behind.
fn lag(versions: &[Version], newest: &Version) -> bool {
    !versions.is_empty() && versions.iter().all(|version| version < newest)
}

fn held_by_inputs(new: &Lock, name: &PackageName, newest: &Version, out: &mut Vec<Holder>) {
    let keeps_out = |one: &&Requirement| one.name == *name && !admits(one, newest);
    let overrides: Vec<_> = new.inputs.overrides.iter().filter(|one| one.name == *name).collect();
    if overrides.is_empty() {
        for root in &new.inputs.roots {
            out.extend(
                root.requirements
                    .iter()
                    .filter(keeps_out)
                    .map(|one| Holder::Root { kind: root.kind.clone(), requirement: one.to_string() }),
            );
        }
    }
    let constraints = new.inputs.constraints.iter().filter(keeps_out);
    out.extend(constraints.map(|one| Holder::Constraint { requirement: one.to_string() }));
    let overrides = overrides.into_iter().filter(keeps_out);
    out.extend(overrides.map(|one| Holder::Override { requirement: one.to_string() }));
}

/// A version that some Python of the project cannot use is no reason for another where the lock may be split; where
/// every file wants more than the project's oldest Python, it is.
fn held_by_python(new: &Lock, page: &ProjectPage, newest: &Version, out: &mut Vec<Holder>) {
    let Some(project) = &new.inputs.requires_python else { return };
    let Some(oldest) = oldest(project) else { return };
    let mut wanted = page
        .files
        .iter()
        .filter(|file| file.distribution.version() == newest && !file.yanked.is_yanked())
        .map(|file| file.requires_python.as_deref());
    let first = wanted.next().flatten();
    let all_refuse = |text: Option<&str>| {
        text.and_then(lenient_requires_python).is_some_and(|specifiers| !specifiers.contains(&oldest))
    };
    if let Some(text) = first
        && all_refuse(Some(text))
        && wanted.all(all_refuse)
    {
        out.push(Holder::Python { wanted: text.to_owned(), project: project.to_string() });
    }
}

fn oldest(specifiers: &VersionSpecifiers) -> Option<Version> {
    use pybun_model::Operator;
    let bounds = specifiers.iter().filter(|one| {
        matches!(
            one.operator(),
            Operator::GreaterThanEqual | Operator::TildeEqual | Operator::Equal | Operator::EqualStar
        )
    });
    bounds.map(|one| one.version().clone()).max()
}

fn admits(requirement: &Requirement, version: &Version) -> bool {
    match &requirement.version_or_url {
        Some(VersionOrUrl::VersionSpecifier(specifiers)) => specifiers.contains(version),
        Some(VersionOrUrl::Url(_)) => false,
        None => true,
    }
}

/// The newest version with a file that was not withdrawn.
fn newest(page: &ProjectPage, prereleases: bool) -> Option<Version> {
    let offered = || page.files.iter().filter(|file| !file.yanked.is_yanked()).map(|file| file.distribution.version());
    let stable = offered().filter(|version| prereleases || !version.any_prerelease()).max();
    // A project that only has pre-releases has no other newest.
    stable.or_else(|| offered().max()).cloned()
}

/// Why every file of a version was withdrawn, where all were.
fn withdrawn(page: &ProjectPage, version: &Version) -> Option<String> {
    use pybun_model::Yanked;
    let mut reason = None;
    for file in page.files.iter().filter(|file| file.distribution.version() == version) {
        match &file.yanked {
            Yanked::No => return None,
            Yanked::Yes(why) => reason = Some(why.as_deref().unwrap_or("").to_owned()),
        }
    }
    reason
}

/// What comes from an index, by name. Versions are ascending.
fn versions_by_name(lock: &Lock) -> Vec<(PackageName, Vec<Version>)> {
    let mut out: Vec<(PackageName, Vec<Version>)> = Vec::new();
    for package in lock.packages.iter().filter(|package| matches!(package.source, Source::Index { .. })) {
        match out.last_mut() {
            Some((name, versions)) if *name == package.name => versions.push(package.version.clone()),
            _ => out.push((package.name.clone(), vec![package.version.clone()])),
        }
    }
    out
}

fn versions_of(lock: &Lock, name: &PackageName) -> Vec<Version> {
    let of_name = lock.packages.iter().filter(|package| package.name == *name);
    of_name.map(|package| package.version.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::lock;

    fn pages(of: &[(&str, &[&str])]) -> Pages {
        let page = |name: &str, files: &[&str]| {
            let files: Vec<String> = files
                .iter()
                .map(|text| {
                    let (version, rest) = text.split_once(' ').unwrap_or((text, ""));
                    let yanked = if rest == "yanked" { r#","yanked":"broken""# } else { "" };
                    let python = rest.strip_prefix("python").map(|of| format!(r#","requires-python":"{}""#, of.trim()));
                    let python = python.unwrap_or_default();
                    let url = format!("{name}-{version}-py3-none-any.whl");
                    format!(r#"{{"filename":"{url}","url":"{url}","hashes":{{}}{yanked}{python}}}"#)
                })
                .collect();
            let json = format!(r#"{{"meta":{{"api-version":"1.0"}},"name":"{name}","files":[{}]}}"#, files.join(","));
            let name = name.parse().unwrap();
            ProjectPage::from_json(&name, json.as_bytes(), &"https://x/simple/".parse().unwrap()).unwrap()
        };
        of.iter().map(|(name, files)| (name.parse().unwrap(), Arc::new(page(name, files)))).collect()
    }

    fn row(row: &Outdated) -> String {
        let texts = |versions: &[Version]| versions.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let yanked = row.yanked.as_ref().map(|why| format!(" yanked={why}")).unwrap_or_default();
        let (current, in_range) = (texts(&row.current), texts(&row.in_range));
        format!("{} {current} -> {in_range} ({}){yanked} {:?}", row.name, row.newest, row.held_back)
    }

    #[test]
    fn pre_releases_and_withdrawn_versions_are_not_the_newest() {
        let old = lock(&[(RootKind::Project, &["a", "b", "c"])], &[("a 1", &[]), ("b 1rc1", &[]), ("c 1", &[])]);
        let new = lock(&[(RootKind::Project, &["a", "b", "c"])], &[("a 2", &[]), ("b 1rc2", &[]), ("c 1", &[])]);
        let pages = pages(&[("a", &["1", "2", "3a1", "4 yanked"]), ("b", &["1rc1", "1rc2"]), ("c", &["1"])]);
        let rows = outdated(&old, &new, &pages);
        assert_eq!(rows.iter().map(row).collect::<Vec<_>>(), ["a 1 -> 2 (2) []", "b 1rc1 -> 1rc2 (1rc2) []"]);
    }

    #[test]
    fn what_keeps_the_newest_out_is_named() {
        let roots: &[(RootKind, &[&str])] = &[(RootKind::Project, &["a<2", "d"])];
        let old = lock(roots, &[("a 1", &[]), ("b 1", &[]), ("d 1", &["b"])]);
        let pages = pages(&[("a", &["1", "2"]), ("b", &["1", "2"]), ("d", &["1", "2 python >=3.12"])]);
        let mut rows = outdated(&old, &old, &pages);
        assert_eq!(deciders(&rows, &old), [2]);
        held_by_package(&mut rows, &old, 2, &["b<2".parse().unwrap(), "a<2".parse().unwrap()]);
        assert_eq!(
            rows.iter().map(row).collect::<Vec<_>>(),
            [
                "a 1 -> 1 (2) [Root { kind: Project, requirement: \"a<2\" }]",
                "b 1 -> 1 (2) [Package { name: PackageName(\"d\"), version: \"1\", requirement: \"b<2\" }]",
                "d 1 -> 1 (2) [Python { wanted: \">=3.12\", project: \">=3.9\" }]",
            ]
        );
    }

    #[test]
    fn a_locked_version_that_was_withdrawn_is_told_though_it_is_the_newest() {
        let old = lock(&[(RootKind::Project, &["a"])], &[("a 2", &[])]);
        let new = lock(&[(RootKind::Project, &["a"])], &[("a 1", &[])]);
        let rows = outdated(&old, &new, &pages(&[("a", &["1", "2 yanked"])]));
        assert_eq!(rows.iter().map(row).collect::<Vec<_>>(), ["a 2 -> 1 (1) yanked=broken []"]);
    }
}
