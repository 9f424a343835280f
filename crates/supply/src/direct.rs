//! What a requirement names by URL (PEP 508, "name @ URL"): an archive, a directory, or a commit.

use crate::Supply;
use crate::git::{Git, Repository};
use pybun_build::Sdist;
use pybun_lock::Source;
use pybun_model::{
    CoreMetadata, Distribution, IndexFile, PackageName, Problem, SdistName, Sha256, Version, Yanked, first_harmful,
    redacted_text, without_credentials,
};
use pybun_solve::{Direct, Wanted};
use std::path::{Path, PathBuf};
use url::Url;

#[derive(Clone, Debug)]
pub(crate) enum Place {
    Archive(Box<Archive>),
    Directory(PathBuf),
    Git(Repository),
}

/// A wheel or an sdist, at a URL or in a file.
#[derive(Clone, Debug)]
pub(crate) struct Archive {
    /// Its version is a guess from its name.
    pub file: IndexFile,
    pub subdirectory: Option<String>,
}

impl Supply {
    pub(crate) async fn directly(&self, wanted: &Wanted) -> Result<Direct, Problem> {
        let direct = self.found_directly(wanted).await?;
        // A lock takes no such text, and it is told here what it is of.
        match texts(&direct.source).into_iter().find_map(first_harmful) {
            None => Ok(direct),
            Some(found) => {
                let why = format!("what it leads to has the control character U+{:04X} in its name", u32::from(found));
                Err(unusable(&wanted.name, &wanted.url, &why))
            }
        }
    }

    async fn found_directly(&self, wanted: &Wanted) -> Result<Direct, Problem> {
        let Wanted { name, url, editable } = wanted;
        let place = parse(name, url)?;
        let is_wheel = match &place {
            Place::Archive(archive) => matches!(archive.file.distribution, Distribution::Wheel(_)),
            Place::Directory(_) | Place::Git(_) => false,
        };
        if !is_wheel && !editable && self.project.no_build.has(name) {
            return Err(not_to_be_built(name));
        }
        match place {
            Place::Archive(archive) => self.archive(name, *archive).await,
            Place::Directory(root) => {
                let key = pybun_build::fingerprint(&root, *editable).map_err(|error| Problem::from(&error))?;
                let metadata = self.tree_metadata(&root, &key).await?;
                check_name(name, url, &metadata)?;
                let stated = pybun_build::statement(&root).map_err(|error| Problem::from(&error))?;
                let path = root.to_string_lossy().into_owned();
                let source = Source::Directory { path, editable: *editable, metadata: Some(stated) };
                Ok(Direct { source, file: None, metadata })
            }
            Place::Git(repository) => {
                if *editable {
                    return Err(unusable(name, url, "a repository is not editable; name a directory"));
                }
                let checkout = self.git().checkout(name, &repository, self.locked_commit(name, &repository)).await?;
                let (root, key) = self.tree_of(name, &repository, &checkout)?;
                let metadata = self.tree_metadata(&root, &key).await?;
                check_name(name, url, &metadata)?;
                let source = Source::Git {
                    url: repository.public_url(),
                    commit: checkout.commit,
                    reference: repository.reference,
                    subdirectory: repository.subdirectory,
                };
                Ok(Direct { source, file: None, metadata })
            }
        }
    }

    async fn archive(&self, name: &PackageName, archive: Archive) -> Result<Direct, Problem> {
        let Archive { mut file, subdirectory } = archive;
        let problem = |error| Problem::from(&error);
        let metadata = match &file.distribution {
            Distribution::Wheel(_) => {
                if file.sha256.is_none() {
                    let download = self.shared.client.download(&file, &*self.shared.emit).await.map_err(problem)?;
                    (file.sha256, file.size) = (Some(download.sha256), Some(download.size));
                }
                self.shared.client.metadata(&file).await.map_err(problem)?
            }
            Distribution::Sdist(_) => {
                let metadata = self.direct_sdist_metadata(name, &mut file, subdirectory.as_deref()).await?;
                let sdist = SdistName { name: name.clone(), version: metadata.version.clone() };
                file.filename = canonical_filename(&file.filename, &sdist).into();
                file.distribution = Distribution::Sdist(sdist);
                metadata
            }
        };
        check_name(name, file.url.as_str(), &metadata)?;
        Ok(Direct { source: source_of(&file.url, subdirectory.as_deref()), file: Some(file), metadata })
    }

