//! Answers on disk: one file per URL below `<cache_dir>/http/v1/`, replaced by rename, checked by a checksum.
//!
//! A file is `magic (8) | CRC-32 of the rest (4) | length of the head (4) | head (postcard) | body`. A file that is cut
//! short, altered or of another version is no entry: it is fetched again.

use crate::Error;
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::{NamedTempFile, TempPath};
use url::Url;

const MAGIC: [u8; 8] = *b"PBHTTP\x00\x01";
const HEAD_AT: usize = 16;

pub(crate) struct Cache {
    pages: PathBuf,
    metadata: PathBuf,
    temporary: PathBuf,
}

#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Page,
    Metadata,
}

/// What is known about an answer beside its body.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Head {
    pub(crate) etag: Option<String>,
    pub(crate) last_modified: Option<String>,
    /// In seconds since 1970.
    pub(crate) fetched_at: u64,
    pub(crate) fresh_seconds: u64,
}

impl Head {
    /// A clock that went back makes nothing fresh.
    pub(crate) fn is_fresh(&self, now: u64) -> bool {
        now >= self.fetched_at && now - self.fetched_at < self.fresh_seconds
    }
}

pub(crate) struct Entry {
    pub(crate) head: Head,
    bytes: Vec<u8>,
    body_at: usize,
}

impl Entry {
    pub(crate) fn body(&self) -> &[u8] {
        &self.bytes[self.body_at..]
    }
}

impl Cache {
    pub(crate) fn new(cache_dir: &Path) -> Self {
        let root = cache_dir.join("http").join("v1");
        Self { pages: root.join("pages"), metadata: root.join("metadata"), temporary: cache_dir.join("tmp") }
    }

    /// The entry of a URL, without credentials, and of whatever else tells two answers apart.
    pub(crate) fn path(&self, kind: Kind, url: &Url, more: &str) -> PathBuf {
        let mut hasher = blake3::Hasher::new();
        hasher.update(url.as_str().as_bytes());
        hasher.update(b"\0");
        hasher.update(more.as_bytes());
        let directory = match kind {
            Kind::Page => &self.pages,
            Kind::Metadata => &self.metadata,
        };
        directory.join(&hasher.finalize().to_hex().as_str()[..40])
    }

    pub(crate) fn load(&self, path: &Path) -> Option<Entry> {
        let bytes = std::fs::read(path).ok()?;
        let crc = u32::from_le_bytes(*bytes.get(8..12)?.first_chunk()?);
        let head_size = u32::from_le_bytes(*bytes.get(12..HEAD_AT)?.first_chunk()?) as usize;
        if bytes[..8] != MAGIC || crc32fast::hash(&bytes[12..]) != crc {
            return None;
        }
        let body_at = HEAD_AT.checked_add(head_size)?;
        let head = postcard::from_bytes(bytes.get(HEAD_AT..body_at)?).ok()?;
        Some(Entry { head, bytes, body_at })
    }

    /// Not synced to disk: after a crash the checksum tells, and the index still has it.
    pub(crate) fn save(&self, path: &Path, head: &Head, body: &[u8]) -> Result<(), Error> {
        let head = postcard::to_allocvec(head).expect("a head is plain data");
        let mut prefix = Vec::with_capacity(HEAD_AT + head.len());
        prefix.extend_from_slice(&MAGIC);
        prefix.extend_from_slice(&[0; 4]);
        prefix.extend_from_slice(&(head.len() as u32).to_le_bytes());
        prefix.extend_from_slice(&head);
        let mut crc = crc32fast::Hasher::new();
        crc.update(&prefix[12..]);
        crc.update(body);
        prefix[8..12].copy_from_slice(&crc.finalize().to_le_bytes());

        let mut file = self.temporary_file()?;
        let written = file.write_all(&prefix).and_then(|()| file.write_all(body));
        written.map_err(|error| Error::write(file.path(), &error))?;
        self.replace(file.into_temp_path(), path)
    }

    /// In the cache's own directory for unfinished files, on the same file system as everything else in it.
    pub(crate) fn temporary_file(&self) -> Result<NamedTempFile, Error> {
        let create = || tempfile::Builder::new().prefix("fetch-").tempfile_in(&self.temporary);
        create()
            .or_else(|error| match error.kind() {
                std::io::ErrorKind::NotFound => std::fs::create_dir_all(&self.temporary).and_then(|()| create()),
                _ => Err(error),
            })
            .map_err(|error| Error::write(&self.temporary, &error))
    }

    fn replace(&self, file: TempPath, path: &Path) -> Result<(), Error> {
        let directory = path.parent().expect("an entry lies in a directory");
        let persist = |file: TempPath| file.persist(path).map_err(|error| (error.error, error.path));
        match persist(file) {
            Ok(()) => Ok(()),
            Err((error, file)) if error.kind() == std::io::ErrorKind::NotFound => std::fs::create_dir_all(directory)
                .and_then(|()| persist(file).map_err(|(error, _)| error))
                .map_err(|error| Error::write(path, &error)),
            Err((error, _)) => Err(Error::write(path, &error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> Head {
        Head { etag: Some("\"x\"".into()), last_modified: None, fetched_at: 100, fresh_seconds: 60 }
    }

    #[test]
    fn returns_what_was_saved_and_nothing_that_was_altered() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::new(dir.path());
        let path = cache.path(Kind::Page, &Url::parse("https://index.example/a/").unwrap(), "");
        assert!(cache.load(&path).is_none());
        cache.save(&path, &head(), b"body").unwrap();
        let entry = cache.load(&path).unwrap();
        assert_eq!((&entry.head, entry.body()), (&head(), &b"body"[..]));

        let bytes = std::fs::read(&path).unwrap();
        for at in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[at] ^= 1;
            std::fs::write(&path, &altered).unwrap();
            assert!(cache.load(&path).is_none(), "byte {at}");
            std::fs::write(&path, &bytes[..at]).unwrap();
            assert!(cache.load(&path).is_none(), "cut at {at}");
        }
        assert_eq!(std::fs::read_dir(dir.path().join("tmp")).unwrap().count(), 0);
    }

    #[test]
    fn freshness_ends() {
        for (now, fresh) in [(99, false), (100, true), (159, true), (160, false)] {
            assert_eq!(head().is_fresh(now), fresh, "{now}");
        }
    }

    #[test]
    fn different_answers_have_different_entries() {
        let cache = Cache::new(Path::new("/nowhere"));
        let url = |text| Url::parse(text).unwrap();
        let a = cache.path(Kind::Metadata, &url("https://a.example/x"), "1");
        assert_ne!(a, cache.path(Kind::Metadata, &url("https://a.example/x"), "2"));
        assert_ne!(a, cache.path(Kind::Metadata, &url("https://b.example/x"), "1"));
        assert_ne!(a, cache.path(Kind::Page, &url("https://a.example/x"), "1"));
    }

    #[cfg(unix)]
    #[test]
    fn says_when_the_cache_cannot_be_written() {
        let cache = Cache::new(Path::new("/proc/nowhere"));
        let error = cache.save(&cache.path(Kind::Page, &Url::parse("https://a.example/").unwrap(), ""), &head(), b"");
        assert!(matches!(error, Err(Error::CacheNotWritable { .. })), "{error:?}");
    }
}
