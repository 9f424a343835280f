//! One PyBun at a time in a project: an advisory lock on `.pybun/lock`, which the system releases with the process.

use crate::files::{Action, problem};
use pybun_files::{Care, Directory, Error};
use pybun_model::Problem;
use std::fs::{File, TryLockError};
use std::io::{self, Write};
use std::path::Path;

/// A directory in which no other PyBun works. Dropping it lets go. It has no file where this user may write nothing, so that
/// there is nothing to keep others from.
pub struct Hold(#[expect(dead_code, reason = "closing the file releases the lock")] Option<File>);

/// Waits until no other process holds the directory.
pub fn lock(directory: &Path) -> Result<Hold, Problem> {
    held(directory, |file| file.lock().map(|()| true)).map(|held| held.expect("it waited until it was its turn"))
}

/// The same without waiting; nothing where another process holds the directory.
pub fn try_lock(directory: &Path) -> Result<Option<Hold>, Problem> {
    held(directory, |file| match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    })
}

fn held(directory: &Path, take: impl FnOnce(&File) -> io::Result<bool>) -> Result<Option<Hold>, Problem> {
    match open(directory) {
        Ok(file) => match take(&file) {
            Ok(taken) => Ok(taken.then_some(Hold(Some(file)))),
            Err(error) => Err(not_lockable(directory, &error)),
        },
        Err(Error::Io(error)) if is_forbidden(&error) => Ok(Some(Hold(None))),
        Err(error @ Error::Link) if directory.join(".pybun").is_symlink() => {
            Err(problem(&error, Action::Write, &directory.join(".pybun")))
        }
        Err(error) => Err(problem(&error, Action::Write, &directory.join(".pybun").join("lock"))),
    }
}

/// What PyBun keeps in a project is no part of it: git takes nothing of it.
fn open(directory: &Path) -> Result<File, Error> {
    std::fs::create_dir_all(directory)?;
    let (own, new) = Directory::open(directory)?.make(".pybun", 0o777)?;
    if new {
        // Everything works without.
        let _ = own.replace(".gitignore", 0o666, Care::Derived, |file| file.write_all(b"*\n"));
    }
    own.lockable("lock")
}

fn is_forbidden(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
}

fn not_lockable(directory: &Path, error: &io::Error) -> Problem {
    let shown = directory.join(".pybun").join("lock").display().to_string();
    Problem::new("project/not-lockable", format!("cannot lock {shown}: {error}"))
        .hint("PyBun needs a file system with advisory locks here")
        .with("path", shown)
}
