use std::fs::Metadata;
use std::io;
use std::time::UNIX_EPOCH;

/// What was seen at a path, links followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact {
    Absent,
    File {
        size: u64,
        mtime_ns: i64,
        /// Zero where the platform has no cheap, stable one.
        inode: u64,
    },
    /// Its time changes when an entry is added, removed or renamed directly in it.
    Directory {
        mtime_ns: i64,
        inode: u64,
    },
}

impl Fact {
    /// The fact in the answer of `std::fs::metadata`. None when the path could not be looked at: nothing is known then.
    pub fn of(answer: &io::Result<Metadata>) -> Option<Fact> {
        match answer {
            Ok(metadata) if metadata.is_dir() => {
                Some(Fact::Directory { mtime_ns: mtime_ns(metadata), inode: inode(metadata) })
            }
            Ok(metadata) => {
                Some(Fact::File { size: metadata.len(), mtime_ns: mtime_ns(metadata), inode: inode(metadata) })
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                Some(Fact::Absent)
            }
            Err(_) => None,
        }
    }
}

fn mtime_ns(metadata: &Metadata) -> i64 {
    let Ok(modified) = metadata.modified() else { return 0 };
    match modified.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |ns| -ns),
    }
}

#[cfg(unix)]
fn inode(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_metadata: &Metadata) -> u64 {
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_looked_at_is_not_absent() {
        assert_eq!(Fact::of(&Err(io::ErrorKind::NotFound.into())), Some(Fact::Absent));
        assert_eq!(Fact::of(&Err(io::ErrorKind::PermissionDenied.into())), None);
    }
}
