//! Finds one small member of a zip archive of which only the end is at hand. Everything in it is hostile: sizes are
//! bounded before anything is allocated, offsets are checked before they are used.
//! Source: APPNOTE.TXT 6.3.10, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.14 to 4.3.16 (ends).

use std::io::Read;

/// Larger directories than any distribution has.
const MAX_DIRECTORY: u64 = 64 << 20;
/// A member that is larger once inflated is refused.
pub(crate) const MAX_MEMBER: u64 = 16 << 20;
/// A local header may have more extra fields than the directory says; so much more is asked for.
const SLACK: u64 = 4096;

const END: u32 = 0x0605_4b50;
const END_SIZE: usize = 22;
const END64: u32 = 0x0606_4b50;
const END64_SIZE: usize = 56;
const LOCATOR64: u32 = 0x0706_4b50;
const LOCATOR64_SIZE: usize = 20;
const CENTRAL: u32 = 0x0201_4b50;
const CENTRAL_SIZE: usize = 46;
const LOCAL: u32 = 0x0403_4b50;
const LOCAL_SIZE: usize = 30;

/// A part of an archive: the bytes from `start` on.
#[derive(Clone, Copy)]
pub(crate) struct Part<'a> {
    pub(crate) start: u64,
    pub(crate) bytes: &'a [u8],
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step<T> {
    Done(T),
    /// These bytes are missing: from the first to before the second.
    Need(u64, u64),
}

