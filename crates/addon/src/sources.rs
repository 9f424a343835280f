//! Requirements whose place is said beside them (`[tool.pybun.sources]`), and looks at what is named by its place alone.

use crate::answer::{Answer, OnEvent, Outcome, answer_later, emitter};
use crate::settings::SettingsWire;
use napi_derive::napi;
use pybun_lock::{Lock, Source};
use pybun_model::{PackageName, Problem, Requirement};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;

/// One entry of `[tool.pybun.sources]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SourceWire {
    index: Option<String>,
    git: Option<String>,
    path: Option<String>,
    url: Option<String>,
    tag: Option<String>,
    branch: Option<String>,
    rev: Option<String>,
    subdirectory: Option<String>,
    pub(crate) editable: bool,
}

/// By normalised name, without those that only name an index.
pub(crate) struct Sources(BTreeMap<PackageName, SourceWire>);

impl Sources {
    pub(crate) fn read(wire: &BTreeMap<String, SourceWire>) -> Self {
        let placed = wire.iter().filter(|(_, source)| source.index.is_none());
        Self(placed.filter_map(|(name, source)| Some((name.parse().ok()?, source.clone()))).collect())
    }

    /// The requirements with their places in them.
    pub(crate) fn assign(&self, requirements: Vec<Requirement>) -> Outcome<Vec<Requirement>> {
        requirements.into_iter().map(|requirement| self.assign_one(requirement)).collect()
    }

    fn assign_one(&self, requirement: Requirement) -> Outcome<Requirement> {
        let Some(wire) = self.0.get(&requirement.name) else { return Ok(requirement) };
        let reference = [&wire.tag, &wire.branch, &wire.rev].into_iter().flatten().next();
        let source = pybun_manifest::Source {
            git: wire.git.clone(),
            path: wire.path.clone(),
            url: wire.url.clone(),
            reference: reference.cloned(),
            subdirectory: wire.subdirectory.clone(),
        };
        source.assign(&requirement).map_err(|why| {
            let message = format!("the source of `{}` {why}", requirement.name);
            vec![
                Problem::new("config/bad-source", message)
                    .hint("See the entry in [tool.pybun.sources]")
                    .with("package", requirement.name.as_ref()),
            ]
        })
    }

    /// Names of directories that are linked and not copied.
    pub(crate) fn editables(&self) -> impl Iterator<Item = &PackageName> {
        self.0.iter().filter(|(_, source)| source.editable).map(|(name, _)| name)
    }
}

/// Directories of the lock whose manifests say something else than when it was made, as reasons for its staleness.
pub(crate) fn changed_directories(lock: &Lock, root: &Path) -> Vec<String> {
    let directories = lock.packages.iter().filter_map(|package| match &package.source {
        Source::Directory { path, metadata: Some(metadata), .. } => Some((&package.name, path, metadata)),
        _ => None,
    });
    let reason = |(name, path, metadata): (&PackageName, &String, &pybun_model::Sha256)| match pybun_build::statement(
        &pybun_lock::absolute(root, path),
    ) {
        Ok(now) if now == *metadata => None,
        Ok(_) => Some(format!("`{name}` in {path} says something else of itself")),
        Err(_) => Some(format!("`{name}` in {path} cannot be read")),
    };
    directories.filter_map(reason).collect()
}

#[derive(Deserialize)]
struct DescribeWire {
    settings: SettingsWire,
    python: String,
    source: SourceWire,
}

/// The name, version and URL of the project in a directory, an archive or a repository.
#[napi]
pub async fn source_describe(request: String, on_event: OnEvent) -> napi::Result<Answer> {
    let emit = emitter(on_event);
    answer_later(request, move |wire: DescribeWire| async move {
        let supply = wire.settings.supply(&wire.python, emit)?;
        let unnamed: PackageName = "unnamed".parse().expect("a valid name");
        let sources = Sources([(unnamed.clone(), wire.source)].into());
        let requirement = Requirement {
            name: unnamed,
            extras: Box::default(),
            version_or_url: None,
            marker: pybun_model::MarkerTree::TRUE,
            origin: None,
        };
        let requirement = sources.assign_one(requirement)?;
        let Some(pybun_model::VersionOrUrl::Url(url)) = requirement.version_or_url else {
            unreachable!("a source is a URL")
        };
        let url = url.displayable_with_credentials().to_string();
        let described = supply.describe(&url).await.map_err(|problem| vec![problem])?;
        let (name, version) = (described.name, described.version.to_string());
        Ok((json!({ "name": name, "version": version, "url": described.url }), None))
    })
    .await
}
