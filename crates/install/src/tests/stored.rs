//! The store: what is in it, and what comes of damage.

use super::wheel_writer::WheelWriter;
use super::zip_writer::Member;
use super::{Notes, World, digest, tree};
use crate::{Damage, DamageKind, Error};
use pybun_model::Problem;
use std::fs;

fn wheel() -> WheelWriter {
    WheelWriter::new("a", "1.0").file("a.py", "x = 1\n").file("p/q/r.py", "")
}

#[test]
fn a_wheel_is_unpacked_once() {
    let world = World::new();
    let (bytes, name) = (wheel().bytes(), wheel().filename());
    assert!(!world.store.has(&digest(&bytes)));
    let first = world.add_bytes(&bytes, &name, &pybun_model::silent).unwrap();
    assert_eq!((first.reused, first.files), (false, 6));
    let second = world.add_bytes(&bytes, &name, &pybun_model::silent).unwrap();
    assert_eq!((second.reused, second.sha256), (true, first.sha256));
    assert!(world.store.has(&first.sha256));
    assert_eq!(world.store.verify(&first.sha256).unwrap(), []);
    assert_eq!(fs::read_dir(world.root().join("cache/packages/v4/tmp")).unwrap().count(), 0);
}

#[test]
fn digests_of_a_record_may_be_hexadecimal() {
    let world = World::new();
    let hex = "9e26bf369911c45c243c684147b23fc9e1dcfcf257d299a1c632016a6fcd33f4";
    let record = format!("a.py,SHA256={},6\n", hex.to_uppercase());
    let right = WheelWriter { record: Some(record), ..wheel() };
    world.add_bytes(&right.bytes(), &right.filename(), &pybun_model::silent).unwrap();
}

#[cfg(unix)]
#[test]
fn files_keep_their_exec_bit_and_nothing_else_of_their_mode() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    let wheel = wheel()
        .member(Member { mode: 0o104_755, ..Member::new("tool", "x") })
        .member(Member { mode: 0o100_666, ..Member::new("open", "x") });
    let stored = world.add_bytes(&wheel.bytes(), &wheel.filename(), &pybun_model::silent).unwrap();
    let mode =
        |path: &str| fs::metadata(world.store.tree(&stored.sha256).join(path)).unwrap().permissions().mode() & 0o7111;
    assert_eq!((mode("tool"), mode("open")), (0o111, 0));
}

#[test]
fn many_processes_that_add_the_same_wheel_end_in_one_tree() {
    let world = World::new();
    let (bytes, name) = (wheel().bytes(), wheel().filename());
    let path = world.root().join("w.whl");
    fs::write(&path, &bytes).unwrap();
    let sha256 = digest(&bytes);
    std::thread::scope(|scope| {
        let add = || world.store.add_wheel(&path, &name, sha256, super::CHECKED, &pybun_model::silent).unwrap();
        for thread in (0..8).map(|_| scope.spawn(add)).collect::<Vec<_>>() {
            assert_eq!(thread.join().unwrap().sha256, sha256);
        }
    });
    assert_eq!(world.store.verify(&sha256).unwrap(), []);
    assert_eq!(fs::read_dir(world.root().join("cache/packages/v4/tmp")).unwrap().count(), 0);
}

#[test]
fn a_digest_that_differs_is_refused() {
    let world = World::new();
    let path = world.root().join("w.whl");
    fs::write(&path, wheel().bytes()).unwrap();
    let add = |expected| world.store.add_local_wheel(&path, &wheel().filename(), expected, 1, &pybun_model::silent);
    let error = add(Some(digest(b"other"))).unwrap_err();
    assert_eq!(Problem::from(&error).code, "install/hash-mismatch");
    assert!(add(Some(digest(&wheel().bytes()))).is_ok());
    assert!(add(None).unwrap().reused);
}

fn version(version: &str, files: &[(&str, &[u8])]) -> WheelWriter {
    files.iter().fold(WheelWriter::new("a", version), |wheel, (path, content)| wheel.file(path, content))
}

