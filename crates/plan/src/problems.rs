//! The plan's errors as problems.

use crate::Error;
use crate::error::NoUsableFile;
use pybun_model::{Problem, Safety};
use std::collections::BTreeSet;

impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        let message = error.to_string();
        match error {
            Error::OtherPython { wanted, found } => Problem::new("plan/other-python", message)
                .hint("Choose an interpreter that the lock allows with --python, take the environment of PYBUN_ENV away, or change requires-python")
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
            Error::NoUsableFile(of) => Problem::new("plan/no-usable-file", no_usable_file(&message, of))
                .hint("Choose another Python with --python, or a version that has a wheel for this platform")
                .with("package", of.name.as_ref())
                .with("version", of.version.to_string())
                .with("files", of.files.clone())
                .with("fits", of.fits.as_str())
                .with("required_by", of.required_by.clone()),
            Error::Unresolved(requirement) => Problem::new("plan/unresolved", message)
                .hint("The lock does not fit its own inputs; resolve again")
                .fix(Safety::Review, ["pybun", "lock"])
                .with("requirement", requirement.as_str()),
        }
    }
}

/// Which tags there are and which would fit, and who needs it.
fn no_usable_file(message: &str, of: &NoUsableFile) -> String {
    let tags: BTreeSet<String> = of.files.iter().filter_map(|file| tags_of(file)).collect();
    let more = tags.len().saturating_sub(MAX_TAGS);
    let mut text = message.to_owned();
    if !tags.is_empty() {
        let shown = tags.into_iter().take(MAX_TAGS).collect::<Vec<_>>().join(", ");
        let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
        text.push_str(&format!("\n  there are wheels for {shown}{rest}; here it would be {} or similar", of.fits));
    }
    // The project's own requirement needs no explanation.
    if of.required_by.len() > 1 || of.required_by.first().is_some_and(|list| list != crate::select::PROJECT) {
        text.push_str(&format!("\n  asked for by: {} -> {} {}", of.required_by.join(" -> "), of.name, of.version));
    }
    text
}

const MAX_TAGS: usize = 4;

/// `cp39-cp39-win_arm64` of a wheel's name.
fn tags_of(filename: &str) -> Option<String> {
    let mut parts = filename.strip_suffix(".whl")?.rsplitn(4, '-');
    let (platform, abi, python) = (parts.next()?, parts.next()?, parts.next()?);
    parts.next().map(|_| format!("{python}-{abi}-{platform}"))
}
