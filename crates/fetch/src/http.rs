//! One GET: bounded redirects, credentials that stay at their origin, retries, bounded bodies, bounded concurrency.

use crate::credentials::{Authorization, Credentials, origin};
use crate::redact::{place, redacted, without_credentials};
use crate::retry::{self, Again};
use crate::settings::Resolved;
use crate::{Environment, Error, connect};
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Response};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::{OwnedMutexGuard, Semaphore, SemaphorePermit};
use url::Url;

const MAX_REDIRECTS: usize = 10;
/// How much of the body of an error is looked at.
const MAX_ERROR_BODY: u64 = 64 << 10;

pub(crate) struct Http {
    environment: Environment,
    settings: Resolved,
    credentials: Credentials,
    checked: OnceLock<reqwest::Client>,
    unchecked: OnceLock<reqwest::Client>,
    permits: Semaphore,
    gates: Mutex<HashMap<String, Arc<Gate>>>,
    requests: AtomicU64,
}

/// What to ask for.
#[derive(Clone, Copy)]
pub(crate) struct Ask<'a> {
    pub(crate) url: &'a Url,
    pub(crate) accept: &'static str,
    /// Offer gzip. The body then stays encoded; [`Reply::decoded`] decodes it.
    pub(crate) gzip: bool,
    pub(crate) range: Option<Range>,
    /// Ask for the part only if the file is still this one (RFC 9110, 13.1.5).
    pub(crate) if_range: Option<&'a HeaderValue>,
    pub(crate) etag: Option<&'a str>,
    pub(crate) last_modified: Option<&'a str>,
}

impl<'a> Ask<'a> {
    pub(crate) fn new(url: &'a Url) -> Self {
        Self { url, accept: "*/*", gzip: false, range: None, if_range: None, etag: None, last_modified: None }
    }
}

/// Which part of a file (RFC 9110, 14.1.2).
#[derive(Clone, Copy, Debug)]
pub(crate) enum Range {
    Last(u64),
    /// Both ends included.
    Between(u64, u64),
    From(u64),
}

/// A complete answer; the status may be any that no retry mends.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// Where the redirects ended, without credentials.
    pub(crate) url: Url,
    pub(crate) body: Vec<u8>,
    credentials: Shown,
}

/// What a refused request had shown of itself.
#[derive(Clone, Copy)]
struct Shown {
    with_credentials: bool,
    withheld: bool,
}

/// An answer whose body is still to be read. Holds a place among the concurrent requests.
pub(crate) struct Stream<'a> {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) url: Url,
    credentials: Shown,
    response: Response,
    patience: Duration,
    began: Instant,
    received: u64,
    _permit: SemaphorePermit<'a>,
}

pub(crate) struct Failure {
    pub(crate) error: Error,
    pub(crate) again: Again,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, again: Again::No }
    }
}

impl Http {
    pub(crate) fn new(environment: Environment, settings: Resolved, credentials: Credentials) -> Self {
        let permits = Semaphore::new(settings.concurrency);
        let (checked, unchecked) = Default::default();
        let (gates, requests) = Default::default();
        Self { environment, settings, credentials, checked, unchecked, permits, gates, requests }
    }

    /// The whole answer. A body above `limit` bytes (as sent) is an error.
    pub(crate) async fn get(&self, ask: Ask<'_>, limit: u64) -> Result<Reply, Error> {
        let mut attempts = self.attempts();
        loop {
            match self.get_once(ask, limit).await {
                Ok(reply) => return Ok(reply),
                Err(failure) => attempts.pause(failure).await?,
            }
        }
    }

    pub(crate) fn attempts(&self) -> Attempts {
        let Resolved { retries: allowed, patient, .. } = self.settings;
        Attempts { made: 0, allowed, patient, seed: self.requests.fetch_add(1, Ordering::Relaxed) }
    }

    async fn get_once(&self, ask: Ask<'_>, limit: u64) -> Result<Reply, Failure> {
        let mut stream = self.open(ask).await?;
        let limit = if stream.status < 400 { limit } else { MAX_ERROR_BODY };
        let stated = stream.response.content_length().unwrap_or(0);
        let too_large = || Error::TooLarge { what: format!("`{}`", redacted(ask.url)), limit };
        if stated > limit && stream.status < 400 {
            return Err(too_large().into());
        }
        let mut body = Vec::with_capacity(stated.min(1 << 20) as usize);
        while let Some(chunk) = stream.chunk().await? {
            let room = (limit as usize).saturating_sub(body.len());
            if chunk.len() > room {
                if stream.status < 400 {
                    return Err(too_large().into());
                }
                body.extend_from_slice(&chunk[..room]);
                break;
            }
            body.extend_from_slice(&chunk);
        }
        let Stream { status, headers, url, credentials, .. } = stream;
        Ok(Reply { status, headers, url, body, credentials })
    }

