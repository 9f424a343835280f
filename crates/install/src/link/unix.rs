//! By directory descriptors: no path is looked up from the root for any file.

use super::{PairError, Place};
use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat, mkdirat, openat, symlinkat, unlinkat};
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

    /// The directory itself for an empty path.
    fn open_below(&self, path: &str) -> Result<OwnedFd, Errno> {
        openat(&self.0, if path.is_empty() { "." } else { path }, DIRECTORY, Mode::empty())
    }

    /// A symbolic link at `path`, whose parents are made.
    pub fn symlink(&self, target: &Path, path: &str) -> io::Result<()> {
        match symlinkat(target, &self.0, path) {
            Err(Errno::NOENT) => {
                self.create_below(path.rsplit_once('/').map_or("", |(parent, _)| parent))?;
                Ok(symlinkat(target, &self.0, path)?)
            }
            result => Ok(result?),
        }
    }

    /// A name at `path` for the file `source`.
    pub fn hardlink(&self, source: &Path, path: &str) -> io::Result<()> {
        Ok(linkat(CWD, source, &self.0, path, AtFlags::empty())?)
    }

    fn create_below(&self, path: &str) -> Result<(), Errno> {
        if path.is_empty() {
            return Ok(());
        }
        let mode = Mode::from_raw_mode(0o777);
        match mkdirat(&self.0, path, mode) {
            Ok(()) | Err(Errno::EXIST) => Ok(()),
            Err(Errno::NOENT) => {
                let (parent, _) = path.rsplit_once('/').ok_or(Errno::NOENT)?;
                self.create_below(parent)?;
                match mkdirat(&self.0, path, mode) {
                    Err(Errno::EXIST) => Ok(()),
                    result => result,
                }
            }
            Err(error) => Err(error),
        }
    }
}

/// A directory of the store and the one of an environment that is filled from it.
pub(crate) struct Pair {
    source: OwnedFd,
    target: OwnedFd,
}

impl Pair {
    /// Makes the target and its parents.
    pub fn open(source: &Root, source_path: &str, target: &Root, target_path: &str) -> Result<Self, PairError> {
        let source = source.open_below(source_path).map_err(|error| PairError::Source(error.into()))?;
        let made = target.create_below(target_path).and_then(|()| target.open_below(target_path));
        Ok(Self { source, target: made.map_err(|error| PairError::Target(error.into()))? })
    }

    fn open_source(&self, name: &str) -> io::Result<File> {
        Ok(openat(&self.source, name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?.into())
    }

    /// A new file; `fill` gets both, and a file that it fails to fill is removed.
    fn create(
        &self,
        name: &str,
        executable: bool,
        fill: impl FnOnce(&mut File, &mut File) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut from = self.open_source(name)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(if executable { 0o755 } else { 0o644 });
        let mut to: File = openat(&self.target, name, flags, mode)?.into();
        // Bytecode knows its source by its time.
        let result = fill(&mut from, &mut to).and_then(|()| to.set_modified(from.metadata()?.modified()?));
        if result.is_err() {
            // The error that left a part is the one to tell.
            let _ = self.remove(name);
        }
        result
    }

    fn target(&self) -> BorrowedFd<'_> {
        self.target.as_fd()
    }
}

impl Place for Pair {
    fn hardlink(&self, name: &str) -> io::Result<()> {
        Ok(linkat(&self.source, name, self.target(), name, AtFlags::empty())?)
    }

    #[cfg(target_os = "linux")]
    fn reflink(&self, name: &str, executable: bool) -> io::Result<()> {
        self.create(name, executable, |from, to| Ok(rustix::fs::ioctl_ficlone(to, from)?))
    }

    #[cfg(target_vendor = "apple")]
    fn reflink(&self, name: &str, _: bool) -> io::Result<()> {
        let from = self.open_source(name)?;
        Ok(rustix::fs::fclonefileat(&from, self.target(), name, rustix::fs::CloneFlags::empty())?)
    }

    #[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
    fn reflink(&self, _: &str, _: bool) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// `io::copy` lets the kernel copy between files where it can.
    fn copy(&self, name: &str, executable: bool) -> io::Result<()> {
        self.create(name, executable, |from, to| io::copy(from, to).map(drop))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        match unlinkat(self.target(), name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
