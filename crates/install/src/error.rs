//! Everything that can go wrong while distributions are unpacked, placed and removed.

use crate::zip::ZipError;
use pybun_model::Sha256;
use std::io;
use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("`{wheel}` is not a usable wheel: {why}")]
    BrokenWheel { wheel: String, why: String },
    /// `subject` is a wheel's file name or an installed distribution.
    #[error("`{subject}` names `{}`, which {why}", one_line(path))]
    PathTraversal { subject: String, path: String, why: &'static str },
    #[error("the RECORD of `{subject}` is wrong: {why}")]
    BadRecord { subject: String, why: String },
    #[error("`{wheel}` has wheel format {version}, and this PyBun knows 1.x")]
    WheelTooNew { wheel: String, version: String },
    #[error("`{subject}` wants to install a command named `{}`", one_line(script))]
    ReservedScript { subject: String, script: String },
    #[error("`{}` has the SHA-256 {found}, and {expected} was asked for", path.display())]
    HashMismatch { path: PathBuf, expected: Sha256, found: Sha256 },
    #[error("the store holds no unpacked wheel of {name} {version}")]
    NotInStore { name: String, version: String, sha256: Sha256 },
    #[error("the store's copy of {subject} is damaged: {why}")]
    StoreDamaged { subject: String, sha256: Sha256, why: String },
    #[error("the wheel {sha256} is {found}, and {wanted} was to be installed")]
    OtherDistribution { sha256: Sha256, found: String, wanted: String },
    #[error("`{}` is in the way of a file of {subject}", path.display())]
    InTheWay { subject: String, path: PathBuf },
    #[error("{subject} has no RECORD, so its files are not known")]
    NoRecord { subject: String, dist_info: PathBuf },
    #[error("{subject} was installed by an old tool that kept no list of its files")]
    Legacy { subject: String, path: PathBuf },
    #[error("cannot {doing} `{}`: {source}", path.display())]
    Io { doing: &'static str, path: PathBuf, source: io::Error },
}

impl Error {
    pub(crate) fn zip(wheel: &str, path: &Path, error: ZipError) -> Self {
        match error {
            ZipError::Read(source) if source.kind() != io::ErrorKind::UnexpectedEof => {
                Self::Io { doing: "read", path: path.to_owned(), source }
            }
            ZipError::Sink(source) => Self::Io { doing: "unpack", path: path.to_owned(), source },
            ZipError::Path { path, why } => Self::PathTraversal { subject: wheel.to_owned(), path, why },
            ZipError::Read(_) | ZipError::Archive(_) | ZipError::Member { .. } => {
                Self::BrokenWheel { wheel: wheel.to_owned(), why: error.to_string() }
            }
        }
    }
}

/// A name cannot pretend to be another line of what is told.
pub(crate) fn one_line(text: &str) -> String {
    text.replace('\n', "\\n").replace('\r', "\\r")
}

/// For `map_err`: what was being done, and to what.
pub(crate) fn io_error(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io { doing, path, source }
}
