//! The part of a lock that one interpreter on one machine needs.

use crate::Error;
use crate::error::NoUsableFile;
use pybun_lock::{File, Lock, Package, Root, RootKind, Source};
use pybun_model::{Distribution, ExtraName, GroupName, MarkerEnvironment, PackageName, Requirement, Tags, WheelName};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::{BTreeMap, VecDeque};
use std::str::FromStr;
use std::sync::LazyLock;

/// Where things are to run.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    pub markers: &'a MarkerEnvironment,
    pub tags: &'a Tags,
}

/// Which roots of the lock are wanted.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    pub without_project: bool,
    pub extras: Vec<ExtraName>,
    pub groups: Vec<GroupName>,
}

/// A package with the file to install it from.
#[derive(Clone, Debug)]
pub struct Chosen<'a> {
    pub package: &'a Package,
    pub file: &'a File,
    /// `None` for an sdist, which has to be built first.
    pub wheel: Option<WheelName>,
    /// Asked for by name, and not only needed by something else.
    pub requested: bool,
}

/// Walks from the selected roots along the edges whose markers hold, and picks the best file of each package.
/// The result is by name.
pub fn select<'a>(lock: &'a Lock, target: Target, selection: &Selection) -> Result<Vec<Chosen<'a>>, Error> {
    let python = &target.markers.python_full_version().version;
    if let Some(wanted) = lock.inputs.requires_python.as_ref().filter(|wanted| !wanted.contains(&python.only_release()))
    {
        return Err(Error::OtherPython { wanted: wanted.clone(), found: python.clone() });
    }
    let limits = &lock.inputs.environments;
    if !limits.is_empty() && !limits.iter().any(|limit| limit.evaluate(target.markers, &[])) {
        return Err(Error::OtherEnvironment(limits.iter().filter_map(|limit| limit.try_to_string()).collect()));
    }
    let roots = selected_roots(lock, selection)?;
    let active = active(lock, &roots)?;
    let mut walk = Walk { lock, target, active, seen: FxHashMap::default() };
    for root in roots {
        for requirement in &root.requirements {
            walk.enter_requirement(requirement, &selection.extras)?;
        }
    }
    let mut seen: Vec<_> = walk.seen.into_iter().collect();
    seen.sort_by_key(|(position, _)| *position);
    seen.into_iter()
        .map(|(position, visit)| {
            let package = &lock.packages[position as usize];
            let (file, wheel) = best_file(package, target.tags).ok_or_else(|| no_file(lock, position, target.tags))?;
            Ok(Chosen { package, file, wheel, requested: visit.requested })
        })
        .collect()
}

fn selected_roots<'a>(lock: &'a Lock, selection: &Selection) -> Result<Vec<&'a Root>, Error> {
    let find = |kind: &RootKind| lock.inputs.roots.iter().find(|root| root.kind == *kind);
    let mut roots = Vec::new();
    if !selection.without_project {
        roots.extend(find(&RootKind::Project));
    }
    for extra in &selection.extras {
        let root = find(&RootKind::Extra(extra.clone()));
        roots.push(root.ok_or_else(|| Error::UnknownExtra(extra.to_string()))?);
    }
    for group in &selection.groups {
        let root = find(&RootKind::Group(group.clone()));
        roots.push(root.ok_or_else(|| Error::UnknownGroup(group.to_string()))?);
    }
    Ok(roots)
}

/// What stands in markers for the chosen roots, of which no two may be in conflict.
fn active(lock: &Lock, roots: &[&Root]) -> Result<Vec<ExtraName>, Error> {
    let chosen = |kind: &&RootKind| roots.iter().any(|root| root.kind == **kind);
    for conflict in &lock.inputs.conflicts {
        if let [one, other, ..] = conflict.iter().filter(chosen).collect::<Vec<_>>()[..] {
            return Err(Error::Conflicting(one.to_string(), other.to_string()));
        }
    }
    Ok(roots.iter().filter_map(|root| root.kind.marker_name()).collect())
}

#[derive(Default)]
struct Visit {
    requested: bool,
    /// `None` stands for the package itself.
    entered: FxHashSet<Option<ExtraName>>,
}

struct Walk<'a, 't> {
    lock: &'a Lock,
    target: Target<'t>,
    active: Vec<ExtraName>,
    seen: FxHashMap<u32, Visit>,
}

impl Walk<'_, '_> {
    fn enter_requirement(&mut self, requirement: &Requirement, extras: &[ExtraName]) -> Result<(), Error> {
        let inputs = &self.lock.inputs;
        let overrides: Vec<&Requirement> = inputs.overrides.iter().filter(|o| o.name == requirement.name).collect();
        let stated = if overrides.is_empty() { vec![requirement] } else { overrides };
        let holds = |one: &&Requirement| one.evaluate_markers(self.target.markers, extras);
        let stated: Vec<&Requirement> = stated.into_iter().filter(holds).collect();
        if stated.is_empty() || inputs.excludes.contains(&requirement.name) {
            return Ok(());
        }
        let position = self.find(&requirement.name).ok_or_else(|| Error::Unresolved(requirement.to_string()))?;
        self.seen.entry(position).or_default().requested = true;
        self.enter(position, None);
        for extra in requirement.extras.iter().chain(stated.iter().flat_map(|one| &one.extras)) {
            self.enter(position, Some(extra));
        }
        Ok(())
    }

