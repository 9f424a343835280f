//! Bytecode for an environment that is installed already: for a process that nobody waits for, and in part for a
//! command that starts a program next.
//!
//! It changes nothing but adds names in `__pycache__` directories, as the interpreter does at an import, and has no lines
//! in RECORD, as the interpreter's own has none. Whoever takes a source away takes its bytecode along. A name that is
//! there is left alone. A source gets bytecode only where it is the one that was compiled, by time and size, which is
//! how the interpreter will look at it. The environment is held while a few files are linked, and looked at again each
//! time: an installation never waits longer, and none is linked into that has changed since.

mod ahead;
mod link;

use crate::Error;
use crate::bytecode;
use crate::error::io_error;
use crate::installed::{InstalledDist, installed};
use crate::layout::Layout;
use crate::link::LinkMode;
use crate::manifest::Manifest;
use crate::store::Store;
use pybun_model::Sha256;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

pub use ahead::{Program, ProgramKind, compile_ahead};
use link::{Known, link};

/// Sources that are compiled before what they gave is linked.
const BATCH: usize = 400;

/// An environment, and how its files came from the store.
#[derive(Clone, Copy)]
pub struct Late<'a> {
    pub store: &'a Store,
    pub layout: &'a Layout,
    pub link: LinkMode,
}

/// Links the bytecode that the store has, and compiles nothing.
pub fn link_bytecode(late: &Late<'_>) -> Result<(), Error> {
    let mut dists = of_wheels(late.layout)?;
    dists.retain(|dist| bytecode::has_any(&late.store.entry(&dist.wheel)));
    // Asking for the tag may start an interpreter.
    if dists.is_empty() {
        return Ok(());
    }
    let tag = tag(late)?;
    dists.iter().try_for_each(|dist| link(late, &tag, dist).map(drop))
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

/// A process that is just being started holds all that its parent held, for a moment longer than that.
const LOCK_TRIES: u32 = 5;
const LOCK_PAUSE: Duration = Duration::from_millis(20);

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
        for _ in 0..LOCK_TRIES {
            match file.try_lock() {
                Ok(()) => return Some(Self(Some(file))),
                Err(fs::TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
                // A file system without locks.
                Err(fs::TryLockError::Error(_)) => return Some(Self(None)),
            }
        }
        None
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

/// Whoever compiles holds it: alone, or together with others for programs that are running.
const COMPILING: &str = "compiling";

fn open(path: &Path) -> io::Result<fs::File> {
    fs::File::options().write(true).create(true).truncate(false).open(path)
}

/// One process at a time compiles for a store, so that each wheel is compiled once and few CPUs are taken. A wheel that
/// is gone, or on which the interpreter fails, is left out, and no reason to leave the others.
fn compile(late: &Late<'_>, batch: &[Wheel<'_>], threads: usize) -> Result<(), Error> {
    let path = late.store.root().join(COMPILING);
    let lock = || {
        let file = open(&path)?;
        file.lock()?;
        // The interpreters hold it too: when this process is killed, what they still write comes before what others do.
        #[cfg(unix)]
        rustix::io::fcntl_setfd(&file, rustix::io::FdFlags::empty())?;
        Ok::<_, io::Error>(file)
    };
    let _held = lock().map_err(io_error("lock", &path))?;
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
