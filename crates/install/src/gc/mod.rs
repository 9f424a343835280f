//! Making the data directory smaller: what was not used for longest goes first, and never what an environment uses.
//!
//! Nobody waits for it: installations take no lock. A wheel that an installation has asked for counts as used (see
//! `Store::has`), and is spared for an hour. A wheel is renamed away first and looked at once more before it is
//! deleted; one that somebody has begun to use in that moment is put back, and whoever missed it just then fetches it
//! again. Two collections at a time do the work once: the second one finds the lock held and leaves.

mod contents;
mod units;

use crate::error::io_error;
use crate::manifest::Manifest;
use crate::store::{NOTED, Store, names, remove_tree};
use crate::{Error, trees, usage};
use contents::{Contents, Item, unshared_bytes};
use pybun_model::Sha256;
use std::fs;
use std::io;
use std::path::Path;
use std::str::FromStr;
use std::time::{Duration, SystemTime};
pub use units::{parse_age, parse_size};

/// How often a command may start a collection.
const INTERVAL: Duration = Duration::from_secs(24 * 60 * 60);

/// What is to be kept.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// Bytes of everything that can be removed together.
    pub max_size: Option<u64>,
    /// Since the last use.
    pub max_age: Option<Duration>,
}

#[derive(Clone, Copy, Debug)]
pub struct Collection {
    pub limits: Limits,
    /// Say what would be done, and do nothing.
    pub dry_run: bool,
    pub now: SystemTime,
}

/// Something that was removed, or would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    pub kind: Kind,
    /// A wheel's name and version, or a path in the data directory.
    pub what: String,
    /// What it frees: a file that others share frees nothing.
    pub bytes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// In the store.
    Wheel,
    /// An answer of an index.
    Answer,
    /// A wheel that was built, or what its build said.
    Build,
    Log,
    /// What nothing refers to any more.
    Rest,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// Another process is at it.
    pub busy: bool,
    pub before: u64,
    pub after: u64,
    pub removed: Vec<Removed>,
    /// Wheels that stay because environments use them.
    pub in_use: usize,
}

/// Removes from the data directory `cache_dir` until `limits` hold, as far as what is in use allows.
pub fn collect(cache_dir: &Path, collection: &Collection) -> Result<Collected, Error> {
    let store = Store::open(cache_dir);
    if !store.root().exists() && names(cache_dir)?.is_empty() {
        return Ok(Collected::default());
    }
    let Some(_lock) = lock(&store)? else { return Ok(Collected { busy: true, ..Collected::default() }) };
    let mut contents = Contents::read(cache_dir, &store)?;
    let mut done = Collected { before: contents.bytes, in_use: contents.in_use, ..Collected::default() };
    let mut items: Vec<Item> = std::mem::take(&mut contents.items);
    items.sort_by(|a, b| (a.used, &a.what).cmp(&(b.used, &b.what)));
    for item in items {
        let age = collection.now.duration_since(item.used).unwrap_or_default();
        let too_old = collection.limits.max_age.is_some_and(|limit| age > limit);
        let too_much = collection.limits.max_size.is_some_and(|limit| contents.bytes > limit);
        if item.kind != Kind::Rest && (age <= NOTED * 2 || !(too_old || too_much)) {
            continue;
        }
        let bytes = contents.freed(&item);
        if !collection.dry_run && !remove(&store, &item)? {
            continue;
        }
        contents.forget(&item);
        done.removed.push(Removed { kind: item.kind, what: item.what, bytes });
    }
    if !collection.dry_run {
        sweep_names(&store)?;
        usage::sweep(&store)?;
    }
    done.after = contents.bytes;
    Ok(done)
}

/// Is it time for a collection that nobody asked for? The answer is yes once a day.
pub fn is_due(cache_dir: &Path, now: SystemTime) -> bool {
    let path = Store::open(cache_dir).root().join("collected");
    let due = match fs::metadata(&path).and_then(|found| found.modified()) {
        Ok(last) => now.duration_since(last).is_ok_and(|age| age > INTERVAL),
        Err(_) => false,
    };
    if due || !path.exists() {
        // The next command does not ask for it again, whatever becomes of this one.
        let _ = fs::write(&path, "");
    }
    due
}

