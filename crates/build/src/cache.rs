//! Results of builds under `<cache>/build/v1/<sha256 of the sdist>/`.
//!
//! `METADATA` there is what the sdist says without a build, for every interpreter. `<key>/` belongs to one kind of
//! interpreter, one set of settings and the places that the backend came from: a wheel, and `METADATA` when only that was
//! needed.

use crate::Error;
use pybun_model::{Sha256, WheelName};
use pybun_python::Interpreter;
use serde_json::{Map, Value};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

pub(crate) struct Cache {
    directory: PathBuf,
    key: String,
}

/// With what a result was made.
#[derive(Clone, Copy)]
pub(crate) struct Made<'a> {
    pub interpreter: &'a Interpreter,
    pub config_settings: &'a Map<String, Value>,
    /// Where backends and what they require come from: what one project's index supplied is not another's.
    pub places: Sha256,
}

impl Cache {
    pub fn new(cache_dir: &Path, made: Made<'_>) -> Self {
        let Made { interpreter, config_settings, places } = made;
        let tag = &interpreter.tag;
        let threads = if tag.free_threaded { "t" } else { "" };
        let debug = if interpreter.debug { "d" } else { "" };
        let platform = interpreter.platform_name();
        let places = &places.to_string()[..16];
        let mut key = format!("{}{}{}{threads}{debug}-{platform}-{places}", tag.implementation, tag.major, tag.minor);
        if !config_settings.is_empty() {
            let text = Value::Object(config_settings.clone()).to_string();
            key.push_str(&format!("-{}", &blake3::hash(text.as_bytes()).to_hex()[..12]));
        }
        Self { directory: cache_dir.join("build").join("v1"), key }
    }

    /// For work in progress: on the same file system as the results and the store.
    pub fn scratch(&self) -> Result<tempfile::TempDir, Error> {
        let directory = self.directory.join("tmp");
        fs::create_dir_all(&directory).map_err(Error::io("create", &directory))?;
        tempfile::Builder::new()
            .prefix("b")
            .tempdir_in(&directory)
            .map_err(Error::io("create a directory in", &directory))
    }

    pub fn wheel(&self, sdist: &Sha256) -> Option<(PathBuf, WheelName)> {
        let entries = fs::read_dir(self.built(sdist)).ok()?;
        entries.flatten().find_map(|entry| {
            let name = entry.file_name().to_str()?.parse().ok()?;
            Some((entry.path(), name))
        })
    }

    pub fn metadata(&self, sdist: &Sha256) -> Option<Vec<u8>> {
        let places = [self.sdist(sdist).join("METADATA"), self.built(sdist).join("METADATA")];
        places.iter().find_map(|path| fs::read(path).ok())
    }

    /// Moves a wheel from a scratch directory to its place.
    pub fn keep_wheel(&self, sdist: &Sha256, wheel: &Path) -> Result<PathBuf, Error> {
        let directory = self.built(sdist);
        fs::create_dir_all(&directory).map_err(Error::io("create", &directory))?;
        let place = directory.join(wheel.file_name().expect("a wheel has a file name"));
        fs::rename(wheel, &place).map_err(Error::io("write", &place))?;
        Ok(place)
    }

    pub fn keep_static_metadata(&self, sdist: &Sha256, bytes: &[u8]) {
        keep(&self.sdist(sdist), bytes);
    }

    pub fn keep_built_metadata(&self, sdist: &Sha256, bytes: &[u8]) {
        keep(&self.built(sdist), bytes);
    }

    fn sdist(&self, sdist: &Sha256) -> PathBuf {
        self.directory.join(sdist.to_string())
    }

    fn built(&self, sdist: &Sha256) -> PathBuf {
        self.sdist(sdist).join(&self.key)
    }
}

/// Metadata that cannot be kept costs time only.
fn keep(directory: &Path, bytes: &[u8]) {
    let write = || -> std::io::Result<()> {
        fs::create_dir_all(directory)?;
        let mut file = tempfile::NamedTempFile::new_in(directory)?;
        file.write_all(bytes)?;
        file.persist(directory.join("METADATA"))?;
        Ok(())
    };
    drop(write());
}
