//! Taking a distribution away by its RECORD.

use crate::Error;
use crate::error::io_error;
use crate::guard::Guard;
use crate::installed::{InstalledDist, InstalledKind, read_file};
use crate::journal::{Journal, Pending};
use crate::layout::Layout;
use crate::record::parse_record;
use crate::remove::{normalize, remove_file, remove_files};
use crate::script::is_reserved;
use crate::wheel::bad_record;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Removes all files that its RECORD lists, their bytecode, and the directories that become empty. Nothing is removed
/// when there is no RECORD, or when it names a file outside of the environment or the interpreter.
pub fn uninstall(layout: &Layout, dist: &InstalledDist) -> Result<(), Error> {
    let _guard = Guard::acquire(layout)?;
    let removal = Removal::plan(layout, dist)?;
    let pending = Pending { dist_info: file_name(&dist.dist_info), wheel: None };
    let journal = Journal::begin(layout, &[pending])?;
    removal.execute(layout)?;
    journal.finish()
}

/// A removal that has been found possible.
pub(crate) struct Removal {
    subject: String,
    dist_info: PathBuf,
    files: Vec<PathBuf>,
}

impl Removal {
    pub fn plan(layout: &Layout, dist: &InstalledDist) -> Result<Self, Error> {
        let subject = format!("{} {}", dist.name, dist.version);
        match dist.kind {
            InstalledKind::EggInfo => Err(Error::Legacy { subject, path: dist.dist_info.clone() }),
            InstalledKind::DistInfo => Self::read(layout, subject, &dist.dist_info),
        }
    }

    fn read(layout: &Layout, subject: String, dist_info: &Path) -> Result<Self, Error> {
        let record = dist_info.join("RECORD");
        let bytes = match read_file(&record) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(Error::NoRecord { subject, dist_info: dist_info.to_owned() });
            }
            Err(error) => return Err(io_error("read", &record)(error)),
        };
        if bytes.contains(&0) {
            // As a power failure may leave a file.
            return Err(bad_record(&subject, "it holds NUL bytes"));
        }
        let rows = parse_record(&bytes).map_err(|why| bad_record(&subject, why))?;
        let library = dist_info.parent().unwrap_or(dist_info);
        let mut files = Vec::with_capacity(rows.len());
        for row in rows {
            let refuse = |why| Error::PathTraversal { subject: subject.clone(), path: row.path.clone(), why };
            let path = normalize(&library.join(&row.path)).ok_or_else(|| refuse("leads nowhere"))?;
            let inside =
                [&layout.prefix, &layout.purelib, &layout.platlib, &layout.scripts, &layout.data, &layout.headers];
            if !inside.iter().any(|bound| path.starts_with(bound)) {
                return Err(refuse("lies outside of the environment"));
            }
            let is_interpreter = path.parent() == Some(&layout.scripts) && is_reserved(&file_name(&path));
            if is_interpreter || path == layout.python || path == layout.prefix.join("pyvenv.cfg") {
                return Err(refuse("belongs to the environment itself"));
            }
            if path != record {
                files.push(path);
            }
        }
        Ok(Self { subject, dist_info: dist_info.to_owned(), files })
    }

    /// Only the `.dist-info` directory, where nothing says which files belong to it.
    pub fn of_dist_info(subject: String, dist_info: PathBuf) -> Self {
        Self { subject, dist_info, files: Vec::new() }
    }

    /// RECORD goes last: until then the removal can be done again.
    pub fn execute(&self, layout: &Layout) -> Result<(), Error> {
        remove_files(layout, &self.subject, &self.files)?;
        remove_file(&self.dist_info.join("RECORD"))?;
        crate::fault::point().map_err(io_error("remove", &self.dist_info))?;
        match fs::remove_dir(&self.dist_info) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            // Files that RECORD does not list: without RECORD the directory is worth nothing.
            Err(_) => fs::remove_dir_all(&self.dist_info).map_err(io_error("remove", &self.dist_info)),
        }
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
