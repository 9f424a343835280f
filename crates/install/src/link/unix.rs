//! By directory descriptors: no path is looked up from the root for any file, and no link below a root is followed, for it may
//! lead out of the environment.

use super::{PairError, Place};
use crate::manifest::join;
use crate::trees::prefixes;
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, linkat, mkdirat, openat, statat, symlinkat, unlinkat};
use rustix::io::Errno;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

#[cfg(any(target_os = "linux", target_os = "android"))]
const DIRECTORY: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const DIRECTORY: OFlags = OFlags::DIRECTORY.union(OFlags::CLOEXEC);

/// A directory that others are opened below.
pub(crate) struct Root(OwnedFd);

impl Root {
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Self(openat(CWD, path, DIRECTORY, Mode::empty())?))
    }

    /// A directory of it.
    pub fn below(&self, path: &str) -> io::Result<Self> {
        Ok(Self(self.open_below(path)?))
    }

    /// The directory itself for an empty path.
    fn open_below(&self, path: &str) -> Result<OwnedFd, Errno> {
        open_without_links(self.0.as_fd(), if path.is_empty() { "." } else { path })
    }

    /// A symbolic link at `path`, whose parents are made.
    pub fn symlink(&self, target: &Path, path: &str) -> io::Result<()> {
        let Some((parent, name)) = path.rsplit_once('/') else { return Ok(symlinkat(target, &self.0, path)?) };
        let directory = match self.open_below(parent) {
            Err(Errno::NOENT) => {
                self.create_after("", parent)?;
                self.open_below(parent)?
            }
            result => result?,
        };
        Ok(symlinkat(target, &directory, name)?)
    }

    /// A name at `path` for the file `source`.
    pub fn hardlink(&self, source: &Path, path: &str) -> io::Result<()> {
        Ok(linkat(CWD, source, &self.0, path, AtFlags::empty())?)
    }

    /// Makes `path` and what is missing above it, but not what it shares with `known`, which is there. Says whether it is
    /// new.
    fn create_after(&self, known: &str, path: &str) -> Result<bool, Errno> {
        let mut new = false;
        for prefix in prefixes(path).filter(|prefix| !is_at_or_above(prefix, known)) {
            new = match mkdirat(&self.0, prefix, Mode::from_raw_mode(0o777)) {
                Ok(()) => true,
                // What is there may be a link, behind which nothing is made.
                Err(Errno::EXIST) => {
                    let found = statat(&self.0, prefix, AtFlags::SYMLINK_NOFOLLOW)?;
                    if FileType::from_raw_mode(found.st_mode) != FileType::Directory {
                        return Err(Errno::NOTDIR);
                    }
                    false
                }
                Err(error) => return Err(error),
            };
        }
        Ok(new)
    }
}

/// Opens a directory below another one. In one call where the kernel can (Linux from 5.6, unless a sandbox does not know the call).
#[cfg(any(target_os = "linux", target_os = "android"))]
fn open_without_links(root: BorrowedFd<'_>, path: &str) -> Result<OwnedFd, Errno> {
    use rustix::fs::{ResolveFlags, openat2};
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
    match openat2(root, path, DIRECTORY, Mode::empty(), resolve) {
        Err(Errno::LOOP | Errno::XDEV) => Err(Errno::NOTDIR),
        Err(Errno::NOSYS | Errno::PERM | Errno::INVAL) => open_step_by_step(root, path),
        result => result,
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn open_without_links(root: BorrowedFd<'_>, path: &str) -> Result<OwnedFd, Errno> {
    open_step_by_step(root, path)
}

fn open_step_by_step(root: BorrowedFd<'_>, path: &str) -> Result<OwnedFd, Errno> {
    let mut names = path.split('/');
    let open = |at: BorrowedFd<'_>, name: &str| match openat(at, name, DIRECTORY | OFlags::NOFOLLOW, Mode::empty()) {
        Err(Errno::LOOP) => Err(Errno::NOTDIR),
        result => result,
    };
    let first = open(root, names.next().unwrap_or("."))?;
    names.try_fold(first, |directory, name| open(directory.as_fd(), name))
}

/// A directory of the store and the one of an environment that is filled from it.
pub(crate) struct Pair<'p> {
    source: Side<'p>,
    target: Side<'p>,
}

/// A directory that is open, or one that is reached by a path below another.
enum Side<'p> {
    Open(OwnedFd),
    Below(&'p Root, &'p str),
}

impl Side<'_> {
    /// Where the kernel finds `name` of the directory.
    fn at<T>(&self, name: &str, call: impl FnOnce(BorrowedFd<'_>, &str) -> T) -> T {
        match self {
            Self::Open(directory) => call(directory.as_fd(), name),
            Self::Below(root, path) => call(root.0.as_fd(), &join(path, name)),
        }
    }
}

/// For no more files than these a directory is not opened: looking up their paths takes less.
const FEW_FILES: usize = 4;

