//! Where a file of a lock can be had. A lock names files and digests, no URLs, so that mirrors can be exchanged.

use crate::{Client, Error};
use pybun_model::{Distribution, IndexFile, PackageName, Sha256, Yanked};
use url::Url;

/// The digest in the path `/packages/<2 hex>/<2 hex>/<60 hex>/<filename>`, under which the software of the public index
/// (and its mirrors) stores a file. With it, the URL of a locked file needs no project page.
pub fn storage_path(url: &Url) -> Option<[u8; 32]> {
    split(url).map(|(_, digest)| digest)
}

/// What precedes `/packages/` in such a URL, without credentials.
pub(crate) fn storage_base(url: &Url) -> Option<String> {
    let (before, _) = split(url)?;
    let mut base = crate::redact::without_credentials(url);
    base.set_query(None);
    base.set_path(before);
    Some(base.as_str().trim_end_matches('/').to_owned())
}

/// A page may send a client elsewhere on the network, but not to its own files.
pub(crate) fn may_follow(page: &Url, file: &Url) -> bool {
    file.scheme() != "file" || page.scheme() == "file"
}

impl Client {
    /// The file of a project with this name and digest, on whichever index has it. `storage` is the digest that
    /// [`storage_path`] gave when the file was locked: with it, a URL can be built where the index's storage is known,
    /// and [`Client::download`] looks at the page only if that leads nowhere.
    pub async fn locate(
        &self,
        name: &PackageName,
        filename: &str,
        sha256: &Sha256,
        storage: Option<[u8; 32]>,
    ) -> Result<IndexFile, Error> {
        let distribution = Distribution::parse(filename, name)
            .map_err(|error| Error::BadUrl { text: filename.to_owned(), why: error.to_string() })?;
        if let Some(digest) = storage
            && let Some(base) = self.storage(name).await?
            && let Some(url) = storage_url(base, &digest, filename)
        {
            let (filename, sha256) = (filename.into(), Some(*sha256));
            return Ok(IndexFile {
                filename,
                distribution,
                url,
                sha256,
                size: None,
                requires_python: None,
                yanked: Yanked::No,
                core_metadata: None,
                upload_time: None,
            });
        }
        match self.find_on_pages(name, filename, sha256).await {
            Ok(Some(file)) => Ok(file),
            Ok(None) => {
                Err(Error::NotFound { filename: filename.to_owned(), sha256: *sha256, indexes: self.asked_urls(name) })
            }
            Err(Error::Offline { .. }) => Err(Error::Offline { what: format!("`{filename}`") }),
            Err(error) => Err(error),
        }
    }

    /// The base of the files of the first index where it is known. Where it is known for none, the first caller loads
    /// pages to learn it, and the others wait for that.
    async fn storage(&self, name: &PackageName) -> Result<Option<&str>, Error> {
        let indexes = self.indexes_of(name);
        let known = || indexes.iter().find_map(|index| index.storage());
        if known().is_some() || self.settings().offline {
            return Ok(known());
        }
        let mut tried = self.learning().lock().await;
        if !*tried {
            for index in indexes.iter().filter(|index| index.url().scheme() != "file") {
                if known().is_none() {
                    self.page_of(index, name).await?;
                }
            }
            *tried = true;
        }
        Ok(known())
    }

    /// Looks at the pages of all indexes: the digest says which file is meant, wherever it lies.
    async fn find_on_pages(
        &self,
        name: &PackageName,
        filename: &str,
        sha256: &Sha256,
    ) -> Result<Option<IndexFile>, Error> {
        let mut missing = None;
        for index in self.indexes_of(name) {
            let page = match self.page_of(index, name).await {
                Ok(Some(page)) => page,
                Ok(None) => continue,
                Err(error @ Error::Offline { .. }) => {
                    missing = missing.or(Some(error));
                    continue;
                }
                Err(error) => return Err(error),
            };
            if let Some(file) = page.files.iter().find(|file| may_be(file, filename, sha256)) {
                return Ok(Some(IndexFile { sha256: Some(*sha256), ..file.clone() }));
            }
        }
        let flat = self.flat_files(name).await?;
        if let Some(file) = flat.into_iter().find(|file| may_be(file, filename, sha256)) {
            return Ok(Some(IndexFile { sha256: Some(*sha256), ..file }));
        }
        missing.map_or(Ok(None), Err)
    }

