//! `lock` and `install` without Node, for projects in which nothing is special.
//!
//! It only ever succeeds, or is interrupted: whatever it does not understand, and whatever goes wrong before something was
//! written, is left to the CLI, which does the same from the start and explains itself. So there is one place that decides
//! (the CLI), and this program may know little.

mod bytecode;
mod collect;
mod decline;
mod describe;
mod install;
mod interrupt;
mod lock;
mod lowest;
mod options;
mod place;
mod progress;
mod report;

use options::{Command, Options};
use place::Place;
use report::Report;
use std::process::ExitCode;

/// What ends a command here and starts it again in the CLI.
pub struct Decline;

fn main() -> ExitCode {
    let args: Vec<_> = std::env::args_os().skip(1).collect();
    if let Some(code) = bytecode::read(&args) {
        return code;
    }
    match perform(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Decline) => decline::exec(&args),
    }
}

fn perform(args: &[std::ffi::OsString]) -> Result<(), Decline> {
    let options = Options::read(args).ok_or(Decline)?;
    let place = Place::load(&options).ok_or(Decline)?;
    // A project that is built asks its backend, which takes longer than Node does to start.
    if options.command == Command::Install && place.manifest.build_system.is_some() {
        return Err(Decline);
    }
    let report = Report::new(&options);
    interrupt::watch(&report)?;
    let done = match options.command {
        Command::Lock => lock::lock(&place, &report),
        Command::Install => install::install(&place, &report),
    };
    done.map(|done| report.end(&done)).inspect_err(|_| {
        interrupt::wait_for_late_ones();
        report.abandon();
    })
}
