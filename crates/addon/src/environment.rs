//! Making an environment what a lock says: plan, fetch, apply.

use crate::answer::{Answer, OnEvent, Outcome, all_of, answer_later, emitter, one, text};
use crate::settings::SettingsWire;
use napi::bindgen_prelude::Buffer;
use napi_derive::napi;
use pybun_install::{Install, InstalledDist, LinkMode};
use pybun_lock::Source;
use pybun_model::{ExtraName, GroupName, PackageName, Problem, Sha256, Version};
use pybun_plan::{Installed, Op, Selection, Target};
use pybun_python::Environment;
use pybun_supply::{Want, layout_of};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// Plans between `plan` and `applyPlan`: large, and of no use to JavaScript.
static PLANS: LazyLock<Mutex<HashMap<u32, Arc<Planned>>>> = LazyLock::new(Mutex::default);
static NEXT: AtomicU32 = AtomicU32::new(1);

/// A plan that owns what it speaks of.
struct Planned {
    environment: Environment,
    wants: Vec<Wanted>,
    removals: Vec<(PackageName, Version)>,
    /// The wheels of `wants`, once they are in the store.
    wheels: Mutex<Option<Vec<Sha256>>>,
}

struct Wanted {
    want: Want,
    requested: bool,
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
    let present = pybun_install::installed(&layout_of(&environment)).map_err(one)?;
    let selection = Selection {
        without_project: false,
        extras: names::<ExtraName>(&wire.extras)?,
        groups: names::<GroupName>(&wire.groups)?,
    };
    let tags = environment.interpreter.tags();
    let target = Target { markers: &environment.interpreter.markers, tags: &tags };
    let chosen = pybun_plan::select(&lock, target, &selection).map_err(one)?;
    let installed: Vec<Installed> = present.iter().map(installed_of).collect();
    let options = pybun_plan::Options { reinstall: wire.reinstall, keep_extraneous: wire.keep_extraneous };
    let plan = pybun_plan::plan(chosen, &installed, &protected(wire.project.as_deref()), options);
    let (settled, ops) = (plan.is_settled(), plan.ops.iter().map(op_json).collect::<Vec<_>>());
    let id = NEXT.fetch_add(1, Ordering::Relaxed);
    let planned = Arc::new(own(plan, environment));
    PLANS.lock().unwrap_or_else(PoisonError::into_inner).insert(id, planned);
    Ok(json!({ "id": id, "ops": ops, "settled": settled }))
}

/// Never removed for being unknown to the lock: the project itself, and pip, which people put there to look.
fn protected(project: Option<&str>) -> Vec<PackageName> {
    [project, Some("pip")].into_iter().flatten().filter_map(|name| name.parse().ok()).collect()
}

fn own(plan: pybun_plan::Plan, environment: Environment) -> Planned {
    let mut wants = Vec::new();
    let mut removals = Vec::new();
    for op in plan.ops {
        match op {
            Op::Keep { .. } => {}
            Op::Install { chosen } | Op::Replace { chosen, .. } => {
                wants.push(Wanted { want: Want::from(&chosen), requested: chosen.requested });
            }
            Op::Remove { installed } => removals.push((installed.name, installed.version)),
        }
    }
    Planned { environment, wants, removals, wheels: Mutex::new(None) }
}

fn installed_of(dist: &InstalledDist) -> Installed {
    let direct_url = dist.direct_url.as_deref().and_then(|text| {
        let value: Value = serde_json::from_str(text).ok()?;
        Some(value.get("url")?.as_str()?.to_owned())
    });
    Installed {
        name: dist.name.clone(),
        version: dist.version.clone(),
        wheel: dist.wheel,
        direct_url,
        complete: dist.complete,
    }
}

