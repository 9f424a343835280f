use super::*;
use std::io::Write;

/// Writes raw headers: the library refuses to write names that lead out.
fn tar_gz(path: &Path, entries: &[(&str, tar::EntryType, &str, u32)]) {
    let gzip = flate2::write::GzEncoder::new(File::create(path).unwrap(), flate2::Compression::fast());
    let mut builder = tar::Builder::new(gzip);
    for (name, kind, content, mode) in entries {
        let mut header = tar::Header::new_ustar();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(*kind);
        header.set_mode(*mode);
        let data = if kind.is_file() { content.as_bytes() } else { b"" };
        if !kind.is_file() {
            header.as_old_mut().linkname[..content.len()].copy_from_slice(content.as_bytes());
        }
        header.set_size(data.len() as u64);
        header.set_cksum();
        builder.append(&header, data).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap();
}

fn unpacked(entries: &[(&str, tar::EntryType, &str, u32)]) -> (tempfile::TempDir, Result<PathBuf, Error>) {
    let temp = tempfile::tempdir().unwrap();
    let archive = temp.path().join("a.tar.gz");
    tar_gz(&archive, entries);
    let into = temp.path().join("into");
    fs::create_dir(&into).unwrap();
    let result = unpack(&archive, "a-1.tar.gz", &into, false);
    (temp, result)
}

use tar::EntryType::{Block, Directory, Link, Regular, Symlink};

#[test]
fn unpacks_files_links_and_modes() {
    let (_temp, result) = unpacked(&[
        ("a-1/", Directory, "", 0o777),
        ("a-1/pyproject.toml", Regular, "[build-system]", 0o4664),
        ("/a-1/./configure", Regular, "#!/bin/sh", 0o755),
        ("a-1/link", Symlink, "sub/../configure", 0o777),
        ("a-1/hard", Link, "a-1/configure", 0o644),
    ]);
    let root = result.unwrap();
    assert_eq!(fs::read_to_string(root.join("pyproject.toml")).unwrap(), "[build-system]");
    assert_eq!(fs::read_to_string(root.join("hard")).unwrap(), "#!/bin/sh");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |name: &str| fs::metadata(root.join(name)).unwrap().permissions().mode() & 0o7777;
        assert_eq!((mode("pyproject.toml"), mode("configure"), mode("hard")), (0o644, 0o755, 0o755));
    }
}

#[test]
fn refuses_what_leads_out() {
    let cases: [&[(&str, tar::EntryType, &str, u32)]; 9] = [
        &[("../evil", Regular, "x", 0o644)],
        &[("a/../../evil", Regular, "x", 0o644)],
        &[("a/link", Symlink, "../../evil", 0o777)],
        &[("a/link", Symlink, "/etc/passwd", 0o777)],
        &[("a/hard", Link, "../evil", 0o644)],
        &[("a/hard", Link, "/etc/passwd", 0o644)],
        &[("a/device", Block, "", 0o644)],
        // Each link stays inside by its text; the first one leads out once the last one is there.
        &[("a/c", Symlink, "x/../../..", 0o777), ("a/x", Symlink, "y/z", 0o777), ("a/y/z", Symlink, "..", 0o777)],
        &[("a/b", Symlink, "z/../../new", 0o777), ("a/z", Symlink, ".", 0o777)],
    ];
    for entries in cases {
        let (temp, result) = unpacked(entries);
        assert!(matches!(result, Err(Error::BadSdist { .. })), "{entries:?}: {result:?}");
        assert!(!temp.path().join("evil").exists());
    }
}

#[test]
fn never_writes_through_a_link() {
    let (temp, result) = unpacked(&[
        ("a/setup.py", Regular, "", 0o644),
        ("a/d1/d2/", Directory, "", 0o755),
        ("a/x", Symlink, "d1/d2", 0o777),
        ("a/x/file", Regular, "inside x", 0o644),
        ("a/y", Symlink, "x/../../../../evil", 0o777),
    ]);
    assert!(result.is_err());
    assert!(!temp.path().join("evil").exists());
    // Two links of which each looks harmless.
    let (temp, result) = unpacked(&[
        ("a/setup.py", Regular, "", 0o644),
        ("a/b/c/d/", Directory, "", 0o755),
        ("a/e", Symlink, "b/c/d", 0o777),
        ("a/out", Symlink, "e/..", 0o777),
    ]);
    let root = result.unwrap();
    let real = fs::canonicalize(root.join("out")).unwrap();
    assert!(real.starts_with(fs::canonicalize(temp.path().join("into")).unwrap()));
}

