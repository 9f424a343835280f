//! One PyBun at a time in a project: an advisory lock on `.pybun/lock`, which the system releases with the process.

use crate::answer::{Answer, answer_later};
use napi_derive::napi;
use pybun_model::Problem;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};

static HELD: LazyLock<Mutex<HashMap<u32, File>>> = LazyLock::new(Mutex::default);
static NEXT: AtomicU32 = AtomicU32::new(1);

#[derive(Deserialize)]
struct PathWire {
    path: PathBuf,
}

/// Waits until no other process holds the directory.
#[napi]
pub async fn lock_directory(request: String) -> napi::Result<Answer> {
    answer_later(request, |PathWire { path }| async move {
        let locked = tokio::task::spawn_blocking(move || lock(&path)).await;
        let file = locked.map_err(|error| vec![Problem::new("project/not-lockable", error.to_string())])??;
        let token = NEXT.fetch_add(1, Ordering::Relaxed);
        HELD.lock().unwrap_or_else(PoisonError::into_inner).insert(token, file);
        Ok((json!({ "token": token }), None))
    })
    .await
}

#[derive(Deserialize)]
struct TokenWire {
    token: u32,
}

#[napi(catch_unwind)]
pub fn unlock_directory(request: String) -> napi::Result<String> {
    crate::answer::answer(&request, |TokenWire { token }| {
        // Closing the file releases the lock.
        HELD.lock().unwrap_or_else(PoisonError::into_inner).remove(&token);
        Ok(Value::Null)
    })
}

fn lock(directory: &Path) -> Result<File, Vec<Problem>> {
    let own = directory.join(".pybun");
    let path = own.join("lock");
    let open = || -> io::Result<File> {
        std::fs::create_dir_all(&own)?;
        let file = File::options().create(true).truncate(false).write(true).open(&path)?;
        file.lock()?;
        Ok(file)
    };
    open().map_err(|error| vec![not_lockable(&path, &error)])
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
