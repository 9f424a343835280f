//! Wheels that must not be unpacked, each with the problem that is told; nothing of them may remain.

use super::wheel_writer::WheelWriter;
use super::zip_writer::{Lie, Member, Parts, parts, zip};
use super::{World, tree};
use pybun_model::{Problem, WheelName};
use std::fs;

const BROKEN: &str = "install/broken-wheel";
const TRAVERSAL: &str = "install/path-traversal";
const RECORD: &str = "install/bad-record";
const RESERVED: &str = "install/reserved-script";

fn wheel() -> WheelWriter {
    WheelWriter::new("a", "1.0").file("a.py", "x = 1\n")
}

#[track_caller]
fn refused(label: &str, bytes: &[u8], code: &str) {
    let name: WheelName = "a-1.0-py3-none-any.whl".parse().unwrap();
    let world = World::new();
    let error = world.add_bytes(bytes, &name, &pybun_model::silent).expect_err(label);
    let problem = Problem::from(&error);
    assert_eq!(problem.code, code, "{label}: {}", problem.message);
    assert!(problem.hint.is_some(), "{label} has a hint");
    fs::remove_file(world.root().join("downloaded.whl")).unwrap();
    assert!(tree(world.root()).is_empty(), "{label} leaves {:?}", tree(world.root()).keys());
    // What contradicts RECORD alone is only looked for when nobody has stated the digest.
    if code != RECORD {
        let world = World::new();
        let early = world.add_early(bytes, &name, &[bytes.len() / 2, bytes.len()]).expect_err(label);
        assert_eq!(Problem::from(&early).code, code, "{label}, while it arrives: {early}");
        fs::remove_file(world.root().join("downloaded.whl")).unwrap();
        assert!(tree(world.root()).is_empty(), "{label} leaves {:?}", tree(world.root()).keys());
    }
}

fn with(member: Member) -> Vec<u8> {
    wheel().member(member).bytes()
}

fn lying(lie: Lie) -> Vec<u8> {
    with(Member { lie, ..Member::new("b.py", "y = 22222222222222\n") })
}

fn joined(change: impl FnOnce(&mut Parts)) -> Vec<u8> {
    let mut parts = parts(&wheel().members());
    change(&mut parts);
    parts.join()
}

/// A path of a hundred bytes makes fifty directories.
#[test]
fn directories_are_bounded_as_files_are() {
    let deep = |count: usize| {
        let mut members = wheel().members();
        members.extend((0..count).map(|n| Member::new(format!("z{n}/{}b.py", "d/".repeat(120)), "")));
        zip(&members)
    };
    refused("more directories than files", &deep(200), BROKEN);
    let name: WheelName = "a-1.0-py3-none-any.whl".parse().unwrap();
    assert!(World::new().add_bytes(&deep(10), &name, &pybun_model::silent).is_ok());
}

/// A journal has a line for each of these directories.
#[test]
fn metadata_is_in_a_directory_of_one_line() {
    for stem in ["a-1.0\n", "a-1.0 ", "a-\u{a0}1.0"] {
        let mut members = wheel().members();
        for member in &mut members {
            let name = String::from_utf8(member.name.clone()).unwrap();
            member.name = name.replace("a-1.0.dist-info", &format!("{stem}.dist-info")).into_bytes();
        }
        refused(stem, &zip(&members), BROKEN);
    }
}

#[test]
fn a_right_wheel_is_accepted() {
    let world = World::new();
    let name = wheel().filename();
    assert!(world.add_bytes(&wheel().bytes(), &name, &pybun_model::silent).is_ok());
    assert!(world.add_bytes(&joined(|parts| parts.zip64_end = true), &name, &pybun_model::silent).is_ok());
}

#[test]
fn files_that_are_no_archive() {
    let whole = wheel().bytes();
    refused("empty file", b"", BROKEN);
    refused("error page", b"<html>not found</html>", BROKEN);
    for at in [1, 30, whole.len() / 2, whole.len() - 1] {
        refused("cut off", &whole[..at], BROKEN);
    }
    refused("trailing data", &[&whole[..], b"x"].concat(), BROKEN);
    refused("two archives", &[&whole[..], &whole[..]].concat(), BROKEN);
    refused("data before the first member", &[b"#!/bin/sh\n", &whole[..]].concat(), BROKEN);
}

#[test]
fn paths_that_leave() {
    for path in ["../x", "a/../../x", "/x", "C:/x", "c:x", "a\\..\\x", "..", "a//x", "./x", "a/./x", "nul\0byte"] {
        refused(path, &with(Member::new(path, "x")), TRAVERSAL);
    }
    refused("long path", &with(Member::new("x/".repeat(3000) + "y", "x")), TRAVERSAL);
    refused("deep path", &with(Member::new("x/".repeat(200) + "y", "x")), TRAVERSAL);
    refused("no UTF-8", &with(Member::new(b"\xff\xfe.py", "x")), TRAVERSAL);
}

