//! The metadata of one wheel: declared by the index (PEP 658), else cut out of the remote file, else out of the whole.

use crate::cache::{Head, Kind};
use crate::http::{Ask, Range, now};
use crate::redact::without_credentials;
use crate::zip_tail::{self, Part, Step};
use crate::{Client, Error, local};
use pybun_model::{CoreMetadata, Distribution, IndexFile, PackageName, Sha256, WheelName, silent};
use reqwest::header;
use sha2::Digest;
use std::path::{Path, PathBuf};
use std::str::FromStr;

pub(crate) const MAX_METADATA: u64 = 16 << 20;
/// Nearly always holds the directory and the METADATA, which the wheel format wants at the end of the file.
const TAIL: u64 = 64 << 10;
/// How long metadata of a file without digest is believed to still belong to it.
const UNHASHED_SECONDS: u64 = 600;
const WHAT: &str = ".dist-info/METADATA";

/// More than any directory or METADATA needs; who asks for more gets the whole file, which goes to the disk.
const MAX_PART: u64 = 64 << 20;

impl Client {
    /// The metadata of a wheel. For an sdist it is an error if a build would be needed; see [`Client::sdist_metadata`].
    pub async fn metadata(&self, file: &IndexFile) -> Result<CoreMetadata, Error> {
        let Distribution::Wheel(wheel) = &file.distribution else {
            let found = self.sdist_metadata(file).await?;
            return found.ok_or_else(|| Error::metadata(&file.filename, "the sdist has to be built to know it"));
        };
        let path = self.metadata_entry(file);
        if let Some(bytes) = self.cached_metadata(file, &path) {
            return parse(file, &bytes);
        }
        if let Some(file_path) = local::path(&file.url) {
            return parse(file, &from_disk(&file.filename, wheel, &file_path)?);
        }
        if self.settings().offline {
            return Err(Error::Offline { what: format!("the metadata of `{}`", file.filename) });
        }
        let bytes = match self.declared(file).await? {
            Some(bytes) => bytes,
            None => match self.cut_out(file, wheel).await {
                Ok(Some(bytes)) => bytes,
                // Parts that make no sense may be the network's fault; the whole file is compared with its digest.
                Ok(None) | Err(Error::BadMetadata { .. }) => {
                    let download = self.download(file, &silent).await?;
                    from_disk(&file.filename, wheel, &download.path)?
                }
                Err(error) => return Err(error),
            },
        };
        let metadata = parse(file, &bytes)?;
        self.keep_metadata(file, &path, headers_only(&bytes));
        Ok(metadata)
    }

    /// Metadata never changes for a digest, so the digest is part of the key.
    pub(crate) fn metadata_entry(&self, file: &IndexFile) -> PathBuf {
        let digest = file.sha256.map(|sha| sha.to_string()).unwrap_or_default();
        self.cache().path(Kind::Metadata, &without_credentials(&file.url), &digest)
    }

    pub(crate) fn cached_metadata(&self, file: &IndexFile, path: &Path) -> Option<Vec<u8>> {
        if file.sha256.is_none() && file.url.scheme() == "file" {
            return None;
        }
        let entry = self.cache().load(path)?;
        let fresh = || !self.settings().refresh && entry.head.is_fresh(now());
        let usable = file.sha256.is_some() || self.settings().offline || fresh();
        usable.then(|| entry.front().to_vec())
    }

    /// A cache that cannot be written costs time and nothing else.
    pub(crate) fn keep_metadata(&self, file: &IndexFile, path: &Path, bytes: &[u8]) {
        if file.sha256.is_some() || file.url.scheme() != "file" {
            let head = Head { fetched_at: now(), fresh_seconds: UNHASHED_SECONDS, ..Head::default() };
            self.note_cache(self.cache().save(path, &head, bytes));
        }
    }

    /// `<url>.metadata`, checked against the digest that the page states. An index that declares it and does not have
    /// it is treated as if it had not declared it.
    async fn declared(&self, file: &IndexFile) -> Result<Option<Vec<u8>>, Error> {
        let Some(digest) = file.core_metadata else { return Ok(None) };
        let mut url = file.url.clone();
        url.set_path(&format!("{}.metadata", file.url.path()));
        let reply = self.http().get(Ask { gzip: true, ..Ask::new(&url) }, MAX_METADATA).await?;
        match reply.status {
            200 => {}
            404 | 410 => return Ok(None),
            _ => return Err(reply.refusal()),
        }
        let bytes = reply.decoded(MAX_METADATA)?;
        if let Some(expected) = digest {
            let actual = Sha256(sha2::Sha256::digest(&bytes).into());
            if actual != expected {
                return Err(Error::HashMismatch { filename: format!("{}.metadata", file.filename), expected, actual });
            }
        }
        Ok(Some(bytes))
    }

    /// `None` when the server serves no ranges.
    async fn cut_out(&self, file: &IndexFile, wheel: &WheelName) -> Result<Option<Vec<u8>>, Error> {
        let bad = |error: zip_tail::BadZip| Error::metadata(&file.filename, error.to_string());
        let Some((mut start, mut tail)) = self.part(file, Range::Last(TAIL)).await? else { return Ok(None) };
        // The end records, the directory: at most two further requests, then the answer is final.
        let mut member = None;
        for _ in 0..3 {
            match zip_tail::find(Part { start, bytes: &tail }, WHAT, is_metadata_of(wheel)).map_err(bad)? {
                Step::Done(found) => {
                    member = Some(found);
                    break;
                }
                Step::Need(from, to) => {
                    let Some((at, mut more)) = self.part(file, Range::Between(from, to - 1)).await? else {
                        return Ok(None);
                    };
                    if at != from || more.len() as u64 != to - from {
                        return Ok(None);
                    }
                    more.append(&mut tail);
                    (start, tail) = (at, more);
                }
            }
        }
        let member = member.ok_or_else(|| bad(zip_tail::BadZip::Directory))?;
        for _ in 0..3 {
            match zip_tail::extract(&member, Part { start, bytes: &tail }).map_err(bad)? {
                Step::Done(bytes) => return Ok(Some(bytes)),
                Step::Need(from, to) => {
                    let Some(part) = self.part(file, Range::Between(from, to - 1)).await? else { return Ok(None) };
                    (start, tail) = part;
                }
            }
        }
        Err(bad(zip_tail::BadZip::Member(member.name)))
    }

