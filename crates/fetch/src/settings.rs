//! What a client is told: by PyBun's own settings, by the environment and by pip's configuration, in this order.

use crate::default_index::DEFAULT_INDEX_URL;
use crate::pip_config::{PipConfig, PipUrls};
use crate::redact::{redacted_text, without_credentials};
use crate::user_hosts::UserHosts;
use crate::{Environment, Error};
use pybun_model::{PackageName, Sha256};
use sha2::Digest;
use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

/// The settings of a [`crate::Client`].
#[derive(Clone)]
pub struct Settings {
    pub cache_dir: PathBuf,
    /// `None`: pip's configuration decides, else the public index.
    pub index_url: Option<Url>,
    /// Asked before the main index, in this order, so that a public project cannot take the place of a private one.
    pub extra_index_urls: Vec<Url>,
    /// Asked before both; one with `default` is asked in place of the main index.
    pub indexes: Vec<NamedIndex>,
    /// The name of the only index that is asked for a project.
    pub index_of: BTreeMap<PackageName, String>,
    /// Directories and pages whose files are candidates beside those of the indexes.
    pub find_links: Vec<Url>,
    /// Ask no index at all.
    pub no_index: bool,
    /// Ask the program `keyring` for the passwords of users that URLs name.
    pub keyring: bool,
    /// An index comes from a project's own files, which may be a stranger's.
    pub project_chose_index: bool,
    /// What the user named outside of any project. The hosts of these URLs may get credentials that no URL states.
    pub user_urls: Vec<Url>,
    /// Use the cache alone, however old.
    pub offline: bool,
    /// Ask again for every page, however fresh.
    pub refresh: bool,
    /// Try often, and wait for a server that is slow or asks for it. Not for whoever leaves every failure to another process,
    /// which would wait a second time: what broke off is asked for once more, and that is all.
    pub patient: bool,
    /// The environment variables, taken once by the caller.
    pub environment: Environment,
}

/// An index of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedIndex {
    pub name: Option<String>,
    pub url: Url,
    /// Asked only for the projects that are assigned to it.
    pub explicit: bool,
    /// Asked last, in place of the main index.
    pub default: bool,
}

/// Settings after every source was asked.
pub(crate) struct Resolved {
    /// In the order in which they are asked; those that are only for assigned projects come last.
    pub(crate) indexes: Vec<NamedIndex>,
    pub(crate) index_of: BTreeMap<PackageName, String>,
    pub(crate) find_links: Vec<Url>,
    pub(crate) user_hosts: UserHosts,
    pub(crate) trusted_hosts: Vec<String>,
    pub(crate) pip_cert: Option<PathBuf>,
    pub(crate) read_timeout: Duration,
    pub(crate) retries: u32,
    pub(crate) patient: bool,
    pub(crate) concurrency: usize,
}

impl Resolved {
    pub(crate) fn places(&self) -> Sha256 {
        let mut parts = Vec::new();
        for NamedIndex { name, url, explicit, default: _ } in &self.indexes {
            let kind = if *explicit { "explicit" } else { "index" };
            parts.extend([kind.to_owned(), name.clone().unwrap_or_default(), without_credentials(url).into()]);
        }
        for (package, index) in &self.index_of {
            parts.extend(["assigned".to_owned(), package.to_string(), index.clone()]);
        }
        parts.extend(self.find_links.iter().flat_map(|url| ["links".to_owned(), without_credentials(url).into()]));
        let mut hasher = sha2::Sha256::new();
        for part in parts {
            // With its length, so that no two lists run into one another.
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        Sha256(hasher.finalize().into())
    }
}

const READ_TIMEOUT_SECONDS: u64 = 30;
const RETRIES: u32 = 3;
const CONCURRENCY: usize = 50;

impl Settings {
    /// Without any choice: pip's configuration decides, else the public index.
    pub fn new(cache_dir: PathBuf, environment: Environment) -> Self {
        Self {
            cache_dir,
            index_url: None,
            extra_index_urls: Vec::new(),
            indexes: Vec::new(),
            index_of: BTreeMap::new(),
            find_links: Vec::new(),
            no_index: false,
            keyring: false,
            project_chose_index: false,
            user_urls: Vec::new(),
            offline: false,
            refresh: false,
            patient: true,
            environment,
        }
    }

