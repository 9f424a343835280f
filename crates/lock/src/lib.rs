//! `pybun.lockb`: one lock for every platform and Python. Bytes in, [`Lock`] out, and back; the same lock
//! always has the same bytes.
//!
//! ```text
//! offset  size  what
//!      0     8  magic, "PYBUNLCK"
//!      8     4  format version, little endian
//!     12     8  length of the body in bytes, little endian
//!     20    32  BLAKE3 of the body
//!     52     -  body, as the folder of the format version says
//! ```

mod error;
#[cfg(any(test, feature = "fuzz"))]
#[doc(hidden)]
pub mod fuzz;
mod lock;
mod opened;
mod own_extras;
mod portable;
mod problems;
mod text;
mod v1;
mod v2;

pub use error::Error;
pub use lock::{Assigned, Dependency, File, Inputs, Lock, Mode, Names, Package, Prereleases, Root, RootKind, Source};
pub use opened::{Here, Opened};
pub use own_extras::with_own_extras;
pub use portable::absolute;

const MAGIC: &[u8; 8] = b"PYBUNLCK";
const HEADER: usize = 52;

/// The format that is written.
pub const FORMAT: u32 = v2::VERSION;

/// Writes a lock in the newest format.
pub fn encode(lock: &Lock) -> Vec<u8> {
    framed(FORMAT, &v2::encode(lock))
}

fn framed(version: u32, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER + body.len());
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&version.to_le_bytes());
    bytes.extend_from_slice(&(body.len() as u64).to_le_bytes());
    bytes.extend_from_slice(blake3::hash(body).as_bytes());
    bytes.extend_from_slice(body);
    bytes
}

/// The format of a lock that an older PyBun wrote. Such a lock is read, and counts as stale.
pub fn older_format(bytes: &[u8]) -> Option<u32> {
    let version = bytes.strip_prefix(MAGIC)?.first_chunk().copied().map(u32::from_le_bytes)?;
    (version < FORMAT).then_some(version)
}

/// Reads a lock. Anything but the exact bytes that some PyBun wrote is told apart by the error.
pub fn decode(bytes: &[u8]) -> Result<Lock, Error> {
    open(bytes)?.whole()
}

/// The same as far as what was asked for.
pub fn open(bytes: &[u8]) -> Result<Opened<'_>, Error> {
    let shared = bytes.len().min(MAGIC.len());
    if bytes[..shared] != MAGIC[..shared] {
        return Err(Error::NotALock { conflicted: bytes.starts_with(b"<<<<<<<") });
    }
    if bytes.len() < HEADER {
        return Err(Error::Truncated { expected: HEADER as u64, found: bytes.len() as u64 });
    }
    let version = u32::from_le_bytes(bytes[8..12].try_into().expect("four bytes"));
    if version > FORMAT {
        return Err(Error::NewerFormat { found: version, known: FORMAT });
    }
    let length = u64::from_le_bytes(bytes[12..20].try_into().expect("eight bytes"));
    let body = &bytes[HEADER..];
    if (body.len() as u64) < length {
        return Err(Error::Truncated { expected: length.saturating_add(HEADER as u64), found: bytes.len() as u64 });
    }
    if body.len() as u64 != length || blake3::hash(body).as_bytes()[..] != bytes[20..HEADER] {
        return Err(Error::Corrupt("its checksum does not match".to_owned()));
    }
    match version {
        v1::VERSION => v1::decode(body).map(Opened::of_lock),
        v2::VERSION => v2::open(body).map(Opened::of_packages),
        _ => Err(Error::Corrupt(format!("no PyBun ever wrote format {version}"))),
    }
}

#[cfg(test)]
mod tests;
