//! Where facts come from, as the loop sees it.

use pybun_model::{CoreMetadata, IndexFile, PackageName, Problem, ProjectPage};
use std::pin::Pin;
use std::sync::Arc;

pub type Future<'a, T> = Pin<Box<dyn std::future::Future<Output = Result<T, Problem>> + Send + 'a>>;

/// A file behind a URL that a requirement names, and what it says of itself.
#[derive(Clone, Debug)]
pub struct Direct {
    pub file: IndexFile,
    pub metadata: CoreMetadata,
}

/// Package indexes and builds. A problem ends the resolution: what is merely missing is `None` or a page without
/// the file, never a problem.
pub trait Source: Send + Sync {
    /// `None` when no index has the project.
    fn page<'a>(&'a self, name: &'a PackageName) -> Future<'a, Option<Arc<ProjectPage>>>;

    /// The metadata of a wheel, or of an sdist, which may have to be built for it.
    fn metadata<'a>(&'a self, file: &'a IndexFile) -> Future<'a, CoreMetadata>;

    /// The names or hosts of the indexes that are asked, for messages: without credentials.
    fn indexes(&self) -> Vec<String> {
        Vec::new()
    }

    /// The same for one project, which may be assigned to an index of its own.
    fn asked(&self, _name: &PackageName) -> Vec<String> {
        self.indexes()
    }

    /// The distribution behind `url`.
    fn direct<'a>(&'a self, name: &'a PackageName, url: &'a str) -> Future<'a, Direct>;
}