/// A member as the central directory describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) name: String,
    method: u16,
    flags: u16,
    crc: u32,
    packed: u64,
    size: u64,
    /// Where its local header starts, and the end of the space it can be in.
    offset: u64,
    limit: u64,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadZip {
    #[error("it is not a zip archive")]
    NoEnd,
    #[error("its directory is broken")]
    Directory,
    #[error("it spans several files")]
    Spanned,
    #[error("its directory is larger than {MAX_DIRECTORY} bytes")]
    DirectoryTooLarge,
    #[error("it holds no `{0}`")]
    Absent(&'static str),
    #[error("it holds more than one `{0}`")]
    Ambiguous(&'static str),
    #[error("`{0}` is larger than {MAX_MEMBER} bytes")]
    MemberTooLarge(String),
    #[error("`{0}` is encrypted or packed in an unknown way")]
    Method(String),
    #[error("`{0}` is broken")]
    Member(String),
}

/// Finds the only member that `wanted` accepts. `tail` must reach to the end of the archive; `what` names the member.
pub(crate) fn find(tail: Part, what: &'static str, wanted: impl Fn(&str) -> bool) -> Result<Step<Member>, BadZip> {
    let (from, size, end) = match directory(tail)? {
        Step::Done(found) => found,
        Step::Need(from, to) => return Ok(Step::Need(from, to)),
    };
    if from < tail.start {
        return Ok(Step::Need(from, tail.start));
    }
    let entries = slice(tail, from, size).ok_or(BadZip::Directory)?;
    debug_assert!(from + size <= end);
    let mut found = None;
    let mut rest = entries;
    while !rest.is_empty() {
        let (entry, after) = entry(rest).ok_or(BadZip::Directory)?;
        rest = after;
        let Ok(name) = std::str::from_utf8(entry.name) else { continue };
        if !wanted(name) {
            continue;
        }
        if found.is_some() {
            return Err(BadZip::Ambiguous(what));
        }
        found = Some(member(name, &entry, from).ok_or(BadZip::Directory)?);
    }
    found.map(Step::Done).ok_or(BadZip::Absent(what))
}

/// The content of a member, from a part that may hold it.
pub(crate) fn extract(member: &Member, part: Part) -> Result<Step<Vec<u8>>, BadZip> {
    let broken = || BadZip::Member(member.name.clone());
    if member.size > MAX_MEMBER || member.packed > MAX_MEMBER {
        return Err(BadZip::MemberTooLarge(member.name.clone()));
    }
    if member.flags & 1 != 0 || !matches!(member.method, 0 | 8) {
        return Err(BadZip::Method(member.name.clone()));
    }
    let guess = member.offset + LOCAL_SIZE as u64 + member.name.len() as u64 + member.packed + SLACK;
    let Some(header) = slice(part, member.offset, LOCAL_SIZE as u64) else {
        let need = Step::Need(member.offset, guess.min(member.limit));
        return if holds(part, member.offset, guess.min(member.limit)) { Err(broken()) } else { Ok(need) };
    };
    if u32_at(header, 0) != Some(LOCAL) {
        return Err(broken());
    }
    let names = u64::from(u16_at(header, 26).unwrap_or(0)) + u64::from(u16_at(header, 28).unwrap_or(0));
    let start = member.offset + LOCAL_SIZE as u64 + names;
    let end = start + member.packed;
    if end > member.limit {
        return Err(broken());
    }
    let Some(packed) = slice(part, start, member.packed) else { return Ok(Step::Need(member.offset, end)) };
    let mut content = Vec::with_capacity(member.size as usize);
    match member.method {
        0 => content.extend_from_slice(packed),
        _ => {
            let mut decoder = flate2::bufread::DeflateDecoder::new(packed).take(member.size + 1);
            decoder.read_to_end(&mut content).map_err(|_| broken())?;
        }
    }
    if content.len() as u64 != member.size || crc32fast::hash(&content) != member.crc {
        return Err(broken());
    }
    Ok(Step::Done(content))
}

/// What may stand between the directory and the end records: nothing, but for extensible data.
const MAX_GAP: u64 = 64 << 10;

/// Where the central directory starts, how long it is, and where the end records start.
fn directory(tail: Part) -> Result<Step<(u64, u64, u64)>, BadZip> {
    let bytes = tail.bytes;
    let at = end_record(bytes).ok_or(BadZip::NoEnd)?;
    let end = &bytes[at..];
    let field = |at| u16_at(end, at).ok_or(BadZip::NoEnd);
    let wide = |at| u32_at(end, at).ok_or(BadZip::NoEnd);
    let (disk, entries, size, from) = (field(4)?, field(10)?, wide(12)?, wide(16)?);
    let mut end_at = tail.start + at as u64;
    let is_64 = entries == u16::MAX || size == u32::MAX || from == u32::MAX || disk == u16::MAX;
    if is_64 && at < LOCATOR64_SIZE && tail.start > 0 {
        return Ok(Step::Need(end_at.saturating_sub(LOCATOR64_SIZE as u64), tail.start));
    }
    let locator = at.checked_sub(LOCATOR64_SIZE).map(|at| &bytes[at..]);
    let locator = locator.filter(|locator| u32_at(locator, 0) == Some(LOCATOR64));
    let (size, from) = match locator.filter(|_| is_64) {
        None if disk != 0 => return Err(BadZip::Spanned),
        None => (u64::from(size), u64::from(from)),
        Some(locator) => {
            let place = u64_at(locator, 8).ok_or(BadZip::Directory)?;
            let locator_at = end_at.saturating_sub(LOCATOR64_SIZE as u64);
            if place.checked_add(END64_SIZE as u64).is_none_or(|end| end > locator_at || locator_at - end > MAX_GAP) {
                return Err(BadZip::Directory);
            }
            if place < tail.start {
                return Ok(Step::Need(place, tail.start));
            }
            let record = slice(tail, place, END64_SIZE as u64).ok_or(BadZip::Directory)?;
            if u32_at(record, 0) != Some(END64) || place >= end_at {
                return Err(BadZip::Directory);
            }
            end_at = place;
            (u64_at(record, 40).ok_or(BadZip::Directory)?, u64_at(record, 48).ok_or(BadZip::Directory)?)
        }
    };
    if size > MAX_DIRECTORY {
        return Err(BadZip::DirectoryTooLarge);
    }
    match from.checked_add(size) {
        // Were a gap allowed, an index could make a client read gigabytes to reach the directory.
        Some(to) if to <= end_at && end_at - to <= MAX_GAP => Ok(Step::Done((from, size, end_at))),
        _ => Err(BadZip::Directory),
    }
}

/// The last end record whose comment reaches exactly to the end of the archive.
fn end_record(bytes: &[u8]) -> Option<usize> {
    let last = bytes.len().checked_sub(END_SIZE)?;
    let first = last.saturating_sub(usize::from(u16::MAX));
    (first..=last).rev().find(|&at| {
        u32_at(bytes, at) == Some(END)
            && u16_at(bytes, at + 20).is_some_and(|comment| at + END_SIZE + usize::from(comment) == bytes.len())
    })
}

/// An entry of a central directory: its name, its fixed and its extra fields.
struct Entry<'a> {
    name: &'a [u8],
    fixed: &'a [u8],
    extra: &'a [u8],
}

/// The first entry and what follows it.
fn entry(bytes: &[u8]) -> Option<(Entry<'_>, &[u8])> {
    if u32_at(bytes, 0)? != CENTRAL {
        return None;
    }
    let (name, extra, comment) = (u16_at(bytes, 28)?, u16_at(bytes, 30)?, u16_at(bytes, 32)?);
    let (fixed, rest) = bytes.split_at_checked(CENTRAL_SIZE)?;
    let (name, rest) = rest.split_at_checked(name.into())?;
    let (extra, rest) = rest.split_at_checked(extra.into())?;
    let (_, rest) = rest.split_at_checked(comment.into())?;
    Some((Entry { name, fixed, extra }, rest))
}

fn member(name: &str, entry: &Entry, limit: u64) -> Option<Member> {
    let fixed = entry.fixed;
    let mut wide = wide_fields(entry.extra);
    // Zip64 states, in this order, only the fields that are full in the fixed part (4.5.3).
    let mut field = |at| {
        let value = u32_at(fixed, at)?;
        if value == u32::MAX { wide.next() } else { Some(u64::from(value)) }
    };
    let (size, packed, offset) = (field(24)?, field(20)?, field(42)?);
    let fits = offset.checked_add(packed)?.checked_add(LOCAL_SIZE as u64)? <= limit;
    fits.then(|| Member {
        name: name.to_owned(),
        method: u16_at(fixed, 10).unwrap_or(u16::MAX),
        flags: u16_at(fixed, 8).unwrap_or(u16::MAX),
        crc: u32_at(fixed, 16).unwrap_or(0),
        packed,
        size,
        offset,
        limit,
    })
}

fn wide_fields(mut extra: &[u8]) -> impl Iterator<Item = u64> + '_ {
    let mut found: &[u8] = &[];
    while let (Some(id), Some(size)) = (u16_at(extra, 0), u16_at(extra, 2)) {
        let Some(data) = extra.get(4..4 + usize::from(size)) else { break };
        if id == 1 {
            found = data;
            break;
        }
        extra = &extra[4 + usize::from(size)..];
    }
    found.chunks_exact(8).filter_map(|chunk| u64_at(chunk, 0))
}

