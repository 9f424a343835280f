//! Where a project, the data directory and PyBun's own state are, and whose they are: once for launcher, engine and CLI.
//!
//! A file above the working directory may be another user's, and all that lies in a project may come from a stranger's
//! repository. So a project is only what belongs to the user who runs PyBun (or to root, or was admitted), and what PyBun
//! decided before is kept outside of projects, in the *state*.

mod data;
#[cfg(any(test, feature = "fuzz"))]
#[doc(hidden)]
pub mod fuzz;
mod me;
mod owned;
mod pin;
mod places;
mod record;
mod root;
mod state;

pub use data::{BadData, ensure_data_directory};
pub use me::Me;
pub use owned::{Unread, read};
pub use pin::find_pin;
pub use places::{data_directory, user_configuration};
pub use record::{Record, Seen};
pub use root::{Foreign, Found, find};
pub use state::{Kept, Room, State};

use std::ffi::OsString;
use std::path::PathBuf;

/// A snapshot of the environment variables.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// A variable of the process. Where HOME is not set, the system may know it.
pub fn variable(name: &str) -> Option<OsString> {
    with_home(name, std::env::var_os(name))
}

/// The same for a snapshot that was taken before. The launcher, which is linked without what asks the system, does without.
pub fn with_home(name: &str, value: Option<OsString>) -> Option<OsString> {
    match name {
        "HOME" if value.as_ref().is_none_or(|value| value.is_empty()) => {
            std::env::home_dir().map(PathBuf::into_os_string)
        }
        _ => value,
    }
}

/// A variable that says something.
fn stated(env: Env<'_>, name: &str) -> Option<OsString> {
    env(name).filter(|value| !value.is_empty())
}

#[cfg(all(test, unix))]
mod tests;
