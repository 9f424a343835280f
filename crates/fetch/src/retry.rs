//! When to try again and how long to wait before. Pure: the wait is computed from counters, a caller sleeps.

use std::time::Duration;

/// What a failed attempt says about another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    No,
    Yes,
    /// As the server's Retry-After asks.
    After(Duration),
}

const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(8);
/// A server that asks for more is asked again earlier.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(30);

/// The wait before attempt number `attempt + 1`: exponential, between half and one and a half of the step, so that many
/// requests that failed together do not come back together. `seed` differs from request to request.
pub(crate) fn wait(attempt: u32, seed: u64, again: Again) -> Duration {
    let step = FIRST_WAIT.saturating_mul(1 << attempt.min(16)).min(LONGEST_WAIT);
    let jitter = mix(seed.wrapping_add(u64::from(attempt) << 48)) % 1000;
    let own = step.mul_f64(0.5 + jitter as f64 / 1000.0);
    match again {
        Again::No | Again::Yes => own,
        Again::After(asked) => asked.min(LONGEST_RETRY_AFTER).max(own),
    }
}

/// Retry-After as seconds or as an HTTP date (RFC 9110, 10.2.3). `now` in seconds since 1970.
pub(crate) fn retry_after(value: &str, now: u64) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    crate::freshness::parse_date(value).map(|at| Duration::from_secs(at.saturating_sub(now)))
}

/// The finaliser of splitmix64: neighbouring seeds give unrelated numbers.
fn mix(seed: u64) -> u64 {
    let mut x = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_are_bounded() {
        for attempt in 0..80 {
            let waited = wait(attempt, 7, Again::Yes);
            let step = FIRST_WAIT.saturating_mul(1 << attempt.min(16)).min(LONGEST_WAIT);
            assert!(waited >= step / 2 && waited <= step * 3 / 2, "{attempt}: {waited:?}");
        }
        assert_ne!(wait(0, 1, Again::Yes), wait(0, 2, Again::Yes));
        assert_eq!(wait(0, 1, Again::After(Duration::from_secs(5))), Duration::from_secs(5));
        assert_eq!(wait(0, 1, Again::After(Duration::from_secs(9000))), LONGEST_RETRY_AFTER);
    }

    #[test]
    fn reads_both_forms_of_retry_after() {
        assert_eq!(retry_after("3", 0), Some(Duration::from_secs(3)));
        assert_eq!(retry_after("Thu, 01 Jan 1970 00:01:00 GMT", 20), Some(Duration::from_secs(40)));
        assert_eq!(retry_after("soon", 0), None);
    }
}
