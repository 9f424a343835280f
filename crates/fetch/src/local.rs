//! `file://` indexes: a directory with one directory per project (PEP 503 on disk), and files read in parts.

use crate::Error;
use pybun_model::{Distribution, IndexFile, PackageName, ProjectPage, Yanked};
use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use url::Url;

/// The file that a `file://` URL names.
pub(crate) fn path(url: &Url) -> Option<PathBuf> {
    (url.scheme() == "file").then(|| url.to_file_path().ok()).flatten()
}

/// A page bound, as for pages from the network.
const MAX_PAGE: u64 = 128 << 20;

/// The page of a project: its `index.html` if there is one, else the files of its directory.
pub(crate) fn page(name: &PackageName, directory: &Path) -> Result<Option<ProjectPage>, Error> {
    let unreadable =
        |error: std::io::Error| Error::Unreachable { url: directory.display().to_string(), why: error.to_string() };
    let Ok(url) = Url::from_directory_path(directory) else { return Ok(None) };
    match open(&directory.join("index.html")) {
        Ok(file) => {
            let bytes = bounded(file).map_err(unreadable)?;
            return ProjectPage::from_html(name, &bytes, &url).map(Some).map_err(|error| Error::page(&url, &error));
        }
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
        Err(error) => return Err(unreadable(error)),
    }
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    let (mut files, mut ignored) = (Vec::new(), 0);
    for entry in entries {
        let entry = entry.map_err(unreadable)?;
        let filename = entry.file_name().to_string_lossy().into_owned();
        let (Ok(distribution), Ok(url)) = (Distribution::parse(&filename, name), Url::from_file_path(entry.path()))
        else {
            ignored += 1;
            continue;
        };
        files.push(IndexFile {
            distribution,
            url,
            filename: filename.into(),
            sha256: None,
            size: entry.metadata().ok().map(|metadata| metadata.len()),
            requires_python: None,
            yanked: Yanked::No,
            core_metadata: None,
            upload_time: None,
        });
    }
    files.sort_by(|a, b| a.filename.cmp(&b.filename));
    Ok(Some(ProjectPage { name: name.clone(), files: files.into(), ignored, status: None, index: None }))
}

/// A regular file: a directory may hold pipes and links to devices.
pub(crate) fn open(path: &Path) -> std::io::Result<File> {
    Ok(pybun_files::open(path)?.file)
}

/// A page in a file.
pub(crate) fn read_page(path: &Path) -> std::io::Result<Vec<u8>> {
    bounded(open(path)?)
}

fn bounded(file: File) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(MAX_PAGE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_PAGE {
        return Err(std::io::Error::other(format!("it is larger than {MAX_PAGE} bytes")));
    }
    Ok(bytes)
}

/// A file read in parts.
pub(crate) struct Reader {
    file: File,
    size: u64,
    path: PathBuf,
}

impl Reader {
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let unreadable =
            |error: std::io::Error| Error::Unreachable { url: path.display().to_string(), why: error.to_string() };
        let file = open(path).map_err(unreadable)?;
        let size = file.metadata().map_err(unreadable)?.len();
        Ok(Self { file, size, path: path.to_owned() })
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// The bytes from `from` to before `to`; fewer where the file ends earlier.
    pub(crate) fn part(&mut self, from: u64, to: u64) -> Result<Vec<u8>, Error> {
        let size = to.min(self.size).saturating_sub(from);
        let mut bytes = Vec::with_capacity(size as usize);
        let read =
            self.file.seek(SeekFrom::Start(from)).and_then(|_| (&mut self.file).take(size).read_to_end(&mut bytes));
        let unreadable =
            |error: std::io::Error| Error::Unreachable { url: self.path.display().to_string(), why: error.to_string() };
        read.map_err(unreadable)?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_a_page() {
        let dir = tempfile::tempdir().unwrap();
        let name: PackageName = "six".parse().unwrap();
        assert_eq!(page(&name, &dir.path().join("six")).unwrap(), None);
        for file in ["six-1.1.tar.gz", "six-1.0-py3-none-any.whl", "notes.txt"] {
            std::fs::write(dir.path().join(file), "x").unwrap();
        }
        let listed = page(&name, dir.path()).unwrap().unwrap();
        assert_eq!((listed.files.len(), listed.ignored, listed.files[0].size), (2, 1, Some(1)));
        assert_eq!(path(&listed.files[1].url).unwrap(), dir.path().join("six-1.1.tar.gz"));

        std::fs::write(dir.path().join("index.html"), "<a href=six-2.0.tar.gz>six</a>").unwrap();
        assert_eq!(page(&name, dir.path()).unwrap().unwrap().files[0].filename.as_ref(), "six-2.0.tar.gz");
    }
}
