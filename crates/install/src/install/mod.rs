//! Placing a batch of distributions from the store into an environment.
//!
//! Order, with the reason for each step: all manifests are read, so that what is missing is known before anything
//! changes; what an interrupted process left is removed; the journal is written; older installations of the same
//! names are removed; all files but `.dist-info` and scripts are linked, on several threads; files that two
//! distributions share go to the later one; scripts and `.dist-info` follow, RECORD as the last file of each
//! distribution; the journal is removed. After a failure all that this batch placed is removed again. A process that
//! is killed leaves its journal, and the next installation does the same removal first (see `journal`).

mod compile;
mod finish;
mod overlap;
mod package;
mod repair;

use crate::installed::{InstalledDist, InstalledKind, metadata_names, parse_stem};
use crate::journal::{Journal, Pending};
use crate::layout::Layout;
use crate::link::{LinkMode, Method, Placing};
use crate::manifest::{Dir, join};
use crate::parallel::{default_threads, for_each};
use crate::store::Store;
use crate::uninstall::Removal;
use crate::{Error, INSTALLER};
use overlap::Clash;
use package::{Bases, Package, load};
use pybun_model::{Emit, Event, PackageName, Phase, Sha256, Unit, Version};
pub use repair::repair;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Files that one thread links before it looks for more.
const FILES_PER_JOB: usize = 256;

/// One distribution to place.
#[derive(Clone, Debug)]
pub struct Install {
    /// Of its wheel, which must be in the store.
    pub sha256: Sha256,
    pub name: PackageName,
    pub version: Version,
    /// The user asked for it by name (REQUESTED).
    pub requested: bool,
    /// The text of `direct_url.json` (PEP 610).
    pub direct_url: Option<String>,
}

/// `Default` is what a command does that was told nothing else.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    pub threads: usize,
    pub link: LinkMode,
    /// Also write bytecode, with the environment's interpreter.
    pub compile: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { threads: default_threads(), link: LinkMode::Auto, compile: false }
    }
}

/// Places all of `installs`, replacing other installations of the same names. Where two bring the same file, that of
/// the later one stays. Returns them in their order.
pub fn install(
    store: &Store,
    layout: &Layout,
    installs: &[Install],
    options: &Options,
    emit: Emit<'_>,
) -> Result<Vec<InstalledDist>, Error> {
    let manifests = load(store, installs, options.threads)?;
    let packages = package::open(store, layout, installs, &manifests)?;
    repair(store, layout)?;
    let removals = plan_removals(layout, &packages)?;
    let pending = pending(&packages, &removals);
    let journal = Journal::begin(layout, &pending)?;
    let done = removals
        .iter()
        .try_for_each(|(_, removal)| removal.execute(layout))
        .and_then(|()| place(layout, &packages, options, emit));
    match done {
        Ok(()) => journal.finish()?,
        Err(error) => {
            // When this fails too, the journal stays for the next installation. The first error is the one to tell.
            let _ = repair(store, layout);
            return Err(error);
        }
    }
    Ok(packages.iter().map(|package| installed_dist(layout, package)).collect())
}

