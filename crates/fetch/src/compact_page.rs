//! A project page in the form that loads fast: texts that repeat are stored once, versions and URLs are rebuilt from
//! parts instead of being parsed again, and the files of a release are read only when they are asked for. A page has a
//! front, which is always read, and a rest of one block for each release, the newest first: it is often near enough to
//! the front to be read with it.

use pybun_model::{
    Distribution, Files, IndexFile, PackageName, ProjectPage, ReadRelease, SdistName, Sha256, UrlBase, Version,
    WheelName, Yanked,
};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use std::str::FromStr;
use std::sync::Arc;
use url::Url;

/// Must change with every change of what is stored.
const FORMAT: u8 = 4;

/// A block of files above this size is not read: no release has so many.
const MAX_BLOCK: u32 = 64 << 20;

/// A page, written.
#[derive(Default)]
pub(crate) struct Encoded {
    pub(crate) front: Vec<u8>,
    pub(crate) rest: Vec<u8>,
}

/// Where the rest of a page is.
pub(crate) trait Rest: Send + Sync {
    /// `None` when it is no longer there.
    fn read(&self, offset: u64, size: u32) -> Option<Vec<u8>>;
    /// What was read is not what was written.
    fn discard(&self);
}

pub(crate) fn encode(page: &ProjectPage) -> Encoded {
    let mut by_version: Vec<&IndexFile> = page.files.iter().collect();
    by_version.sort_by(|a, b| a.distribution.version().cmp(b.distribution.version()));
    let releases: Vec<&[&IndexFile]> =
        by_version.chunk_by(|a, b| a.distribution.version() == b.distribution.version()).collect();
    let versions: Vec<String> = releases.iter().map(|files| files[0].distribution.version().to_string()).collect();
    let mut pythons = Table::default();
    let mut bases = Table::default();
    let written = releases.iter().map(|files| {
        let files: Vec<CompactFile> = files.iter().map(|file| compact(file, &mut pythons, &mut bases)).collect();
        postcard::to_allocvec(&files).expect("files are plain data")
    });
    let written: Vec<Vec<u8>> = written.collect();
    let rest = written.iter().rev().flatten().copied().collect();
    let block = |bytes: &Vec<u8>| Block { size: bytes.len() as u32, crc: crc32fast::hash(bytes) };
    let front = Front {
        format: FORMAT,
        ignored: page.ignored as u64,
        status: page.status.as_deref(),
        versions: versions.iter().map(String::as_str).collect(),
        blocks: written.iter().map(block).collect(),
        pythons: pythons.entries,
        bases: bases.entries,
    };
    Encoded { front: postcard::to_allocvec(&front).expect("a page is plain data"), rest }
}

fn compact<'a>(file: &'a IndexFile, pythons: &mut Table<'a>, bases: &mut Table<'a>) -> CompactFile<'a> {
    CompactFile {
        filename: &file.filename,
        build: match &file.distribution {
            Distribution::Wheel(wheel) => wheel.build.as_ref().map(|(number, rest)| (*number, &**rest)),
            Distribution::Sdist(_) => None,
        },
        url: CompactUrl::of(&file.url, &file.filename, bases),
        sha256: file.sha256.as_ref().map(|sha| &sha.0[..]),
        size: file.size,
        requires_python: file.requires_python.as_deref().map(|text| pythons.index(text)),
        yanked: match &file.yanked {
            Yanked::No => None,
            Yanked::Yes(reason) => Some(reason.as_deref()),
        },
        core_metadata: file.core_metadata.as_ref().map(|digest| digest.as_ref().map(|sha| &sha.0[..])),
        upload_time: file.upload_time.as_deref(),
    }
}

/// `None` when the bytes are of another format.
pub(crate) fn decode(name: &PackageName, front: &[u8], rest: Box<dyn Rest>) -> Option<ProjectPage> {
    if front.first() != Some(&FORMAT) {
        return None;
    }
    let front: Front = postcard::from_bytes(front).ok()?;
    let versions: Vec<Version> =
        front.versions.iter().map(|text| Version::from_str(text)).collect::<Result<_, _>>().ok()?;
    if versions.len() != front.blocks.len() || !versions.is_sorted_by(|a, b| a < b) {
        return None;
    }
    let mut offset: u64 = front.blocks.iter().map(|block| u64::from(block.size)).sum();
    let blocks = front.blocks.iter().map(|block| {
        offset -= u64::from(block.size);
        (offset, *block)
    });
    let releases = StoredReleases {
        name: name.clone(),
        blocks: blocks.collect(),
        versions: versions.clone(),
        pythons: front.pythons.iter().map(|text| Arc::from(*text)).collect(),
        bases: front.bases.iter().map(|text| base_of(text)).collect::<Option<_>>()?,
        rest,
    };
    Some(ProjectPage {
        name: name.clone(),
        files: Files::read_later(versions, Box::new(releases)),
        ignored: usize::try_from(front.ignored).ok()?,
        status: front.status.map(Into::into),
        index: None,
    })
}

