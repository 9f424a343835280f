//! The store: every wheel unpacked once, under the SHA-256 of its file, and never changed afterwards.
//!
//! `packages/v4/<first two digits>/<sha256>/` holds `manifest` and the unpacked `tree`. It comes into being by one
//! rename of a finished directory from `packages/v4/tmp/`, so it is there wholly or not at all, and of two processes
//! that do the same one wins and both find the same. Versions of a package share equal files (see `contents`). The time of
//! `manifest` is that of the last use, as `gc` wants it. Nothing is forced to the disk: what survives a power failure
//! may be incomplete, which `verify` finds. `docs/design/store.md` says all of it.

use crate::contents::sha256_of;
use crate::error::io_error;
use crate::manifest::{self, Manifest, Part};
use crate::unpack::Arriving;
use crate::{Error, trees, verify};
use pybun_model::{Emit, PackageName, Sha256, WheelName};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

/// Temporary directories older than this were left by a process that died.
pub(crate) const STALE: Duration = Duration::from_secs(24 * 60 * 60);
/// So much of a manifest is read at once: outline and names of most wheels.
const USUAL_START: usize = 16 << 10;
/// How often a finished entry is put in its place while others move what is there.
const PUBLISH_TRIES: usize = 20;
/// A use is noted when the last one is this long ago. `gc` spares what was used in twice that time.
pub(crate) const NOTED: Duration = Duration::from_secs(30 * 60);

#[derive(Clone, Debug)]
pub struct Store {
    root: PathBuf,
}

/// How a wheel is unpacked.
#[derive(Clone, Copy, Debug)]
pub struct Unpacking {
    /// They unpack its members: 1 when several wheels are added at the same time.
    pub threads: usize,
    /// Compare every member with RECORD, for nobody has stated the digest of the wheel.
    pub check_record: bool,
}

/// A wheel that is in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub sha256: Sha256,
    /// It had been there before.
    pub reused: bool,
    /// Zero when reused.
    pub files: u64,
    pub bytes: u64,
}

impl Store {
    /// Touches nothing; directories are made when they are needed.
    pub fn open(cache_dir: &Path) -> Self {
        Self::of_version(cache_dir, "v4")
    }

    /// That of an earlier PyBun.
    pub(crate) fn of_version(cache_dir: &Path, version: &str) -> Self {
        Self { root: cache_dir.join("packages").join(version) }
    }

    /// Asking is a use: what was found is not removed for the next hour.
    pub fn has(&self, sha256: &Sha256) -> bool {
        let path = self.entry(sha256).join("manifest");
        let Ok(found) = fs::metadata(&path) else { return false };
        note_use(&path, &found);
        true
    }

    /// All wheels, sorted.
    pub fn wheels(&self) -> Result<Vec<Sha256>, Error> {
        let mut found = Vec::new();
        for directory in names(&self.root)?.into_iter().filter(|name| name.len() == 2) {
            let entries = names(&self.root.join(&directory))?.into_iter();
            found.extend(entries.filter_map(|name| Sha256::from_str(&name).ok()));
        }
        found.sort();
        Ok(found)
    }

    /// Unpacks the wheel at `path`, whose digest the caller has computed, unless it is there already.
    pub fn add_wheel(
        &self,
        path: &Path,
        name: &WheelName,
        sha256: Sha256,
        unpacking: Unpacking,
        emit: Emit<'_>,
    ) -> Result<Stored, Error> {
        if self.has(&sha256) {
            return Ok(Stored { sha256, reused: true, files: 0, bytes: 0 });
        }
        self.begin(name)?.finish(path, sha256, unpacking, emit)
    }

    /// A wheel that is going to arrive.
    pub fn begin(&self, name: &WheelName) -> Result<Arriving, Error> {
        Arriving::begin(self, name)
    }

    /// The same for a file whose digest nobody has computed yet, for instance a wheel in a local directory.
    pub fn add_local_wheel(
        &self,
        path: &Path,
        name: &WheelName,
        expected: Option<Sha256>,
        threads: usize,
        emit: Emit<'_>,
    ) -> Result<Stored, Error> {
        let found = sha256_of(path).map_err(io_error("read", path))?;
        match expected {
            Some(expected) if expected != found => Err(Error::HashMismatch { path: path.to_owned(), expected, found }),
            _ => self.add_wheel(path, name, found, Unpacking { threads, check_record: expected.is_none() }, emit),
        }
    }

