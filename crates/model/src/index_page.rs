//! Project pages of a package index: the Simple repository API as JSON (PEP 691, 700, 714) and as HTML (PEP 503).

use crate::html_page;
use crate::{Distribution, Files, PackageName, Sha256, UrlBase, Version};
use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use url::Url;

/// Everything an index offers for one project, in the order of the page.
#[derive(Clone, Debug, PartialEq)]
pub struct ProjectPage {
    pub name: PackageName,
    pub files: Files,
    /// Files whose names cannot be understood (eggs, installers, foreign names), for explanations.
    pub ignored: usize,
    /// `active`, `archived`, `quarantined` or `deprecated` (PEP 792); `None` when the index does not say.
    pub status: Option<Box<str>>,
    /// The name of the index that answered, where it has one.
    pub index: Option<Box<str>>,
}

/// One file of a project page.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexFile {
    pub filename: Box<str>,
    pub distribution: Distribution,
    /// Absolute, without fragment.
    pub url: Url,
    pub sha256: Option<Sha256>,
    /// In bytes (PEP 700).
    pub size: Option<u64>,
    /// The text of `requires-python`, shared between files that say the same.
    pub requires_python: Option<Arc<str>>,
    pub yanked: Yanked,
    /// The index serves `<url>.metadata` (PEP 658, PEP 714); the digest of it where stated.
    pub core_metadata: Option<Option<Sha256>>,
    /// ISO 8601 in UTC (PEP 700).
    pub upload_time: Option<Box<str>>,
}

impl IndexFile {
    /// The digest in the URL where it follows the layout of the public index and its mirrors,
    /// `.../packages/<2 hex>/<2 hex>/<60 hex>/<filename>`.
    pub fn storage(&self) -> Option<[u8; 32]> {
        let mut segments = self.url.path_segments()?.rev().skip(1);
        let (rest, second, first) = (segments.next()?, segments.next()?, segments.next()?);
        let shape = (first.len(), second.len(), rest.len(), segments.next()) == (2, 2, 60, Some("packages"));
        shape.then(|| format!("{first}{second}{rest}").parse().ok()).flatten().map(|digest: Sha256| digest.0)
    }
}

/// Whether a file was withdrawn, and why (PEP 592).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Yanked {
    No,
    Yes(Option<Box<str>>),
}

impl Yanked {
    pub fn is_yanked(&self) -> bool {
        matches!(self, Self::Yes(_))
    }
}

#[derive(Debug, thiserror::Error)]
pub enum BadPage {
    #[error("the page is not valid JSON of the Simple API: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the page has API version {0}, and only 1.x is known")]
    ApiVersion(String),
    #[error("it is a web page with forms or scripts and without files, as a portal or a proxy shows")]
    WebPage,
    #[error("the page is not UTF-8")]
    NotText,
    #[error("the page has more than {0} files")]
    TooManyFiles(usize),
}

impl BadPage {
    pub(crate) fn api_version(text: &str) -> Self {
        Self::ApiVersion(text.chars().take(20).collect())
    }
}

/// More files than any real project has; the largest have about 30 000. It bounds the memory that a page takes.
pub(crate) const MAX_FILES: usize = if cfg!(test) { 1_000 } else { 300_000 };

impl ProjectPage {
    /// Reads `application/vnd.pypi.simple.v1+json` (PEP 691). `base` is the URL the page came from.
    pub fn from_json(name: &PackageName, bytes: &[u8], base: &Url) -> Result<Self, BadPage> {
        let mut builder = Builder::new(name, base);
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        let read = PageSeed(&mut builder).deserialize(&mut reader).and_then(|head| reader.end().map(|()| head));
        let head = match read {
            Err(_) if builder.is_full() => return Err(BadPage::TooManyFiles(MAX_FILES)),
            other => other?,
        };
        if let Some(version) = head.api_version.filter(|version| version.split('.').next() != Some("1")) {
            return Err(BadPage::api_version(&version));
        }
        let page = builder.finish();
        Ok(ProjectPage { status: head.status.map(Into::into), ..page }.obeying_status())
    }

    /// Reads `text/html` (PEP 503) with the attributes of PEP 592, 658 and 714.
    pub fn from_html(name: &PackageName, bytes: &[u8], base: &Url) -> Result<Self, BadPage> {
        html_page::parse(name, bytes, base)
    }

    /// A project in quarantine offers nothing to install, whatever its page lists (PEP 792).
    pub(crate) fn obeying_status(mut self) -> Self {
        if self.status.as_deref() == Some("quarantined") {
            self.ignored += self.files.len();
            self.files = Files::default();
        }
        self
    }