    /// One attempt: follows redirects and stops at the head of the final answer. 429 and 5xx are failures.
    pub(crate) async fn open(&self, ask: Ask<'_>) -> Result<Stream<'_>, Failure> {
        let permit = self.permits.acquire().await.expect("the semaphore is never closed");
        let mut url = ask.url.clone();
        let mut downgraded = false;
        for _ in 0..=MAX_REDIRECTS {
            let Authorization { header, withheld } =
                if downgraded { Authorization::default() } else { self.credentials.for_request(&url, ask.url).await };
            let credentials = Shown { with_credentials: header.is_some(), withheld };
            let response = self.send(&url, ask, header).await?;
            if let Some(next) = redirect_target(&url, &response) {
                let next = next.map_err(|why| Error::BadUrl { text: redacted(&url), why })?;
                downgraded |= url.scheme() == "https" && next.scheme() == "http";
                url = next;
                continue;
            }
            let status = response.status().as_u16();
            if status == 429 || status >= 500 && !matches!(status, 501 | 505) {
                let after = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
                let again = after.and_then(|text| retry::retry_after(text, now())).map_or(Again::Yes, Again::After);
                return Err(Failure { error: Error::HttpStatus { url: redacted(&url), status }, again });
            }
            let (headers, url) = (response.headers().clone(), without_credentials(&url));
            let (patience, began) = (self.settings.read_timeout, Instant::now());
            let at_first =
                Stream { status, headers, url, credentials, response, patience, began, received: 0, _permit: permit };
            return Ok(at_first);
        }
        Err(Error::TooManyRedirects { url: redacted(ask.url), limit: MAX_REDIRECTS }.into())
    }

    async fn send(&self, url: &Url, ask: Ask<'_>, authorization: Option<HeaderValue>) -> Result<Response, Failure> {
        let pool = self.pool(url)?;
        let mut request = reqwest::Request::new(Method::GET, without_credentials(url));
        *request.headers_mut() = head(ask, authorization);
        let _first = self.enter(url).await;
        pool.execute(request).await.map_err(|error| {
            let seconds = if error.is_connect() { connect::CONNECT_TIMEOUT } else { self.settings.read_timeout };
            failure(url, seconds.as_secs(), error)
        })
    }

    /// Built when first needed: reading the certificates costs more than a warm run that needs no network.
    fn pool(&self, url: &Url) -> Result<&reqwest::Client, Error> {
        let host = url.host_str().unwrap_or("");
        let port = url.port_or_known_default().unwrap_or(0);
        let trusted = self.settings.trusted_hosts.iter().any(|entry| match entry.rsplit_once(':') {
            Some((name, number)) if number.parse::<u16>().is_ok() => name == host && number == port.to_string(),
            _ => entry == host,
        });
        let cell = if trusted { &self.unchecked } else { &self.checked };
        if let Some(pool) = cell.get() {
            return Ok(pool);
        }
        let pool = connect::pool(&self.environment, &self.settings, !trusted)?;
        Ok(cell.get_or_init(|| pool))
    }

    /// Until the first answer of an origin is there, nobody knows whether it speaks HTTP/2, and each concurrent request
    /// would open a connection of its own. So the first goes alone; whatever becomes of it, the others follow.
    async fn enter(&self, url: &Url) -> Option<FirstRequest> {
        if url.scheme() != "https" {
            return None;
        }
        let gate = {
            let mut gates = self.gates.lock().expect("no code panics while it holds this lock");
            gates.entry(origin(url)).or_default().clone()
        };
        if gate.open.load(Ordering::Acquire) {
            return None;
        }
        let guard = gate.first.clone().lock_owned().await;
        (!gate.open.load(Ordering::Acquire)).then_some(FirstRequest { gate, _guard: guard })
    }
}

#[derive(Default)]
struct Gate {
    open: AtomicBool,
    first: Arc<tokio::sync::Mutex<()>>,
}

struct FirstRequest {
    gate: Arc<Gate>,
    _guard: OwnedMutexGuard<()>,
}

impl Drop for FirstRequest {
    fn drop(&mut self) {
        self.gate.open.store(true, Ordering::Release);
    }
}

/// Counts the attempts of one piece of work and waits between them.
pub(crate) struct Attempts {
    made: u32,
    allowed: u32,
    patient: bool,
    seed: u64,
}

impl Attempts {
    /// Waits before the next attempt, or gives the failure back when there is none.
    pub(crate) async fn pause(&mut self, failure: Failure) -> Result<(), Error> {
        let takes_long = matches!(failure.again, Again::After(_)) || matches!(failure.error, Error::Timeout { .. });
        if failure.again == Again::No || self.made >= self.allowed || takes_long && !self.patient {
            return Err(failure.error);
        }
        tokio::time::sleep(retry::wait(self.made, self.seed, failure.again)).await;
        self.made += 1;
        Ok(())
    }
}

impl Stream<'_> {
    pub(crate) async fn chunk(&mut self) -> Result<Option<bytes::Bytes>, Failure> {
        let (url, seconds) = (&self.url, self.patience.as_secs());
        let chunk = self.response.chunk().await.map_err(|error| failure(url, seconds, error))?;
        self.received += chunk.as_ref().map_or(0, |chunk| chunk.len() as u64);
        if chunk.is_some() && is_trickle(self.began.elapsed(), self.received, self.patience) {
            return Err(Failure { error: Error::Timeout { url: redacted(url), seconds }, again: Again::Yes });
        }
        Ok(chunk)
    }