    /// See [`crate::Client::places`].
    pub fn places(&self) -> Result<Sha256, Error> {
        Ok(self.resolve()?.places())
    }

    pub(crate) fn resolve(&self) -> Result<Resolved, Error> {
        let pip = PipConfig::load(&self.environment)?;
        let pip_urls = pip.urls()?;
        let chosen = self.index_url.is_some() || !self.extra_index_urls.is_empty() || self.asks_named();
        let mut indexes: Vec<NamedIndex> = Vec::new();
        if !(self.no_index || !chosen && pip.no_index) {
            indexes.extend(self.indexes.iter().filter(|index| !index.explicit && !index.default).cloned());
            let extra = if chosen { self.extra_index_urls.clone() } else { pip_urls.extra_indexes.clone() };
            indexes.extend(extra.into_iter().map(unnamed));
            indexes.push(match (self.indexes.iter().find(|index| index.default), &self.index_url, &pip_urls.index) {
                (Some(index), ..) => index.clone(),
                (None, Some(url), _) | (None, None, Some(url)) => unnamed(url.clone()),
                (None, None, None) => unnamed(url_of(DEFAULT_INDEX_URL)?),
            });
            indexes.extend(self.indexes.iter().filter(|index| index.explicit).cloned());
        }
        for index in &mut indexes {
            index.url = as_directory(index.url.clone())?;
        }
        let mut seen = HashSet::new();
        indexes.retain(|index| seen.insert((index.name.clone(), index.url.clone())));
        let find_links = if self.find_links.is_empty() { pip_urls.find_links.clone() } else { self.find_links.clone() };
        let user_hosts = UserHosts::of(&self.user_urls_with(pip_urls));
        for index in indexes.iter_mut().filter(|index| user_hosts.trust(&index.url)) {
            self.log_in(index);
        }
        let seconds = match self.number("PYBUN_HTTP_TIMEOUT")? {
            Some(seconds) => seconds,
            None => pip.timeout_seconds.and_then(|text| text.parse::<f64>().ok()).map_or(READ_TIMEOUT_SECONDS, ceil),
        };
        let retries = self.number("PYBUN_HTTP_RETRIES")?.map_or(RETRIES, |retries| retries.min(20) as u32);
        Ok(Resolved {
            indexes,
            index_of: self.index_of.clone(),
            find_links,
            user_hosts,
            trusted_hosts: pip.trusted_hosts,
            pip_cert: pip.cert,
            read_timeout: Duration::from_secs(seconds.clamp(1, 24 * 3600)),
            retries: if self.patient { retries } else { retries.min(1) },
            patient: self.patient,
            concurrency: self.number("PYBUN_HTTP_CONCURRENCY")?.map_or(CONCURRENCY, |n| n.clamp(1, 500) as usize),
        })
    }

    fn asks_named(&self) -> bool {
        self.indexes.iter().any(|index| !index.explicit)
    }

    /// Where no project had a say, everything is the user's.
    fn user_urls_with(&self, pip: PipUrls) -> Vec<Url> {
        let mut urls = self.user_urls.clone();
        if !self.project_chose_index {
            urls.extend(self.index_url.iter().chain(&self.extra_index_urls).chain(&self.find_links).cloned());
            urls.extend(self.indexes.iter().map(|index| index.url.clone()));
        }
        urls.extend(Url::parse(DEFAULT_INDEX_URL));
        urls.extend(pip.index.into_iter().chain(pip.extra_indexes).chain(pip.find_links));
        urls
    }