    /// The versions that some file of the page has, ascending.
    pub fn versions(&self) -> Vec<&Version> {
        if let Some(versions) = self.files.versions() {
            return versions.iter().collect();
        }
        let mut versions: Vec<_> = self.files.iter().map(|file| file.distribution.version()).collect();
        versions.sort();
        versions.dedup();
        versions
    }
}

/// A file as either form of page states it.
#[derive(Clone, Debug)]
pub(crate) struct RawFile<'a> {
    pub(crate) filename: Cow<'a, str>,
    pub(crate) url: Cow<'a, str>,
    pub(crate) sha256: Option<Sha256>,
    pub(crate) size: Option<u64>,
    pub(crate) requires_python: Option<Cow<'a, str>>,
    pub(crate) yanked: Yanked,
    pub(crate) core_metadata: Option<Option<Sha256>>,
    pub(crate) upload_time: Option<Cow<'a, str>>,
}

pub(crate) struct Builder<'a> {
    name: &'a PackageName,
    base: &'a Url,
    files: Vec<IndexFile>,
    ignored: usize,
    pythons: HashMap<Box<str>, Arc<str>>,
    /// Of the last URL: nearly all files of a page lie on one host.
    url_base: Option<UrlBase>,
}

impl<'a> Builder<'a> {
    pub(crate) fn new(name: &'a PackageName, base: &'a Url) -> Self {
        Self { name, base, files: Vec::new(), ignored: 0, pythons: HashMap::new(), url_base: None }
    }

    /// Takes a file; one whose name or URL cannot be used is counted and left out.
    pub(crate) fn push(&mut self, raw: RawFile) -> Result<(), BadPage> {
        if self.is_full() {
            return Err(BadPage::TooManyFiles(MAX_FILES));
        }
        let distribution = Distribution::parse(&raw.filename, self.name);
        let (Ok(distribution), Some(url)) = (distribution, self.resolve(&raw.url)) else {
            self.ignored += 1;
            return Ok(());
        };
        let requires_python = raw.requires_python.filter(|text| !text.trim().is_empty()).map(|text| self.share(&text));
        self.files.push(IndexFile {
            filename: raw.filename.into(),
            distribution,
            url,
            sha256: raw.sha256,
            size: raw.size,
            requires_python,
            yanked: raw.yanked,
            core_metadata: raw.core_metadata,
            upload_time: raw.upload_time.map(Into::into),
        });
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.files.len() + self.ignored >= MAX_FILES
    }

    fn resolve(&mut self, text: &str) -> Option<Url> {
        if let Some(url) = self.url_base.as_mut().and_then(|base| base.parse(text)) {
            return Some(url);
        }
        let mut url = self.base.join(text).ok()?;
        url.set_fragment(None);
        let allowed = matches!(url.scheme(), "http" | "https") || url.scheme() == self.base.scheme();
        if allowed && self.url_base.as_ref().is_none_or(|base| !url.as_str().starts_with(base.as_str())) {
            self.url_base = UrlBase::of(&url);
        }
        allowed.then_some(url)
    }

    fn share(&mut self, text: &str) -> Arc<str> {
        if let Some(shared) = self.pythons.get(text) {
            return shared.clone();
        }
        let shared: Arc<str> = text.into();
        self.pythons.insert(text.into(), shared.clone());
        shared
    }

    pub(crate) fn finish(self) -> ProjectPage {
        ProjectPage {
            name: self.name.clone(),
            files: self.files.into(),
            ignored: self.ignored,
            status: None,
            index: None,
        }
    }
}

/// What a page says beside its files.
#[derive(Default)]
struct Head {
    api_version: Option<String>,
    status: Option<String>,
}

/// Hands each file on as it is read, so that the text of a page is all that it takes in memory beside the result.
struct PageSeed<'b, 'a>(&'b mut Builder<'a>);

impl<'de> DeserializeSeed<'de> for PageSeed<'_, '_> {
    type Value = Head;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Head, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for PageSeed<'_, '_> {
    type Value = Head;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a project page")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Head, A::Error> {
        let (mut head, mut has_files) = (Head::default(), false);
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match &*key {
                "files" => {
                    map.next_value_seed(FilesSeed(self.0))?;
                    has_files = true;
                }
                "meta" => {
                    head.api_version =
                        map.next_value::<Option<JsonMeta>>()?.and_then(|meta| Some(meta.api_version?.into_owned()));
                }
                "project-status" => {
                    head.status =
                        map.next_value::<Option<JsonStatus>>()?.and_then(|status| Some(status.status?.into_owned()));
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        if has_files { Ok(head) } else { Err(A::Error::missing_field("files")) }
    }
}

struct FilesSeed<'b, 'a>(&'b mut Builder<'a>);

impl<'de> DeserializeSeed<'de> for FilesSeed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for FilesSeed<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of files")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut files: A) -> Result<(), A::Error> {
        while let Some(file) = files.next_element::<JsonFile>()? {
            self.0.push(file.into()).map_err(A::Error::custom)?;
        }
        Ok(())
    }
}