/// Other installations of the same names, in any state that can be removed.
fn plan_removals(layout: &Layout, packages: &[Package<'_>]) -> Result<Vec<(String, Removal)>, Error> {
    let names: BTreeMap<&str, &Package<'_>> = packages.iter().map(|package| (package.manifest.name, package)).collect();
    let mut removals = Vec::new();
    for library in layout.libraries() {
        for metadata in metadata_names(library)? {
            let (stem, kind) = match metadata.rsplit_once('.') {
                Some((stem, "dist-info")) => (stem, InstalledKind::DistInfo),
                Some((stem, _)) => (stem.find("-py").map_or(stem, |at| &stem[..at]), InstalledKind::EggInfo),
                None => continue,
            };
            let Some((name, version)) = parse_stem(stem) else { continue };
            if !names.contains_key(name.as_ref()) {
                continue;
            }
            let dist_info = library.join(&metadata);
            match Removal::plan(layout, &dist_of(name, version, dist_info.clone(), kind)) {
                Ok(removal) => removals.push((metadata, removal)),
                // Nothing says which files were its own; those that are placed now overwrite what they meet.
                Err(Error::NoRecord { subject, .. }) => {
                    removals.push((metadata, Removal::of_dist_info(subject, dist_info)))
                }
                Err(error) => return Err(error),
            }
        }
    }
    Ok(removals)
}

fn pending(packages: &[Package<'_>], removals: &[(String, Removal)]) -> Vec<Pending> {
    let placed = packages.iter().map(|package| Pending {
        dist_info: package.manifest.dist_info.to_owned(),
        wheel: Some(package.install.sha256),
    });
    let removed = removals.iter().map(|(dist_info, _)| Pending { dist_info: dist_info.clone(), wheel: None });
    removed.chain(placed).collect()
}

fn place(layout: &Layout, packages: &[Package<'_>], options: &Options, emit: Emit<'_>) -> Result<(), Error> {
    let bases = Bases::create(layout, packages)?;
    let method = Method::new(options.link);
    let clashes = link(packages, &bases, &method, options.threads)?;
    overlap::settle(layout, packages, &bases, clashes, &method, emit)?;
    let bytecode = if options.compile { compile::compile(layout, packages, options.threads)? } else { Vec::new() };
    let scripts = finish::ScriptOwners::of(layout, packages, emit);
    let done = AtomicU64::new(0);
    for_each(
        options.threads,
        packages,
        || (),
        |(), package| {
            let bytecode = bytecode.get(package.index).map_or(&[][..], |rows| rows);
            finish::finish(layout, package, &bases, &scripts, bytecode, &method)?;
            emit(Event::Progress {
                phase: Phase::Link,
                name: Some(package.subject.clone()),
                done: done.fetch_add(1, Ordering::Relaxed) + 1,
                total: Some(packages.len() as u64),
                unit: Unit::Packages,
            });
            Ok(())
        },
    )?;
    if let Some(how) = method.fallback() {
        let message = format!("files are {how} between the cache and `{}`", layout.prefix.display());
        emit(Event::Note { code: "install/link-fallback", message });
    }
    Ok(())
}

/// A part of one distribution: some directories of one group.
struct Job<'a> {
    package: usize,
    base: usize,
    prefix: &'a str,
    dirs: &'a [Dir<'a>],
}

/// Links everything but `.dist-info` and scripts; says which files were there already.
fn link(packages: &[Package<'_>], bases: &Bases, method: &Method, threads: usize) -> Result<Vec<Clash>, Error> {
    let clashes = Mutex::new(Vec::new());
    for_each(
        threads,
        &jobs(packages),
        || (),
        |(), job| {
            let package = &packages[job.package];
            for dir in job.dirs {
                let source: Cow<'_, str> =
                    if job.prefix.is_empty() { dir.path.into() } else { join(job.prefix, dir.path).into() };
                let target = bases.path(job.base).join(dir.path);
                let pair = package.open(&source, bases.root(job.base), dir.path, || target.clone())?;
                for file in &dir.files {
                    let placing = method.place(&pair, file.name, file.executable);
                    if placing.map_err(|error| package.place_error(error, target.join(file.name)))? == Placing::Exists {
                        let clash = Clash { package: job.package, base: job.base, path: join(dir.path, file.name) };
                        clashes.lock().expect("no thread panics while it holds this lock").push(clash);
                    }
                }
            }
            Ok(())
        },
    )?;
    Ok(clashes.into_inner().expect("no thread panics while it holds this lock"))
}

fn jobs<'a>(packages: &'a [Package<'a>]) -> Vec<Job<'a>> {
    let mut jobs = Vec::new();
    for package in packages {
        for (group, &base) in package.manifest.groups.iter().zip(&package.bases) {
            let mut start = 0;
            let mut files = 0;
            for (index, dir) in group.dirs.iter().enumerate() {
                files += dir.files.len();
                if files >= FILES_PER_JOB || index + 1 == group.dirs.len() {
                    let dirs = &group.dirs[start..=index];
                    jobs.push((files, Job { package: package.index, base, prefix: group.prefix, dirs }));
                    (start, files) = (index + 1, 0);
                }
            }
        }
    }
    // The largest first, so that no thread is left with much at the end.
    jobs.sort_by_key(|(files, _)| std::cmp::Reverse(*files));
    jobs.into_iter().map(|(_, job)| job).collect()
}

fn installed_dist(layout: &Layout, package: &Package<'_>) -> InstalledDist {
    let Install { sha256, name, version, requested, direct_url } = package.install;
    let dist_info = package.library(layout).join(package.manifest.dist_info);
    InstalledDist {
        installer: Some(INSTALLER.trim().to_owned()),
        requested: *requested,
        direct_url: direct_url.clone(),
        wheel: Some(*sha256),
        ..dist_of(name.clone(), version.clone(), dist_info, InstalledKind::DistInfo)
    }
}

fn dist_of(name: PackageName, version: Version, dist_info: PathBuf, kind: InstalledKind) -> InstalledDist {
    InstalledDist {
        name,
        version,
        dist_info,
        kind,
        installer: None,
        requested: false,
        direct_url: None,
        complete: true,
        wheel: None,
    }
}
