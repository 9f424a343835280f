//! Reading a file of a project.

use crate::Me;
use crate::me::owner;
use pybun_files::Error;
use std::path::Path;
use thiserror::Error as ThisError;

#[derive(Debug, ThisError)]
pub enum Unread {
    #[error(transparent)]
    File(#[from] Error),
    #[error("it belongs to another user ({0})")]
    Foreign(u32),
}

/// The whole of a file that belongs to the user, `None` where there is none. Links are followed: both have to.
pub fn read(path: &Path, limit: u64, me: &Me) -> Result<Option<Vec<u8>>, Unread> {
    let opened = match pybun_files::open(path) {
        Err(error) if error.is_absent() => return Ok(None),
        result => result?,
    };
    if !path.parent().is_some_and(|directory| me.admits(directory)) {
        let link = path.symlink_metadata().map_err(Error::from)?;
        let owners = [owner(&link), owner(&opened.metadata)];
        if let Some(foreign) = owners.into_iter().flatten().find(|owner| !me.trusts(*owner)) {
            return Err(Unread::Foreign(foreign));
        }
    }
    Ok(Some(opened.read(limit)?))
}