    /// For a file whose URL leads nowhere: the URL that the pages state, if it is another one.
    pub(crate) async fn relocate(&self, file: &IndexFile) -> Result<Option<IndexFile>, Error> {
        let Some(sha256) = file.sha256 else { return Ok(None) };
        let name = match &file.distribution {
            Distribution::Wheel(wheel) => &wheel.name,
            Distribution::Sdist(sdist) => &sdist.name,
        };
        let found = self.find_on_pages(name, &file.filename, &sha256).await?;
        Ok(found.filter(|found| found.url != file.url))
    }
}

/// A place without digests offers what may be the file; the download will tell.
fn may_be(file: &IndexFile, filename: &str, sha256: &Sha256) -> bool {
    &*file.filename == filename && file.sha256.is_none_or(|sha| sha == *sha256)
}

/// The last part of a URL's path.
pub(crate) fn filename(url: &Url) -> String {
    let last = url.path_segments().and_then(|mut segments| segments.next_back()).unwrap_or_default();
    percent_encoding::percent_decode_str(last).decode_utf8_lossy().into_owned()
}

fn split(url: &Url) -> Option<(&str, [u8; 32])> {
    let path = url.path();
    let (directory, filename) = path.rsplit_once('/')?;
    let (rest, long) = directory.rsplit_once('/')?;
    let (rest, second) = rest.rsplit_once('/')?;
    let (rest, first) = rest.rsplit_once('/')?;
    let before = rest.strip_suffix("/packages")?;
    if filename.is_empty() || (first.len(), second.len(), long.len()) != (2, 2, 60) {
        return None;
    }
    let digest: Sha256 = format!("{first}{second}{long}").parse().ok()?;
    // Only the usual spelling can be built again from the digest.
    let hex = digest.to_string();
    (hex[..2] == *first && hex[2..4] == *second && hex[4..] == *long).then_some((before, digest.0))
}

fn storage_url(base: &str, digest: &[u8; 32], filename: &str) -> Option<Url> {
    let hex = Sha256(*digest).to_string();
    let mut url = Url::parse(base).ok()?;
    let path = format!("{}/packages/{}/{}/{}/", url.path().trim_end_matches('/'), &hex[..2], &hex[2..4], &hex[4..]);
    url.set_path(&path);
    // A file name is one segment, whatever it holds.
    url.path_segments_mut().ok()?.pop_if_empty().push(filename);
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn storage_paths_are_read_and_built() {
        let hex = "0123456789abcdef".repeat(4);
        let text =
            |base: &str| format!("{base}/packages/{}/{}/{}/a-1.0-py3-none-any.whl", &hex[..2], &hex[2..4], &hex[4..]);
        for base in ["https://files.example", "https://mirror.example:81/pypi/root"] {
            let url = Url::parse(&text(base)).unwrap();
            let digest = storage_path(&url).unwrap();
            assert_eq!(storage_base(&url).as_deref(), Some(base));
            assert_eq!(storage_url(base, &digest, "a-1.0-py3-none-any.whl"), Some(url));
        }
        let url = Url::parse(&text("https://me:secret@files.example")).unwrap();
        assert_eq!(storage_base(&url).as_deref(), Some("https://files.example"));
        for other in ["https://x/packages/ab/cd/ef/a.whl", "https://x/a.whl", "https://x/packages/", "data:x"] {
            assert_eq!(storage_path(&Url::parse(other).unwrap()), None, "{other}");
        }
        assert_eq!(storage_path(&Url::parse(&text("https://x").replace("abcdef", "ABCDEF")).unwrap()), None);
    }
}
