//! The three things that can be made: metadata of an sdist, its wheel, and an editable wheel of a project.

use crate::backend::read_manifest;
use crate::cache::{Cache, Made};
use crate::hook::Hook;
use crate::sdist::unpack;
use crate::session::{Outcome, Session};
use crate::tree::static_metadata;
use crate::wheel::{check_metadata, check_wheel, metadata_of_wheel, same_version, understand};
use crate::{Chain, Error, Provision, digest_of};
use pybun_model::{CoreMetadata, Emit, Event, PackageName, Phase, Sha256, Unit, Version, WheelName};
use pybun_python::Interpreter;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Everything that builds have in common.
pub struct Builder<'a> {
    pub cache_dir: &'a Path,
    /// The wheels are for this one.
    pub interpreter: &'a Interpreter,
    pub provision: &'a dyn Provision,
    /// A snapshot of the environment variables, which backends see (without those that let other packages in).
    pub variables: &'a BTreeMap<String, String>,
    /// PEP 517 `config_settings`: strings or lists of strings.
    pub config_settings: &'a Map<String, Value>,
    /// Stands for the indexes that `provision` asks. A result is used again only where they are the same.
    pub places: Sha256,
    /// What waits for these builds: the default, unless they were started by a `Provision`.
    pub chain: &'a Chain,
    pub emit: Emit<'a>,
}

/// A downloaded sdist, whose content has been verified to have this digest.
#[derive(Clone, Copy, Debug)]
pub struct Sdist<'a> {
    pub path: &'a Path,
    pub filename: &'a str,
    pub sha256: Sha256,
    pub name: &'a PackageName,
    /// `None` when nobody knows before the build (a direct URL).
    pub version: Option<&'a Version>,
    /// Where in the archive the project is, when not at its top.
    pub subdirectory: Option<&'a str>,
}

/// A wheel that was made just now. It disappears with this value when it is not in the cache.
#[derive(Debug)]
pub struct BuiltWheel {
    pub path: PathBuf,
    pub name: WheelName,
    pub(crate) _scratch: Option<tempfile::TempDir>,
}

impl Builder<'_> {
    /// The wheel that was built before for the sdist with this digest. Needs no sdist and does no work.
    pub fn cached_wheel(&self, sdist: &Sha256) -> Option<BuiltWheel> {
        let (path, name) = self.cache().wheel(sdist)?;
        Some(BuiltWheel { path, name, _scratch: None })
    }

    /// The metadata that was found before for the sdist with this digest. Needs no sdist and does no work.
    pub fn cached_metadata(&self, sdist: &Sha256) -> Option<CoreMetadata> {
        CoreMetadata::parse(&self.cache().metadata(sdist)?).ok()
    }

    /// What the sdist says of itself: from its PKG-INFO or its manifest when these are final (PEP 643, 621), else from
    /// the backend.
    pub async fn metadata(&self, sdist: &Sdist<'_>) -> Result<CoreMetadata, Error> {
        if let Some(metadata) = self.cached_metadata(&sdist.key()) {
            return Ok(metadata);
        }
        let what = &sdist.what();
        let cache = self.cache();
        let scratch = cache.scratch()?;
        let tree = &unpack_into(sdist, scratch.path()).await?;
        if let Some(bytes) = static_metadata(tree, what)? {
            let metadata = understand(what, Hook::Metadata, &bytes, sdist.expected())?;
            cache.keep_static_metadata(&sdist.key(), &bytes);
            return Ok(metadata);
        }
        self.tell(what, 0);
        let session = Session::open(self, what, tree, scratch.path(), Hook::WheelRequires).await?;
        let directory = &make(scratch.path(), "metadata")?;
        let bytes = match session.hook(Hook::Metadata, Some(directory)).await? {
            Outcome::Value(value) => check_metadata(what, &value, directory)?,
            Outcome::Missing => {
                let wheel = self.wheel_of(&session, sdist, scratch.path()).await?;
                metadata_of_wheel(what, &wheel.path)?
            }
        };
        let metadata = understand(what, Hook::Metadata, &bytes, sdist.expected())?;
        cache.keep_built_metadata(&sdist.key(), &bytes);
        session.close();
        self.tell(what, 1);
        Ok(metadata)
    }

    /// Builds a wheel, or takes the one that was built before.
    pub async fn wheel(&self, sdist: &Sdist<'_>) -> Result<BuiltWheel, Error> {
        if let Some(wheel) = self.cached_wheel(&sdist.key()) {
            return Ok(wheel);
        }
        let what = &sdist.what();
        self.tell(what, 0);
        let scratch = self.cache().scratch()?;
        let tree = &unpack_into(sdist, scratch.path()).await?;
        let session = Session::open(self, what, tree, scratch.path(), Hook::WheelRequires).await?;
        let wheel = self.wheel_of(&session, sdist, scratch.path()).await?;
        session.close();
        self.tell(what, 1);
        Ok(wheel)
    }

    async fn wheel_of(&self, session: &Session<'_>, sdist: &Sdist<'_>, scratch: &Path) -> Result<BuiltWheel, Error> {
        let what = &sdist.what();
        let directory = &make(scratch, "wheel")?;
        let value = session.hook(Hook::Wheel, Some(directory)).await?.value(what, Hook::Wheel)?;
        let (path, name) = check_wheel(what, Hook::Wheel, &value, directory)?;
        let other =
            name.name != *sdist.name || sdist.version.is_some_and(|version| !same_version(&name.version, version));
        if other {
            let why = format!("`{name}`, a wheel of something else");
            return Err(Error::BadAnswer { what: what.clone(), hook: Hook::Wheel.name(), why });
        }
        if self.interpreter.tags().rank(&name).is_none() {
            let why = format!("`{name}`, which does not fit the interpreter that built it");
            return Err(Error::BadAnswer { what: what.clone(), hook: Hook::Wheel.name(), why });
        }
        let path = self.cache().keep_wheel(&sdist.key(), &path)?;
        Ok(BuiltWheel { path, name, _scratch: None })
    }

    pub(crate) fn cache(&self) -> Cache {
        let Self { interpreter, config_settings, places, .. } = *self;
        Cache::new(self.cache_dir, Made { interpreter, config_settings, places })
    }

    pub(crate) fn tell(&self, what: &str, done: u64) {
        let name = Some(what.to_owned());
        (self.emit)(Event::Progress { phase: Phase::Build, name, done, total: Some(1), unit: Unit::Packages });
    }
}