fn slice<'a>(part: Part<'a>, from: u64, size: u64) -> Option<&'a [u8]> {
    let at = usize::try_from(from.checked_sub(part.start)?).ok()?;
    part.bytes.get(at..at.checked_add(usize::try_from(size).ok()?)?)
}

fn holds(part: Part, from: u64, to: u64) -> bool {
    to >= from && slice(part, from, to - from).is_some()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|bytes| u16::from_le_bytes(*bytes))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::archive::{noise, zip};
    use proptest::prelude::*;

    const WHAT: &str = "M";

    fn wanted(name: &str) -> bool {
        name == WHAT
    }

    /// Reads a member as a client would: the last `window` bytes first, then whatever is asked for.
    fn read(bytes: &[u8], window: usize) -> Result<Vec<u8>, BadZip> {
        let size = bytes.len() as u64;
        let mut start = size.saturating_sub(window as u64);
        let cut =
            |from: u64, to: u64| Part { start: from, bytes: &bytes[from.min(size) as usize..to.min(size) as usize] };
        let member = loop {
            match find(cut(start, size), WHAT, wanted)? {
                Step::Done(member) => break member,
                Step::Need(from, to) => {
                    assert!(from < to && to == start, "{from}..{to} from {start}");
                    start = from;
                }
            }
        };
        let mut part = cut(start, size);
        for _ in 0..3 {
            match extract(&member, part)? {
                Step::Done(content) => return Ok(content),
                Step::Need(from, to) => part = cut(from, to),
            }
        }
        Err(BadZip::Member(member.name))
    }

    #[test]
    fn reads_a_member_through_any_window() {
        let filler = noise(5000);
        for members in [
            &[("a", &filler[..]), (WHAT, b"content"), ("b", b"x")][..],
            &[(WHAT, b"content"), ("a", &filler)],
            &[(WHAT, b"content")],
        ] {
            let bytes = zip(members);
            for window in [22, 23, 60, 100, 200, 1000, 6000, 1 << 16] {
                assert_eq!(read(&bytes, window).unwrap(), b"content", "{window}");
            }
        }
    }

    #[test]
    fn a_comment_and_zip64_are_understood() {
        let mut bytes = zip(&[("a", b"x"), (WHAT, b"content")]);
        let end = bytes.len() - END_SIZE;
        let (size, from) = (u32_at(&bytes, end + 12).unwrap(), u32_at(&bytes, end + 16).unwrap());
        let mut record = END64.to_le_bytes().to_vec();
        record.extend_from_slice(&[0; 36]);
        record.extend_from_slice(&u64::from(size).to_le_bytes());
        record.extend_from_slice(&u64::from(from).to_le_bytes());
        let mut locator = LOCATOR64.to_le_bytes().to_vec();
        locator.extend_from_slice(&[0; 4]);
        locator.extend_from_slice(&(end as u64).to_le_bytes());
        locator.extend_from_slice(&[1, 0, 0, 0]);
        bytes[end + 10..end + 20].fill(0xff);
        bytes.splice(end..end, record.into_iter().chain(locator));
        let at = bytes.len() - 2;
        bytes[at..].copy_from_slice(&7u16.to_le_bytes());
        bytes.extend_from_slice(b"comment");
        for window in [29, 60, 200, 10_000] {
            assert_eq!(read(&bytes, window).unwrap(), b"content", "{window}");
        }
    }

    #[test]
    fn says_what_is_wrong() {
        assert_eq!(read(b"", 100), Err(BadZip::NoEnd));
        assert_eq!(read(&noise(1000), 100), Err(BadZip::NoEnd));
        assert_eq!(read(&zip(&[("a", b"")]), 1000), Err(BadZip::Absent(WHAT)));
        assert_eq!(read(&zip(&[(WHAT, b""), (WHAT, b"")]), 1000), Err(BadZip::Ambiguous(WHAT)));
        let bomb = vec![0; 17 << 20];
        assert_eq!(read(&zip(&[(WHAT, &bomb)]), 1 << 20), Err(BadZip::MemberTooLarge(WHAT.into())));
        let mut bytes = zip(&[(WHAT, b"content")]);
        bytes[LOCAL_SIZE + 2] ^= 0xff;
        assert_eq!(read(&bytes, 1000), Err(BadZip::Member(WHAT.into())));
    }

    proptest! {
        #[test]
        fn altered_archives_neither_panic_nor_lie(
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
            cut in any::<prop::sample::Index>(),
            window in 0usize..400,
        ) {
            let mut bytes = zip(&[("a", b"abc"), (WHAT, b"content of a member"), ("b", b"")]);
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            if let Ok(content) = read(&bytes, window) {
                prop_assert!(content.len() as u64 <= MAX_MEMBER);
            }
            bytes.truncate(cut.index(bytes.len()));
            drop(read(&bytes, window));
        }

        #[test]
        fn ends_with_any_fields_are_no_panic(
            fields in prop::collection::vec(any::<u8>(), 0..120),
            window in 0usize..200,
        ) {
            let mut bytes = fields;
            bytes.extend_from_slice(&END.to_le_bytes());
            bytes.extend_from_within(..bytes.len().min(16));
            bytes.extend_from_slice(&[0, 0]);
            drop(read(&bytes, window));
        }
    }
}
