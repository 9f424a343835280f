//! Placing a batch of distributions from the store into an environment.
//!
//! Order, with the reason for each step: all manifests are read, so that what is missing is known before anything
//! changes; what an interrupted process left is removed; the journal is written; older installations of the same
//! names are removed; all files but `.dist-info` and scripts are linked, on several threads; files that two
//! distributions share go to the later one; scripts and `.dist-info` follow, RECORD as the last file of each
//! distribution; the journal is removed. After a failure all that this batch placed is removed again. A process that
//! is killed leaves its journal, and the next installation does the same removal first (see `journal`).

mod finish;
mod linked;
mod overlap;
mod package;
mod repair;

use crate::bytecode::{self, Bytecode};
use crate::error::io_error;
use crate::guard::Guard;
use crate::installed::{InstalledDist, InstalledKind, installed, metadata_names, parse_stem};
use crate::journal::{Journal, Pending};
use crate::layout::Layout;
use crate::link::{LinkMode, Method, Placing, Way};
use crate::manifest::{Folder, Name, Names, Part, join};
use crate::parallel::{for_each, for_each_apart, io_threads};
use crate::store::Store;
use crate::tree_links::Looked;
use crate::uninstall::Removal;
use crate::{Error, INSTALLER, tree_links, usage};
use linked::Linked;
use overlap::Clash;
use package::{Bases, Package};
use pybun_model::{Emit, Event, PackageName, Phase, Sha256, Unit, Version};
pub use repair::repair;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Files that one thread links before it looks for more.
const FILES_PER_JOB: usize = 128;

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
    /// Also link bytecode, made with the environment's interpreter where the store has none.
    pub compile: bool,
    /// Compare what the store holds with its hashes before it is linked.
    pub verify: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { threads: io_threads(), link: LinkMode::Auto, compile: false, verify: false }
    }
}

/// What is to become of an environment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Change<'a> {
    pub remove: &'a [InstalledDist],
    pub install: &'a [Install],
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
    change(store, layout, &Change { remove: &[], install: installs }, options, emit)
}

/// The same after taking distributions away, as one step that is done or undone. Waits for other processes that change
/// the same environment.
pub fn change(
    store: &Store,
    layout: &Layout,
    change: &Change<'_>,
    options: &Options,
    emit: Emit<'_>,
) -> Result<Vec<InstalledDist>, Error> {
    let installs = change.install;
    let room = package::room(installs);
    let part = if options.link == LinkMode::Tree { Part::Outline } else { Part::Names };
    let packages = package::open(store, layout, installs, (&room, part), options.threads)?;
    if options.verify {
        verify(store, &packages, options.threads)?;
    }
    let _guard = Guard::acquire(layout)?;
    repair::mend(store, layout)?;
    let ways = ways(layout, change, &packages)?;
    let mut installs = ways.again;
    if !installs.is_empty() {
        // A directory that is linked as a whole becomes a real one: who fills it is placed again with the new ones.
        let again = installs.len();
        installs.extend_from_slice(change.install);
        let room = package::room(&installs);
        let packages = package::open(store, layout, &installs, (&room, part), options.threads)?;
        let mut all = apply(store, layout, change.remove, (&packages, &ways.orphans), options, emit)?;
        return Ok(all.split_off(again));
    }
    apply(store, layout, change.remove, (&packages, &ways.orphans), options, emit)
}

