//! A project page in the form that loads fast: texts that repeat are stored once, versions and URLs are rebuilt from
//! parts instead of being parsed again.

use pybun_model::UrlBase;
use pybun_model::{Distribution, IndexFile, PackageName, ProjectPage, SdistName, Sha256, Version, WheelName, Yanked};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use std::str::FromStr;
use std::sync::Arc;
use url::Url;

/// Must change with every change of what is stored.
const FORMAT: u8 = 2;

pub(crate) fn encode(page: &ProjectPage) -> Vec<u8> {
    let mut versions = Table::default();
    let mut pythons = Table::default();
    let mut bases = Table::default();
    let texts: Vec<String> = page.files.iter().map(|file| file.distribution.version().to_string()).collect();
    let files = page.files.iter().zip(&texts).map(|(file, version)| CompactFile {
        filename: &file.filename,
        version: versions.index(version),
        build: match &file.distribution {
            Distribution::Wheel(wheel) => wheel.build.as_ref().map(|(number, rest)| (*number, &**rest)),
            Distribution::Sdist(_) => None,
        },
        url: CompactUrl::of(&file.url, &file.filename, &mut bases),
        sha256: file.sha256.as_ref().map(|sha| &sha.0[..]),
        size: file.size,
        requires_python: file.requires_python.as_deref().map(|text| pythons.index(text)),
        yanked: match &file.yanked {
            Yanked::No => None,
            Yanked::Yes(reason) => Some(reason.as_deref()),
        },
        core_metadata: file.core_metadata.as_ref().map(|digest| digest.as_ref().map(|sha| &sha.0[..])),
        upload_time: file.upload_time.as_deref(),
    });
    let files: Vec<CompactFile> = files.collect();
    let head = CompactHead {
        format: FORMAT,
        ignored: page.ignored as u64,
        status: page.status.as_deref(),
        versions: versions.entries,
        pythons: pythons.entries,
        bases: bases.entries,
        files: files.len() as u64,
    };
    let bytes = postcard::to_allocvec(&head).expect("a page is plain data");
    files.iter().fold(bytes, |bytes, file| postcard::to_extend(file, bytes).expect("a file is plain data"))
}

/// `None` when the bytes are of another format.
pub(crate) fn decode(name: &PackageName, bytes: &[u8]) -> Option<ProjectPage> {
    if bytes.first() != Some(&FORMAT) {
        return None;
    }
    let (compact, mut rest): (CompactHead, _) = postcard::take_from_bytes(bytes).ok()?;
    let mut parts = Parts {
        name,
        versions: compact.versions.iter().map(|text| Version::from_str(text)).collect::<Result<_, _>>().ok()?,
        pythons: compact.pythons.iter().map(|text| Arc::from(*text)).collect(),
        bases: compact.bases.iter().map(|text| base_of(text)).collect::<Option<_>>()?,
    };
    let count = usize::try_from(compact.files).ok().filter(|count| *count <= rest.len())?;
    let mut files = Vec::with_capacity(count);
    for _ in 0..count {
        let (file, after): (CompactFile, _) = postcard::take_from_bytes(rest).ok()?;
        files.push(parts.file(&file)?);
        rest = after;
    }
    let ignored = usize::try_from(compact.ignored).ok()?;
    Some(ProjectPage { name: name.clone(), files, ignored, status: compact.status.map(Into::into), index: None })
}

/// What the files share; they follow one by one.
#[derive(Serialize, Deserialize)]
struct CompactHead<'a> {
    format: u8,
    ignored: u64,
    #[serde(borrow)]
    status: Option<&'a str>,
    #[serde(borrow)]
    versions: Vec<&'a str>,
    #[serde(borrow)]
    pythons: Vec<&'a str>,
    /// Scheme and authority of the URLs.
    #[serde(borrow)]
    bases: Vec<&'a str>,
    files: u64,
}

#[derive(Serialize, Deserialize)]
struct CompactFile<'a> {
    filename: &'a str,
    version: u32,
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
    versions: Vec<Version>,
    pythons: Vec<Arc<str>>,
    bases: Vec<UrlBase>,
}

impl Parts<'_> {
    fn file(&mut self, file: &CompactFile) -> Option<IndexFile> {
        let version = self.versions.get(file.version as usize)?.clone();
        Some(IndexFile {
            distribution: self.distribution(file, version)?,
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

    fn distribution(&self, file: &CompactFile, version: Version) -> Option<Distribution> {
        let name = self.name.clone();
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
        let read = decode(&page.name, &encode(&page)).unwrap();
        assert_eq!(read, page);
        for (read, written) in read.files.iter().zip(&page.files) {
            assert_eq!(Url::parse(read.url.as_str()).unwrap(), read.url);
            assert_eq!((read.url.host(), read.url.port()), (written.url.host(), written.url.port()));
            assert_eq!((read.url.path(), read.url.query()), (written.url.path(), written.url.query()));
        }
    }

    #[test]
    fn altered_bytes_are_no_page_and_no_panic() {
        let page = page(&TEXT.replace("SHA", &"ab".repeat(32)));
        let bytes = encode(&page);
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut altered = bytes.clone();
                altered[at] ^= 1 << bit;
                if let Some(page) = decode(&page.name, &altered) {
                    assert!(page.files.iter().all(|file| file.url.path().len() <= file.url.as_str().len()));
                }
            }
            decode(&page.name, &bytes[..at]);
        }
    }
}
