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
    /// Does what is seen now agree with what was recorded? After a whole file system was copied (`carried`) inodes are new, and
    /// times are whole seconds.
    pub fn agrees(self, recorded: Fact, carried: bool) -> bool {
        match (self, recorded) {
            _ if !carried => self == recorded,
            (Fact::File { size: a, mtime_ns: at, .. }, Fact::File { size: b, mtime_ns: then, .. }) => {
                a == b && seconds(at) == seconds(then)
            }
            (Fact::Directory { mtime_ns: at, .. }, Fact::Directory { mtime_ns: then, .. }) => {
                seconds(at) == seconds(then)
            }
            (Fact::Absent, Fact::Absent) => true,
            (Fact::Absent | Fact::File { .. } | Fact::Directory { .. }, _) => false,
        }
    }

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

fn seconds(ns: i64) -> i64 {
    ns.div_euclid(1_000_000_000)
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
    fn a_copied_file_system_has_other_inodes_and_whole_seconds() {
        let file = |size, mtime_ns, inode| Fact::File { size, mtime_ns, inode };
        let recorded = file(5, 7_500_000_000, 1);
        assert!(recorded.agrees(recorded, false) && !file(5, 7_500_000_000, 2).agrees(recorded, false));
        assert!(file(5, 7_000_000_000, 2).agrees(recorded, true));
        for other in [file(6, 7_000_000_000, 1), file(5, 8_000_000_000, 1), Fact::Absent] {
            assert!(!other.agrees(recorded, true), "{other:?}");
        }
        let directory = |mtime_ns, inode| Fact::Directory { mtime_ns, inode };
        assert!(directory(7_000_000_000, 3).agrees(directory(7_900_000_000, 4), true));
        assert!(!directory(6_999_999_999, 3).agrees(directory(7_900_000_000, 4), true));
        assert!(!directory(7_000_000_000, 3).agrees(recorded, true));
    }

    #[test]
    fn what_cannot_be_looked_at_is_not_absent() {
        assert_eq!(Fact::of(&Err(io::ErrorKind::NotFound.into())), Some(Fact::Absent));
        assert_eq!(Fact::of(&Err(io::ErrorKind::PermissionDenied.into())), None);
    }
}
