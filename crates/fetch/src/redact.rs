//! URLs as messages of this crate show them.

use url::Url;

pub(crate) use pybun_model::redacted_url as redacted;

/// How much of a text that is no URL a message shows.
const MAX_SHOWN: usize = 200;

/// `host` or `host:port`, as the URL states it; a file's path.
pub(crate) fn place(url: &Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => crate::local::path(url).map_or_else(|| redacted(url), |path| path.display().to_string()),
    }
}

/// The same for text that may not be a URL at all.
pub(crate) fn redacted_text(text: &str) -> String {
    pybun_model::redacted_text(text).chars().take(MAX_SHOWN).collect()
}

/// The URL that is asked for: credentials travel in a header, never in the URL.
pub(crate) fn without_credentials(url: &Url) -> Url {
    let mut bare = pybun_model::without_credentials(url);
    bare.set_fragment(None);
    bare
}
