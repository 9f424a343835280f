//! Project pages: from the cache while they are fresh, else from the index, once per process.

use crate::cache::{Entry, Head, Kind};
use crate::client::Index;
use crate::freshness::{self, Keep};
use crate::http::{Ask, Reply, now};
use crate::redact::redacted;
use crate::{Client, Error, compact_page, local, locate};
use pybun_model::{Files, PackageName, ProjectPage};
use reqwest::header;
use rustc_hash::FxHashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use url::Url;

/// The largest real pages have about 30 MB.
const MAX_PAGE: u64 = 128 << 20;
/// JSON is asked for first (PEP 691, content negotiation); HTML serves as well (PEP 503).
const ACCEPT: &str = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1";

impl Client {
    /// The page of a project from the first index that has it. `None`: every index says that it does not exist.
    pub async fn page(&self, name: &PackageName) -> Result<Option<Arc<ProjectPage>>, Error> {
        let cell = self.page_cell(name);
        cell.get_or_try_init(|| self.find_page(name)).await.cloned()
    }

    async fn find_page(&self, name: &PackageName) -> Result<Option<Arc<ProjectPage>>, Error> {
        let flat = self.flat_files(name).await?;
        let page = match self.first_page(name).await {
            // A directory at hand is enough to work from; another index may have had more.
            Err(Error::Offline { .. }) if !flat.is_empty() => None,
            other => other?,
        };
        if flat.is_empty() {
            return Ok(page);
        }
        let empty =
            || ProjectPage { name: name.clone(), files: Files::default(), ignored: 0, status: None, index: None };
        let page = page.map_or_else(empty, Arc::unwrap_or_clone);
        // What an index says of a file, its digest above all, is more than what a directory can.
        let mut seen: FxHashSet<Box<str>> = page.files.iter().map(|file| file.filename.clone()).collect();
        let mut files = page.files.into_vec();
        files.extend(flat.into_iter().filter(|file| seen.insert(file.filename.clone())));
        Ok(Some(Arc::new(ProjectPage { files: files.into(), ..page })))
    }