struct StoredReleases {
    name: PackageName,
    versions: Vec<Version>,
    /// With the offset of each in the rest.
    blocks: Vec<(u64, Block)>,
    pythons: Vec<Arc<str>>,
    bases: Vec<UrlBase>,
    rest: Box<dyn Rest>,
}

impl ReadRelease for StoredReleases {
    fn read(&self, place: usize) -> Option<Vec<IndexFile>> {
        let (offset, block) = *self.blocks.get(place)?;
        let bytes = self.rest.read(offset, block.size).filter(|_| block.size <= MAX_BLOCK)?;
        let files = (crc32fast::hash(&bytes) == block.crc).then(|| self.files(place, &bytes)).flatten();
        if files.is_none() {
            self.rest.discard();
        }
        files
    }
}

impl StoredReleases {
    fn files(&self, place: usize, bytes: &[u8]) -> Option<Vec<IndexFile>> {
        let files: Vec<CompactFile> = postcard::from_bytes(bytes).ok()?;
        let mut parts = Parts {
            name: &self.name,
            version: self.versions.get(place)?,
            pythons: &self.pythons,
            bases: self.bases.clone(),
        };
        files.iter().map(|file| parts.file(file)).collect()
    }
}

/// What the files share.
#[derive(Serialize, Deserialize)]
struct Front<'a> {
    format: u8,
    ignored: u64,
    #[serde(borrow)]
    status: Option<&'a str>,
    /// Ascending, each once.
    #[serde(borrow)]
    versions: Vec<&'a str>,
    /// The files of each version.
    blocks: Vec<Block>,
    #[serde(borrow)]
    pythons: Vec<&'a str>,
    /// Scheme and authority of the URLs.
    #[serde(borrow)]
    bases: Vec<&'a str>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
struct Block {
    size: u32,
    crc: u32,
}

#[derive(Serialize, Deserialize)]
struct CompactFile<'a> {
    filename: &'a str,
    #[serde(borrow)]
    build: Option<(u64, &'a str)>,
    #[serde(borrow)]
    url: CompactUrl<'a>,
    #[serde(borrow)]
    sha256: Option<&'a [u8]>,
    size: Option<u64>,
    requires_python: Option<u32>,
    #[serde(borrow)]
    yanked: Option<Option<&'a str>>,
    #[serde(borrow)]
    core_metadata: Option<Option<&'a [u8]>>,
    #[serde(borrow)]
    upload_time: Option<&'a str>,
}

#[derive(Serialize, Deserialize)]
enum CompactUrl<'a> {
    /// The path ends in the file's name, which is not repeated.
    Beside {
        base: u32,
        directory: &'a str,
    },
    /// Same base, another path; no query.
    Path {
        base: u32,
        path: &'a str,
    },
    Whole(&'a str),
}

impl<'a> CompactUrl<'a> {
    fn of(url: &'a Url, filename: &str, bases: &mut Table<'a>) -> Self {
        let text = url.as_str();
        let path = url.path();
        if url.query().is_some() || url.fragment().is_some() || url.host_str().is_none() || !text.ends_with(path) {
            return Self::Whole(text);
        }
        let base = bases.index(&text[..text.len() - path.len()]);
        match path.strip_suffix(filename) {
            Some(directory) if directory.ends_with('/') => Self::Beside { base, directory },
            _ => Self::Path { base, path },
        }
    }
}

/// Texts in the order in which they were first seen.
#[derive(Default)]
struct Table<'a> {
    entries: Vec<&'a str>,
    places: FxHashMap<&'a str, u32>,
}

impl<'a> Table<'a> {
    fn index(&mut self, text: &'a str) -> u32 {
        *self.places.entry(text).or_insert_with(|| {
            self.entries.push(text);
            self.entries.len() as u32 - 1
        })
    }
}

struct Parts<'a> {
    name: &'a PackageName,
    version: &'a Version,
    pythons: &'a [Arc<str>],
    bases: Vec<UrlBase>,
}

impl Parts<'_> {
    fn file(&mut self, file: &CompactFile) -> Option<IndexFile> {
        Some(IndexFile {
            distribution: self.distribution(file)?,
            url: match file.url {
                CompactUrl::Beside { base, directory } => {
                    self.bases.get_mut(base as usize)?.join(directory, file.filename)?
                }
                CompactUrl::Path { base, path } => self.bases.get_mut(base as usize)?.join(path, "")?,
                CompactUrl::Whole(text) => Url::parse(text).ok()?,
            },
            filename: file.filename.into(),
            sha256: optional(file.sha256.map(digest))?,
            size: file.size,
            requires_python: optional(file.requires_python.map(|at| self.pythons.get(at as usize).cloned()))?,
            yanked: file.yanked.map_or(Yanked::No, |reason| Yanked::Yes(reason.map(Into::into))),
            core_metadata: optional(file.core_metadata.map(|sha| optional(sha.map(digest))))?,
            upload_time: file.upload_time.map(Into::into),
        })
    }

    fn distribution(&self, file: &CompactFile) -> Option<Distribution> {
        let (name, version) = (self.name.clone(), self.version.clone());
        let Some(stem) = file.filename.strip_suffix(".whl") else {
            return Some(Distribution::Sdist(SdistName { name, version }));
        };
        let mut tags = stem.rsplitn(4, '-');
        let (platform, abi, python) = (tags.next()?.into(), tags.next()?.into(), tags.next()?.into());
        let build = file.build.map(|(number, rest)| (number, rest.into()));
        Some(Distribution::Wheel(WheelName { name, version, build, python, abi, platform }))
    }
}

