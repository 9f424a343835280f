//! One process at a time changes an environment: an advisory lock on its directory, which leaves no file behind and
//! which the system releases with the process.

use crate::layout::Layout;
use std::fs;

/// Held until it is dropped.
pub(crate) struct Guard(#[expect(dead_code, reason = "closing the file releases the lock")] Option<fs::File>);

impl Guard {
    /// Waits until no other process changes the environment. Where directories cannot be locked (Windows, some network
    /// file systems) there is only the lock of the project, which commands hold.
    pub fn acquire(layout: &Layout) -> Self {
        let lock = || {
            fs::create_dir_all(&layout.prefix)?;
            let directory = fs::File::open(&layout.prefix)?;
            directory.lock()?;
            Ok::<_, std::io::Error>(directory)
        };
        Self(if cfg!(unix) { lock().ok() } else { None })
    }
}