/// How much the data directory holds, hard links counted once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Size {
    pub wheels: usize,
    pub in_use: usize,
    /// Of the store, each content once.
    pub store: u64,
    /// What the store would need if every wheel had its own files.
    pub unshared: u64,
    pub answers: u64,
    pub builds: u64,
    pub logs: u64,
    /// Of scripts and tools: only what they do not share with the store.
    pub environments: u64,
}

pub fn size(cache_dir: &Path) -> Result<Size, Error> {
    let store = Store::open(cache_dir);
    let contents = Contents::read(cache_dir, &store)?;
    let of = |kind| contents.items.iter().filter(|item| item.kind == kind).map(|item| item.own).sum();
    Ok(Size {
        wheels: contents.wheels,
        in_use: contents.in_use,
        store: contents.store_bytes,
        unshared: contents.unshared,
        answers: of(Kind::Answer),
        builds: of(Kind::Build),
        logs: of(Kind::Log),
        environments: unshared_bytes(&cache_dir.join("envs")),
    })
}

/// Forgets the names of wheels that are gone.
fn sweep_names(store: &Store) -> Result<(), Error> {
    let root = store.names();
    for package in names(&root)? {
        let directory = root.join(package);
        for wheel in names(&directory)? {
            if Sha256::from_str(&wheel).is_ok_and(|sha256| !store.entry(&sha256).exists()) {
                // Somebody else may have done it; that it stays harms nobody.
                let _ = fs::remove_file(directory.join(wheel));
            }
        }
        // It stays while it has names.
        let _ = fs::remove_dir(&directory);
    }
    Ok(())
}

/// Says whether it is gone: a wheel that somebody has begun to use is not.
fn remove(store: &Store, item: &Item) -> Result<bool, Error> {
    match item.kind {
        Kind::Wheel => remove_wheel(store, item),
        Kind::Rest if item.path.is_dir() => {
            remove_tree(&item.path).map(|()| true).map_err(io_error("remove", &item.path))
        }
        Kind::Rest | Kind::Answer | Kind::Build | Kind::Log => match fs::remove_file(&item.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io_error("remove", &item.path)(error)),
            _ => Ok(true),
        },
    }
}

fn remove_wheel(store: &Store, item: &Item) -> Result<bool, Error> {
    let temporary = store.temporary()?;
    let aside = temporary.join("collected");
    match fs::rename(&item.path, &aside) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let _ = fs::remove_dir(&temporary);
            return Ok(true);
        }
        Err(error) => return Err(io_error("remove", &item.path)(error)),
    }
    let mut in_use = begun_to_be_used(&aside, item.used);
    if let (false, Some(trees)) = (in_use, &item.trees) {
        // Whoever links a tree links its mark last, by the path: it is counted here or finds nothing, and begins again.
        let trees_aside = temporary.join("trees");
        if fs::rename(trees, &trees_aside).is_ok() && trees::is_marked(&trees_aside) {
            in_use = fs::rename(&trees_aside, trees).is_ok();
        }
    }
    if in_use && fs::rename(&aside, &item.path).is_ok() {
        let _ = fs::remove_dir(&temporary);
        return Ok(false);
    }
    remove_tree(&temporary).map_err(io_error("remove", &temporary))?;
    Ok(true)
}

fn begun_to_be_used(entry: &Path, used: SystemTime) -> bool {
    let manifest = entry.join("manifest");
    if fs::metadata(&manifest).and_then(|found| found.modified()).is_ok_and(|now| now > used) {
        return true;
    }
    let Ok(bytes) = fs::read(&manifest) else { return false };
    Manifest::decode(&bytes).is_some_and(|manifest| usage::is_linked(&entry.join("tree"), &manifest))
}

/// Held until it is dropped. Nothing when another process holds it.
fn lock(store: &Store) -> Result<Option<fs::File>, Error> {
    let path = store.root().join("lock");
    let open = || {
        fs::create_dir_all(store.root())?;
        fs::File::options().create(true).truncate(false).write(true).open(&path)
    };
    let file = open().map_err(io_error("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(fs::TryLockError::WouldBlock) => Ok(None),
        Err(fs::TryLockError::Error(error)) => Err(io_error("lock", &path)(error)),
    }
}
