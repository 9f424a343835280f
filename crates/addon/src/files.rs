//! The project around a directory, and its files.

use crate::answer::{Answer, answer, answer_bytes, problem_json};
use napi::bindgen_prelude::Buffer;
use napi_derive::napi;
use pybun_engine::files;
use pybun_model::Problem;
use pybun_project::{BadData, Found};
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
struct FindWire {
    cwd: PathBuf,
    /// What the user's configuration trusts.
    admitted: Vec<PathBuf>,
}

/// The root of the project, or what belongs to another user.
#[napi(catch_unwind)]
pub fn project_find(request: String) -> napi::Result<String> {
    answer(&request, |FindWire { cwd, admitted }| {
        Ok(match pybun_project::find(&cwd, &files::me(admitted)) {
            Found::Project(root) => json!({ "root": root }),
            Found::Foreign(foreign) => {
                json!({ "root": null, "foreign": problem_json(&files::foreign(&foreign.path, foreign.owner)) })
            }
            Found::Nothing => json!({ "root": null }),
        })
    })
}

#[derive(Deserialize)]
struct PinWire {
    start: PathBuf,
    admitted: Vec<PathBuf>,
}

/// The text of the nearest `.python-version`.
#[napi(catch_unwind)]
pub fn project_pin(request: String) -> napi::Result<String> {
    answer(&request, |PinWire { start, admitted }| {
        Ok(json!({ "text": pybun_project::find_pin(&start, &files::me(admitted)) }))
    })
}

#[derive(Deserialize)]
struct ReadWire {
    path: PathBuf,
    admitted: Vec<PathBuf>,
}

/// The whole of a file of a project; no bytes where there is none.
#[napi(catch_unwind)]
pub fn project_read(request: String) -> napi::Result<Answer> {
    answer_bytes(&request, |ReadWire { path, admitted }| {
        files::read(&path, &files::me(admitted)).map_err(|problem| vec![problem])
    })
}

#[derive(Deserialize)]
struct WriteWire {
    base: PathBuf,
    path: PathBuf,
}

/// Replaces a file as a whole; below `base` no link is followed.
#[napi(catch_unwind)]
pub fn file_write(request: String, bytes: Buffer) -> napi::Result<String> {
    answer(&request, |WriteWire { base, path }| {
        files::write(&base, &path, &bytes).map_err(|problem| vec![problem])?;
        Ok(Value::Null)
    })
}

#[derive(Deserialize)]
struct DataWire {
    path: PathBuf,
    admitted: Vec<PathBuf>,
}

/// Makes the data directory, or refuses one that somebody else governs.
#[napi(catch_unwind)]
pub fn data_directory_ensure(request: String) -> napi::Result<String> {
    answer(&request, |DataWire { path, admitted }| {
        match pybun_project::ensure_data_directory(&path, &files::me(admitted)) {
            Ok(()) => Ok(Value::Null),
            Err(error) => Err(vec![bad_data(&path, &error)]),
        }
    })
}

fn bad_data(path: &Path, error: &BadData) -> Problem {
    let shown = path.display().to_string();
    let problem = match error {
        BadData::Foreign(owner) => {
            Problem::new("cache/foreign", format!("The data directory {shown} belongs to another user ({owner})"))
                .with("owner", *owner)
        }
        BadData::Open => {
            Problem::new("cache/open-to-all", format!("Everybody may write to the data directory {shown}"))
        }
    };
    problem
        .hint(format!(
            "Programs and packages in it would be run as you: set PYBUN_HOME to a directory of your own, or, if you trust \
             everybody who may write there, PYBUN_TRUSTED_DIRECTORIES={shown}"
        ))
        .with("path", shown)
}
