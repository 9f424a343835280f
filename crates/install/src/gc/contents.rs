//! What the data directory holds, and what of it can be removed.

use super::Kind;
use crate::contents::Digest;
use crate::manifest::Manifest;
use crate::store::{STALE, Store, names};
use crate::{Error, bytecode, trees, usage};
use pybun_model::Sha256;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Of earlier PyBuns.
const OLD_STORES: [&str; 3] = ["v1", "v2", "v3"];
/// What they hold beside the wheels.
const OF_STORES: [&str; 9] =
    ["files", "tmp", "names", "trees", "environments", "interpreters", "lock", "collected", "compiling"];

/// Something that can be removed.
pub(super) struct Item {
    pub kind: Kind,
    pub what: String,
    pub used: SystemTime,
    pub path: PathBuf,
    /// Bytes that are its own.
    pub own: u64,
    /// Of a wheel: its files that others may share.
    shared: Vec<Blob>,
    /// Of a wheel: the directory of its trees, which shares all files with it.
    pub trees: Option<PathBuf>,
}

/// A content with a mode, of a package: its versions share what is equal.
type Blob = (u32, Digest, bool);

pub(super) struct Contents {
    pub items: Vec<Item>,
    packages: HashMap<String, u32>,
    /// How often wheels have a content, and its size.
    blobs: HashMap<Blob, (u32, u64)>,
    pub bytes: u64,
    pub store_bytes: u64,
    pub unshared: u64,
    pub wheels: usize,
    pub in_use: usize,
}

impl Contents {
    pub fn read(cache_dir: &Path, store: &Store) -> Result<Self, Error> {
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
                contents.add_rest(format!("trees of {sha256}"), unshared_bytes(&path), path);
            }
        }
        contents.store_bytes = contents.bytes;
        for (kind, directory) in [(Kind::Answer, "http/v1"), (Kind::Build, "build/v1"), (Kind::Log, "logs")] {
            files_below(&cache_dir.join(directory), &mut |path, found| {
                if kind == Kind::Log && !is_log(path) {
                    return;
                }
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
            contents.add_rest(what, found.len(), path);
        }
        for old in OLD_STORES {
            let store = Store::of_version(cache_dir, old);
            // Environments have tree links into it.
            let in_use = trees::wheels(&store)?.iter().any(|sha256| trees::is_linked(&store, sha256));
            if store.root().is_dir() && !in_use && is_store(store.root())? {
                let path = store.root().to_owned();
                contents.add_rest(format!("packages/{old}"), unshared_bytes(&path), path);
            }
        }
        Ok(contents)
    }

    fn add(&mut self, item: Item) {
        self.bytes += item.own;
        self.items.push(item);
    }

    /// What is removed whenever somebody looks.
    fn add_rest(&mut self, what: String, own: u64, path: PathBuf) {
        let used = SystemTime::UNIX_EPOCH;
        self.add(Item { kind: Kind::Rest, what, used, path, own, shared: Vec::new(), trees: None });
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

    pub fn freed(&self, item: &Item) -> u64 {
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

    pub fn forget(&mut self, item: &Item) {
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

/// Downloads that nobody has gone on with for a day.
fn abandoned(directory: &Path) -> Vec<(PathBuf, fs::Metadata)> {
    let mut found = Vec::new();
    files_below(directory, &mut |path, metadata| {
        let age = metadata.modified().ok().and_then(|time| time.elapsed().ok());
        let ours = path.parent() == Some(directory) && (has_name(path, "fetch-", "") || has_name(path, "part-", ""));
        if ours && age.is_some_and(|age| age > STALE) {
            found.push((path.to_owned(), metadata.clone()));
        }
    });
    found
}

/// Somebody may have named a directory that holds other things as well: what no PyBun has made is none of our business.
fn is_log(path: &Path) -> bool {
    has_name(path, "build-", ".log")
}

fn has_name(path: &Path, start: &str, end: &str) -> bool {
    path.file_name().and_then(OsStr::to_str).is_some_and(|name| name.starts_with(start) && name.ends_with(end))
}

/// Does it hold nothing but what stores have held?
fn is_store(root: &Path) -> Result<bool, Error> {
    let digits = |name: &str| name.len() == 2 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    Ok(names(root)?.iter().all(|name| digits(name) || OF_STORES.contains(&name.as_str())))
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
pub(super) fn unshared_bytes(directory: &Path) -> u64 {
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
pub(super) fn unshared_bytes(directory: &Path) -> u64 {
    let mut bytes = 0;
    files_below(directory, &mut |_, found| bytes += found.len());
    bytes
}