    /// The one package of this name whose marker holds here.
    fn find(&self, name: &PackageName) -> Option<u32> {
        let packages = &self.lock.packages;
        let start = packages.partition_point(|package| package.name < *name);
        let of_name = packages[start..].iter().take_while(|package| package.name == *name);
        let candidates: Vec<_> = (start as u32..).zip(of_name).collect();
        match candidates[..] {
            [(only, _)] => Some(only),
            _ => candidates
                .iter()
                .find(|(_, package)| package.marker.evaluate(self.target.markers, &self.active))
                .map(|(position, _)| *position),
        }
    }

    fn enter(&mut self, position: u32, extra: Option<&ExtraName>) {
        let mut work = vec![(position, extra.cloned())];
        while let Some((position, extra)) = work.pop() {
            let visit = self.seen.entry(position).or_default();
            if !visit.entered.insert(extra.clone()) {
                continue;
            }
            if extra.is_some() {
                work.push((position, None));
            }
            for edge in &self.lock.packages[position as usize].dependencies {
                if edge.because_of == extra && edge.marker.evaluate(self.target.markers, &self.active) {
                    work.push((edge.package, edge.extra.clone()));
                }
            }
        }
    }
}

/// Stands where a package has no file.
static TREE: LazyLock<File> = LazyLock::new(|| File { filename: "".into(), sha256: None, size: None, storage: None });

/// The wheel whose tags fit best (then the highest build number), else the sdist.
fn best_file<'a>(package: &'a Package, tags: &Tags) -> Option<(&'a File, Option<WheelName>)> {
    match &package.source {
        // A tree has no file, and is built wherever it is needed.
        Source::Git { .. } | Source::Directory { .. } => return Some((&TREE, None)),
        Source::Index { .. } | Source::Url(_) | Source::Path(_) => {}
    }
    let wheels = package.files.iter().filter_map(|file| {
        // Most do not fit, which the end of their names tells.
        let rank = tags.rank_of_file(&file.filename)?;
        Some((rank, file, WheelName::from_str(&file.filename).ok()?))
    });
    let best = wheels.min_by(|(rank_a, _, a), (rank_b, _, b)| rank_a.cmp(rank_b).then_with(|| b.build.cmp(&a.build)));
    if let Some((_, file, wheel)) = best {
        return Some((file, Some(wheel)));
    }
    let is_sdist =
        |file: &&File| matches!(Distribution::parse(&file.filename, &package.name), Ok(Distribution::Sdist(_)));
    package.files.iter().find(is_sdist).map(|file| (file, None))
}

fn no_file(lock: &Lock, position: u32, tags: &Tags) -> Error {
    let package = &lock.packages[position as usize];
    Error::NoUsableFile(Box::new(NoUsableFile {
        name: package.name.clone(),
        version: package.version.clone(),
        files: package.files.iter().map(|file| file.filename.to_string()).collect(),
        fits: tags.best().unwrap_or_default(),
        required_by: required_by(lock, position),
    }))
}

pub(crate) const PROJECT: &str = "your project";

/// Who leads to a package: one of the shortest ways from the project's own lists.
fn required_by(lock: &Lock, position: u32) -> Vec<String> {
    let mut met: BTreeMap<u32, (Option<u32>, String)> = BTreeMap::new();
    let mut queue = VecDeque::new();
    for root in &lock.inputs.roots {
        let list = match &root.kind {
            RootKind::Project => PROJECT.to_owned(),
            RootKind::Extra(name) => format!("your extra `{name}`"),
            RootKind::Group(name) => format!("your group `{name}`"),
        };
        for (place, package) in (0_u32..).zip(&lock.packages) {
            let asked = root.requirements.iter().any(|requirement| requirement.name == package.name);
            if asked && !met.contains_key(&place) {
                met.insert(place, (None, list.clone()));
                queue.push_back(place);
            }
        }
    }
    while let Some(place) = queue.pop_front() {
        let package = &lock.packages[place as usize];
        for dependency in &package.dependencies {
            met.entry(dependency.package).or_insert_with(|| {
                queue.push_back(dependency.package);
                (Some(place), format!("{} {}", package.name, package.version))
            });
        }
    }
    let mut chain = Vec::new();
    let mut at = Some(position);
    while let Some((by, text)) = at.and_then(|place| met.get(&place)) {
        chain.push(text.clone());
        at = *by;
    }
    chain.reverse();
    chain
}

#[cfg(test)]
mod tests {
    use super::*;
    use pybun_lock::{Inputs, Source};
    use pybun_model::{Architecture, Libc, MarkerTree, Platform, PythonTag};

    fn extra(name: &str) -> RootKind {
        RootKind::Extra(name.parse().unwrap())
    }

