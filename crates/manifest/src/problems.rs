//! What can be wrong with a file that people write.

use crate::Position;
use pybun_model::{Problem, Safety};

/// More than anybody reads at once.
pub(crate) const MAX_ERRORS: usize = 100;

/// Which kind of TOML a text was meant to be; decides the code of the problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    Manifest,
    Config,
    Script,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{path}:{}:{} is not valid TOML: {why}", at.line, at.column)]
    Toml { kind: FileKind, path: String, why: String, at: Position },
    #[error("{path} is larger than {limit} bytes")]
    TooLarge { kind: FileKind, path: String, limit: usize },
    #[error("{path} has more keys and values than any file that a person or a tool writes")]
    TooHeavy { kind: FileKind, path: String },
    #[error("{path}:{}:{}: `{text}` in `{key}` is not a requirement: {why}", at.line, at.column)]
    Requirement { kind: FileKind, path: String, key: String, text: String, why: String, at: Position },
    #[error("{path}:{}:{}: dependency group `{group}`: {why}", at.line, at.column)]
    Group { path: String, group: String, why: String, at: Position },
    #[error("{path}:{}:{}: `{key}` {why}", at.line, at.column)]
    Field { kind: FileKind, path: String, key: String, why: String, at: Position },
    #[error("{path} has no [project] table")]
    NoProject { path: String },
    #[error("`{key}` of {path} is declared dynamic: the build backend computes it, so it cannot be edited")]
    Dynamic { path: String, key: String },
    #[error("{path}:{line} starts a second `{block}` block; the first is at line {first}")]
    TwoBlocks { path: String, block: String, first: usize, line: usize },
    /// Without the text of the line: a file may be named that is somebody's secret, by a link or an `-r` of a stranger's.
    #[error("{path}:{line}: the line {why}")]
    RequirementsLine { path: String, line: usize, why: String },
    #[error("cannot read {path}: {why}")]
    RequirementsUnreadable { path: String, why: String, from: Option<(String, usize)> },
    #[error("{path} includes itself: {}", chain.join(" -> "))]
    RequirementsCycle { path: String, chain: Vec<String> },
    #[error("the requirements files are too many or too large: {why}")]
    RequirementsBound { why: String },
}

impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        let problem = |code| Problem::new(code, error.to_string());
        match error {
            Error::Toml { kind, path, why, at } => place(problem(kind.toml_code()), path, *at)
                .with("why", why.as_str())
                .hint("correct the line that the message names"),
            Error::TooLarge { kind, path, limit } => {
                problem(kind.toml_code()).with("path", path.as_str()).with("limit", *limit)
            }
            Error::TooHeavy { kind, path } => {
                problem(kind.toml_code()).with("path", path.as_str()).hint("take out what is repeated, or divide it")
            }
            Error::Requirement { kind, path, key, text, at, .. } => {
                let code = match kind {
                    FileKind::Script => "script/invalid-requirement",
                    FileKind::Manifest | FileKind::Config => "manifest/invalid-requirement",
                };
                place(problem(code), path, *at)
                    .with("key", key.as_str())
                    .with("requirement", text.as_str())
                    .hint("a requirement looks like `name[extra]>=1.0; python_version < \"3.12\"` (PEP 508)")
            }
            Error::Group { path, group, at, .. } => place(problem("manifest/invalid-group"), path, *at)
                .with("group", group.as_str())
                .hint("a group is a list of requirements and of `{include-group = \"other\"}` (PEP 735)"),
            Error::Field { kind, path, key, at, .. } => {
                let code = match kind {
                    FileKind::Manifest => "manifest/invalid-field",
                    FileKind::Config => "config/invalid-field",
                    FileKind::Script => "script/invalid-field",
                };
                place(problem(code), path, *at).with("key", key.as_str())
            }
            Error::NoProject { path } => problem("manifest/no-project")
                .with("path", path.as_str())
                .hint("`pybun init` writes one")
                .fix(Safety::Review, ["pybun", "init"]),
            Error::Dynamic { path, key } => problem("manifest/dynamic")
                .with("path", path.as_str())
                .with("key", key.as_str())
                .hint("edit the file that the build backend reads, or remove the key from `project.dynamic`"),
            Error::TwoBlocks { path, block, first, line } => problem("script/bad-block")
                .with("path", path.as_str())
                .with("block", block.as_str())
                .with("first", *first)
                .with("line", *line)
                .hint("a script has at most one block of a type (PEP 723); merge the two"),
            Error::RequirementsLine { path, line, .. } => problem("requirements/invalid-line")
                .with("path", path.as_str())
                .with("line", *line)
                .hint("A line is a requirement like `name[extra]>=1.0; python_version < \"3.12\"`, a path, a URL or an option"),
            Error::RequirementsUnreadable { path, from, .. } => {
                let problem = problem("requirements/unreadable").with("path", path.as_str());
                match from {
                    Some((file, line)) => problem.with("from", file.as_str()).with("line", *line),
                    None => problem,
                }
            }
            Error::RequirementsCycle { path, chain } => problem("requirements/cycle")
                .with("path", path.as_str())
                .with("chain", chain.clone())
                .hint("remove one of the `-r` or `-c` lines of the chain"),
            Error::RequirementsBound { .. } => problem("requirements/too-large"),
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::from(&error)
    }
}

impl FileKind {
    fn toml_code(self) -> &'static str {
        match self {
            Self::Manifest => "manifest/invalid-toml",
            Self::Config => "config/invalid-toml",
            Self::Script => "script/bad-block",
        }
    }
}

fn place(problem: Problem, path: &str, at: Position) -> Problem {
    problem.with("path", path).with("line", at.line).with("column", at.column)
}