#[cfg(unix)]
#[test]
fn versions_share_what_is_equal_and_nobody_has_changed() {
    use std::os::unix::fs::MetadataExt;
    let world = World::new();
    // Some come in one piece, and some in chunks.
    let large = vec![b'l'; 9 << 20];
    let files: [(&str, &[u8]); 4] = [("same.py", b"same"), ("edited.py", b"old"), ("large", &large), ("empty", b"")];
    let first = world.add(&version("1", &files));
    let inode = |install: &crate::Install, path: &str| {
        fs::metadata(world.store.tree(&install.sha256).join(path)).unwrap().ino()
    };
    fs::write(world.store.tree(&first.sha256).join("edited.py"), "new").unwrap();
    let other: [(&str, &[u8]); 5] = [("moved.py", b"same"), files[1], files[2], files[3], ("new.py", b"new")];
    let second = world.add(&version("2", &other));
    assert_eq!(inode(&first, "same.py"), inode(&second, "moved.py"));
    assert_eq!(inode(&first, "large"), inode(&second, "large"));
    assert_ne!(inode(&first, "edited.py"), inode(&second, "edited.py"), "somebody wrote into it");
    assert_ne!(inode(&first, "empty"), inode(&second, "empty"), "the empty file would have too many names");
    assert_eq!(world.store.verify(&second.sha256).unwrap(), []);
    let executable = Member { mode: 0o100_755, ..Member::new("tool", "same") };
    let third = world.add(&WheelWriter::new("a", "3").member(executable));
    assert_ne!(inode(&first, "same.py"), inode(&third, "tool"), "modes belong to files, not to names");
    let another = world.add(&WheelWriter::new("b", "1").file("same.py", "same"));
    assert_ne!(inode(&first, "same.py"), inode(&another, "same.py"), "only versions of a package are looked through");
}

/// As an installer must that is told what the whole wheel is: its author's RECORD is copied, and not argued about.
#[test]
fn a_wheel_of_stated_digest_is_what_its_author_published() {
    let world = World::new();
    let wrong = "sha256=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let record = format!("a.py,{wrong},6\na-1.0.dist-info/RECORD,,\n");
    let odd = WheelWriter { record: Some(record), ..wheel() };
    let (bytes, name) = (odd.bytes(), odd.filename());
    let refused = world.add_bytes(&bytes, &name, &pybun_model::silent).unwrap_err();
    assert_eq!(code(&refused), "install/bad-record");
    let path = world.root().join("downloaded.whl");
    let unpacking = crate::Unpacking { check_record: false, ..super::CHECKED };
    let stored = world.store.add_wheel(&path, &name, digest(&bytes), unpacking, &pybun_model::silent).unwrap();
    assert_eq!(world.store.verify(&stored.sha256).unwrap(), []);
    let install = crate::Install {
        sha256: stored.sha256,
        name: name.name.clone(),
        version: name.version.clone(),
        requested: false,
        direct_url: None,
    };
    world.install(&[install]).unwrap();
    let record = fs::read_to_string(world.library().join("a-1.0.dist-info/RECORD")).unwrap();
    let line = |path: &str| record.lines().find(|line| line.starts_with(path)).unwrap().to_owned();
    assert_eq!(line("a.py"), format!("a.py,{wrong},6"));
    assert_eq!(line("p/q/r.py"), "p/q/r.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0");
    let sound = || crate::check(&world.store, &world.layout, &world.installed(), 1).unwrap();
    assert_eq!(sound(), [true], "it is as it was unpacked, whatever RECORD says");
    fs::write(world.library().join("a.py"), "y = 2\n").unwrap();
    assert_eq!(sound(), [false]);
}

#[test]
fn a_file_that_two_bring_may_be_that_of_either() {
    let world = World::new();
    let one = |name: &str| {
        let wheel = WheelWriter::new(name, "1").file("shared.txt", name);
        wheel.entry_points(&format!("[console_scripts]\ntool = {name}:main\n"))
    };
    let installs = ["a", "b"].map(|name| world.add(&one(name)));
    let sound = || crate::check(&world.store, &world.layout, &world.installed(), 1).unwrap();
    world.install(&installs).unwrap();
    assert_eq!(sound(), [true, true]);
    world.install(&installs[..1]).unwrap();
    assert_eq!(sound(), [true, true]);
    let shared = world.library().join("shared.txt");
    fs::remove_file(&shared).unwrap();
    assert_eq!(sound(), [false, false]);
    fs::write(&shared, "c").unwrap();
    assert_eq!(sound(), [false, false]);
}