    fn package(name: &str, version: &str, marker: &str) -> Package {
        Package {
            name: name.parse().unwrap(),
            version: version.parse().unwrap(),
            source: Source::INDEX,
            marker: if marker.is_empty() { MarkerTree::TRUE } else { marker.parse().unwrap() },
            dependencies: Vec::new(),
            files: vec![File {
                filename: format!("{name}-{version}-py3-none-any.whl").into(),
                sha256: None,
                size: None,
                storage: None,
            }],
        }
    }

    fn lock(roots: &[(RootKind, &str)], packages: Vec<Package>) -> Lock {
        let root = |(kind, requirement): &(RootKind, &str)| Root {
            kind: kind.clone(),
            requirements: vec![requirement.parse().unwrap()],
        };
        Lock { inputs: Inputs::of(roots.iter().map(root).collect()), packages, forks: Vec::new() }
    }

    fn selected(lock: &Lock, extras: &[&str]) -> Result<Vec<String>, Error> {
        let markers = serde_json::from_value(serde_json::json!({
            "implementation_name": "cpython", "implementation_version": "3.11.7", "os_name": "posix",
            "platform_machine": "x86_64", "platform_python_implementation": "CPython", "platform_release": "6",
            "platform_system": "Linux", "platform_version": "1", "python_full_version": "3.11.7",
            "python_version": "3.11", "sys_platform": "linux",
        }));
        let python = PythonTag { implementation: "cp".into(), major: 3, minor: 11, free_threaded: false };
        let libc = Libc::Glibc { major: 2, minor: 36 };
        let tags = Tags::new(&python, &Platform::Linux { architecture: Architecture::X86_64, libc });
        let extras = extras.iter().map(|name| name.parse().unwrap()).collect();
        let selection = Selection { extras, ..Selection::default() };
        let chosen = select(lock, Target { markers: &markers.unwrap(), tags: &tags }, &selection)?;
        Ok(chosen.iter().map(|chosen| format!("{}=={}", chosen.package.name, chosen.package.version)).collect())
    }

    #[test]
    fn what_is_chosen_tells_conflicting_extras_apart() {
        let roots = [(RootKind::Project, "top"), (extra("old"), "lib<2"), (extra("new"), "lib>=2")];
        let packages = vec![
            package("lib", "1", "extra == 'pybun-extra-old'"),
            package("lib", "2", "extra == 'pybun-extra-new'"),
            package("top", "1", ""),
        ];
        let mut lock = lock(&roots, packages);
        lock.inputs.conflicts = vec![vec![extra("new"), extra("old")]];
        assert_eq!(selected(&lock, &[]).unwrap(), ["top==1"]);
        assert_eq!(selected(&lock, &["old"]).unwrap(), ["lib==1", "top==1"]);
        assert_eq!(selected(&lock, &["new"]).unwrap(), ["lib==2", "top==1"]);
        assert!(matches!(selected(&lock, &["new", "old"]), Err(Error::Conflicting(..))));
    }

    #[test]
    fn a_missing_wheel_says_what_there_is_and_who_asked() {
        let mut lock = lock(&[(RootKind::Project, "top")], vec![package("lib", "2", ""), package("top", "1", "")]);
        lock.packages[0].files[0].filename = "lib-2-cp39-cp39-win_arm64.whl".into();
        lock.packages[1].dependencies =
            vec![pybun_lock::Dependency { because_of: None, package: 0, extra: None, marker: MarkerTree::TRUE }];
        let problem = pybun_model::Problem::from(&selected(&lock, &[]).unwrap_err());
        let lines: Vec<&str> = problem.message.lines().collect();
        assert_eq!(
            lines,
            [
                "lib 2 has neither a wheel for this Python and platform nor an sdist",
                "  there are wheels for cp39-cp39-win_arm64; here it would be cp311-cp311-manylinux_2_36_x86_64 or similar",
                "  asked for by: your project -> top 1 -> lib 2",
            ]
        );
    }

    #[test]
    fn excludes_and_overrides_count_for_what_you_name_too() {
        let mut lock = lock(&[(RootKind::Project, "lib>7"), (extra("x"), "gone")], vec![package("lib", "1", "")]);
        lock.inputs.overrides = vec!["lib<2 ; sys_platform == 'linux'".parse().unwrap()];
        lock.inputs.excludes = vec!["gone".parse().unwrap()];
        assert_eq!(selected(&lock, &["x"]).unwrap(), ["lib==1"]);
        lock.inputs.overrides = vec!["lib<2 ; sys_platform == 'win32'".parse().unwrap()];
        assert!(selected(&lock, &["x"]).unwrap().is_empty());
    }

    #[test]
    fn a_lock_for_other_environments_is_not_used() {
        let mut lock = lock(&[(RootKind::Project, "a")], vec![package("a", "1", "")]);
        lock.inputs.environments = vec!["sys_platform == 'win32'".parse().unwrap()];
        assert!(matches!(selected(&lock, &[]), Err(Error::OtherEnvironment(_))));
        lock.inputs.environments.push("sys_platform == 'linux'".parse().unwrap());
        assert_eq!(selected(&lock, &[]).unwrap(), ["a==1"]);
    }
}
