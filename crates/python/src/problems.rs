//! What can go wrong with interpreters and environments.

use crate::{Ignored, OLDEST, Skipped};
use pybun_model::{Fix, Problem, Safety, Version};
use serde_json::{Value, json};
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no Python {wanted} was found")]
    NotFound {
        wanted: String,
        /// The version that an installer of Pythons can be asked for, when it is plain from the request.
        version: Option<String>,
        found: Vec<(Version, PathBuf)>,
        skipped: Vec<Skipped>,
        pyenv: bool,
    },
    #[error("Python {version} at {path} is what {asked_by} asks for, but the project requires Python {requires}")]
    Incompatible { version: Version, path: PathBuf, asked_by: &'static str, requires: String },
    #[error("{path} is no working Python: {why}")]
    Broken { path: PathBuf, why: String },
    #[error("`{text}` names no Python version, path or command")]
    BadRequest { text: String },
    #[error("a project may ask for versions of Python, and `{text}` is none: it could name any program")]
    NotVersions { text: String },
    #[error("there is no environment at {0}")]
    NoEnvironment(PathBuf),
    #[error("the environment at {path} is broken: {why}")]
    BrokenEnvironment { path: PathBuf, why: String },
    #[error("the environment at {0} was not made by PyBun here, so it is not used")]
    NotOurs(PathBuf),
    #[error("{0} is a symbolic link, so no environment is made behind it")]
    Link(PathBuf),
    #[error("{0} cannot be written to, so an environment would not be known again")]
    NoState(PathBuf),
    #[error("cannot make the environment {path}: {action}: {source}")]
    Write { path: PathBuf, action: String, source: std::io::Error },
}

impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        let problem = |code| Problem::new(code, error.to_string());
        match error {
            Error::NotFound { wanted, version, found, skipped, pyenv } => {
                let problem = problem("python/not-found")
                    .with("wanted", wanted.as_str())
                    .with("found", found.iter().map(found_json).collect::<Vec<Value>>())
                    .with("skipped", skipped.iter().map(skipped_json).collect::<Vec<Value>>());
                let problem = problem.hint(not_found_hint(found));
                install_fix(problem, version.as_deref(), *pyenv)
            }
            Error::Incompatible { version, path, asked_by, requires } => problem("python/incompatible")
                .with("version", version.to_string())
                .with("path", path.display().to_string())
                .with("asked_by", *asked_by)
                .with("requires_python", requires.as_str())
                .hint(format!("change {asked_by}, or `requires-python` of the project")),
            Error::Broken { path, why } => problem("python/broken")
                .with("path", path.display().to_string())
                .with("why", why.as_str())
                .hint("install it again, or choose another with --python"),
            Error::BadRequest { text } => problem("python/invalid-request")
                .with("request", text.as_str())
                .hint("ask for a version (`3.12`, `>=3.10,<3.13`, `3.13t`, `pypy3.10`), a path or a command"),
            Error::NotVersions { text } => problem("python/not-for-projects").with("request", text.as_str()).hint(
                "write a version (`3.12`, `>=3.10,<3.13`, `pypy3.10`); a program is yours to choose: `--python`, \
                 PYBUN_PYTHON or your own configuration",
            ),
            Error::NoEnvironment(path) => problem("environment/missing")
                .with("path", path.display().to_string())
                .hint("`pybun install` makes it")
                .fix(Safety::Safe, ["pybun", "install"]),
            Error::BrokenEnvironment { path, why } => problem("environment/broken")
                .with("path", path.display().to_string())
                .with("why", why.as_str())
                .hint("`pybun install` makes it again")
                .fix(Safety::Safe, ["pybun", "install"]),
            Error::NotOurs(path) => problem("environment/not-ours")
                .with("path", path.display().to_string())
                .hint("it may have come with the repository, or from another place or machine; `pybun install` moves it aside and makes one from the cache, and PYBUN_ENV uses it as it is")
                .fix(Safety::Safe, ["pybun", "install"]),
            Error::Link(path) => problem("environment/link")
                .with("path", path.display().to_string())
                .hint("take the link away; where the environment is to lie elsewhere, PYBUN_ENV names it")
                .fix(Safety::Review, ["rm", &path.display().to_string()]),
            Error::NoState(path) => problem("environment/no-state")
                .with("path", path.display().to_string())
                .hint("set PYBUN_HOME or XDG_STATE_HOME to a directory that belongs to you, and to which others may not write"),
            Error::Write { path, source, .. } => {
                let problem = problem("environment/cannot-write").with("path", path.display().to_string());
                match source.kind() {
                    std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
                        problem.hint("check who may write to the directory above it")
                    }
                    std::io::ErrorKind::StorageFull => problem.hint("free some space on the disk"),
                    _ => problem,
                }
            }
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::from(&error)
    }
}

impl From<&Skipped> for Problem {
    /// For a warning: the interpreter was passed over.
    fn from(skipped: &Skipped) -> Self {
        let path = skipped.path.display().to_string();
        Problem::new("python/broken", format!("{path} is passed over: {}", skipped.why))
            .with("path", path)
            .with("why", skipped.why.as_str())
    }
}

impl From<&Ignored> for Problem {
    /// For a warning: the interpreter was chosen without it.
    fn from(_: &Ignored) -> Self {
        let message = "`.python-version` says something that is no version of Python, and it is not followed";
        Problem::new("python/pin-ignored", message)
            .hint("Write a version such as `3.12` into it, or choose a program with `--python` or PYBUN_PYTHON")
    }
}

fn found_json((version, path): &(Version, PathBuf)) -> Value {
    json!({ "version": version.to_string(), "path": path.display().to_string() })
}

fn skipped_json(skipped: &Skipped) -> Value {
    json!({ "path": skipped.path.display().to_string(), "why": skipped.why })
}

fn not_found_hint(found: &[(Version, PathBuf)]) -> String {
    if found.is_empty() {
        return format!("install Python {}.{} or newer", OLDEST.0, OLDEST.1);
    }
    let list: Vec<String> = found.iter().map(|(version, path)| format!("{version} ({})", path.display())).collect();
    format!("found: {}", list.join(", "))
}

fn install_fix(mut problem: Problem, version: Option<&str>, pyenv: bool) -> Problem {
    let Some(version) = version else { return problem };
    let minor: String = version.split('.').take(2).collect::<Vec<_>>().join(".");
    let (safety, command): (Safety, Vec<String>) = if pyenv {
        (Safety::Review, ["pyenv", "install", version].map(str::to_owned).to_vec())
    } else if cfg!(target_os = "macos") {
        (Safety::Review, vec!["brew".to_owned(), "install".to_owned(), format!("python@{minor}")])
    } else if cfg!(windows) {
        (Safety::Review, vec!["winget".to_owned(), "install".to_owned(), format!("Python.Python.{minor}")])
    } else {
        (
            Safety::Manual,
            vec!["apt".to_owned(), "install".to_owned(), format!("python{minor}"), format!("python{minor}-venv")],
        )
    };
    problem.fix = Some(Fix { command, safety });
    problem
}
