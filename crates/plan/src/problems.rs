//! The plan's errors as problems.

use crate::Error;
use pybun_model::{Problem, Safety};

impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        let message = error.to_string();
        match error {
            Error::OtherPython { wanted, found } => Problem::new("plan/other-python", message)
                .hint("Choose an interpreter that the lock allows with --python, or change requires-python")
                .with("wanted", wanted.to_string())
                .with("found", found.to_string()),
            Error::OtherEnvironment(environments) => Problem::new("plan/other-environment", message)
                .hint("Add this environment to `environments` of [tool.pybun], and resolve again")
                .with("environments", environments.clone()),
            Error::Conflicting(one, other) => Problem::new("plan/conflicting-choice", message)
                .hint("Choose one of them; `conflicts` of [tool.pybun] says which exclude each other")
                .with("choices", vec![one.as_str(), other.as_str()]),
            Error::UnknownExtra(name) => Problem::new("plan/unknown-extra", message)
                .hint("See [project.optional-dependencies] in pyproject.toml")
                .with("extra", name.as_str()),
            Error::UnknownGroup(name) => Problem::new("plan/unknown-group", message)
                .hint("See [dependency-groups] in pyproject.toml")
                .with("group", name.as_str()),
            Error::NoUsableFile { name, version, files } => Problem::new("plan/no-usable-file", message)
                .hint("Choose another Python with --python, or a version that has a wheel for this platform")
                .with("package", name.as_ref())
                .with("version", version.to_string())
                .with("files", files.clone()),
            Error::Unresolved(requirement) => Problem::new("plan/unresolved", message)
                .hint("The lock does not fit its own inputs; resolve again")
                .fix(Safety::Review, ["pybun", "lock"])
                .with("requirement", requirement.as_str()),
        }
    }
}
