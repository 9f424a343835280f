//! Wheels that are unpacked while they arrive: in whatever pieces, the end is the same.

use super::wheel_writer::WheelWriter;
use super::zip_writer::{Lie, Member, parts, zip};
use super::{World, digest, tree};
use crate::{Arriving, Error, Stored, Unpacking};
use pybun_model::WheelName;
use std::fs;
use std::path::Path;

/// As with a wheel whose digest somebody has stated.
const STATED: Unpacking = Unpacking { threads: 2, check_record: false };

impl World {
    /// Unpacks what is there after each of `cuts` bytes, then the rest.
    pub(super) fn add_early(&self, bytes: &[u8], name: &WheelName, cuts: &[usize]) -> Result<Stored, Error> {
        let path = self.root().join("downloaded.whl");
        let mut arriving = self.store.begin(name)?;
        for cut in cuts {
            fs::write(&path, &bytes[..(*cut).min(bytes.len())]).unwrap();
            arriving.advance(&path, *cut as u64);
        }
        fs::write(&path, bytes).unwrap();
        arriving.finish(&path, digest(bytes), STATED, &pybun_model::silent)
    }

    fn entry(&self, bytes: &[u8]) -> std::collections::BTreeMap<String, String> {
        let _ = fs::remove_file(self.root().join("downloaded.whl"));
        tree(&self.store.entry(&digest(bytes)))
    }
}

fn wheel() -> WheelWriter {
    WheelWriter::new("a", "1.0")
        .file("a.py", "x = 1\n")
        .file("p/__init__.py", "")
        .file("p/q/large.txt", "text ".repeat(10_000))
        .member(Member { method: 0, ..Member::new("stored", "plain") })
        .member(Member { mode: 0o100_755, ..Member::new("p/lib.so", "code") })
        .member(Member { mode: 0o040_755, method: 0, ..Member::new("p/empty/", "") })
        .file("a-1.0.data/scripts/tool", "#!python\n")
        .entry_points("[console_scripts]\ncmd = a:main\n")
}

/// What the store has afterwards, unpacked in one go.
fn whole(bytes: &[u8], name: &WheelName) -> Result<std::collections::BTreeMap<String, String>, String> {
    let world = World::new();
    world.add_early(bytes, name, &[]).map_err(|error| error.to_string())?;
    Ok(world.entry(bytes))
}

#[track_caller]
fn is_the_same(label: &str, bytes: &[u8]) {
    let name = wheel().filename();
    let expected = whole(bytes, &name);
    let step = (bytes.len() / 40).max(1);
    let all: Vec<usize> = (0..=bytes.len()).step_by(step).collect();
    for cuts in [&[bytes.len()][..], &all, &[bytes.len() / 2], &[30, 31, 32, 60]] {
        let world = World::new();
        let found = world.add_early(bytes, &name, cuts).map_err(|error| error.to_string());
        assert_eq!(found.map(|_| world.entry(bytes)), expected, "{label}, {cuts:?}");
        let left = fs::read_dir(world.store.root().join("tmp")).map_or(0, Iterator::count);
        assert_eq!(left, 0, "{label}, {cuts:?}");
    }
}

#[test]
fn the_end_is_that_of_a_whole_file() {
    is_the_same("right", &wheel().bytes());
    let late = Member { descriptor: true, ..Member::new("late.py", "later") };
    is_the_same("described behind the data", &wheel().member(late).bytes());
    is_the_same("without RECORD lines", &WheelWriter { record: Some(String::new()), ..wheel() }.bytes());
}

#[test]
fn what_is_whole_is_on_the_disk_before_the_end() {
    let world = World::new();
    let bytes = wheel().bytes();
    let path = world.root().join("downloaded.whl");
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let mut arriving = world.store.begin(&wheel().filename()).unwrap();
    arriving.advance(&path, bytes.len() as u64 / 2);
    let early =
        |world: &World| tree(&world.store.root().join("tmp")).into_keys().filter(|path| path.ends_with("a.py")).count();
    assert_eq!(early(&world), 1);
    drop(arriving);
    assert_eq!(early(&world), 0);
}

#[cfg(unix)]
#[test]
fn modes_come_with_the_directory() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    let (first, second) = (wheel().bytes(), WheelWriter { version: "2.0".to_owned(), ..wheel() });
    let executable = |bytes: &[u8]| {
        let path = world.store.entry(&digest(bytes)).join("tree/p/lib.so");
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    };
    world.add_early(&first, &wheel().filename(), &[first.len()]).unwrap();
    assert_eq!(executable(&first), 0o755);
    // The same content without the mode is another file, which a link must not change.
    let plain = WheelWriter::new("a", "2.0").file("p/lib.so", "code");
    let bytes = plain.bytes();
    world.add_early(&bytes, &second.filename(), &[bytes.len()]).unwrap();
    let third = WheelWriter::new("a", "3.0").member(Member { mode: 0o100_755, ..Member::new("p/lib.so", "code") });
    let again = third.bytes();
    world.add_early(&again, &third.filename(), &[again.len()]).unwrap();
    assert_eq!((executable(&bytes), executable(&again)), (0o644, 0o755));
}

#[test]
fn headers_that_the_directory_contradicts_are_not_believed() {
    let with = |member: Member| wheel().member(member).bytes();
    let lying = |lie: Lie| with(Member { lie, ..Member::new("b.py", "y = 22222222222222\n") });
    is_the_same("another name", &lying(Lie { local_name: Some(b"c.py".to_vec()), ..Lie::default() }));
    is_the_same("another name outside", &lying(Lie { local_name: Some(b"../c".to_vec()), ..Lie::default() }));
    is_the_same("another checksum", &lying(Lie { crc: Some(7), ..Lie::default() }));
    is_the_same("another size", &lying(Lie { size: Some(7), ..Lie::default() }));
    is_the_same("a gap", &with(Member { gap: b"gap".to_vec(), ..Member::new("b.py", "y") }));
    is_the_same("broken data", &with(Member { data: Some(vec![0xff; 9]), ..Member::new("b.py", "y") }));
    is_the_same("a file twice", &wheel().file("a.py", "again").bytes());
    is_the_same("a file below a file", &wheel().file("a.py/b", "again").bytes());
}

/// A member that the directory does not name is no part of the wheel, and neither are those behind it.
#[test]
fn a_member_that_nobody_names_leaves_nothing() {
    let mut members = wheel().members();
    let hidden = Member::new("hidden.py", "import evil");
    members.insert(0, hidden.clone());
    let mut all = parts(&members);
    let alone = parts(&[hidden]);
    all.directory.drain(..alone.directory.len());
    all.entries -= 1;
    is_the_same("hidden", &all.join());
    let long = wheel().members().into_iter().chain([Member::new("z.py", "z")]).collect::<Vec<_>>();
    is_the_same("not in RECORD", &zip(&long));
}

#[test]
fn a_file_that_was_written_anew_is_read_anew() {
    let world = World::new();
    let (old, new) = (WheelWriter::new("a", "1.0").file("a.py", "old").bytes(), wheel().bytes());
    let path = world.root().join("downloaded.whl");
    fs::write(&path, &old).unwrap();
    let mut arriving: Arriving = world.store.begin(&wheel().filename()).unwrap();
    arriving.advance(&path, old.len() as u64);
    arriving.distrust();
    fs::write(&path, &new).unwrap();
    arriving.finish(&path, digest(&new), STATED, &pybun_model::silent).unwrap();
    let text = fs::read_to_string(world.store.tree(&digest(&new)).join(Path::new("a.py"))).unwrap();
    assert_eq!(text, "x = 1\n");
}
