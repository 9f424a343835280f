//! By absolute paths, with what the standard library has. Windows uses this; elsewhere it is only tested.

use super::{PairError, Place};
use std::fs;
use std::io::{self, ErrorKind};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

/// A directory that others are opened below.
pub(crate) struct Root(PathBuf);

impl Root {
    pub fn open(path: &Path) -> io::Result<Self> {
        if fs::metadata(path)?.is_dir() { Ok(Self(path.to_owned())) } else { Err(ErrorKind::NotADirectory.into()) }
    }

    /// A directory of it.
    #[cfg(not(unix))]
    pub fn below(&self, path: &str) -> io::Result<Self> {
        Self::open(&self.0.join(path))
    }

    /// A name at `path` for the file `source`.
    #[cfg(not(unix))]
    pub fn hardlink(&self, source: &Path, path: &str) -> io::Result<()> {
        fs::hard_link(source, self.0.join(path))
    }

    /// A symbolic link at `path`, whose parents are made.
    #[cfg(not(unix))]
    pub fn symlink(&self, target: &Path, path: &str) -> io::Result<()> {
        let link = self.0.join(path);
        if let Some(parent) = link.parent() {
            fs::create_dir_all(parent)?;
        }
        std::os::windows::fs::symlink_dir(target, link)
    }
}

/// A directory of the store and the one of an environment that is filled from it.
pub(crate) struct Pair<'p> {
    source: PathBuf,
    target: PathBuf,
    roots: PhantomData<&'p Root>,
}

impl<'p> Pair<'p> {
    /// The same as `open`.
    #[cfg(not(unix))]
    pub fn fill(
        (source, source_path): (&'p Root, &'p str),
        (target, _, target_path): (&'p Root, &str, &'p str),
        _: usize,
    ) -> Result<Self, PairError> {
        Self::open(source, source_path, target, target_path)
    }

    /// A new file of the target.
    #[cfg(not(unix))]
    pub fn create(&self, name: &str, executable: bool) -> io::Result<fs::File> {
        crate::contents::create(&self.target.join(name), executable)
    }

    /// Makes the target and its parents.
    pub fn open(source: &Root, source_path: &str, target: &Root, target_path: &str) -> Result<Self, PairError> {
        let pair = Self { source: source.0.join(source_path), target: target.0.join(target_path), roots: PhantomData };
        // Otherwise every file of a directory that the store has lost would be reported, and not the directory.
        Root::open(&pair.source).map_err(PairError::Source)?;
        fs::create_dir_all(&pair.target).map_err(PairError::Target)?;
        Ok(pair)
    }
}

impl Place for Pair<'_> {
    fn hardlink(&self, name: &str) -> io::Result<()> {
        fs::hard_link(self.source.join(name), self.target.join(name))
    }

    /// ReFS could; nothing in the standard library asks it to.
    fn reflink(&self, _: &str, _: bool) -> io::Result<()> {
        Err(ErrorKind::Unsupported.into())
    }

    fn copy(&self, name: &str, executable: bool) -> io::Result<()> {
        let mut from = fs::File::open(self.source.join(name))?;
        let target = self.target.join(name);
        let mut to = crate::contents::create(&target, executable)?;
        // Bytecode knows its source by its time.
        let result = io::copy(&mut from, &mut to).and_then(|_| to.set_modified(from.metadata()?.modified()?));
        if result.is_err() {
            // The copy is only a part; the error that made it so is the one to tell.
            let _ = fs::remove_file(&target);
        }
        result
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.target.join(name)) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            result => result,
        }
    }
}
