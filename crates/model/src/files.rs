//! The files of a project page, as a list; where they come from a cache, each release is read when it is asked for.

use crate::{IndexFile, Version};
use std::fmt;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// Derefs to all files in the order of the page, which reads what was not read yet; [`Files::of`] and
/// [`Files::versions`] are cheap.
#[derive(Clone, Default)]
pub struct Files {
    all: OnceLock<Vec<IndexFile>>,
    releases: Option<Arc<Releases>>,
}

/// Where the files of a release are read from.
pub trait ReadRelease: Send + Sync {
    /// The files of the release at this place of the versions; `None` when they can no longer be read.
    fn read(&self, place: usize) -> Option<Vec<IndexFile>>;
}

struct Releases {
    /// Ascending, each once.
    versions: Vec<Version>,
    files: Box<[OnceLock<Vec<IndexFile>>]>,
    from: Box<dyn ReadRelease>,
    damaged: AtomicBool,
}

impl Files {
    /// Files that are read one release at a time. `versions` are ascending, each once.
    pub fn read_later(versions: Vec<Version>, from: Box<dyn ReadRelease>) -> Self {
        let files = versions.iter().map(|_| OnceLock::new()).collect();
        let releases = Releases { versions, files, from, damaged: AtomicBool::new(false) };
        Self { all: OnceLock::new(), releases: Some(Arc::new(releases)) }
    }

    /// The versions, ascending, where files are read later; `None` where they are all there.
    pub fn versions(&self) -> Option<&[Version]> {
        self.releases.as_ref().map(|releases| &releases.versions[..])
    }

    /// The files of the version at this place of [`Files::versions`].
    pub fn at(&self, place: usize) -> &[IndexFile] {
        self.releases.as_ref().map_or(&[], |releases| releases.at(place))
    }

    /// The files of one version.
    pub fn of<'a>(&'a self, version: &Version) -> impl Iterator<Item = &'a IndexFile> + Clone {
        let files: &[IndexFile] = match &self.releases {
            Some(releases) => releases.versions.binary_search(version).map_or(&[], |place| releases.at(place)),
            None => self,
        };
        files.iter().filter(move |file| file.distribution.version() == version)
    }

    /// Some file, the newest where that is cheap to tell.
    pub fn any(&self) -> Option<&IndexFile> {
        match &self.releases {
            Some(releases) => (0..releases.versions.len()).rev().find_map(|place| releases.at(place).first()),
            None => self.first(),
        }
    }

    /// Is there nothing at all? Reads nothing.
    pub fn is_empty(&self) -> bool {
        self.releases.as_ref().map_or_else(|| self.iter().next().is_none(), |releases| releases.versions.is_empty())
    }

    /// Could some release not be read, so that it seems to have no files?
    pub fn is_damaged(&self) -> bool {
        self.releases.as_ref().is_some_and(|releases| releases.damaged.load(Ordering::Relaxed))
    }

    pub fn into_vec(self) -> Vec<IndexFile> {
        let _: &[IndexFile] = &self;
        self.all.into_inner().unwrap_or_default()
    }
}

impl Releases {
    fn at(&self, place: usize) -> &[IndexFile] {
        self.files[place].get_or_init(|| {
            self.from.read(place).unwrap_or_else(|| {
                self.damaged.store(true, Ordering::Relaxed);
                Vec::new()
            })
        })
    }
}

impl Deref for Files {
    type Target = [IndexFile];

    fn deref(&self) -> &[IndexFile] {
        self.all.get_or_init(|| match &self.releases {
            Some(releases) => (0..releases.versions.len()).flat_map(|place| releases.at(place)).cloned().collect(),
            None => Vec::new(),
        })
    }
}

impl From<Vec<IndexFile>> for Files {
    fn from(files: Vec<IndexFile>) -> Self {
        Self { all: OnceLock::from(files), releases: None }
    }
}

impl<'a> IntoIterator for &'a Files {
    type Item = &'a IndexFile;
    type IntoIter = std::slice::Iter<'a, IndexFile>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl PartialEq for Files {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        (**self).fmt(f)
    }
}
