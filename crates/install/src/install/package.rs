//! One distribution of a batch, with its manifest read and its tree open.

use super::Install;
use crate::Error;
use crate::error::io_error;
use crate::layout::{Layout, Scheme};
use crate::link::{Pair, PairError, Root};
use crate::manifest::{Dir, File, Manifest};
use crate::parallel::for_each;
use crate::store::Store;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

pub(crate) struct Package<'a> {
    /// Its place in the batch; the later one wins.
    pub index: usize,
    pub install: &'a Install,
    pub manifest: Manifest<'a>,
    /// For messages: name and version.
    pub subject: String,
    tree: Root,
    pub tree_path: PathBuf,
    /// Where each group of the manifest goes, as indices of `Bases`.
    pub bases: Vec<usize>,
    /// The same for the directory that holds `.dist-info`.
    pub library_base: usize,
}

/// The directories of the environment that this batch fills.
pub(crate) struct Bases {
    paths: Vec<PathBuf>,
    roots: Vec<Root>,
}

/// The bytes of all manifests.
pub(crate) fn load(store: &Store, installs: &[Install], threads: usize) -> Result<Vec<Vec<u8>>, Error> {
    let loaded: Vec<Mutex<Vec<u8>>> = installs.iter().map(|_| Mutex::default()).collect();
    let items: Vec<(&Install, &Mutex<Vec<u8>>)> = installs.iter().zip(&loaded).collect();
    // Below this, starting a thread takes longer than reading.
    let threads = threads.min(installs.len() / 16 + 1);
    for_each(
        threads,
        &items,
        || (),
        |(), (install, slot)| {
            let bytes = store.used_manifest_bytes(&install.sha256).map_err(|error| match error {
                Error::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => Error::NotInStore {
                    name: install.name.to_string(),
                    version: install.version.to_string(),
                    sha256: install.sha256,
                },
                other => other,
            })?;
            *slot.lock().expect("no thread panics while it holds this lock") = bytes;
            Ok(())
        },
    )?;
    Ok(loaded.into_iter().map(|slot| slot.into_inner().expect("no thread panics while it holds this lock")).collect())
}

/// Reads the manifests and compares them with what was asked for.
pub(crate) fn open<'a>(
    store: &Store,
    layout: &Layout,
    installs: &'a [Install],
    manifests: &'a [Vec<u8>],
) -> Result<Vec<Package<'a>>, Error> {
    let mut paths = Vec::new();
    let mut packages = Vec::with_capacity(installs.len());
    for (index, (install, bytes)) in installs.iter().zip(manifests).enumerate() {
        let subject = format!("{} {}", install.name, install.version);
        let damaged =
            |why: &str| Error::StoreDamaged { subject: subject.clone(), sha256: install.sha256, why: why.to_owned() };
        let manifest = Manifest::decode(bytes).ok_or_else(|| damaged("its manifest was changed"))?;
        let found = format!("{} {}", manifest.name, manifest.version);
        if found != subject {
            return Err(Error::OtherDistribution { sha256: install.sha256, found, wanted: subject });
        }
        let tree_path = store.tree(&install.sha256);
        let tree = Root::open(&tree_path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => damaged("its files are gone"),
            _ => io_error("read", &tree_path)(error),
        })?;
        let mut base = |scheme| position(&mut paths, layout.directory(scheme, manifest.name));
        let bases = manifest.groups.iter().map(|group| base(group.scheme)).collect();
        let library_base = base(manifest.root);
        packages.push(Package { index, install, manifest, subject, tree, tree_path, bases, library_base });
    }
    Ok(packages)
}

fn position(paths: &mut Vec<PathBuf>, path: PathBuf) -> usize {
    match paths.iter().position(|known| *known == path) {
        Some(position) => position,
        None => {
            paths.push(path);
            paths.len() - 1
        }
    }
}

impl Bases {
    /// Makes and opens the directories that `packages` refer to.
    pub fn create(layout: &Layout, packages: &[Package<'_>]) -> Result<Self, Error> {
        let mut paths = Vec::new();
        for package in packages {
            for group in &package.manifest.groups {
                position(&mut paths, layout.directory(group.scheme, package.manifest.name));
            }
            position(&mut paths, layout.directory(package.manifest.root, package.manifest.name));
        }
        if packages.iter().any(|package| package.has_scripts()) {
            fs::create_dir_all(&layout.scripts).map_err(io_error("create", &layout.scripts))?;
        }
        let mut roots = Vec::with_capacity(paths.len());
        for path in &paths {
            fs::create_dir_all(path).map_err(io_error("create", path))?;
            roots.push(Root::open(path).map_err(io_error("open", path))?);
        }
        Ok(Self { paths, roots })
    }

    pub fn path(&self, base: usize) -> &Path {
        &self.paths[base]
    }

    pub fn root(&self, base: usize) -> &Root {
        &self.roots[base]
    }
}

impl<'a> Package<'a> {
    fn has_scripts(&self) -> bool {
        !self.manifest.scripts.is_empty() || !self.manifest.entry_points.is_empty()
    }

    pub fn library<'l>(&self, layout: &'l Layout) -> &'l Path {
        if self.manifest.root == Scheme::Platlib { &layout.platlib } else { &layout.purelib }
    }

    /// `source` of its tree and `path` of the environment, whose full path is only needed for messages.
    pub fn open(&self, source: &str, root: &Root, path: &str, full: impl Fn() -> PathBuf) -> Result<Pair, Error> {
        Pair::open(&self.tree, source, root, path).map_err(|error| match error {
            PairError::Source(error) => self.place_error(error, self.tree_path.join(source)),
            PairError::Target(error) => match error.kind() {
                io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
                    Error::InTheWay { subject: self.subject.clone(), path: full() }
                }
                _ => Error::Io { doing: "create", path: full(), source: error },
            },
        })
    }

    /// `NotFound` while placing is about the store: the directory of the environment is open.
    pub fn place_error(&self, error: io::Error, path: PathBuf) -> Error {
        let sha256 = self.install.sha256;
        match error.kind() {
            io::ErrorKind::NotFound => {
                let why = format!("the file for `{}` is gone", path.display());
                Error::StoreDamaged { subject: self.subject.clone(), sha256, why }
            }
            io::ErrorKind::IsADirectory => Error::InTheWay { subject: self.subject.clone(), path },
            _ if path.is_dir() => Error::InTheWay { subject: self.subject.clone(), path },
            _ => Error::Io { doing: "write", path, source: error },
        }
    }

    /// The file that it places at `path` of `base`, if it does.
    pub fn find(&self, base: usize, path: &str) -> Option<&File<'a>> {
        let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
        let dirs = self.manifest.groups.iter().zip(&self.bases).filter(|(_, own)| **own == base);
        dirs.filter_map(|(group, _)| find_dir(&group.dirs, directory)?.files.iter().find(|file| file.name == name))
            .next()
    }
}

fn find_dir<'m, 'a>(dirs: &'m [Dir<'a>], path: &str) -> Option<&'m Dir<'a>> {
    dirs.binary_search_by(|dir| dir.path.cmp(path)).ok().map(|at| &dirs[at])
}
