//! One PyBun at a time in a project: an advisory lock on `.pybun/lock`, which the system releases with the process.

use pybun_model::Problem;
use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;

/// Waits until no other process holds the directory. Closing the file releases it.
pub fn lock(directory: &Path) -> Result<File, Problem> {
    held(directory, |file| file.lock().map(|()| true)).map(|held| held.expect("it waited until it was its turn"))
}

/// The same without waiting; nothing where another process holds the directory.
pub fn try_lock(directory: &Path) -> Result<Option<File>, Problem> {
    held(directory, |file| match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    })
}

fn held(directory: &Path, take: impl FnOnce(&File) -> io::Result<bool>) -> Result<Option<File>, Problem> {
    let own = directory.join(".pybun");
    let path = own.join("lock");
    let open = || -> io::Result<Option<File>> {
        make(&own)?;
        let file = File::options().create(true).truncate(false).write(true).open(&path)?;
        Ok(take(&file)?.then_some(file))
    };
    open().map_err(|error| not_lockable(&path, &error))
}

/// What PyBun keeps in a project is no part of it: git takes nothing of it.
fn make(own: &Path) -> io::Result<()> {
    if own.is_dir() {
        return Ok(());
    }
    std::fs::create_dir_all(own)?;
    // Everything works without.
    let _ = std::fs::write(own.join(".gitignore"), "*\n");
    Ok(())
}

fn not_lockable(path: &Path, error: &io::Error) -> Problem {
    let shown = path.display().to_string();
    let problem = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Problem::new("system/disk-full", format!("No space is left to write {shown}"))
                .hint("Free some space; nothing was changed")
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            Problem::new("system/permission-denied", format!("Not allowed to write {shown}"))
                .hint("Look at the owner and the mode of the directory")
        }
        _ => Problem::new("project/not-lockable", format!("cannot lock {shown}: {error}"))
            .hint("PyBun needs a file system with advisory locks here"),
    };
    problem.with("path", shown)
}
