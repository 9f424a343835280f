//! Whole files: streamed to disk, hashed on the way, resumed where they broke off.

use crate::http::{Ask, Failure, Range};
use crate::redact::redacted;
use crate::retry::Again;
use crate::{Client, Error, local};
use pybun_model::{Distribution, Emit, Event, IndexFile, Phase, Sha256, Unit};
use reqwest::header::{self, HeaderMap, HeaderValue};
use sha2::Digest;
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// A file in the cache's directory for unfinished things. It is deleted with this value unless it was moved away.
#[derive(Debug)]
pub struct Download {
    pub path: PathBuf,
    pub sha256: Sha256,
    pub size: u64,
}

impl Drop for Download {
    fn drop(&mut self) {
        // Moved away is the usual case.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Hears what of a file is on the disk while the rest still comes.
pub trait Arrival: Sync {
    /// The first `bytes` of the file at `path` are there.
    fn landed(&self, path: &Path, bytes: u64);
    /// What was there is being replaced.
    fn restarted(&self);
}

/// No distribution is larger; the disk is not filled for a server that never ends.
const MAX_FILE: u64 = 64 << 30;
const BUFFER: usize = 256 << 10;
/// Progress is told this often, in bytes, and at the end.
const REPORT_EVERY: u64 = 512 << 10;

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
        let mut sink = Sink { arrival, ..Sink::new(self.cache().temporary_file()?, file, emit) };
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
            attempts.pause(failure).await?;
        }
    }

    async fn transfer(&self, file: &IndexFile, sink: &mut Sink<'_>) -> Result<(), Failure> {
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
        while let Some(chunk) = stream.chunk().await? {
            if sink.done == 0 && is_web_page(&stream.headers, &chunk) {
                return Err(Error::NotAFile { url: redacted(&stream.url), filename: file.filename.to_string() }.into());
            }
            sink.take(&chunk)?;
        }
        sink.complete()
    }

    fn copy(&self, file: &IndexFile, path: &Path, emit: Emit<'_>) -> Result<Download, Error> {
        let mut sink = Sink::new(self.cache().temporary_file()?, file, emit);
        let unreadable =
            |error: std::io::Error| Error::Unreachable { url: path.display().to_string(), why: error.to_string() };
        let mut source = std::fs::File::open(path).map_err(unreadable)?;
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

/// Where the bytes go: the file, the digest, the progress.
struct Sink<'a> {
    file: NamedTempFile,
    buffer: Vec<u8>,
    hasher: sha2::Sha256,
    done: u64,
    /// Of them, those that are in the file.
    written: u64,
    reported: u64,
    validator: Option<HeaderValue>,
    /// The bytes came in more than one answer.
    is_patched: bool,
    filename: String,
    name: String,
    expected_size: Option<u64>,
    expected: Option<Sha256>,
    arrival: Option<&'a dyn Arrival>,
    emit: Emit<'a>,
}

impl<'a> Sink<'a> {
    fn new(file: NamedTempFile, of: &IndexFile, emit: Emit<'a>) -> Self {
        let name = match &of.distribution {
            Distribution::Wheel(wheel) => wheel.name.to_string(),
            Distribution::Sdist(sdist) => sdist.name.to_string(),
        };
        let sink = Self {
            file,
            buffer: Vec::with_capacity(BUFFER),
            hasher: sha2::Sha256::new(),
            done: 0,
            written: 0,
            reported: 0,
            validator: None,
            is_patched: false,
            filename: of.filename.to_string(),
            name,
            expected_size: of.size,
            expected: of.sha256,
            arrival: None,
            emit,
        };
        sink.report();
        sink
    }

    fn restart(&mut self) -> Result<(), Error> {
        if self.done > 0 {
            if let Some(arrival) = self.arrival {
                arrival.restarted();
            }
            self.buffer.clear();
            self.hasher = sha2::Sha256::new();
            (self.done, self.written, self.reported, self.validator) = (0, 0, 0, None);
            let file = self.file.as_file_mut();
            let emptied = file.set_len(0).and_then(|()| file.rewind());
            emptied.map_err(|error| Error::write(self.file.path(), &error))?;
        }
        Ok(())
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.hasher.update(bytes);
        self.done += bytes.len() as u64;
        let limit = self.expected_size.unwrap_or(MAX_FILE);
        if self.done > limit {
            let filename = self.filename.clone();
            return Err(match self.expected_size {
                Some(expected) => Error::SizeMismatch { filename, expected, actual: self.done },
                None => Error::TooLarge { what: format!("`{filename}`"), limit },
            });
        }
        if self.buffer.len() + bytes.len() > BUFFER {
            self.flush()?;
        }
        self.buffer.extend_from_slice(bytes);
        if self.done - self.reported >= REPORT_EVERY {
            self.reported = self.done;
            self.report();
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Error> {
        let written = self.file.as_file_mut().write_all(&self.buffer);
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        written.map_err(|error| Error::write(self.file.path(), &error))?;
        if let Some(arrival) = self.arrival {
            arrival.landed(self.file.path(), self.written);
        }
        Ok(())
    }

    /// All bytes came; one that was cut short is worth another attempt.
    fn complete(&mut self) -> Result<(), Failure> {
        match self.expected_size {
            Some(expected) if expected != self.done => {
                let (filename, actual) = (self.filename.clone(), self.done);
                Err(Failure { error: Error::SizeMismatch { filename, expected, actual }, again: Again::Yes })
            }
            _ => Ok(()),
        }
    }

    fn is_wrong(&self) -> bool {
        self.expected.is_some_and(|expected| expected.0 != <[u8; 32]>::from(self.hasher.clone().finalize()))
    }

    fn finish(mut self) -> Result<Download, Error> {
        self.flush()?;
        self.report();
        let sha256 = Sha256(self.hasher.finalize().into());
        if let Some(expected) = self.expected.filter(|expected| *expected != sha256) {
            return Err(Error::HashMismatch { filename: self.filename, expected, actual: sha256 });
        }
        let directory = self.file.path().to_owned();
        let (_, path) = self.file.keep().map_err(|error| Error::write(&directory, &error.error))?;
        Ok(Download { path, sha256, size: self.done })
    }

    fn report(&self) {
        (self.emit)(Event::Progress {
            phase: Phase::Download,
            name: Some(self.name.clone()),
            done: self.done,
            total: self.expected_size,
            unit: Unit::Bytes,
        });
    }
}

/// No archive begins like this.
fn is_web_page(headers: &HeaderMap, first: &[u8]) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    kind.trim_start().starts_with("text/html") && first.trim_ascii_start().starts_with(b"<")
}

fn starts_at(headers: &HeaderMap, offset: u64) -> bool {
    let value = headers.get(header::CONTENT_RANGE).and_then(|value| value.to_str().ok());
    value.is_some_and(|value| value.trim().starts_with(&format!("bytes {offset}-")))
}

/// Only a strong validator may join two parts (RFC 9110, 13.1.5).
fn strong_etag(headers: &HeaderMap) -> Option<HeaderValue> {
    headers.get(header::ETAG).filter(|value| value.as_bytes().starts_with(b"\"")).cloned()
}
