//! The package index over HTTP: pages, metadata and files, with a cache, retries, credentials and an offline mode.
//!
//! Reads no environment variable and no clock that the caller could not replace, except the time of day for the
//! freshness of cached answers. Shows no credential: URLs in errors are redacted.

mod cache;
mod client;
mod compact_page;
mod connect;
mod credentials;
mod default_index;
mod digest;
mod download;
mod error;
mod flat;
mod freshness;
#[cfg(any(test, feature = "fuzz"))]
#[doc(hidden)]
pub mod fuzz;
mod http;
mod keyring;
mod local;
mod locate;
mod metadata;
mod netrc;
mod page;
mod pip_config;
mod problems;
mod redact;
mod retry;
mod sdist;
mod settings;
mod tls;
mod user_hosts;
mod zip_tail;

#[cfg(test)]
mod tests;

pub use client::Client;
pub use download::{Arrival, Download};
pub use error::Error;
pub use locate::storage_path;
pub use settings::{NamedIndex, Settings};

/// Environment variables, taken once by whoever starts the work.
pub type Environment = std::collections::BTreeMap<String, String>;
