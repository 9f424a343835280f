//! Making an environment what a lock says: plan, fetch, apply.

use crate::answer::{Answer, OnEvent, Outcome, all_of, answer, answer_later, emitter, one, text};
use crate::settings::SettingsWire;
use napi::bindgen_prelude::{Buffer, Env};
use napi_derive::napi;
use pybun_engine::bytecode::{self, Afterwards, Compile};
use pybun_engine::sync::{self, Checks, Fetched, Move, Planned, Refused, Wish};
use pybun_model::{Event, ExtraName, GroupName, PackageName, Problem};
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
    starts_program: bool,
    /// The program beside the addon.
    engine: Option<PathBuf>,
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
    /// Neither the project nor what it depends on: only the groups.
    #[serde(default)]
    without_project: bool,
    /// An interpreter: `environment` is a plain directory, or does not exist yet.
    #[serde(default)]
    bare: Option<String>,
    #[serde(default)]
    verify: bool,
    #[serde(default)]
    require_hashes: bool,
    /// A program starts in the environment right afterwards: who starts it calls `bytecodeBeside`.
    #[serde(default)]
    starts_program: bool,
}

#[napi(catch_unwind)]
pub fn plan(env: Env, request: String, lock: Buffer) -> napi::Result<String> {
    let wire: PlanWire = serde_json::from_str(&request).map_err(|error| napi::Error::from_reason(error.to_string()))?;
    Ok(text(make_plan(&wire, &lock, engine_beside(&env))))
}

fn engine_beside(env: &Env) -> Option<PathBuf> {
    let own = url::Url::parse(&env.get_module_file_name().ok()?).ok()?.to_file_path().ok()?;
    let engine = own.with_file_name(format!("pybun-engine{}", std::env::consts::EXE_SUFFIX));
    engine.is_file().then_some(engine)
}

fn make_plan(wire: &PlanWire, lock: &[u8], engine: Option<PathBuf>) -> Outcome {
    let lock = pybun_lock::decode(lock).map_err(one)?;
    let search = crate::python::search(wire.settings.cwd.clone(), wire.settings.cache_dir.clone());
    let environment = match &wire.bare {
        None => pybun_python::read_environment(&wire.environment, &search).map_err(one)?,
        Some(python) => {
            let wanted = pybun_python::Wanted { request: Some(python), ..Default::default() };
            let choice = pybun_python::choose(&search, wanted).map_err(one)?;
            sync::bare_environment(&search.cwd.join(&wire.environment), choice.interpreter)
        }
    };
    let checks = Checks {
        verify: wire.verify.then_some(wire.settings.cache_dir.as_path()),
        require_hashes: wire.require_hashes || wire.verify,
    };
    let places = std::cell::OnceCell::new();
    let wish = Wish {
        lock: &lock,
        selection: Selection {
            without_project: wire.without_project,
            extras: names::<ExtraName>(&wire.extras)?,
            groups: names::<GroupName>(&wire.groups)?,
        },
        options: pybun_plan::Options { reinstall: wire.reinstall, keep_extraneous: wire.keep_extraneous },
        project: wire.project.as_deref().and_then(|name| name.parse().ok()),
        root: wire.settings.root(),
        cache_dir: &wire.settings.cache_dir,
        places: &|| *places.get_or_init(|| wire.settings.places()),
    };
    let planned = sync::plan_checked(environment, wish, checks).map_err(|problem| vec![problem])?;
    let (settled, ops) = (planned.is_settled(), planned.moves.iter().map(move_json).collect::<Vec<_>>());
    let id = NEXT.fetch_add(1, Ordering::Relaxed);
    let starts_program = wire.starts_program;
    let known = Arc::new(Known { planned, starts_program, engine, fetched: Mutex::default() });
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
        let supply = settings.supply_for(known.planned.environment.interpreter.clone(), emit)?;
        let fetched = sync::fetch(&known.planned, &supply).await.map_err(|problem| vec![problem])?;
        let Fetched { downloaded, built, bytes, .. } = fetched;
        *known.fetched.lock().unwrap_or_else(PoisonError::into_inner) = fetched;
        Ok((json!({ "downloaded": downloaded, "built": built, "bytes": bytes }), None))
    })
    .await
}

#[derive(Deserialize)]
struct ApplyWire {
    settings: SettingsWire,
    plan: u32,
    /// Compare what the store holds with its digests before it is linked.
    #[serde(default)]
    verify: bool,
}

