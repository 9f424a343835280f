//! Locks in the formats of others.

use crate::answer::{Answer, OnEvent, answer_later, emitter, one};
use crate::graph::ScopeWire;
use crate::outdated::pages_of;
use crate::settings::SettingsWire;
use napi::bindgen_prelude::Buffer;
use napi_derive::napi;
use pybun_exchange::{Exported, Graph, Pages, Subject};
use pybun_lock::{File, Lock};
use pybun_model::without_credentials;
use pybun_solve::Source;
use serde::Deserialize;
use serde_json::json;
use std::cell::Cell;
use std::sync::Arc;

#[derive(Deserialize)]
struct ExportWire {
    scope: ScopeWire,
    to: FormatWire,
    hashes: bool,
    /// The way from the directory of the file to the project, with `/`.
    to_project: String,
    settings: SettingsWire,
    /// The interpreter at hand; decides nothing.
    interpreter: String,
    subject: SubjectWire,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum FormatWire {
    Requirements,
    Pylock,
    Cyclonedx,
}

#[derive(Deserialize)]
struct SubjectWire {
    name: Option<String>,
    version: Option<String>,
    made_at: Option<u64>,
}

/// Only `pylock` asks the index: a lock does not say where files are.
#[napi]
pub async fn lock_export(request: String, lock: Buffer, on_event: OnEvent) -> napi::Result<Answer> {
    let (bytes, emit) = (lock.to_vec(), emitter(on_event));
    answer_later(request, move |wire: ExportWire| async move {
        let lock = pybun_lock::decode(&bytes).map_err(one)?;
        let scope = wire.scope.scope(&lock)?;
        let pages = match wire.to {
            FormatWire::Pylock => {
                let source: Arc<dyn Source> = Arc::new(wire.settings.supply(&wire.interpreter, emit)?);
                pages_of(&source, &[&lock]).await?
            }
            FormatWire::Requirements | FormatWire::Cyclonedx => Pages::default(),
        };
        let cut = Cell::new(0);
        let exported = Graph::look(&lock, &scope, |graph| {
            Ok(match wire.to {
                FormatWire::Requirements => pybun_exchange::requirements(graph, wire.hashes)?,
                FormatWire::Pylock => pybun_exchange::pylock(graph, &wire.to_project, &|position, file| {
                    let (url, has_query) = url(&lock, &pages, position, file)?;
                    cut.set(cut.get() + u32::from(has_query));
                    Some(url)
                }),
                FormatWire::Cyclonedx => pybun_exchange::cyclonedx(
                    graph,
                    &Subject { name: wire.subject.name, version: wire.subject.version, made_at: wire.subject.made_at },
                ),
            })
        });
        let exported = exported.map_err(|problem| vec![problem])?;
        let Exported { text, mut lost } = exported.map_err(|error: pybun_exchange::Unwritable| one(error))?;
        if cut.get() > 0 {
            lost.push(format!("the queries of {} URLs of the index are left out, as they may hold keys", cut.get()));
        }
        Ok((json!({ "text": text, "lost": lost }), None))
    })
    .await
}

/// Where the index has a file of the lock, without credentials and without a query: what an index puts there it gives to the
/// one who asks. Tells whether there was one.
fn url(lock: &Lock, pages: &Pages, position: u32, file: &File) -> Option<(String, bool)> {
    let page = pages.get(&lock.packages[position as usize].name)?;
    let same = page.files.iter().find(|offered| {
        offered.filename == file.filename && offered.sha256.is_none_or(|digest| Some(digest) == file.sha256)
    })?;
    let mut url = without_credentials(&same.url);
    let has_query = url.query().is_some_and(|query| !query.is_empty());
    url.set_query(None);
    Some((url.into(), has_query))
}
