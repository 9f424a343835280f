//! The project that a directory belongs to.

use crate::Me;
use crate::me::owner;
use std::path::{Path, PathBuf};

/// Deeper directories are not walked up.
const MAX_DEPTH: usize = 128;

const MANIFEST: &str = "pyproject.toml";

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Its root.
    Project(PathBuf),
    /// The nearest manifest is another user's, so that there is no project.
    Foreign(Foreign),
    Nothing,
}

/// Something of a project that belongs to another user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreign {
    pub path: PathBuf,
    pub owner: u32,
}

/// The nearest directory at or above `cwd` with a `pyproject.toml`, when it belongs to the user.
pub fn find(cwd: &Path, me: &Me) -> Found {
    for directory in cwd.ancestors().take(MAX_DEPTH) {
        let manifest = directory.join(MANIFEST);
        let Ok(found) = manifest.symlink_metadata() else { continue };
        if me.admits(directory) {
            return Found::Project(directory.to_owned());
        }
        let mut parts = vec![(manifest.clone(), Some(found.clone()))];
        if found.is_symlink() {
            parts.push((manifest.clone(), manifest.metadata().ok()));
        }
        parts.push((directory.to_owned(), directory.metadata().ok()));
        let own = directory.join(".pybun");
        parts.push((own.clone(), own.symlink_metadata().ok()));
        let foreign = parts.into_iter().find_map(|(path, metadata)| {
            let owner = owner(&metadata?)?;
            (!me.trusts(owner)).then_some(Foreign { path, owner })
        });
        return foreign.map_or_else(|| Found::Project(directory.to_owned()), Found::Foreign);
    }
    Found::Nothing
}