/// Removes and installs what the plan says. After a failure the environment is as before. What the store has lost or
/// damaged is fetched again.
#[napi]
pub async fn apply_plan(request: String, on_event: OnEvent) -> napi::Result<Answer> {
    let emit = emitter(on_event);
    answer_later(request, move |ApplyWire { settings, plan, verify }| async move {
        let known = find(plan);
        let options = pybun_install::Options { verify, ..settings.install_options() };
        for tried in 1.. {
            let (known, emit, cache_dir) = (known.clone(), emit.clone(), settings.cache_dir.clone());
            let applying = known.clone();
            let work_emit = emit.clone();
            let work = move || {
                let fetched = applying.fetched.lock().unwrap_or_else(PoisonError::into_inner);
                sync::apply_with(&applying.planned, &fetched, &cache_dir, &options, &*work_emit)
            };
            let done = tokio::task::spawn_blocking(work).await.map_err(|error| {
                vec![Problem::new("install/crash", format!("the installation ended without an answer ({error})"))]
            })?;
            match done {
                Ok(()) => break,
                Err(Refused { fetch_again: true, problem }) if tried < sync::TRIES => {
                    emit(Event::Note {
                        code: problem.code,
                        message: format!("{}; it is fetched again", problem.message),
                    });
                    let supply = settings.supply_for(known.planned.environment.interpreter.clone(), emit)?;
                    let fetched = sync::fetch(&known.planned, &supply).await.map_err(|problem| vec![problem])?;
                    *known.fetched.lock().unwrap_or_else(PoisonError::into_inner) = fetched;
                }
                Err(refused) => return Err(vec![*refused.problem]),
            }
        }
        PLANS.lock().unwrap_or_else(PoisonError::into_inner).remove(&plan);
        if !known.starts_program {
            complete_later(&known, &settings);
        }
        Ok((Value::Null, None))
    })
    .await
}

fn complete_later(known: &Known, settings: &SettingsWire) {
    if let Some(engine) = &known.engine
        && known.planned.brings_any()
        && settings.compile() == Compile::Background
    {
        let Planned { environment, .. } = &known.planned;
        Afterwards { environment, cache_dir: &settings.cache_dir, link: settings.link() }.complete_later(engine);
    }
}

#[derive(Deserialize)]
struct BytecodeWire {
    settings: SettingsWire,
    environment: PathBuf,
    program: PathBuf,
    args: Vec<String>,
}

/// Links what the store has of an environment's bytecode, and starts a process that makes the rest, beginning with what
/// the program imports that starts next. It only saves time, so that nothing that goes wrong ends a command.
#[napi(catch_unwind)]
pub fn bytecode_beside(env: Env, request: String) -> napi::Result<String> {
    let engine = engine_beside(&env);
    answer(&request, |BytecodeWire { settings, environment, program, args }| {
        if let Some(engine) = engine.filter(|_| settings.compile() == Compile::Background) {
            let search = crate::python::search(settings.cwd.clone(), settings.cache_dir.clone());
            let Ok(environment) = pybun_python::read_environment(&environment, &search) else { return Ok(Value::Null) };
            let program = bytecode::program_of(&program, &args, &settings.cwd);
            Afterwards { environment: &environment, cache_dir: &settings.cache_dir, link: settings.link() }
                .complete_beside(&engine, program.as_ref());
        }
        Ok(Value::Null)
    })
}

#[derive(Deserialize)]
struct UninstallWire {
    settings: SettingsWire,
    environment: PathBuf,
    names: Vec<String>,
}

/// Takes distributions away by their RECORD.
#[napi(catch_unwind)]
pub fn uninstall(request: String) -> napi::Result<String> {
    answer(&request, |UninstallWire { settings, environment, names }| {
        let search = crate::python::search(settings.cwd.clone(), settings.cache_dir.clone());
        let environment = pybun_python::read_environment(&environment, &search).map_err(one)?;
        let names = self::names::<PackageName>(&names)?;
        let removed = sync::uninstall(&environment, &names, &settings.cache_dir).map_err(|problem| vec![problem])?;
        Ok(json!({
            "removed": removed.iter().map(|(name, version)| json!({
                "name": name,
                "version": version.to_string(),
            })).collect::<Vec<_>>(),
        }))
    })
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
