//! What is computed of a member's content, and what RECORD must say of it.

use crate::contents::Digest;
use crate::placed::Target;
use crate::record::{Row, write_base64};
use pybun_model::Sha256;
use sha2::Digest as _;

/// What is computed of a member's content.
///
/// "Installation will fail if any file in the archive is not both mentioned and correctly hashed in RECORD", says the
/// specification. That is done where nobody has stated the digest of the whole wheel; where somebody has, the content is
/// what its author published, and RECORD is believed for what it is copied to, the RECORD of environments, as every
/// installer does.
pub(crate) struct Hashes {
    content: blake3::Hasher,
    /// Believed.
    stated: Option<Sha256>,
    sha256: Option<sha2::Sha256>,
    listed: Option<ListedHash>,
    check: bool,
}

impl Hashes {
    pub fn new(row: Option<&Row>, target: Target, check: bool) -> Self {
        let believed = !check && !matches!(target, Target::Data(_));
        let stated = row.filter(|_| believed).and_then(Row::sha256);
        Self {
            content: blake3::Hasher::new(),
            stated,
            sha256: stated.is_none().then(sha2::Sha256::new),
            listed: row.filter(|_| check).and_then(ListedHash::of),
            check,
        }
    }

    /// Nothing but the digest of the content is to be computed.
    pub fn are_stated(&self) -> bool {
        self.stated.is_some() && self.listed.is_none()
    }

    pub fn update(&mut self, chunk: &[u8]) {
        self.content.update(chunk);
        if let Some(sha256) = &mut self.sha256 {
            sha256.update(chunk);
        }
        if let Some(listed) = &mut self.listed {
            listed.update(chunk);
        }
    }

    pub fn digest(&self) -> Digest {
        *self.content.finalize().as_bytes()
    }

    pub fn sha256(self, row: Option<&Row>) -> Result<[u8; 32], String> {
        let sha256 = match (self.stated, self.sha256) {
            (Some(stated), _) => stated.0,
            (None, computed) => computed.unwrap_or_default().finalize().into(),
        };
        match row.filter(|_| self.check) {
            Some(row) => check_row(row, &sha256, self.listed).map(|()| sha256),
            None => Ok(sha256),
        }
    }
}

/// The other algorithms that the specification takes for strong enough.
enum ListedHash {
    Sha384(Box<sha2::Sha384>),
    Sha512(Box<sha2::Sha512>),
}

impl ListedHash {
    fn of(row: &Row) -> Option<Self> {
        match row.hash.split_once('=')?.0.to_ascii_lowercase().as_str() {
            "sha384" => Some(Self::Sha384(Box::default())),
            "sha512" => Some(Self::Sha512(Box::default())),
            _ => None,
        }
    }

    fn update(&mut self, chunk: &[u8]) {
        match self {
            Self::Sha384(hasher) => hasher.update(chunk),
            Self::Sha512(hasher) => hasher.update(chunk),
        }
    }

    fn finish(self) -> Vec<u8> {
        match self {
            Self::Sha384(hasher) => hasher.finalize().to_vec(),
            Self::Sha512(hasher) => hasher.finalize().to_vec(),
        }
    }
}

/// A file that is not mentioned, or mentioned without a hash, is let pass with a note, as by every installer.
fn check_row(row: &Row, sha256: &[u8; 32], listed: Option<ListedHash>) -> Result<(), String> {
    let Some((algorithm, digest)) = row.hash.split_once('=') else { return Ok(()) };
    let same = match listed {
        None if algorithm.eq_ignore_ascii_case("sha256") => row.sha256() == Some(Sha256(*sha256)),
        // MD5 and SHA-1 prove nothing.
        None => true,
        Some(listed) => {
            let mut base64 = String::new();
            write_base64(&mut base64, &listed.finish());
            digest.trim_end_matches('=') == base64
        }
    };
    if same { Ok(()) } else { Err(format!("`{}` has another content", row.path)) }
}
