//! What a backend prints: kept in a file of bounded size, and the end of it in memory.

use crate::Error;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{PipeReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const MAX_FILE: usize = 32 << 20;
const MAX_TAIL: usize = 64 << 10;
/// Lines that a problem shows to a program.
const TAIL_LINES: usize = 40;
const MAX_LINE: usize = 500;

/// A log under `<cache>/logs/`; removed again when nothing went wrong. Clones write to the same log.
#[derive(Clone)]
pub(crate) struct Log {
    pub path: PathBuf,
    state: Arc<Mutex<State>>,
}

struct State {
    file: File,
    written: usize,
    tail: VecDeque<u8>,
}

impl Log {
    pub fn create(cache_dir: &Path, what: &str) -> Result<Self, Error> {
        let directory = cache_dir.join("logs");
        std::fs::create_dir_all(&directory).map_err(Error::io("create", &directory))?;
        let name: String =
            what.chars().map(|c| if c.is_ascii_alphanumeric() || ".-_".contains(c) { c } else { '-' }).collect();
        let file = tempfile::Builder::new()
            .prefix(&format!("build-{}-", name.chars().take(80).collect::<String>()))
            .suffix(".log")
            .tempfile_in(&directory)
            .map_err(Error::io("create a log in", &directory))?;
        let (file, path) = file.keep().map_err(|error| Error::io("create", &directory)(error.error))?;
        let state = State { file, written: 0, tail: VecDeque::new() };
        Ok(Self { path, state: Arc::new(Mutex::new(state)) })
    }

    /// Reads until every process that holds the other end has closed it. A log that cannot be written must not fail
    /// the build, and the pipe must be emptied in any case.
    pub fn take_in(&self, pipe: &mut PipeReader) {
        let mut buffer = [0; 16 << 10];
        while let Ok(length @ 1..) = pipe.read(&mut buffer) {
            self.put(&buffer[..length]);
        }
    }

    pub fn put(&self, bytes: &[u8]) {
        let mut state = self.state();
        let room = MAX_FILE.saturating_sub(state.written).min(bytes.len());
        drop(state.file.write_all(&bytes[..room]));
        state.written += bytes.len();
        state.tail.extend(&bytes[bytes.len().saturating_sub(MAX_TAIL)..]);
        let surplus = state.tail.len().saturating_sub(MAX_TAIL);
        state.tail.drain(..surplus);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last lines, without colours.
    pub fn last_lines(&self) -> Vec<String> {
        let bytes: Vec<u8> = self.state().tail.iter().copied().collect();
        let text = plain(&String::from_utf8_lossy(&bytes));
        let lines: Vec<String> = text.lines().map(|line| line.trim_end().chars().take(MAX_LINE).collect()).collect();
        let lines: Vec<String> = lines.into_iter().filter(|line: &String| !line.is_empty()).collect();
        lines[lines.len().saturating_sub(TAIL_LINES)..].to_vec()
    }

    pub fn remove(&self) {
        drop(std::fs::remove_file(&self.path));
    }
}

/// Without terminal control sequences.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\u{1b}' && chars.peek() == Some(&'[') {
            chars.next();
            while chars.next().is_some_and(|c| !('@'..='~').contains(&c)) {}
        } else if c == '\n' || c == '\t' || !c.is_control() {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_end_and_bounds_the_file() {
        let temp = tempfile::tempdir().unwrap();
        let log = Log::create(temp.path(), "a/b 1.0").unwrap();
        for i in 0..200_000 {
            log.put(format!("\u{1b}[31mline {i}\u{1b}[0m {}\r\n", "x".repeat(200)).as_bytes());
        }
        let lines = log.last_lines();
        assert_eq!(lines.len(), TAIL_LINES);
        assert!(lines.last().unwrap().starts_with("line 199999 x"), "{lines:?}");
        assert_eq!(std::fs::metadata(&log.path).unwrap().len(), MAX_FILE as u64);
        assert!(log.path.file_name().unwrap().to_str().unwrap().starts_with("build-a-b-1.0-"));
        let path = log.path.clone();
        log.remove();
        assert!(!path.exists());
    }
}
