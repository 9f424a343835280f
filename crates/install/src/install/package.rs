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
use std::sync::{Mutex, OnceLock};

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

/// Room for the bytes of manifests, which packages borrow.
pub(crate) fn room(installs: &[Install]) -> Vec<OnceLock<Vec<u8>>> {
    installs.iter().map(|_| OnceLock::new()).collect()
}

/// Reads all manifests and compares them with what was asked for.
pub(crate) fn open<'a>(
    store: &Store,
    layout: &Layout,
    installs: &'a [Install],
    room: &'a [OnceLock<Vec<u8>>],
    threads: usize,
) -> Result<Vec<Package<'a>>, Error> {
    let opened: Vec<Mutex<Option<Package<'a>>>> = installs.iter().map(|_| Mutex::default()).collect();
    let items: Vec<usize> = (0..installs.len()).collect();
    // Below this, starting a thread takes longer than reading.
    let threads = threads.min(installs.len() / 16 + 1);
    for_each(
        threads,
        &items,
        || (),
        |(), &index| {
            let install = &installs[index];
            let bytes = store.used_manifest_bytes(&install.sha256).map_err(|error| match error {
                Error::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => Error::NotInStore {
                    name: install.name.to_string(),
                    version: install.version.to_string(),
                    sha256: install.sha256,
                },
                other => other,
            })?;
            let package = open_one(store, index, install, room[index].get_or_init(|| bytes))?;
            *opened[index].lock().expect("no thread panics while it holds this lock") = Some(package);
            Ok(())
        },
    )?;
    let mut paths = Vec::new();
    let mut packages = Vec::with_capacity(installs.len());
    for slot in opened {
        let package = slot.into_inner().expect("no thread panics while it holds this lock");
        let mut package = package.expect("without an error all were opened");
        let mut base = |scheme| position(&mut paths, layout.directory(scheme, package.manifest.name));
        package.bases = package.manifest.groups.iter().map(|group| base(group.scheme)).collect();
        package.library_base = base(package.manifest.root);
        packages.push(package);
    }
    Ok(packages)
}

/// What goes where is not known yet.
fn open_one<'a>(store: &Store, index: usize, install: &'a Install, bytes: &'a [u8]) -> Result<Package<'a>, Error> {
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
    Ok(Package { index, install, manifest, subject, tree, tree_path, bases: Vec::new(), library_base: 0 })
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
    pub fn open(
        &self,
        source: &str,
        root: &Root,
        path: &str,
        full: impl Fn() -> PathBuf,
    ) -> Result<Pair<'static>, Error> {
        Pair::open(&self.tree, source, root, path).map_err(|error| self.pair_error(error, source, full))
    }

    /// The same for `files` files, where `known` is there already (see `Pair::fill`).
    pub fn fill<'p>(
        &'p self,
        source: &'p str,
        (root, known, path): (&'p Root, &str, &'p str),
        files: usize,
        full: impl Fn() -> PathBuf,
    ) -> Result<Pair<'p>, Error> {
        let pair = Pair::fill((&self.tree, source), (root, known, path), files);
        pair.map_err(|error| self.pair_error(error, source, full))
    }

    fn pair_error(&self, error: PairError, source: &str, full: impl Fn() -> PathBuf) -> Error {
        match error {
            PairError::Source(error) => self.place_error(error, self.tree_path.join(source)),
            PairError::Target(error) => match error.kind() {
                io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
                    Error::InTheWay { subject: self.subject.clone(), path: full() }
                }
                _ => Error::Io { doing: "create", path: full(), source: error },
            },
        }
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
