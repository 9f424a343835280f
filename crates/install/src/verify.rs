//! Comparing an unpacked wheel with its manifest, byte by byte.

use crate::contents::{Digest, digest_of, sha256_of};
use crate::error::io_error;
use crate::layout::Layout;
use crate::manifest::Manifest;
use crate::parallel::for_each;
use crate::record::{Row, parse_record};
use crate::remove::normalize;
use crate::store::Store;
use crate::{Error, InstalledDist, bytecode};
use pybun_model::Sha256;
use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock};

/// A file that is not as it was unpacked. `path` is relative to the unpacked wheel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    pub path: String,
    pub kind: DamageKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DamageKind {
    Missing,
    Changed,
    /// Not in the manifest.
    Added,
}

impl DamageKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Changed => "changed",
            Self::Added => "added",
        }
    }
}

/// For each of `dists`: is it as it was installed, in the environment and in the store? A wheel that the store has
/// damaged is taken out. What another tool installed is judged by its RECORD alone. A file that several of them bring may
/// be that of each.
pub fn check(store: &Store, layout: &Layout, dists: &[InstalledDist], threads: usize) -> Result<Vec<bool>, Error> {
    let sound: Vec<AtomicBool> = dists.iter().map(|_| AtomicBool::new(true)).collect();
    let items: Vec<(&InstalledDist, &AtomicBool)> = dists.iter().zip(&sound).collect();
    let all: OnceLock<HashMap<PathBuf, Vec<Expected>>> = OnceLock::new();
    let read_all = || {
        let mut all: HashMap<PathBuf, Vec<Expected>> = HashMap::new();
        for claim in dists.iter().filter_map(|dist| claims(store, layout, dist)).flatten() {
            all.entry(claim.path).or_default().push(claim.content);
        }
        all
    };
    let is_of_another =
        |path: &Path| all.get_or_init(read_all).get(path).is_some_and(|all| all.iter().any(|one| one.is(path)));
    let is_sound = |claim: &Claim| claim.content.is(&claim.path) || is_of_another(&claim.path);
    for_each(
        threads,
        &items,
        || (),
        |(), (dist, sound)| {
            if let Some(wheel) = dist.wheel.filter(|wheel| store.has(wheel))
                && !store.verify(&wheel)?.is_empty()
                && (store.mend(&wheel)? || !store.verify_trees(&wheel)?.is_empty())
            {
                sound.store(false, Ordering::Relaxed);
            }
            if !claims(store, layout, dist).is_some_and(|claims| claims.iter().all(is_sound)) {
                sound.store(false, Ordering::Relaxed);
            }
            Ok(())
        },
    )?;
    Ok(sound.into_iter().map(AtomicBool::into_inner).collect())
}

/// A file of an installed distribution, and what it has to be.
struct Claim {
    path: PathBuf,
    content: Expected,
}

enum Expected {
    /// As the store unpacked it.
    Unpacked(Digest),
    /// As RECORD says.
    Recorded(Sha256),
}

impl Expected {
    fn is(&self, path: &Path) -> bool {
        match self {
            Self::Unpacked(digest) => digest_of(path).is_ok_and(|found| found == *digest),
            Self::Recorded(sha256) => sha256_of(path).is_ok_and(|found| found == *sha256),
        }
    }
}

/// What RECORD lists, where the store has the wheel as it was unpacked. Nothing when RECORD was cut off, which what was
/// unpacked tells; without a RECORD of somebody else there is nothing to compare with.
fn claims(store: &Store, layout: &Layout, dist: &InstalledDist) -> Option<Vec<Claim>> {
    let record = crate::installed::read_file(&dist.dist_info.join("RECORD")).ok();
    let rows = record.and_then(|bytes| parse_record(&bytes).ok());
    let library = dist.dist_info.parent().unwrap_or(&layout.purelib);
    let bytes = dist.wheel.and_then(|wheel| store.manifest_bytes(&wheel).ok()).unwrap_or_default();
    let manifest = Manifest::decode(&bytes);
    let Some(rows) = rows else { return manifest.is_none().then(Vec::new) };
    let unpacked: HashMap<String, &[u8]> =
        manifest.iter().flat_map(Manifest::library).map(|(path, file)| (path, file.digest)).collect();
    let listed: HashSet<&str> = rows.iter().map(|row| row.path.as_str()).collect();
    let is_whole = manifest.as_ref().is_none_or(|manifest| {
        let itself = crate::manifest::join(manifest.dist_info, "RECORD");
        listed.contains(itself.as_str()) && unpacked.keys().all(|path| listed.contains(path.as_str()))
    });
    let claim = |row: &Row| {
        let unpacked = unpacked.get(&row.path).and_then(|digest| Digest::try_from(*digest).ok());
        let content = unpacked.map(Expected::Unpacked).or_else(|| row.sha256().map(Expected::Recorded))?;
        let path = library.join(&row.path);
        Some(Claim { path: normalize(&path).unwrap_or(path), content })
    };
    is_whole.then(|| rows.iter().filter_map(claim).collect())
}

