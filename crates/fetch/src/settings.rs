//! What a client is told: by PyBun's own settings, by the environment and by pip's configuration, in this order.

use crate::default_index::DEFAULT_INDEX_URL;
use crate::pip_config::PipConfig;
use crate::redact::redacted_text;
use crate::{Environment, Error};
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
    /// An index comes from a project's own files, which may be a stranger's.
    pub project_chose_index: bool,
    /// Use the cache alone, however old.
    pub offline: bool,
    /// Ask again for every page, however fresh.
    pub refresh: bool,
    /// The environment variables, taken once by the caller.
    pub environment: Environment,
}

/// Settings after every source was asked.
pub(crate) struct Resolved {
    /// In the order in which they are asked. At least one.
    pub(crate) indexes: Vec<Url>,
    pub(crate) trusted_hosts: Vec<String>,
    pub(crate) pip_cert: Option<PathBuf>,
    pub(crate) read_timeout: Duration,
    pub(crate) retries: u32,
    pub(crate) concurrency: usize,
}

const READ_TIMEOUT_SECONDS: u64 = 30;
const RETRIES: u32 = 3;
const CONCURRENCY: usize = 50;

impl Settings {
    pub(crate) fn resolve(&self) -> Result<Resolved, Error> {
        let pip = PipConfig::load(&self.environment)?;
        let own = self.index_url.is_some() || !self.extra_index_urls.is_empty();
        let mut indexes: Vec<Url> = self.extra_index_urls.clone();
        if !own {
            indexes = pip.extra_index_urls.iter().map(|text| index_url(text)).collect::<Result<_, _>>()?;
        }
        indexes.push(match (&self.index_url, &pip.index_url) {
            (Some(url), _) => url.clone(),
            (None, Some(text)) => index_url(text)?,
            (None, None) => index_url(DEFAULT_INDEX_URL)?,
        });
        let mut indexes: Vec<Url> = indexes.into_iter().map(as_directory).collect::<Result<_, _>>()?;
        let mut seen = std::collections::HashSet::new();
        indexes.retain(|url| seen.insert(url.clone()));
        let seconds = match self.number("PYBUN_HTTP_TIMEOUT")? {
            Some(seconds) => seconds,
            None => pip.timeout_seconds.and_then(|text| text.parse::<f64>().ok()).map_or(READ_TIMEOUT_SECONDS, ceil),
        };
        Ok(Resolved {
            indexes,
            trusted_hosts: pip.trusted_hosts,
            pip_cert: pip.cert,
            read_timeout: Duration::from_secs(seconds.clamp(1, 24 * 3600)),
            retries: self.number("PYBUN_HTTP_RETRIES")?.map_or(RETRIES, |retries| retries.min(20) as u32),
            concurrency: self.number("PYBUN_HTTP_CONCURRENCY")?.map_or(CONCURRENCY, |n| n.clamp(1, 500) as usize),
        })
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

fn index_url(text: &str) -> Result<Url, Error> {
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
        Settings {
            cache_dir: "/nowhere".into(),
            index_url: None,
            extra_index_urls: Vec::new(),
            project_chose_index: false,
            offline: false,
            refresh: false,
            environment,
        }
    }

    fn indexes(settings: &Settings) -> Vec<String> {
        settings.resolve().unwrap().indexes.into_iter().map(Into::into).collect()
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