/// `https://host` is the URL `https://host/`.
fn base_of(text: &str) -> Option<UrlBase> {
    UrlBase::of(&Url::parse(text).ok()?).filter(|base| base.as_str() == text)
}

fn digest(bytes: &[u8]) -> Option<Sha256> {
    bytes.try_into().ok().map(Sha256)
}

/// `Some(None)` where a value is there and broken.
fn optional<T>(value: Option<Option<T>>) -> Option<Option<T>> {
    match value {
        None => Some(None),
        Some(None) => None,
        Some(some) => Some(some),
    }
}

/// The rest of a page that is in memory.
#[cfg(any(test, feature = "fuzz"))]
impl Rest for Vec<u8> {
    fn read(&self, offset: u64, size: u32) -> Option<Vec<u8>> {
        let start = usize::try_from(offset).ok()?;
        self.get(start..start.checked_add(size as usize)?).map(<[u8]>::to_vec)
    }

    fn discard(&self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str) -> ProjectPage {
        let base = Url::parse("https://index.example/simple/six/").unwrap();
        ProjectPage::from_json(&"six".parse().unwrap(), text.as_bytes(), &base).unwrap()
    }

    const TEXT: &str = r#"{"meta":{"api-version":"1.1"},"project-status":{"status":"archived"},"files":[
        {"filename":"six-1.0-py3-none-any.whl","url":"../../f/six-1.0-py3-none-any.whl","hashes":{"sha256":"SHA"},
         "requires-python":">=3.8","yanked":"broken","core-metadata":{"sha256":"SHA"},"size":10},
        {"filename":"six-1.0-2b-py2.py3-none-any.whl","url":"https://f.example:81/a%20b","core-metadata":true},
        {"filename":"six-1.0+l.tar.gz","url":"https://f.example/six-1.0%2Bl.tar.gz","requires-python":">=3.8"},
        {"filename":"six-1.1.tar.gz","url":"https://u:p@f.example/six-1.1.tar.gz?q=1","yanked":true,
         "upload-time":"2020-01-01T00:00:00Z"},
        {"filename":"six-1!2.0rc1.post1.zip","url":"http://[::1]:8080/six.zip"},
        {"filename":"six-2.0.zip","url":"http://127.0.0.1/"},
        {"filename":"six.exe","url":"x"}]}"#;

    #[test]
    fn a_page_comes_back_as_it_was() {
        let page = page(&TEXT.replace("SHA", &"ab".repeat(32)));
        assert_eq!((page.files.len(), page.ignored), (6, 1));
        let read = again(&page);
        assert_eq!(read.files.versions().unwrap().len(), 5);
        assert_eq!(read.files.any().unwrap().filename, page.files[4].filename);
        let version = "1.0".parse().unwrap();
        assert!(read.files.of(&version).eq(page.files.of(&version)) && page.files.of(&version).count() == 2);
        let mut page = page;
        let mut files = page.files.into_vec();
        files.sort_by(|a, b| a.distribution.version().cmp(b.distribution.version()));
        page.files = files.into();
        assert_eq!(read, page);
        for (read, written) in read.files.iter().zip(&page.files) {
            assert_eq!(Url::parse(read.url.as_str()).unwrap(), read.url);
            assert_eq!((read.url.host(), read.url.port()), (written.url.host(), written.url.port()));
            assert_eq!((read.url.path(), read.url.query()), (written.url.path(), written.url.query()));
        }
    }

    fn again(page: &ProjectPage) -> ProjectPage {
        let Encoded { front, rest } = encode(page);
        decode(&page.name, &front, Box::new(rest)).unwrap()
    }

    #[test]
    fn altered_bytes_are_no_page_and_no_panic() {
        let page = page(&TEXT.replace("SHA", &"ab".repeat(32)));
        let Encoded { front, rest } = encode(&page);
        for at in 0..front.len() {
            for bit in 0..8 {
                let mut altered = front.clone();
                altered[at] ^= 1 << bit;
                if let Some(page) = decode(&page.name, &altered, Box::new(rest.clone())) {
                    assert!(page.files.iter().all(|file| file.url.path().len() <= file.url.as_str().len()));
                }
            }
            decode(&page.name, &front[..at], Box::new(rest.clone()));
        }
        for at in 0..rest.len() {
            let mut altered = rest.clone();
            altered[at] ^= 1;
            let read = decode(&page.name, &front, Box::new(altered)).unwrap();
            assert!(read.files.len() < page.files.len() && read.files.is_damaged(), "byte {at}");
        }
    }
}
