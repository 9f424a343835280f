//! Finds interpreters, and decides which one is meant.

use crate::candidates::{Candidate, candidates, given, has_pyenv, named};
use crate::probe::probe;
use crate::{Error, Interpreter, Origin, Request, Search};
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

/// What the interpreter must be. `request` is what the command line says, `pin` the text of `.python-version`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    pub request: Option<&'a str>,
    pub pin: Option<&'a str>,
    pub requires_python: Option<&'a VersionSpecifiers>,
}

#[derive(Clone, Debug)]
pub struct Choice {
    pub interpreter: Interpreter,
    pub skipped: Vec<Skipped>,
}

/// Every interpreter of this machine that PyBun can work with, in the order of preference.
pub fn find(search: &Search) -> Found {
    let mut probing = Probing::new(search);
    let interpreters =
        candidates(search, &Request::Any).filter_map(|candidate| probing.interpreter(candidate)).collect();
    Found { interpreters, skipped: probing.skipped }
}

/// The first interpreter that satisfies everything: what the command line asks for, else the pin, else anything that
/// the project's `requires-python` allows.
pub fn choose(search: &Search, wanted: Wanted) -> Result<Choice, Error> {
    let (request, asked_by) = match (wanted.request, wanted.pin) {
        (Some(text), _) => (Request::parse(text, &search.cwd)?, "--python"),
        (None, Some(pin)) => (Request::parse_pin(pin, &search.cwd)?.unwrap_or(Request::Any), ".python-version"),
        (None, None) => (Request::Any, "the default"),
    };
    let candidate = match &request {
        Request::Path(path) => Candidate { path: given(path), origin: Origin::Given },
        Request::Name(name) => match named(search, name) {
            Some(candidate) => candidate,
            None => return Err(not_found(search, &request, wanted.requires_python, Vec::new())),
        },
        Request::Any | Request::Version { .. } => {
            return choose_any(search, &request, asked_by, wanted.requires_python);
        }
    };
    let Candidate { path, origin } = candidate;
    let understood = probe(&path, search).map_err(|why| Error::Broken { path: path.clone(), why })?;
    let interpreter = Interpreter::new(path, origin, understood);
    match wanted.requires_python.filter(|requires| !allows(requires, &interpreter.version)) {
        Some(requires) => Err(incompatible(interpreter, asked_by, requires)),
        None => Ok(Choice { interpreter, skipped: Vec::new() }),
    }
}

fn choose_any(
    search: &Search,
    request: &Request,
    asked_by: &'static str,
    requires: Option<&VersionSpecifiers>,
) -> Result<Choice, Error> {
    let mut probing = Probing::new(search);
    let mut nearly = None;
    for candidate in candidates(search, request) {
        let Some(interpreter) = probing.interpreter(candidate) else { continue };
        if !request.matches(&interpreter) {
            continue;
        }
        if requires.is_none_or(|requires| allows(requires, &interpreter.version)) {
            return Ok(Choice { interpreter, skipped: probing.skipped });
        }
        nearly.get_or_insert(interpreter);
    }
    match (nearly, requires) {
        (Some(interpreter), Some(requires)) if *request != Request::Any => {
            Err(incompatible(interpreter, asked_by, requires))
        }
        _ => Err(not_found(search, request, requires, probing.skipped)),
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
        (Request::Any, Some(requires)) => requires.to_string(),
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
