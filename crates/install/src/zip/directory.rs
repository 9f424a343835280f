//! The central directory: every member, checked against every other. Source: APPNOTE 6.3.10, section 4.3.12.

use super::bytes::Bytes;
use super::end::End;
use super::entry::Entry;
use super::path::check_path;
use super::{ReadAt, ZipError};
use std::collections::{HashMap, HashSet};

pub(crate) const CENTRAL: u32 = 0x0201_4b50;
const ZIP64: u16 = 0x0001;
const UNICODE_PATH: u16 = 0x7075;
/// Encrypted, patched, strongly encrypted, masked.
const REFUSED_FLAGS: u16 = 1 | 1 << 5 | 1 << 6 | 1 << 13;
/// The best that deflate can do, and some bytes for tiny members.
const MAX_DEFLATE_RATIO: u64 = 1032;
const FREE_DIRECTORIES: usize = 10_000;

pub(crate) fn read<R: ReadAt>(source: &R, end: &End) -> Result<Vec<Entry>, ZipError> {
    let mut directory = vec![0; end.size as usize];
    source.read_exact_at(&mut directory, end.offset).map_err(ZipError::Read)?;
    let mut bytes = Bytes(&directory);
    // A record has at least 46 bytes, so a lying count reserves nothing.
    let mut entries = Vec::with_capacity(end.entries.min(end.size / 46) as usize);
    for _ in 0..end.entries {
        entries.push(parse(&mut bytes)?);
    }
    if !bytes.0.is_empty() {
        return Err(ZipError::Archive("its central directory holds more than its members"));
    }
    check_names(&entries)?;
    set_spans(&mut entries, end.offset)?;
    Ok(entries)
}

fn parse(bytes: &mut Bytes<'_>) -> Result<Entry, ZipError> {
    let raw = parse_raw(bytes).ok_or(ZipError::Archive("its central directory is cut off"))?;
    let text = str::from_utf8(raw.name).map_err(|_| ZipError::Path {
        path: String::from_utf8_lossy(&raw.name[..raw.name.len().min(200)]).into_owned(),
        why: "has a name that is not UTF-8",
    })?;
    let directory = text.ends_with('/');
    let path = text.strip_suffix('/').unwrap_or(text);
    check_path(path).map_err(|why| ZipError::Path { path: path.chars().take(200).collect(), why })?;
    let mut entry = Entry {
        path: path.to_owned(),
        directory,
        flags: raw.flags,
        method: raw.method,
        crc: raw.crc,
        compressed: raw.compressed,
        size: raw.size,
        executable: false,
        offset: raw.offset,
        span: 0,
    };
    read_extra(&mut entry, &raw)?;
    read_mode(&mut entry, raw.attributes)?;
    check(&entry)?;
    Ok(entry)
}

struct Raw<'a> {
    flags: u16,
    method: u16,
    crc: u32,
    compressed: u64,
    size: u64,
    disk: u16,
    attributes: u32,
    offset: u64,
    name: &'a [u8],
    extra: &'a [u8],
}

fn parse_raw<'a>(bytes: &mut Bytes<'a>) -> Option<Raw<'a>> {
    if bytes.u32()? != CENTRAL {
        return None;
    }
    bytes.take(4)?; // the versions that made it and that it needs
    let (flags, method) = (bytes.u16()?, bytes.u16()?);
    bytes.take(4)?; // time and date
    let (crc, compressed, size) = (bytes.u32()?, bytes.u32()?, bytes.u32()?);
    let (name, extra, comment) = (bytes.u16()?, bytes.u16()?, bytes.u16()?);
    let disk = bytes.u16()?;
    bytes.take(2)?; // internal attributes
    let (attributes, offset) = (bytes.u32()?, bytes.u32()?);
    let (name, extra) = (bytes.take(name.into())?, bytes.take(extra.into())?);
    bytes.take(comment.into())?;
    let (compressed, size, offset) = (compressed.into(), size.into(), offset.into());
    Some(Raw { flags, method, crc, compressed, size, disk, attributes, offset, name, extra })
}

/// The zip64 field replaces the numbers that are saturated, in their order; a second name must be the same name.
fn read_extra(entry: &mut Entry, raw: &Raw<'_>) -> Result<(), ZipError> {
    let saturated = u64::from(u32::MAX);
    let needs64 = [raw.size, raw.compressed, raw.offset].contains(&saturated);
    let mut found64 = false;
    for (id, mut field) in extra_fields(raw.extra) {
        if id == ZIP64 {
            if std::mem::replace(&mut found64, true) {
                return Err(entry.bad("has two zip64 fields"));
            }
            let numbers = [&mut entry.size, &mut entry.compressed, &mut entry.offset];
            let complete = numbers.into_iter().filter(|number| **number == saturated).all(|number| {
                let long = field.u64();
                *number = long.unwrap_or_default();
                long.is_some()
            });
            if !complete {
                return Err(entry.bad("has a zip64 field that is too short"));
            }
        } else if id == UNICODE_PATH && field.take(5).is_none_or(|_| field.0 != raw.name) {
            return Err(entry.bad("has a second, different name"));
        }
    }
    if needs64 && !found64 {
        return Err(entry.bad("lacks its zip64 field"));
    }
    if raw.disk != 0 {
        return Err(entry.bad("is said to be in another part of a split archive"));
    }
    Ok(())
}