/// The damaged wheels of a store.
pub type DamagedWheels = Vec<(Sha256, Vec<Damage>)>;

/// Every wheel of the store, on `threads`.
pub fn verify_all(store: &Store, threads: usize) -> Result<(usize, DamagedWheels), Error> {
    let wheels = store.wheels()?;
    let damaged = Mutex::new(Vec::new());
    for_each(
        threads,
        &wheels,
        || (),
        |(), wheel| {
            let damage = match store.verify(wheel) {
                // Collected meanwhile.
                Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => Vec::new(),
                other => other?,
            };
            if !damage.is_empty() {
                damaged.lock().expect("no thread panics while it holds this lock").push((*wheel, damage));
            }
            Ok(())
        },
    )?;
    let mut damaged = damaged.into_inner().expect("no thread panics while it holds this lock");
    damaged.sort_by_key(|(wheel, _)| *wheel);
    Ok((wheels.len(), damaged))
}

/// `entry` holds the tree and the lists of bytecode.
pub(crate) fn verify(entry: &Path, manifest: &Manifest<'_>) -> Result<Vec<Damage>, Error> {
    let tree = &entry.join("tree");
    let mut damages = Vec::new();
    let mut known = HashSet::new();
    let bytecode = bytecode::files(entry, manifest);
    let compiled = bytecode.iter().map(|(path, file)| (path.clone(), &file.digest[..]));
    for (path, digest) in manifest.tree().map(|(path, file)| (path, file.digest)).chain(compiled) {
        let full = tree.join(&path);
        let kind = match digest_of(&full) {
            Ok(found) if found == *digest => None,
            Ok(_) => Some(DamageKind::Changed),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Some(DamageKind::Missing),
            Err(error) => return Err(io_error("read", &full)(error)),
        };
        damages.extend(kind.map(|kind| Damage { path: path.clone(), kind }));
        known.insert(path);
    }
    let mut pending = vec![String::new()];
    while let Some(directory) = pending.pop() {
        let full = tree.join(&directory);
        for entry in fs::read_dir(&full).map_err(io_error("read", &full))? {
            let entry = entry.map_err(io_error("read", &full))?;
            let path = crate::manifest::join(&directory, &entry.file_name().to_string_lossy());
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                pending.push(path);
            } else if !known.contains(&path) && !is_bytecode(&path) {
                damages.push(Damage { path, kind: DamageKind::Added });
            }
        }
    }
    damages.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(damages)
}

/// An interpreter that may write beside a source of a tree link does so; it believes such a file only while it fits.
pub(crate) fn is_bytecode(path: &str) -> bool {
    let mut parts = path.rsplit('/');
    let name = parts.next().unwrap_or_default();
    // One that is being written, or was when the process ended: `x.cpython-312.pyc.140079748831792`.
    let unfinished = |(_, rest): (&str, &str)| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit());
    parts.next() == Some("__pycache__") && (name.ends_with(".pyc") || name.split_once(".pyc.").is_some_and(unfinished))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_an_interpreter_writes() {
        for path in
            ["__pycache__/a.cpython-312.pyc", "p/__pycache__/a.cpython-312.opt-1.pyc", "__pycache__/a.x.pyc.140"]
        {
            assert!(is_bytecode(path), "{path}");
        }
        for path in ["a.pyc", "__pycache__/a.py", "__pycache__/a.pyc.", "__pycache__/a.pyc.sh", "__pycache__/d/a.pyc"] {
            assert!(!is_bytecode(path), "{path}");
        }
    }
}
