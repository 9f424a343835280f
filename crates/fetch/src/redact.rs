//! URLs as they may be shown: without user, password and query, where tokens travel.

use url::Url;

pub(crate) fn redacted(url: &Url) -> String {
    // `me:secret@host` is a URL too: one of the scheme `me`.
    if url.cannot_be_a_base() {
        return redacted_text(url.as_str());
    }
    let mut shown = url.clone();
    shown.set_fragment(None);
    // Both setters fail only for URLs that have no host, hence no credentials either.
    if !url.username().is_empty() || url.password().is_some() {
        let _ = shown.set_username("****");
        let _ = shown.set_password(None);
    }
    if url.query().is_some() {
        shown.set_query(Some("****"));
    }
    shown.into()
}

/// `host` or `host:port`, as the URL states it; a file's path.
pub(crate) fn place(url: &Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => crate::local::path(url).map_or_else(|| redacted(url), |path| path.display().to_string()),
    }
}

/// The same for text that may not be a URL at all: whatever could be `user:password@` is left out.
pub(crate) fn redacted_text(text: &str) -> String {
    match text.rsplit_once('@') {
        None => text.chars().take(200).collect(),
        Some((before, after)) => {
            let scheme = before.split_once("://").map_or(String::new(), |(scheme, _)| format!("{scheme}://"));
            format!("{scheme}****@{after}").chars().take(200).collect()
        }
    }
}

/// The URL that is asked for: credentials travel in a header, never in the URL.
pub(crate) fn without_credentials(url: &Url) -> Url {
    let mut bare = url.clone();
    let _ = bare.set_username("");
    let _ = bare.set_password(None);
    bare.set_fragment(None);
    bare
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hides_user_password_and_query() {
        let url = Url::parse("https://me:secret@index.example/a?token=secret#secret").unwrap();
        assert_eq!(redacted(&url), "https://****@index.example/a?****");
        assert_eq!(redacted_text("https//me:secret@x"), "****@x");
        assert_eq!(redacted_text("https://me:p@ss@x"), "https://****@x");
        assert_eq!(without_credentials(&url).as_str(), "https://index.example/a?token=secret");
    }
}
