//! Once a day the data directory is kept within its bounds by a process of its own, for which no command waits.

use crate::decline::launcher;
use crate::place::Place;
use pybun_engine::bytecode::detach;
use std::process::Command;
use std::time::SystemTime;

pub fn start_when_due(place: &Place) {
    let Some(launcher) = launcher() else { return };
    if !pybun_install::is_due(&place.cache_dir, SystemTime::now()) {
        return;
    }
    let mut command = Command::new(launcher);
    command.args(["gc", "--quiet", "--cache-dir"]).arg(&place.cache_dir);
    detach(&mut command);
    // The project has no say in what all projects share, and is not kept from being removed.
    command.current_dir(&place.cache_dir);
    // It is tried again tomorrow.
    let _ = command.spawn();
}
