//! The `pybun` command: executes what was already decided, and leaves everything else to the CLI on Node.
//!
//! It decides nothing itself. Whatever it does not know, does not find or cannot read means: ask the CLI.

mod answer;
mod cli;
mod engine;
mod exec;
mod ready;
mod route;

use std::env;
use std::ffi::OsString;
use std::process::ExitCode;

use route::Route;

const VERSION: &str = env!("CARGO_PKG_VERSION");

fn main() -> ExitCode {
    let args: Vec<OsString> = env::args_os().skip(1).collect();
    match route::route(&args) {
        Route::Version => answer::version(),
        _ if env::var_os("PYBUN_NO_LAUNCHER").is_some_and(|value| value == "1") => cli::exec(args),
        Route::Cli => engine::exec(args),
        Route::Install(install) => match ready::install() {
            Some(settled) => answer::settled("install", &install, &settled),
            None => engine::exec(args),
        },
        Route::Lock(lock) => match ready::lock() {
            Some(settled) => answer::settled("lock", &lock, &settled),
            None => engine::exec(args),
        },
        Route::Run(target, rest) => match ready::run(&target) {
            Some(command) => exec::ready(command, rest).unwrap_or_else(|_| cli::exec(args)),
            None => cli::exec(args),
        },
        Route::Tool(request, rest) => match ready::tool(&request) {
            Some(command) => exec::ready(command, rest).unwrap_or_else(|_| cli::exec(args)),
            None => cli::exec(args),
        },
    }
}
