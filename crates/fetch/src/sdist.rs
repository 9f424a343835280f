//! The metadata of an sdist, where it can be had without a build (PEP 643).

use crate::metadata::{MAX_METADATA, member_of_file, parse};
use crate::{Client, Error};
use pybun_model::{CoreMetadata, IndexFile, silent};
use std::io::Read;
use std::path::Path;

/// An archive that is larger once unpacked is not searched to its end.
const MAX_UNPACKED: u64 = 4 << 30;

impl Client {
    /// Downloads an sdist and reads its PKG-INFO. `None` when that may change in a build, which then has to be made.
    /// Both answers are kept for ever: a digest names one file.
    pub async fn sdist_metadata(&self, file: &IndexFile) -> Result<Option<CoreMetadata>, Error> {
        let path = self.metadata_entry(file);
        if let Some(bytes) = self.cached_metadata(file, &path) {
            return if bytes.is_empty() { Ok(None) } else { parse(file, &bytes).map(Some) };
        }
        let download = self.download(file, &silent).await?;
        let filename = file.filename.to_string();
        let read = move || pkg_info(&filename, &download.path);
        let bytes = self.compute(read).await?;
        // Broken or foreign metadata of a file that may still build is the build's to judge.
        let metadata = bytes.as_deref().and_then(|bytes| parse(file, bytes).ok()).filter(CoreMetadata::is_static);
        let kept = if metadata.is_some() { bytes.unwrap_or_default() } else { Vec::new() };
        self.keep_metadata(file, &path, &kept);
        Ok(metadata)
    }
}

/// The `PKG-INFO` in the only directory at the top of the archive.
fn pkg_info(filename: &str, path: &Path) -> Result<Option<Vec<u8>>, Error> {
    if filename.ends_with(".zip") {
        return member_of_file(filename, path, "PKG-INFO", is_pkg_info).map(Some).or_else(|error| match error {
            Error::BadMetadata { .. } => Ok(None),
            other => Err(other),
        });
    }
    let bad = |error: std::io::Error| Error::metadata(filename, error.to_string());
    let file = crate::local::open(path).map_err(bad)?;
    let unpacked = flate2::bufread::MultiGzDecoder::new(std::io::BufReader::new(file)).take(MAX_UNPACKED);
    let mut archive = tar::Archive::new(unpacked);
    // Raw, because the library reads long names and other extended headers into memory, however large they are. The name
    // of a `PKG-INFO` at the top needs none.
    for entry in archive.entries().map_err(bad)?.raw(true) {
        let entry = entry.map_err(bad)?;
        let wanted =
            entry.header().entry_type().is_file() && std::str::from_utf8(&entry.path_bytes()).is_ok_and(is_pkg_info);
        if wanted {
            let mut bytes = Vec::new();
            entry.take(MAX_METADATA + 1).read_to_end(&mut bytes).map_err(bad)?;
            return Ok((bytes.len() as u64 <= MAX_METADATA).then_some(bytes));
        }
    }
    Ok(None)
}

fn is_pkg_info(member: &str) -> bool {
    let mut parts = member.trim_start_matches("./").split('/');
    parts.next().is_some_and(|top| !top.is_empty()) && parts.next() == Some("PKG-INFO") && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_pkg_info_at_the_top() {
        assert!(is_pkg_info("a-1.0/PKG-INFO") && is_pkg_info("./a-1.0/PKG-INFO"));
        for other in ["PKG-INFO", "a-1.0/a.egg-info/PKG-INFO", "/PKG-INFO", "a/PKG-INFO/x"] {
            assert!(!is_pkg_info(other), "{other}");
        }
    }
}