#[test]
fn finds_the_tree() {
    let (_temp, result) = unpacked(&[("setup.py", Regular, "", 0o644), ("src/", Directory, "", 0o755)]);
    assert!(result.unwrap().ends_with("into"));
    let (_temp, result) = unpacked(&[("a/x", Regular, "", 0o644), ("b/x", Regular, "", 0o644)]);
    assert!(result.is_err());
    let temp = tempfile::tempdir().unwrap();
    let archive = temp.path().join("broken");
    fs::write(&archive, b"\x1f\x8bnot really").unwrap();
    fs::create_dir(temp.path().join("into")).unwrap();
    assert!(unpack(&archive, "a-1.tar.gz", &temp.path().join("into"), false).is_err());
    assert!(unpack(&archive, "a-1.tar.bz2", &temp.path().join("into"), false).is_err());
}

#[test]
fn unpacks_zips() {
    let temp = tempfile::tempdir().unwrap();
    let write = |name: &str, entries: &[(&str, &str, u32)]| {
        let path = temp.path().join(name);
        let mut zip = zip::ZipWriter::new(File::create(&path).unwrap());
        for (name, content, mode) in entries {
            let options = zip::write::SimpleFileOptions::default().unix_permissions(*mode);
            if mode & 0o170_000 == 0o120_000 {
                zip.add_symlink(*name, *content, options).unwrap();
            } else {
                zip.start_file(*name, options).unwrap();
                zip.write_all(content.as_bytes()).unwrap();
            }
        }
        zip.finish().unwrap();
        let into = temp.path().join(format!("{name}.d"));
        fs::create_dir(&into).unwrap();
        unpack(&path, "a-1.zip", &into, false)
    };
    let root = write("good", &[("a-1/setup.py", "x", 0o644), ("a-1/b", "setup.py", 0o120_777)]).unwrap();
    assert_eq!(fs::read_to_string(root.join("b")).unwrap(), "x");
    assert!(write("up", &[("../evil", "x", 0o644)]).is_err());
    assert!(write("link", &[("a/b", "../../evil", 0o120_777)]).is_err());
    assert!(!temp.path().join("evil").exists());
}

/// An archive of one entry that claims a size, of which the first bytes are there.
fn tar_of_zeros(path: &Path, change: impl FnOnce(&mut tar::Header), size: u64) {
    let gzip = flate2::write::GzEncoder::new(File::create(path).unwrap(), flate2::Compression::fast());
    let mut builder = tar::Builder::new(gzip);
    let mut header = tar::Header::new_gnu();
    header.set_path("a/setup.py").unwrap();
    header.set_mode(0o644);
    header.set_size(size);
    change(&mut header);
    header.set_cksum();
    builder.append(&header, io::empty()).unwrap();
    builder.into_inner().unwrap().finish().unwrap();
}

#[test]
fn headers_and_content_out_of_all_proportion_are_refused() {
    let refused = |why: &str, size: u64, change: &dyn Fn(&mut tar::Header)| {
        let temp = tempfile::tempdir().unwrap();
        let (archive, into) = (temp.path().join("a.tar.gz"), temp.path().join("into"));
        tar_of_zeros(&archive, change, size);
        fs::create_dir(&into).unwrap();
        let error = unpack(&archive, "a-1.tar.gz", &into, false).expect_err(why);
        assert!(matches!(&error, Error::BadSdist { why: found, .. } if found.contains(why)), "{why}: {error}");
        assert_eq!(fs::read_dir(&into).unwrap().count(), 0, "nothing is written");
    };
    use tar::EntryType::{GNULongLink, GNULongName, GNUSparse, XGlobalHeader, XHeader};
    for kind in [GNULongName, GNULongLink, XHeader, XGlobalHeader] {
        refused("a header of more than", 2 << 20, &|header| header.set_entry_type(kind));
    }
    refused("unpacks to more than", 300 << 20, &|_| {});
    refused("unpacks to more than", 0, &|header| {
        header.set_entry_type(GNUSparse);
        header.as_gnu_mut().unwrap().realsize = *b"77777777777\0";
    });
}

#[test]
fn directories_count_as_files_do() {
    let temp = tempfile::tempdir().unwrap();
    let (links, made) = (BTreeMap::new(), HashSet::new());
    let mut tree = Tree { root: temp.path(), entries: MAX_ENTRIES - 10, bytes: 0, limit: 0, links, made };
    tree.directory(Path::new("a/b/c")).unwrap();
    tree.directory(Path::new("a/b/c")).unwrap();
    assert!(tree.directory(Path::new("a/b/d/e/f/g/h/i/j/k")).unwrap_err().contains("files and directories"));
}