fn apply(
    store: &Store,
    layout: &Layout,
    remove: &[InstalledDist],
    (packages, orphans): (&[Package<'_>], &[PathBuf]),
    options: &Options,
    emit: Emit<'_>,
) -> Result<Vec<InstalledDist>, Error> {
    let mut removals = plan_removals(layout, packages)?;
    for dist in remove {
        let name = dist.dist_info.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if removals.iter().all(|(other, _)| *other != name) && dist.dist_info.exists() {
            removals.push((name, Removal::plan(layout, dist)?));
        }
    }
    let pending = pending(packages, &removals);
    let journal = Journal::begin(layout, &pending)?;
    let done = removals
        .iter()
        .try_for_each(|(_, removal)| removal.execute(layout))
        .and_then(|()| remove_links(orphans))
        .and_then(|()| place(store, layout, packages, options, emit));
    match done {
        Ok(()) => journal.finish()?,
        Err(error) => {
            // When this fails too, the journal stays for the next installation. The first error is the one to tell.
            let _ = repair::mend(store, layout);
            return Err(error);
        }
    }
    Ok(packages.iter().map(|package| installed_dist(layout, package)).collect())
}

/// Links of an environment that a change would run into.
#[derive(Default)]
struct Ways {
    /// Of distributions that stay: they are placed again.
    again: Vec<Install>,
    /// Of none that is installed.
    orphans: Vec<PathBuf>,
}

fn ways(layout: &Layout, change: &Change<'_>, packages: &[Package<'_>]) -> Result<Ways, Error> {
    let mut ways = Ways::default();
    if packages.is_empty() || !tree_links::has_any(layout) {
        return Ok(ways);
    }
    let mut found = BTreeMap::new();
    let mut looked = Looked::default();
    for package in packages {
        tree_links::in_the_way(layout, &package.outline, &mut looked, &mut found);
    }
    if found.is_empty() {
        return Ok(ways);
    }
    let installed = installed(layout)?;
    for (link, wheel) in found {
        let owner = installed.iter().find(|dist| dist.wheel == Some(wheel));
        match owner {
            None => ways.orphans.push(link),
            Some(dist) => {
                let leaves = change.remove.iter().any(|other| other.dist_info == dist.dist_info)
                    || packages.iter().any(|package| package.install.name == dist.name);
                if !leaves && ways.again.iter().all(|other| other.name != dist.name) {
                    ways.again.push(Install {
                        sha256: wheel,
                        name: dist.name.clone(),
                        version: dist.version.clone(),
                        requested: dist.requested,
                        direct_url: dist.direct_url.clone(),
                    });
                }
            }
        }
    }
    Ok(ways)
}

fn remove_links(links: &[PathBuf]) -> Result<(), Error> {
    links.iter().try_for_each(|link| tree_links::remove(link).map_err(io_error("remove", link)))
}

/// Every file of the packages against its digest.
fn verify(store: &Store, packages: &[Package<'_>], threads: usize) -> Result<(), Error> {
    for_each(
        threads,
        packages,
        || (),
        |(), package| {
            let sha256 = &package.install.sha256;
            let damages = store.verify_files(sha256)?;
            let Some(damage) = damages.first() else {
                return if store.verify_trees(sha256)?.is_empty() { Ok(()) } else { store.mend(sha256).map(drop) };
            };
            let why = format!("`{}` is {}", damage.path, damage.kind.as_str());
            Err(Error::StoreDamaged { subject: package.subject.clone(), sha256: package.install.sha256, why })
        },
    )
}

/// Other installations of the same names, in any state that can be removed.
fn plan_removals(layout: &Layout, packages: &[Package<'_>]) -> Result<Vec<(String, Removal)>, Error> {
    let names: BTreeMap<&str, &Package<'_>> = packages.iter().map(|package| (package.outline.name, package)).collect();
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
                Err(Error::NoRecord { subject, .. } | Error::BadRecord { subject, .. }) => {
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
        dist_info: package.outline.dist_info.to_owned(),
        wheel: Some(package.install.sha256),
    });
    let removed = removals.iter().map(|(dist_info, _)| Pending { dist_info: dist_info.clone(), wheel: None });
    removed.chain(placed).collect()
}

fn place(
    store: &Store,
    layout: &Layout,
    packages: &[Package<'_>],
    options: &Options,
    emit: Emit<'_>,
) -> Result<(), Error> {
    let bases = Bases::create(layout, packages)?;
    let method =
        Method::new(if layout.is_plain() && options.link == LinkMode::Tree { LinkMode::Auto } else { options.link });
    let linked = linked::link(store, layout, packages, &bases, (&method, options.threads))?;
    let clashes = link(packages, &bases, &linked, &method, options.threads)?;
    overlap::settle(layout, packages, &bases, clashes, &method, emit)?;
    let bytecode = compile(store, layout, packages, (&bases, &linked), (&method, options))?;
    let scripts = finish::ScriptOwners::of(layout, packages, emit);
    let done = AtomicU64::new(0);
    for_each(options.threads, packages, String::new, |record, package| {
        let bytecode = bytecode.get(package.index);
        finish::finish(layout, package, &bases, &scripts, (bytecode, &linked), (&method, record))?;
        emit(Event::Progress {
            phase: Phase::Link,
            name: Some(package.subject.clone()),
            done: done.fetch_add(1, Ordering::Relaxed) + 1,
            total: Some(packages.len() as u64),
            unit: Unit::Packages,
        });
        Ok(())
    })?;
    if method.way() != Way::Hardlink || cfg!(not(unix)) {
        usage::note(store, layout)?;
    }
    if let Some(how) = method.fallback() {
        let message = format!("files are {how} between the cache and `{}`", layout.prefix.display());
        emit(Event::Note { code: "install/link-fallback", message });
    }
    Ok(())
}

/// Links the bytecode of all packages, which is made where the store has none yet. What is in the place of a compiled
/// file belongs to another source, or is the same.
fn compile(
    store: &Store,
    layout: &Layout,
    packages: &[Package<'_>],
    (bases, linked): (&Bases, &Linked),
    (method, options): (&Method, &Options),
) -> Result<Vec<Bytecode>, Error> {
    if !options.compile {
        return Ok(Vec::new());
    }
    let wheels = packages.iter().map(|package| Ok((package.install.sha256, package.whole()?)));
    let wheels = wheels.collect::<Result<Vec<_>, Error>>()?;
    let all = bytecode::ensure(store, &layout.python, &wheels, options.threads)?;
    let dirs = packages.iter().flat_map(|package| all[package.index].dirs.iter().map(move |dir| (package, dir)));
    let dirs: Vec<_> = dirs.filter(|(package, dir)| !linked.covers(package, dir.group, &dir.path)).collect();
    for_each(
        options.threads.min(dirs.len() / 32 + 1),
        &dirs,
        || (),
        |(), (package, dir)| {
            let (group, base) = (&package.outline.groups[dir.group], package.bases[dir.group]);
            let path = join(&dir.path, "__pycache__");
            let target = bases.path(base).join(&path);
            let pair = package.open(&join(group.prefix, &path), bases.root(base), &path, || target.clone())?;
            for file in &dir.files {
                let placed = match method.place(&pair, &file.name, false) {
                    Ok(Placing::Exists) => method.replace(&pair, &file.name, false),
                    other => other.map(drop),
                };
                placed.map_err(|error| package.place_error(error, target.join(&file.name)))?;
            }
            Ok(())
        },
    )?;
    Ok(all)
}

/// A part of one distribution: some directories of one group.
struct Job<'a> {
    package: usize,
    base: usize,
    prefix: &'a str,
    dirs: Vec<(&'a Folder<'a>, &'a [Name<'a>])>,
}

/// Links everything but `.dist-info` and scripts; says which files were there already.
fn link(
    packages: &[Package<'_>],
    bases: &Bases,
    linked: &Linked,
    method: &Method,
    threads: usize,
) -> Result<Vec<Clash>, Error> {
    let clashes = Mutex::new(Vec::new());
    // What is linked as a whole needs no names.
    let names = packages.iter().filter(|package| !linked.covers_all(package));
    let names = names.map(|package| Ok((package, package.names()?))).collect::<Result<Vec<_>, Error>>()?;
    for_each_apart(threads, &jobs(&names, linked), |job| {
        let package = &packages[job.package];
        let mut known = "";
        for dir in &job.dirs {
            let (dir, files) = *dir;
            let source: Cow<'_, str> =
                if job.prefix.is_empty() { dir.path.into() } else { join(job.prefix, dir.path).into() };
            let target = || bases.path(job.base).join(dir.path);
            let into = (bases.root(job.base), known, dir.path);
            let pair = package.fill(&source, into, files.len(), target)?;
            known = dir.path;
            for file in files {
                let placing = method.place(&pair, file.name, file.executable);
                if placing.map_err(|error| package.place_error(error, target().join(file.name)))? == Placing::Exists {
                    let clash = Clash { package: job.package, base: job.base, path: join(dir.path, file.name) };
                    clashes.lock().expect("no thread panics while it holds this lock").push(clash);
                }
            }
        }
        Ok(())
    })?;
    Ok(clashes.into_inner().expect("no thread panics while it holds this lock"))
}

fn jobs<'n, 'a>(names: &[(&'n Package<'a>, &'n Names<'a>)], linked: &Linked) -> Vec<Job<'n>> {
    let mut jobs: Vec<Job<'n>> = Vec::new();
    for (package, names) in names {
        let (mut files, mut last) = (FILES_PER_JOB, None);
        for (index, folder, own) in names.by_folder(&package.outline) {
            if linked.covers(package, index, folder.path) {
                continue;
            }
            if files >= FILES_PER_JOB || last.replace(index) != Some(index) {
                let (base, prefix) = (package.bases[index], package.outline.groups[index].prefix);
                jobs.push(Job { package: package.index, base, prefix, dirs: Vec::new() });
                files = 0;
            }
            files += own.len();
            jobs.last_mut().expect("one was begun").dirs.push((folder, own));
        }
    }
    jobs
}

fn installed_dist(layout: &Layout, package: &Package<'_>) -> InstalledDist {
    let Install { sha256, name, version, requested, direct_url } = package.install;
    let dist_info = package.library(layout).join(package.outline.dist_info);
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