impl<'a> From<JsonFile<'a>> for RawFile<'a> {
    fn from(file: JsonFile<'a>) -> Self {
        Self {
            filename: file.filename,
            url: file.url,
            sha256: file.hashes.sha256.and_then(|hex| hex.parse().ok()),
            size: file.size,
            requires_python: file.requires_python,
            yanked: file.yanked.map_or(Yanked::No, JsonYanked::into_yanked),
            core_metadata: file.core_metadata.or(file.dist_info_metadata).and_then(JsonMetadata::into_digest),
            upload_time: file.upload_time,
        }
    }
}

#[derive(Deserialize)]
struct JsonMeta<'a> {
    #[serde(borrow, default, rename = "api-version")]
    api_version: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct JsonStatus<'a> {
    #[serde(borrow, default)]
    status: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct JsonFile<'a> {
    #[serde(borrow)]
    filename: Cow<'a, str>,
    #[serde(borrow)]
    url: Cow<'a, str>,
    #[serde(borrow, default)]
    hashes: JsonHashes<'a>,
    #[serde(default)]
    size: Option<u64>,
    #[serde(borrow, default)]
    requires_python: Option<Cow<'a, str>>,
    #[serde(default)]
    yanked: Option<JsonYanked>,
    #[serde(default)]
    core_metadata: Option<JsonMetadata>,
    #[serde(default)]
    dist_info_metadata: Option<JsonMetadata>,
    #[serde(borrow, default)]
    upload_time: Option<Cow<'a, str>>,
}

/// The other digests are of no use here.
#[derive(Default, Deserialize)]
struct JsonHashes<'a> {
    #[serde(borrow, default)]
    sha256: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum JsonYanked {
    Flag(bool),
    Reason(String),
}