    /// Every file of an unpacked wheel against its digest, and the names of its trees; says what is wrong.
    pub fn verify(&self, sha256: &Sha256) -> Result<Vec<verify::Damage>, Error> {
        let mut damages = self.verify_files(sha256)?;
        damages.extend(self.verify_trees(sha256)?);
        Ok(damages)
    }

    pub(crate) fn verify_trees(&self, sha256: &Sha256) -> Result<Vec<verify::Damage>, Error> {
        match Manifest::decode(&self.manifest_bytes(sha256)?) {
            None => Ok(Vec::new()),
            Some(manifest) => trees::verify(self, sha256, &manifest),
        }
    }

    /// The same without its trees.
    pub(crate) fn verify_files(&self, sha256: &Sha256) -> Result<Vec<verify::Damage>, Error> {
        let bytes = self.manifest_bytes(sha256)?;
        match Manifest::decode(&bytes) {
            None => Ok(vec![verify::Damage { path: "manifest".to_owned(), kind: verify::DamageKind::Changed }]),
            Some(manifest) => verify::verify(&self.entry(sha256), &manifest),
        }
    }

    /// Does what can be done about a damaged wheel: it is taken out, but when only its trees are damaged, which are made
    /// again from its files. Says whether it was taken out.
    pub fn mend(&self, sha256: &Sha256) -> Result<bool, Error> {
        if self.verify_files(sha256)?.is_empty() {
            return trees::mend(self, sha256).map(|()| false);
        }
        self.discard(sha256).map(|()| true)
    }

    /// Takes a wheel out, for instance a damaged one. Environments that were linked from it keep their files, and
    /// their trees; a new tree takes the place of each when somebody wants it.
    pub fn discard(&self, sha256: &Sha256) -> Result<(), Error> {
        trees::distrust(self, sha256);
        let entry = self.entry(sha256);
        let temporary = self.temporary()?;
        let aside = temporary.join("discarded");
        let result = match fs::rename(&entry, &aside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io_error("remove", &entry)(error)),
            _ => Ok(()),
        };
        let removed = remove_tree(&temporary).map_err(io_error("remove", &temporary));
        result.and(removed)
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The wheels of a package, the last unpacked first. Some may be gone.
    pub(crate) fn wheels_of(&self, package: &PackageName) -> Vec<Sha256> {
        let directory = self.names().join(package.as_ref());
        let time = |name: &str| fs::metadata(directory.join(name)).and_then(|found| found.modified()).ok();
        let found = names(&directory).unwrap_or_default().into_iter();
        let mut wheels: Vec<_> = found.filter_map(|name| Some((time(&name), Sha256::from_str(&name).ok()?))).collect();
        wheels.sort_by(|a, b| b.cmp(a));
        wheels.into_iter().map(|(_, sha256)| sha256).collect()
    }

    pub(crate) fn names(&self) -> PathBuf {
        self.root.join("names")
    }

    /// Lets other versions find the wheel. Failing to do so harms nobody.
    fn note_name(&self, package: &PackageName, sha256: &Sha256) {
        let directory = self.names().join(package.as_ref());
        if fs::create_dir_all(&directory).is_ok() {
            let _ = fs::write(directory.join(sha256.to_string()), "");
        }
    }

    pub(crate) fn tree(&self, sha256: &Sha256) -> PathBuf {
        self.entry(sha256).join("tree")
    }

    pub(crate) fn manifest_bytes(&self, sha256: &Sha256) -> Result<Vec<u8>, Error> {
        let path = self.entry(sha256).join("manifest");
        fs::read(&path).map_err(io_error("read", &path))
    }

    /// Its beginning, up to the end of `part` at least, for somebody who is going to link from it. Bytes that are no
    /// manifest are given as they are.
    pub(crate) fn manifest_start(&self, sha256: &Sha256, part: Part) -> Result<Vec<u8>, Error> {
        let path = self.entry(sha256).join("manifest");
        let read = || {
            let mut file = fs::File::open(&path)?;
            let found = file.metadata()?;
            note_use(&path, &found);
            let size = usize::try_from(found.len()).unwrap_or(usize::MAX);
            let mut bytes = Vec::new();
            read_up_to(&mut file, &mut bytes, size.min(USUAL_START))?;
            if let Some(end) = manifest::end_of(&bytes, part) {
                read_up_to(&mut file, &mut bytes, size.min(end))?;
            }
            Ok(bytes)
        };
        read().map_err(io_error("read", &path))
    }