impl<'p> Pair<'p> {
    /// The same as `open` for somebody who places `files` files, and knows that `known` is there.
    pub fn fill(
        (source, source_path): (&'p Root, &'p str),
        (target, known, target_path): (&'p Root, &str, &'p str),
        files: usize,
    ) -> Result<Self, PairError> {
        let new = target.create_after(known, target_path).map_err(|error| PairError::Target(error.into()))?;
        // What was there already may be no directory, which opening it tells.
        if new && files <= FEW_FILES {
            return Ok(Self { source: Side::Below(source, source_path), target: Side::Below(target, target_path) });
        }
        let source = match source_path {
            "" => Side::Below(source, source_path),
            _ => Side::Open(source.open_below(source_path).map_err(|error| PairError::Source(error.into()))?),
        };
        let target = target.open_below(target_path).map_err(|error| PairError::Target(error.into()))?;
        Ok(Self { source, target: Side::Open(target) })
    }

    /// Makes the target and its parents.
    pub fn open(source: &Root, source_path: &str, target: &Root, target_path: &str) -> Result<Self, PairError> {
        let source = source.open_below(source_path).map_err(|error| PairError::Source(error.into()))?;
        let opened = match target.open_below(target_path) {
            Err(Errno::NOENT) => target.create_after("", target_path).and_then(|_| target.open_below(target_path)),
            result => result,
        };
        let target = opened.map_err(|error| PairError::Target(error.into()))?;
        Ok(Self { source: Side::Open(source), target: Side::Open(target) })
    }

    /// A new file of the target with the mode that installers give.
    pub fn create(&self, name: &str, executable: bool) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(if executable { 0o755 } else { 0o644 });
        Ok(self.target.at(name, |directory, path| openat(directory, path, flags, mode))?.into())
    }

    fn open_source(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        Ok(self.source.at(name, |directory, path| openat(directory, path, flags, Mode::empty()))?.into())
    }

    /// A new file; `fill` gets both, and a file that it fails to fill is removed.
    fn create_filled(
        &self,
        name: &str,
        executable: bool,
        fill: impl FnOnce(&mut File, &mut File) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut from = self.open_source(name)?;
        let mut to = self.create(name, executable)?;
        // Bytecode knows its source by its time.
        let result = fill(&mut from, &mut to).and_then(|()| to.set_modified(from.metadata()?.modified()?));
        if result.is_err() {
            // The error that left a part is the one to tell.
            let _ = self.remove(name);
        }
        result
    }
}

impl Place for Pair<'_> {
    fn hardlink(&self, name: &str) -> io::Result<()> {
        let link = |from: BorrowedFd<'_>, source: &str| {
            self.target.at(name, |to, target| linkat(from, source, to, target, AtFlags::empty()))
        };
        Ok(self.source.at(name, link)?)
    }

    #[cfg(target_os = "linux")]
    fn reflink(&self, name: &str, executable: bool) -> io::Result<()> {
        self.create_filled(name, executable, |from, to| Ok(rustix::fs::ioctl_ficlone(to, from)?))
    }

    #[cfg(target_vendor = "apple")]
    fn reflink(&self, name: &str, _: bool) -> io::Result<()> {
        let from = self.open_source(name)?;
        let flags = rustix::fs::CloneFlags::empty();
        Ok(self.target.at(name, |to, target| rustix::fs::fclonefileat(&from, to, target, flags))?)
    }

    #[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
    fn reflink(&self, _: &str, _: bool) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// `io::copy` lets the kernel copy between files where it can.
    fn copy(&self, name: &str, executable: bool) -> io::Result<()> {
        self.create_filled(name, executable, |from, to| io::copy(from, to).map(drop))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        match self.target.at(name, |directory, path| unlinkat(directory, path, AtFlags::empty())) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Is `path` the directory `prefix`, or something below it?
fn is_at_or_above(prefix: &str, path: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_open_the_same_and_follow_no_link() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("env/a/b")).unwrap();
        std::fs::create_dir_all(dir.path().join("victim/b")).unwrap();
        std::fs::write(dir.path().join("env/file"), "").unwrap();
        for (name, target) in [("outside", "../victim"), ("inside", "a"), ("a/up", "../../victim")] {
            std::os::unix::fs::symlink(target, dir.path().join("env").join(name)).unwrap();
        }
        let root = Root::open(&dir.path().join("env")).unwrap();
        for (path, expected) in [
            (".", None),
            ("a", None),
            ("a/b", None),
            ("missing", Some(Errno::NOENT)),
            ("a/missing/b", Some(Errno::NOENT)),
            ("file", Some(Errno::NOTDIR)),
            ("file/a", Some(Errno::NOTDIR)),
            ("outside", Some(Errno::NOTDIR)),
            ("outside/b", Some(Errno::NOTDIR)),
            ("inside/b", Some(Errno::NOTDIR)),
            ("a/up/b", Some(Errno::NOTDIR)),
        ] {
            assert_eq!(open_without_links(root.0.as_fd(), path).err(), expected, "{path}");
            assert_eq!(open_step_by_step(root.0.as_fd(), path).err(), expected, "{path}");
        }
        for path in ["outside/made", "a/up/made"] {
            assert_eq!(root.create_after("", path), Err(Errno::NOTDIR), "{path}");
            assert!(root.symlink(Path::new("x"), path).is_err(), "{path}");
        }
        assert_eq!(std::fs::read_dir(dir.path().join("victim")).unwrap().count(), 1);
    }

    #[test]
    fn tells_what_lies_below() {
        assert!(is_at_or_above("a/b", "a/b") && is_at_or_above("a", "a/b"));
        assert!(!is_at_or_above("a/b", "a") && !is_at_or_above("a", "ab/c"));
    }
}
