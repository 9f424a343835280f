//! The end of central directory, with its zip64 form. Source: APPNOTE 6.3.10, sections 4.3.14 to 4.3.16.

use super::bytes::Bytes;
use super::{MAX_DIRECTORY, MAX_ENTRIES, ReadAt, ZipError};

const END: u32 = 0x0605_4b50;
const END64: u32 = 0x0606_4b50;
const LOCATOR64: u32 = 0x0706_4b50;
const END_SIZE: u64 = 22;
const END64_SIZE: u64 = 56;
const LOCATOR64_SIZE: u64 = 20;

/// Where the central directory is. `offset + size` is where its end record starts.
pub(crate) struct End {
    pub entries: u64,
    pub size: u64,
    pub offset: u64,
}

pub(crate) fn find<R: ReadAt>(source: &R, file_size: u64) -> Result<End, ZipError> {
    let tail_size = file_size.min(END_SIZE + u64::from(u16::MAX) + LOCATOR64_SIZE);
    let mut tail = vec![0; tail_size as usize];
    source.read_exact_at(&mut tail, file_size - tail_size).map_err(ZipError::Read)?;
    let at = find_record(&tail)?;
    let record_at = file_size - tail_size + at as u64;
    let short = parse_end(&tail[at..]).ok_or(ZipError::Archive("its end record is cut off"))?;
    let locator = at.checked_sub(LOCATOR64_SIZE as usize).and_then(|start| parse_locator(&tail[start..at]));
    let (end, end_at) = match locator {
        Some(end64_at) => {
            let at = end64_at?;
            (read_end64(source, at, record_at - LOCATOR64_SIZE, &short)?, at)
        }
        None if short.is_saturated() => return Err(ZipError::Archive("its zip64 end record is missing")),
        None => (short, record_at),
    };
    check(&end, end_at)?;
    Ok(end)
}

/// The one place where an end record and its comment end exactly where the file ends.
fn find_record(tail: &[u8]) -> Result<usize, ZipError> {
    let mut candidates =
        tail.windows(4).enumerate().filter(|(_, four)| *four == END.to_le_bytes()).filter(|(at, _)| {
            let comment = tail.get(at + 20..at + 22).map(|two| usize::from(u16::from_le_bytes([two[0], two[1]])));
            comment.is_some_and(|comment| at + END_SIZE as usize + comment == tail.len())
        });
    let first = candidates.next().ok_or(ZipError::Archive("it is no ZIP archive, or something follows its end"))?;
    if candidates.next().is_some() {
        return Err(ZipError::Archive("it has two ends"));
    }
    Ok(first.0)
}

fn parse_end(bytes: &[u8]) -> Option<End> {
    let mut bytes = Bytes(bytes);
    bytes.u32()?;
    let (disk, start_disk, here, entries) = (bytes.u16()?, bytes.u16()?, bytes.u16()?, bytes.u16()?);
    let (size, offset) = (bytes.u32()?, bytes.u32()?);
    // Parts of a split archive are made unusable; a zip64 archive may leave all of these saturated.
    let whole = [disk, start_disk].iter().all(|disk| matches!(*disk, 0 | u16::MAX)) && here == entries;
    whole.then_some(End { entries: entries.into(), size: size.into(), offset: offset.into() })
}

impl End {
    fn is_saturated(&self) -> bool {
        self.entries == u64::from(u16::MAX) || self.size == u64::from(u32::MAX) || self.offset == u64::from(u32::MAX)
    }
}

/// The offset of the zip64 record when these bytes are its locator.
fn parse_locator(bytes: &[u8]) -> Option<Result<u64, ZipError>> {
    let mut bytes = Bytes(bytes);
    if bytes.u32()? != LOCATOR64 {
        return None;
    }
    let (disk, offset, disks) = (bytes.u32()?, bytes.u64()?, bytes.u32()?);
    Some(if disk == 0 && disks <= 1 { Ok(offset) } else { Err(ZipError::Archive("it is a part of a split archive")) })
}

/// Reads the zip64 record, which must fill the space up to its locator and agree with the short record.
fn read_end64<R: ReadAt>(source: &R, at: u64, locator_at: u64, short: &End) -> Result<End, ZipError> {
    const BAD: ZipError = ZipError::Archive("its zip64 end record is wrong");
    if at.checked_add(END64_SIZE) != Some(locator_at) {
        return Err(BAD);
    }
    let mut record = [0; END64_SIZE as usize];
    source.read_exact_at(&mut record, at).map_err(ZipError::Read)?;
    let end = parse_end64(&record).ok_or(BAD)?;
    let agrees = |short: u64, long: u64, saturated: u64| short == saturated || short == long;
    let agree = agrees(short.entries, end.entries, u16::MAX.into())
        && agrees(short.size, end.size, u32::MAX.into())
        && agrees(short.offset, end.offset, u32::MAX.into());
    if agree { Ok(end) } else { Err(ZipError::Archive("its two end records disagree")) }
}

fn parse_end64(record: &[u8]) -> Option<End> {
    let mut bytes = Bytes(record);
    if bytes.u32()? != END64 || bytes.u64()? != END64_SIZE - 12 {
        return None;
    }
    bytes.take(4)?; // the versions that made it and that it needs
    let (disk, start_disk) = (bytes.u32()?, bytes.u32()?);
    let (here, entries, size, offset) = (bytes.u64()?, bytes.u64()?, bytes.u64()?, bytes.u64()?);
    (disk == 0 && start_disk == 0 && here == entries).then_some(End { entries, size, offset })
}

fn check(end: &End, end_at: u64) -> Result<(), ZipError> {
    if end.entries > MAX_ENTRIES || end.size > MAX_DIRECTORY {
        return Err(ZipError::Archive("it has more members than such an archive may"));
    }
    if end.offset.checked_add(end.size) != Some(end_at) {
        return Err(ZipError::Archive("its central directory is not where its end says"));
    }
    Ok(())
}
