//! Which hosts the user named, outside of any project. Only they get credentials that no URL states.

use crate::credentials::origin;
use std::collections::{HashMap, HashSet};
use url::Url;

#[derive(Clone, Debug, Default)]
pub(crate) struct UserHosts {
    /// The origins that were named, by host.
    origins: HashMap<String, HashSet<String>>,
}

impl UserHosts {
    pub(crate) fn of<'a>(urls: impl IntoIterator<Item = &'a Url>) -> Self {
        let mut origins: HashMap<String, HashSet<String>> = HashMap::new();
        for url in urls {
            if let Some(host) = url.host_str() {
                origins.entry(host.to_owned()).or_default().insert(origin(url));
            }
        }
        Self { origins }
    }

    /// Did the user name this host, whatever the port?
    pub(crate) fn names(&self, url: &Url) -> bool {
        url.host_str().is_some_and(|host| self.origins.contains_key(host))
    }

    /// Did the user name this very origin, or at least its host while the certificate proves that it is the one that
    /// everybody means by that name? Another port, or a way that anybody may listen to, is somebody else.
    pub(crate) fn trust(&self, url: &Url) -> bool {
        let Some(origins) = url.host_str().and_then(|host| self.origins.get(host)) else { return false };
        origins.contains(&origin(url)) || is_plain_https(url)
    }
}

pub(crate) fn is_plain_https(url: &Url) -> bool {
    url.scheme() == "https" && url.port_or_known_default() == Some(443)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_host_is_not_its_other_ports() {
        let named = [Url::parse("http://corp.example:3141/simple").unwrap()];
        let hosts = UserHosts::of(&named);
        for (text, expected) in [
            ("http://corp.example:3141/other", true),
            ("https://corp.example/", true),
            ("http://corp.example/", false),
            ("https://corp.example:8443/", false),
            ("https://other.example/", false),
        ] {
            assert_eq!(hosts.trust(&Url::parse(text).unwrap()), expected, "{text}");
        }
    }
}