    pub(crate) fn refusal(&self) -> Error {
        refusal(&self.url, self.status, self.credentials)
    }
}

impl Reply {
    pub(crate) fn header(&self, name: HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The error that a status other than success means.
    pub(crate) fn refusal(&self) -> Error {
        refusal(&self.url, self.status, self.credentials)
    }

    /// Object stores that may not be listed say this for files that do not exist.
    pub(crate) fn is_object_store_absence(&self) -> bool {
        let text = String::from_utf8_lossy(&self.body);
        self.status == 403 && !self.credentials.with_credentials && text.contains("<Code>AccessDenied</Code>")
    }

    /// The body without its content encoding, `limit` bytes at most.
    pub(crate) fn decoded(self, limit: u64) -> Result<Vec<u8>, Error> {
        let encoding = self.header(header::CONTENT_ENCODING).unwrap_or("identity").trim().to_ascii_lowercase();
        let url = redacted(&self.url);
        match encoding.as_str() {
            "" | "identity" => Ok(self.body),
            "gzip" | "x-gzip" => gunzip(&self.body, limit, &url),
            other => Err(Error::BadPage { url, why: format!("it is encoded as `{}`, which was not asked for", other) }),
        }
    }
}

fn gunzip(bytes: &[u8], limit: u64, url: &str) -> Result<Vec<u8>, Error> {
    use std::io::Read;
    // The last four bytes state the size modulo 2^32; they are a hint for the allocation only.
    let hint = bytes.last_chunk::<4>().map_or(0, |tail| u64::from(u32::from_le_bytes(*tail)));
    let capacity = hint.min(limit).min(bytes.len() as u64 * 32) as usize;
    let mut body = Vec::with_capacity(capacity + 1);
    let mut decoder = flate2::bufread::MultiGzDecoder::new(bytes).take(limit + 1);
    let bad =
        |error: std::io::Error| Error::BadPage { url: url.to_owned(), why: format!("its gzip is broken: {error}") };
    decoder.read_to_end(&mut body).map_err(bad)?;
    if body.len() as u64 > limit {
        return Err(Error::TooLarge { what: format!("`{url}`"), limit });
    }
    Ok(body)
}

fn head(ask: Ask<'_>, authorization: Option<HeaderValue>) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(6);
    headers.insert(header::ACCEPT, HeaderValue::from_static(ask.accept));
    // Ranges and digests are about the file itself, so nothing may encode it on the way.
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(if ask.gzip { "gzip" } else { "identity" }));
    let range = ask.range.map(|range| match range {
        Range::Last(count) => format!("bytes=-{count}"),
        Range::Between(from, to) => format!("bytes={from}-{to}"),
        Range::From(from) => format!("bytes={from}-"),
    });
    let texts = [
        (header::RANGE, range.as_deref()),
        (header::IF_NONE_MATCH, ask.etag),
        (header::IF_MODIFIED_SINCE, ask.last_modified),
    ];
    for (name, text) in texts {
        if let Some(value) = text.and_then(|text| HeaderValue::from_str(text).ok()) {
            headers.insert(name, value);
        }
    }
    if let Some(value) = ask.if_range {
        headers.insert(header::IF_RANGE, value.clone());
    }
    if let Some(value) = authorization {
        headers.insert(header::AUTHORIZATION, value);
    }
    headers
}