    /// `PYBUN_INDEX_<NAME>_USERNAME` and `_PASSWORD`, where the URL states no password itself. A variable is the
    /// user's and names an index by a name that a repository could choose too: only a host that the user named gets it.
    fn log_in(&self, index: &mut NamedIndex) {
        let Some(name) = index.name.as_deref().filter(|_| index.url.password().is_none()) else { return };
        let shout = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
        let name: String = name.chars().map(shout).collect();
        let get =
            |what: &str| self.environment.get(&format!("PYBUN_INDEX_{name}_{what}")).filter(|text| !text.is_empty());
        // Both setters fail only for URLs without host, which have no credentials.
        if let Some(user) = get("USERNAME") {
            let _ = index.url.set_username(user);
        }
        if let Some(password) = get("PASSWORD") {
            let _ = index.url.set_password(Some(password));
        }
    }

    fn number(&self, name: &str) -> Result<Option<u64>, Error> {
        let Some(value) = self.environment.get(name).filter(|value| !value.is_empty()) else { return Ok(None) };
        value.trim().parse().map(Some).map_err(|_| Error::BadSetting {
            origin: name.to_owned(),
            value: value.chars().take(80).collect(),
            expected: "a whole number",
        })
    }
}

fn ceil(seconds: f64) -> u64 {
    seconds.ceil() as u64
}

fn unnamed(url: Url) -> NamedIndex {
    NamedIndex { name: None, url, explicit: false, default: false }
}

pub(crate) fn url_of(text: &str) -> Result<Url, Error> {
    Url::parse(text).map_err(|error| Error::BadUrl { text: redacted_text(text), why: error.to_string() })
}

/// With a slash at the end, so that a project's name can be joined to it; without query and fragment.
fn as_directory(mut url: Url) -> Result<Url, Error> {
    let bad = |why: &str| Error::BadUrl { text: crate::redact::redacted(&url), why: why.to_owned() };
    if !matches!(url.scheme(), "http" | "https" | "file") {
        return Err(bad("only http, https and file are known"));
    }
    if url.scheme() == "file" && url.to_file_path().is_err() {
        return Err(bad("it names no file on this machine"));
    }
    url.set_fragment(None);
    url.set_query(None);
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(env: &[(&str, &str)]) -> Settings {
        let mut environment: Environment = env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        environment.entry("PIP_CONFIG_FILE".into()).or_insert_with(|| "/dev/null".into());
        Settings::new("/nowhere".into(), environment)
    }

    fn indexes(settings: &Settings) -> Vec<String> {
        settings.resolve().unwrap().indexes.into_iter().map(|index| index.url.into()).collect()
    }

    #[test]
    fn own_settings_win_over_pip_and_pip_over_the_default() {
        assert_eq!(indexes(&settings(&[])), [format!("{DEFAULT_INDEX_URL}/")]);
        let env = [
            ("PIP_INDEX_URL", "https://p.example/simple"),
            ("PIP_EXTRA_INDEX_URL", "https://q.example/ https://r.example/"),
        ];
        let mut settings = settings(&env);
        assert_eq!(indexes(&settings), ["https://q.example/", "https://r.example/", "https://p.example/simple/"]);
        settings.index_url = Some(Url::parse("https://own.example/x").unwrap());
        assert_eq!(indexes(&settings), ["https://own.example/x/"]);
    }

    #[test]
    fn named_indexes_come_first_a_default_last_and_explicit_ones_are_set_apart() {
        let named = |name: &str, explicit, default| NamedIndex {
            name: Some(name.to_owned()),
            url: Url::parse(&format!("https://{name}.example/")).unwrap(),
            explicit,
            default,
        };
        let mut settings = settings(&[("PIP_EXTRA_INDEX_URL", "https://pip.example/")]);
        settings.indexes = vec![named("a", true, false)];
        assert_eq!(
            indexes(&settings),
            ["https://pip.example/", &format!("{DEFAULT_INDEX_URL}/"), "https://a.example/"]
        );
        settings.indexes.extend([named("b", false, false), named("c", false, true)]);
        settings.extra_index_urls = vec![Url::parse("https://x.example/").unwrap()];
        let expected = ["https://b.example/", "https://x.example/", "https://c.example/", "https://a.example/"];
        assert_eq!(indexes(&settings), expected);
        settings.no_index = true;
        assert_eq!(indexes(&settings), [""; 0]);
    }

    #[test]
    fn variables_log_in_where_the_user_named_the_host() {
        let url = Url::parse("https://corp.example/simple").unwrap();
        let index = NamedIndex { name: Some("my-corp".into()), url: url.clone(), explicit: false, default: true };
        let env = [("PYBUN_INDEX_MY_CORP_USERNAME", "me"), ("PYBUN_INDEX_MY_CORP_PASSWORD", "p@ss")];
        let mut settings = settings(&env);
        settings.indexes = vec![index];
        assert_eq!(indexes(&settings), ["https://me:p%40ss@corp.example/simple/"]);
        settings.project_chose_index = true;
        assert_eq!(indexes(&settings), ["https://corp.example/simple/"]);
        settings.user_urls = vec![Url::parse("https://corp.example/other").unwrap()];
        assert_eq!(indexes(&settings), ["https://me:p%40ss@corp.example/simple/"]);
    }

    #[test]
    fn pip_may_do_without_an_index() {
        let mut settings =
            settings(&[("PIP_NO_INDEX", "1"), ("PIP_FIND_LINKS", "https://links.example/ https://m.example/")]);
        let resolved = settings.resolve().unwrap();
        assert_eq!((resolved.indexes.len(), resolved.find_links.len()), (0, 2));
        settings.index_url = Some(Url::parse("https://own.example/").unwrap());
        assert_eq!(indexes(&settings), ["https://own.example/"]);
    }

    #[test]
    fn other_places_are_told_apart_and_other_credentials_are_not() {
        let url = |text: &str| Url::parse(text).unwrap();
        let of = |change: &dyn Fn(&mut Settings)| {
            let mut settings = settings(&[]);
            settings.indexes =
                vec![NamedIndex { name: Some("a".into()), url: url("https://a/"), explicit: true, default: false }];
            change(&mut settings);
            settings.places().unwrap()
        };
        let changes: [&dyn Fn(&mut Settings); 9] = [
            &|_| {},
            &|settings| settings.index_url = Some(url("https://own.example/")),
            &|settings| settings.extra_index_urls = vec![url("https://own.example/")],
            &|settings| settings.find_links = vec![url("https://own.example/")],
            &|settings| settings.no_index = true,
            &|settings| settings.indexes[0].explicit = false,
            &|settings| settings.indexes[0].name = Some("b".into()),
            &|settings| drop(settings.index_of.insert("p".parse().unwrap(), "a".to_owned())),
            &|settings| drop(settings.environment.insert("PIP_INDEX_URL".into(), "https://pip.example/".into())),
        ];
        let all: HashSet<Sha256> = changes.iter().map(|change| of(*change)).collect();
        assert_eq!(all.len(), changes.len());
        let login = |text: &str| of(&|settings: &mut Settings| settings.index_url = Some(url(text)));
        assert_eq!(login("https://me:old@own.example/x"), login("https://own.example/x/"));
    }

    #[test]
    fn numbers_are_read_and_bounded() {
        let env = [("PYBUN_HTTP_TIMEOUT", "5"), ("PYBUN_HTTP_RETRIES", "0"), ("PIP_TIMEOUT", "9")];
        let resolved = settings(&env).resolve().unwrap();
        assert_eq!((resolved.read_timeout.as_secs(), resolved.retries, resolved.concurrency), (5, 0, 50));
        assert_eq!(settings(&[("PIP_TIMEOUT", "2.5")]).resolve().unwrap().read_timeout.as_secs(), 3);
        let bad = settings(&[("PYBUN_HTTP_RETRIES", "many")]).resolve();
        assert!(matches!(bad, Err(Error::BadSetting { .. })));
    }

    #[test]
    fn refuses_urls_without_telling_their_secrets() {
        for text in ["ftp://me:secret@x/", "me:secret@x", "file://host/x"] {
            let Err(error) = settings(&[("PIP_INDEX_URL", text)]).resolve() else { panic!("{text} was taken") };
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
