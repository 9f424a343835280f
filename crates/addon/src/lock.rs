//! Locks as TypeScript may look at them.

use crate::answer::{one, text};
use napi::bindgen_prelude::Buffer;
use napi_derive::napi;
use pybun_lock::{Lock, Mode, Prereleases, RootKind, Source};
use pybun_model::{MarkerTree, Requirement, Sha256};
use serde_json::{Value, json};

#[napi(catch_unwind)]
pub fn lock_decode(lock: Buffer) -> String {
    text(pybun_lock::decode(&lock).map(|lock| view(&lock)).map_err(one))
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
            let (kind, name) = match &root.kind {
                RootKind::Project => ("project", None),
                RootKind::Extra(name) => ("extra", Some(name.to_string())),
                RootKind::Group(name) => ("group", Some(name.to_string())),
            };
            json!({ "kind": kind, "name": name, "requirements": texts(&root.requirements) })
        }).collect::<Vec<_>>(),
        "constraints": texts(&inputs.constraints),
        "overrides": texts(&inputs.overrides),
        "packages": lock.packages.iter().map(|package| json!({
            "name": package.name,
            "version": package.version.to_string(),
            "source": match &package.source {
                Source::Index => json!({ "kind": "index" }),
                Source::Url(url) => json!({ "kind": "url", "url": url }),
            },
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

fn texts(requirements: &[Requirement]) -> Vec<String> {
    requirements.iter().map(ToString::to_string).collect()
}

/// `None` for "always".
fn marker(marker: MarkerTree) -> Option<String> {
    marker.try_to_string()
}
