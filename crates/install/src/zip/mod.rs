//! A strict reader of ZIP archives: what two readers could understand differently is refused.

mod ahead;
mod bytes;
mod directory;
mod end;
mod entry;
mod member;
mod path;
mod read_at;

pub(crate) use ahead::{Ahead, may_unpack};
pub(crate) use directory::{TOO_MANY_DIRECTORIES, max_directories};
pub(crate) use entry::Entry;
pub(crate) use member::Scratch;
pub(crate) use path::check_path;
pub(crate) use read_at::ReadAt;

use crate::error::one_line;
use std::io;

/// Bounds on what an archive may make us do. Real wheels stay far below: the largest have some 60 000 members.
const MAX_ENTRIES: u64 = 500_000;
const MAX_DIRECTORY: u64 = 128 << 20;
const MAX_TOTAL: u64 = 32 << 30;
/// An archive that unpacks to more than this must not be smaller by more than the ratio.
const RATIO_FREE: u64 = 128 << 20;
const MAX_RATIO: u64 = 200;

/// An archive whose central directory has been read and found consistent. Members are checked when they are read.
pub(crate) struct Archive<R> {
    source: R,
    entries: Vec<Entry>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ZipError {
    #[error("it cannot be read: {0}")]
    Read(#[source] io::Error),
    /// What the caller's own sink said.
    #[error("{0}")]
    Sink(#[source] io::Error),
    #[error("{0}")]
    Archive(&'static str),
    #[error("its member `{}` {why}", one_line(path))]
    Member { path: String, why: &'static str },
    /// The member would be placed outside, or cannot be placed at all.
    #[error("its member `{}` {why}", one_line(path))]
    Path { path: String, why: &'static str },
}

impl<R: ReadAt> Archive<R> {
    pub fn open(source: R) -> Result<Self, ZipError> {
        let size = source.size().map_err(ZipError::Read)?;
        let end = end::find(&source, size)?;
        let entries = directory::read(&source, &end)?;
        check_total(&entries, size)?;
        Ok(Self { source, entries })
    }

    /// In the order of the central directory.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub fn find(&self, path: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| !entry.directory && entry.path == path)
    }

    /// The whole content of one member of at most `limit` bytes.
    pub fn content(&self, entry: &Entry, limit: u64) -> Result<Vec<u8>, ZipError> {
        if entry.size > limit {
            return Err(entry.bad("is larger than such a file may be"));
        }
        let mut content = Vec::new();
        self.extract(entry, &mut Scratch::default(), &mut |chunk| {
            content.extend_from_slice(chunk);
            Ok(())
        })?;
        Ok(content)
    }
}

fn check_total(entries: &[Entry], archive: u64) -> Result<(), ZipError> {
    let mut total = 0u64;
    for entry in entries {
        total = total.saturating_add(entry.size);
    }
    if !may_unpack(total, archive) {
        return Err(ZipError::Archive("it unpacks to far more than such an archive may (a decompression bomb)"));
    }
    Ok(())
}
