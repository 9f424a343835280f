//! Writing a file of the user's: all or nothing, and on the disk when it is said to be.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // The file behind a link is replaced, not the link.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let (Some(directory), Some(name)) = (target.parent(), target.file_name()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let draft = directory.join(format!(".{}.{}-0.tmp", name.to_string_lossy(), std::process::id()));
    let written = fill(&draft, &target, bytes).and_then(|()| fs::rename(&draft, &target));
    if written.is_err() {
        // The first error is the one that counts.
        let _ = fs::remove_file(&draft);
        return written;
    }
    // Makes the rename itself survive a power cut; not every file system can.
    let _ = File::open(directory).and_then(|directory| directory.sync_all());
    Ok(())
}

fn fill(draft: &Path, target: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::options().create_new(true).write(true).open(draft)?;
    if let Ok(metadata) = fs::metadata(target) {
        file.set_permissions(metadata.permissions())?;
    }
    file.write_all(bytes)?;
    file.sync_all()
}
