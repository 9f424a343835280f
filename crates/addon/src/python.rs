//! Interpreters and environments.

use crate::answer::{answer, answer_warning, one};
use napi_derive::napi;
use pybun_model::{Problem, VersionSpecifiers};
use pybun_python::{Environment, Interpreter, Search, Versions, Wanted};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
struct FindWire {
    cwd: PathBuf,
    cache_dir: PathBuf,
}

#[napi(catch_unwind)]
pub fn python_find(request: String) -> napi::Result<String> {
    answer(&request, |FindWire { cwd, cache_dir }| {
        let found = pybun_python::find(&search(cwd, cache_dir));
        Ok(json!({
            "interpreters": found.interpreters.iter().map(interpreter_json).collect::<Vec<_>>(),
            "skipped": found.skipped.iter().map(|skipped| json!({
                "path": skipped.path.display().to_string(),
                "why": skipped.why,
            })).collect::<Vec<_>>(),
        }))
    })
}

#[derive(Deserialize)]
struct ChooseWire {
    request: Option<String>,
    project: Option<String>,
    pin: Option<String>,
    requires_python: Option<String>,
    cwd: PathBuf,
    cache_dir: PathBuf,
}

#[napi(catch_unwind)]
pub fn python_choose(request: String) -> napi::Result<String> {
    answer_warning(&request, |wire: ChooseWire| {
        let requires_python = wire.requires_python.as_deref().map(specifiers).transpose()?;
        let wanted = Wanted {
            request: wire.request.as_deref(),
            project: wire.project.as_deref(),
            pin: wire.pin.as_deref(),
            requires_python: requires_python.as_ref(),
        };
        let choice = pybun_python::choose(&search(wire.cwd, wire.cache_dir), wanted).map_err(one)?;
        let ignored = choice.ignored.iter().map(Problem::from).collect();
        Ok((interpreter_json(&choice.interpreter), ignored))
    })
}

#[derive(Deserialize)]
struct VersionsWire {
    text: String,
}

/// Is it something that a project may ask for?
#[napi(catch_unwind)]
pub fn python_versions(request: String) -> napi::Result<String> {
    answer(&request, |VersionsWire { text }| Ok(json!({ "understood": Versions::parse(&text).is_some() })))
}

#[derive(Deserialize)]
struct EnsureWire {
    path: PathBuf,
    python: PathBuf,
    cache_dir: PathBuf,
}

#[napi(catch_unwind)]
pub fn environment_ensure(request: String) -> napi::Result<String> {
    answer(&request, |EnsureWire { path, python, cache_dir }| {
        let search = search(parent(&path), cache_dir);
        let python = python.display().to_string();
        let wanted = Wanted { request: Some(&python), ..Wanted::default() };
        let choice = pybun_python::choose(&search, wanted).map_err(one)?;
        let environment = pybun_python::ensure_environment(&path, &choice.interpreter, &search).map_err(one)?;
        Ok(environment_json(&environment))
    })
}

#[derive(Deserialize)]
struct ReadWire {
    path: PathBuf,
    cache_dir: PathBuf,
    /// The user names it, whoever made it.
    given: bool,
}

#[napi(catch_unwind)]
pub fn environment_read(request: String) -> napi::Result<String> {
    answer(&request, |ReadWire { path, cache_dir, given }| {
        let search = search(parent(&path), cache_dir);
        let read = if given { pybun_python::read_environment } else { pybun_python::own_environment };
        Ok(environment_json(&read(&path, &search).map_err(one)?))
    })
}

#[derive(Deserialize)]
struct KnownWire {
    path: PathBuf,
    cache_dir: PathBuf,
}

/// Is there an environment that PyBun made there?
#[napi(catch_unwind)]
pub fn environment_known(request: String) -> napi::Result<String> {
    answer(&request, |KnownWire { path, cache_dir }| {
        Ok(json!({ "known": pybun_python::is_own(&path, &search(parent(&path), cache_dir)) }))
    })
}

pub(crate) fn search(cwd: PathBuf, cache_dir: PathBuf) -> Search {
    Search { cwd, cache_dir, environment: variables() }
}

/// Those that are text: nobody asks for another one.
pub(crate) fn variables() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

pub(crate) fn specifiers(text: &str) -> Result<VersionSpecifiers, Vec<Problem>> {
    text.parse().map_err(|_| {
        vec![
            Problem::new("requirement/invalid-python", format!("`{text}` says nothing about Python versions"))
                .hint("Write it as in `>=3.10`"),
        ]
    })
}

fn parent(path: &Path) -> PathBuf {
    path.parent().unwrap_or(path).to_owned()
}

fn interpreter_json(interpreter: &Interpreter) -> Value {
    json!({
        "path": interpreter.path.display().to_string(),
        "version": interpreter.version.to_string(),
        "implementation": interpreter.implementation,
        "prefix": interpreter.prefix.display().to_string(),
        "platform": interpreter.platform_name(),
        "origin": interpreter.origin.as_str(),
    })
}

fn environment_json(environment: &Environment) -> Value {
    json!({
        "path": environment.root.display().to_string(),
        "python": environment.python.display().to_string(),
        "version": environment.interpreter.version.to_string(),
        "site_packages": environment.purelib.display().to_string(),
        "created": environment.created,
        "moved_aside": environment.moved_aside.as_ref().map(|path| path.display().to_string()),
    })
}
