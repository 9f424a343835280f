//! Becoming another program.

use crate::answer::text;
use napi_derive::napi;
use pybun_model::Problem;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;

#[derive(Deserialize)]
#[cfg_attr(not(unix), expect(dead_code, reason = "read only where a process can become another"))]
struct ProgramWire {
    program: PathBuf,
    args: Vec<String>,
    /// Laid over the inherited variables; `null` removes one.
    env: BTreeMap<String, Option<String>>,
    cwd: Option<PathBuf>,
}

/// Replaces this process and returns only when that fails; `null` where no system call can do it (Windows), and
/// the caller then starts a child.
#[napi(catch_unwind)]
pub fn exec(request: String) -> napi::Result<String> {
    let wire: ProgramWire =
        serde_json::from_str(&request).map_err(|error| napi::Error::from_reason(error.to_string()))?;
    Ok(text(replace(&wire)))
}

#[cfg(unix)]
fn replace(wire: &ProgramWire) -> Result<Value, Vec<Problem>> {
    use std::os::unix::process::CommandExt;
    let mut command = std::process::Command::new(&wire.program);
    command.args(&wire.args);
    for (name, value) in &wire.env {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    if let Some(cwd) = &wire.cwd {
        command.current_dir(cwd);
    }
    inheritance::reset();
    let error = command.exec();
    let program = wire.program.display().to_string();
    Err(vec![
        Problem::new("run/cannot-start", format!("Cannot start {program}: {error}"))
            .hint("Look at the mode of the file and at its first line")
            .with("program", program),
    ])
}

#[cfg(not(unix))]
fn replace(_: &ProgramWire) -> Result<Value, Vec<Problem>> {
    Ok(Value::Null)
}

#[cfg(unix)]
mod inheritance {
    //! What Node changed of this process and the next program must not inherit.

    /// Default signal handlers, an empty signal mask, open and blocking standard streams, and no other open file.
    /// Node marks even the standard streams to be closed at exec.
    pub(super) fn reset() {
        // SAFETY: plain system calls on this process's own state with arguments that outlive them. No other thread
        // of ours relies on handlers or files any more: the process is about to become another program.
        unsafe {
            for signal in 1..32 {
                libc::signal(signal, libc::SIG_DFL);
            }
            let mut none: libc::sigset_t = std::mem::zeroed();
            libc::sigemptyset(&mut none);
            libc::pthread_sigmask(libc::SIG_SETMASK, &none, std::ptr::null_mut());
            for stream in 0..3 {
                let flags = libc::fcntl(stream, libc::F_GETFL);
                if flags != -1 && flags & libc::O_NONBLOCK != 0 {
                    libc::fcntl(stream, libc::F_SETFL, flags & !libc::O_NONBLOCK);
                }
                let flags = libc::fcntl(stream, libc::F_GETFD);
                if flags != -1 && flags & libc::FD_CLOEXEC != 0 {
                    libc::fcntl(stream, libc::F_SETFD, flags & !libc::FD_CLOEXEC);
                }
            }
            let limit = match libc::sysconf(libc::_SC_OPEN_MAX) {
                -1 => 1024,
                limit => limit.min(65_536) as libc::c_int,
            };
            for file in 3..limit {
                let flags = libc::fcntl(file, libc::F_GETFD);
                if flags != -1 && flags & libc::FD_CLOEXEC == 0 {
                    libc::fcntl(file, libc::F_SETFD, flags | libc::FD_CLOEXEC);
                }
            }
        }
    }
}
