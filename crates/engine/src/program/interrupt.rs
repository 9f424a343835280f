//! Ctrl-C, and what else asks a process to end: the command says so, and ends as the CLI does.

use crate::Decline;
use crate::report::Report;

/// On a thread of its own, and not on the runtime for downloads: most installations need none of that.
#[cfg(unix)]
pub fn watch(report: &Report) -> Result<(), Decline> {
    use std::task::Poll;
    use tokio::signal::unix::{SignalKind, signal};

    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().map_err(|_| Decline)?;
    let mut signals = Vec::new();
    let inside = runtime.enter();
    for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
        signals.push(signal(kind).map_err(|_| Decline)?);
    }
    drop(inside);
    let report = report.clone();
    let any = std::future::poll_fn(move |context| {
        let mut came = signals.iter_mut().map(|signal| signal.poll_recv(context).is_ready());
        if came.any(|came| came) { Poll::Ready(()) } else { Poll::Pending }
    });
    let wait = move || {
        runtime.block_on(any);
        report.interrupt();
    };
    std::thread::Builder::new().spawn(wait).map(drop).map_err(|_| Decline)
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
