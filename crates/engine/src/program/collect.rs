//! Once a day the data directory is kept within its bounds by a process of its own, for which no command waits.

use crate::decline::launcher;
use crate::place::Place;
use std::process::{Command, Stdio};
use std::time::SystemTime;

pub fn start_when_due(place: &Place) {
    let Some(launcher) = launcher() else { return };
    if !pybun_install::is_due(&place.cache_dir, SystemTime::now()) {
        return;
    }
    let mut command = Command::new(launcher);
    command.args(["gc", "--quiet", "--cache-dir"]).arg(&place.cache_dir).current_dir(&place.root);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // What ends this command with its terminal does not end the collection.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    // It is tried again tomorrow.
    let _ = command.spawn();
}