impl JsonYanked {
    fn into_yanked(self) -> Yanked {
        match self {
            Self::Flag(false) => Yanked::No,
            Self::Flag(true) => Yanked::Yes(None),
            Self::Reason(reason) => Yanked::Yes(Some(reason).filter(|text| !text.is_empty()).map(Into::into)),
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum JsonMetadata {
    Flag(bool),
    Hashes(HashMap<String, String>),
}

impl JsonMetadata {
    fn into_digest(self) -> Option<Option<Sha256>> {
        match self {
            Self::Flag(false) => None,
            Self::Flag(true) => Some(None),
            Self::Hashes(hashes) => Some(hashes.get("sha256").and_then(|hex| hex.parse().ok())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name() -> PackageName {
        "six".parse().unwrap()
    }

    fn base() -> Url {
        Url::parse("https://index.example/simple/six/").unwrap()
    }

    #[test]
    fn reads_json() {
        let text = r#"{"meta":{"api-version":"1.1"},"name":"six","files":[
            {"filename":"six-1.0-py3-none-any.whl","url":"../../f/six-1.0-py3-none-any.whl#x","hashes":{"sha256":"00"},
             "requires-python":">=3.8","yanked":"broken","core-metadata":{"sha256":"ZZ"},"size":10},
            {"filename":"six-1.0.tar.gz","url":"https://f.example/six-1.0.tar.gz","yanked":false,"requires-python":null},
            {"filename":"six-1.0.exe","url":"x"},
            {"filename":"six-1.1.tar.gz","url":"file:///etc/passwd"}]}"#;
        let page = ProjectPage::from_json(&name(), text.as_bytes(), &base()).unwrap();
        assert_eq!((page.files.len(), page.ignored), (2, 2));
        assert_eq!(page.files[0].url.as_str(), "https://index.example/f/six-1.0-py3-none-any.whl");
        assert_eq!(page.files[0].yanked, Yanked::Yes(Some("broken".into())));
        assert_eq!(page.files[0].core_metadata, Some(None));
        assert_eq!(page.files[1].core_metadata, None);
    }

    #[test]
    fn a_page_without_end_is_refused() {
        let files = r#"{"filename":"a","url":"b"},"#.repeat(MAX_FILES + 1);
        let text = format!(r#"{{"files":[{}]}}"#, files.trim_end_matches(','));
        assert!(matches!(ProjectPage::from_json(&name(), text.as_bytes(), &base()), Err(BadPage::TooManyFiles(_))));
        let html = "<a href=six-1.0.zip>".repeat(MAX_FILES + 1);
        assert!(matches!(ProjectPage::from_html(&name(), html.as_bytes(), &base()), Err(BadPage::TooManyFiles(_))));
        for text in ["{}", r#"{"files":null}"#, r#"{"files":[]} x"#, r#"{"files":[{}]}"#, "[]"] {
            assert!(
                matches!(ProjectPage::from_json(&name(), text.as_bytes(), &base()), Err(BadPage::Json(_))),
                "{text}"
            );
        }
    }

    #[test]
    fn a_portal_is_no_project_without_files() {
        let parse = |html: &str| ProjectPage::from_html(&name(), html.as_bytes(), &base());
        for html in ["<form action=/login><input></form>", "<a href=/help>x</a><script src=x></script>"] {
            assert!(matches!(parse(html), Err(BadPage::WebPage)), "{html}");
        }
        assert!(parse("<html><a href=\"../\">up</a></html>").unwrap().files.is_empty());
        assert_eq!(parse("<script></script><a href=six-1.0.zip></a>").unwrap().files.len(), 1);
    }

    #[test]
    fn refuses_a_newer_api() {
        let text = br#"{"meta":{"api-version":"2.0"},"files":[]}"#;
        assert!(matches!(ProjectPage::from_json(&name(), text, &base()), Err(BadPage::ApiVersion(_))));
        let html =
            |version| format!(r#"<meta name="pypi:repository-version" content="{version}"><a href=six-1.0.zip>"#);
        let parse = |version| ProjectPage::from_html(&name(), html(version).as_bytes(), &base());
        assert!(matches!(parse("2.0"), Err(BadPage::ApiVersion(version)) if version == "2.0"));
        assert_eq!(parse("1.4").unwrap().files.len(), 1);
    }

    #[test]
    fn a_project_in_quarantine_offers_nothing() {
        for (status, files) in [("active", 1), ("archived", 1), ("quarantined", 0), ("deprecated", 1)] {
            let file = r#"{"filename":"six-1.0.tar.gz","url":"six-1.0.tar.gz"}"#;
            let json = format!(r#"{{"files":[{file}],"project-status":{{"status":"{status}","reason":"x"}}}}"#);
            let html = format!(r#"<meta name="pypi:project-status" content="{status}"><a href=six-1.0.tar.gz>"#);
            for page in [
                ProjectPage::from_json(&name(), json.as_bytes(), &base()).unwrap(),
                ProjectPage::from_html(&name(), html.as_bytes(), &base()).unwrap(),
            ] {
                assert_eq!((page.files.len(), page.status.as_deref()), (files, Some(status)));
            }
        }
    }

    #[test]
    fn the_base_of_a_page_leads_to_no_local_file() {
        for base_href in ["file:///etc/", "ftp://h.example/"] {
            let text =
                format!(r#"<base href="{base_href}"><a href="six-1.0.zip">x</a><a href="{base_href}six-2.zip">y</a>"#);
            let page = ProjectPage::from_html(&name(), text.as_bytes(), &base()).unwrap();
            let urls: Vec<_> = page.files.iter().map(|file| file.url.as_str()).collect();
            assert_eq!(urls, ["https://index.example/simple/six/six-1.0.zip"]);
        }
    }

    #[test]
    fn reads_html() {
        let digest = "a".repeat(64);
        let text = format!(
            r#"<!DOCTYPE html><html><head><base href="/files/"></head><body>
            <a href="six-1.0.tar.gz#sha256={digest}" data-requires-python="&gt;=3.8" data-yanked>six-1.0.tar.gz</a>
            <A HREF='six-1.1-py3-none-any.whl' data-dist-info-metadata="sha256={digest}">six-1.1-py3-none-any.whl</A>
            <a>nothing</a></body></html>"#
        );
        let page = ProjectPage::from_html(&name(), text.as_bytes(), &base()).unwrap();
        assert_eq!(page.files.len(), 2);
        assert_eq!(page.files[0].url.as_str(), "https://index.example/files/six-1.0.tar.gz");
        assert_eq!(page.files[0].requires_python.as_deref(), Some(">=3.8"));
        assert_eq!(page.files[0].yanked, Yanked::Yes(None));
        assert_eq!(page.files[0].sha256, Some(digest.parse().unwrap()));
        assert_eq!(page.files[1].core_metadata, Some(Some(digest.parse().unwrap())));
    }
}
