//! The same three things made from a tree that is there already: a directory of the user's, or a checkout.

use crate::builder::{Builder, BuiltWheel, make, project_name};
use crate::cache::{Cache, Made};
use crate::hook::Hook;
use crate::session::{Outcome, Session};
use crate::tree::stated_metadata;
use crate::wheel::{check_metadata, check_wheel, metadata_of_wheel, understand};
use crate::{Error, fallback};
use pybun_model::{CoreMetadata, Sha256};
use pybun_python::Interpreter;
use serde_json::Map;
use std::path::{Path, PathBuf};

/// The wheel that was built for this key with what comes from these `places`, as long as the cache has it.
pub fn cached_tree_wheel(cache_dir: &Path, interpreter: &Interpreter, places: Sha256, key: &Sha256) -> Option<PathBuf> {
    let made = Made { interpreter, config_settings: &Map::new(), places };
    Cache::new(cache_dir, made).wheel(key).map(|(path, _)| path)
}

impl Builder<'_> {
    /// What the project at `root` says of itself: from its manifest, else from its backend. `key` stands for the tree as it is.
    pub async fn tree_metadata(&self, root: &Path, key: &Sha256) -> Result<CoreMetadata, Error> {
        let what = &project_name(root)?;
        if let Some(bytes) = stated_metadata(root, what)? {
            return understand(what, Hook::Metadata, &bytes, None);
        }
        if let Some(metadata) = self.cached_metadata(key) {
            return Ok(metadata);
        }
        self.tell(what, 0);
        let scratch = self.cache().scratch()?;
        let session = Session::open(self, what, root, scratch.path(), Hook::WheelRequires).await?;
        let bytes = self.metadata_in(&session, what, scratch.path()).await?;
        session.close();
        let metadata = understand(what, Hook::Metadata, &bytes, None)?;
        self.cache().keep_built_metadata(key, &bytes);
        self.tell(what, 1);
        Ok(metadata)
    }

    /// The wheel of the project at `root`, built unless that was done for the same `key`.
    pub async fn tree_wheel(&self, root: &Path, key: &Sha256) -> Result<BuiltWheel, Error> {
        if let Some(wheel) = self.cached_wheel(key) {
            return Ok(wheel);
        }
        let what = &project_name(root)?;
        self.tell(what, 0);
        let scratch = self.cache().scratch()?;
        let session = Session::open(self, what, root, scratch.path(), Hook::WheelRequires).await?;
        let directory = &make(scratch.path(), "wheel")?;
        let value = session.hook(Hook::Wheel, Some(directory)).await?.value(what, Hook::Wheel)?;
        let (path, name) = check_wheel(what, Hook::Wheel, &value, directory)?;
        session.close();
        let path = self.cache().keep_wheel(key, &path)?;
        self.tell(what, 1);
        Ok(BuiltWheel { path, name, _scratch: None })
    }

    /// Builds the wheel that makes the project at `root` importable from where it is (PEP 660). `root` is absolute. Where a
    /// `setup.py` has a backend that cannot do it, the wheel is made here.
    pub async fn editable(&self, root: &Path) -> Result<BuiltWheel, Error> {
        let what = &project_name(root)?;
        self.tell(what, 0);
        let scratch = self.cache().scratch()?;
        let session = Session::open(self, what, root, scratch.path(), Hook::EditableRequires).await?;
        let directory = &make(scratch.path(), "wheel")?;
        let (path, name) = match session.hook(Hook::Editable, Some(directory)).await? {
            Outcome::Value(value) => check_wheel(what, Hook::Editable, &value, directory)?,
            Outcome::Missing if root.join("setup.py").is_file() => {
                let metadata = self.metadata_in(&session, what, scratch.path()).await?;
                fallback::editable_wheel(what, root, &metadata, directory)?
            }
            Outcome::Missing => {
                let error = session.no_editable();
                session.close();
                return Err(error);
            }
        };
        session.close();
        self.tell(what, 1);
        Ok(BuiltWheel { path, name, _scratch: Some(scratch) })
    }

    /// The same, unless that was done before for this `key`.
    pub async fn tree_editable(&self, root: &Path, key: &Sha256) -> Result<BuiltWheel, Error> {
        if let Some(wheel) = self.cached_wheel(key) {
            return Ok(wheel);
        }
        let BuiltWheel { path, name, _scratch } = self.editable(root).await?;
        let path = self.cache().keep_wheel(key, &path)?;
        Ok(BuiltWheel { path, name, _scratch: None })
    }

    async fn metadata_in(&self, session: &Session<'_>, what: &str, scratch: &Path) -> Result<Vec<u8>, Error> {
        let directory = &make(scratch, "metadata")?;
        match session.hook(Hook::Metadata, Some(directory)).await? {
            Outcome::Value(value) => check_metadata(what, &value, directory),
            Outcome::Missing => {
                let value = session.hook(Hook::Wheel, Some(directory)).await?.value(what, Hook::Wheel)?;
                metadata_of_wheel(what, &check_wheel(what, Hook::Wheel, &value, directory)?.0)
            }
        }
    }
}
