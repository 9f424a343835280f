//! The part of a lock that one interpreter on one machine needs.

use crate::Error;
use pybun_lock::{File, Lock, Package, Root, RootKind};
use pybun_model::{Distribution, ExtraName, GroupName, MarkerEnvironment, PackageName, Requirement, Tags, WheelName};
use rustc_hash::{FxHashMap, FxHashSet};
use std::str::FromStr;

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
    let mut walk = Walk { lock, target, seen: FxHashMap::default() };
    for root in selected_roots(lock, selection)? {
        for requirement in &root.requirements {
            walk.enter_requirement(requirement, &selection.extras)?;
        }
    }
    let mut seen: Vec<_> = walk.seen.into_iter().collect();
    seen.sort_by_key(|(position, _)| *position);
    seen.into_iter()
        .map(|(position, visit)| {
            let package = &lock.packages[position as usize];
            let (file, wheel) = best_file(package, target.tags)?;
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

#[derive(Default)]
struct Visit {
    requested: bool,
    /// `None` stands for the package itself.
    entered: FxHashSet<Option<ExtraName>>,
}

struct Walk<'a, 't> {
    lock: &'a Lock,
    target: Target<'t>,
    seen: FxHashMap<u32, Visit>,
}

impl Walk<'_, '_> {
    fn enter_requirement(&mut self, requirement: &Requirement, extras: &[ExtraName]) -> Result<(), Error> {
        if !requirement.evaluate_markers(self.target.markers, extras) {
            return Ok(());
        }
        let position = self.find(&requirement.name).ok_or_else(|| Error::Unresolved(requirement.to_string()))?;
        self.seen.entry(position).or_default().requested = true;
        self.enter(position, None);
        for extra in &requirement.extras {
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
                .find(|(_, package)| package.marker.evaluate(self.target.markers, &[]))
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
                if edge.because_of == extra && edge.marker.evaluate(self.target.markers, &[]) {
                    work.push((edge.package, edge.extra.clone()));
                }
            }
        }
    }
}

/// The wheel whose tags fit best (then the highest build number), else the sdist.
fn best_file<'a>(package: &'a Package, tags: &Tags) -> Result<(&'a File, Option<WheelName>), Error> {
    let wheels = package.files.iter().filter_map(|file| {
        let wheel = WheelName::from_str(&file.filename).ok()?;
        Some((tags.rank(&wheel)?, file, wheel))
    });
    let best = wheels.min_by(|(rank_a, _, a), (rank_b, _, b)| rank_a.cmp(rank_b).then_with(|| b.build.cmp(&a.build)));
    if let Some((_, file, wheel)) = best {
        return Ok((file, Some(wheel)));
    }
    let is_sdist =
        |file: &&File| matches!(Distribution::parse(&file.filename, &package.name), Ok(Distribution::Sdist(_)));
    package.files.iter().find(is_sdist).map(|file| (file, None)).ok_or_else(|| Error::NoUsableFile {
        name: package.name.clone(),
        version: package.version.clone(),
        files: package.files.iter().map(|file| file.filename.to_string()).collect(),
    })
}
