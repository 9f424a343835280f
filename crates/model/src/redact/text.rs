//! Secrets of URLs inside of any text, also where a URL is none: with one slash, without a scheme, with a password that has
//! the characters of a URL in it. Of two readings the one that hides more is taken, unless the other is plainly meant.

use std::ops::Range;

const HIDDEN: &str = "****";
const WHITE: [char; 5] = [' ', '\t', '\r', '\u{b}', '\u{c}'];
/// Where an authority ends.
const ENDS: [char; 4] = ['/', '?', '#', '\\'];
/// What may stand before a user name and is no part of it.
const BEFORE: [char; 15] = ['/', '\\', '=', '(', '[', '{', ',', ';', '@', '\'', '"', '`', '<', '>', '|'];
/// What ends a sentence or a quotation.
const AFTER: [char; 11] = ['`', '\'', '"', ',', '.', ';', ':', ')', ']', '}', '>'];
/// Schemes that are known by their names, where the slashes are missing.
const KNOWN: [&str; 6] = ["http", "https", "ftp", "ssh", "git", "file"];
const MAX_SCHEME: usize = 40;

/// The same text with the user, the password and the query of every URL in it hidden.
pub fn redacted_text(text: &str) -> String {
    if !text.contains(['@', '?']) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let mut at = 0;
        for hidden in secrets(line) {
            out.push_str(&line[at..hidden.start]);
            out.push_str(HIDDEN);
            at = hidden.end;
        }
        out.push_str(&line[at..]);
    }
    out
}

/// One URL, right or not, without its user and password. The user name of ssh is no secret and needed.
pub fn text_without_credentials(text: &str) -> String {
    let places = secrets(text).into_iter().filter(|place| text[place.end..].starts_with('@'));
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    for place in places {
        out.push_str(&text[at..place.start]);
        let is_ssh = text[..place.start].trim_end_matches('/').ends_with("ssh:");
        let user = text[place.clone()].split(':').next().filter(|user| is_ssh && !user.is_empty());
        out.extend(user.map(|user| format!("{user}@")));
        at = place.end + 1;
    }
    out + &text[at..]
}

/// Where secrets are, in order and apart.
fn secrets(line: &str) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let schemes = schemes(line);
    let first = schemes.first().map_or(line.len(), |scheme| scheme.start);
    words(line, 0..first, &mut out);
    for (number, scheme) in schemes.iter().enumerate() {
        let end = schemes.get(number + 1).map_or(line.len(), |next| next.start);
        let stop = line[scheme.end..end].find(white).map_or(end, |at| scheme.end + at);
        let slashes = line[scheme.end..stop].len() - line[scheme.end..stop].trim_start_matches('/').len();
        let start = scheme.end + slashes;
        let rest = &line[start..stop];
        // A password with a space in it.
        if slashes >= 2
            && !rest.contains('@')
            && is_no_host(authority(rest).trim_end_matches(AFTER))
            && let Some(at) = line[stop..end].find('@')
        {
            out.push(start..stop + at);
            words(line, stop + at..end, &mut out);
            continue;
        }
        let is_ssh = line[scheme.clone()].to_ascii_lowercase().ends_with("ssh:");
        of_url(line, start..stop, is_ssh, &mut out);
        words(line, stop..end, &mut out);
    }
    out
}

/// The schemes in a line with their colons.
fn schemes(line: &str) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::new();
    for (colon, _) in line.match_indices(':') {
        let from = out.last().map_or(0, |last| last.end);
        let before = line[from..colon].bytes().rev().take(MAX_SCHEME);
        let length = before.take_while(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(byte)).count();
        let start = line[colon - length..colon].find(|c: char| c.is_ascii_alphabetic()).map(|at| colon - length + at);
        let Some(start) = start else { continue };
        let name = line[start..colon].to_ascii_lowercase();
        // A user may have the name of a scheme.
        let is_user = out.last().is_some_and(|last| line[last.end..start].bytes().all(|byte| byte == b'/'));
        if line[colon + 1..].starts_with("//")
            || !is_user && KNOWN.contains(&name.rsplit('+').next().unwrap_or_default())
        {
            out.push(start..colon + 1);
        }
    }
    out
}

/// What follows the slashes of a URL.
fn of_url(line: &str, place: Range<usize>, is_ssh: bool, out: &mut Vec<Range<usize>>) {
    let rest = &line[place.clone()];
    let host = authority(rest);
    let last = rest.rfind('@').filter(|_| !rest.starts_with("****@"));
    let at = match host.rfind('@') {
        // What is behind is a path with an `@`, or the password goes on.
        Some(at) if last.is_none_or(|last| last == at) || is_plainly_host(&host[at + 1..]) => Some(at),
        Some(at) if is_ssh && !host[..at].contains(':') => Some(at),
        Some(_) => last,
        None if is_no_host(host) => last,
        None => None,
    };
    if let Some(at) = at.filter(|at| !is_ssh || rest[..*at].contains(':'))
        && at > 0
        && rest[..at] != *HIDDEN
    {
        out.push(place.start..place.start + at);
    }
    let from = place.start + at.unwrap_or(0);
    let Some(query) = line[from..place.end].find(['?', '#']).filter(|at| line[from + at..].starts_with('?')) else {
        return;
    };
    let query = from + query + 1;
    let length = line[query..place.end].find(['#', '`', '"', '<', '>']).unwrap_or(place.end - query);
    let value = line[query..query + length].trim_end_matches(AFTER);
    if !value.is_empty() {
        out.push(query..query + value.len());
    }
}

