//! Wheels and metadata of trees that lie on this machine: directories of the user's, and checkouts.

use crate::Supply;
use crate::direct::{Place, parse};
use crate::git::{Checkout, Repository, is_commit};
use pybun_build::{fingerprint, subdirectory_of};
use pybun_lock::Source;
use pybun_model::{CoreMetadata, PackageName, Problem, Sha256, Version};
use pybun_python::Interpreter;
use serde_json::Map;
use std::path::{Path, PathBuf};
use url::Url;

/// What lies somewhere: its name is known only after a look at it.
#[derive(Clone, Debug)]
pub struct Described {
    pub name: PackageName,
    pub version: Version,
    /// With which it is required, `name @ URL`.
    pub url: String,
}

impl Supply {
    /// The project at a URL: of a directory, an archive or a repository.
    pub async fn describe(&self, url: &str) -> Result<Described, Problem> {
        // Stands for whatever is found there.
        let unnamed: PackageName = "unnamed".parse().expect("a valid name");
        let metadata = match parse(&unnamed, url)? {
            Place::Directory(root) => {
                let key = fingerprint(&root, true).map_err(|error| Problem::from(&error))?;
                self.tree_metadata(&root, &key).await?
            }
            Place::Git(repository) => {
                let checkout = self.git().checkout(&unnamed, &repository, None).await?;
                let (root, key) = self.tree_of(&unnamed, &repository, &checkout)?;
                self.tree_metadata(&root, &key).await?
            }
            Place::Archive(archive) => self.metadata_of_archive(*archive).await?,
        };
        Ok(Described { name: metadata.name, version: metadata.version, url: url.to_owned() })
    }

    pub(crate) async fn tree_metadata(&self, root: &Path, key: &Sha256) -> Result<CoreMetadata, Problem> {
        let settings = Map::new();
        self.builder(&settings).tree_metadata(root, key).await.map_err(|error| Problem::from(&error))
    }

    /// Builds what a lock names by a directory or a commit, unless that was done before, and puts it into the store.
    pub(crate) async fn wheel_of_tree(&self, name: &PackageName, source: &Source) -> Result<Sha256, Problem> {
        let settings = Map::new();
        let builder = self.builder(&settings);
        let problem = |error| Problem::from(&error);
        let outermost = self.chain.names().is_empty();
        let permit = if outermost { self.shared.building.acquire().await.ok() } else { None };
        let wheel = match source {
            Source::Directory { path, editable, .. } => {
                let root = pybun_lock::absolute(&self.project.root, path);
                // Tells a directory that is gone from one that cannot be built.
                parse(name, &self.url_of_path(path))?;
                let key = fingerprint(&root, *editable).map_err(problem)?;
                if *editable {
                    builder.tree_editable(&root, &key).await.map_err(problem)?
                } else {
                    builder.tree_wheel(&root, &key).await.map_err(problem)?
                }
            }
            Source::Git { url, commit, reference, subdirectory } => {
                let locked = Locked { url: &self.with_credentials(url), commit, reference, subdirectory };
                let repository = locked.repository(name)?;
                let checkout = self.git().checkout(name, &repository, Some(commit)).await?;
                let (root, key) = self.tree_of(name, &repository, &checkout)?;
                builder.tree_wheel(&root, &key).await.map_err(problem)?
            }
            Source::Index { .. } | Source::Url(_) | Source::Path(_) => unreachable!("files are no trees"),
        };
        drop(permit);
        if wheel.name.name != *name {
            return Err(crate::direct::other_name(name, &wheel.name.name));
        }
        self.keep(wheel).await
    }

    /// Where in a checkout the project is, and what the build cache knows it by.
    pub(crate) fn tree_of(
        &self,
        name: &PackageName,
        repository: &Repository,
        checkout: &Checkout,
    ) -> Result<(PathBuf, Sha256), Problem> {
        let subdirectory = repository.subdirectory.as_deref().unwrap_or_default();
        let root = match subdirectory {
            "" => checkout.directory.clone(),
            path => {
                let what = format!("the repository of {name}");
                subdirectory_of(&checkout.directory, path, &what).map_err(|error| Problem::from(&error))?
            }
        };
        let key = ["commit", &repository.public_url(), &checkout.commit, subdirectory];
        Ok((root, pybun_build::digest_of(&key)))
    }