impl Outcome {
    /// For hooks that every backend must have.
    pub(crate) fn value(self, what: &str, hook: Hook) -> Result<Value, Error> {
        match self {
            Self::Value(value) => Ok(value),
            Self::Missing => {
                Err(Error::BadAnswer { what: what.to_owned(), hook: hook.name(), why: "no such hook".to_owned() })
            }
        }
    }
}

impl Sdist<'_> {
    /// Names it in messages and in chains.
    fn what(&self) -> String {
        self.version.map_or_else(|| self.name.to_string(), |version| format!("{} {version}", self.name))
    }

    /// What the build cache knows it by.
    pub fn key(&self) -> Sha256 {
        match self.subdirectory {
            None => self.sha256,
            Some(subdirectory) => digest_of(&["subdirectory", &self.sha256.to_string(), subdirectory]),
        }
    }

    fn expected(&self) -> Option<(&PackageName, &Version)> {
        self.version.map(|version| (self.name, version))
    }
}

/// Unpacking can take long, and other downloads go on meanwhile.
async fn unpack_into(sdist: &Sdist<'_>, scratch: &Path) -> Result<PathBuf, Error> {
    let (path, filename, into) = (sdist.path.to_owned(), sdist.filename.to_owned(), make(scratch, "source")?);
    let subdirectory = sdist.subdirectory.map(str::to_owned);
    let unpacking = tokio::task::spawn_blocking(move || {
        let tree = unpack(&path, &filename, &into, subdirectory.is_some())?;
        match subdirectory {
            None => Ok(tree),
            Some(subdirectory) => subdirectory_of(&tree, &subdirectory, &filename),
        }
    });
    unpacking.await.unwrap_or_else(|error| {
        Err(Error::BadSdist { file: sdist.filename.to_owned(), why: format!("unpacking it crashed: {error}") })
    })
}

/// A directory inside of a tree, which `subdirectory` must not leave.
pub fn subdirectory_of(tree: &Path, subdirectory: &str, what: &str) -> Result<PathBuf, Error> {
    let bad = |why: &str| Error::BadSdist { file: what.to_owned(), why: format!("`{subdirectory}` {why}") };
    let real = |path: &Path| std::fs::canonicalize(path).map_err(|_| bad("is no directory in it"));
    let (top, path) = (real(tree)?, real(&tree.join(subdirectory))?);
    if !path.starts_with(&top) {
        return Err(bad("leads out of it"));
    }
    if path.is_dir() { Ok(path) } else { Err(bad("is no directory in it")) }
}

pub(crate) fn make(scratch: &Path, name: &str) -> Result<PathBuf, Error> {
    let path = scratch.join(name);
    std::fs::create_dir_all(&path).map_err(Error::io("create", &path))?;
    Ok(path)
}

/// The project's own name, else that of its directory.
pub(crate) fn project_name(root: &Path) -> Result<String, Error> {
    let manifest = read_manifest(root)?;
    let toml = manifest.and_then(|text| pybun_manifest::toml::parse(&text, "pyproject.toml").ok());
    let name = toml.and_then(|toml| Some(toml.get("project.name")?.as_str()?.to_owned()));
    Ok(name.unwrap_or_else(|| root.file_name().unwrap_or(root.as_os_str()).to_string_lossy().into_owned()))
}

#[cfg(test)]
#[cfg(unix)]
#[path = "builder_tests.rs"]
mod tests;
