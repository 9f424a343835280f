use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use crate::cli;
use crate::exec::replace;

/// Where the CLI is, told to the engine, which tells it to the launcher again when it leaves a command to the CLI after
/// all: by then the path by which the launcher was started is lost.
pub const CLI: &str = "PYBUN_ENGINE";

/// Lets the engine, which needs no Node, do what it may know; everything else becomes the CLI.
pub fn exec(args: Vec<OsString>) -> ExitCode {
    let Some(engine) = may_know(&args).then(find).flatten() else { return cli::exec(args) };
    let Some(cli) = cli::find() else { return cli::exec(args) };
    let mut command = Command::new(engine);
    command.args(&args).env(CLI, cli);
    match replace(command) {
        Ok(code) => code,
        Err(_) => cli::exec(args),
    }
}

/// A command line that it would not understand need not be brought to it.
fn may_know(args: &[OsString]) -> bool {
    let is_command = |arg: &OsString| matches!(arg.to_str(), Some("lock" | "install"));
    let is_foreign = |arg: &OsString| matches!(arg.to_str(), Some("run" | "x" | "--help" | "-h" | "--"));
    args.iter().any(is_command) && !args.iter().any(is_foreign)
}

/// Beside this program, links followed. Not on Windows, where a child is waited for and gains nothing.
fn find() -> Option<PathBuf> {
    if cfg!(windows) || env::var_os(CLI).is_some() {
        return None;
    }
    let engine = env::current_exe().ok()?.with_file_name("pybun-engine");
    engine.is_file().then_some(engine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_it_may_know_is_brought_to_it() {
        let words = |line: &str| line.split_whitespace().map(OsString::from).collect::<Vec<_>>();
        for line in ["lock", "--offline lock", "install -q", "--python 3.12 install"] {
            assert!(may_know(&words(line)), "{line}");
        }
        for line in ["", "add x", "run lock", "x install", "lock --help", "run -- lock"] {
            assert!(!may_know(&words(line)), "{line}");
        }
    }
}