/// Words without a scheme.
fn words(line: &str, place: Range<usize>, out: &mut Vec<Range<usize>>) {
    let mut at = place.start;
    for word in line[place].split_inclusive(white) {
        let known = out.len();
        let text = word.trim_end_matches(white);
        if let Some(slashes) = text.find("//").filter(|_| text.contains('@')) {
            let start = text[slashes..].len() - text[slashes..].trim_start_matches('/').len() + slashes;
            of_url(line, at + start..at + text.len(), false, out);
        }
        if out.len() == known
            && let Some(hidden) = of_word(text)
        {
            out.push(at + hidden.start..at + hidden.end);
        }
        at += word.len();
    }
}

/// `user:password@` in a word.
fn of_word(word: &str) -> Option<Range<usize>> {
    let at = word.rfind('@')?;
    let start = |colon: usize| word[..colon].rfind(BEFORE).map_or(0, |before| before + 1);
    let is_drive = |colon: usize| {
        colon - start(colon) == 1
            && word.as_bytes()[colon - 1].is_ascii_alphabetic()
            && word[colon + 1..].starts_with(['/', '\\'])
    };
    let colon = word[..at].match_indices(':').map(|(colon, _)| colon).find(|colon| !is_drive(*colon))?;
    Some(start(colon)..at)
}

fn authority(rest: &str) -> &str {
    &rest[..rest.find(ENDS).unwrap_or(rest.len())]
}

/// `host:port` has digits there, and an address of IPv6 is in brackets.
fn is_no_host(authority: &str) -> bool {
    let Some((_, after)) = authority.split_once(':').filter(|_| !authority.starts_with('[')) else { return false };
    !after.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_plainly_host(text: &str) -> bool {
    let (name, port) = text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port)));
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    text.starts_with('[')
        || !name.is_empty()
            && name.bytes().all(is_name)
            && port.is_none_or(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
            && (port.is_some() || name.contains('.') || name == "localhost")
}

fn white(c: char) -> bool {
    c == '\n' || WHITE.contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_cases_that_typescript_has_too() {
        let cases: Vec<[String; 2]> = serde_json::from_str(include_str!("../../../../tests/redaction.json")).unwrap();
        for [text, expected] in cases {
            assert_eq!(redacted_text(&text), expected, "{text}");
            assert_eq!(redacted_text(&expected), expected, "twice");
        }
    }

    #[test]
    fn credentials_leave_a_url_that_may_be_none() {
        for (text, expected) in [
            ("https://me:secret@h.example/a", "https://h.example/a"),
            ("https:/me:secret@h.example/a", "https:/h.example/a"),
            ("https://me:se/c@ret@h.example/a", "https://h.example/a"),
            ("ssh://git@h.example/a", "ssh://git@h.example/a"),
            ("git+ssh://git:secret@h.example/a", "git+ssh://git@h.example/a"),
            ("https://h.example/a@v1?x=1", "https://h.example/a@v1?x=1"),
            ("me:secret@h.example:a", "h.example:a"),
        ] {
            assert_eq!(text_without_credentials(text), expected);
        }
    }

    proptest! {
        #[test]
        fn no_password_is_shown(
            scheme in "(https?|HTTPS|git\\+https|ftp|git\\+ssh|x)://?",
            user in "[a-z]{1,4}",
            before in "[a-z@#/?%:=&'\"]{0,6}",
            after in "[a-z@#/?%:=&'\"]{0,6}",
            host in "(h|h\\.example|127\\.0\\.0\\.1:80|\\[::1\\])",
        ) {
            // There a URL goes on behind its host, or another one begins.
            prop_assume!(!format!("{before}S3CRET{after}").contains("://"));
            prop_assume!(!before.starts_with(['/', '?', '#']) && !before.contains('@'));
            let text = format!("{scheme}{user}:{before}S3CRET{after}@{host}/x");
            prop_assert!(!redacted_text(&text).contains("S3CRET"), "{} -> {}", text, redacted_text(&text));
        }

        #[test]
        fn any_text_is_taken(text in "[a-z:/@?# \n*é\u{2028}\\[\\]]{0,60}") {
            redacted_text(&text);
            text_without_credentials(&text);
        }
    }
}
