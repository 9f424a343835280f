//! Bytecode for an environment that is installed already: for a process that nobody waits for, and in part for a
//! command that starts a program next.
//!
//! It changes nothing but adds names in `__pycache__` directories, as the interpreter does at an import, and has no lines
//! in RECORD, as the interpreter's own has none. Whoever takes a source away takes its bytecode along. A name that is
//! there is left alone. A source gets bytecode only where it is the one that was compiled, by time and size, which is
//! how the interpreter will look at it. The environment is held while a few files are linked, and looked at again each
//! time: an installation never waits longer, and none is linked into that has changed since.

use crate::bytecode::{self, CACHE, CompiledDir};
use crate::error::io_error;
use crate::guard::Guard;
use crate::installed::{InstalledDist, installed};
use crate::journal::Journal;
use crate::layout::{Layout, Scheme};
use crate::link::LinkMode;
use crate::manifest::{Manifest, join};
use crate::remove::source_stem;
use crate::store::Store;
use crate::trees::prefixes;
use crate::{Error, WHEEL_FILE};
use pybun_model::Sha256;
use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

/// Sources that are compiled before what they gave is linked.
const BATCH: usize = 400;
/// Files that are linked while the environment is held: this process may have to wait for a CPU all the time, and an
/// installation for it.
const HELD: usize = 50;

/// An environment, and how its files came from the store.
#[derive(Clone, Copy)]
pub struct Late<'a> {
    pub store: &'a Store,
    pub layout: &'a Layout,
    pub link: LinkMode,
}

/// Links the bytecode that the store has, and compiles nothing.
pub fn link_bytecode(late: &Late<'_>) -> Result<(), Error> {
    let tag = tag(late)?;
    for dist in of_wheels(late.layout)? {
        link(late, &tag, &dist)?;
    }
    Ok(())
}

/// Links the bytecode that the store has, compiles what it lacks on `threads` processes, and links that as well. Where
/// another process does so for the same environment, it does this one's work too.
pub fn complete_bytecode(late: &Late<'_>, threads: usize) -> Result<(), Error> {
    let tag = tag(late)?;
    let mut done = BTreeSet::new();
    while let Some(alone) = Alone::at(late.layout) {
        loop {
            let left = not_in(&done, of_wheels(late.layout)?);
            if left.is_empty() {
                break;
            }
            complete(late, &tag, &left, threads)?;
            done.extend(left);
        }
        drop(alone);
        // Whoever installed something and met this process at work has left it to this process.
        if not_in(&done, of_wheels(late.layout)?).is_empty() {
            break;
        }
    }
    Ok(())
}

fn tag(late: &Late<'_>) -> Result<String, Error> {
    let python = &late.layout.python;
    bytecode::tag_of(late.store, python).map_err(io_error("compile with", python))
}

/// A distribution as it was installed at one time: RECORD is written last.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Dist {
    dist_info: PathBuf,
    wheel: Sha256,
    recorded: SystemTime,
}

fn of_wheels(layout: &Layout) -> Result<Vec<Dist>, Error> {
    let dist = |found: InstalledDist| {
        let wheel = found.wheel.filter(|_| found.complete)?;
        let recorded = recorded(&found.dist_info)?;
        Some(Dist { dist_info: found.dist_info, wheel, recorded })
    };
    Ok(installed(layout)?.into_iter().filter_map(dist).collect())
}

fn recorded(dist_info: &Path) -> Option<SystemTime> {
    fs::metadata(dist_info.join("RECORD")).and_then(|found| found.modified()).ok()
}

fn not_in(done: &BTreeSet<Dist>, mut dists: Vec<Dist>) -> Vec<Dist> {
    dists.retain(|dist| !done.contains(dist));
    dists
}