    /// A part of the file and where it starts; `None` when the server answers otherwise than with that part.
    async fn part(&self, file: &IndexFile, range: Range) -> Result<Option<(u64, Vec<u8>)>, Error> {
        // A server that ignores the range sends the whole file: its body is not read.
        let limit = match range {
            Range::Last(count) => count,
            Range::Between(from, to) => to - from + 1,
            Range::From(_) => return Ok(None),
        };
        if limit > MAX_PART {
            return Ok(None);
        }
        let mut attempts = self.http().attempts();
        loop {
            let failure = match self.http().open(Ask { range: Some(range), ..Ask::new(&file.url) }).await {
                Err(failure) => failure,
                Ok(mut stream) => {
                    if matches!(stream.status, 401 | 403 | 404 | 410) {
                        return Err(stream.refusal());
                    }
                    let start =
                        stream.headers.get(header::CONTENT_RANGE).and_then(|value| range_start(value.to_str().ok()?));
                    let Some(start) = start.filter(|_| stream.status == 206) else { return Ok(None) };
                    let mut bytes = Vec::with_capacity(limit.min(TAIL) as usize);
                    loop {
                        match stream.chunk().await {
                            Ok(None) => return Ok(Some((start, bytes))),
                            Ok(Some(chunk)) if bytes.len() as u64 + chunk.len() as u64 <= limit => {
                                bytes.extend_from_slice(&chunk);
                            }
                            Ok(Some(_)) => return Ok(None),
                            Err(failure) => break failure,
                        }
                    }
                }
            };
            attempts.pause(failure).await?;
        }
    }
}

/// `bytes 10-19/20` -> 10
fn range_start(value: &str) -> Option<u64> {
    value.trim().strip_prefix("bytes")?.trim().split_once('-')?.0.parse().ok()
}

/// The METADATA of a local wheel, read from its end like a remote one.
fn from_disk(filename: &str, wheel: &WheelName, path: &Path) -> Result<Vec<u8>, Error> {
    member_of_file(filename, path, WHAT, is_metadata_of(wheel))
}

pub(crate) fn member_of_file(
    filename: &str,
    path: &Path,
    what: &'static str,
    wanted: impl Fn(&str) -> bool + Copy,
) -> Result<Vec<u8>, Error> {
    let bad = |error: zip_tail::BadZip| Error::metadata(filename, error.to_string());
    let mut file = local::Reader::open(path)?;
    let mut start = file.size().saturating_sub(TAIL);
    let mut bytes = file.part(start, file.size())?;
    let member = loop {
        match zip_tail::find(Part { start, bytes: &bytes }, what, wanted).map_err(bad)? {
            Step::Done(member) => break member,
            // Each need starts further ahead, so this ends.
            Step::Need(from, to) if to == start && from < to => {
                let mut more = file.part(from, to)?;
                more.append(&mut bytes);
                (start, bytes) = (from, more);
            }
            Step::Need(..) => return Err(bad(zip_tail::BadZip::Directory)),
        }
    };
    for _ in 0..3 {
        match zip_tail::extract(&member, Part { start, bytes: &bytes }).map_err(bad)? {
            Step::Done(bytes) => return Ok(bytes),
            Step::Need(from, to) => (start, bytes) = (from, file.part(from, to)?),
        }
    }
    Err(bad(zip_tail::BadZip::Member(member.name)))
}

/// `<name>-<version>.dist-info/METADATA` at the top, in whatever spelling of the name.
fn is_metadata_of(wheel: &WheelName) -> impl Fn(&str) -> bool + Copy + '_ {
    |member| {
        let stem = member.strip_suffix(WHAT).filter(|stem| !stem.contains('/'));
        let name = stem.and_then(|stem| stem.rsplit_once('-')).map(|(name, _)| name);
        name.and_then(|name| PackageName::from_str(name).ok()).is_some_and(|name| name == wheel.name)
    }
}

/// The description, often most of the file, is of no use here.
fn headers_only(bytes: &[u8]) -> &[u8] {
    let blank = |window: &[u8]| window == b"\n\n" || window == b"\n\r";
    bytes.windows(2).position(blank).map_or(bytes, |at| &bytes[..=at])
}

/// Parses metadata and checks that it is about the distribution that the file's name promises.
pub(crate) fn parse(file: &IndexFile, bytes: &[u8]) -> Result<CoreMetadata, Error> {
    let metadata = CoreMetadata::parse(bytes).map_err(|error| Error::metadata(&file.filename, error.to_string()))?;
    let (name, version) = match &file.distribution {
        Distribution::Wheel(wheel) => (&wheel.name, &wheel.version),
        Distribution::Sdist(sdist) => (&sdist.name, &sdist.version),
    };
    if metadata.name != *name || metadata.version.clone().without_local() != version.clone().without_local() {
        let why = format!("it is the metadata of {} {}", metadata.name, metadata.version);
        return Err(Error::metadata(&file.filename, why));
    }
    Ok(metadata)
}
