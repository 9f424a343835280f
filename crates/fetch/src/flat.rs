//! Pages and directories of files (find-links), which are candidates beside those of the indexes.

use crate::cache::{Head, Kind};
use crate::freshness::{self, Keep};
use crate::http::{Ask, now};
use crate::redact::{redacted, without_credentials};
use crate::{Client, Error, local, locate};
use pybun_model::{FlatPage, IndexFile, PackageName};
use reqwest::header;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::OnceCell;
use url::Url;

const MAX_PAGE: u64 = 128 << 20;
const ACCEPT: &str = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1";

/// One configured place.
pub(crate) struct Flat {
    /// With credentials if it has any.
    configured: Url,
    page: OnceCell<Arc<FlatPage>>,
}

impl Flat {
    pub(crate) fn new(configured: &Url) -> Self {
        Self { configured: configured.clone(), page: OnceCell::new() }
    }

    /// For messages.
    pub(crate) fn shown(&self) -> String {
        local::path(&self.configured).map_or_else(|| redacted(&self.configured), |path| path.display().to_string())
    }
}

impl Client {
    /// The files of a project on all pages of files, the first place first.
    pub(crate) async fn flat_files(&self, name: &PackageName) -> Result<Vec<IndexFile>, Error> {
        let mut files = Vec::new();
        for flat in self.flats_of(name) {
            files.extend(flat.page.get_or_try_init(|| self.load_flat(flat)).await?.page(name).files.into_vec());
        }
        Ok(self.with_digests(files).await)
    }

    async fn load_flat(&self, flat: &Flat) -> Result<Arc<FlatPage>, Error> {
        let url = flat.configured.clone();
        if let Some(path) = local::path(&url) {
            return self.compute(move || from_disk(&url, &path)).await.map(Arc::new);
        }
        if let Some(page) = one_file(&url) {
            return page.map(Arc::new);
        }
        let (bytes, base) = self.flat_bytes(&url).await?;
        self.compute(move || {
            FlatPage::from_html(&bytes, &base).map(Arc::new).map_err(|error| Error::page(&base, &error))
        })
        .await
    }

    /// The page and the URL that it came from, out of the cache while it is fresh. An entry is `<URL>\n<page>`.
    async fn flat_bytes(&self, url: &Url) -> Result<(Vec<u8>, Url), Error> {
        let entry = self.cache().path(Kind::Page, &without_credentials(url), "find-links");
        let stored = self.cache().load(&entry);
        let settings = self.settings();
        let page_in = |body: &[u8]| {
            let end = body.iter().position(|byte| *byte == b'\n')?;
            let base = Url::parse(std::str::from_utf8(&body[..end]).ok()?).ok()?;
            Some((body[end + 1..].to_vec(), base))
        };
        if let Some(stored) = &stored
            && (settings.offline || !settings.refresh && stored.head.is_fresh(now()))
            && let Some(page) = page_in(stored.front())
        {
            return Ok(page);
        }
        if settings.offline {
            return Err(Error::Offline { what: format!("the page `{}`", redacted(url)) });
        }
        let head = stored.as_ref().map(|entry| &entry.head);
        let ask = Ask { accept: ACCEPT, gzip: true, etag: head.and_then(|head| head.etag.as_deref()), ..Ask::new(url) };
        let reply = self.http().get(ask, MAX_PAGE).await?;
        let keep = freshness::keep(&reply.headers);
        let etag = reply.header(header::ETAG).map(str::to_owned);
        let (bytes, base, etag) = match (reply.status, stored.as_ref().and_then(|entry| page_in(entry.front()))) {
            (200, _) => {
                let base = reply.url.clone();
                (reply.decoded(MAX_PAGE)?, base, etag)
            }
            (304, Some((bytes, base))) => (bytes, base, etag.or_else(|| head.and_then(|head| head.etag.clone()))),
            _ => return Err(reply.refusal()),
        };
        if let Keep::Fresh(fresh_seconds) = keep {
            let head = Head { etag, last_modified: None, fetched_at: now(), fresh_seconds };
            self.note_cache(self.cache().save(&entry, &head, &[base.as_str().as_bytes(), b"\n", &bytes].concat()));
        }
        Ok((bytes, base))
    }
}

/// A directory of files, a page in a file, or a single file.
fn from_disk(url: &Url, path: &Path) -> Result<FlatPage, Error> {
    let bad = |error: std::io::Error| Error::BadFindLinks { place: path.display().to_string(), why: error.to_string() };
    let page = |error| Error::page(url, &error);
    if !path.is_dir() {
        if let Some(page) = one_file(url) {
            return std::fs::metadata(path).map_err(bad).and(page);
        }
        return FlatPage::from_html(&local::read_page(path).map_err(bad)?, url).map_err(page);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(bad)? {
        let entry = entry.map_err(bad)?;
        let Ok(url) = Url::from_file_path(entry.path()) else { continue };
        files.push((
            entry.file_name().to_string_lossy().into_owned(),
            url,
            entry.metadata().ok().map(|meta| meta.len()),
        ));
    }
    files.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    FlatPage::from_files(url, files.into_iter()).map_err(page)
}

/// pip takes the URL of an archive too.
fn one_file(url: &Url) -> Option<Result<FlatPage, Error>> {
    let filename = locate::filename(url);
    let is_archive = [".whl", ".tar.gz", ".zip"].iter().any(|suffix| filename.ends_with(suffix));
    let bare = without_credentials(url);
    let file = (filename, bare.clone(), None);
    is_archive.then(|| FlatPage::from_files(&bare, std::iter::once(file)).map_err(|error| Error::page(url, &error)))
}
