//! Making an environment what a lock says: plan, fetch, apply.

use crate::answer::{Answer, OnEvent, Outcome, all_of, answer_later, emitter, one, text};
use crate::settings::SettingsWire;
use napi::bindgen_prelude::Buffer;
use napi_derive::napi;
use pybun_engine::sync::{self, Fetched, Move, Planned, Wish};
use pybun_model::{ExtraName, GroupName, Problem};
use pybun_plan::Selection;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// Plans between `plan` and `applyPlan`: large, and of no use to JavaScript.
static PLANS: LazyLock<Mutex<HashMap<u32, Arc<Known>>>> = LazyLock::new(Mutex::default);
static NEXT: AtomicU32 = AtomicU32::new(1);

struct Known {
    planned: Planned,
    /// Empty until the wheels are in the store.
    fetched: Mutex<Fetched>,
}

#[derive(Deserialize)]
struct PlanWire {
    settings: SettingsWire,
    environment: PathBuf,
    groups: Vec<String>,
    extras: Vec<String>,
    reinstall: bool,
    keep_extraneous: bool,
    project: Option<String>,
}

#[napi(catch_unwind)]
pub fn plan(request: String, lock: Buffer) -> napi::Result<String> {
    let wire: PlanWire = serde_json::from_str(&request).map_err(|error| napi::Error::from_reason(error.to_string()))?;
    Ok(text(make_plan(&wire, &lock)))
}

fn make_plan(wire: &PlanWire, lock: &[u8]) -> Outcome {
    let lock = pybun_lock::decode(lock).map_err(one)?;
    let search = crate::python::search(wire.settings.cwd.clone(), wire.settings.cache_dir.clone());
    let environment = pybun_python::read_environment(&wire.environment, &search).map_err(one)?;
    let wish = Wish {
        lock: &lock,
        selection: Selection {
            without_project: false,
            extras: names::<ExtraName>(&wire.extras)?,
            groups: names::<GroupName>(&wire.groups)?,
        },
        options: pybun_plan::Options { reinstall: wire.reinstall, keep_extraneous: wire.keep_extraneous },
        project: wire.project.as_deref().and_then(|name| name.parse().ok()),
    };
    let planned = sync::plan(environment, wish).map_err(|problem| vec![problem])?;
    let (settled, ops) = (planned.is_settled(), planned.moves.iter().map(move_json).collect::<Vec<_>>());
    let id = NEXT.fetch_add(1, Ordering::Relaxed);
    let known = Arc::new(Known { planned, fetched: Mutex::default() });
    PLANS.lock().unwrap_or_else(PoisonError::into_inner).insert(id, known);
    Ok(json!({ "id": id, "ops": ops, "settled": settled }))
}

fn move_json(one: &Move) -> Value {
    json!({
        "op": one.kind.as_str(),
        "name": one.name,
        "version": one.version.to_string(),
        "from": one.from.as_ref().map(ToString::to_string),
        "file": one.file,
        "size": one.size,
    })
}

#[derive(Deserialize)]
struct StepWire {
    settings: SettingsWire,
    plan: u32,
}

/// Brings the plan's wheels into the store.
#[napi]
pub async fn fetch_plan(request: String, on_event: OnEvent) -> napi::Result<Answer> {
    let emit = emitter(on_event);
    answer_later(request, move |StepWire { settings, plan }| async move {
        let known = find(plan);
        let supply = settings.supply(&known.planned.environment.python.display().to_string(), emit)?;
        let fetched = sync::fetch(&known.planned, &supply).await.map_err(|problem| vec![problem])?;
        let Fetched { downloaded, built, bytes, .. } = fetched;
        *known.fetched.lock().unwrap_or_else(PoisonError::into_inner) = fetched;
        Ok((json!({ "downloaded": downloaded, "built": built, "bytes": bytes }), None))
    })
    .await
}

/// Removes and installs what the plan says. After a failure the environment is as before.
#[napi]
pub async fn apply_plan(request: String, on_event: OnEvent) -> napi::Result<Answer> {
    let emit = emitter(on_event);
    answer_later(request, move |StepWire { settings, plan }| async move {
        let known = find(plan);
        let work = move || {
            let fetched = known.fetched.lock().unwrap_or_else(PoisonError::into_inner);
            sync::apply(&known.planned, &fetched, &settings.cache_dir, &*emit).map_err(|problem| vec![problem])
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| {
            vec![Problem::new("install/crash", format!("the installation ended without an answer ({error})"))]
        })??;
        PLANS.lock().unwrap_or_else(PoisonError::into_inner).remove(&plan);
        Ok((Value::Null, None))
    })
    .await
}

fn find(id: u32) -> Arc<Known> {
    let plans = PLANS.lock().unwrap_or_else(PoisonError::into_inner);
    plans.get(&id).cloned().expect("only ids of plans that were made are asked for")
}

fn names<T: FromStr>(texts: &[String]) -> Outcome<Vec<T>> {
    all_of(texts.iter().map(|text| {
        text.parse().map_err(|_| {
            vec![
                Problem::new("requirement/invalid-name", format!("`{text}` is not a valid name"))
                    .hint("Names of extras and groups hold ASCII letters, digits, `-`, `_` and `.`"),
            ]
        })
    }))
}
