//! `pybun lock`: the lock brought up to date with the manifest.

use crate::Decline;
use crate::describe::{change_line, packages, up_to_date};
use crate::place::Place;
use crate::report::{Done, Report, text_of};
use pybun_engine::changes::{Change, changes};
use pybun_engine::directory_lock::Hold;
use pybun_engine::files;
use pybun_fetch::Client;
use pybun_lock::{Here, Inputs, Lock, Opened, Root, RootKind};
use pybun_model::PackageName;
use pybun_python::Interpreter;
use pybun_solve::{Fixes, Request, Target, Upgrade};
use pybun_supply::Supply;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// A lock in memory, and how it differs from the one on disk.
pub struct Locked {
    /// As the interpreter sees it, where it is the one on disk.
    pub lock: Lock,
    /// Where it is another one.
    new: Option<Vec<u8>>,
    pub changes: Vec<Change>,
}

impl Locked {
    pub fn changed(&self) -> bool {
        self.new.is_some()
    }
}

/// What the envelope says, in the order in which the CLI says it.
#[derive(Serialize)]
pub struct LockResult<'a> {
    lock: &'a Path,
    changed: bool,
    packages: usize,
    changes: &'a [Change],
}

impl<'a> LockResult<'a> {
    pub fn unchanged(lock: &'a Path, packages: usize) -> Self {
        Self { lock, changed: false, packages, changes: &[] }
    }
}

pub fn lock(place: &Place, report: &Report) -> Result<Done, Decline> {
    let _held = hold(place)?;
    let bytes = read(place)?;
    let saved = Saved::open(place, bytes.as_deref())?;
    let ahead = saved.ahead(place)?;
    let interpreter = place.interpreter().ok_or(Decline)?;
    let locked = lock_project(place, saved, ahead, &interpreter, report)?;
    save(place, &locked)?;
    let count = locked.lock.packages.len();
    let shown = place.short(&place.lock_path);
    let headline = match locked.changed() {
        true => format!("Locked {} in {shown}", packages(count)),
        false => up_to_date(count, &shown),
    };
    let mut summary = vec![headline];
    summary.extend(locked.changes.iter().map(change_line));
    let result =
        LockResult { lock: &place.lock_path, changed: locked.changed(), packages: count, changes: &locked.changes };
    Ok(Done { result: text_of(&result), summary })
}

/// One PyBun at a time works in a project; and the manifest must be what was read before it was our turn.
pub fn hold(place: &Place) -> Result<Hold, Decline> {
    // Waiting is told, which the CLI does.
    let held = pybun_engine::directory_lock::try_lock(&place.root).ok().flatten().ok_or(Decline)?;
    if place.is_current() { Ok(held) } else { Err(Decline) }
}

/// The bytes on disk.
pub fn read(place: &Place) -> Result<Option<Vec<u8>>, Decline> {
    files::read(&place.lock_path, &place.me).map_err(|_| Decline)
}

/// What is on disk already, and what the manifest asks for now.
pub struct Saved<'b> {
    inputs: Inputs,
    lock: Option<(Opened<'b>, &'b [u8])>,
    /// Does the one answer the other?
    pub fits: bool,
}

impl<'b> Saved<'b> {
    pub fn open(place: &Place, bytes: Option<&'b [u8]>) -> Result<Self, Decline> {
        let opened = bytes.map(|bytes| Ok((pybun_lock::open(bytes).map_err(|_| Decline)?, bytes)));
        let (inputs, lock) = (inputs_of(place)?, opened.transpose()?);
        let fits = lock.as_ref().is_some_and(|(lock, _)| lock.inputs().differences(&inputs).is_empty());
        Ok(Self { inputs, lock, fits })
    }

    /// Asks for the first pages, where there is something to resolve: finding an interpreter takes as long as their
    /// answers. Whoever needs a page later gets the same.
    pub fn ahead(&self, place: &Place) -> Result<Option<Client>, Decline> {
        if self.fits {
            return Ok(None);
        }
        let client = client(place)?;
        let names = self.inputs.roots.iter().flat_map(|root| &root.requirements).map(|requirement| &requirement.name);
        for name in names {
            let (client, name) = (client.clone(), name.clone());
            // A failure is told when the page is needed.
            runtime()?.spawn(async move { drop(client.page(&name).await) });
        }
        Ok(Some(client))
    }
}