#[test]
fn members_that_are_no_files() {
    for (label, mode) in [("link", 0o120_777), ("pipe", 0o010_644), ("device", 0o020_666), ("socket", 0o140_644)] {
        refused(label, &with(Member { mode, ..Member::new("x", "/etc/passwd") }), TRAVERSAL);
    }
    let directory = |name: &str, mode| Member { mode, method: 0, ..Member::new(name, "") };
    refused("directory by its mode only", &with(directory("x", 0o040_755)), BROKEN);
    refused("file by its mode only", &with(directory("x/", 0o100_644)), BROKEN);
    refused("directory with content", &with(Member { mode: 0o040_755, ..Member::new("x/", "content") }), BROKEN);
}

#[test]
fn members_that_nobody_should_decode() {
    for bit in [0, 5, 6, 13] {
        refused("encrypted or patched", &with(Member { flags: 1 << bit, ..Member::new("b.py", "x") }), BROKEN);
    }
    for method in [1, 9, 12, 14, 93, 95, 99] {
        refused("unknown method", &with(Member { method, ..Member::new("b.py", "x") }), BROKEN);
    }
    let garbage = Some(b"\xff\xff\xff\xff".to_vec());
    refused("no deflate data", &with(Member { data: garbage, ..Member::new("b.py", "x") }), BROKEN);
}

#[test]
fn two_readings_of_one_archive() {
    refused("same name twice", &with(Member::new("a.py", "other")), BROKEN);
    refused("below a file", &with(Member::new("a.py/b.py", "x")), BROKEN);
    refused("another local name", &lying(Lie { local_name: Some(b"c.py".to_vec()), ..Lie::default() }), BROKEN);
    refused("another local size", &lying(Lie { local_size: Some(3), ..Lie::default() }), BROKEN);
    refused("another local method", &lying(Lie { local_method: Some(0), ..Lie::default() }), BROKEN);
    refused("wrong checksum", &lying(Lie { crc: Some(1), ..Lie::default() }), BROKEN);
    refused("size too large", &lying(Lie { size: Some(20), ..Lie::default() }), BROKEN);
    refused("size too small", &lying(Lie { size: Some(3), ..Lie::default() }), BROKEN);
    refused("two members in the same place", &lying(Lie { offset: Some(0), ..Lie::default() }), BROKEN);
    refused("behind the end", &lying(Lie { offset: Some(1 << 30), ..Lie::default() }), BROKEN);
    refused("in another part", &lying(Lie { disk: 1, ..Lie::default() }), BROKEN);
    refused("hidden data", &with(Member { gap: b"hidden".to_vec(), ..Member::new("b.py", "x") }), BROKEN);
    let lie = Lie { descriptor_crc: Some(1), ..Lie::default() };
    refused("wrong descriptor", &with(Member { descriptor: true, lie, ..Member::new("b.py", "x") }), BROKEN);
    let unicode_path = [&b"\x75\x70\x09\x00\x01\0\0\0\0"[..], b"evil"].concat();
    refused("second name", &with(Member { extra: unicode_path, ..Member::new("b.py", "x") }), BROKEN);
    let two = Member { zip64: true, extra: [&[1u8, 0, 16, 0][..], &[0; 16]].concat(), ..Member::new("b.py", "x") };
    refused("two zip64 fields", &with(two), BROKEN);
    let lie = Lie { size: Some(u32::MAX), ..Lie::default() };
    refused("no zip64 field", &with(Member { lie, ..Member::new("b.py", "x") }), BROKEN);
}

#[test]
fn ends_that_lie() {
    refused("split archive", &joined(|parts| parts.disk = 1), BROKEN);
    refused("fewer members than there are", &joined(|parts| parts.entries -= 1), BROKEN);
    refused("more members than there are", &joined(|parts| parts.entries += 1), BROKEN);
    refused("missing zip64 end", &joined(|parts| parts.short_entries = Some(u16::MAX)), BROKEN);
    refused(
        "two ends that disagree",
        &joined(|parts| (parts.zip64_end, parts.short_entries) = (true, Some(1))),
        BROKEN,
    );
    let inner = [&0x0605_4b50u32.to_le_bytes()[..], &[0; 18]].concat();
    refused("an end in the comment", &joined(|parts| parts.comment = inner), BROKEN);
}

#[test]
fn decompression_bombs() {
    let claim = Lie { size: Some(3_000_000_000), local_size: Some(3_000_000_000), ..Lie::default() };
    refused("claims more than deflate can do", &lying(claim), BROKEN);
    let part = |index: u32| Member {
        data: Some(vec![0; 40 << 10]),
        lie: Lie { size: Some(40 << 20), ..Lie::default() },
        ..Member::new(format!("z{index}"), "")
    };
    let bomb = (0..4).fold(wheel(), |wheel, index| wheel.member(part(index)));
    refused("160 MB out of 160 KB", &bomb.bytes(), BROKEN);
}

