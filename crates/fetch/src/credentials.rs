//! Which credentials a request may carry. They belong to an origin (scheme, host and port) and never leave it.

use crate::keyring::Keyring;
use crate::netrc::{Login, Netrc};
use crate::user_hosts::{UserHosts, is_plain_https};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use reqwest::header::HeaderValue;
use std::collections::{HashMap, HashSet};
use url::Url;

/// Never printed: it has no `Debug`.
///
/// What a URL states is for its origin. What the user keeps elsewhere (netrc, keyring, variables) is for hosts that the
/// user named outside of any project: in their own configuration, in the environment, on the command line or in pip's
/// configuration. An index that only the files of a repository name gets none of it, nor does anything else while such
/// an index takes part: its pages choose what is asked for next.
pub(crate) struct Credentials {
    /// The configured URLs that name a user, by origin, for every URL of the same origin.
    by_origin: HashMap<String, Url>,
    /// Origins that were configured; only they get netrc's default entry.
    configured: HashSet<String>,
    user_hosts: UserHosts,
    /// An index takes part whose host the user did not name.
    strangers: bool,
    netrc: Netrc,
    keyring: Option<Keyring>,
}

/// What a request may carry.
#[derive(Default)]
pub(crate) struct Authorization {
    pub(crate) header: Option<HeaderValue>,
    /// Whatever the user has for this host is kept back.
    pub(crate) withheld: bool,
}

impl Credentials {
    pub(crate) fn new<'a>(
        urls: impl Iterator<Item = &'a Url>,
        user_hosts: UserHosts,
        netrc: Netrc,
        keyring: Option<Keyring>,
    ) -> Self {
        let (mut by_origin, mut configured, mut strangers) = (HashMap::new(), HashSet::new(), false);
        for url in urls.filter(|url| url.has_host()) {
            let origin = origin(url);
            strangers |= !user_hosts.names(url);
            if names_user(url) {
                by_origin.entry(origin.clone()).or_insert_with(|| url.clone());
            }
            configured.insert(origin);
        }
        Self { by_origin, configured, user_hosts, strangers, netrc, keyring }
    }

    /// The Authorization for a request to `url`; `asked` is the URL that the chain of redirects began with.
    pub(crate) async fn for_request(&self, url: &Url, asked: &Url) -> Authorization {
        let origin = origin(url);
        let trusted = self.user_hosts.trust(url);
        if let Some(stated) = Some(url).filter(|url| names_user(url)).or_else(|| self.by_origin.get(&origin)) {
            let (user, password) = userinfo(stated);
            let configured = self.by_origin.get(&origin).filter(|known| known.username() == stated.username());
            let service = configured.unwrap_or(stated);
            let from_keyring = match &self.keyring {
                Some(keyring) if password.is_none() && trusted => keyring.password(service, &user).await,
                _ => None,
            };
            return Authorization {
                header: Some(basic(&user, &password.or(from_keyring).unwrap_or_default())),
                withheld: false,
            };
        }
        let Some(host) = url.host_str() else { return Authorization::default() };
        let is_redirected = self::origin(asked) != origin;
        let may = trusted || !self.strangers && !is_redirected && is_plain_https(url);
        let machine = self.netrc.machine(host);
        let default = self.netrc.default_login().filter(|_| trusted && self.configured.contains(&origin));
        let login = machine.filter(|_| may).or(default);
        Authorization {
            header: login.map(|Login { name, password }| basic(name, password)),
            withheld: login.is_none() && (machine.is_some() || !trusted && self.configured.contains(&origin)),
        }
    }
}

fn names_user(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

pub(crate) fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

fn userinfo(url: &Url) -> (String, Option<String>) {
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    (decode(url.username()), url.password().map(decode))
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

    async fn shown(credentials: &Credentials, text: &str, asked: &str) -> Option<String> {
        decoded(credentials.for_request(&url(text), &url(asked)).await.header)
    }

    #[tokio::test]
    async fn credentials_stay_with_their_origin() {
        let index = url("https://me:p%40ss@index.example/simple");
        let netrc = Netrc::parse("machine files.example login f password g default login d password e");
        let credentials = Credentials::new([&index].into_iter(), UserHosts::of([&index]), netrc, None);
        for (text, expected) in [
            ("https://index.example/files/a.whl", Some("me:p@ss")),
            ("https://other:x@index.example/a", Some("other:x")),
            ("http://index.example/a", None),
            ("https://index.example:8443/a", None),
            ("https://index.example.evil/a", None),
            ("https://files.example/a", Some("f:g")),
            ("http://files.example/a", None),
            ("https://files.example:8443/a", None),
            ("https://evil.example/a", None),
        ] {
            assert_eq!(shown(&credentials, text, text).await.as_deref(), expected, "{text}");
        }
        // Whoever redirects has chosen the host.
        assert_eq!(shown(&credentials, "https://files.example/a", "https://index.example/").await, None);
    }

    #[tokio::test]
    async fn the_default_login_is_for_configured_origins() {
        let index = url("https://index.example/simple");
        let netrc = Netrc::parse("default login d password e");
        let credentials = Credentials::new([&index].into_iter(), UserHosts::of([&index]), netrc, None);
        assert_eq!(shown(&credentials, index.as_str(), index.as_str()).await.as_deref(), Some("d:e"));
        assert_eq!(shown(&credentials, "https://other.example/", "https://other.example/").await, None);
    }

    #[tokio::test]
    async fn an_index_that_only_a_repository_names_gets_what_its_url_states() {
        let netrc = || Netrc::parse("machine corp.example login m password n default login d password e");
        let (stranger, mine) = (url("https://corp.example/simple"), url("https://mine.example/simple"));
        let urls = [&stranger, &mine];
        let credentials = Credentials::new(urls.into_iter(), UserHosts::of([&mine]), netrc(), None);
        let answer = credentials.for_request(&stranger, &stranger).await;
        assert!(answer.header.is_none() && answer.withheld);
        assert_eq!(shown(&credentials, mine.as_str(), mine.as_str()).await.as_deref(), Some("d:e"));
        let stated = "https://a:b@corp.example/";
        assert_eq!(shown(&credentials, stated, stated).await.as_deref(), Some("a:b"));

        let credentials = Credentials::new(urls.into_iter(), UserHosts::of(urls), netrc(), None);
        assert_eq!(shown(&credentials, stranger.as_str(), stranger.as_str()).await.as_deref(), Some("m:n"));
    }
}