/// One process at a time completes an environment. Held until it is dropped.
struct Alone(#[expect(dead_code, reason = "closing the file releases the lock")] Option<fs::File>);

impl Alone {
    /// Nothing when another process holds it, or when the environment is gone. The lock is on a file that every
    /// environment has; where locking means that nobody may read (Windows) there is none, and work is done twice.
    fn at(layout: &Layout) -> Option<Self> {
        let file = fs::File::open(layout.prefix.join("pyvenv.cfg")).ok()?;
        if !cfg!(unix) {
            return Some(Self(None));
        }
        match file.try_lock() {
            Ok(()) => Some(Self(Some(file))),
            Err(fs::TryLockError::WouldBlock) => None,
            // A file system without locks.
            Err(fs::TryLockError::Error(_)) => Some(Self(None)),
        }
    }
}

fn complete(late: &Late<'_>, tag: &str, dists: &[Dist], threads: usize) -> Result<(), Error> {
    let mut missing = Vec::new();
    for dist in dists {
        if link(late, tag, dist)? == Known::No {
            missing.push(dist);
        }
    }
    let manifests: Vec<_> =
        missing.iter().map(|dist| late.store.manifest_bytes(&dist.wheel).unwrap_or_default()).collect();
    let read = missing.into_iter().zip(&manifests);
    let mut wheels: Vec<Wheel<'_>> = read
        .filter_map(|(dist, bytes)| {
            let manifest = Manifest::decode(bytes)?;
            let sources = bytecode::count_sources(&manifest);
            Some(Wheel { dist, manifest, sources })
        })
        .collect();
    // Whoever imports meanwhile finds more of them ready.
    wheels.sort_by_key(|wheel| wheel.sources);
    let mut rest = &wheels[..];
    while !rest.is_empty() {
        let (batch, later) = rest.split_at(length_of(rest, BATCH, |wheel| wheel.sources));
        compile(late, batch, threads)?;
        for wheel in batch {
            link(late, tag, wheel.dist)?;
        }
        rest = later;
    }
    Ok(())
}

struct Wheel<'a> {
    dist: &'a Dist,
    manifest: Manifest<'a>,
    sources: usize,
}

/// As many of the first as are no larger than `most` together, and one at least.
fn length_of<T>(items: &[T], most: usize, size: impl Fn(&T) -> usize) -> usize {
    let mut sum = 0;
    let fits = items.iter().take_while(|item| {
        sum += size(item);
        sum <= most
    });
    fits.count().max(1)
}

/// One process at a time compiles for a store, so that each wheel is compiled once and few CPUs are taken. A wheel that
/// is gone, or on which the interpreter fails, is left out, and no reason to leave the others.
fn compile(late: &Late<'_>, batch: &[Wheel<'_>], threads: usize) -> Result<(), Error> {
    let path = late.store.root().join("compiling");
    let open = || {
        let file = fs::File::options().write(true).create(true).truncate(false).open(&path)?;
        file.lock()?;
        // The interpreters hold it too: when this process is killed, what they still write comes before what others do.
        #[cfg(unix)]
        rustix::io::fcntl_setfd(&file, rustix::io::FdFlags::empty())?;
        Ok::<_, io::Error>(file)
    };
    let _held = open().map_err(io_error("lock", &path))?;
    let ensure = |wheels: &[Wheel<'_>]| {
        let wheels: Vec<_> = wheels.iter().map(|wheel| (wheel.dist.wheel, &wheel.manifest)).collect();
        bytecode::ensure(late.store, &late.layout.python, &wheels, threads).is_ok()
    };
    if !ensure(batch) && batch.len() > 1 {
        for wheel in batch.chunks(1) {
            ensure(wheel);
        }
    }
    Ok(())
}

/// Does the store have the bytecode of a wheel?
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    Yes,
    No,
    /// The wheel is gone, or the distribution is another one by now.
    Gone,
}

fn link(late: &Late<'_>, tag: &str, dist: &Dist) -> Result<Known, Error> {
    let Late { store, layout, .. } = *late;
    let Ok(bytes) = store.manifest_bytes(&dist.wheel) else { return Ok(Known::Gone) };
    let Some(manifest) = Manifest::decode(&bytes) else { return Ok(Known::Gone) };
    let Some(bytecode) = bytecode::of_tag(store, &dist.wheel, tag, &manifest) else { return Ok(Known::No) };
    let mut rest = &bytecode.dirs[..];
    while !rest.is_empty() {
        let (now, later) = rest.split_at(length_of(rest, HELD, |dir| dir.files.len()));
        let Some(_guard) = Guard::of_existing(layout) else { return Ok(Known::Gone) };
        if !is_still(layout, dist)? {
            return Ok(Known::Gone);
        }
        link_directories(late, dist, &manifest, now)?;
        rest = later;
    }
    Ok(Known::Yes)
}

