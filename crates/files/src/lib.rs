//! Files that somebody else may have put there: read within a bound, and replaced in one step without following a link.
//!
//! A repository, another user or an archive chooses what lies at a path. So only regular files are read, without waiting for
//! one (a pipe, a terminal), and no more of them than the reader wants; and what is written goes through directory handles that
//! no symbolic link redirects, by a temporary name that nobody can guess.

mod error;
#[cfg(not(unix))]
mod portable;
mod read;
#[cfg(unix)]
mod unix;

pub use error::Error;
#[cfg(not(unix))]
pub use portable::Directory;
pub use read::{Opened, open, read};
#[cfg(unix)]
pub use unix::Directory;

/// What is directly at a path or name, links not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    File,
    Directory,
    Link,
    /// A pipe, a socket or a device.
    Other,
}

/// Must the bytes be on the disk before the name leads to them?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Care {
    /// It can be made again, so that nothing is waited for.
    Derived,
    /// Somebody's work: after a power cut there is the old file or the new one.
    Kept,
}

/// A name for a draft of `name`, which nobody else can know before it is there.
fn draft_name(name: &str) -> String {
    use std::hash::{BuildHasher, Hasher, RandomState};
    // The keys come from the system's random numbers.
    format!(".{name}.{:016x}.tmp", RandomState::new().build_hasher().finish())
}

#[cfg(all(test, unix))]
mod tests;
