//! Content that is stored once: `files/<two digits>/<rest of its SHA-256>`, with `x` behind it when it is executable.
//!
//! Every file of an unpacked wheel is a hard link of the one here. The time of a file is computed from its content, so
//! that whoever writes into a linked file, in whatever environment, leaves a mark: such a file is not used again. The
//! same time makes bytecode valid: it names its source by time and size, and both follow from the content, in every
//! environment, whoever compiled it.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// 2000-01-01. Archives cannot say earlier times than 1980, nor some file systems later ones than 2038.
const FIRST_SECOND: u64 = 946_684_800;
/// 17 years, in seconds.
const SECONDS: u32 = 1 << 29;

pub(crate) struct Pool {
    root: PathBuf,
}

/// What is to be a file of the store.
pub(crate) struct Content<'a> {
    pub bytes: &'a [u8],
    pub sha256: &'a [u8; 32],
    pub executable: bool,
}

impl Pool {
    /// `root` need not exist.
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// Makes the new file `path`, by a link when the content is known; says whether it was.
    pub fn write(&self, path: &Path, content: &Content<'_>) -> io::Result<bool> {
        // A thousand packages share the empty file, and one file has only so many names.
        if content.bytes.is_empty() {
            let file = create(path, content.executable)?;
            return set_time(&file, content.sha256).map(|()| true);
        }
        let pooled = self.path(content.sha256, content.executable);
        if self.is_sound(&pooled, content) {
            match fs::hard_link(&pooled, path) {
                Ok(()) => return Ok(true),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(error),
                // Too many names, or no links at all: the content is simply stored again.
                Err(_) => {}
            }
        }
        let mut file = create(path, content.executable)?;
        file.write_all(content.bytes)?;
        set_time(&file, content.sha256)?;
        Ok(false)
    }

    /// Lets others find the finished file `path`. A file system without links shares nothing, which harms nobody.
    pub fn keep(&self, path: &Path, sha256: &[u8; 32], executable: bool) {
        let pooled = self.path(sha256, executable);
        let Err(error) = fs::hard_link(path, &pooled) else { return };
        if error.kind() == ErrorKind::NotFound
            && let Some(parent) = pooled.parent()
            && fs::create_dir_all(parent).is_ok()
        {
            let _ = fs::hard_link(path, &pooled);
        }
    }

    /// Takes out what was changed.
    fn is_sound(&self, pooled: &Path, content: &Content<'_>) -> bool {
        let Ok(found) = fs::symlink_metadata(pooled) else { return false };
        let sound = found.is_file()
            && found.len() == content.bytes.len() as u64
            && found.modified().is_ok_and(|time| time == time_of(content.sha256));
        if !sound {
            let _ = fs::remove_file(pooled);
        }
        sound
    }

    fn path(&self, sha256: &[u8; 32], executable: bool) -> PathBuf {
        let digits = pybun_model::Sha256(*sha256).to_string();
        let (directory, rest) = digits.split_at(2);
        self.root.join(directory).join(format!("{rest}{}", if executable { "x" } else { "" }))
    }
}

/// The time that a file with this content has.
pub(crate) fn time_of(sha256: &[u8; 32]) -> SystemTime {
    let number = u32::from_le_bytes([sha256[0], sha256[1], sha256[2], sha256[3]]) % SECONDS;
    SystemTime::UNIX_EPOCH + Duration::from_secs(FIRST_SECOND + u64::from(number))
}

pub(crate) fn set_time(file: &fs::File, sha256: &[u8; 32]) -> io::Result<()> {
    file.set_modified(time_of(sha256))
}

/// A new file with the mode that installers give.
pub(crate) fn create(path: &Path, executable: bool) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, if executable { 0o755 } else { 0o644 });
    #[cfg(not(unix))]
    let _ = executable;
    options.open(path)
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use sha2::Digest;
    use std::os::unix::fs::MetadataExt;

    struct World {
        dir: tempfile::TempDir,
        pool: Pool,
    }

    impl World {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            Self { pool: Pool::new(dir.path().join("files")), dir }
        }

        fn write(&self, name: &str, bytes: &[u8], executable: bool) -> fs::Metadata {
            let sha256 = sha2::Sha256::digest(bytes).into();
            let path = self.dir.path().join(name);
            if !self.pool.write(&path, &Content { bytes, sha256: &sha256, executable }).unwrap() {
                self.pool.keep(&path, &sha256, executable);
            }
            assert_eq!(fs::read(&path).unwrap(), bytes);
            assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), time_of(&sha256));
            fs::metadata(&path).unwrap()
        }
    }

    #[test]
    fn equal_content_is_one_file() {
        let world = World::new();
        let (a, b) = (world.write("a", b"x", false), world.write("b", b"x", false));
        assert_eq!((a.ino(), b.nlink()), (b.ino(), 3));
        let c = world.write("c", b"x", true);
        assert_ne!(a.ino(), c.ino(), "modes belong to files, not to names");
        let (d, e) = (world.write("d", b"", false), world.write("e", b"", false));
        assert_ne!(d.ino(), e.ino(), "the empty file would have too many names");
    }

    #[test]
    fn what_somebody_changed_is_not_used_again() {
        let world = World::new();
        let first = world.write("a", b"x", false);
        fs::write(world.dir.path().join("a"), b"y").unwrap();
        let second = world.write("b", b"x", false);
        assert_ne!(first.ino(), second.ino());
        let third = world.write("c", b"x", false);
        assert_eq!(second.ino(), third.ino());
    }
}