    /// The commit of an earlier lock, when it was made for the same requirement.
    pub(crate) fn locked_commit(&self, name: &PackageName, wanted: &Repository) -> Option<&str> {
        self.project.locked.get(name)?.iter().find_map(|source| match source {
            Source::Git { url, commit, reference, subdirectory } => {
                let same = *url == wanted.public_url()
                    && *reference == wanted.reference
                    && *subdirectory == wanted.subdirectory
                    && is_commit(commit);
                same.then_some(commit.as_str())
            }
            Source::Index { .. } | Source::Url(_) | Source::Directory { .. } | Source::Path(_) => None,
        })
    }

    /// A URL of a lock with the credentials that the project's requirements have for it.
    pub(crate) fn with_credentials(&self, text: &str) -> String {
        let Ok(bare) = Url::parse(text) else { return text.to_owned() };
        let same = |url: &&Url| url.scheme() == bare.scheme() && url.host() == bare.host() && url.port() == bare.port();
        let mut known: Vec<&Url> = self.project.credentials.iter().filter(same).collect();
        // Several logins on one host: the one for the longest common path.
        known.sort_by_key(|url| {
            let common = url.path().bytes().zip(bare.path().bytes()).take_while(|(a, b)| a == b).count();
            std::cmp::Reverse(common)
        });
        let Some(login) = known.first() else { return text.to_owned() };
        let mut url = bare.clone();
        let _ = url.set_username(login.username());
        let _ = url.set_password(login.password());
        url.into()
    }

    /// `path` as a lock has it, perhaps with a fragment.
    pub(crate) fn url_of_path(&self, path: &str) -> String {
        let (path, fragment) = path.split_once("#subdirectory=").map_or((path, None), |(a, b)| (a, Some(b)));
        let path = pybun_lock::absolute(&self.project.root, path);
        let url = Url::from_file_path(&path).map_or_else(|()| path.display().to_string(), String::from);
        fragment.map_or(url.clone(), |fragment| format!("{url}#subdirectory={fragment}"))
    }
}

/// A repository as a lock names it, which may come from a stranger.
struct Locked<'a> {
    url: &'a str,
    commit: &'a str,
    reference: &'a Option<String>,
    subdirectory: &'a Option<String>,
}

impl Locked<'_> {
    fn repository(&self, name: &PackageName) -> Result<Repository, Problem> {
        if !is_commit(self.commit) {
            return Err(Problem::new("git/refused", format!("the lock names no commit for `{name}`"))
                .hint("Resolve again with `pybun lock`")
                .with("package", name.as_ref()));
        }
        let parsed = Repository::parse(name, &format!("git+{}", self.url)).expect("it begins with `git+`")?;
        let (reference, subdirectory) = (self.reference.clone(), self.subdirectory.clone());
        Ok(Repository { reference, subdirectory, ..parsed })
    }
}

/// Whose wheel is asked for, and by whom.
#[derive(Clone, Copy)]
pub struct Asking<'a> {
    pub cache_dir: &'a Path,
    pub interpreter: &'a Interpreter,
    /// Where the relative paths of the lock begin.
    pub root: &'a Path,
    /// Stands for the indexes that are asked (`pybun_fetch::Settings::places`). Found out for directories alone.
    pub places: &'a dyn Fn() -> Option<Sha256>,
}

/// The wheel that was built of a directory as it is now, when there is one.
pub fn known_wheel(asking: Asking<'_>, source: &Source) -> Option<Sha256> {
    let Source::Directory { path, editable, .. } = source else { return None };
    let key = fingerprint(&pybun_lock::absolute(asking.root, path), *editable).ok()?;
    let places = (asking.places)()?;
    let path = pybun_build::cached_tree_wheel(asking.cache_dir, asking.interpreter, places, &key)?;
    pybun_build::digest_of_file(&path).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_names_no_transport_that_runs_something_and_no_path() {
        let name = "a".parse().unwrap();
        let refused = |url: &str, commit: &str| {
            let locked = Locked { url, commit, reference: &None, subdirectory: &None };
            locked.repository(&name).map(drop).map_err(|problem| problem.code)
        };
        let commit = "0".repeat(40);
        assert_eq!(refused("https://h.example/a", &commit), Ok(()));
        for (url, commit) in [
            ("ext::sh", commit.as_str()),
            ("ssh://-oProxyCommand=x/a", &commit),
            ("https://h.example/a", "../../../../home"),
            ("https://h.example/a", "--upload-pack=x"),
        ] {
            assert_eq!(refused(url, commit), Err("git/refused"), "{url} {commit}");
        }
    }
}