    pub(crate) fn entry(&self, sha256: &Sha256) -> PathBuf {
        let digits = sha256.to_string();
        self.root.join(&digits[..2]).join(digits)
    }

    /// A new directory in the same file system as the entries.
    pub(crate) fn temporary(&self) -> Result<PathBuf, Error> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let parent = self.root.join("tmp");
        fs::create_dir_all(&parent).map_err(io_error("create", &parent))?;
        let count = COUNTER.fetch_add(1, Ordering::Relaxed);
        if count == 0 {
            sweep(&parent);
        }
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
        let path = parent.join(format!("{}-{count}-{now:x}", std::process::id()));
        fs::create_dir(&path).map_err(io_error("create", &path))?;
        Ok(path)
    }

    /// Puts a finished entry in its place, unless somebody else has done it.
    pub(crate) fn publish(&self, temporary: &Path, sha256: &Sha256, package: &PackageName) -> Result<(), Error> {
        let entry = self.entry(sha256);
        let parent = entry.parent().expect("an entry lies in the directory of its first digits");
        fs::create_dir_all(parent).map_err(io_error("create", parent))?;
        let mut left = PUBLISH_TRIES;
        loop {
            let Err(error) = fs::rename(temporary, &entry) else {
                self.note_name(package, sha256);
                return Ok(());
            };
            if self.has(sha256) {
                // Another process was quicker.
                return remove_tree(temporary).map_err(io_error("remove", temporary));
            }
            // A collection takes an entry away and puts it back, so that it may be there at one look and not at the next.
            let occupied = matches!(error.kind(), io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists);
            left -= 1;
            if left == 0 || !(occupied || entry.exists()) {
                return Err(io_error("create", &entry)(error));
            }
            // A directory without a manifest: something outside of PyBun damaged it.
            if entry.exists() && !self.has(sha256) {
                self.discard(sha256)?;
            }
        }
    }
}

/// Goes on until there are `length` bytes, or no more. Where a size is known, `read_to_end` asks twice for nothing.
fn read_up_to(file: &mut fs::File, bytes: &mut Vec<u8>, length: usize) -> io::Result<()> {
    let mut at = bytes.len();
    bytes.resize(length.max(at), 0);
    while at < length {
        match file.read(&mut bytes[at..])? {
            0 => break,
            count => at += count,
        }
    }
    bytes.truncate(at);
    Ok(())
}

/// Removes what processes that died have left. Failing to do so harms nobody.
fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let age = entry.metadata().and_then(|metadata| metadata.modified()).ok().and_then(|at| at.elapsed().ok());
        if age.is_some_and(|age| age > STALE) {
            let _ = remove_tree(&entry.path());
        }
    }
}

/// Failing to note it only makes `gc` think that nobody needs the wheel.
fn note_use(path: &Path, found: &fs::Metadata) {
    let age = found.modified().ok().and_then(|time| time.elapsed().ok());
    if age.is_some_and(|age| age > NOTED)
        && let Ok(file) = fs::File::options().write(true).open(path)
    {
        let _ = file.set_modified(SystemTime::now());
    }
}

/// The names in a directory; none when it is not there.
pub(crate) fn names(directory: &Path) -> Result<Vec<String>, Error> {
    match fs::read_dir(directory) {
        Ok(entries) => Ok(entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect()),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(Vec::new()),
        Err(error) => Err(io_error("read", directory)(error)),
    }
}

/// Removes a directory of the store, in which others may be protected from writing.
pub(crate) fn remove_tree(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            unprotect(path);
            fs::remove_dir_all(path)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

#[cfg(unix)]
fn unprotect(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let _ = fs::set_permissions(path, fs::Permissions::from_mode(0o755));
    let Ok(entries) = fs::read_dir(path) else { return };
    for entry in entries.flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            unprotect(&entry.path());
        }
    }
}

/// Files that are read-only cannot be removed on Windows.
#[cfg(not(unix))]
#[expect(clippy::permissions_set_readonly_false, reason = "there are no modes for others here")]
fn unprotect(path: &Path) {
    if let Ok(found) = fs::symlink_metadata(path) {
        let mut permissions = found.permissions();
        permissions.set_readonly(false);
        let _ = fs::set_permissions(path, permissions);
    }
    let Ok(entries) = fs::read_dir(path) else { return };
    for entry in entries.flatten() {
        unprotect(&entry.path());
    }
}