    /// Of an archive that nobody has a name for yet.
    pub(crate) async fn metadata_of_archive(&self, archive: Archive) -> Result<CoreMetadata, Problem> {
        let Archive { mut file, subdirectory } = archive;
        match &file.distribution {
            Distribution::Wheel(_) => self.shared.client.metadata(&file).await.map_err(|error| Problem::from(&error)),
            Distribution::Sdist(sdist) => {
                let name = sdist.name.clone();
                self.direct_sdist_metadata(&name, &mut file, subdirectory.as_deref()).await
            }
        }
    }

    async fn direct_sdist_metadata(
        &self,
        name: &PackageName,
        file: &mut IndexFile,
        subdirectory: Option<&str>,
    ) -> Result<CoreMetadata, Problem> {
        let settings = serde_json::Map::new();
        let builder = self.builder(&settings);
        let sdist = |path, sha256, filename| Sdist { path, filename, sha256, name, version: None, subdirectory };
        if let Some(sha256) = file.sha256 {
            let known = sdist(Path::new(""), sha256, "");
            if let Some(metadata) = builder.cached_metadata(&known.key()) {
                return Ok(metadata);
            }
        }
        let download = self.shared.client.download(file, &*self.shared.emit).await;
        let download = download.map_err(|error| Problem::from(&error))?;
        (file.sha256, file.size) = (Some(download.sha256), Some(download.size));
        let found = sdist(&download.path, download.sha256, &file.filename);
        builder.metadata(&found).await.map_err(|error| Problem::from(&error))
    }

    pub(crate) fn git(&self) -> Git<'_> {
        Git { cache_dir: &self.shared.search.cache_dir, offline: self.shared.offline }
    }
}

/// Reads a URL. A directory must be there; of everything else only the text is looked at.
pub(crate) fn parse(name: &PackageName, text: &str) -> Result<Place, Problem> {
    if let Some(repository) = Repository::parse(name, text) {
        return repository.map(Place::Git);
    }
    let mut url = Url::parse(text).map_err(|error| unusable(name, text, &error.to_string()))?;
    if !matches!(url.scheme(), "https" | "http" | "file") {
        return Err(unusable(name, text, &format!("URLs of kind `{}` cannot be installed", url.scheme())));
    }
    if url.scheme() == "file" {
        let path = url.to_file_path().map_err(|()| unusable(name, text, "it names no file of this machine"))?;
        match std::fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => {
                let fragment = url.fragment().unwrap_or_default();
                let inner = fragment.split('&').find_map(|part| part.strip_prefix("subdirectory="));
                return Ok(Place::Directory(inner.map_or(path.clone(), |inner| path.join(decoded(inner)))));
            }
            Ok(_) => {}
            Err(error) => return Err(missing(name, &path, &error)),
        }
    }
    let fragment = url.fragment().unwrap_or_default().to_owned();
    let part = |key: &str| fragment.split('&').find_map(|part| part.strip_prefix(key)).map(decoded);
    let sha256 = part("sha256=").map(|hex| hex.parse::<Sha256>()).transpose();
    let sha256 = sha256.map_err(|_| unusable(name, text, "its `sha256` is none"))?;
    let subdirectory = part("subdirectory=").filter(|path| !path.is_empty());
    url.set_fragment(None);
    let segment = url.path_segments().and_then(|mut segments| segments.next_back()).unwrap_or_default();
    let filename = decoded(segment);
    let distribution = match Distribution::parse(&filename, name) {
        Ok(distribution) => distribution,
        Err(_) if extension(&filename).is_some() => {
            Distribution::Sdist(SdistName { name: name.clone(), version: Version::new([0]) })
        }
        Err(error) => return Err(unusable(name, text, &error.to_string())),
    };
    let file = IndexFile {
        filename: filename.into(),
        distribution,
        url,
        sha256,
        size: None,
        requires_python: None,
        yanked: Yanked::No,
        core_metadata: None,
        upload_time: None,
    };
    Ok(Place::Archive(Box::new(Archive { file, subdirectory })))
}

fn texts(source: &Source) -> Vec<&str> {
    match source {
        Source::Index { name } => name.as_deref().into_iter().collect(),
        Source::Url(text) | Source::Path(text) | Source::Directory { path: text, .. } => vec![text],
        Source::Git { url, commit, reference, subdirectory } => {
            let further = [reference, subdirectory].into_iter().filter_map(Option::as_deref);
            [url.as_str(), commit].into_iter().chain(further).collect()
        }
    }
}

/// How a lock names an archive.
fn source_of(url: &Url, subdirectory: Option<&str>) -> Source {
    let fragment = subdirectory.map(|path| format!("#subdirectory={path}")).unwrap_or_default();
    if let ("file", Ok(path)) = (url.scheme(), url.to_file_path()) {
        return Source::Path(format!("{}{fragment}", path.display()));
    }
    let url = without_credentials(url);
    Source::Url(format!("{url}{fragment}"))
}

