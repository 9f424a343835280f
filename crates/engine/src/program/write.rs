//! Writing a file of the user's: all or nothing; what replaces another is on the disk before that is gone. A new one is
//! not waited for: after a power cut there is none, or an empty one, and both are made anew.

use std::fs::{self, File, Metadata};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Whoever ends the process waits for what is being written.
pub static WRITING: Mutex<()> = Mutex::new(());

pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let _writing = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    // The file behind a link is replaced, not the link.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let (Some(directory), Some(name)) = (target.parent(), target.file_name()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let draft = directory.join(format!(".{}.{}-0.tmp", name.to_string_lossy(), std::process::id()));
    let replaced = fs::metadata(&target).ok();
    let written = fill(&draft, replaced.as_ref(), bytes).and_then(|()| fs::rename(&draft, &target));
    if written.is_err() {
        // The first error is the one that counts.
        let _ = fs::remove_file(&draft);
        return written;
    }
    if replaced.is_some() {
        // Makes the rename itself survive a power cut; not every file system can.
        let _ = File::open(directory).and_then(|directory| directory.sync_all());
    }
    Ok(())
}

fn fill(draft: &Path, replaced: Option<&Metadata>, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::options().create_new(true).write(true).open(draft)?;
    file.write_all(bytes)?;
    let Some(replaced) = replaced else { return Ok(()) };
    file.set_permissions(replaced.permissions())?;
    file.sync_all()
}
