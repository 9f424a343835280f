//! The client: what all requests of one process share.

use crate::cache::Cache;
use crate::credentials::Credentials;
use crate::default_index::{DEFAULT_INDEX_URL, DEFAULT_STORAGE};
use crate::flat::Flat;
use crate::http::Http;
use crate::keyring::Keyring;
use crate::netrc::Netrc;
use crate::redact::{place, redacted, without_credentials};
use crate::settings::NamedIndex;
use crate::{Environment, Error, Settings, locate};
use pybun_model::{PackageName, ProjectPage, Sha256};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use tokio::sync::{OnceCell, Semaphore};
use url::Url;

/// Asks package indexes. Cheap to clone; its methods need a tokio runtime with time and I/O.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

type PageCell = Arc<OnceCell<Option<Arc<ProjectPage>>>>;

struct Shared {
    settings: Settings,
    indexes: Vec<Index>,
    index_of: BTreeMap<PackageName, String>,
    flats: Vec<Flat>,
    places: Sha256,
    http: Http,
    cache: Cache,
    pages: Mutex<FxHashMap<PackageName, PageCell>>,
    cache_failed: AtomicBool,
    /// One place per processor for work off the network's threads.
    processors: Semaphore,
    /// Were pages loaded to learn where the indexes keep their files?
    learning: tokio::sync::Mutex<bool>,
}

/// One configured index.
pub(crate) struct Index {
    name: Option<Box<str>>,
    /// Asked only for the projects that are assigned to it.
    explicit: bool,
    /// As configured, with credentials if it has any.
    configured: Url,
    bare: Url,
    storage: OnceLock<String>,
}

impl Client {
    /// Reads pip's configuration and netrc. Certificates and proxies are read when the network is first needed.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        let resolved = settings.resolve()?;
        let netrc = load_netrc(&settings.environment);
        let keyring = settings.keyring.then(|| Keyring::new(&settings.environment));
        let urls = resolved.indexes.iter().map(|index| &index.url).chain(&resolved.find_links);
        let credentials = Credentials::new(urls, resolved.user_hosts.clone(), netrc, keyring);
        let indexes = resolved.indexes.iter().map(Index::new).collect();
        let flats = resolved.find_links.iter().map(Flat::new).collect();
        let index_of = resolved.index_of.clone();
        let places = resolved.places();
        let http = Http::new(settings.environment.clone(), resolved, credentials);
        let cache = Cache::new(&settings.cache_dir);
        let (pages, cache_failed, learning) = Default::default();
        let processors = Semaphore::new(pybun_model::processors());
        Ok(Self {
            shared: Arc::new(Shared {
                settings,
                indexes,
                index_of,
                flats,
                places,
                http,
                cache,
                pages,
                cache_failed,
                learning,
                processors,
            }),
        })
    }

    /// The places that are asked for a project, in this order, in a word or two each.
    pub fn asked(&self, name: &PackageName) -> Vec<String> {
        let indexes = self.indexes_of(name).into_iter().map(Index::word);
        indexes.chain(self.flats_of(name).iter().map(Flat::shown)).collect()
    }

    /// The same for whatever no configuration assigns to an index.
    pub fn asked_for_any(&self) -> Vec<String> {
        let indexes = self.shared.indexes.iter().filter(|index| !index.explicit).map(Index::word);
        indexes.chain(self.shared.flats.iter().map(Flat::shown)).collect()
    }

    /// The same as URLs, as they may be shown.
    pub(crate) fn asked_urls(&self, name: &PackageName) -> Vec<String> {
        let indexes = self.indexes_of(name).into_iter().map(|index| redacted(&index.bare));
        indexes.chain(self.flats_of(name).iter().map(Flat::shown)).collect()
    }

    /// Stands for the indexes and pages that are asked, credentials apart: another value where the files of a package may
    /// be other ones.
    pub fn places(&self) -> Sha256 {
        self.shared.places
    }

    /// Could an answer not be kept? Then later runs are slower, and `--offline` will not find it.
    pub fn cache_failed(&self) -> bool {
        self.shared.cache_failed.load(Ordering::Relaxed)
    }

    pub fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    /// The indexes that are asked for a project: the one that it is assigned to, else all that are for everybody.
    pub(crate) fn indexes_of(&self, name: &PackageName) -> Vec<&Index> {
        let indexes = &self.shared.indexes;
        match self.shared.index_of.get(name) {
            Some(assigned) => {
                indexes.iter().find(|index| index.name.as_deref() == Some(assigned)).into_iter().collect()
            }
            None => indexes.iter().filter(|index| !index.explicit).collect(),
        }
    }

    /// The pages of files beside the indexes. A project that is assigned to an index comes from nowhere else, unless
    /// there are no indexes at all.
    pub(crate) fn flats_of(&self, name: &PackageName) -> &[Flat] {
        let is_assigned = self.shared.index_of.contains_key(name) && !self.shared.indexes.is_empty();
        if is_assigned { &[] } else { &self.shared.flats }
    }

    pub(crate) fn is_last(&self, index: &Index, name: &PackageName) -> bool {
        self.indexes_of(name).last().is_some_and(|last| std::ptr::eq(*last, index))
    }

    pub(crate) fn http(&self) -> &Http {
        &self.shared.http
    }

    pub(crate) fn cache(&self) -> &Cache {
        &self.shared.cache
    }

    pub(crate) fn learning(&self) -> &tokio::sync::Mutex<bool> {
        &self.shared.learning
    }

    pub(crate) fn page_cell(&self, name: &PackageName) -> PageCell {
        let mut pages = self.shared.pages.lock().expect("no code panics while it holds this lock");
        pages.entry(name.clone()).or_default().clone()
    }

    /// Computes off the threads that serve the network. The runtime would start a thread for each piece of work that
    /// waits; more than one per processor only costs.
    pub(crate) async fn compute<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        let _place = self.shared.processors.acquire().await.expect("the semaphore is never closed");
        tokio::task::spawn_blocking(work).await.expect("the work does not panic and is not cancelled")
    }

    /// Remembers that the cache could not be written; the answer itself is good.
    pub(crate) fn note_cache(&self, saved: Result<(), Error>) {
        if saved.is_err() {
            self.shared.cache_failed.store(true, Ordering::Relaxed);
        }
    }
}

