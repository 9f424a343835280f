//! Locks as TypeScript may look at them.

use crate::answer::{Answer, one, text};
use napi::bindgen_prelude::Buffer;
use napi_derive::napi;
use pybun_exchange::Sides;
use pybun_lock::{Assigned, Lock, Mode, Names, Prereleases, RootKind, Source};
use pybun_model::{MarkerTree, Requirement, Sha256};
use serde_json::{Value, json};

#[napi(catch_unwind)]
pub fn lock_decode(lock: Buffer) -> String {
    text(pybun_lock::decode(&lock).map(|lock| view(&lock)).map_err(one))
}

/// What to prefer after a merge, as a lock, from whichever sides can be read. `ours` may hold both with the marks of
/// a merge by lines between them.
#[napi(catch_unwind)]
pub fn lock_merge(base: Option<Buffer>, ours: Option<Buffer>, theirs: Option<Buffer>) -> Answer {
    let read = |bytes: Option<&[u8]>| bytes.and_then(|bytes| pybun_lock::decode(bytes).ok());
    let halves = ours.as_deref().and_then(pybun_exchange::split_conflict);
    let (base, ours, theirs) = match &halves {
        Some((ours, theirs)) => (None, read(Some(ours)), read(Some(theirs))),
        None => (read(base.as_deref()), read(ours.as_deref()), read(theirs.as_deref())),
    };
    let found = usize::from(ours.is_some()) + usize::from(theirs.is_some());
    let sides = Sides { base: base.as_ref(), ours: ours.as_ref(), theirs: theirs.as_ref() };
    let bytes = (found > 0).then(|| pybun_lock::encode(&pybun_exchange::merged(sides)).into());
    Answer { json: text(Ok(json!({ "sides": found }))), bytes }
}

fn view(lock: &Lock) -> Value {
    let inputs = &lock.inputs;
    json!({
        "requires_python": inputs.requires_python.as_ref().map(ToString::to_string),
        "resolution": match inputs.mode {
            Mode::Highest => "highest",
            Mode::Lowest => "lowest",
            Mode::LowestDirect => "lowest-direct",
        },
        "prereleases": match inputs.prereleases {
            Prereleases::IfNecessary => "if-necessary",
            Prereleases::Allow => "allow",
            Prereleases::Disallow => "disallow",
        },
        "roots": inputs.roots.iter().map(|root| {
            let (kind, name) = kind(&root.kind);
            json!({ "kind": kind, "name": name, "requirements": texts(&root.requirements) })
        }).collect::<Vec<_>>(),
        "constraints": texts(&inputs.constraints),
        "overrides": texts(&inputs.overrides),
        "excludes": inputs.excludes,
        "environments": inputs.environments.iter().map(|one| marker(*one)).collect::<Vec<_>>(),
        "required_environments": inputs.required_environments.iter().map(|one| marker(*one)).collect::<Vec<_>>(),
        "conflicts": inputs.conflicts.iter().map(|all| all.iter().map(|one| {
            let (kind, name) = kind(one);
            json!({ "kind": kind, "name": name })
        }).collect::<Vec<_>>()).collect::<Vec<_>>(),
        "exclude_newer": inputs.exclude_newer,
        "no_binary": names(&inputs.no_binary),
        "no_build": names(&inputs.no_build),
        "prefer_binary": inputs.prefer_binary,
        "sources": inputs.sources.iter().map(|(name, assigned)| {
            let view = match assigned {
                Assigned::Index(index) => json!({ "index": index }),
                Assigned::Editable => json!({ "editable": true }),
            };
            (name.to_string(), view)
        }).collect::<serde_json::Map<_, _>>(),
        "forks": lock.forks.iter().map(|one| marker(*one)).collect::<Vec<_>>(),
        "packages": lock.packages.iter().map(|package| json!({
            "name": package.name,
            "version": package.version.to_string(),
            "source": source(&package.source),
            "marker": marker(package.marker),
            "dependencies": package.dependencies.iter().map(|dependency| {
                let target = &lock.packages[dependency.package as usize];
                json!({
                    "name": target.name,
                    "version": target.version.to_string(),
                    "extra": dependency.extra,
                    "because_of_extra": dependency.because_of,
                    "marker": marker(dependency.marker),
                })
            }).collect::<Vec<_>>(),
            "files": package.files.iter().map(|file| json!({
                "filename": file.filename,
                "sha256": file.sha256.as_ref().map(Sha256::to_string),
                "size": file.size,
            })).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
    })
}

fn source(source: &Source) -> Value {
    match source {
        Source::Index { name: None } => json!({ "kind": "index" }),
        Source::Index { name } => json!({ "kind": "index", "name": name }),
        Source::Url(url) => json!({ "kind": "url", "url": url }),
        Source::Git { url, commit, reference, subdirectory } => json!({
            "kind": "git",
            "url": url,
            "commit": commit,
            "reference": reference,
            "subdirectory": subdirectory,
        }),
        Source::Directory { path, editable, metadata: _ } => {
            json!({ "kind": "directory", "path": path, "editable": editable })
        }
        Source::Path(path) => json!({ "kind": "path", "path": path }),
    }
}

pub(crate) fn kind(kind: &RootKind) -> (&'static str, Option<String>) {
    match kind {
        RootKind::Project => ("project", None),
        RootKind::Extra(name) => ("extra", Some(name.to_string())),
        RootKind::Group(name) => ("group", Some(name.to_string())),
    }
}

/// As one writes them in the configuration: `:all:` stands for every name.
fn names(names: &Names) -> Value {
    match names {
        Names::All => json!([":all:"]),
        Names::Only(names) => json!(names),
    }
}

fn texts(requirements: &[Requirement]) -> Vec<String> {
    requirements.iter().map(ToString::to_string).collect()
}

/// `None` for "always".
pub(crate) fn marker(marker: MarkerTree) -> Option<String> {
    marker.try_to_string()
}
