//! Sizes and ages as people write them.

use std::str::FromStr;
use std::time::Duration;

/// `500MB`, `2GiB`, `1000`: a number of bytes.
pub fn parse_size(text: &str) -> Option<u64> {
    let (number, unit) = split_unit(text)?;
    let factor: u64 = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1_000,
        "m" | "mb" => 1_000_000,
        "g" | "gb" => 1_000_000_000,
        "t" | "tb" => 1_000_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        "tib" => 1 << 40,
        _ => return None,
    };
    let bytes = number * factor as f64;
    (bytes.is_finite() && bytes < 1e18).then_some(bytes as u64)
}

/// `90d`, `12h`, `30m`, `45s`, `6w`.
pub fn parse_age(text: &str) -> Option<Duration> {
    let (number, unit) = split_unit(text)?;
    let seconds = match unit {
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        "w" => 604_800.0,
        "" if number == 0.0 => 1.0,
        _ => return None,
    };
    Duration::try_from_secs_f64(number * seconds).ok().filter(|age| age.as_secs() < 1 << 40)
}

fn split_unit(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let at = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    Some((f64::from_str(&text[..at]).ok()?, text[at..].trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_sizes_and_ages() {
        for (text, bytes) in [("0", 0), ("12", 12), ("1.5 GB", 1_500_000_000), ("2GiB", 2 << 30), ("10k", 10_000)] {
            assert_eq!(parse_size(text), Some(bytes), "{text}");
        }
        for text in ["", "x", "-1", "1 parsec", "1e9", "1..2", "999999999999999999999GB"] {
            assert_eq!(parse_size(text), None, "{text}");
        }
        for (text, seconds) in [("0", 0), ("90d", 7_776_000), ("12h", 43_200), ("0.5m", 30), ("2w", 1_209_600)] {
            assert_eq!(parse_age(text), Some(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "5", "1y", "-1d", "99999999999999999999w"] {
            assert_eq!(parse_age(text), None, "{text}");
        }
    }
}