/// The fields of an extra block. What follows a field that is cut off is padding and says nothing.
pub(crate) fn extra_fields(extra: &[u8]) -> impl Iterator<Item = (u16, Bytes<'_>)> {
    let mut bytes = Bytes(extra);
    std::iter::from_fn(move || {
        let (id, size) = (bytes.u16()?, bytes.u16()?);
        Some((id, Bytes(bytes.take(size.into())?)))
    })
}

/// The zip64 field's numbers in a local header: size, then compressed size.
pub(crate) fn local_zip64(extra: &[u8]) -> Option<(u64, u64)> {
    let (_, mut field) = extra_fields(extra).find(|(id, _)| *id == ZIP64)?;
    Some((field.u64()?, field.u64()?))
}

/// Unix modes are in the upper half of the external attributes.
fn read_mode(entry: &mut Entry, attributes: u32) -> Result<(), ZipError> {
    let mode = attributes >> 16;
    let bad = |why| Err(ZipError::Path { path: entry.path.clone(), why });
    match mode & 0o170_000 {
        0 | 0o100_000 if !entry.directory => {}
        0 | 0o040_000 if entry.directory => {}
        0o120_000 => return bad("is a symbolic link"),
        0o100_000 | 0o040_000 => {
            return Err(entry.bad("is a file by its name or its mode and a directory by the other"));
        }
        _ => return bad("is neither a file nor a directory"),
    }
    entry.executable = mode & 0o170_000 == 0o100_000 && mode & 0o111 != 0;
    Ok(())
}

pub(super) fn check(entry: &Entry) -> Result<(), ZipError> {
    if entry.flags & REFUSED_FLAGS != 0 {
        return Err(entry.bad("is encrypted or a patch"));
    }
    match entry.method {
        0 if entry.compressed != entry.size => return Err(entry.bad("is stored with two different sizes")),
        0 | 8 => {}
        _ => return Err(entry.bad("is compressed in a way that wheels may not use")),
    }
    if entry.directory && entry.size != 0 {
        return Err(entry.bad("is a directory with content"));
    }
    if entry.size > (entry.compressed + 16).saturating_mul(MAX_DEFLATE_RATIO) {
        return Err(entry.bad("claims a size that its data cannot have"));
    }
    Ok(())
}

/// No name twice, and no file that is also a directory.
fn check_names(entries: &[Entry]) -> Result<(), ZipError> {
    let mut kinds: HashMap<&str, bool> = HashMap::with_capacity(entries.len());
    for entry in entries {
        if let Some(directory) = kinds.insert(&entry.path, entry.directory)
            && !(directory && entry.directory)
        {
            return Err(entry.bad("occurs twice"));
        }
    }
    let most = max_directories(entries.len());
    let mut directories: HashSet<&str> = HashSet::new();
    for entry in entries {
        let mut path = entry.path.as_str();
        if entry.directory {
            directories.insert(path);
        }
        while let Some((parent, _)) = path.rsplit_once('/') {
            // What is above one that is known is known.
            if !directories.insert(parent) {
                break;
            }
            if kinds.get(parent) == Some(&false) {
                return Err(entry.bad("lies below a file"));
            }
            path = parent;
        }
        if directories.len() > most {
            return Err(TOO_MANY_DIRECTORIES);
        }
    }
    Ok(())
}

pub(crate) const TOO_MANY_DIRECTORIES: ZipError =
    ZipError::Archive("it makes far more directories than such an archive may");

/// A path of one member makes as many as it is deep. Real wheels have fewer directories than members.
pub(crate) fn max_directories(members: usize) -> usize {
    FREE_DIRECTORIES + 2 * members
}

/// Each member reaches up to the next one, the last one up to the central directory, the first one starts the file.
fn set_spans(entries: &mut [Entry], directory_at: u64) -> Result<(), ZipError> {
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by_key(|&index| entries[index].offset);
    let mut next = directory_at;
    for &index in order.iter().rev() {
        let entry = &mut entries[index];
        entry.span = next.checked_sub(entry.offset).ok_or(ZipError::Archive("its members lie behind its directory"))?;
        // A local header alone has 30 bytes.
        if entry.span < 30 + entry.compressed.min(directory_at) {
            return Err(entry.bad("overlaps what follows it"));
        }
        next = entry.offset;
    }
    if next == 0 { Ok(()) } else { Err(ZipError::Archive("something precedes its first member")) }
}
