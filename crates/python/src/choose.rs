//! Finds interpreters, and decides which one is meant.

use crate::candidates::{Candidate, candidates, given, has_pyenv, is_pyenvs, named};
use crate::probe::probe;
use crate::request::{Pin, Request, Versions};
use crate::{Error, Interpreter, Origin, Search};
use pybun_model::{Version, VersionSpecifiers};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// An executable that was passed over, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    pub path: PathBuf,
    pub why: String,
}

#[derive(Clone, Debug)]
pub struct Found {
    pub interpreters: Vec<Interpreter>,
    pub skipped: Vec<Skipped>,
}

/// What the interpreter must be. Only `request` may name a program: the rest stands in files that come with a project.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// What a person says: on the command line, in the environment, in their own configuration.
    pub request: Option<&'a str>,
    /// What the project's configuration says.
    pub project: Option<&'a str>,
    /// The text of `.python-version`.
    pub pin: Option<&'a str>,
    pub requires_python: Option<&'a VersionSpecifiers>,
}

#[derive(Clone, Debug)]
pub struct Choice {
    pub interpreter: Interpreter,
    pub skipped: Vec<Skipped>,
    /// What `.python-version` says, is no version and was not followed. To be told as a warning.
    pub ignored: Option<Ignored>,
}

/// `.python-version` says something that is not followed. What, is not told: the file may be a link to a private one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignored;

/// Every interpreter of this machine that PyBun can work with, in the order of preference.
pub fn find(search: &Search) -> Found {
    let mut probing = Probing::new(search);
    let interpreters =
        candidates(search, &Versions::Any).filter_map(|candidate| probing.interpreter(candidate)).collect();
    Found { interpreters, skipped: probing.skipped }
}

/// The first interpreter that satisfies everything: what a person asks for, else the project, else its pin, else anything
/// that the project's `requires-python` allows.
pub fn choose(search: &Search, wanted: Wanted) -> Result<Choice, Error> {
    let requires = wanted.requires_python;
    match wanted {
        Wanted { request: Some(text), .. } => match Request::parse(text, &search.cwd)? {
            Request::Versions(versions) => choose_any(search, &versions, "--python", requires),
            Request::Path(path) => {
                choose_this(search, Candidate { path: given(&path), origin: Origin::Given }, requires)
            }
            Request::Name(name) => match named(search, &name) {
                Some(candidate) => choose_this(search, candidate, requires),
                None => Err(not_found(search, &Request::Name(name), requires, Vec::new())),
            },
        },
        Wanted { project: Some(text), .. } => {
            let versions = Versions::parse(text).ok_or_else(|| Error::NotVersions { text: text.to_owned() })?;
            choose_any(search, &versions, "the project's setting `python`", requires)
        }
        Wanted { pin: Some(text), .. } => {
            let Pin { versions, ignored } = Pin::parse(text);
            let choice = choose_any(search, &versions, ".python-version", requires)?;
            // pyenv's shims follow the same file, so that the name may have been followed after all.
            let is_pyenvs = |name: &String| is_pyenvs(search, &choice.interpreter.path, name);
            let ignored = ignored.iter().any(|name| !is_pyenvs(name)).then_some(Ignored);
            Ok(Choice { ignored, ..choice })
        }
        Wanted { request: None, project: None, pin: None, .. } => {
            choose_any(search, &Versions::Any, "the default", requires)
        }
    }
}

/// The program that a person named.
fn choose_this(
    search: &Search,
    Candidate { path, origin }: Candidate,
    requires: Option<&VersionSpecifiers>,
) -> Result<Choice, Error> {
    let understood = probe(&path, search).map_err(|why| Error::Broken { path: path.clone(), why })?;
    let interpreter = Interpreter::new(path, origin, understood);
    match requires.filter(|requires| !allows(requires, &interpreter.version)) {
        Some(requires) => Err(incompatible(interpreter, "--python", requires)),
        None => Ok(Choice { interpreter, skipped: Vec::new(), ignored: None }),
    }
}

fn choose_any(
    search: &Search,
    versions: &Versions,
    asked_by: &'static str,
    requires: Option<&VersionSpecifiers>,
) -> Result<Choice, Error> {
    let mut probing = Probing::new(search);
    let mut nearly = None;
    for candidate in candidates(search, versions) {
        let Some(interpreter) = probing.interpreter(candidate) else { continue };
        if !versions.matches(&interpreter) {
            continue;
        }
        if requires.is_none_or(|requires| allows(requires, &interpreter.version)) {
            return Ok(Choice { interpreter, skipped: probing.skipped, ignored: None });
        }
        nearly.get_or_insert(interpreter);
    }
    match (nearly, requires) {
        (Some(interpreter), Some(requires)) if *versions != Versions::Any => {
            Err(incompatible(interpreter, asked_by, requires))
        }
        _ => Err(not_found(search, &Request::Versions(versions.clone()), requires, probing.skipped)),
    }
}

/// `requires-python` speaks of releases: a pre-release of 3.15 counts as 3.15.
fn allows(requires: &VersionSpecifiers, version: &Version) -> bool {
    requires.contains(&version.only_release())
}

fn incompatible(interpreter: Interpreter, asked_by: &'static str, requires: &VersionSpecifiers) -> Error {
    let Interpreter { version, path, .. } = interpreter;
    Error::Incompatible { version, path, asked_by, requires: requires.to_string() }
}

fn not_found(search: &Search, request: &Request, requires: Option<&VersionSpecifiers>, skipped: Vec<Skipped>) -> Error {
    // The request kept most candidates from being looked at; a person wants to know of all.
    let found = find(search).interpreters.into_iter().map(|found| (found.version, found.path)).collect();
    let wanted = match (request, requires) {
        (Request::Versions(Versions::Any), Some(requires)) => requires.to_string(),
        (request, Some(requires)) => format!("{request} ({requires})"),
        (request, None) => request.to_string(),
    };
    let version = request.minor().map(|(major, minor)| format!("{major}.{minor}"));
    Error::NotFound { wanted, version, found, skipped, pyenv: has_pyenv(search) }
}

/// Probes candidates, each executable once.
struct Probing<'a> {
    search: &'a Search,
    seen: HashSet<PathBuf>,
    skipped: Vec<Skipped>,
}

impl<'a> Probing<'a> {
    fn new(search: &'a Search) -> Self {
        Self { search, seen: HashSet::new(), skipped: Vec::new() }
    }

    fn interpreter(&mut self, candidate: Candidate) -> Option<Interpreter> {
        let Candidate { path, origin } = candidate;
        if !self.seen.insert(identity(&path)) {
            return None;
        }
        match probe(&path, self.search) {
            Ok(understood) => Some(Interpreter::new(path, origin, understood)),
            Err(why) => {
                self.skipped.push(Skipped { path, why });
                None
            }
        }
    }
}

/// Links to one executable are one interpreter, except in an environment, whose executable is such a link.
fn identity(path: &Path) -> PathBuf {
    let root = path.parent().and_then(Path::parent);
    if root.is_some_and(|root| root.join("pyvenv.cfg").is_file()) {
        return path.to_owned();
    }
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
#[cfg(unix)]
#[path = "choose_tests.rs"]
mod tests;