    async fn first_page(&self, name: &PackageName) -> Result<Option<Arc<ProjectPage>>, Error> {
        let mut missing = None;
        for index in self.indexes_of(name) {
            match self.page_of(index, name).await {
                Ok(Some(page)) => return Ok(Some(page)),
                Ok(None) => {}
                // Another index may have it in the cache.
                Err(error @ Error::Offline { .. }) => missing = missing.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        missing.map_or(Ok(None), Err)
    }

    /// The page of one index.
    pub(crate) async fn page_of(&self, index: &Index, name: &PackageName) -> Result<Option<Arc<ProjectPage>>, Error> {
        let url = index.page_url(name);
        if let Some(directory) = local::path(&url) {
            let Some(page) = local::page(name, &directory)? else { return Ok(None) };
            let files = self.with_digests(page.files.into_vec()).await;
            return Ok(Some(of(index, ProjectPage { files: files.into(), ..page })));
        }
        let path = self.cache().path(Kind::Page, &url, "");
        let settings = self.settings();
        let stored = self.cache().load(&path);
        if let Some(entry) = &stored
            && (settings.offline || !settings.refresh && entry.head.is_fresh(now()))
            && let Some(page) = self.decode(index, (name, &path), entry)
        {
            index.learn_storage(&page);
            return Ok(Some(page));
        }
        if settings.offline {
            return Err(Error::Offline { what: format!("the page of `{name}` on `{}`", redacted(index.url())) });
        }
        self.fetch_page(index, name, &url, path, stored).await
    }

    async fn fetch_page(
        &self,
        index: &Index,
        name: &PackageName,
        url: &Url,
        path: PathBuf,
        stored: Option<Entry>,
    ) -> Result<Option<Arc<ProjectPage>>, Error> {
        let head = stored.as_ref().map(|entry| &entry.head);
        let authorised = index.authorised(url);
        let ask = Ask {
            accept: ACCEPT,
            gzip: true,
            etag: head.and_then(|head| head.etag.as_deref()),
            last_modified: head.and_then(|head| head.last_modified.as_deref()),
            ..Ask::new(&authorised)
        };
        let reply = self.http().get(ask, MAX_PAGE).await?;
        match reply.status {
            200 => {}
            304 if stored.is_some() => match self.revalidated(index, (name, &path), &stored, &reply) {
                Some(page) => return Ok(Some(page)),
                // The entry is of an older format: ask again, without validators.
                None => return Box::pin(self.fetch_page(index, name, url, path, None)).await,
            },
            404 | 410 => return Ok(None),
            // Elsewhere than at the last index this would hand a private name on to a public index.
            _ if reply.is_object_store_absence() && self.is_last(index, name) => return Ok(None),
            _ => return Err(reply.refusal()),
        }
        let (client, owned, validators) = (self.clone(), name.clone(), head_of(&reply));
        let parse = move || {
            let page = parse(&owned, reply)?;
            if let Some(head) = validators {
                client.note_cache(client.cache().save_page(&path, &head, &compact_page::encode(&page)));
            }
            Ok(page)
        };
        let page = of(index, self.compute(parse).await?);
        index.learn_storage(&page);
        Ok(Some(page))
    }

    fn revalidated(
        &self,
        index: &Index,
        (name, path): (&PackageName, &Path),
        stored: &Option<Entry>,
        reply: &Reply,
    ) -> Option<Arc<ProjectPage>> {
        let entry = stored.as_ref()?;
        let page = self.decode(index, (name, path), entry)?;
        if let Keep::Fresh(fresh_seconds) = freshness::keep(&reply.headers) {
            let head = Head { fetched_at: now(), fresh_seconds, ..entry.head.clone() };
            self.note_cache(self.cache().renew(path, &head, entry));
        }
        Some(page)
    }

    fn decode(&self, index: &Index, (name, path): (&PackageName, &Path), entry: &Entry) -> Option<Arc<ProjectPage>> {
        let rest = self.cache().rest(path, entry);
        compact_page::decode(name, entry.front(), Box::new(rest)).map(|page| of(index, page))
    }
}

fn of(index: &Index, page: ProjectPage) -> Arc<ProjectPage> {
    Arc::new(ProjectPage { index: index.name().map(Into::into), ..page })
}

fn head_of(reply: &Reply) -> Option<Head> {
    match freshness::keep(&reply.headers) {
        Keep::No => None,
        Keep::Fresh(fresh_seconds) => Some(Head {
            etag: reply.header(header::ETAG).map(str::to_owned),
            last_modified: reply.header(header::LAST_MODIFIED).map(str::to_owned),
            fetched_at: now(),
            fresh_seconds,
        }),
    }
}

fn parse(name: &PackageName, reply: Reply) -> Result<ProjectPage, Error> {
    let kind = reply.header(header::CONTENT_TYPE).unwrap_or("text/html");
    let kind = kind.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    let url = reply.url.clone();
    let body = reply.decoded(MAX_PAGE)?;
    let page = match kind.as_str() {
        "application/vnd.pypi.simple.v1+json" | "application/json" => ProjectPage::from_json(name, &body, &url),
        "application/vnd.pypi.simple.v1+html" | "text/html" | "application/xhtml+xml" => {
            ProjectPage::from_html(name, &body, &url)
        }
        other => {
            let why = format!("its content type is `{}`", other.chars().take(80).collect::<String>());
            return Err(Error::BadPage { url: redacted(&url), why });
        }
    };
    let page = page.map_err(|error| Error::page(&url, &error))?;
    let mut files = page.files.into_vec();
    files.retain(|file| locate::may_follow(&url, &file.url));
    Ok(ProjectPage { files: files.into(), ..page })
}
