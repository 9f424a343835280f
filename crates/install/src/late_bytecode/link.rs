//! Linking bytecode of the store into an environment.

use super::{Dist, Late, length_of, recorded};
use crate::bytecode::{self, CACHE, CompiledDir};
use crate::error::io_error;
use crate::guard::Guard;
use crate::journal::Journal;
use crate::layout::{Layout, Scheme};
use crate::link::LinkMode;
use crate::manifest::{Manifest, join};
use crate::remove::source_stem;
use crate::trees::prefixes;
use crate::{Error, WHEEL_FILE};
use std::collections::HashMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

/// Files that are linked while the environment is held: this process may have to wait for a CPU all the time, and an
/// installation for it.
const HELD: usize = 50;

/// Does the store have the bytecode of a wheel?
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    Yes,
    No,
    /// The wheel is gone, or the distribution is another one by now.
    Gone,
}

/// Compiled files of one directory of sources.
pub(super) struct Cached<'a> {
    /// Of the manifest.
    pub group: usize,
    pub directory: &'a str,
    pub names: Vec<&'a str>,
}

impl<'a> Cached<'a> {
    fn of(dir: &'a CompiledDir) -> Self {
        let names = dir.files.iter().map(|file| file.name.as_str()).collect();
        Self { group: dir.group, directory: &dir.path, names }
    }
}

/// Links all that the store has of a distribution.
pub(super) fn link(late: &Late<'_>, tag: &str, dist: &Dist) -> Result<Known, Error> {
    let Ok(bytes) = late.store.manifest_bytes(&dist.wheel) else { return Ok(Known::Gone) };
    let Some(manifest) = Manifest::decode(&bytes) else { return Ok(Known::Gone) };
    let Some(bytecode) = bytecode::of_tag(late.store, &dist.wheel, tag, &manifest) else { return Ok(Known::No) };
    let dirs: Vec<Cached<'_>> = bytecode.dirs.iter().map(Cached::of).collect();
    let mut rest = &dirs[..];
    while !rest.is_empty() {
        let (now, later) = rest.split_at(length_of(rest, HELD, |dir| dir.names.len()));
        if !link_some(late, dist, &manifest, now)? {
            return Ok(Known::Gone);
        }
        rest = later;
    }
    Ok(Known::Yes)
}

/// Links a few files, while nobody else may change the environment. Says whether the distribution is still there.
pub(super) fn link_some(
    late: &Late<'_>,
    dist: &Dist,
    manifest: &Manifest<'_>,
    dirs: &[Cached<'_>],
) -> Result<bool, Error> {
    let Some(_guard) = Guard::of_existing(late.layout) else { return Ok(false) };
    if !is_still(late.layout, dist)? {
        return Ok(false);
    }
    let tree = late.store.tree(&dist.wheel);
    let mut real = HashMap::new();
    for dir in dirs {
        let group = &manifest.groups[dir.group];
        if !matches!(group.scheme, Scheme::Purelib | Scheme::Platlib) {
            continue;
        }
        let base = late.layout.directory(group.scheme, manifest.name);
        // Behind a symbolic link there is a tree of the store, or something that belongs to somebody else.
        let mut parents = prefixes(dir.directory);
        if !parents.all(|path| *real.entry(base.join(path)).or_insert_with_key(|path| is_directory(path))) {
            continue;
        }
        let (source, target) = (tree.join(join(group.prefix, dir.directory)), base.join(dir.directory));
        match link_directory(late.link, &dir.names, &source, &target) {
            // Gone on one side or the other.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            result => result.map_err(io_error("link", &target.join(CACHE)))?,
        }
    }
    Ok(true)
}

fn is_still(layout: &Layout, dist: &Dist) -> Result<bool, Error> {
    let wheel = fs::read_to_string(dist.dist_info.join(WHEEL_FILE)).ok().and_then(|text| text.trim().parse().ok());
    let name = dist.dist_info.file_name();
    let pending = Journal::read(layout)?.iter().any(|entry| name.is_some_and(|name| name == entry.dist_info.as_str()));
    Ok(wheel == Some(dist.wheel) && recorded(&dist.dist_info) == Some(dist.recorded) && !pending)
}

fn is_directory(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_dir())
}

fn link_directory(mode: LinkMode, names: &[&str], source: &Path, target: &Path) -> io::Result<()> {
    let (from, to) = (source.join(CACHE), target.join(CACHE));
    match fs::create_dir(&to) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            if !is_directory(&to) {
                return Ok(());
            }
        }
        result => result?,
    }
    for name in names {
        let Some(stem) = source_stem(name) else { continue };
        let of = format!("{stem}.py");
        if version_of(&target.join(&of)).ok() == Some(version_of(&source.join(&of))?) {
            place(mode, &from.join(name), &to.join(name))?;
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
