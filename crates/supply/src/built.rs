//! Wheels and metadata that have to be built, and the environments in which that happens.

use crate::wheels::crashed;
use crate::{Supply, Want, layout_of};
use pybun_build::{Builder, BuiltWheel, Chain, Provision, Sdist};
use pybun_fetch::Download;
use pybun_install::{Install, LinkMode, Options};
use pybun_lock::{Inputs, Root, RootKind};
use pybun_model::{CoreMetadata, Distribution, IndexFile, PackageName, Problem, Requirement, Sha256, Version};
use pybun_plan::{Selection, Target};
use pybun_python::Environment;
use pybun_solve::{Fixes, Request, Upgrade};
use serde_json::Map;
use std::collections::BTreeMap;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

impl Supply {
    /// What an sdist says of itself when only its backend knows.
    pub(crate) async fn built_metadata(&self, file: &IndexFile) -> Result<CoreMetadata, Problem> {
        let settings = Map::new();
        let builder = self.builder(&settings);
        if let Some(metadata) = file.sha256.and_then(|sha256| builder.cached_metadata(&sha256)) {
            return Ok(metadata);
        }
        let download = self.sdist(file).await?;
        let metadata = builder.metadata(&describe(file, &download.path, download.sha256)).await;
        metadata.map_err(|error| Problem::from(&error))
    }

    /// Builds an sdist, unless that was done before, and puts the wheel into the store. Also gives the bytes that
    /// were downloaded. `subdirectory` is where the project is in the archive, when not at its top.
    pub(crate) async fn built_wheel(
        &self,
        file: &IndexFile,
        subdirectory: Option<&str>,
    ) -> Result<(Sha256, u64), Problem> {
        let settings = Map::new();
        let builder = self.builder(&settings);
        let sdist = |path, sha256| Sdist { subdirectory, ..describe(file, path, sha256) };
        let key = file.sha256.map(|sha256| sdist(Path::new(""), sha256).key());
        if let Some(wheel) = key.and_then(|key| builder.cached_wheel(&key)) {
            return Ok((self.keep(wheel).await?, 0));
        }
        let download = self.sdist(file).await?;
        // A build that another one waits for must not wait for that one's permit.
        let outermost = self.chain.names().is_empty();
        let permit = if outermost { self.shared.building.acquire().await.ok() } else { None };
        let wheel =
            builder.wheel(&sdist(&download.path, download.sha256)).await.map_err(|error| Problem::from(&error))?;
        drop(permit);
        Ok((self.keep(wheel).await?, download.size))
    }

    /// Builds the wheel that makes the project at `root` importable from where it is (PEP 660), and puts it into the
    /// store.
    pub async fn editable(&self, root: &Path) -> Result<Editable, Problem> {
        let settings = Map::new();
        let wheel = self.builder(&settings).editable(root).await.map_err(|error| Problem::from(&error))?;
        let (name, version) = (wheel.name.name.clone(), wheel.name.version.clone());
        Ok(Editable { name, version, sha256: self.keep(wheel).await? })
    }

    pub(crate) fn builder<'a>(&'a self, config_settings: &'a Map<String, serde_json::Value>) -> Builder<'a> {
        Builder {
            cache_dir: &self.shared.search.cache_dir,
            interpreter: &self.shared.interpreter,
            provision: self,
            variables: &self.shared.search.environment,
            config_settings,
            places: self.shared.client.places(),
            chain: &self.chain,
            emit: &*self.shared.emit,
        }
    }

    async fn sdist(&self, file: &IndexFile) -> Result<Download, Problem> {
        let download = self.shared.client.download(file, &pybun_model::silent).await;
        download.map_err(|error| Problem::from(&error))
    }

    pub(crate) async fn keep(&self, wheel: BuiltWheel) -> Result<Sha256, Problem> {
        let store = self.shared.store.clone();
        let add = move || store.add_local_wheel(&wheel.path, &wheel.name, None, 1, &pybun_model::silent);
        let stored = tokio::task::spawn_blocking(add).await.map_err(|error| crashed(&error))?;
        stored.map(|stored| stored.sha256).map_err(|error| Problem::from(&error))
    }
}

/// A project's editable wheel, in the store.
#[derive(Clone, Debug)]
pub struct Editable {
    pub name: PackageName,
    pub version: Version,
    pub sha256: Sha256,
}

fn describe<'a>(file: &'a IndexFile, path: &'a Path, sha256: Sha256) -> Sdist<'a> {
    let (name, version) = match &file.distribution {
        Distribution::Sdist(sdist) => (&sdist.name, &sdist.version),
        Distribution::Wheel(wheel) => (&wheel.name, &wheel.version),
    };
    Sdist { path, filename: &file.filename, sha256, name, version: Some(version), subdirectory: None }
}

impl Provision for Supply {
    fn provision<'a>(
        &'a self,
        requires: &'a [Requirement],
        environment: &'a Environment,
        chain: &'a Chain,
    ) -> Pin<Box<dyn Future<Output = Result<(), Problem>> + Send + 'a>> {
        Box::pin(async move {
            let inner = Self { chain: chain.clone(), ..self.clone() };
            inner.fill(requires, environment).await
        })
    }
}

impl Supply {
    /// Resolves `requires` for an environment of the same interpreter and installs them into it.
    async fn fill(&self, requires: &[Requirement], environment: &Environment) -> Result<(), Problem> {
        let root = Root { kind: RootKind::Project, requirements: requires.to_vec() };
        let request = Request {
            inputs: Inputs::of(vec![root]).sorted(),
            target: pybun_solve::Target::Machine,
            markers: environment.interpreter.markers.clone(),
            tags: self.tags(),
            hashes: BTreeMap::new(),
            previous: None,
            upgrade: Upgrade::Nothing,
            fixes: Fixes::No,
            cutoff: None,
            own: None,
        };
        let lock = pybun_solve::solve(&request, Arc::new(self.clone()), &pybun_model::silent).await?;
        let target = Target { markers: &request.markers, tags: &request.tags };
        let chosen = pybun_plan::select(&lock, target, &Selection::default()).map_err(|error| Problem::from(&error))?;
        let wants: Vec<Want> = chosen.iter().map(Want::from).collect();
        let supplied = self.wheels(wants.clone()).await?;
        let installs = wants.into_iter().zip(supplied).map(|(want, supplied)| Install {
            sha256: supplied.sha256,
            name: want.name,
            version: want.version,
            requested: false,
            direct_url: None,
        });
        let installs: Vec<Install> = installs.collect();
        let (store, layout) = (self.shared.store.clone(), layout_of(environment));
        let options = Options { threads: 1, link: LinkMode::Auto, ..Default::default() };
        let place = move || pybun_install::install(&store, &layout, &installs, &options, &pybun_model::silent);
        let placed = tokio::task::spawn_blocking(place).await.map_err(|error| crashed(&error))?;
        placed.map(drop).map_err(|error| Problem::from(&error))
    }
}
