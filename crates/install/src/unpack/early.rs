//! What is unpacked of a wheel while it still arrives.
//!
//! Members lie one behind the other, each behind a header of its own, so that those that have arrived can be unpacked
//! before the central directory, the end of the file, says what the archive holds. What it says counts: a member that was
//! unpacked early is taken over when the directory describes just it, at its place. Where the two disagree in anything,
//! all of it is thrown away and the whole file is unpacked as if nothing had been done.
//!
//! Only the root of the wheel is unpacked early, which is nearly all of it; and nothing of a wheel whose members are only
//! described behind their data.

use super::member::Writer;
use crate::contents::{Digest, Known};
use crate::zip::{Ahead, Archive, Entry, Scratch, TOO_MANY_DIRECTORIES, ZipError, max_directories, may_unpack};
use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

#[derive(Default)]
pub(crate) struct Early {
    archive: Option<Archive<fs::File>>,
    /// Where the next header is.
    at: u64,
    /// Of all that was unpacked.
    size: u64,
    /// Below the tree.
    dirs: HashSet<String>,
    /// By the place of the header.
    members: HashMap<u64, Done>,
    ended: bool,
    broken: bool,
}

struct Done {
    entry: Entry,
    digest: Digest,
    /// It is a link of a file that others have.
    shared: bool,
}

/// A member that need not be unpacked again.
pub(crate) struct Ready {
    pub digest: Digest,
    pub shared: bool,
}

impl Early {
    /// Unpacks into `directory` the members that are whole in the first `arrived` bytes of the file at `path`. What goes
    /// wrong is left for the end, which meets it again.
    pub fn advance(&mut self, path: &Path, arrived: u64, known: &Known, directory: &Path) {
        let mut scratch = Scratch::default();
        while !self.ended && !self.broken {
            match self.step(path, arrived, &mut scratch, (known, directory)) {
                Ok(true) => {}
                Ok(false) => return,
                Err(_) => self.broken = true,
            }
        }
    }

    /// Nothing that was unpacked is used.
    pub fn distrust(&mut self) {
        self.broken = true;
    }

    /// Is each member that was unpacked one of `entries`, as they describe it?
    pub fn agrees<'e>(&self, entries: impl Iterator<Item = &'e Entry>) -> bool {
        let same = entries.filter(|entry| self.members.get(&entry.offset).is_some_and(|done| done.entry.is(entry)));
        !self.broken && same.count() == self.members.len()
    }

    /// Was this directory of the tree made?
    pub fn has_dir(&self, path: &str) -> bool {
        self.dirs.contains(path)
    }

    pub fn is_empty(&self) -> bool {
        self.dirs.is_empty() && self.members.is_empty()
    }

    pub fn find(&self, entry: &Entry) -> Option<Ready> {
        let Done { digest, shared, .. } = self.members.get(&entry.offset)?;
        Some(Ready { digest: *digest, shared: *shared })
    }

    /// Says whether there may be more.
    fn step(
        &mut self,
        path: &Path,
        arrived: u64,
        scratch: &mut Scratch,
        (known, directory): (&Known, &Path),
    ) -> Result<bool, ZipError> {
        let archive = match &self.archive {
            Some(archive) => archive,
            None => {
                let file = fs::File::open(path).map_err(ZipError::Read)?;
                self.archive.insert(Archive::unread(file))
            }
        };
        let entry = match archive.ahead(self.at, arrived)? {
            Ahead::Member(entry) => entry,
            Ahead::Later => return Ok(false),
            Ahead::End => {
                self.ended = true;
                return Ok(false);
            }
        };
        if entry.offset + entry.span > arrived {
            return Ok(false);
        }
        self.at = entry.offset + entry.span;
        if entry.directory || !is_root(&entry.path) {
            return Ok(true);
        }
        self.size = self.size.saturating_add(entry.size);
        if !may_unpack(self.size, self.at) {
            return Err(entry.bad("is too large to be unpacked early"));
        }
        let tree = directory.join("tree");
        make_dirs(&tree, &entry.path, &mut self.dirs).map_err(ZipError::Sink)?;
        if self.dirs.len() > max_directories(self.members.len()) {
            return Err(TOO_MANY_DIRECTORIES);
        }
        let full = tree.join(&entry.path);
        let mut writer = Writer::new(&full, false, entry.size, known);
        let mut content = blake3::Hasher::new();
        archive.extract(&entry, scratch, &mut |chunk| {
            content.update(chunk);
            writer.take(chunk, &|| *content.finalize().as_bytes())
        })?;
        let digest = *content.finalize().as_bytes();
        let shared = writer.finish(&digest, directory).map_err(ZipError::Sink)?;
        self.members.insert(entry.offset, Done { entry, digest, shared });
        Ok(true)
    }
}

/// Not metadata, and nothing that goes to another place of the environment.
fn is_root(path: &str) -> bool {
    path.split_once('/').is_none_or(|(top, _)| !top.ends_with(".dist-info") && !top.ends_with(".data"))
}

/// One that is there although we did not make it is a case that the end tells.
fn make_dirs(tree: &Path, path: &str, made: &mut HashSet<String>) -> io::Result<()> {
    let parents = path.match_indices('/').map(|(at, _)| &path[..at]);
    for dir in std::iter::once("").chain(parents) {
        if !made.contains(dir) {
            let full: PathBuf = tree.join(dir);
            fs::create_dir(full)?;
            made.insert(dir.to_owned());
        }
    }
    Ok(())
}
