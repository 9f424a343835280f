//! What the fuzzer calls (`fuzz/`).

use crate::Store;
use crate::entry_points::parse_entry_points;
use crate::manifest::{Manifest, seal};
use crate::record::{parse_record, write_row};
use crate::script::{entry_point_scripts, is_reserved, rewrite_shebang};
use crate::wheel::parse_wheel_file;
use crate::zip::{Archive, Scratch, check_path};
use pybun_model::{Sha256, WheelName};
use std::path::{Component, Path};

/// The reader alone: every member of whatever is an archive.
pub fn zip(bytes: &[u8]) {
    let Ok(archive) = Archive::open(bytes) else { return };
    let mut scratch = Scratch::default();
    for entry in archive.entries() {
        assert_eq!(check_path(&entry.path), Ok(()), "{}", entry.path);
        let mut size = 0;
        let read = archive.extract(entry, &mut scratch, &mut |chunk| {
            size += chunk.len() as u64;
            Ok(())
        });
        assert!(read.is_err() || size == entry.size, "{}: {size} bytes", entry.path);
    }
}

/// A wheel brought into a store, whole and while it arrives: beside the store nothing may change, what is in it is whole,
/// and both ways end in the same.
pub fn wheel(bytes: &[u8]) {
    assert_eq!(add_wheel(bytes, &[]), add_wheel(bytes, &[bytes.len() / 3, bytes.len()]));
}

/// The manifest of the store, when the wheel was accepted.
fn add_wheel(bytes: &[u8], cuts: &[usize]) -> Option<Vec<u8>> {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("a.whl");
    let name: WheelName = "a-1.0-py3-none-any.whl".parse().expect("it is a wheel's name");
    let sha256 = Sha256([7; 32]);
    let store = Store::open(&dir.path().join("cache"));
    let mut arriving = store.begin(&name).expect("the store can be written to");
    std::fs::write(&path, bytes).expect("the archive is written");
    for cut in cuts {
        arriving.advance(&path, *cut as u64);
    }
    let unpacking = crate::Unpacking { threads: 1, check_record: false };
    let result = arriving.finish(&path, sha256, unpacking, &pybun_model::silent);
    let beside = std::fs::read_dir(dir.path()).expect("it can be listed").count();
    assert_eq!(beside, 2, "something was written outside");
    assert_eq!(result.is_ok(), store.has(&sha256));
    result.ok()?;
    let damage = store.verify(&sha256).expect("the tree can be read");
    assert!(damage.is_empty(), "{damage:?}");
    Some(store.manifest_bytes(&sha256).expect("it is there"))
}

pub fn record(bytes: &[u8]) {
    let Ok(rows) = parse_record(bytes) else { return };
    let mut text = String::new();
    for row in &rows {
        write_row(&mut text, &row.path, &[7; 32], 5);
    }
    let again = parse_record(text.as_bytes()).expect("what was written can be read");
    assert!(again.iter().map(|row| &row.path).eq(rows.iter().map(|row| &row.path)), "{text}");
}

/// No name may be a path, and nothing but one call may get into a script.
pub fn entry_points(bytes: &[u8]) {
    let Ok(points) = parse_entry_points(&String::from_utf8_lossy(bytes)) else { return };
    assert!(points.is_sorted_by(|a, b| a.name < b.name));
    for point in points.iter().filter(|point| !is_reserved(&point.name)) {
        let scripts = entry_point_scripts(point, Path::new("/v/bin/python"));
        for script in &scripts {
            assert_eq!(Path::new(&script.name).components().count(), 1, "{}", script.name);
            let text = std::str::from_utf8(&script.content).expect("scripts are text");
            assert_eq!(text.lines().count(), entry_point_lines(), "{text}");
        }
    }
}

/// How many lines the script of the plainest entry point has.
fn entry_point_lines() -> usize {
    let point = parse_entry_points("[console_scripts]\na = b:c").expect("it is right").remove(0);
    let [script, ..] = &entry_point_scripts(&point, Path::new("/v/bin/python"))[..] else { return 0 };
    script.content.split(|byte| *byte == b'\n').count() - 1
}

/// As it is, and as the parts of a manifest with right checksums: then its paths must stay below.
pub fn store_manifest(bytes: &[u8]) {
    drop(Manifest::decode(bytes));
    let sealed = seal(thirds(bytes));
    if let Some(manifest) = Manifest::decode(&sealed) {
        for (path, _) in manifest.tree() {
            let plain = |part| matches!(part, Component::Normal(_));
            assert!(Path::new(&path).components().all(plain), "{path}");
        }
        let again = manifest.encode();
        assert_eq!(Manifest::decode(&again), Manifest::decode(&sealed));
    }
}

/// The lengths of the first two (16 bits, little endian), then three parts.
fn thirds(bytes: &[u8]) -> [&[u8]; 3] {
    let Some((lengths, rest)) = bytes.split_first_chunk::<4>() else { return [bytes, &[], &[]] };
    let length = |at: usize| usize::from(u16::from_le_bytes([lengths[at], lengths[at + 1]]));
    let (first, rest) = rest.split_at(length(0).min(rest.len()));
    let (second, third) = rest.split_at(length(2).min(rest.len()));
    [first, second, third]
}

pub fn wheel_file(bytes: &[u8]) {
    drop(parse_wheel_file(bytes, "a-1.0-py3-none-any.whl"));
}

pub fn shebang(bytes: &[u8]) {
    if let Some(script) = rewrite_shebang(bytes, Path::new("/v/bin/python")) {
        assert!(script.starts_with(b"#!/v/bin/python\n"));
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
        replay("zip", zip);
        replay("wheel", wheel);
        replay("record", record);
        replay("entry_points", entry_points);
        replay("store_manifest", store_manifest);
        replay("wheel_file", wheel_file);
        replay("shebang", shebang);
    }
}
