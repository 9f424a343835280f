//! The data directory as a place that is believed: wheels in it are installed, and interpreters in it are run.

use crate::Me;
use std::path::Path;
use thiserror::Error;

#[derive(Debug, Error)]
pub enum BadData {
    #[error("it belongs to another user ({0})")]
    Foreign(u32),
    #[error("everybody may write to it")]
    Open,
}

/// Makes the data directory where it is missing, and refuses one that another user governs. One that cannot be made or looked
/// at is told by what needs it: many commands need none.
pub fn ensure_data_directory(path: &Path, me: &Me) -> Result<(), BadData> {
    match path.metadata() {
        Ok(found) => check(path, &found, me),
        Err(_) => {
            make(path);
            Ok(())
        }
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

/// Others who may write to everything that this user makes may still not write here.
fn make(path: &Path) {
    if path.parent().is_some_and(|above| std::fs::create_dir_all(above).is_err()) {
        return;
    }
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o755);
    // See above.
    let _ = builder.create(path);
}
