//! Whose files count.

use crate::{Env, stated};
use std::path::{Path, PathBuf};

/// The variable that names directories of other users whose projects count: a list as in PATH, `*` for all.
const TRUSTED: &str = "PYBUN_TRUSTED_DIRECTORIES";

/// The user who runs PyBun, as far as files are concerned.
#[derive(Clone, Debug)]
pub struct Me {
    user: u32,
    /// Who counts as the same person: who called sudo, and who owns HOME where the system maps users (network homes).
    also: Vec<u32>,
    admitted: Vec<PathBuf>,
}

/// Its files are the system's: who is root decides everything anyway.
const ROOT: u32 = 0;

impl Me {
    /// `admitted` are directories that the user trusts besides those of the environment variable.
    pub fn new(env: Env<'_>, admitted: impl IntoIterator<Item = PathBuf>) -> Self {
        let user = user();
        let mut also = Vec::new();
        if user == ROOT {
            also.extend(stated(env, "SUDO_UID").and_then(|text| text.to_str()?.parse::<u32>().ok()));
        }
        also.extend(stated(env, "HOME").and_then(|home| owner(&std::fs::metadata(home).ok()?)));
        let listed = stated(env, TRUSTED).unwrap_or_default();
        let listed = std::env::split_paths(&listed).filter(|path| !path.as_os_str().is_empty()).collect::<Vec<_>>();
        Self { user, also, admitted: listed.into_iter().chain(admitted).collect() }
    }

    pub fn is_root(&self) -> bool {
        cfg!(unix) && self.user == ROOT
    }

    /// Are files of this owner the user's own, or root's?
    pub fn trusts(&self, owner: u32) -> bool {
        owner == ROOT || self.is_mine(owner)
    }

    /// The same without root, unless that is who runs PyBun.
    pub fn is_mine(&self, owner: u32) -> bool {
        owner == self.user || self.also.contains(&owner)
    }

    /// Did the user say that everything in this directory counts, whoever owns it?
    pub fn admits(&self, path: &Path) -> bool {
        self.admitted.iter().any(|admitted| admitted.as_os_str() == "*" || path.starts_with(admitted))
    }

    /// Is what the system says of a file that of a file which counts?
    pub fn trusts_file(&self, metadata: &std::fs::Metadata) -> bool {
        owner(metadata).is_none_or(|owner| self.trusts(owner))
    }
}

#[cfg(unix)]
fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

#[cfg(not(unix))]
fn user() -> u32 {
    ROOT
}

/// `None` where files have no owner that could be compared (Windows).
#[cfg(unix)]
pub(crate) fn owner(metadata: &std::fs::Metadata) -> Option<u32> {
    Some(std::os::unix::fs::MetadataExt::uid(metadata))
}

#[cfg(not(unix))]
pub(crate) fn owner(_: &std::fs::Metadata) -> Option<u32> {
    None
}