#[test]
fn wheels_that_are_another_or_none() {
    let changed = |change: fn(&mut WheelWriter)| {
        let mut wheel = wheel();
        change(&mut wheel);
        wheel.bytes()
    };
    refused("another project", &changed(|wheel| wheel.name = "b".into()), BROKEN);
    refused("another version", &changed(|wheel| wheel.version = "2.0".into()), BROKEN);
    refused("metadata of another project", &changed(|wheel| wheel.metadata = "Name: b\nVersion: 1.0\n".into()), BROKEN);
    refused("metadata of another version", &changed(|wheel| wheel.metadata = "Name: a\nVersion: 2\n".into()), BROKEN);
    refused("metadata without a name", &changed(|wheel| wheel.metadata = "\nName: a\nVersion: 1.0\n".into()), BROKEN);
    refused("no format version", &changed(|wheel| wheel.wheel = "Generator: x\n".into()), BROKEN);
    refused("format 2", &changed(|wheel| wheel.wheel = "Wheel-Version: 2.0\n".into()), "install/wheel-too-new");
    refused("two .dist-info", &wheel().file("b-1.0.dist-info/METADATA", "").bytes(), BROKEN);
    let without = |name: &str| {
        let suffix = format!("/{name}").into_bytes();
        let members: Vec<Member> =
            wheel().members().into_iter().filter(|member| !member.name.ends_with(&suffix)).collect();
        parts(&members).join()
    };
    refused("no WHEEL", &without("WHEEL"), BROKEN);
    refused("no METADATA", &without("METADATA"), BROKEN);
    refused("no RECORD", &without("RECORD"), RECORD);
    refused("no .dist-info", &parts(&[Member::new("a.py", "x")]).join(), BROKEN);
}

#[test]
fn records_that_contradict() {
    let record = |text: &str| WheelWriter { record: Some(text.to_owned()), ..wheel() }.bytes();
    refused("another content", &record("a.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,6\n"), RECORD);
    let hex = "0".repeat(64);
    refused("another content in hexadecimal", &record(&format!("a.py,sha256={hex},6\n")), RECORD);
    refused("another content by SHA256", &record("a.py,SHA256=AAAA,6\n"), RECORD);
    refused("another content by SHA-512", &record("a.py,sha512=AAAA,6\n"), RECORD);
    refused("two lines for one file", &record("a.py,,1\na.py,,2\n"), RECORD);
    refused("no CSV", &record("\"a.py,,\n"), RECORD);
    refused("size that is no number", &record("a.py,,many\n"), RECORD);
    refused("path above", &record("../../x,,\n"), TRAVERSAL);
    refused("absolute path", &record("/etc/passwd,,\n"), TRAVERSAL);
}

#[test]
fn commands_and_data_that_no_wheel_may_bring() {
    let command = |name: &str| wheel().entry_points(&format!("[console_scripts]\n{name} = a:main\n")).bytes();
    for name in ["python", "Python3.EXE", "python3.12", "../x", "a/b", "a\\b", "."] {
        refused(name, &command(name), RESERVED);
        let script = format!("a-1.0.data/scripts/{name}");
        if !name.contains(['.', '\\']) || name.contains("python") {
            refused(&script, &with(Member::new(&script, "#!python\n")), RESERVED);
        }
    }
    for path in ["bin/python", "bin/Python3", "Scripts/python.exe", "pyvenv.cfg"] {
        refused(path, &with(Member::new(format!("a-1.0.data/data/{path}"), "x")), RESERVED);
    }
    for path in [".pybun-journal", ".pybun-trees", "a-1.0.data/data/lib/python3.12/site-packages/.pybun-journal.new"] {
        refused(path, &with(Member::new(path, "x")), BROKEN);
    }
    refused("another distribution", &with(Member::new("a-1.0.data/purelib/b-1.dist-info/RECORD", "x")), BROKEN);
    refused("no call", &wheel().entry_points("[console_scripts]\nx = a:b;import os\n").bytes(), BROKEN);
    refused("unknown kind of data", &with(Member::new("a-1.0.data/other/x", "x")), BROKEN);
    refused("data of no kind", &with(Member::new("a-1.0.data/x", "x")), BROKEN);
    refused("a file twice by two ways", &with(Member::new("a-1.0.data/purelib/a.py", "x")), BROKEN);
    let forged = "a-1.0.data/purelib/a-1.0.dist-info/RECORD";
    refused("a forged RECORD", &with(Member::new(forged, "x")), BROKEN);
}
