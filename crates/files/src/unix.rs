//! A directory that is held by a descriptor.

use crate::{Care, Error, Kind, Opened, draft_name};
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, fchmod, fstat, mkdirat, openat, renameat, statat, unlinkat};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

pub(crate) const READ: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);
const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// A directory. What is done with its entries happens there, whatever is moved meanwhile, and follows no link.
pub struct Directory(OwnedFd);

impl Directory {
    /// By a path whose links are followed: it is the caller's.
    pub fn open(path: &Path) -> Result<Self, Error> {
        Ok(Self(openat(CWD, path, DIRECTORY, Mode::empty()).map_err(io::Error::from)?))
    }

    /// A directory in it.
    pub fn below(&self, name: &str) -> Result<Self, Error> {
        match openat(&self.0, name, DIRECTORY | OFlags::NOFOLLOW, Mode::empty()) {
            Ok(directory) => Ok(Self(directory)),
            Err(Errno::LOOP | Errno::NOTDIR) if self.kind(name)? == Some(Kind::Link) => Err(Error::Link),
            Err(error) => Err(io::Error::from(error).into()),
        }
    }

    /// The same, made with `mode` (less the umask) where it is missing. Says whether it is new.
    pub fn make(&self, name: &str, mode: u16) -> Result<(Self, bool), Error> {
        let new = match mkdirat(&self.0, name, Mode::from_raw_mode(mode.into())) {
            Ok(()) => true,
            Err(Errno::EXIST) => false,
            Err(error) => return Err(io::Error::from(error).into()),
        };
        Ok((self.below(name)?, new))
    }

    /// What is at `name`, if anything.
    pub fn kind(&self, name: &str) -> Result<Option<Kind>, Error> {
        match statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(found) => Ok(Some(match FileType::from_raw_mode(found.st_mode) {
                FileType::RegularFile => Kind::File,
                FileType::Directory => Kind::Directory,
                FileType::Symlink => Kind::Link,
                _ => Kind::Other,
            })),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(io::Error::from(error).into()),
        }
    }

    /// Opens the regular file `name`, which is no link.
    pub fn open_file(&self, name: &str) -> Result<Opened, Error> {
        self.refuse_others(name)?;
        Opened::of(self.openat(name, READ, Mode::empty())?)
    }

    /// The whole of the regular file `name`, which is no link and no longer than `limit` bytes.
    pub fn read(&self, name: &str, limit: u64) -> Result<Vec<u8>, Error> {
        self.open_file(name)?.read(limit)
    }

    /// The file `name` for locking, made where it is missing.
    pub fn lockable(&self, name: &str) -> Result<File, Error> {
        match self.refuse_others(name) {
            Err(error) if error.is_absent() => {}
            result => result?,
        }
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::NONBLOCK | OFlags::CLOEXEC;
        Ok(Opened::of(self.openat(name, flags, Mode::from_raw_mode(0o666))?)?.file)
    }

    /// Puts `bytes` in the place of the file `name`, whose rights the new one keeps; one that was not there gets `mode`, less
    /// the umask. In one step: there is always the old file or the new one. `fill` writes into the file before it has its name.
    pub fn replace(
        &self,
        name: &str,
        mode: u16,
        care: Care,
        fill: impl FnOnce(&mut File) -> io::Result<()>,
    ) -> Result<(), Error> {
        let replaced = match self.refuse_others(name) {
            Ok(()) => Some(statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW).map_err(io::Error::from)?),
            Err(error) if error.is_absent() => None,
            Err(error) => return Err(error),
        };
        let draft = draft_name(name);
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mut file = self.openat(&draft, flags, Mode::from_raw_mode(mode.into()))?;
        let written: io::Result<()> = (|| {
            fill(&mut file)?;
            file.flush()?;
            if let Some(replaced) = &replaced {
                fchmod(&file, Mode::from_raw_mode(replaced.st_mode & 0o7777))?;
            }
            // A new one that is lost is made anew; one that stood there already is not lost.
            if care == Care::Kept && replaced.is_some() {
                file.sync_all()?;
            }
            Ok(renameat(&self.0, draft.as_str(), &self.0, name)?)
        })();
        if written.is_err() {
            // The first error is the one to tell.
            let _ = unlinkat(&self.0, draft.as_str(), AtFlags::empty());
            return written.map_err(Error::from);
        }
        if care == Care::Kept && replaced.is_some() {
            // Makes the rename itself survive a power cut; not every file system can.
            let _ = rustix::fs::fsync(&self.0);
        }
        Ok(())
    }

    /// Who owns the directory, and its rights.
    pub fn owner_and_mode(&self) -> Result<(u32, u32), Error> {
        let found = fstat(&self.0).map_err(io::Error::from)?;
        Ok((found.st_uid, found.st_mode))
    }

    fn openat(&self, name: &str, flags: OFlags, mode: Mode) -> Result<File, Error> {
        match openat(&self.0, name, flags | OFlags::NOFOLLOW, mode) {
            Ok(file) => Ok(file.into()),
            Err(Errno::LOOP) => Err(Error::Link),
            Err(error) => Err(io::Error::from(error).into()),
        }
    }

    fn refuse_others(&self, name: &str) -> Result<(), Error> {
        match self.kind(name)? {
            Some(Kind::File) => Ok(()),
            Some(Kind::Link) => Err(Error::Link),
            Some(Kind::Directory | Kind::Other) => Err(Error::NotRegular),
            None => Err(io::Error::from(io::ErrorKind::NotFound).into()),
        }
    }
}

impl AsFd for Directory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
