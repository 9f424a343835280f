//! What the fuzzer calls (`fuzz/`).

use crate::sdist::unpack;
use std::io::Write;
use std::path::Path;

/// A tar archive, compressed here so that changes of its bytes reach the reader.
pub fn tar_sdist(bytes: &[u8]) {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    let packed = gzip.write_all(bytes).and_then(|()| gzip.finish());
    unpacked(&packed.expect("memory can be written"), "a-1.tar.gz");
}

pub fn zip_sdist(bytes: &[u8]) {
    unpacked(bytes, "a-1.zip");
}

fn unpacked(bytes: &[u8], filename: &str) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (archive, into) = (dir.path().join(filename), dir.path().join("into"));
    std::fs::write(&archive, bytes).expect("the archive is written");
    std::fs::create_dir(&into).expect("the directory is made");
    if let Ok(tree) = unpack(&archive, filename, &into, false) {
        assert!(tree.starts_with(&into));
    }
    let beside: Vec<_> = std::fs::read_dir(dir.path()).expect("it can be listed").flatten().collect();
    assert_eq!(beside.len(), 2, "something was written outside");
    assert_eq!(std::fs::read(&archive).expect("it is still there"), bytes, "the archive was changed");
    no_link_leaves(&into, &into.canonicalize().expect("the directory exists"));
}

fn no_link_leaves(directory: &Path, root: &Path) {
    for entry in std::fs::read_dir(directory).expect("it can be listed").flatten() {
        let path = entry.path();
        let kind = entry.file_type().expect("its kind is known");
        if kind.is_symlink() {
            assert!(path.canonicalize().is_ok_and(|real| real.starts_with(root)) || !path.exists(), "{path:?} leaves");
        } else if kind.is_dir() {
            no_link_leaves(&path, root);
        } else {
            assert!(kind.is_file(), "{path:?} is neither file nor directory");
        }
    }
}

#[cfg(test)]
#[path = "../../../fuzz/replay.rs"]
mod replay;

#[cfg(test)]
mod tests {
    use super::replay::replay;
    use super::*;

    #[test]
    fn known_inputs_do_no_harm() {
        replay("tar_sdist", tar_sdist);
        replay("zip_sdist", zip_sdist);
    }
}
