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
mod lock;
mod problems;
mod v1;

pub use error::Error;
pub use lock::{Dependency, File, Inputs, Lock, Mode, Package, Prereleases, Root, RootKind, Source};

const MAGIC: &[u8; 8] = b"PYBUNLCK";
const HEADER: usize = 52;

/// Writes a lock in the newest format.
pub fn encode(lock: &Lock) -> Vec<u8> {
    let body = v1::encode(lock);
    let mut bytes = Vec::with_capacity(HEADER + body.len());
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&v1::VERSION.to_le_bytes());
    bytes.extend_from_slice(&(body.len() as u64).to_le_bytes());
    bytes.extend_from_slice(blake3::hash(&body).as_bytes());
    bytes.extend_from_slice(&body);
    bytes
}

/// Reads a lock. Anything but the exact bytes that some PyBun wrote is told apart by the error.
pub fn decode(bytes: &[u8]) -> Result<Lock, Error> {
    let shared = bytes.len().min(MAGIC.len());
    if bytes[..shared] != MAGIC[..shared] {
        return Err(Error::NotALock { conflicted: bytes.starts_with(b"<<<<<<<") });
    }
    if bytes.len() < HEADER {
        return Err(Error::Truncated { expected: HEADER as u64, found: bytes.len() as u64 });
    }
    let version = u32::from_le_bytes(bytes[8..12].try_into().expect("four bytes"));
    if version > v1::VERSION {
        return Err(Error::NewerFormat { found: version, known: v1::VERSION });
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
        v1::VERSION => v1::decode(body),
        _ => Err(Error::Corrupt(format!("no PyBun ever wrote format {version}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pybun_model::Sha256;

    fn lock() -> Lock {
        Lock {
            inputs: Inputs {
                requires_python: Some(">=3.9".parse().unwrap()),
                roots: vec![Root { kind: RootKind::Project, requirements: vec!["a[x]>=1".parse().unwrap()] }],
                constraints: vec![],
                overrides: vec![],
                mode: Mode::Highest,
                prereleases: Prereleases::IfNecessary,
            },
            packages: vec![Package {
                name: "a".parse().unwrap(),
                version: "1.0".parse().unwrap(),
                source: Source::Index,
                marker: "sys_platform == 'win32'".parse().unwrap(),
                dependencies: vec![Dependency {
                    because_of: Some("x".parse().unwrap()),
                    package: 0,
                    extra: None,
                    marker: "python_full_version < '3.10'".parse().unwrap(),
                }],
                files: vec![File {
                    filename: "a-1.0-py3-none-any.whl".into(),
                    sha256: Some(Sha256([7; 32])),
                    size: Some(10),
                    storage: None,
                }],
            }],
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let bytes = encode(&lock());
        assert_eq!(decode(&bytes).unwrap(), lock());
        assert_eq!(encode(&decode(&bytes).unwrap()), bytes);
    }

    #[test]
    fn every_truncation_is_noticed() {
        let bytes = encode(&lock());
        for end in 0..bytes.len() {
            assert!(matches!(decode(&bytes[..end]), Err(Error::Truncated { .. })), "{end}");
        }
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let bytes = encode(&lock());
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(decode(&flipped).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn other_files_are_told_apart() {
        assert!(matches!(decode(b"<<<<<<< HEAD\n"), Err(Error::NotALock { conflicted: true })));
        assert!(matches!(decode(b"{}"), Err(Error::NotALock { conflicted: false })));
        let mut newer = encode(&lock());
        newer[8] = 9;
        assert!(matches!(decode(&newer), Err(Error::NewerFormat { found: 9, .. })));
        let mut longer = encode(&lock());
        longer.push(0);
        assert!(matches!(decode(&longer), Err(Error::Corrupt(_))));
    }

    #[test]
    fn a_body_with_a_right_checksum_and_wrong_content_is_corrupt() {
        let body = [0xff; 40];
        let mut bytes = Vec::from(*MAGIC);
        bytes.extend_from_slice(&v1::VERSION.to_le_bytes());
        bytes.extend_from_slice(&(body.len() as u64).to_le_bytes());
        bytes.extend_from_slice(blake3::hash(&body).as_bytes());
        bytes.extend_from_slice(&body);
        assert!(matches!(decode(&bytes), Err(Error::Corrupt(_))));
    }

    proptest::proptest! {
        #[test]
        fn no_body_panics(body in proptest::collection::vec(proptest::num::u8::ANY, 0..400)) {
            let _ = v1::decode(&body);
        }
    }
}
