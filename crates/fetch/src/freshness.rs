//! How long an answer may be used without asking again (RFC 9111, as a private cache). Pure: `now` is an argument.

use reqwest::header::{AGE, CACHE_CONTROL, DATE, EXPIRES, HeaderMap};

/// Used when the server states nothing (RFC 9111, 4.2.2 leaves the heuristic to the cache). It is what the public
/// index states, so that a mirror which drops the header behaves like the index it mirrors.
const HEURISTIC_SECONDS: u64 = 600;
/// A longer promise about a page that grows with each release is not believed.
const LONGEST_SECONDS: u64 = 24 * 3600;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// `no-store`
    No,
    /// For so many seconds from now; zero (`no-cache`) means: keep, but ask each time.
    Fresh(u64),
}

pub(crate) fn keep(headers: &HeaderMap) -> Keep {
    let mut max_age = None;
    for value in headers.get_all(CACHE_CONTROL) {
        for directive in value.to_str().unwrap_or("").split(',') {
            let (name, argument) = directive.split_once('=').unwrap_or((directive, ""));
            match name.trim().to_ascii_lowercase().as_str() {
                "no-store" => return Keep::No,
                "no-cache" => max_age = Some(0),
                "max-age" if max_age != Some(0) => max_age = argument.trim().trim_matches('"').parse().ok(),
                _ => {}
            }
        }
    }
    let age = text(headers, AGE).and_then(|age| age.trim().parse().ok()).unwrap_or(0);
    let lifetime = max_age.or_else(|| expires(headers)).unwrap_or(HEURISTIC_SECONDS);
    Keep::Fresh(lifetime.min(LONGEST_SECONDS).saturating_sub(age))
}

/// Expires against the server's own Date; an Expires that is no date is in the past (RFC 9111, 5.3).
fn expires(headers: &HeaderMap) -> Option<u64> {
    let expires = text(headers, EXPIRES)?;
    let (Some(expires), Some(date)) = (parse_date(expires), text(headers, DATE).and_then(parse_date)) else {
        return Some(0);
    };
    Some(expires.saturating_sub(date))
}

fn text(headers: &HeaderMap, name: reqwest::header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` as seconds since 1970 (RFC 9110, 5.6.7; the obsolete forms are not read).
pub(crate) fn parse_date(text: &str) -> Option<u64> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (_, rest) = text.trim().split_once(", ")?;
    let mut parts = rest.split(' ');
    let day: u64 = parts.next()?.parse().ok().filter(|day| (1..=31).contains(day))?;
    let month = parts.next()?;
    let month = MONTHS.iter().position(|name| *name == month)? as u64 + 1;
    let year: u64 = parts.next()?.parse().ok().filter(|year| (1970..=9999).contains(year))?;
    let mut clock = parts.next()?.split(':').map(|part| part.parse::<u64>().ok().filter(|value| *value < 62));
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    // Days since 1970 by counting years from March, so that leap days come last.
    let (y, m) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719_468;
    Some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::{HeaderName, HeaderValue};

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        map
    }

    #[test]
    fn follows_cache_control() {
        for (pairs, expected) in [
            (&[][..], Keep::Fresh(600)),
            (&[("cache-control", "max-age=60, public")], Keep::Fresh(60)),
            (&[("cache-control", "public, Max-Age=\"60\""), ("age", "20")], Keep::Fresh(40)),
            (&[("cache-control", "max-age=60"), ("age", "200")], Keep::Fresh(0)),
            (&[("cache-control", "max-age=60, no-cache")], Keep::Fresh(0)),
            (&[("cache-control", "no-cache, max-age=60")], Keep::Fresh(0)),
            (&[("cache-control", "max-age=60"), ("cache-control", "no-store")], Keep::No),
            (&[("cache-control", "max-age=99999999")], Keep::Fresh(24 * 3600)),
            (
                &[("date", "Sun, 06 Nov 1994 08:49:37 GMT"), ("expires", "Sun, 06 Nov 1994 08:50:37 GMT")],
                Keep::Fresh(60),
            ),
            (&[("expires", "0")], Keep::Fresh(0)),
        ] {
            assert_eq!(keep(&headers(pairs)), expected, "{pairs:?}");
        }
    }

    #[test]
    fn reads_dates() {
        assert_eq!(parse_date("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        assert_eq!(parse_date("Thu, 29 Feb 2024 00:00:00 GMT"), Some(1_709_164_800));
        assert_eq!(parse_date("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        for text in ["", "x", "Sun, 32 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994", "Sun, 06 Nov 0004 08:49:37 GMT"] {
            assert_eq!(parse_date(text), None, "{text}");
        }
    }
}
