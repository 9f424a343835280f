//! What is being changed in an environment, so that a killed process can be cleaned up after.
//!
//! Before the first change an installation or removal writes `.pybun-journal` into the library: one line for each
//! distribution that it will place or take away. It removes the file after the last change. As long as a distribution
//! is in the journal it counts as incomplete, whatever else is there, and the next installation first removes all that
//! is left of it: the files of its RECORD (which a removal deletes last) and those of the wheel's manifest in the
//! store. So the environment never keeps a distribution that only seems whole. Nothing is forced to the disk: this is
//! about killed processes, not about power failures.

use crate::Error;
use crate::error::io_error;
use crate::layout::Layout;
use pybun_model::Sha256;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;

pub(crate) const FILE: &str = ".pybun-journal";
const FIRST_LINE: &str = "pybun-journal 1";

/// One distribution that is being placed or taken away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pending {
    /// The name of its `.dist-info` directory.
    pub dist_info: String,
    /// The wheel that is being placed; none while something is taken away.
    pub wheel: Option<Sha256>,
}

/// The journal while it is on disk.
pub(crate) struct Journal {
    path: PathBuf,
    /// What an earlier process left and this one does not touch.
    untouched: Vec<Pending>,
}

impl Journal {
    /// What was interrupted. Lines that cannot be understood are passed over.
    pub fn read(layout: &Layout) -> Result<Vec<Pending>, Error> {
        let path = layout.purelib.join(FILE);
        match crate::installed::read_file(&path) {
            Ok(bytes) => Ok(parse(&String::from_utf8_lossy(&bytes))),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                Ok(Vec::new())
            }
            Err(error) => Err(io_error("read", &path)(error)),
        }
    }

    /// Writes it. The library is made when it is not there.
    pub fn begin(layout: &Layout, pending: &[Pending]) -> Result<Self, Error> {
        let earlier = Self::read(layout)?;
        fs::create_dir_all(&layout.purelib).map_err(io_error("create", &layout.purelib))?;
        let all: Vec<&Pending> = earlier.iter().chain(pending).collect();
        let mut journal = Self { path: layout.purelib.join(FILE), untouched: Vec::new() };
        journal.write(&all)?;
        let touched = |entry: &Pending| pending.iter().any(|other| other.dist_info == entry.dist_info);
        journal.untouched = earlier.into_iter().filter(|entry| !touched(entry)).collect();
        Ok(journal)
    }

    /// Everything was done.
    pub fn finish(self) -> Result<(), Error> {
        if !self.untouched.is_empty() {
            return self.write(&self.untouched.iter().collect::<Vec<_>>());
        }
        crate::fault::point().map_err(io_error("remove", &self.path))?;
        fs::remove_file(&self.path).map_err(io_error("remove", &self.path))
    }

    /// Nothing is pending any more.
    pub fn clear(layout: &Layout) -> Result<(), Error> {
        let path = layout.purelib.join(FILE);
        match fs::remove_file(&path) {
            Err(error) if !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                Err(io_error("remove", &path)(error))
            }
            _ => Ok(()),
        }
    }

    fn write(&self, pending: &[&Pending]) -> Result<(), Error> {
        let mut text = format!("{FIRST_LINE}\n");
        for entry in pending {
            let wheel = entry.wheel.map_or_else(|| "-".to_owned(), |wheel| wheel.to_string());
            writeln!(text, "{wheel} {}", entry.dist_info).expect("writing to a string cannot fail");
        }
        let temporary = self.path.with_extension("new");
        crate::fault::point().map_err(io_error("write", &temporary))?;
        fill(&temporary, &text).map_err(io_error("write", &temporary))?;
        crate::fault::point().map_err(io_error("write", &self.path))?;
        fs::rename(&temporary, &self.path).map_err(io_error("write", &self.path))
    }
}

/// A new file, whatever lies there: a link would lead elsewhere.
fn fill(path: &Path, text: &str) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::File::create_new(path)?.write_all(text.as_bytes())
}

fn parse(text: &str) -> Vec<Pending> {
    let Some(lines) = text.strip_prefix(FIRST_LINE) else { return Vec::new() };
    lines
        .lines()
        .filter_map(|line| {
            let (wheel, dist_info) = line.split_once(' ')?;
            let plain = dist_info.ends_with(".dist-info") && !dist_info.contains(['/', '\\', '\0']);
            plain.then(|| Pending { dist_info: dist_info.to_owned(), wheel: Sha256::from_str(wheel).ok() })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_over_what_it_cannot_understand() {
        let digits = "0".repeat(64);
        let text = format!("{FIRST_LINE}\n{digits} a-1.dist-info\n- b-1.dist-info\n\nx\n- ../c-1.dist-info\n- d\n");
        let names: Vec<_> = parse(&text).into_iter().map(|entry| (entry.dist_info, entry.wheel.is_some())).collect();
        assert_eq!(names, [("a-1.dist-info".to_owned(), true), ("b-1.dist-info".to_owned(), false)]);
        assert!(parse("pybun-journal 2\n- a-1.dist-info\n").iter().all(|entry| entry.dist_info == "a-1.dist-info"));
        assert!(parse("something else\n- a-1.dist-info\n").is_empty());
    }
}
