//! Reading a whole file by its path, links followed.

use crate::Error;
use std::fs::{File, Metadata};
use std::io::Read;
use std::path::Path;

/// A regular file, and what the system says of it.
pub struct Opened {
    pub file: File,
    pub metadata: Metadata,
}

/// Opens a regular file for reading. Nothing else is opened, and nothing is waited for.
pub fn open(path: &Path) -> Result<Opened, Error> {
    // Opening some devices does something, so that they are told apart before.
    if !std::fs::metadata(path)?.is_file() {
        return Err(Error::NotRegular);
    }
    Opened::of(without_waiting(path)?)
}

/// The whole of a regular file that is no longer than `limit` bytes.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>, Error> {
    open(path)?.read(limit)
}

impl Opened {
    pub(crate) fn of(file: File) -> Result<Self, Error> {
        let metadata = file.metadata()?;
        if metadata.is_file() { Ok(Self { file, metadata }) } else { Err(Error::NotRegular) }
    }

    /// All of it, unless that is more than `limit` bytes.
    pub fn read(self, limit: u64) -> Result<Vec<u8>, Error> {
        let size = self.metadata.len();
        if size > limit {
            return Err(Error::TooLong(limit));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default() + 1);
        // It may have grown meanwhile, and some files state no size.
        self.file.take(limit + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit { Err(Error::TooLong(limit)) } else { Ok(bytes) }
    }
}

/// A pipe that takes the place of the file at this moment is not waited for.
#[cfg(unix)]
fn without_waiting(path: &Path) -> Result<File, Error> {
    use rustix::fs::{CWD, Mode, openat};
    let opened = openat(CWD, path, crate::unix::READ, Mode::empty());
    Ok(opened.map_err(std::io::Error::from)?.into())
}

#[cfg(not(unix))]
fn without_waiting(path: &Path) -> Result<File, Error> {
    Ok(File::open(path)?)
}
