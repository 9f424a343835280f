//! The whole client against a server on this machine.

pub(crate) mod archive;
mod auth;
mod files;
mod indexes;
mod metadata;
mod pages;
pub(crate) mod server;

use crate::{Client, Environment, Settings};
use pybun_model::{Distribution, IndexFile, PackageName, Sha256, Yanked};
use sha2::Digest;
use tempfile::TempDir;
use url::Url;

pub(crate) fn name() -> PackageName {
    "six".parse().unwrap()
}

pub(crate) fn sha(bytes: &[u8]) -> Sha256 {
    Sha256(sha2::Sha256::digest(bytes).into())
}

/// A client with an empty cache and an environment of its own. The directory is deleted when it is dropped.
pub(crate) struct Sandbox {
    pub(crate) dir: TempDir,
    pub(crate) settings: Settings,
}

impl Sandbox {
    pub(crate) fn new(index: Url) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("home");
        std::fs::create_dir(&home).unwrap();
        let environment: Environment = [
            ("HOME".to_owned(), home.to_str().unwrap().to_owned()),
            ("USERPROFILE".to_owned(), home.to_str().unwrap().to_owned()),
            ("PIP_CONFIG_FILE".to_owned(), if cfg!(windows) { "nul" } else { "/dev/null" }.to_owned()),
        ]
        .into();
        let settings = Settings { index_url: Some(index), ..Settings::new(dir.path().join("cache"), environment) };
        Self { dir, settings }
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.settings.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// A new client is a new process: only the cache on disk is shared.
    pub(crate) fn client(&self) -> Client {
        Client::new(self.settings.clone()).unwrap()
    }

    pub(crate) fn offline(&self) -> Client {
        Client::new(Settings { offline: true, ..self.settings.clone() }).unwrap()
    }

    pub(crate) fn refreshing(&self) -> Client {
        Client::new(Settings { refresh: true, ..self.settings.clone() }).unwrap()
    }

    /// How many unfinished files lie about.
    pub(crate) fn leftovers(&self) -> usize {
        std::fs::read_dir(self.settings.cache_dir.join("tmp")).map_or(0, Iterator::count)
    }
}

pub(crate) fn file(filename: &str, url: Url, bytes: &[u8]) -> IndexFile {
    IndexFile {
        filename: filename.into(),
        distribution: Distribution::parse(filename, &name()).unwrap(),
        url,
        sha256: Some(sha(bytes)),
        size: Some(bytes.len() as u64),
        requires_python: None,
        yanked: Yanked::No,
        core_metadata: None,
        upload_time: None,
    }
}
