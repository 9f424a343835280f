//! `pybun install`: the environment that manifest and lock describe.

use crate::Decline;
use crate::collect;
use crate::describe::{headline, move_line, packages, up_to_date};
use crate::lock::{self, LockResult, Saved, client, hold, lock_project, runtime, save};
use crate::place::Place;
use crate::report::{Done, Report, text_of};
use pybun_engine::bytecode::{Afterwards, Compile};
use pybun_engine::stamp::{self, Ready};
use pybun_engine::sync::{self, Fetched, Move, MoveKind, Planned, Wish};
use pybun_model::{GroupName, PackageName};
use pybun_plan::{Options, Selection};
use pybun_python::Environment;
use pybun_stamp::{Command, Kind, Settled};
use pybun_supply::Supply;
use serde::Serialize;
use std::path::Path;

pub fn install(place: &Place, report: &Report) -> Result<Done, Decline> {
    let _held = hold(place)?;
    let bytes = lock::read(place)?;
    let saved = Saved::open(place, bytes.as_deref())?;
    let ahead = saved.ahead(place)?;
    let interpreter = place.interpreter().ok_or(Decline)?;
    let search = place.search(&place.cwd);
    // What is moved aside is told, which the CLI does.
    if place.environment_path.symlink_metadata().is_ok() && !pybun_python::is_own(&place.environment_path, &search) {
        return Err(Decline);
    }
    let make = || pybun_python::ensure_environment(&place.environment_path, &interpreter, &search).map_err(|_| Decline);
    let lock = |saved, interpreter| lock_project(place, saved, ahead.clone(), interpreter, report);
    let (environment, locked) = if saved.fits {
        // Reading the one takes as long as making the other.
        std::thread::scope(|scope| {
            let making = scope.spawn(make);
            let locked = lock(saved, &interpreter);
            Ok((making.join().map_err(|_| Decline)??, locked?))
        })?
    } else {
        // Nothing is resolved for an environment that cannot be made.
        let environment = make()?;
        let locked = lock(saved, &environment.interpreter)?;
        (environment, locked)
    };
    let wish = Wish {
        lock: &locked.lock,
        selection: Selection { without_project: false, extras: Vec::new(), groups: groups(place) },
        options: Options { reinstall: false, keep_extraneous: false },
        project: place.manifest.name.clone(),
        root: &place.root,
        cache_dir: &place.cache_dir,
        // A lock that has directories is the CLI's.
        places: &|| None,
    };
    let planned = sync::plan(environment, wish).map_err(|_| Decline)?;
    let mut fetched = Fetched::default();
    if !planned.is_settled() {
        fetched = match sync::at_hand(&planned, &place.cache_dir, &*report.emitter()) {
            Some(fetched) => fetched,
            None => {
                let client = ahead.map_or_else(|| client(place), Ok)?;
                let supply = Supply::with_client(client, planned.environment.interpreter.clone(), report.emitter());
                runtime()?.block_on(sync::fetch(&planned, &supply)).map_err(|_| Decline)?
            }
        };
    }
    if report.has_warned() {
        return Err(Decline);
    }
    save(place, &locked)?;
    if !planned.is_settled() {
        // An environment that was not finished is repaired by the CLI, which then does the rest.
        let compile = place.compile == Compile::Always;
        let options = pybun_install::Options { link: place.link_mode, compile, ..sync::options() };
        let applied = sync::apply_with(&planned, &fetched, &place.cache_dir, &options, &*report.emitter());
        applied.map_err(|_| Decline)?;
        if planned.brings_any() {
            complete_later(place, &planned.environment);
        }
        collect::start_when_due(place);
    }
    if !place.steered {
        // Without a stamp everything still works.
        let _ = stamp::write(ready(place, &planned, locked.lock.packages.len()));
    }
    let shown = place.short(&planned.environment.root);
    let mut summary = vec![headline(&planned.moves, &shown)];
    summary.extend(planned.moves.iter().filter_map(move_line));
    let result = text_of(&result(place, &planned.environment, &planned.moves, &fetched, locked.changed()));
    // The process ends soon, which gives memory back faster than freeing its thousand pieces.
    std::mem::forget((planned, locked));
    Ok(Done { result, summary })
}

