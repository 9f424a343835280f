//! One process at a time changes an environment: an advisory lock on its directory, which leaves no file behind and
//! which the system releases with the process. And it changes nothing elsewhere: an environment in which a link leads out of it is
//! changed by nobody.

use crate::Error;
use crate::layout::Layout;
use std::fs;

/// Held until it is dropped.
pub(crate) struct Guard(#[expect(dead_code, reason = "closing the file releases the lock")] Option<fs::File>);

impl Guard {
    /// Waits until no other process changes the environment. Where directories cannot be locked (Windows, some network
    /// file systems) there is only the lock of the project, which commands hold.
    pub fn acquire(layout: &Layout) -> Result<Self, Error> {
        // What cannot be made is told by whoever needs it.
        let _ = fs::create_dir_all(&layout.prefix);
        let held = Self(held(layout));
        layout.check_bounds()?;
        Ok(held)
    }

    /// The same where there is an environment; none is made.
    pub fn of_existing(layout: &Layout) -> Option<Self> {
        let held = held(layout);
        (layout.prefix.is_dir() && layout.check_bounds().is_ok()).then_some(Self(held))
    }
}

fn held(layout: &Layout) -> Option<fs::File> {
    if !cfg!(unix) {
        return None;
    }
    let directory = fs::File::open(&layout.prefix).ok()?;
    directory.lock().ok()?;
    Some(directory)
}
