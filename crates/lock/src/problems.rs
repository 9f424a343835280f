//! The lock's errors as problems.

use crate::Error;
use pybun_model::{Problem, Safety};

impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        let message = error.to_string();
        match error {
            Error::NotALock { conflicted: true } => Problem::new("lock/not-a-lock", message)
                .hint("The file holds the marks of a merge conflict; resolve again to replace it")
                .fix(Safety::Review, ["pybun", "lock"]),
            Error::NotALock { conflicted: false } => Problem::new("lock/not-a-lock", message)
                .hint("Restore pybun.lockb from version control, or delete it and resolve again")
                .fix(Safety::Review, ["pybun", "lock"]),
            Error::Truncated { expected, found } => Problem::new("lock/truncated", message)
                .hint("Restore pybun.lockb from version control, or resolve again")
                .fix(Safety::Review, ["pybun", "lock"])
                .with("expected_bytes", *expected)
                .with("found_bytes", *found),
            Error::Corrupt(_) => Problem::new("lock/corrupt", message)
                .hint("Restore pybun.lockb from version control, or resolve again")
                .fix(Safety::Review, ["pybun", "lock"]),
            Error::NewerFormat { found, known } => Problem::new("lock/newer-format", message)
                .hint("A newer PyBun wrote this lock; update PyBun")
                .fix(Safety::Review, ["npm", "install", "--global", "pybun"])
                .with("found", *found)
                .with("known", *known),
        }
    }
}