fn complete_later(place: &Place, environment: &Environment) {
    if place.compile == Compile::Background
        && let Ok(own) = std::env::current_exe()
    {
        let (cache_dir, link) = (place.cache_dir.as_path(), place.link_mode);
        Afterwards { environment, cache_dir, link }.complete_later(&own);
    }
}

/// The group `dev` comes along.
fn groups(place: &Place) -> Vec<GroupName> {
    place.manifest.dependency_groups.keys().filter(|name| name.as_ref() == "dev").cloned().collect()
}

/// What the envelope says, in the order in which the CLI says it.
#[derive(Serialize)]
struct InstallResult<'a> {
    environment: &'a Path,
    python: String,
    changes: Vec<ChangeView<'a>>,
    unchanged: usize,
    downloaded: usize,
    built: usize,
    bytes: u64,
    lock: LockView<'a>,
    project: Option<()>,
}

#[derive(Serialize)]
struct ChangeView<'a> {
    op: &'static str,
    name: &'a PackageName,
    version: String,
    from: Option<String>,
}

#[derive(Serialize)]
struct LockView<'a> {
    path: &'a Path,
    changed: bool,
}

fn result<'a>(
    place: &'a Place,
    environment: &'a Environment,
    moves: &'a [Move],
    fetched: &Fetched,
    lock_changed: bool,
) -> InstallResult<'a> {
    let changes = moves.iter().filter(|one| one.kind != MoveKind::Keep).map(|one| ChangeView {
        op: one.kind.as_str(),
        name: &one.name,
        version: one.version.to_string(),
        from: one.from.as_ref().map(ToString::to_string),
    });
    InstallResult {
        environment: &environment.root,
        python: environment.interpreter.version.to_string(),
        changes: changes.collect(),
        unchanged: moves.iter().filter(|one| one.kind == MoveKind::Keep).count(),
        downloaded: fetched.downloaded,
        built: fetched.built,
        bytes: fetched.bytes,
        lock: LockView { path: &place.lock_path, changed: lock_changed },
        project: None,
    }
}

/// What the next `install` says when nothing has changed until then, and how `run` starts.
fn ready(place: &Place, planned: &Planned, lock_count: usize) -> Ready {
    let environment = &planned.environment;
    let kept = planned.moves.iter().filter(|one| one.kind != MoveKind::Remove).count();
    let none = Fetched::default();
    let nothing = InstallResult { unchanged: kept, ..result(place, environment, &[], &none, false) };
    let text = |path: &Path| path.display().to_string();
    let at_root = environment.root.strip_prefix(&place.root).unwrap_or(&environment.root);
    Ready {
        kind: Kind::Project,
        key: None,
        subject: text(&place.root),
        configured_by: None,
        environment: stamp::Place {
            root: text(&environment.root),
            python: text(&environment.python),
            site_packages: text(&environment.purelib),
        },
        also: Vec::new(),
        command: Command {
            program: text(&environment.python),
            args: Vec::new(),
            set: vec![("VIRTUAL_ENV".to_owned(), text(&environment.root))],
            unset: vec!["PYTHONHOME".to_owned()],
            path_prefix: Some(text(&environment.scripts)),
        },
        settled: Some(Settled {
            text: format!("Nothing to do: {} in {}\n", packages(kept), at_root.display()),
            result: text_of(&nothing),
        }),
        locked: Some(Settled {
            text: format!(
                "{}\n",
                up_to_date(lock_count, &place.lock_path.file_name().unwrap_or_default().to_string_lossy())
            ),
            result: text_of(&LockResult::unchanged(&place.lock_path, lock_count)),
        }),
        unchanged: Some((place.manifest_path.clone(), place.text.clone())),
    }
}
