//! The moment after which files do not count (`exclude-newer`).

use pybun_model::{IndexFile, Problem};

/// Seconds since 1970 in UTC. A file uploaded at this very moment does not count any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cutoff(i64);

impl Cutoff {
    /// Reads an instant of RFC 3339, a date (whose whole day in UTC still counts) or how long ago from `now`:
    /// `7 days`, `2 weeks`, `36 hours`, `P7D`, `PT36H`.
    pub fn parse(text: &str, now: i64) -> Result<Self, Problem> {
        let text = text.trim();
        let moment = instant(text)
            .or_else(|| Some(days(text)? * DAY + DAY))
            .or_else(|| now.checked_sub(span(text)?))
            .ok_or_else(|| {
            Problem::new("resolve/bad-cutoff", format!("`{text}` is no date, no instant and no span of time"))
                .hint("Write for instance 2026-01-31, 2026-01-31T12:00:00Z or 7 days")
                .with("exclude_newer", text)
        })?;
        Ok(Self(moment))
    }

    /// A file that does not say when it was uploaded does not count.
    pub fn admits(self, file: &IndexFile) -> bool {
        file.upload_time.as_deref().and_then(instant).is_some_and(|uploaded| uploaded < self.0)
    }
}

const DAY: i64 = 24 * 60 * 60;

/// RFC 3339 with seconds or without; a missing offset is UTC, as indexes mean it.
fn instant(text: &str) -> Option<i64> {
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let (time, offset) = match time.find(['Z', 'z', '+', '-']) {
        Some(at) => (&time[..at], offset(&time[at..])?),
        None => (time, 0),
    };
    let mut parts = time.split(':');
    let (hours, minutes) = (number(parts.next()?, 23)?, number(parts.next()?, 59)?);
    let seconds = match parts.next() {
        Some(seconds) => {
            let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
            number(whole, 60).filter(|_| !fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit()))?
        }
        None => 0,
    };
    let rest = parts.next();
    rest.is_none().then_some(days(date)? * DAY + hours * 3600 + minutes * 60 + seconds - offset)
}

fn offset(text: &str) -> Option<i64> {
    if matches!(text, "Z" | "z") {
        return Some(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = text[1..].split_once(':')?;
    Some(sign * (number(hours, 23)? * 3600 + number(minutes, 59)? * 60))
}

/// Days since 1970 of `2026-01-31`. Source: Howard Hinnant, "chrono-compatible low-level date algorithms".
fn days(text: &str) -> Option<i64> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || (year.len(), month.len(), day.len()) != (4, 2, 2) {
        return None;
    }
    let (year, month, day) = (number(year, 9999)?, number(month, 12)?, number(day, 31)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let longest = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if day == 0 || day > longest {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

/// Seconds of `7 days` or `P7D`. Months and years are no fixed time and are refused.
fn span(text: &str) -> Option<i64> {
    let seconds = |count: i64, unit: &str| {
        let unit = match unit {
            "w" | "week" | "weeks" => 7 * DAY,
            "d" | "day" | "days" => DAY,
            "h" | "hour" | "hours" => 3600,
            "m" | "min" | "minute" | "minutes" => 60,
            _ => return None,
        };
        count.checked_mul(unit)
    };
    let lower = text.to_ascii_lowercase();
    let iso = lower.strip_prefix('p').map(|rest| rest.replacen('t', "", 1));
    let digits = iso.as_deref().unwrap_or(&lower);
    let mut rest = digits.trim();
    let mut total: i64 = 0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        let count = number(&rest[..end], 1_000_000)?;
        rest = rest[end..].trim_start();
        let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        total = total.checked_add(seconds(count, &rest[..end])?)?;
        rest = rest[end..].trim_start();
    }
    (total > 0).then_some(total)
}

fn number(text: &str, max: i64) -> Option<i64> {
    let digits = !text.is_empty() && text.len() <= 7 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten().filter(|number| *number <= max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_instants_dates_and_spans() {
        let now = 1_000_000_000;
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2001-09-09T01:46:40Z", 1_000_000_000),
            ("2001-09-09T03:46:40.123+02:00", 1_000_000_000),
            ("2024-02-29T00:00Z", 1_709_164_800),
            ("2000-03-01T00:00:00", 951_868_800),
            ("1970-01-01", DAY),
            ("7 days", now - 7 * DAY),
            ("1 week", now - 7 * DAY),
            ("P1DT12H", now - DAY - 12 * 3600),
            ("36h", now - 36 * 3600),
        ] {
            assert_eq!(Cutoff::parse(text, now).unwrap(), Cutoff(expected), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_time() {
        for text in [
            "",
            "soon",
            "2023-02-29",
            "2026-13-01",
            "2026-1-1",
            "2026-01-01T25:00:00Z",
            "7",
            "3 months",
            "P",
            "0 days",
            "99999999999999999999 days",
            "2026-01-01T00:00:00+",
            "2026-01-01T00:00:00Zé",
            "é",
        ] {
            assert_eq!(Cutoff::parse(text, 0).map_err(|problem| problem.code), Err("resolve/bad-cutoff"), "{text}");
        }
    }
}
