//! The data directory as a place that is believed: wheels in it are installed, and interpreters in it are run.

use crate::Me;
use std::io;
use std::path::Path;
use thiserror::Error;

#[derive(Debug, Error)]
pub enum BadData {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("it belongs to another user ({0})")]
    Foreign(u32),
    #[error("everybody may write to it")]
    Open,
}

/// Makes the data directory where it is missing, and refuses one that another user governs.
pub fn ensure_data_directory(path: &Path, me: &Me) -> Result<(), BadData> {
    match path.metadata() {
        Ok(found) => check(path, &found, me),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // Others who may write to everything that this user makes may still not write here.
            make(path)
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(unix)]
fn check(path: &Path, found: &std::fs::Metadata, me: &Me) -> Result<(), BadData> {
    use std::os::unix::fs::MetadataExt;
    if me.admits(path) {
        return Ok(());
    }
    match found.uid() {
        owner if !me.trusts(owner) => Err(BadData::Foreign(owner)),
        _ if found.mode() & 0o002 != 0 => Err(BadData::Open),
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
fn check(_: &Path, _: &std::fs::Metadata, _: &Me) -> Result<(), BadData> {
    Ok(())
}

fn make(path: &Path) -> Result<(), BadData> {
    if let Some(above) = path.parent() {
        std::fs::create_dir_all(above)?;
    }
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o755);
    match builder.create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error.into()),
        _ => Ok(()),
    }
}