/// Where a redirect leads. What it says about credentials is not believed.
fn redirect_target(from: &Url, response: &Response) -> Option<Result<Url, String>> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = response.headers().get(header::LOCATION)?;
    let Ok(next) = location.to_str().map_err(|_| ()).and_then(|text| from.join(text).map_err(|_| ())) else {
        return Some(Err("it redirects to something that is no URL".to_owned()));
    };
    if !matches!(next.scheme(), "http" | "https") {
        return Some(Err(format!("it redirects to a `{}` URL", next.scheme())));
    }
    Some(Ok(without_credentials(&next)))
}

fn refusal(url: &Url, status: u16, Shown { with_credentials, withheld }: Shown) -> Error {
    match status {
        401 | 403 | 407 => {
            let host = if withheld { place(url) } else { url.host_str().unwrap_or("").to_owned() };
            Error::NotAllowed { url: redacted(url), host, status, with_credentials, withheld }
        }
        _ => Error::HttpStatus { url: redacted(url), status },
    }
}

/// Says what a failed exchange was. reqwest's own text repeats the URL with its secrets, so it is built anew.
fn failure(url: &Url, seconds: u64, error: reqwest::Error) -> Failure {
    let url = redacted(url);
    let error = error.without_url();
    if error.is_builder() {
        return Error::BadUrl { text: url, why: error.to_string() }.into();
    }
    let mut causes = Vec::new();
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(current) = cause {
        if let Some(why) = distrust(current) {
            return Error::Untrusted { url, why }.into();
        }
        causes.push(current.to_string());
        cause = current.source();
    }
    if error.is_timeout() {
        return Failure { error: Error::Timeout { url, seconds }, again: Again::Yes };
    }
    // The innermost cause names the thing (`Connection refused`); the outer ones only say where it passed.
    let why = causes.pop().unwrap_or_default();
    Failure { error: Error::Unreachable { url, why }, again: Again::Yes }
}

/// Why a certificate was not accepted. I/O errors carry what caused them without calling it their source.
fn distrust(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    if let Some(rustls::Error::InvalidCertificate(why)) = error.downcast_ref() {
        return Some(format!("{why:?}"));
    }
    error.downcast_ref::<std::io::Error>()?.get_ref().and_then(|inner| distrust(inner))
}

/// Slower than any line that people work on, for longer than an answer may be waited for.
fn is_trickle(elapsed: Duration, received: u64, patience: Duration) -> bool {
    elapsed > patience + Duration::from_secs(received / SLOWEST)
}

/// In bytes a second.
const SLOWEST: u64 = 256;

/// In seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::archive::gzip;

    #[test]
    fn a_certificate_that_is_not_trusted_is_seen_through_io_errors() {
        let inner = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let nested = std::io::Error::other(std::io::Error::other(inner));
        assert_eq!(distrust(&nested).as_deref(), Some("UnknownIssuer"));
        assert_eq!(distrust(&std::io::Error::other("else")), None);
    }

    #[test]
    fn a_trickle_ends_and_a_slow_line_does_not() {
        let (second, patience) = (Duration::from_secs(1), Duration::from_secs(30));
        for (seconds, received, ends) in [(31, 31, true), (29, 0, false), (3600, 1 << 20, false), (3600, 100_000, true)]
        {
            assert_eq!(is_trickle(second * seconds, received, patience), ends, "{received} bytes in {seconds} s");
        }
    }

    #[test]
    fn a_body_that_grows_too_much_is_refused() {
        let bytes = gzip(&[b' '; 100_000]);
        assert_eq!(gunzip(&bytes, 100_000, "x").unwrap().len(), 100_000);
        assert!(matches!(gunzip(&bytes, 99_999, "x"), Err(Error::TooLarge { .. })));
        assert!(matches!(gunzip(&bytes[..50], 100_000, "x"), Err(Error::BadPage { .. })));
    }
}
