//! Whole files: streamed to disk, hashed on the way, resumed where they broke off.

mod part;
mod sink;

use crate::http::{Ask, Failure, Range};
use crate::redact::redacted;
use crate::retry::Again;
use crate::{Client, Error, local};
use part::Part;
use pybun_model::{Emit, IndexFile, Sha256};
use reqwest::header::{self, HeaderMap, HeaderValue};
use sink::{BUFFER, Sink};
use std::io::Read;
use std::path::{Path, PathBuf};

/// A file in the cache's directory for unfinished things. It is deleted with this value unless it was moved away.
#[derive(Debug)]
pub struct Download {
    pub path: PathBuf,
    pub sha256: Sha256,
    pub size: u64,
    _part: Part,
}

/// Hears what of a file is on the disk while the rest still comes.
pub trait Arrival: Sync {
    /// The first `bytes` of the file at `path` are there.
    fn landed(&self, path: &Path, bytes: u64);
    /// What was there is being replaced.
    fn restarted(&self);
}

impl Client {
    /// Downloads a file and checks its size and digest as far as they are stated.
    pub async fn download(&self, file: &IndexFile, emit: Emit<'_>) -> Result<Download, Error> {
        self.download_watched(file, None, emit).await
    }

    /// The same for somebody who begins to read before the end, when nothing of it has been checked.
    pub async fn download_watched(
        &self,
        file: &IndexFile,
        arrival: Option<&dyn Arrival>,
        emit: Emit<'_>,
    ) -> Result<Download, Error> {
        if let Some(path) = local::path(&file.url) {
            return self.copy(file, &path, emit);
        }
        if self.settings().offline {
            return Err(Error::Offline { what: format!("`{}`", file.filename) });
        }
        let mut sink = Sink::new(Part::open(self.cache(), file)?, file, arrival, emit)?;
        let mut file = std::borrow::Cow::Borrowed(file);
        let mut attempts = self.http().attempts();
        loop {
            let failure = match self.transfer(&file, &mut sink).await {
                // What is there was put together from parts of different files, perhaps: once more, in one piece.
                Ok(()) if sink.is_patched && sink.is_wrong() => {
                    sink.restart()?;
                    sink.is_patched = false;
                    continue;
                }
                Ok(()) => return sink.finish(),
                Err(failure) => failure,
            };
            // The URL of a located file was built, not read; where it leads nowhere, the page knows better.
            let is_absent = matches!(
                failure.error,
                Error::HttpStatus { status: 404 | 410, .. } | Error::NotAllowed { with_credentials: false, .. }
            );
            if is_absent && let Some(found) = self.relocate(&file).await? {
                file = std::borrow::Cow::Owned(found);
                continue;
            }
            if let Err(error) = attempts.pause(failure).await {
                if is_of_the_network(&error) {
                    sink.break_off();
                }
                return Err(error);
            }
        }
    }

    async fn transfer(&self, file: &IndexFile, sink: &mut Sink<'_>) -> Result<(), Failure> {
        if sink.is_complete() {
            return Ok(());
        }
        let resume = (sink.done > 0).then_some(Range::From(sink.done));
        let validator = sink.validator.clone();
        let ask = Ask { range: resume, if_range: validator.as_ref(), ..Ask::new(&file.url) };
        let mut stream = self.http().open(ask).await?;
        match stream.status {
            200 => sink.restart()?,
            206 if resume.is_some() && starts_at(&stream.headers, sink.done) => {}
            // What is there cannot be continued: from the start, then.
            206 | 416 if resume.is_some() => {
                sink.restart()?;
                return Err(Failure { error: stream.refusal(), again: Again::Yes });
            }
            _ => return Err(stream.refusal().into()),
        }
        sink.validator = strong_etag(&stream.headers);
        sink.is_patched |= sink.done > 0;
        sink.begin(content_length(&stream.headers))?;
        while let Some(chunk) = stream.chunk().await? {
            if sink.done == 0 && is_web_page(&stream.headers, &chunk) {
                return Err(Error::NotAFile { url: redacted(&stream.url), filename: file.filename.to_string() }.into());
            }
            sink.take(&chunk)?;
        }
        sink.complete()
    }

    fn copy(&self, file: &IndexFile, path: &Path, emit: Emit<'_>) -> Result<Download, Error> {
        let mut sink = Sink::new(Part::temporary(self.cache())?, file, None, emit)?;
        let unreadable =
            |error: std::io::Error| Error::Unreachable { url: path.display().to_string(), why: error.to_string() };
        let mut source = crate::local::open(path).map_err(unreadable)?;
        let mut buffer = vec![0; BUFFER];
        loop {
            let count = source.read(&mut buffer).map_err(unreadable)?;
            if count == 0 {
                return sink.complete().map_err(|failure| failure.error).and_then(|()| sink.finish());
            }
            sink.take(&buffer[..count])?;
        }
    }
}

/// Another day it may go on.
fn is_of_the_network(error: &Error) -> bool {
    matches!(error, Error::Unreachable { .. } | Error::Timeout { .. } | Error::HttpStatus { .. })
}

/// No archive begins like this.
fn is_web_page(headers: &HeaderMap, first: &[u8]) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    kind.trim_start().starts_with("text/html") && first.trim_ascii_start().starts_with(b"<")
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
}

fn starts_at(headers: &HeaderMap, offset: u64) -> bool {
    let value = headers.get(header::CONTENT_RANGE).and_then(|value| value.to_str().ok());
    value.is_some_and(|value| value.trim().starts_with(&format!("bytes {offset}-")))
}

/// Only a strong validator may join two parts (RFC 9110, 13.1.5).
fn strong_etag(headers: &HeaderMap) -> Option<HeaderValue> {
    headers.get(header::ETAG).filter(|value| value.as_bytes().starts_with(b"\"")).cloned()
}
