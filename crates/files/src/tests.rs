use super::*;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

fn write(directory: &Directory, name: &str, text: &str) -> Result<(), Error> {
    directory.replace(name, 0o666, Care::Kept, |file| file.write_all(text.as_bytes()))
}

#[test]
fn only_whole_regular_files_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::write(at("file"), "12345").unwrap();
    symlink("file", at("link")).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, at("pipe"), rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    symlink("/dev/zero", at("device")).unwrap();
    assert_eq!(read(&at("file"), 5).unwrap(), b"12345");
    assert_eq!(read(&at("link"), 5).unwrap(), b"12345");
    assert!(matches!(read(&at("file"), 4), Err(Error::TooLong(4))));
    for name in ["pipe", "device", "."] {
        assert!(matches!(read(&at(name), 5), Err(Error::NotRegular)), "{name}");
    }
    assert!(read(&at("missing"), 5).unwrap_err().is_absent());
    assert!(read(&at("file/below"), 5).unwrap_err().is_absent());
    // Of such a file the system states no size.
    assert!(matches!(read(Path::new("/proc/self/maps"), 5), Err(Error::TooLong(5))));
    let directory = Directory::open(dir.path()).unwrap();
    assert_eq!(directory.read("file", 5).unwrap(), b"12345");
    assert!(matches!(directory.read("link", 5), Err(Error::Link)));
    assert!(matches!(directory.read("pipe", 5), Err(Error::NotRegular)));
}

#[test]
fn what_is_written_goes_nowhere_else() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::create_dir_all(at("project")).unwrap();
    fs::create_dir_all(at("victim")).unwrap();
    fs::write(at("victim/file"), "mine").unwrap();
    symlink("../victim/file", at("project/link")).unwrap();
    symlink("../victim/made", at("project/dangling")).unwrap();
    symlink("../victim", at("project/directory")).unwrap();
    let project = Directory::open(&at("project")).unwrap();
    for name in ["link", "dangling"] {
        assert!(matches!(write(&project, name, "theirs"), Err(Error::Link)));
        assert!(matches!(project.lockable(name), Err(Error::Link)));
    }
    assert!(matches!(project.below("directory"), Err(Error::Link)));
    assert!(matches!(project.make("directory", 0o777), Err(Error::Link)));
    assert_eq!(fs::read(at("victim/file")).unwrap(), b"mine");
    assert_eq!(fs::read_dir(at("victim")).unwrap().count(), 1);
    assert!(at("victim").is_dir());
}

#[test]
fn a_file_is_replaced_as_a_whole_and_keeps_its_rights() {
    let dir = tempfile::tempdir().unwrap();
    let directory = Directory::open(dir.path()).unwrap();
    write(&directory, "file", "old").unwrap();
    fs::set_permissions(dir.path().join("file"), fs::Permissions::from_mode(0o640)).unwrap();
    write(&directory, "file", "new").unwrap();
    assert_eq!(directory.read("file", 9).unwrap(), b"new");
    assert_eq!(fs::metadata(dir.path().join("file")).unwrap().permissions().mode() & 0o777, 0o640);
    let failed = directory.replace("file", 0o666, Care::Kept, |_| Err(std::io::ErrorKind::StorageFull.into()));
    assert!(failed.is_err());
    assert_eq!(directory.read("file", 9).unwrap(), b"new");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no draft is left");
}

#[test]
fn names_of_drafts_differ() {
    assert_ne!(draft_name("a"), draft_name("a"));
}
