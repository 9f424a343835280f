use std::env;
use std::ffi::OsString;
use std::io;
use std::process::{Command, ExitCode};

/// Becomes the recorded command with `rest` as its last arguments. Returns an error only when nothing was started.
pub fn ready(recorded: pybun_stamp::Command, rest: Vec<OsString>) -> io::Result<ExitCode> {
    let mut command = Command::new(&recorded.program);
    command.args(&recorded.args).args(rest);
    for name in &recorded.unset {
        command.env_remove(name);
    }
    command.envs(recorded.set.iter().map(|(name, value)| (name, value)));
    if let Some(directory) = &recorded.path_prefix {
        let mut path = OsString::from(directory);
        if let Some(inherited) = env::var_os("PATH").filter(|inherited| !inherited.is_empty()) {
            path.push(if cfg!(windows) { ";" } else { ":" });
            path.push(inherited);
        }
        command.env("PATH", path);
    }
    replace(command)
}

/// Unix: this process becomes the command.
#[cfg(unix)]
pub fn replace(mut command: Command) -> io::Result<ExitCode> {
    Err(std::os::unix::process::CommandExt::exec(&mut command))
}

/// Elsewhere it is waited for, and its exit code is ours.
#[cfg(not(unix))]
pub fn replace(mut command: Command) -> io::Result<ExitCode> {
    let status = command.status()?;
    std::process::exit(status.code().unwrap_or(1))
}
