//! One PyBun at a time in a project: an advisory lock on `.pybun/lock`, which the system releases with the process.

use crate::answer::{Answer, answer_later};
use napi_derive::napi;
use pybun_engine::directory_lock::Hold;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};

static HELD: LazyLock<Mutex<HashMap<u32, Hold>>> = LazyLock::new(Mutex::default);
static NEXT: AtomicU32 = AtomicU32::new(1);

#[derive(Deserialize)]
struct PathWire {
    path: PathBuf,
    waits: bool,
}

/// Waits until no other process holds the directory, or gives no token when it is not told to wait.
#[napi]
pub async fn lock_directory(request: String) -> napi::Result<Answer> {
    answer_later(request, |PathWire { path, waits }| async move {
        let lock = move || match waits {
            true => pybun_engine::directory_lock::lock(&path).map(Some),
            false => pybun_engine::directory_lock::try_lock(&path),
        };
        let locked = tokio::task::spawn_blocking(lock).await;
        let hold = locked.expect("locking does not panic").map_err(|problem| vec![problem])?;
        let Some(hold) = hold else { return Ok((json!({ "token": null }), None)) };
        let token = NEXT.fetch_add(1, Ordering::Relaxed);
        HELD.lock().unwrap_or_else(PoisonError::into_inner).insert(token, hold);
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
        HELD.lock().unwrap_or_else(PoisonError::into_inner).remove(&token);
        Ok(Value::Null)
    })
}