fn is_still(layout: &Layout, dist: &Dist) -> Result<bool, Error> {
    let wheel = fs::read_to_string(dist.dist_info.join(WHEEL_FILE)).ok().and_then(|text| text.trim().parse().ok());
    let name = dist.dist_info.file_name();
    let pending = Journal::read(layout)?.iter().any(|entry| name.is_some_and(|name| name == entry.dist_info.as_str()));
    Ok(wheel == Some(dist.wheel) && recorded(&dist.dist_info) == Some(dist.recorded) && !pending)
}

fn link_directories(late: &Late<'_>, dist: &Dist, manifest: &Manifest<'_>, dirs: &[CompiledDir]) -> Result<(), Error> {
    let tree = late.store.tree(&dist.wheel);
    let mut real = HashMap::new();
    for dir in dirs {
        let group = &manifest.groups[dir.group];
        if !matches!(group.scheme, Scheme::Purelib | Scheme::Platlib) {
            continue;
        }
        let base = late.layout.directory(group.scheme, manifest.name);
        // Behind a symbolic link there is a tree of the store, or something that belongs to somebody else.
        if !prefixes(&dir.path).all(|path| *real.entry(base.join(path)).or_insert_with_key(|path| is_directory(path))) {
            continue;
        }
        let (source, target) = (tree.join(join(group.prefix, &dir.path)), base.join(&dir.path));
        match link_directory(late.link, dir, &source, &target) {
            // Gone on one side or the other.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            result => result.map_err(io_error("link", &target.join(CACHE)))?,
        }
    }
    Ok(())
}

fn is_directory(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_dir())
}

fn link_directory(mode: LinkMode, dir: &CompiledDir, source: &Path, target: &Path) -> io::Result<()> {
    let (from, to) = (source.join(CACHE), target.join(CACHE));
    match fs::create_dir(&to) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            if !is_directory(&to) {
                return Ok(());
            }
        }
        result => result?,
    }
    for file in &dir.files {
        let Some(stem) = source_stem(&file.name) else { continue };
        let name = format!("{stem}.py");
        if version_of(&target.join(&name)).ok() == Some(version_of(&source.join(&name))?) {
            place(mode, &from.join(&file.name), &to.join(&file.name))?;
        }
    }
    Ok(())
}

/// By what bytecode knows its source.
fn version_of(path: &Path) -> io::Result<(u64, SystemTime)> {
    let found = fs::metadata(path)?;
    Ok((found.len(), found.modified()?))
}

/// Whole or not at all, for an interpreter may read it in the same moment.
fn place(mode: LinkMode, source: &Path, target: &Path) -> io::Result<()> {
    crate::fault::point()?;
    let linked = match mode {
        LinkMode::Auto | LinkMode::Hardlink | LinkMode::Tree => fs::hard_link(source, target),
        LinkMode::Reflink | LinkMode::Copy => Err(ErrorKind::Unsupported.into()),
    };
    match linked {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(error),
        // Another file system, one without links, or too many names.
        Err(_) => copy(source, target),
    }
}

/// Clones where the file system can.
fn copy(source: &Path, target: &Path) -> io::Result<()> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    if fs::symlink_metadata(target).is_ok() {
        return Ok(());
    }
    let mut from = fs::File::open(source)?;
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    // As the interpreter calls its own while it writes them, so that they are known for what they are.
    let mut name = target.as_os_str().to_owned();
    name.push(format!(".{}{count}", std::process::id()));
    let temporary = PathBuf::from(name);
    let mut to = fs::File::create_new(&temporary)?;
    let mut write = |to: &mut fs::File| {
        io::copy(&mut from, to)?;
        crate::fault::point()?;
        fs::rename(&temporary, target)
    };
    let placed = write(&mut to);
    if placed.is_err() {
        // The error that left it is the one to tell.
        let _ = fs::remove_file(&temporary);
    }
    placed
}
