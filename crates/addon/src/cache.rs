//! The data directory: how large it is, whether it is sound, and making it smaller.

use crate::answer::{Answer, answer, answer_later, one};
use napi_derive::napi;
use pybun_install::{Collected, Collection, Kind, Limits, Store};
use pybun_model::Problem;
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::SystemTime;

#[derive(Deserialize)]
struct SizeWire {
    cache_dir: PathBuf,
}

#[napi]
pub async fn cache_size(request: String) -> napi::Result<Answer> {
    answer_later(request, |SizeWire { cache_dir }| async move {
        let size = blocking(move || pybun_install::size(&cache_dir).map_err(one)).await?;
        let total = size.store + size.answers + size.builds + size.logs + size.environments;
        let value = json!({
            "total": total,
            "store": size.store,
            "unshared": size.unshared,
            "wheels": size.wheels,
            "in_use": size.in_use,
            "answers": size.answers,
            "builds": size.builds,
            "logs": size.logs,
            "environments": size.environments,
        });
        Ok((value, None))
    })
    .await
}

#[derive(Deserialize)]
struct VerifyWire {
    cache_dir: PathBuf,
    discard: bool,
}

/// Every file of every wheel against its digest, and the trees of each.
#[napi]
pub async fn cache_verify(request: String) -> napi::Result<Answer> {
    answer_later(request, |VerifyWire { cache_dir, discard }| async move {
        let verify = move || {
            let store = Store::open(&cache_dir);
            let (wheels, damaged) = pybun_install::verify_all(&store, pybun_install::cpu_threads()).map_err(one)?;
            for (wheel, _) in damaged.iter().filter(|_| discard) {
                store.mend(wheel).map_err(one)?;
            }
            let damaged: Vec<Value> = damaged
                .iter()
                .map(|(wheel, damages)| {
                    let files = damages.iter().map(|one| json!({ "path": one.path, "damage": one.kind.as_str() }));
                    json!({ "wheel": wheel.to_string(), "files": files.collect::<Vec<_>>() })
                })
                .collect();
            Ok(json!({ "wheels": wheels, "damaged": damaged, "discarded": discard && !damaged.is_empty() }))
        };
        Ok((blocking(verify).await?, None))
    })
    .await
}

#[derive(Deserialize)]
struct CollectWire {
    cache_dir: PathBuf,
    max_size: Option<String>,
    max_age: Option<String>,
    dry_run: bool,
}

/// Removes what was not used for longest until the limits hold.
#[napi]
pub async fn cache_collect(request: String) -> napi::Result<Answer> {
    answer_later(request, |wire: CollectWire| async move {
        let limits = Limits {
            max_size: wire.max_size.as_deref().map(size_of).transpose()?,
            max_age: wire.max_age.as_deref().map(age_of).transpose()?,
        };
        let collection = Collection { limits, dry_run: wire.dry_run, now: SystemTime::now() };
        let collected = blocking(move || pybun_install::collect(&wire.cache_dir, &collection).map_err(one)).await?;
        Ok((collected_json(&collected), None))
    })
    .await
}

/// Is it time for a collection that nobody asked for?
#[napi(catch_unwind)]
pub fn cache_due(request: String) -> napi::Result<String> {
    answer(&request, |SizeWire { cache_dir }| Ok(Value::from(pybun_install::is_due(&cache_dir, SystemTime::now()))))
}

fn collected_json(collected: &Collected) -> Value {
    let removed = collected.removed.iter().map(|removed| {
        let kind = match removed.kind {
            Kind::Wheel => "wheel",
            Kind::Answer => "answer",
            Kind::Build => "build",
            Kind::Log => "log",
            Kind::Rest => "rest",
        };
        json!({ "kind": kind, "name": removed.what, "bytes": removed.bytes })
    });
    json!({
        "busy": collected.busy,
        "before": collected.before,
        "after": collected.after,
        "freed": collected.before - collected.after,
        "in_use": collected.in_use,
        "removed": removed.collect::<Vec<_>>(),
    })
}

fn size_of(text: &str) -> Result<u64, Vec<Problem>> {
    pybun_install::parse_size(text).ok_or_else(|| {
        vec![
            Problem::new("gc/bad-size", format!("`{text}` is no size"))
                .hint("Write it as in `500MB`, `10GB` or `2GiB`")
                .with("value", text),
        ]
    })
}

fn age_of(text: &str) -> Result<std::time::Duration, Vec<Problem>> {
    pybun_install::parse_age(text).ok_or_else(|| {
        vec![
            Problem::new("gc/bad-age", format!("`{text}` is no age"))
                .hint("Write it as in `12h`, `90d` or `6w`")
                .with("value", text),
        ]
    })
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Vec<Problem>> + Send + 'static,
) -> Result<T, Vec<Problem>> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| vec![Problem::new("gc/crash", format!("the work ended without an answer ({error})"))])?
}
