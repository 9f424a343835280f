//! Where facts come from, as the loop sees it.

use pybun_model::{CoreMetadata, IndexFile, MarkerEnvironment, PackageName, Problem, ProjectPage, Tags};
use std::pin::Pin;
use std::sync::Arc;

pub type Future<'a, T> = Pin<Box<dyn std::future::Future<Output = Result<T, Problem>> + Send + 'a>>;

/// What a requirement names by URL.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Wanted {
    pub name: PackageName,
    /// As the requirement states it; it may hold credentials.
    pub url: Arc<str>,
    /// A directory that is to be linked and not copied.
    pub editable: bool,
}

/// What is behind a URL, and what it says of itself.
#[derive(Clone, Debug)]
pub struct Direct {
    /// As a lock tells it, without credentials.
    pub source: pybun_lock::Source,
    /// What to fetch; none for a tree that is built where it lies.
    pub file: Option<IndexFile>,
    pub metadata: CoreMetadata,
}

/// An interpreter that could be chosen instead of the one at hand.
#[derive(Clone, Debug)]
pub struct OtherPython {
    pub markers: MarkerEnvironment,
    pub tags: Arc<Tags>,
}

/// Package indexes and builds. A problem ends the resolution: what is merely missing is `None` or a page without
/// the file, never a problem.
pub trait Source: Send + Sync {
    /// `None` when no index has the project.
    fn page<'a>(&'a self, name: &'a PackageName) -> Future<'a, Option<Arc<ProjectPage>>>;

    /// The metadata of a wheel, or of an sdist, which may have to be built for it.
    fn metadata<'a>(&'a self, file: &'a IndexFile) -> Future<'a, CoreMetadata>;

    /// The other interpreters of this machine. Asked only where nothing fits.
    fn interpreters(&self) -> Future<'_, Vec<OtherPython>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    /// The names or hosts of the indexes that are asked, for messages: without credentials.
    fn indexes(&self) -> Vec<String> {
        Vec::new()
    }

    /// The same for one project, which may be assigned to an index of its own.
    fn asked(&self, _name: &PackageName) -> Vec<String> {
        self.indexes()
    }

    fn direct<'a>(&'a self, wanted: &'a Wanted) -> Future<'a, Direct>;
}
