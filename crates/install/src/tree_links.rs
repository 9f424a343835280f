//! Symbolic links of an environment that lead into trees of a store: telling them from others, finding those that a
//! change would run into, and taking them away. Nobody here ever follows one to write or delete.
//!
//! RECORD has a line for each, without digest and size, before all other lines: whoever removes by RECORD from the top
//! takes the link away first, and no longer finds what is below. `.pybun-trees` in the library says that there are any.

use crate::error::io_error;
use crate::layout::Layout;
use crate::manifest::Outline;
use crate::store::Store;
use crate::trees::{self, prefixes, wheel_of_target};
use crate::{Error, InstalledDist};
use pybun_model::Sha256;
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

pub(crate) const MARKER: &str = ".pybun-trees";
/// More lines for links has no RECORD.
const MAX_HEAD: u64 = 64 << 10;

/// Writes down that an environment has tree links. A stamp watches what the marker leads to, so that everybody sees
/// when the store is gone.
pub(crate) fn mark(store: &Store, layout: &Layout) -> Result<(), Error> {
    let made = trees::made(store)?;
    let marker = layout.purelib.join(MARKER);
    if fs::read_link(&marker).is_ok_and(|found| found == made) {
        return Ok(());
    }
    let write = || {
        fs::create_dir_all(&layout.purelib)?;
        remove(&marker)?;
        symlink(&made, &marker)
    };
    write().map_err(io_error("write", &marker))
}

pub(crate) fn has_any(layout: &Layout) -> bool {
    fs::symlink_metadata(layout.purelib.join(MARKER)).is_ok()
}

/// Takes a link away and leaves what it leads to. One that is not there does not matter.
pub(crate) fn remove(link: &Path) -> io::Result<()> {
    let removed = match fs::remove_file(link) {
        // A link to a directory is something else there.
        Err(error) if cfg!(windows) && error.kind() == ErrorKind::PermissionDenied && is_link(link) => {
            fs::remove_dir(link)
        }
        result => result,
    };
    match removed {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(()),
        result => result,
    }
}

pub(crate) fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_symlink())
}

#[cfg(unix)]
fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

#[cfg(windows)]
fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_file(target, link)
}

/// Are all links there that the RECORD of `dist` begins with, and what they lead to?
pub(crate) fn are_whole(dist: &InstalledDist) -> bool {
    let mut head = Vec::new();
    let Ok(opened) = pybun_files::open(&dist.dist_info.join("RECORD")) else { return true };
    let mut file = opened.file.take(MAX_HEAD);
    let mut chunk = [0; 512];
    loop {
        match file.read(&mut chunk) {
            Ok(0) | Err(_) => break,
            Ok(count) => head.extend_from_slice(&chunk[..count]),
        }
        if links_of_record(&head).1 {
            break;
        }
    }
    let library = dist.dist_info.parent().unwrap_or(&dist.dist_info);
    links_of_record(&head).0.iter().all(|path| fs::metadata(library.join(path)).is_ok())
}

/// The lines for links at the beginning of a RECORD, and whether another line follows.
fn links_of_record(head: &[u8]) -> (Vec<String>, bool) {
    let mut links = Vec::new();
    for line in head.split_inclusive(|byte| *byte == b'\n') {
        let Some(path) = line.strip_suffix(b",,\n") else { return (links, line.ends_with(b"\n")) };
        let quoted = path.starts_with(b"\"");
        if quoted || path.ends_with(b"/RECORD") || path.ends_with(b".pyc") {
            return (links, true);
        }
        links.push(String::from_utf8_lossy(path).into_owned());
    }
    (links, false)
}

/// What the directories of an environment are, looked at once each.
#[derive(Default)]
pub(crate) struct Looked(HashMap<PathBuf, Seen>);

#[derive(Clone)]
enum Seen {
    /// Nothing, so that nothing is below either.
    Nothing,
    Real,
    /// A tree link, and the wheel that it belongs to.
    Link(Sha256),
}

impl Looked {
    /// The tree link at or above `path` of `base`.
    pub fn link_above(&mut self, base: &Path, path: &str) -> Option<(PathBuf, Sha256)> {
        for prefix in prefixes(path) {
            let full = base.join(prefix);
            let seen = self.0.entry(full.clone()).or_insert_with(|| look(&full));
            match seen {
                Seen::Nothing => return None,
                Seen::Real => {}
                Seen::Link(wheel) => return Some((full, *wheel)),
            }
        }
        None
    }
}

fn look(path: &Path) -> Seen {
    let Ok(found) = fs::symlink_metadata(path) else { return Seen::Nothing };
    if !found.file_type().is_symlink() {
        return Seen::Real;
    }
    match fs::read_link(path).ok().and_then(|target| wheel_of_target(&target)) {
        Some(wheel) => Seen::Link(wheel),
        // Somebody else's, which leads where he wants it to.
        None => Seen::Real,
    }
}

/// The links at or above directories that a distribution fills, with the wheels that they belong to.
pub(crate) fn in_the_way(
    layout: &Layout,
    outline: &Outline<'_>,
    looked: &mut Looked,
    found: &mut BTreeMap<PathBuf, Sha256>,
) {
    for group in &outline.groups {
        let base = layout.directory(group.scheme, outline.name);
        for dir in &group.dirs {
            found.extend(looked.link_above(&base, dir.path));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_links_up_to_the_first_other_line() {
        let record = b"a,,\nns/b,,\na/x.py,sha256=x,1\na/__pycache__/x.pyc,,\n";
        assert_eq!(links_of_record(record), (vec!["a".to_owned(), "ns/b".to_owned()], true));
        assert_eq!(links_of_record(b"a,,\nns/b,"), (vec!["a".to_owned()], false));
        assert_eq!(links_of_record(b"a-1.dist-info/RECORD,,\n"), (Vec::new(), true));
        assert_eq!(links_of_record(b""), (Vec::new(), false));
    }
}
