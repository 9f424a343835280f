//! The project itself, installed from its source.

use crate::answer::{Answer, OnEvent, answer_later, emitter, one};
use crate::settings::SettingsWire;
use napi_derive::napi;
use pybun_install::{Install, Store};
use pybun_model::Problem;
use pybun_supply::layout_of;
use serde::Deserialize;
use serde_json::json;
use std::path::PathBuf;
use url::Url;

#[derive(Deserialize)]
struct ProjectWire {
    settings: SettingsWire,
    root: PathBuf,
    environment: PathBuf,
    python: String,
}

/// Makes the project importable from where it is (PEP 660).
#[napi]
pub async fn install_project(request: String, on_event: OnEvent) -> napi::Result<Answer> {
    let emit = emitter(on_event);
    answer_later(request, move |wire: ProjectWire| async move {
        let search = crate::python::search(wire.settings.cwd.clone(), wire.settings.cache_dir.clone());
        let environment = pybun_python::read_environment(&wire.environment, &search).map_err(one)?;
        let supply = wire.settings.supply(&wire.python, emit)?;
        let editable = supply.editable(&wire.root).await.map_err(|problem| vec![problem])?;
        let url = Url::from_file_path(&wire.root).map(|url| url.to_string()).unwrap_or_default();
        let install = Install {
            sha256: editable.sha256,
            name: editable.name.clone(),
            version: editable.version.clone(),
            requested: true,
            direct_url: Some(json!({ "url": url, "dir_info": { "editable": true } }).to_string()),
        };
        let options = wire.settings.install_options();
        let store = Store::open(&wire.settings.cache_dir);
        let layout = layout_of(&environment);
        let place = move || pybun_install::install(&store, &layout, &[install], &options, &pybun_model::silent);
        let placed = tokio::task::spawn_blocking(place).await.map_err(|error| {
            vec![Problem::new("install/crash", format!("the installation ended without an answer ({error})"))]
        })?;
        placed.map_err(one)?;
        Ok((json!({ "name": editable.name, "version": editable.version.to_string() }), None))
    })
    .await
}
