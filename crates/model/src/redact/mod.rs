//! Text and URLs without the secrets that are in them: users, passwords, and what a query holds. The one home of this in
//! Rust; `ts/report/redact.ts` does the same, and both are held to the cases of `tests/redaction.json`.

mod text;

pub use text::{redacted_text, text_without_credentials};

use url::Url;

/// A URL as it may be shown: without user, password, query and fragment, where tokens travel.
pub fn redacted_url(url: &Url) -> String {
    // `me:secret@host` is a URL too: one of the scheme `me`.
    if url.cannot_be_a_base() {
        return redacted_text(url.as_str());
    }
    let mut shown = url.clone();
    shown.set_fragment(None);
    if hides_user(url) {
        // Both setters fail only for URLs that have no host, hence no credentials either.
        let _ = shown.set_username("****");
        let _ = shown.set_password(None);
    }
    if url.query().is_some_and(|query| !query.is_empty()) {
        shown.set_query(Some("****"));
    }
    shown.into()
}

/// A URL as it may be written down. The user name of ssh is no secret and needed.
#[must_use]
pub fn without_credentials(url: &Url) -> Url {
    let mut bare = url.clone();
    let hides_user = hides_user(url);
    // Both setters fail only for URLs that have no host, hence no credentials either.
    let _ = bare.set_password(None);
    if hides_user && !is_ssh(url.scheme()) {
        let _ = bare.set_username("");
    }
    bare
}

/// A URL as it goes into a file that is passed on: without credentials, and without those parameters of its query that are keys
/// by their names, as they are given to one person and for a while. Tells whether there were such keys.
pub fn passed_on(text: &str) -> (String, bool) {
    let Ok(parsed) = Url::parse(text) else { return (text_without_credentials(text), false) };
    let mut bare = without_credentials(&parsed);
    let query = parsed.query().unwrap_or_default();
    let kept: Vec<&str> = query.split('&').filter(|pair| !is_key(pair.split('=').next().unwrap_or_default())).collect();
    let kept = kept.join("&");
    let has_lost = kept != query;
    if has_lost {
        bare.set_query(Some(kept.as_str()).filter(|kept| !kept.is_empty()));
    }
    if bare == parsed { (text.to_owned(), false) } else { (bare.into(), has_lost) }
}

fn hides_user(url: &Url) -> bool {
    url.password().is_some() || !url.username().is_empty() && !is_ssh(url.scheme())
}

fn is_ssh(scheme: &str) -> bool {
    scheme.ends_with("ssh")
}

/// What the name of a parameter that opens a door has in it, in lower case.
const KEY_PARTS: [&str; 12] = [
    "token",
    "secret",
    "passw",
    "pwd",
    "auth",
    "signature",
    "credential",
    "apikey",
    "accesskey",
    "session",
    "policy",
    "ticket",
];
/// Names that are too short to look for inside others: of Azure's signatures, and what people use.
const KEY_NAMES: [&str; 9] = ["key", "sig", "se", "sp", "sv", "sr", "st", "jwt", "code"];

fn is_key(name: &str) -> bool {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let begins = ["xamz", "xgoog", "xms", "hdn"].iter().any(|start| plain.starts_with(start));
    // Percent escapes in a name hide what it is.
    begins || name.contains('%') || KEY_NAMES.contains(&&*plain) || KEY_PARTS.iter().any(|part| plain.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn hides_user_password_and_query() {
        for (text, shown, bare) in [
            ("https://me:s@i.example/a?t=s#s", "https://****@i.example/a?****", "https://i.example/a?t=s#s"),
            ("https://token@i.example/", "https://****@i.example/", "https://i.example/"),
            ("ssh://git@i.example/r", "ssh://git@i.example/r", "ssh://git@i.example/r"),
            ("ssh://me:s@i.example/r", "ssh://****@i.example/r", "ssh://me@i.example/r"),
            ("git+ssh://git@i.example/r@v1", "git+ssh://git@i.example/r@v1", "git+ssh://git@i.example/r@v1"),
            ("me:secret@host", "****@host", "me:secret@host"),
        ] {
            assert_eq!(redacted_url(&url(text)), shown);
            assert_eq!(without_credentials(&url(text)).as_str(), bare);
        }
    }

    #[test]
    fn keys_leave_a_query_and_the_rest_stays() {
        for (query, expected) in [
            ("?raw=1", "?raw=1"),
            ("?raw=1&token=x", "?raw=1"),
            ("?X-Amz-Signature=x&X-Amz-Credential=y&X-Amz-Date=z", ""),
            ("?sv=1&sig=x&name=a", "?name=a"),
            ("?access_token=x", ""),
            ("?API-Key=x&private_token=y&v=2", "?v=2"),
            ("?to%6ben=x", ""),
            ("", ""),
        ] {
            let found = passed_on(&format!("https://me:x@h.example/a{query}#f"));
            assert_eq!(found, (format!("https://h.example/a{expected}#f"), query != expected), "{query}");
        }
        assert_eq!(passed_on("https:/me:x@[/"), ("https:/[/".to_owned(), false));
    }
}