impl Index {
    fn new(NamedIndex { name, url: configured, explicit, .. }: &NamedIndex) -> Self {
        let bare = without_credentials(configured);
        let storage = OnceLock::new();
        if bare.as_str().trim_end_matches('/') == DEFAULT_INDEX_URL {
            storage.get_or_init(|| DEFAULT_STORAGE.to_owned());
        }
        let name = name.as_deref().map(Into::into);
        Self { name, explicit: *explicit, configured: configured.clone(), bare, storage }
    }

    pub(crate) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// For messages: its name, if it has one, and its host or path.
    fn word(&self) -> String {
        let place = place(&self.bare);
        self.name().map_or_else(|| place.clone(), |name| format!("{name} ({place})"))
    }

    pub(crate) fn url(&self) -> &Url {
        &self.bare
    }

    /// Without credentials: it is also the key of the cache.
    pub(crate) fn page_url(&self, name: &PackageName) -> Url {
        let mut url = self.bare.clone();
        url.set_path(&format!("{}{name}/", self.bare.path()));
        url
    }

    /// The same URL with this index's own credentials, so that two indexes on one host may have different ones.
    pub(crate) fn authorised(&self, url: &Url) -> Url {
        let mut url = url.clone();
        // Both setters fail only for URLs without host, which have no credentials.
        let _ = url.set_username(self.configured.username());
        let _ = url.set_password(self.configured.password());
        url
    }

    /// Where this index keeps its files, if that is known; see [`crate::storage_path`].
    pub(crate) fn storage(&self) -> Option<&str> {
        self.storage.get().map(String::as_str)
    }

    pub(crate) fn learn_storage(&self, page: &ProjectPage) {
        if self.storage.get().is_none()
            && let Some(base) = page.files.any().and_then(|file| locate::storage_base(&file.url))
        {
            self.storage.get_or_init(|| base);
        }
    }
}

/// `NETRC`, else `~/.netrc` (`~/_netrc` on Windows). One that cannot be read gives no credentials.
fn load_netrc(env: &Environment) -> Netrc {
    let named = env.get("NETRC").filter(|path| !path.is_empty()).map(PathBuf::from);
    let home = env.get(if cfg!(windows) { "USERPROFILE" } else { "HOME" }).filter(|home| !home.is_empty());
    let default = || home.map(|home| PathBuf::from(home).join(if cfg!(windows) { "_netrc" } else { ".netrc" }));
    let bytes = named.or_else(default).and_then(|path| std::fs::read(path).ok());
    bytes.map(|bytes| Netrc::parse(&String::from_utf8_lossy(&bytes))).unwrap_or_default()
}
