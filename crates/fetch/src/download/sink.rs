//! Where the bytes of a download go: the file, the digest, the progress.

use super::part::Part;
use super::{Arrival, Download};
use crate::Error;
use crate::http::Failure;
use crate::retry::Again;
use pybun_model::{Distribution, Emit, Event, IndexFile, Phase, Sha256, Unit};
use reqwest::header::HeaderValue;
use sha2::Digest;
use std::io::{self, BufReader, Seek, Write};

pub(super) const BUFFER: usize = 256 << 10;
/// No distribution is larger: an index takes some hundred megabytes, and the largest that are published elsewhere are
/// three gigabytes.
const MAX_FILE: u64 = 16 << 30;
/// The same for a file of which neither the index nor the server states a size, as both do for large ones. The disk is not
/// filled for a server that never ends.
const MAX_UNSTATED: u64 = 512 << 20;
/// Progress is told this often, in bytes, and at the end.
const REPORT_EVERY: u64 = 512 << 10;

pub(super) struct Sink<'a> {
    part: Part,
    buffer: Vec<u8>,
    hasher: sha2::Sha256,
    pub done: u64,
    /// Of them, those that are in the file.
    written: u64,
    reported: u64,
    pub validator: Option<HeaderValue>,
    /// The bytes came in more than one answer.
    pub is_patched: bool,
    filename: String,
    name: String,
    expected_size: Option<u64>,
    /// How many bytes there may be at most, whatever is stated.
    limit: u64,
    expected: Option<Sha256>,
    arrival: Option<&'a dyn Arrival>,
    emit: Emit<'a>,
}

impl<'a> Sink<'a> {
    /// Begins with what `part` holds already, which only the digest of the whole can tell to be right.
    pub fn new(part: Part, of: &IndexFile, arrival: Option<&'a dyn Arrival>, emit: Emit<'a>) -> Result<Self, Error> {
        let name = match &of.distribution {
            Distribution::Wheel(wheel) => wheel.name.to_string(),
            Distribution::Sdist(sdist) => sdist.name.to_string(),
        };
        let mut sink = Self {
            part,
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
            limit: MAX_FILE,
            expected: of.sha256,
            arrival,
            emit,
        };
        sink.take_over()?;
        sink.report();
        Ok(sink)
    }

    fn take_over(&mut self) -> Result<(), Error> {
        if !self.part.is_kept {
            return Ok(());
        }
        let mut begun = BufReader::with_capacity(BUFFER, &self.part.file);
        self.done = io::copy(&mut begun, &mut self.hasher).map_err(|error| Error::write(&self.part.path, &error))?;
        (self.written, self.reported, self.is_patched) = (self.done, self.done, self.done > 0);
        if self.done > 0 {
            self.tell_landed();
        }
        Ok(())
    }

    /// What is there is kept for the next process, when it is worth it.
    pub fn break_off(mut self) {
        if self.flush().is_ok() {
            self.part.release();
        }
    }

    fn tell_landed(&self) {
        if let Some(arrival) = self.arrival {
            arrival.landed(&self.part.path, self.written);
        }
    }

    pub fn restart(&mut self) -> Result<(), Error> {
        if self.done > 0 {
            if let Some(arrival) = self.arrival {
                arrival.restarted();
            }
            self.buffer.clear();
            self.hasher = sha2::Sha256::new();
            (self.done, self.written, self.reported, self.validator) = (0, 0, 0, None);
            let file = &mut self.part.file;
            let emptied = file.set_len(0).and_then(|()| file.rewind());
            emptied.map_err(|error| Error::write(&self.part.path, &error))?;
        }
        Ok(())
    }

    pub fn take(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.hasher.update(bytes);
        self.done += bytes.len() as u64;
        if let Some(expected) = self.expected_size.filter(|expected| self.done > *expected) {
            return Err(Error::SizeMismatch { filename: self.filename.clone(), expected, actual: self.done });
        }
        if self.done > self.limit {
            return Err(self.too_large());
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

    /// Before the first byte of an answer, of which the server may say how long it is.
    pub fn begin(&mut self, length: Option<u64>) -> Result<(), Error> {
        self.limit = if length.or(self.expected_size).is_some() { MAX_FILE } else { MAX_UNSTATED };
        let size = self.expected_size.or_else(|| length.map(|length| length.saturating_add(self.done)));
        if size.is_some_and(|size| size > self.limit) { Err(self.too_large()) } else { Ok(()) }
    }

    fn too_large(&self) -> Error {
        Error::TooLarge { what: format!("`{}`", self.filename), limit: self.limit }
    }

    fn flush(&mut self) -> Result<(), Error> {
        let written = self.part.file.write_all(&self.buffer);
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        written.map_err(|error| Error::write(&self.part.path, &error))?;
        self.tell_landed();
        Ok(())
    }

    /// All bytes came; one that was cut short is worth another attempt.
    pub fn complete(&mut self) -> Result<(), Failure> {
        match self.expected_size {
            Some(expected) if expected != self.done => {
                let (filename, actual) = (self.filename.clone(), self.done);
                Err(Failure { error: Error::SizeMismatch { filename, expected, actual }, again: Again::Yes })
            }
            _ => Ok(()),
        }
    }

    /// As many bytes as are expected are there.
    pub fn is_complete(&self) -> bool {
        self.done > 0 && self.expected_size == Some(self.done)
    }

    pub fn is_wrong(&self) -> bool {
        self.expected.is_some_and(|expected| expected.0 != <[u8; 32]>::from(self.hasher.clone().finalize()))
    }

    pub fn finish(mut self) -> Result<Download, Error> {
        self.flush()?;
        self.report();
        let sha256 = Sha256(self.hasher.finalize().into());
        if let Some(expected) = self.expected.filter(|expected| *expected != sha256) {
            return Err(Error::HashMismatch { filename: self.filename, expected, actual: sha256 });
        }
        Ok(Download { path: self.part.path.clone(), sha256, size: self.done, _part: self.part })
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