/// `name-version` with the extension that the file has: its own name may say nothing, like `main.zip`.
fn canonical_filename(filename: &str, sdist: &SdistName) -> String {
    let extension = extension(filename).unwrap_or(".tar.gz");
    format!("{}-{}{extension}", sdist.name.as_ref().replace('-', "_"), sdist.version)
}

fn extension(filename: &str) -> Option<&'static str> {
    [".tar.gz", ".tgz", ".zip"].into_iter().find(|extension| filename.ends_with(extension))
}

/// Without percent escapes.
pub(crate) fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escape = (*first == b'%').then(|| std::str::from_utf8(tail.get(..2)?).ok()).flatten();
        match escape.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn check_name(name: &PackageName, url: &str, metadata: &CoreMetadata) -> Result<(), Problem> {
    if metadata.name == *name { Ok(()) } else { Err(other_name(name, &metadata.name).with("url", redacted_text(url))) }
}

/// `only-binary` and a project that has to be built.
pub fn not_to_be_built(name: &PackageName) -> Problem {
    Problem::new("build/not-allowed", format!("`{name}` would have to be built, and `only-binary` forbids it"))
        .hint("Take it out of `only-binary`, or name a wheel of it")
        .with("package", name.as_ref())
}

pub(crate) fn other_name(name: &PackageName, found: &PackageName) -> Problem {
    let message = format!("what is required as `{name}` by its URL is the project `{found}`");
    Problem::new("requirement/other-name", message)
        .hint(format!("Require it by its own name, `{found}`"))
        .with("package", name.as_ref())
        .with("found", found.as_ref())
}

fn missing(name: &PackageName, path: &Path, error: &std::io::Error) -> Problem {
    let why = match error.kind() {
        std::io::ErrorKind::NotFound => "does not exist".to_owned(),
        _ => format!("cannot be read: {error}"),
    };
    Problem::new("requirement/no-such-path", format!("`{name}` is required from {}, which {why}", path.display()))
        .hint("Correct the path; it is relative to the project in [tool.pybun.sources]")
        .with("package", name.as_ref())
        .with("path", path.display().to_string())
}

pub(crate) fn unusable(name: &PackageName, text: &str, why: &str) -> Problem {
    Problem::new("requirement/unusable-url", format!("`{name} @ {}` cannot be used: {why}", redacted_text(text)))
        .hint("A URL leads to a wheel, to an sdist (.tar.gz, .zip), to a directory (file:) or to a repository (git+https:)")
        .with("package", name.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Place, Problem> {
        parse(&"a".parse().unwrap(), text)
    }

    fn archive(text: &str) -> Archive {
        match of(text).unwrap() {
            Place::Archive(archive) => *archive,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn reads_wheels_and_sdists() {
        let hex = "0".repeat(64);
        let wheel = archive(&format!("https://h.example/x/a-1.0%2Bcpu-py3-none-any.whl#sha256={hex}"));
        assert_eq!(&*wheel.file.filename, "a-1.0+cpu-py3-none-any.whl");
        assert_eq!(wheel.file.sha256, Some(hex.parse().unwrap()));
        assert_eq!(wheel.file.url.fragment(), None);
        let sdist = archive("https://me:secret@h.example/archive/main.zip#egg=a&subdirectory=python%20x");
        assert_eq!(sdist.subdirectory.as_deref(), Some("python x"));
        let source = source_of(&sdist.file.url, sdist.subdirectory.as_deref());
        assert_eq!(source, Source::Url("https://h.example/archive/main.zip#subdirectory=python x".to_owned()));
        assert!(matches!(of("file:///").unwrap(), Place::Directory(_)));
        assert!(matches!(of("git+https://h.example/a").unwrap(), Place::Git(_)));
    }

    #[test]
    fn refuses_what_it_cannot_install() {
        for (text, code) in [
            ("https://h.example/a-1.0.tar.bz2", "requirement/unusable-url"),
            ("https://h.example/a-1.0.tar.gz#sha256=0", "requirement/unusable-url"),
            ("hg+https://h.example/a", "requirement/unusable-url"),
            ("x", "requirement/unusable-url"),
            ("file:///there/is/no/such/a-1.0.tar.gz", "requirement/no-such-path"),
            ("git+ext::sh", "git/refused"),
        ] {
            assert_eq!(of(text).unwrap_err().code, code, "{text}");
        }
    }
}
