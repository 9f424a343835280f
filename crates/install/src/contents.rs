//! The files of unpacked wheels: their time follows from their content, and versions of a package share what is equal.
//!
//! Whoever writes into a linked file, in whatever environment, leaves a mark by its time: such a file is not used again.
//! The same time makes bytecode valid: it names its source by time and size, and both follow from the content, in every
//! environment, whoever compiled it.

use crate::manifest::Manifest;
use crate::store::Store;
use pybun_model::{PackageName, Sha256};
use sha2::Digest as _;
use std::collections::HashMap;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// BLAKE3 of a content. What an index states of a wheel, and RECORD of a file, is SHA-256; this is ours, at a third of its
/// time.
pub(crate) type Digest = [u8; 32];

/// 2000-01-01. Archives cannot say earlier times than 1980, nor some file systems later ones than 2038.
const FIRST_SECOND: u64 = 946_684_800;
/// 17 years, in seconds.
const SECONDS: u32 = 1 << 29;
/// More versions of a package are not looked through for equal files.
const MAX_VERSIONS: usize = 4;

/// What is to be a file of the store.
pub(crate) struct Content<'a> {
    pub bytes: &'a [u8],
    pub digest: &'a Digest,
    pub executable: bool,
}

/// Files that the store has of other wheels of a package, by content and mode, for a mode belongs to the file.
#[derive(Default)]
pub(crate) struct Known(HashMap<(Digest, bool), PathBuf>);

impl Known {
    /// What cannot be read is stored again, which harms nobody.
    pub fn of(store: &Store, package: &PackageName) -> Self {
        let mut known = HashMap::new();
        for sha256 in store.wheels_of(package).into_iter().take(MAX_VERSIONS) {
            let Ok(bytes) = store.manifest_bytes(&sha256) else { continue };
            let Some(manifest) = Manifest::decode(&bytes) else { continue };
            let tree = store.tree(&sha256);
            for (path, file) in manifest.tree().filter(|(_, file)| file.size > 0) {
                if let Ok(digest) = Digest::try_from(file.digest) {
                    known.entry((digest, file.executable)).or_insert_with(|| tree.join(path));
                }
            }
        }
        Self(known)
    }

    /// Makes the new file `path`, by a link when the content is known; says whether it is one.
    pub fn write(&self, path: &Path, content: &Content<'_>) -> io::Result<bool> {
        if let Some(other) = self.sound(content.digest, content.bytes.len() as u64, content.executable) {
            match fs::hard_link(other, path) {
                Ok(()) => return Ok(true),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(error),
                // Too many names, no links at all, or collected just now: the content is simply stored again.
                Err(_) => {}
            }
        }
        let mut file = create(path, content.executable)?;
        file.write_all(content.bytes)?;
        set_time(&file, content.digest).map(|()| false)
    }

    /// Puts a link in the place of a file that was written before its content was known; says whether it did.
    /// `aside` is a directory beside its tree.
    pub fn replace(&self, path: &Path, digest: &Digest, size: u64, executable: bool, aside: &Path) -> bool {
        let Some(other) = self.sound(digest, size, executable) else { return false };
        let link = aside.join(Sha256(*digest).to_string());
        if fs::hard_link(other, &link).is_err() {
            return false;
        }
        let replaced = fs::rename(&link, path).is_ok();
        if !replaced {
            let _ = fs::remove_file(&link);
        }
        replaced
    }

    /// One that nobody has changed.
    fn sound(&self, digest: &Digest, size: u64, executable: bool) -> Option<&Path> {
        let path = self.0.get(&(*digest, executable))?;
        let found = fs::symlink_metadata(path).ok()?;
        let sound =
            found.is_file() && found.len() == size && found.modified().is_ok_and(|time| time == time_of(digest));
        sound.then_some(path)
    }
}

/// The time that a file with this content has.
pub(crate) fn time_of(digest: &Digest) -> SystemTime {
    let number = u32::from_le_bytes([digest[0], digest[1], digest[2], digest[3]]) % SECONDS;
    SystemTime::UNIX_EPOCH + Duration::from_secs(FIRST_SECOND + u64::from(number))
}

pub(crate) fn set_time(file: &fs::File, digest: &Digest) -> io::Result<()> {
    file.set_modified(time_of(digest))
}

/// A new file with the mode that installers give.
pub(crate) fn create(path: &Path, executable: bool) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, if executable { 0o755 } else { 0o644 });
    #[cfg(not(unix))]
    let _ = executable;
    options.open(path)
}

/// Of the file at `path`.
pub(crate) fn digest_of(path: &Path) -> io::Result<Digest> {
    let mut hasher = blake3::Hasher::new();
    feed(path, &mut hasher).map(|()| *hasher.finalize().as_bytes())
}

/// The same as indexes and RECORD have it.
pub(crate) fn sha256_of(path: &Path) -> io::Result<Sha256> {
    let mut hasher = sha2::Sha256::new();
    feed(path, &mut hasher).map(|()| Sha256(hasher.finalize().into()))
}

fn feed(path: &Path, to: &mut impl Write) -> io::Result<()> {
    let mut file = io::BufReader::with_capacity(256 << 10, fs::File::open(path)?);
    io::copy(&mut file, to).map(drop)
}
