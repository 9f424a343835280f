//! The reader of archives, alone.

use super::zip_writer::{Member, parts, zip};
use crate::zip::{Archive, Scratch};
use proptest::prelude::*;

/// Reads everything that can be read.
fn read_all(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>, String> {
    let archive = Archive::open(bytes).map_err(|error| error.to_string())?;
    let mut scratch = Scratch::default();
    let mut files = Vec::new();
    for entry in archive.entries() {
        let mut content = Vec::new();
        let mut sink = |chunk: &[u8]| {
            content.extend_from_slice(chunk);
            Ok(())
        };
        archive.extract(entry, &mut scratch, &mut sink).map_err(|error| error.to_string())?;
        files.push((entry.path.clone(), content));
    }
    Ok(files)
}

#[test]
fn reads_every_legal_form() {
    let stored = Member { method: 0, ..Member::new("stored", "plain text") };
    let described = Member { descriptor: true, ..Member::new("described", "x".repeat(1000)) };
    let long = Member { zip64: true, ..Member::new("long", "y".repeat(1000)) };
    let directory = Member { mode: 0o040_755, method: 0, ..Member::new("d/", "") };
    let empty = Member::new("d/ü", "");
    let mut whole = parts(&[stored, described, long, directory, empty]);
    for (zip64_end, comment) in [(false, &b""[..]), (true, b""), (false, b"a comment"), (true, b"PK")] {
        (whole.zip64_end, whole.comment) = (zip64_end, comment.to_vec());
        let files = read_all(&whole.join()).unwrap();
        let names: Vec<_> = files.iter().map(|(name, content)| (name.as_str(), content.len())).collect();
        assert_eq!(names, [("stored", 10), ("described", 1000), ("long", 1000), ("d", 0), ("d/ü", 0)]);
    }
}

#[test]
fn streams_what_is_too_large_for_memory() {
    // The same 64 KiB again and again look new to deflate, which remembers 32.
    let mut state = 1u32;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    })
    .take(64 << 10)
    .collect();
    let content = noise.repeat(33 << 4);
    for method in [0, 8] {
        let mut member = Member { method, ..Member::new("big", &content) };
        assert_eq!(read_all(&zip(std::slice::from_ref(&member))).unwrap()[0].1.len(), content.len());
        member.lie.crc = Some(7);
        assert!(read_all(&zip(&[member])).unwrap_err().contains("checksum"));
    }
}

#[test]
fn an_empty_archive_has_no_members() {
    assert_eq!(read_all(&zip(&[])), Ok(Vec::new()));
}

proptest! {
    #[test]
    fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = read_all(&bytes);
    }

    #[test]
    fn never_panics_on_a_damaged_archive(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<prop::sample::Index>(),
        descriptor in any::<bool>(),
        zip64_end in any::<bool>(),
    ) {
        let members = [
            Member { descriptor, ..Member::new("a/b.py", "content ".repeat(20)) },
            Member { zip64: true, method: 0, ..Member::new("c", "x") },
        ];
        let mut whole = parts(&members);
        whole.zip64_end = zip64_end;
        let mut bytes = whole.join();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let _ = read_all(&bytes);
        bytes.truncate(cut.index(bytes.len()));
        let _ = read_all(&bytes);
    }

    #[test]
    fn reads_what_was_written(
        files in prop::collection::btree_map("[a-zé]{1,8}", prop::collection::vec(any::<u8>(), 0..200), 0..6)
    ) {
        let members: Vec<Member> = files.iter().map(|(name, content)| Member::new(name, content)).collect();
        let read: std::collections::BTreeMap<_, _> = read_all(&zip(&members)).unwrap().into_iter().collect();
        prop_assert_eq!(read, files);
    }
}
