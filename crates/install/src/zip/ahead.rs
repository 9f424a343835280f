//! Members as their own headers describe them, while the end of the archive has not arrived.

use super::directory::check;
use super::member::{HAS_DESCRIPTOR, HEADER_SIZE, Header, is_header};
use super::{Archive, Entry, MAX_RATIO, MAX_TOTAL, RATIO_FREE, ReadAt, ZipError, check_path};

/// What is at some place of an archive that arrives.
pub(crate) enum Ahead {
    Member(Entry),
    /// Not enough has arrived.
    Later,
    /// No member, or one that only the directory describes.
    End,
}

/// May an archive of which so much has arrived unpack to so much?
pub(crate) fn may_unpack(total: u64, arrived: u64) -> bool {
    total <= MAX_TOTAL && (total <= RATIO_FREE || total / MAX_RATIO <= arrived)
}

impl<R: ReadAt> Archive<R> {
    /// Without its directory.
    pub fn unread(source: R) -> Self {
        Self { source, entries: Vec::new() }
    }

    /// What is at `at`, when the first `arrived` bytes are there.
    pub fn ahead(&self, at: u64, arrived: u64) -> Result<Ahead, ZipError> {
        let read = |size: usize| {
            let mut bytes = vec![0; size];
            self.source.read_exact_at(&mut bytes, at).map_err(ZipError::Read).map(|()| bytes)
        };
        let there = arrived.saturating_sub(at);
        if there < HEADER_SIZE {
            return Ok(Ahead::Later);
        }
        let fixed = read(HEADER_SIZE as usize)?;
        if !is_header(&fixed) {
            return Ok(Ahead::End);
        }
        let length = |at: usize| u64::from(u16::from_le_bytes([fixed[at], fixed[at + 1]]));
        let size = HEADER_SIZE + length(26) + length(28);
        if there < size {
            return Ok(Ahead::Later);
        }
        let whole = read(size as usize)?;
        match Header::parse(&whole) {
            Some(header) if header.flags & HAS_DESCRIPTOR == 0 => entry(&header, at, size).map(Ahead::Member),
            _ => Ok(Ahead::End),
        }
    }
}

fn entry(header: &Header<'_>, at: u64, header_size: u64) -> Result<Entry, ZipError> {
    let text = str::from_utf8(header.name).map_err(|_| ZipError::Archive("a name is not UTF-8"))?;
    let path = text.strip_suffix('/').unwrap_or(text);
    check_path(path).map_err(|why| ZipError::Path { path: path.chars().take(200).collect(), why })?;
    let entry = Entry {
        path: path.to_owned(),
        directory: text.ends_with('/'),
        flags: header.flags,
        method: header.method,
        crc: header.crc,
        compressed: header.compressed,
        size: header.size,
        executable: false,
        offset: at,
        span: header_size.saturating_add(header.compressed),
    };
    check(&entry).map(|()| entry)
}
