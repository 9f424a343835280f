//! Making the data directory smaller: what was not used for longest goes first, and never what an environment uses.
//!
//! Nobody waits for it: installations take no lock. A wheel that an installation has asked for counts as used (see
//! `Store::has`), and is spared for an hour. A wheel is renamed away first and looked at once more before it is
//! deleted; one that somebody has begun to use in that moment is put back, and whoever missed it just then fetches it
//! again. Two collections at a time do the work once: the second one finds the lock held and leaves.

use crate::contents::Digest;
use crate::error::io_error;
use crate::manifest::Manifest;
use crate::store::{NOTED, STALE, Store, names, remove_tree};
use crate::{Error, bytecode, trees, usage};
use pybun_model::Sha256;
use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, SystemTime};

/// How often a command may start a collection.
const INTERVAL: Duration = Duration::from_secs(24 * 60 * 60);
/// Of earlier PyBuns.
const OLD_STORES: [&str; 2] = ["v1", "v2"];

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

/// Something that can be removed.
struct Item {
    kind: Kind,
    what: String,
    used: SystemTime,
    path: PathBuf,
    /// Bytes that are its own.
    own: u64,
    /// Of a wheel: its files that others may share.
    shared: Vec<Blob>,
    /// Of a wheel: the directory of its trees, which shares all files with it.
    trees: Option<PathBuf>,
}

/// A content with a mode, of a package: its versions share what is equal.
type Blob = (u32, Digest, bool);

struct Contents {
    items: Vec<Item>,
    packages: HashMap<String, u32>,
    /// How often wheels have a content, and its size.
    blobs: HashMap<Blob, (u32, u64)>,
    bytes: u64,
    store_bytes: u64,
    unshared: u64,
    wheels: usize,
    in_use: usize,
}

impl Contents {
    fn read(cache_dir: &Path, store: &Store) -> Result<Self, Error> {
        let mut contents = Self {
            items: Vec::new(),
            packages: HashMap::new(),
            blobs: HashMap::new(),
            bytes: 0,
            store_bytes: 0,
            unshared: 0,
            wheels: 0,
            in_use: 0,
        };
        let noted = usage::noted(store)?;
        let wheels = store.wheels()?;
        for sha256 in &wheels {
            contents.add_wheel(store, sha256, noted.contains(sha256));
        }
        for sha256 in trees::wheels(store)? {
            // Its wheel was taken out, and nothing links it any more.
            if wheels.binary_search(&sha256).is_err() && !noted.contains(&sha256) && !trees::is_linked(store, &sha256) {
                let path = trees::of_wheel(store, &sha256);
                let (what, own) = (format!("trees of {sha256}"), unshared_bytes(&path));
                let used = SystemTime::UNIX_EPOCH;
                contents.add(Item { kind: Kind::Rest, what, used, path, own, shared: Vec::new(), trees: None });
            }
        }
        contents.store_bytes = contents.bytes;
        for (kind, directory) in [(Kind::Answer, "http"), (Kind::Build, "build"), (Kind::Log, "logs")] {
            files_below(&cache_dir.join(directory), &mut |path, found| {
                let what = path.strip_prefix(cache_dir).unwrap_or(path).to_string_lossy().into_owned();
                contents.add(Item {
                    kind,
                    what,
                    used: last_use(found),
                    path: path.to_owned(),
                    own: found.len(),
                    shared: Vec::new(),
                    trees: None,
                });
            });
        }
        for (path, found) in abandoned(&cache_dir.join("tmp")) {
            let what = path.strip_prefix(cache_dir).unwrap_or(&path).to_string_lossy().into_owned();
            let (used, own) = (SystemTime::UNIX_EPOCH, found.len());
            contents.add(Item { kind: Kind::Rest, what, used, path, own, shared: Vec::new(), trees: None });
        }
        for old in OLD_STORES {
            let path = cache_dir.join("packages").join(old);
            if path.is_dir() {
                let own = unshared_bytes(&path);
                let what = format!("packages/{old}");
                let used = SystemTime::UNIX_EPOCH;
                contents.add(Item { kind: Kind::Rest, what, used, path, own, shared: Vec::new(), trees: None });
            }
        }
        Ok(contents)
    }

    fn add(&mut self, item: Item) {
        self.bytes += item.own;
        self.items.push(item);
    }

    fn add_wheel(&mut self, store: &Store, sha256: &Sha256, noted: bool) {
        let path = store.entry(sha256);
        // Gone meanwhile, or half a wheel, which the next installation replaces.
        let Ok(bytes) = store.manifest_bytes(sha256) else { return };
        let used = fs::metadata(path.join("manifest")).and_then(|found| found.modified());
        let used = used.unwrap_or(SystemTime::UNIX_EPOCH);
        self.wheels += 1;
        let Some(manifest) = Manifest::decode(&bytes) else {
            let what = format!("damaged wheel {sha256}");
            let own = unshared_bytes(&path);
            return self.add(Item { kind: Kind::Wheel, what, used, path, own, shared: Vec::new(), trees: None });
        };
        let own = bytes.len() as u64 + bytecode::bytes_of(&path);
        let mut shared = Vec::new();
        let number = u32::try_from(self.packages.len()).unwrap_or(u32::MAX);
        let package = *self.packages.entry(manifest.name.to_owned()).or_insert(number);
        for (_, file) in manifest.tree() {
            let Ok(digest) = Digest::try_from(file.digest) else { continue };
            let blob = (package, digest, file.executable);
            let (count, _) = self.blobs.entry(blob).or_insert((0, file.size));
            *count += 1;
            if *count == 1 {
                self.bytes += file.size;
            }
            self.unshared += file.size;
            shared.push(blob);
        }
        self.unshared += own;
        let in_use = noted || usage::is_linked(&store.tree(sha256), &manifest) || trees::is_linked(store, sha256);
        if in_use {
            self.in_use += 1;
            self.bytes += own;
            return;
        }
        let what = format!("{} {}", manifest.name, manifest.version);
        let trees = Some(trees::of_wheel(store, sha256));
        self.add(Item { kind: Kind::Wheel, what, used, path, own, shared, trees });
    }