fn op_json(op: &Op) -> Value {
    let of = |name: &str, chosen: &pybun_plan::Chosen, from: Option<String>| {
        json!({
            "op": name,
            "name": chosen.package.name,
            "version": chosen.package.version.to_string(),
            "from": from,
            "file": chosen.file.filename,
            "size": chosen.file.size,
        })
    };
    match op {
        Op::Keep { chosen } => of("keep", chosen, None),
        Op::Install { chosen } => of("install", chosen, None),
        Op::Replace { chosen, from } => of("replace", chosen, Some(from.version.to_string())),
        Op::Remove { installed } => json!({
            "op": "remove",
            "name": installed.name,
            "version": installed.version.to_string(),
            "from": installed.version.to_string(),
            "file": null,
            "size": null,
        }),
    }
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
        let planned = find(plan);
        let supply = settings.supply(&planned.environment.python.display().to_string(), emit)?;
        let wants = planned.wants.iter().map(|wanted| wanted.want.clone()).collect();
        let supplied = supply.wheels(wants).await.map_err(|problem| vec![problem])?;
        let downloaded = supplied.iter().filter(|one| one.downloaded_bytes > 0).count();
        let built = supplied.iter().filter(|one| one.built).count();
        let bytes: u64 = supplied.iter().map(|one| one.downloaded_bytes).sum();
        let wheels = supplied.iter().map(|one| one.sha256).collect();
        *planned.wheels.lock().unwrap_or_else(PoisonError::into_inner) = Some(wheels);
        Ok((json!({ "downloaded": downloaded, "built": built, "bytes": bytes }), None))
    })
    .await
}

/// Removes and installs what the plan says. After a failure the environment is as before.
#[napi]
pub async fn apply_plan(request: String, on_event: OnEvent) -> napi::Result<Answer> {
    let emit = emitter(on_event);
    answer_later(request, move |StepWire { settings, plan }| async move {
        let planned = find(plan);
        let work = move || apply(&planned, &settings, &*emit);
        let applied = tokio::task::spawn_blocking(work).await.map_err(|error| {
            vec![Problem::new("install/crash", format!("the installation ended without an answer ({error})"))]
        })??;
        PLANS.lock().unwrap_or_else(PoisonError::into_inner).remove(&plan);
        Ok((applied, None))
    })
    .await
}

fn find(id: u32) -> Arc<Planned> {
    let plans = PLANS.lock().unwrap_or_else(PoisonError::into_inner);
    plans.get(&id).cloned().expect("only ids of plans that were made are asked for")
}

fn apply(planned: &Planned, settings: &SettingsWire, emit: pybun_model::Emit) -> Outcome {
    let wheels = planned.wheels.lock().unwrap_or_else(PoisonError::into_inner).clone().unwrap_or_default();
    let layout = layout_of(&planned.environment);
    let store = pybun_install::Store::open(&settings.cache_dir);
    pybun_install::repair(&store, &layout).map_err(one)?;
    let present = pybun_install::installed(&layout).map_err(one)?;
    for (name, version) in &planned.removals {
        for dist in present.iter().filter(|dist| dist.name == *name && dist.version == *version) {
            pybun_install::uninstall(&layout, dist).map_err(one)?;
        }
    }
    let installs: Vec<Install> =
        planned.wants.iter().zip(wheels).map(|(wanted, sha256)| install_of(wanted, sha256)).collect();
    pybun_install::install(&store, &layout, &installs, &options(), emit).map_err(|error| {
        if let pybun_install::Error::StoreDamaged { sha256, .. } = &error {
            // The next command then fetches it again; the first error is the one to tell.
            let _ = store.discard(sha256);
        }
        one(error)
    })?;
    Ok(json!({
        "installed": installs.iter().map(|install| json!({
            "name": install.name,
            "version": install.version.to_string(),
        })).collect::<Vec<_>>(),
        "removed": planned.removals.iter().map(|(name, version)| json!({
            "name": name,
            "version": version.to_string(),
        })).collect::<Vec<_>>(),
    }))
}

pub(crate) fn options() -> pybun_install::Options {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    pybun_install::Options { threads, link: LinkMode::Auto, compile: false }
}

fn install_of(wanted: &Wanted, sha256: Sha256) -> Install {
    let Want { name, version, source, sha256: file, .. } = &wanted.want;
    let direct_url = match source {
        Source::Index => None,
        Source::Url(url) => {
            let hashes = file.map(|digest| json!({ "sha256": digest.to_string() })).unwrap_or_else(|| json!({}));
            Some(json!({ "url": url, "archive_info": { "hashes": hashes } }).to_string())
        }
    };
    Install { sha256, name: name.clone(), version: version.clone(), requested: wanted.requested, direct_url }
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
