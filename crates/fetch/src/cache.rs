//! Answers on disk: one file per URL below `<cache_dir>/http/v1/`, replaced by rename, checked by checksums.
//!
//! A file is `magic (8) | size of the head (4) | size of the front (4) | CRC-32 of the head (4) | CRC-32 of the front (4) |
//! head (postcard) | front | rest`. Head and front are read always, the rest in parts, by whoever knows the checksums of
//! its parts. A file that is cut short, altered or of another version is no entry: it is fetched again.

use crate::Error;
use crate::compact_page::{Encoded, Rest};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::{NamedTempFile, TempPath};
use url::Url;

const MAGIC: [u8; 8] = *b"PBHTTP\x00\x02";
const HEAD_AT: usize = 24;
/// Most heads and fronts, and what is wanted of the rest, are within the first bytes of this number.
const FIRST: u64 = 8 << 10;
/// So much of the rest is read with a front that is longer.
const AHEAD: u64 = 4 << 10;
/// Whoever asks for more parts than this of one rest gets them from memory.
const PARTS: u32 = 8;

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
    front_at: usize,
    front_size: usize,
    front_crc: u32,
}

impl Entry {
    /// `bytes` may end anywhere after the front.
    pub(crate) fn parse(bytes: Vec<u8>) -> Option<Self> {
        let prefix = Prefix::parse(&bytes)?;
        let front_at = HEAD_AT.checked_add(prefix.head_size as usize)?;
        let front_size = prefix.front_size as usize;
        let head = bytes.get(HEAD_AT..front_at)?;
        let front = bytes.get(front_at..front_at.checked_add(front_size)?)?;
        if crc32fast::hash(head) != prefix.head_crc || crc32fast::hash(front) != prefix.front_crc {
            return None;
        }
        let head = postcard::from_bytes(head).ok()?;
        Some(Self { head, bytes, front_at, front_size, front_crc: prefix.front_crc })
    }

    pub(crate) fn front(&self) -> &[u8] {
        &self.bytes[self.front_at..self.front_at + self.front_size]
    }
}

#[derive(Clone, Copy, PartialEq)]
struct Prefix {
    head_size: u32,
    front_size: u32,
    head_crc: u32,
    front_crc: u32,
}

impl Prefix {
    fn of(head: &[u8], front: &[u8]) -> Self {
        Self {
            head_size: head.len() as u32,
            front_size: front.len() as u32,
            head_crc: crc32fast::hash(head),
            front_crc: crc32fast::hash(front),
        }
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let number = |at: usize| Some(u32::from_le_bytes(*bytes.get(at..at + 4)?.first_chunk()?));
        let prefix =
            Self { head_size: number(8)?, front_size: number(12)?, head_crc: number(16)?, front_crc: number(20)? };
        (bytes[..8] == MAGIC).then_some(prefix)
    }

    fn to_bytes(self) -> Vec<u8> {
        let numbers = [self.head_size, self.front_size, self.head_crc, self.front_crc];
        let mut bytes = MAGIC.to_vec();
        numbers.iter().for_each(|number| bytes.extend_from_slice(&number.to_le_bytes()));
        bytes
    }

    fn rest_at(self) -> u64 {
        HEAD_AT as u64 + u64::from(self.head_size) + u64::from(self.front_size)
    }
}

/// The rest of an entry, on disk.
pub(crate) struct StoredRest {
    path: PathBuf,
    front_size: u32,
    front_crc: u32,
    /// How the rest begins, as far as it was read with the front.
    start: Vec<u8>,
    asked: AtomicU32,
    whole: OnceLock<Option<Vec<u8>>>,
}

impl StoredRest {
    /// The file, and where the rest begins. Another process may have replaced it; what belongs to the same front is the
    /// same rest.
    fn open(&self) -> Option<(File, u64)> {
        let mut file = File::open(&self.path).ok()?;
        let mut bytes = [0; HEAD_AT];
        file.read_exact(&mut bytes).ok()?;
        let prefix = Prefix::parse(&bytes)?;
        ((prefix.front_size, prefix.front_crc) == (self.front_size, self.front_crc)).then(|| (file, prefix.rest_at()))
    }

    fn whole(&self) -> Option<&[u8]> {
        let read = || {
            let (mut file, at) = self.open()?;
            file.seek(SeekFrom::Start(at)).ok()?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).ok()?;
            Some(bytes)
        };
        self.whole.get_or_init(read).as_deref()
    }
}

impl Rest for StoredRest {
    fn read(&self, offset: u64, size: u32) -> Option<Vec<u8>> {
        let start = usize::try_from(offset).ok()?;
        let part = start..start.checked_add(size as usize)?;
        if let Some(read) = self.start.get(part.clone()) {
            return Some(read.to_vec());
        }
        if self.asked.fetch_add(1, Ordering::Relaxed) >= PARTS {
            return self.whole()?.get(part).map(<[u8]>::to_vec);
        }
        let (mut file, at) = self.open()?;
        file.seek(SeekFrom::Start(at.checked_add(offset)?)).ok()?;
        let mut bytes = Vec::new();
        file.take(u64::from(size)).read_to_end(&mut bytes).ok()?;
        (bytes.len() == size as usize).then_some(bytes)
    }

