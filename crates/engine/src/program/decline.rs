//! Leaving a command to the CLI.

use std::ffi::OsString;
use std::process::{Command, ExitCode};

/// Becomes the launcher again, which knows by `PYBUN_ENGINE` that this program was asked already and starts the CLI.
pub fn exec(args: &[OsString]) -> ExitCode {
    let Some(launcher) = launcher().filter(|_| std::env::var_os("PYBUN_ENGINE").is_some()) else {
        eprintln!("error: this program is a part of `pybun`; run that instead");
        return ExitCode::from(70);
    };
    let mut command = Command::new(launcher);
    command.args(args);
    replace(command)
}

/// The program that people call, beside this one.
pub fn launcher() -> Option<std::path::PathBuf> {
    let own = std::env::current_exe().ok()?;
    let launcher = own.with_file_name(format!("pybun{}", std::env::consts::EXE_SUFFIX));
    launcher.is_file().then_some(launcher)
}

#[cfg(unix)]
fn replace(mut command: Command) -> ExitCode {
    let error = std::os::unix::process::CommandExt::exec(&mut command);
    eprintln!("error: pybun could not be started again: {error}");
    ExitCode::from(70)
}

#[cfg(not(unix))]
fn replace(mut command: Command) -> ExitCode {
    match command.status() {
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(_) => ExitCode::from(70),
    }
}