    fn freed(&self, item: &Item) -> u64 {
        let mut once: HashMap<Blob, u32> = HashMap::new();
        for blob in &item.shared {
            *once.entry(*blob).or_default() += 1;
        }
        let last = once.iter().filter_map(|(blob, count)| {
            let (all, size) = self.blobs.get(blob)?;
            (all == count).then_some(*size)
        });
        item.own + last.sum::<u64>()
    }

    fn forget(&mut self, item: &Item) {
        self.bytes -= item.own;
        for blob in &item.shared {
            if let Some((count, size)) = self.blobs.get_mut(blob) {
                *count -= 1;
                if *count == 0 {
                    self.bytes -= *size;
                    self.blobs.remove(blob);
                }
            }
        }
    }
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

/// Downloads that nobody has gone on with for a day.
fn abandoned(directory: &Path) -> Vec<(PathBuf, fs::Metadata)> {
    let mut found = Vec::new();
    files_below(directory, &mut |path, metadata| {
        let age = metadata.modified().ok().and_then(|time| time.elapsed().ok());
        if age.is_some_and(|age| age > STALE) {
            found.push((path.to_owned(), metadata.clone()));
        }
    });
    found
}

/// Readers leave a trace where the file system keeps it.
fn last_use(found: &fs::Metadata) -> SystemTime {
    let times = [found.accessed().ok(), found.modified().ok()];
    times.into_iter().flatten().max().unwrap_or(SystemTime::UNIX_EPOCH)
}

/// Every file, without following links. What cannot be read holds nothing.
fn files_below(directory: &Path, take: &mut dyn FnMut(&Path, &fs::Metadata)) {
    let mut pending = vec![directory.to_owned()];
    while let Some(directory) = pending.pop() {
        let Ok(entries) = fs::read_dir(&directory) else { continue };
        for entry in entries.flatten() {
            let Ok(found) = entry.metadata() else { continue };
            if found.is_dir() {
                pending.push(entry.path());
            } else if found.is_file() {
                take(&entry.path(), &found);
            }
        }
    }
}

#[cfg(unix)]
fn unshared_bytes(directory: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let mut bytes = 0;
    files_below(directory, &mut |_, found| {
        if found.nlink() == 1 {
            bytes += found.len();
        }
    });
    bytes
}

#[cfg(not(unix))]
fn unshared_bytes(directory: &Path) -> u64 {
    let mut bytes = 0;
    files_below(directory, &mut |_, found| bytes += found.len());
    bytes
}

/// `500MB`, `2GiB`, `1000`: a number of bytes.
pub fn parse_size(text: &str) -> Option<u64> {
    let (number, unit) = split_unit(text)?;
    let factor: u64 = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1_000,
        "m" | "mb" => 1_000_000,
        "g" | "gb" => 1_000_000_000,
        "t" | "tb" => 1_000_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        "tib" => 1 << 40,
        _ => return None,
    };
    let bytes = number * factor as f64;
    (bytes.is_finite() && bytes < 1e18).then_some(bytes as u64)
}

/// `90d`, `12h`, `30m`, `45s`, `6w`.
pub fn parse_age(text: &str) -> Option<Duration> {
    let (number, unit) = split_unit(text)?;
    let seconds = match unit {
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        "w" => 604_800.0,
        "" if number == 0.0 => 1.0,
        _ => return None,
    };
    Duration::try_from_secs_f64(number * seconds).ok().filter(|age| age.as_secs() < 1 << 40)
}

fn split_unit(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let at = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    Some((f64::from_str(&text[..at]).ok()?, text[at..].trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_sizes_and_ages() {
        for (text, bytes) in [("0", 0), ("12", 12), ("1.5 GB", 1_500_000_000), ("2GiB", 2 << 30), ("10k", 10_000)] {
            assert_eq!(parse_size(text), Some(bytes), "{text}");
        }
        for text in ["", "x", "-1", "1 parsec", "1e9", "1..2", "999999999999999999999GB"] {
            assert_eq!(parse_size(text), None, "{text}");
        }
        for (text, seconds) in [("0", 0), ("90d", 7_776_000), ("12h", 43_200), ("0.5m", 30), ("2w", 1_209_600)] {
            assert_eq!(parse_age(text), Some(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "5", "1y", "-1d", "99999999999999999999w"] {
            assert_eq!(parse_age(text), None, "{text}");
        }
    }
}
