//! A directory by its path, with what the standard library has. Links are looked for before each step, which a process that
//! changes the directory at the same time could outrun; Windows lets only few users make links.

use crate::{Care, Error, Kind, Opened, draft_name, open};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A directory. What is done with its entries follows no link.
pub struct Directory(PathBuf);

impl Directory {
    /// By a path whose links are followed: it is the caller's.
    pub fn open(path: &Path) -> Result<Self, Error> {
        if fs::metadata(path)?.is_dir() {
            return Ok(Self(path.to_owned()));
        }
        Err(io::Error::from(io::ErrorKind::NotADirectory).into())
    }

    /// A directory in it.
    pub fn below(&self, name: &str) -> Result<Self, Error> {
        match self.kind(name)? {
            Some(Kind::Directory) => Ok(Self(self.0.join(name))),
            Some(Kind::Link) => Err(Error::Link),
            Some(Kind::File | Kind::Other) => Err(io::Error::from(io::ErrorKind::NotADirectory).into()),
            None => Err(io::Error::from(io::ErrorKind::NotFound).into()),
        }
    }

    /// The same, made where it is missing. Says whether it is new.
    pub fn make(&self, name: &str, _mode: u16) -> Result<(Self, bool), Error> {
        let new = match fs::create_dir(self.0.join(name)) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
            Err(error) => return Err(error.into()),
        };
        Ok((self.below(name)?, new))
    }

    /// What is at `name`, if anything.
    pub fn kind(&self, name: &str) -> Result<Option<Kind>, Error> {
        match fs::symlink_metadata(self.0.join(name)) {
            Ok(found) if found.is_symlink() => Ok(Some(Kind::Link)),
            Ok(found) if found.is_dir() => Ok(Some(Kind::Directory)),
            Ok(found) if found.is_file() => Ok(Some(Kind::File)),
            Ok(_) => Ok(Some(Kind::Other)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens the regular file `name`, which is no link.
    pub fn open_file(&self, name: &str) -> Result<Opened, Error> {
        self.refuse_others(name)?;
        open(&self.0.join(name))
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
        Ok(File::options().create(true).truncate(false).write(true).open(self.0.join(name))?)
    }

    /// Puts what `fill` writes in the place of the file `name`, in one step.
    pub fn replace(
        &self,
        name: &str,
        _mode: u16,
        care: Care,
        fill: impl FnOnce(&mut File) -> io::Result<()>,
    ) -> Result<(), Error> {
        match self.refuse_others(name) {
            Err(error) if error.is_absent() => {}
            result => result?,
        }
        let draft = self.0.join(draft_name(name));
        let mut file = File::options().create_new(true).write(true).open(&draft)?;
        let written = fill(&mut file)
            .and_then(|()| file.flush())
            .and_then(|()| if care == Care::Kept { file.sync_all() } else { Ok(()) });
        drop(file);
        let written = written.and_then(|()| fs::rename(&draft, self.0.join(name)));
        if written.is_err() {
            // The first error is the one to tell.
            let _ = fs::remove_file(&draft);
        }
        Ok(written?)
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