    fn discard(&self) {
        // Whoever comes next asks the index.
        let _ = std::fs::remove_file(&self.path);
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

    /// Head and front of the entry.
    pub(crate) fn load(&self, path: &Path) -> Option<Entry> {
        let mut file = File::open(path).ok()?;
        let mut bytes = Vec::with_capacity(FIRST as usize);
        (&mut file).take(FIRST).read_to_end(&mut bytes).ok()?;
        let missing = Prefix::parse(&bytes)?.rest_at().saturating_sub(bytes.len() as u64);
        if missing > 0 {
            file.take(missing + AHEAD).read_to_end(&mut bytes).ok()?;
        }
        Entry::parse(bytes)
    }

    /// The rest of the entry at `path`.
    pub(crate) fn rest(&self, path: &Path, entry: &Entry) -> StoredRest {
        StoredRest {
            path: path.to_owned(),
            front_size: entry.front_size as u32,
            front_crc: entry.front_crc,
            start: entry.bytes[entry.front_at + entry.front_size..].to_vec(),
            asked: AtomicU32::new(0),
            whole: OnceLock::new(),
        }
    }

    /// An entry without rest.
    pub(crate) fn save(&self, path: &Path, head: &Head, body: &[u8]) -> Result<(), Error> {
        self.write(path, head, body, &[])
    }

    pub(crate) fn save_page(&self, path: &Path, head: &Head, page: &Encoded) -> Result<(), Error> {
        self.write(path, head, &page.front, &page.rest)
    }

    /// Replaces the head of an entry. One that cannot be read any more stays as it is.
    pub(crate) fn renew(&self, path: &Path, head: &Head, entry: &Entry) -> Result<(), Error> {
        let rest = self.rest(path, entry);
        rest.whole().map_or(Ok(()), |rest| self.write(path, head, entry.front(), rest))
    }

    /// Not synced to disk: after a crash the checksums tell, and the index still has it.
    fn write(&self, path: &Path, head: &Head, front: &[u8], rest: &[u8]) -> Result<(), Error> {
        let head = postcard::to_allocvec(head).expect("a head is plain data");
        let prefix = Prefix::of(&head, front).to_bytes();
        let mut file = self.temporary_file()?;
        let written = [&prefix[..], &head, front, rest].iter().try_for_each(|part| file.write_all(part));
        written.map_err(|error| Error::write(file.path(), &error))?;
        self.replace(file.into_temp_path(), path)
    }

    pub(crate) fn temporary_directory(&self) -> &Path {
        &self.temporary
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

/// An entry with right checksums, whatever is in it.
#[cfg(any(test, feature = "fuzz"))]
pub(crate) fn sealed(head: &[u8], front: &[u8]) -> Vec<u8> {
    [&Prefix::of(head, front).to_bytes(), head, front].concat()
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
        assert_eq!((&entry.head, entry.front()), (&head(), &b"body"[..]));

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
    fn the_rest_is_read_in_parts_and_outlives_a_new_head() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::new(dir.path());
        let path = cache.path(Kind::Page, &Url::parse("https://index.example/a/").unwrap(), "");
        let far = FIRST;
        let rest: Vec<u8> = (0..far + 10).map(|at| b'0' + (at % 10) as u8).collect();
        let page = Encoded { front: b"front".to_vec(), rest };
        cache.save_page(&path, &head(), &page).unwrap();
        let entry = cache.load(&path).unwrap();
        let rest = cache.rest(&path, &entry);
        let digits = |at: u64| (0..3).map(|more| b'0' + ((at + more) % 10) as u8).collect::<Vec<u8>>();
        assert_eq!((rest.read(2, 3), rest.read(far + 2, 3)), (Some(digits(2)), Some(digits(far + 2))));
        cache.renew(&path, &Head { fetched_at: u64::MAX, ..head() }, &entry).unwrap();
        assert_eq!(cache.load(&path).unwrap().head.fetched_at, u64::MAX);
        for _ in 0..2 * PARTS {
            assert_eq!(rest.read(far + 7, 3), Some(digits(far + 7)));
            assert_eq!((rest.read(far + 7, 4), rest.read(u64::MAX, 1)), (None, None));
        }
        cache.save_page(&path, &head(), &Encoded { front: b"other".to_vec(), rest: page.rest }).unwrap();
        let rest = cache.rest(&path, &entry);
        assert_eq!((rest.read(2, 3), rest.read(far + 2, 3)), (Some(digits(2)), None));
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
