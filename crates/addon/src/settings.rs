//! The settings that every command sends along.

use crate::answer::one;
use pybun_model::Problem;
use pybun_supply::{Emitter, Supply};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use url::Url;

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct SettingsWire {
    pub(crate) cache_dir: PathBuf,
    pub(crate) index_url: Option<String>,
    #[serde(default)]
    pub(crate) extra_index_urls: Vec<String>,
    /// An index comes from the project's own files.
    #[serde(default)]
    pub(crate) project_chose_index: bool,
    #[serde(default)]
    pub(crate) offline: bool,
    #[serde(default)]
    pub(crate) refresh: bool,
    /// `auto`, `hardlink`, `reflink`, `copy` or `tree`.
    #[serde(default)]
    pub(crate) link_mode: Option<String>,
    #[serde(default)]
    pub(crate) compile_bytecode: bool,
    pub(crate) cwd: PathBuf,
}

impl SettingsWire {
    pub(crate) fn install_options(&self) -> pybun_install::Options {
        let link = self.link_mode.as_deref().and_then(|text| text.parse().ok()).unwrap_or_default();
        // Whoever forbids Python to write bytecode does not want ours either.
        let forbidden = std::env::var_os("PYTHONDONTWRITEBYTECODE").is_some_and(|value| !value.is_empty());
        let compile = self.compile_bytecode && !forbidden;
        pybun_install::Options { link, compile, ..Default::default() }
    }

    /// Everything that work on packages needs, for the interpreter at `python`.
    pub(crate) fn supply(&self, python: &str, emit: Emitter) -> Result<Supply, Vec<Problem>> {
        let search = crate::python::search(self.cwd.clone(), self.cache_dir.clone());
        let wanted = pybun_python::Wanted { request: Some(python), ..Default::default() };
        let choice = pybun_python::choose(&search, wanted).map_err(one)?;
        let settings = pybun_fetch::Settings {
            cache_dir: self.cache_dir.clone(),
            index_url: self.index_url.as_deref().map(|text| self.index_url(text)).transpose()?,
            extra_index_urls: self
                .extra_index_urls
                .iter()
                .map(|text| self.index_url(text))
                .collect::<Result<_, _>>()?,
            project_chose_index: self.project_chose_index,
            offline: self.offline,
            refresh: self.refresh,
            environment: search.environment,
        };
        Supply::new(settings, choice.interpreter, emit).map_err(|problem| vec![problem])
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
