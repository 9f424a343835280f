//! Ctrl-C, and what else asks a process to end: the command says so, and ends as the CLI does.

use crate::Decline;
use crate::report::Report;

#[cfg(unix)]
pub fn watch(report: &Report) -> Result<(), Decline> {
    use tokio::signal::unix::{SignalKind, signal};

    let runtime = crate::lock::runtime()?;
    let _inside = runtime.enter();
    for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
        let mut signals = signal(kind).map_err(|_| Decline)?;
        let report = report.clone();
        runtime.spawn(async move {
            if signals.recv().await.is_some() {
                report.interrupt();
            }
        });
    }
    Ok(())
}

/// Ctrl-C reaches the programs that were asked, too, and their failure may be seen before it. The CLI, which would start
/// now, would never know.
#[cfg(unix)]
pub fn wait_for_late_ones() {
    std::thread::sleep(std::time::Duration::from_millis(3));
}

#[cfg(not(unix))]
pub fn watch(_: &Report) -> Result<(), Decline> {
    Ok(())
}

#[cfg(not(unix))]
pub fn wait_for_late_ones() {}
