//! What can go wrong with a build.

use crate::diagnose::{Advice, diagnose};
use pybun_model::{Fix, Problem, Safety};
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{file} is no usable sdist: {why}")]
    BadSdist { file: String, why: String },
    #[error("{place} has neither pyproject.toml nor setup.py, so nothing can be built from it")]
    NotAProject { place: String },
    #[error("{}", .0.first().map_or_else(String::new, ToString::to_string))]
    Manifest(Vec<pybun_manifest::Error>),
    #[error("the build backend `{backend}` of {what} cannot be used: {why}")]
    Backend { what: String, backend: String, why: String, log: PathBuf },
    #[error("{what} asks for `{requirement}` to be built, which is not a requirement: {why}")]
    Requirement { what: String, requirement: String, why: String },
    #[error("building {} failed in `{}`: {}", .0.what, .0.hook, .0.why)]
    Failed(Box<Failure>),
    #[error("the build backend `{backend}` of {what} cannot make editable installations (PEP 660)")]
    NoEditable { what: String, backend: String },
    #[error("the backend of {what} answered `{hook}` with {why}")]
    BadAnswer { what: String, hook: &'static str, why: String },
    #[error("building {} needs itself: {}", chain.last().map_or("", String::as_str), chain.join(" -> "))]
    Cycle { chain: Vec<String> },
    #[error("{what} cannot be built: its build requirements are not available: {}", problem.message)]
    Provision { what: String, problem: Box<Problem> },
    /// A problem of a build that this one waited for.
    #[error("{}", .0.message)]
    Inner(Box<Problem>),
    #[error(transparent)]
    Environment(#[from] pybun_python::Error),
    #[error("cannot {action} {path}: {source}")]
    Io { action: &'static str, path: PathBuf, source: std::io::Error },
}

/// A hook that ended with an exception or a crash.
#[derive(Debug)]
pub struct Failure {
    pub what: String,
    pub hook: &'static str,
    pub why: String,
    /// Where all the output is, and its last lines.
    pub log: PathBuf,
    pub tail: Vec<String>,
    /// The version of the interpreter that the build was for.
    pub python: String,
}

impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        let problem = |code| Problem::new(code, error.to_string());
        match error {
            Error::BadSdist { file, why } => {
                problem("build/bad-sdist").with("file", file.as_str()).with("why", why.as_str())
            }
            Error::NotAProject { place } => problem("build/not-a-project").with("place", place.as_str()),
            Error::Manifest(errors) => errors.first().map_or_else(|| problem("build/bad-sdist"), Problem::from),
            Error::Backend { what, backend, log, .. } => problem("build/bad-backend")
                .with("what", what.as_str())
                .with("backend", backend.as_str())
                .with("log", log.display().to_string())
                .hint("check `build-backend`, `requires` and `backend-path` in its [build-system] table"),
            Error::Requirement { what, requirement, .. } => problem("build/invalid-requirement")
                .with("what", what.as_str())
                .with("requirement", requirement.as_str()),
            Error::Failed(failure) => {
                let Failure { what, hook, why, log, tail, python } = &**failure;
                let problem = problem("build/failed")
                    .with("what", what.as_str())
                    .with("hook", *hook)
                    .with("why", why.as_str())
                    .with("log", log.display().to_string())
                    .with("tail", tail.clone())
                    .with("python", python.as_str());
                advised(problem, diagnose(&tail.join("\n"), python), log)
            }
            Error::NoEditable { what, backend } => problem("build/no-editable")
                .with("what", what.as_str())
                .with("backend", backend.as_str())
                .hint("raise the version of the backend in `build-system.requires`, for instance to `setuptools>=64`"),
            Error::BadAnswer { what, hook, .. } => {
                problem("build/bad-answer").with("what", what.as_str()).with("hook", *hook)
            }
            Error::Cycle { chain } => problem("build/cycle")
                .with("chain", chain.clone())
                .hint("one of them must be available as a wheel; try another version of it"),
            Error::Provision { what, problem: inner } => {
                let mut outer = problem("build/requirements").with("what", what.as_str()).with("cause", inner.code);
                outer
                    .context
                    .extend(inner.context.clone().into_iter().filter(|(key, _)| key != "what" && key != "cause"));
                Problem { hint: inner.hint.clone(), fix: inner.fix.clone(), ..outer }
            }
            Error::Inner(problem) => (**problem).clone(),
            Error::Environment(error) => Problem::from(error),
            Error::Io { path, source, .. } => {
                let problem = problem("build/cannot-write").with("path", path.display().to_string());
                match source.kind() {
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

fn advised(problem: Problem, advice: Option<Advice>, log: &std::path::Path) -> Problem {
    let Some(advice) = advice else {
        return problem.hint(format!("the whole output is in {}", log.display()));
    };
    let mut problem = problem.hint(advice.hint).with("missing", advice.missing);
    if !advice.command.is_empty() {
        // It changes the machine and may need an administrator.
        problem.fix = Some(Fix { command: advice.command, safety: Safety::Manual });
    }
    problem
}

impl Error {
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}