/// The lock on disk while it fits the manifest, else a new one that prefers its versions. Writes nothing.
pub fn lock_project(
    place: &Place,
    saved: Saved<'_>,
    ahead: Option<Client>,
    interpreter: &Interpreter,
    report: &Report,
) -> Result<Locked, Decline> {
    let Saved { inputs, lock, fits } = saved;
    let (previous, saved) = match lock {
        Some((opened, _)) if fits => {
            let here = Here { markers: &interpreter.markers, tags: &interpreter.tags() };
            let lock = opened.here(here).map_err(|_| Decline)?;
            return Ok(Locked { lock, new: None, changes: Vec::new() });
        }
        Some((opened, bytes)) => (Some(opened.whole().map_err(|_| Decline)?), Some(bytes)),
        None => (None, None),
    };
    let client = ahead.map_or_else(|| client(place), Ok)?;
    let supply = Supply::with_client(client, interpreter.clone(), report.emitter());
    let request = Request {
        inputs,
        target: Target::Universal,
        markers: interpreter.markers.clone(),
        tags: supply.tags(),
        hashes: BTreeMap::new(),
        previous,
        upgrade: Upgrade::Nothing,
        cutoff: None,
        // The CLI explains.
        fixes: Fixes::No,
        own: own_name(place),
    };
    let emit = supply.emit().clone();
    let lock = runtime()?.block_on(pybun_solve::solve(&request, Arc::new(supply), &*emit)).map_err(|_| Decline)?;
    if report.has_warned() {
        return Err(Decline);
    }
    let bytes = pybun_lock::encode(&lock);
    let changes = changes(request.previous.as_ref(), &lock);
    Ok(Locked { lock, new: Some(bytes).filter(|bytes| saved != Some(bytes)), changes })
}

/// Replaces the lock on disk when it differs.
pub fn save(place: &Place, locked: &Locked) -> Result<(), Decline> {
    locked.new.as_ref().map_or(Ok(()), |bytes| files::write(&place.root, &place.lock_path, bytes).map_err(|_| Decline))
}

pub fn client(place: &Place) -> Result<Client, Decline> {
    let index_url = match place.index_url.as_deref() {
        // A directory is the CLI's to look for.
        Some(text) if !text.contains("://") => return Err(Decline),
        Some(text) => Some(text.parse().map_err(|_| Decline)?),
        None => None,
    };
    let settings = pybun_fetch::Settings {
        // It was typed or is a variable, so that its host is the user's choice.
        user_urls: index_url.clone().into_iter().collect(),
        index_url,
        offline: place.offline,
        // The CLI is, from the start: waiting for the same server here as well would take twice as long.
        patient: false,
        ..pybun_fetch::Settings::new(place.cache_dir.clone(), place.variables.clone())
    };
    Client::new(settings).map_err(|_| Decline)
}

/// Never taken down: the end of the process does that faster.
pub fn runtime() -> Result<&'static tokio::runtime::Runtime, Decline> {
    static RUNTIME: OnceLock<Option<tokio::runtime::Runtime>> = OnceLock::new();
    let start = || {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(pybun_model::processors()).enable_all().build().ok()
    };
    RUNTIME.get_or_init(start).as_ref().ok_or(Decline)
}

/// One lock covers every extra and group, so that choosing others later needs no resolution.
fn inputs_of(place: &Place) -> Result<Inputs, Decline> {
    let manifest = &place.manifest;
    let root = |kind: RootKind, declared: &[pybun_manifest::Declared]| Root {
        kind,
        requirements: declared.iter().map(|one| one.requirement.clone()).collect(),
    };
    let mut roots = vec![root(RootKind::Project, &manifest.dependencies)];
    roots.extend(manifest.optional_dependencies.iter().map(|(extra, all)| root(RootKind::Extra(extra.clone()), all)));
    roots.extend(manifest.dependency_groups.iter().map(|(group, all)| root(RootKind::Group(group.clone()), all)));
    let inputs = Inputs::new(manifest.requires_python.clone(), roots);
    match &manifest.name {
        Some(name) => pybun_lock::with_own_extras(inputs, name).map(Inputs::sorted).map_err(|_| Decline),
        None => Ok(inputs.sorted()),
    }
}

/// Only a project that is installed takes the place of what others require under its name.
fn own_name(place: &Place) -> Option<PackageName> {
    place.manifest.name.clone().filter(|_| place.manifest.build_system.is_some())
}
