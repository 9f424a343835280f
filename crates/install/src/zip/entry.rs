//! One member, as the central directory describes it.

use super::ZipError;
use super::member::MEANINGFUL_FLAGS;

#[derive(Debug)]
pub(crate) struct Entry {
    /// Checked: relative, below its root, without a trailing `/`.
    pub path: String,
    pub directory: bool,
    pub flags: u16,
    /// 0 (stored) or 8 (deflate).
    pub method: u16,
    pub crc: u32,
    pub compressed: u64,
    pub size: u64,
    pub executable: bool,
    /// Of the local header.
    pub offset: u64,
    /// From the local header up to the next member.
    pub span: u64,
}

impl Entry {
    pub fn bad(&self, why: &'static str) -> ZipError {
        ZipError::Member { path: self.path.clone(), why }
    }

    /// Is it the same member, described in the same way? The mode is only in the directory.
    pub fn is(&self, other: &Self) -> bool {
        let numbers = |entry: &Self| (entry.method, entry.crc, entry.compressed, entry.size, entry.offset, entry.span);
        self.path == other.path
            && self.directory == other.directory
            && (self.flags ^ other.flags) & MEANINGFUL_FLAGS == 0
            && numbers(self) == numbers(other)
    }

    /// As written in the headers.
    pub fn has_name(&self, raw: &[u8]) -> bool {
        match raw.split_last() {
            Some((b'/', rest)) => self.directory && rest == self.path.as_bytes(),
            _ => !self.directory && raw == self.path.as_bytes(),
        }
    }
}
