//! Which credentials a request may carry. They belong to an origin (scheme, host and port) and never leave it.

use crate::netrc::{Login, Netrc};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use reqwest::header::HeaderValue;
use std::collections::{HashMap, HashSet};
use url::Url;

/// Never printed: it has no `Debug`.
pub(crate) struct Credentials {
    /// From the userinfo of index URLs, for every URL of the same origin.
    by_origin: HashMap<String, HeaderValue>,
    /// Origins that the user configured; only they get netrc's default entry.
    configured: HashSet<String>,
    netrc: Netrc,
}

impl Credentials {
    pub(crate) fn new<'a>(indexes: impl Iterator<Item = &'a Url>, netrc: Netrc) -> Self {
        let mut by_origin = HashMap::new();
        let mut configured = HashSet::new();
        for url in indexes {
            let origin = origin(url);
            if let Some(value) = of_userinfo(url) {
                by_origin.entry(origin.clone()).or_insert(value);
            }
            configured.insert(origin);
        }
        Self { by_origin, configured, netrc }
    }

    /// The Authorization header for a request to `url`.
    pub(crate) fn header(&self, url: &Url) -> Option<HeaderValue> {
        let origin = origin(url);
        if let Some(value) = of_userinfo(url).or_else(|| self.by_origin.get(&origin).cloned()) {
            return Some(value);
        }
        let login = self.netrc.machine(url.host_str()?);
        let login = login.or_else(|| self.netrc.default_login().filter(|_| self.configured.contains(&origin)));
        login.map(|Login { name, password }| basic(name, password))
    }
}

pub(crate) fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

fn of_userinfo(url: &Url) -> Option<HeaderValue> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    Some(basic(&decode(url.username()), &decode(url.password().unwrap_or(""))))
}

fn basic(name: &str, password: &str) -> HeaderValue {
    let text = format!("Basic {}", STANDARD.encode(format!("{name}:{password}")));
    let mut value = HeaderValue::from_str(&text).expect("base64 is visible ASCII");
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn decoded(value: Option<HeaderValue>) -> Option<String> {
        let value = value?;
        let encoded = value.to_str().unwrap().strip_prefix("Basic ").unwrap().to_owned();
        Some(String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap())
    }

    #[test]
    fn credentials_stay_with_their_origin() {
        let index = url("https://me:p%40ss@index.example/simple");
        let netrc = Netrc::parse("machine files.example login f password g default login d password e");
        let credentials = Credentials::new([&index].into_iter(), netrc);
        for (text, expected) in [
            ("https://index.example/files/a.whl", Some("me:p@ss")),
            ("https://other:x@index.example/a", Some("other:x")),
            ("http://index.example/a", None),
            ("https://index.example:8443/a", None),
            ("https://index.example.evil/a", None),
            ("https://files.example/a", Some("f:g")),
            ("https://evil.example/a", None),
        ] {
            assert_eq!(decoded(credentials.header(&url(text))).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn the_default_login_is_for_configured_origins() {
        let index = url("https://index.example/simple");
        let credentials = Credentials::new([&index].into_iter(), Netrc::parse("default login d password e"));
        assert_eq!(decoded(credentials.header(&index)).as_deref(), Some("d:e"));
        assert_eq!(decoded(credentials.header(&url("https://other.example/"))), None);
    }
}
