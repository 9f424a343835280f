//! Projects of other tools.

use crate::answer::{Answer, Outcome, one};
use napi::bindgen_prelude::Buffer;
use napi_derive::napi;
use pybun_exchange::import::{Foreign, Kind, complete, import, preferences};
use pybun_model::Problem;
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::Read;
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
struct ImportWire {
    path: PathBuf,
    /// The `pyproject.toml` that is to be completed.
    manifest: Option<String>,
    /// For what nobody said.
    name: String,
    requires_python: String,
    /// Names that are listed as required, whether or not something else requires them.
    #[serde(default)]
    required: Vec<String>,
}

/// Reads the file of another tool, and what belongs to it, into a manifest and a lock of preferences.
#[napi(catch_unwind)]
pub fn import_foreign(request: String) -> napi::Result<Answer> {
    let wire: ImportWire =
        serde_json::from_str(&request).map_err(|error| napi::Error::from_reason(error.to_string()))?;
    Ok(match imported(&wire) {
        Ok((value, bytes)) => Answer { json: crate::answer::text(Ok(value)), bytes: Some(Buffer::from(bytes)) },
        Err(problems) => Answer { json: crate::answer::text(Err(problems)), bytes: None },
    })
}

fn imported(wire: &ImportWire) -> Outcome<(Value, Vec<u8>)> {
    let name = wire.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let kind = Kind::of(&name).ok_or_else(|| vec![no_kind(&wire.path)])?;
    let text = read(&wire.path)?.ok_or_else(|| vec![not_found(&wire.path)])?;
    let companion = kind.companion(&name).map(|name| wire.path.with_file_name(name));
    let beside = companion.as_deref().map(read).transpose()?.flatten();
    let shown = wire.path.display().to_string();
    let foreign = Foreign { path: &shown, text: &text, beside: beside.as_deref(), required: &wire.required };
    let mut found = import(kind, foreign).map_err(one)?;
    let manifest = complete(wire.manifest.as_deref(), &mut found, &wire.name, &wire.requires_python).map_err(one)?;
    let requirements =
        found.dependencies.len() + found.extras.values().chain(found.groups.values()).map(Vec::len).sum::<usize>();
    let value = json!({
        "kind": kind.as_str(),
        "manifest": manifest,
        "requirements": requirements,
        "pins": found.pins.iter().map(|(name, version)| json!({
            "name": name,
            "version": version.to_string(),
        })).collect::<Vec<_>>(),
        "lost": found.lost,
        "unplaced": found.unplaced,
    });
    Ok((value, pybun_lock::encode(&preferences(&found.pins))))
}

/// Somewhat more than is accepted, so that what is too large is told as such.
const MOST_BYTES: u64 = 40 << 20;

/// `None` when there is no such file.
fn read(path: &Path) -> Outcome<Option<String>> {
    let file = match pybun_files::open(path) {
        Ok(opened) => opened.file,
        Err(error) if error.is_absent() => return Ok(None),
        Err(error) => return Err(vec![unreadable(path, &error.to_string())]),
    };
    let mut bytes = Vec::new();
    file.take(MOST_BYTES).read_to_end(&mut bytes).map_err(|error| vec![unreadable(path, &error.to_string())])?;
    let text = String::from_utf8(bytes).map_err(|_| vec![unreadable(path, "it is not UTF-8")])?;
    Ok(Some(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text)))
}

fn not_found(path: &Path) -> Problem {
    Problem::new("init/no-such-file", format!("There is no file {}", path.display()))
        .with("path", path.display().to_string())
}

fn no_kind(path: &Path) -> Problem {
    Problem::new("init/unknown-kind", format!("{} is no file that a project can be made from", path.display()))
        .hint("It reads requirements files (*.txt, *.in), poetry.lock, uv.lock, Pipfile.lock and pylock.toml")
        .with("path", path.display().to_string())
}

fn unreadable(path: &Path, why: &str) -> Problem {
    Problem::new("init/unreadable", format!("{} cannot be read: {why}", path.display()))
        .with("path", path.display().to_string())
}