/// As after a power failure.
#[test]
fn a_record_that_was_cut_off_is_damage_and_no_obstacle() {
    let world = World::new();
    let install = world.add(&wheel());
    let record = world.library().join("a-1.0.dist-info/RECORD");
    world.install(std::slice::from_ref(&install)).unwrap();
    let whole = fs::read(&record).unwrap();
    for damaged in [&b""[..], &whole[..10], &whole[..whole.len() - 20], &[0; 300], b"\"never closed"] {
        fs::write(&record, damaged).unwrap();
        fs::remove_file(world.library().join("a.py")).unwrap();
        let found = crate::check(&world.store, &world.layout, &world.installed(), 1).unwrap();
        assert_eq!(found, [false], "{damaged:?}");
        world.install(std::slice::from_ref(&install)).unwrap();
        assert_eq!(fs::read(&record).unwrap(), whole);
        assert_eq!(crate::check(&world.store, &world.layout, &world.installed(), 1).unwrap(), [true]);
    }
}

#[test]
fn damage_is_found_and_a_discarded_wheel_can_be_added_again() {
    let world = World::new();
    let install = world.add(&wheel());
    let root = world.store.tree(&install.sha256);
    fs::write(root.join("a.py"), "changed").unwrap();
    fs::remove_file(root.join("p/q/r.py")).unwrap();
    fs::write(root.join("p/new"), "").unwrap();
    let damage = |path: &str, kind| Damage { path: path.to_owned(), kind };
    let expected = [
        damage("a.py", DamageKind::Changed),
        damage("p/new", DamageKind::Added),
        damage("p/q/r.py", DamageKind::Missing),
    ];
    assert_eq!(world.store.verify(&install.sha256).unwrap(), expected);
    assert_eq!(code(&world.install(std::slice::from_ref(&install)).unwrap_err()), "install/store-damaged");
    assert!(world.installed().is_empty() && !world.library().join("a.py").exists());
    world.store.discard(&install.sha256).unwrap();
    assert!(!world.store.has(&install.sha256));
    assert_eq!(code(&world.install(&[install]).unwrap_err()), "install/not-in-store");
    let again = world.add(&wheel());
    world.install(&[again]).unwrap();
}

#[test]
fn a_changed_manifest_is_damage() {
    let world = World::new();
    let install = world.add(&wheel());
    let manifest = world.store.tree(&install.sha256).with_file_name("manifest");
    fs::write(&manifest, b"rubbish").unwrap();
    assert_eq!(world.store.verify(&install.sha256).unwrap()[0].path, "manifest");
    assert_eq!(code(&world.install(&[install]).unwrap_err()), "install/store-damaged");
}

#[test]
fn an_entry_without_a_manifest_is_replaced() {
    let world = World::new();
    let sha256 = digest(&wheel().bytes());
    let tree = world.store.tree(&sha256);
    fs::create_dir_all(&tree).unwrap();
    fs::write(tree.join("half"), "").unwrap();
    world.add(&wheel());
    assert_eq!(world.store.verify(&sha256).unwrap(), []);
}

#[test]
fn oddities_that_do_no_harm_are_told() {
    let world = World::new();
    let mut odd = wheel();
    odd.wheel = "Wheel-Version: 1.9\n".to_owned();
    odd.record = Some("a.py,md5=xyz,\nmissing.py,,\na-1.0.dist-info/RECORD,,\n".to_owned());
    let notes = Notes::default();
    world.add_bytes(&odd.bytes(), &odd.filename(), &|event| notes.take(event)).unwrap();
    let notes = notes.0.into_inner().unwrap();
    let codes: Vec<_> = notes.iter().map(|(code, _)| *code).collect();
    assert_eq!(codes, ["install/newer-wheel-format", "install/record-mismatch"]);
    assert!(notes[1].1.contains("lacks 3") && notes[1].1.contains("lists 1"), "{}", notes[1].1);
}

#[test]
fn a_full_disk_leaves_nothing() {
    let world = World::new();
    let bytes = wheel().bytes();
    let path = world.root().join("w.whl");
    fs::write(&path, &bytes).unwrap();
    for calls in 0..3 {
        crate::fault::plan(Some((calls, crate::fault::Fault::DiskFull)));
        let error =
            world.store.add_wheel(&path, &wheel().filename(), digest(&bytes), super::CHECKED, &pybun_model::silent);
        assert_eq!(code(&error.unwrap_err()), "install/disk-full");
        assert!(tree(&world.root().join("cache")).is_empty());
    }
}

fn code(error: &Error) -> &'static str {
    Problem::from(error).code
}
