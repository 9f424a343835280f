//! Everything that can go wrong between PyBun and an index. URLs in it are already redacted.

use crate::redact::redacted;
use pybun_model::{BadPage, Sha256};
use std::path::Path;
use url::Url;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("`{url}` cannot be reached: {why}")]
    Unreachable { url: String, why: String },
    #[error("`{url}` did not answer within {seconds} s")]
    Timeout { url: String, seconds: u64 },
    #[error("the certificate of `{url}` is not trusted: {why}")]
    Untrusted { url: String, why: String },
    #[error("{what} is not in the cache, and PyBun is offline")]
    Offline { what: String },
    #[error("`{url}` refuses access (HTTP {status})")]
    NotAllowed { url: String, host: String, status: u16, with_credentials: bool, withheld: bool },
    #[error("`{url}` answered HTTP {status}")]
    HttpStatus { url: String, status: u16 },
    #[error("`{url}` redirects more than {limit} times")]
    TooManyRedirects { url: String, limit: usize },
    #[error("{what} is larger than {limit} bytes")]
    TooLarge { what: String, limit: u64 },
    #[error("`{filename}` has the SHA-256 digest {actual}, and {expected} was expected")]
    HashMismatch { filename: String, expected: Sha256, actual: Sha256 },
    #[error("`{filename}` has {actual} bytes, and {expected} were expected")]
    SizeMismatch { filename: String, expected: u64, actual: u64 },
    #[error("`{url}` answered with a web page and not with `{filename}`")]
    NotAFile { url: String, filename: String },
    #[error("the project page `{url}` cannot be read: {why}")]
    BadPage { url: String, why: String },
    #[error("the metadata of `{filename}` cannot be read: {why}")]
    BadMetadata { filename: String, why: String },
    #[error("the certificates of `{path}` (named by {origin}) cannot be used: {why}")]
    BadCertificates { path: String, origin: String, why: String },
    #[error("`{text}` is not a URL that PyBun can use: {why}")]
    BadUrl { text: String, why: String },
    #[error("{origin} is `{value}`, which is not {expected}")]
    BadSetting { origin: String, value: String, expected: &'static str },
    #[error("`{path}` cannot be read: {why}")]
    BadConfiguration { path: String, why: String },
    #[error("no index has `{filename}` with the SHA-256 digest {sha256}")]
    NotFound { filename: String, sha256: Sha256, indexes: Vec<String> },
    #[error("the files of `{place}` cannot be listed: {why}")]
    BadFindLinks { place: String, why: String },
    #[error("no space is left to write `{path}`")]
    DiskFull { path: String },
    #[error("`{path}` cannot be written: {why}")]
    CacheNotWritable { path: String, why: String },
}

impl Error {
    pub(crate) fn page(url: &Url, error: &BadPage) -> Self {
        Self::BadPage { url: redacted(url), why: error.to_string() }
    }

    pub(crate) fn metadata(filename: &str, why: impl Into<String>) -> Self {
        Self::BadMetadata { filename: filename.to_owned(), why: why.into() }
    }

    /// A failed write below the cache directory.
    pub(crate) fn write(path: &Path, error: &std::io::Error) -> Self {
        let path = path.display().to_string();
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Self::DiskFull { path },
            _ => Self::CacheNotWritable { path, why: error.to_string() },
        }
    }
}
