//! Why a lock cannot be used in an environment.

use pybun_model::{PackageName, Version, VersionSpecifiers};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the lock is for Python {wanted}, and this environment has {found}")]
    OtherPython { wanted: VersionSpecifiers, found: Version },
    #[error("the lock is not for this environment, but for {}", .0.join(" and for "))]
    OtherEnvironment(Vec<String>),
    #[error("{0} and {1} are declared to conflict, and cannot be installed together")]
    Conflicting(String, String),
    #[error("the lock has no extra `{0}`")]
    UnknownExtra(String),
    #[error("the lock has no dependency group `{0}`")]
    UnknownGroup(String),
    #[error("{} {} has neither a wheel for this Python and platform nor an sdist", .0.name, .0.version)]
    NoUsableFile(Box<NoUsableFile>),
    #[error("the lock has no package for the requirement `{0}`")]
    Unresolved(String),
}

/// A release with nothing for this environment.
#[derive(Debug)]
pub struct NoUsableFile {
    pub name: PackageName,
    pub version: Version,
    pub files: Vec<String>,
    /// The tag that would fit best.
    pub fits: String,
    /// From the project downwards: `your project`, `a 1.0`.
    pub required_by: Vec<String>,
}
