//! Where the bytes of a download are until it is whole.
//!
//! A large file of stated digest is kept where the next process finds it: a download that was broken off is continued.
//! It is locked for as long as somebody writes it or reads it; whoever comes meanwhile has a file of their own.

use crate::Error;
use crate::cache::Cache;
use pybun_model::{IndexFile, Sha256};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Less is quickly fetched again.
const KEPT: u64 = 8 << 20;

/// It is removed with this value, unless it was released.
#[derive(Debug)]
pub(crate) struct Part {
    pub file: File,
    pub path: PathBuf,
    pub is_kept: bool,
    stays: bool,
}

impl Part {
    /// With what an earlier process has left, if anything.
    pub fn open(cache: &Cache, of: &IndexFile) -> Result<Self, Error> {
        if let (Some(sha256), Some(size)) = (&of.sha256, of.size)
            && size >= KEPT
            && let Some((file, path)) = kept(cache.temporary_directory(), sha256, size)
        {
            return Ok(Self { file, path, is_kept: true, stays: false });
        }
        Self::temporary(cache)
    }

    pub fn temporary(cache: &Cache) -> Result<Self, Error> {
        let temporary = cache.temporary_file()?;
        let directory = temporary.path().to_owned();
        let (file, path) = temporary.keep().map_err(|error| Error::write(&directory, &error.error))?;
        Ok(Self { file, path, is_kept: false, stays: false })
    }

    /// What is there is for the next process.
    pub fn release(mut self) {
        self.stays = self.is_kept;
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.stays {
            // Moved away is one of the cases.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// The file that was begun for this digest, locked. Nothing where somebody else has it, or where a lock keeps its own
/// process from reading the file by its name.
#[cfg(unix)]
fn kept(directory: &Path, sha256: &Sha256, size: u64) -> Option<(File, PathBuf)> {
    use std::os::unix::fs::MetadataExt;
    let path = directory.join(format!("part-{sha256}"));
    let open = || File::options().read(true).write(true).create(true).truncate(false).open(&path);
    let file = open().or_else(|_| fs::create_dir_all(directory).and_then(|()| open())).ok()?;
    file.try_lock().ok()?;
    // The one who had it may have removed it before the lock was ours.
    let (ours, named) = (file.metadata().ok()?, fs::symlink_metadata(&path).ok()?);
    if (ours.dev(), ours.ino()) != (named.dev(), named.ino()) {
        return None;
    }
    if ours.len() > size {
        file.set_len(0).ok()?;
    }
    Some((file, path))
}

#[cfg(not(unix))]
fn kept(_: &Path, _: &Sha256, _: u64) -> Option<(File, PathBuf)> {
    None
}
