//! The settings that every command sends along.

use crate::answer::{all_of, one};
use pybun_engine::bytecode::Compile;
use pybun_fetch::NamedIndex;
use pybun_install::LinkMode;
use pybun_model::{PackageName, Problem, Sha256};
use pybun_python::Interpreter;
use pybun_supply::{Emitter, Project, Supply};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use url::Url;

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct SettingsWire {
    pub(crate) cache_dir: PathBuf,
    pub(crate) index_url: Option<String>,
    #[serde(default)]
    pub(crate) extra_index_urls: Vec<String>,
    #[serde(default)]
    pub(crate) indexes: Vec<IndexWire>,
    /// The name of the only index that is asked for a package.
    #[serde(default)]
    pub(crate) index_of: BTreeMap<PackageName, String>,
    #[serde(default)]
    pub(crate) find_links: Vec<String>,
    #[serde(default)]
    pub(crate) no_index: bool,
    #[serde(default)]
    pub(crate) keyring: bool,
    /// An index comes from the project's own files.
    #[serde(default)]
    pub(crate) project_chose_index: bool,
    /// What the user named outside of the project.
    #[serde(default)]
    pub(crate) user_urls: Vec<String>,
    #[serde(default)]
    pub(crate) offline: bool,
    #[serde(default)]
    pub(crate) refresh: bool,
    /// `auto`, `hardlink`, `reflink`, `copy` or `tree`.
    #[serde(default)]
    pub(crate) link_mode: Option<String>,
    /// `background`, `always` or `never`.
    #[serde(default)]
    pub(crate) compile_bytecode: Option<String>,
    pub(crate) cwd: PathBuf,
    /// Of the project at hand, where the paths of its lock begin.
    #[serde(default)]
    root: Option<PathBuf>,
    /// The URLs of its requirements that hold credentials.
    #[serde(default)]
    credentials: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct IndexWire {
    name: Option<String>,
    url: String,
    explicit: bool,
    default: bool,
}

impl SettingsWire {
    pub(crate) fn install_options(&self) -> pybun_install::Options {
        let compile = self.compile() == Compile::Always;
        pybun_install::Options { link: self.link(), compile, ..Default::default() }
    }

    pub(crate) fn link(&self) -> LinkMode {
        self.link_mode.as_deref().and_then(|text| text.parse().ok()).unwrap_or_default()
    }

    pub(crate) fn compile(&self) -> Compile {
        let asked = self.compile_bytecode.as_deref().and_then(|text| text.parse::<Compile>().ok()).unwrap_or_default();
        let variables: BTreeMap<String, String> = ["CI", "PYTHONDONTWRITEBYTECODE"]
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), std::env::var_os(name)?.to_string_lossy().into_owned())))
            .collect();
        asked.here(|name| variables.get(name).map(String::as_str))
    }

    /// Everything that work on packages needs, for the interpreter at `python`.
    pub(crate) fn supply(&self, python: &str, emit: Emitter) -> Result<Supply, Vec<Problem>> {
        let search = crate::python::search(self.cwd.clone(), self.cache_dir.clone());
        let wanted = pybun_python::Wanted { request: Some(python), ..Default::default() };
        let choice = pybun_python::choose(&search, wanted).map_err(one)?;
        self.supply_for(choice.interpreter, emit)
    }

    pub(crate) fn supply_for(&self, interpreter: Interpreter, emit: Emitter) -> Result<Supply, Vec<Problem>> {
        let settings = self.fetch_settings(crate::python::variables())?;
        let supply = Supply::new(settings, interpreter, emit).map_err(|problem| vec![problem])?;
        Ok(supply.of_project(self.project()))
    }

    /// Stands for the indexes that are asked; `None` where the configuration is no good, which whoever asks them will say.
    pub(crate) fn places(&self) -> Option<Sha256> {
        self.fetch_settings(crate::python::variables()).ok()?.places().ok()
    }

    /// Where the relative paths of a lock begin.
    pub(crate) fn root(&self) -> &Path {
        self.root.as_deref().unwrap_or(&self.cwd)
    }

    fn project(&self) -> Project {
        let urls = self.credentials.iter().map(|text| text.strip_prefix("git+").unwrap_or(text));
        Project {
            root: self.root().to_owned(),
            credentials: urls.filter_map(|text| Url::parse(text).ok()).collect(),
            ..Project::default()
        }
    }

    fn fetch_settings(&self, environment: BTreeMap<String, String>) -> Result<pybun_fetch::Settings, Vec<Problem>> {
        let index = |wire: &IndexWire| {
            let (name, url) = (wire.name.clone(), self.index_url(&wire.url)?);
            Ok(NamedIndex { name, url, explicit: wire.explicit, default: wire.default })
        };
        Ok(pybun_fetch::Settings {
            index_url: self.index_url.as_deref().map(|text| self.index_url(text)).transpose()?,
            extra_index_urls: all_of(self.extra_index_urls.iter().map(|text| self.index_url(text)))?,
            indexes: all_of(self.indexes.iter().map(index))?,
            index_of: self.index_of.clone(),
            find_links: all_of(self.find_links.iter().map(|text| self.place(text)))?,
            no_index: self.no_index,
            keyring: self.keyring,
            project_chose_index: self.project_chose_index,
            // Whoever trusts a path trusts nobody on the network.
            user_urls: self.user_urls.iter().filter_map(|text| Url::parse(text).ok()).collect(),
            offline: self.offline,
            refresh: self.refresh,
            ..pybun_fetch::Settings::new(self.cache_dir.clone(), environment)
        })
    }

    /// A URL, or the path of a directory or a page.
    fn place(&self, text: &str) -> Result<Url, Vec<Problem>> {
        let path = self.cwd.join(text);
        let parsed = if text.contains("://") { Url::parse(text).ok() } else { Url::from_file_path(path).ok() };
        parsed.ok_or_else(|| {
            vec![
                Problem::new("config/bad-find-links", "a place of find-links is neither a URL nor a path")
                    .hint("Name a directory with files, or a page that links to files"),
            ]
        })
    }

    /// A URL, or the path of a directory in the form of an index.
    fn index_url(&self, text: &str) -> Result<Url, Vec<Problem>> {
        let path = self.cwd.join(Path::new(text));
        let from_path = || Url::from_directory_path(path).ok().filter(|_| self.cwd.join(text).is_dir());
        let parsed = if text.contains("://") { Url::parse(text).ok() } else { from_path() };
        parsed.ok_or_else(|| {
            vec![
                Problem::new("config/bad-index-url", "an index URL is neither a URL nor a directory")
                    .hint("Write it as in `https://index.example/simple/`"),
            ]
        })
    }
}
