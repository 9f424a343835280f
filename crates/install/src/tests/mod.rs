//! Tests of the crate as a whole, with wheels made in memory.

#[cfg(unix)]
mod ahead;
mod archive;
mod collect;
mod crash;
mod early;
mod hostile;
#[cfg(unix)]
mod late_bytecode;
mod place;
mod remove;
mod stored;
#[cfg(unix)]
mod trees;
mod wheel_writer;
pub(crate) mod zip_writer;

use crate::{Error, Install, InstalledDist, Layout, LinkMode, Options, Store, Stored, install};
use pybun_model::{Event, Sha256, WheelName};
use sha2::Digest;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use wheel_writer::WheelWriter;

/// A store and an environment in one temporary directory.
/// As with a wheel whose digest nobody has stated.
const CHECKED: crate::Unpacking = crate::Unpacking { threads: 2, check_record: true };

struct World {
    dir: tempfile::TempDir,
    store: Store,
    layout: Layout,
}

/// Whoever is not root cannot delete trees as they are.
impl Drop for World {
    fn drop(&mut self) {
        let _ = crate::store::remove_tree(&self.root().join("cache/packages/v4/trees"));
    }
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let prefix = dir.path().join("venv");
        let library = prefix.join("lib/python3.12/site-packages");
        let layout = Layout {
            purelib: library.clone(),
            platlib: library,
            scripts: prefix.join("bin"),
            data: prefix.clone(),
            headers: prefix.join("include/site/python3.12"),
            python: prefix.join("bin/python"),
            prefix,
        };
        Self { store: Store::open(&dir.path().join("cache")), dir, layout }
    }

    fn root(&self) -> &Path {
        self.dir.path()
    }

    fn library(&self) -> &Path {
        &self.layout.purelib
    }

    fn add_bytes(&self, bytes: &[u8], name: &WheelName, emit: pybun_model::Emit<'_>) -> Result<Stored, Error> {
        let path = self.root().join("downloaded.whl");
        fs::write(&path, bytes).unwrap();
        self.store.add_wheel(&path, name, digest(bytes), CHECKED, emit)
    }

    /// Into the store.
    fn add(&self, wheel: &WheelWriter) -> Install {
        let name = wheel.filename();
        let stored = self.add_bytes(&wheel.bytes(), &name, &pybun_model::silent).unwrap();
        Install { sha256: stored.sha256, name: name.name, version: name.version, requested: false, direct_url: None }
    }

    fn install(&self, installs: &[Install]) -> Result<Vec<InstalledDist>, Error> {
        install(&self.store, &self.layout, installs, &options(), &pybun_model::silent)
    }

    /// The notes that an installation gives.
    fn notes(&self, installs: &[Install]) -> Vec<(&'static str, String)> {
        let notes = Notes::default();
        install(&self.store, &self.layout, installs, &options(), &|event| notes.take(event)).unwrap();
        notes.0.into_inner().unwrap()
    }

    fn installed(&self) -> Vec<InstalledDist> {
        crate::installed(&self.layout).unwrap()
    }

    /// All files of the environment with their content, and links with what they lead to.
    fn tree(&self) -> BTreeMap<String, String> {
        tree(&self.layout.prefix)
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.layout.prefix.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }
}

#[derive(Default)]
struct Notes(Mutex<Vec<(&'static str, String)>>);

impl Notes {
    fn take(&self, event: Event) {
        if let Event::Note { code, message } = event {
            self.0.lock().unwrap().push((code, message));
        }
    }
}

/// One thread, so that faults come at the same place every time.
fn options() -> Options {
    Options { threads: 1, link: LinkMode::Auto, compile: false, verify: false }
}

fn digest(bytes: &[u8]) -> Sha256 {
    Sha256(sha2::Sha256::digest(bytes).into())
}

fn tree(root: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut pending = vec![PathBuf::new()];
    while let Some(directory) = pending.pop() {
        let Ok(entries) = fs::read_dir(root.join(&directory)) else { continue };
        for entry in entries.flatten() {
            let path = directory.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                pending.push(path);
            } else if entry.file_type().unwrap().is_symlink() {
                let target = fs::read_link(entry.path()).unwrap();
                files.insert(path.to_string_lossy().into_owned(), format!("-> {}", target.display()));
            } else {
                let content = String::from_utf8_lossy(&fs::read(entry.path()).unwrap()).into_owned();
                files.insert(path.to_string_lossy().into_owned(), content);
            }
        }
    }
    files
}
