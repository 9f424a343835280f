//! One distribution of a batch, with as much of its manifest as is needed, and its tree open.

use super::Install;
use crate::Error;
use crate::error::io_error;
use crate::layout::{Layout, Scheme};
use crate::link::{Pair, PairError, Root};
use crate::manifest::{File, Manifest, Names, Outline, Part, end_of};
use crate::parallel::for_each;
use crate::store::Store;
use pybun_model::Sha256;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};

pub(crate) struct Package<'a> {
    /// Its place in the batch; the later one wins.
    pub index: usize,
    pub install: &'a Install,
    pub outline: Outline<'a>,
    /// For messages: name and version.
    pub subject: String,
    store: &'a Store,
    room: &'a Room,
    names: OnceLock<Names<'a>>,
    whole: OnceLock<Manifest<'a>>,
    /// Opened when it is needed.
    tree: OnceLock<Root>,
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

/// Room for the bytes of a manifest, which a package borrows.
#[derive(Default)]
pub(crate) struct Room {
    /// The outline, and often more.
    first: OnceLock<Vec<u8>>,
    /// Up to the end of the names, where that is more.
    names: OnceLock<Vec<u8>>,
    whole: OnceLock<Vec<u8>>,
}

pub(crate) fn room(installs: &[Install]) -> Vec<Room> {
    installs.iter().map(|_| Room::default()).collect()
}

/// Reads all manifests up to the end of `part`, and compares them with what was asked for.
pub(crate) fn open<'a>(
    store: &'a Store,
    layout: &Layout,
    installs: &'a [Install],
    (room, part): (&'a [Room], Part),
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
            let bytes = store.manifest_start(&install.sha256, part).map_err(|error| match error {
                Error::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => Error::NotInStore {
                    name: install.name.to_string(),
                    version: install.version.to_string(),
                    sha256: install.sha256,
                },
                other => other,
            })?;
            let room = &room[index];
            let _ = room.first.set(bytes);
            let package = open_one(store, index, install, room)?;
            if matches!(part, Part::Names) {
                package.names()?;
                package.tree()?;
            }
            *opened[index].lock().expect("no thread panics while it holds this lock") = Some(package);
            Ok(())
        },
    )?;
    let mut paths = Vec::new();
    let mut packages = Vec::with_capacity(installs.len());
    for slot in opened {
        let package = slot.into_inner().expect("no thread panics while it holds this lock");
        let mut package = package.expect("without an error all were opened");
        let mut base = |scheme| position(&mut paths, layout.directory(scheme, package.outline.name));
        package.bases = package.outline.groups.iter().map(|group| base(group.scheme)).collect();
        package.library_base = base(package.outline.root);
        packages.push(package);
    }
    Ok(packages)
}

/// What goes where is not known yet.
fn open_one<'a>(store: &'a Store, index: usize, install: &'a Install, room: &'a Room) -> Result<Package<'a>, Error> {
    let subject = format!("{} {}", install.name, install.version);
    let bytes = room.first.get().map(Vec::as_slice).unwrap_or_default();
    let outline = Outline::outline(bytes).ok_or_else(|| damaged(&subject, install.sha256, CHANGED))?;
    let found = format!("{} {}", outline.name, outline.version);
    if found != subject {
        return Err(Error::OtherDistribution { sha256: install.sha256, found, wanted: subject });
    }
    let tree_path = store.tree(&install.sha256);
    let (tree, names, whole, bases) = (OnceLock::new(), OnceLock::new(), OnceLock::new(), Vec::new());
    Ok(Package { index, install, outline, subject, store, room, names, whole, tree, tree_path, bases, library_base: 0 })
}

const CHANGED: &str = "its manifest was changed";

fn damaged(subject: &str, sha256: Sha256, why: &str) -> Error {
    Error::StoreDamaged { subject: subject.to_owned(), sha256, why: why.to_owned() }
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
            for group in &package.outline.groups {
                position(&mut paths, layout.directory(group.scheme, package.outline.name));
            }
            position(&mut paths, layout.directory(package.outline.root, package.outline.name));
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
    pub fn has_scripts(&self) -> bool {
        !self.outline.scripts.is_empty() || !self.outline.entry_points.is_empty()
    }

    pub fn library<'l>(&self, layout: &'l Layout) -> &'l Path {
        if self.outline.root == Scheme::Platlib { &layout.platlib } else { &layout.purelib }
    }

    fn tree(&self) -> Result<&Root, Error> {
        if let Some(tree) = self.tree.get() {
            return Ok(tree);
        }
        let tree = Root::open(&self.tree_path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => damaged(&self.subject, self.install.sha256, "its files are gone"),
            _ => io_error("read", &self.tree_path)(error),
        })?;
        Ok(self.tree.get_or_init(|| tree))
    }

    /// `source` of its tree and `path` of the environment, whose full path is only needed for messages.
    pub fn open(
        &self,
        source: &str,
        root: &Root,
        path: &str,
        full: impl Fn() -> PathBuf,
    ) -> Result<Pair<'static>, Error> {
        Pair::open(self.tree()?, source, root, path).map_err(|error| self.pair_error(error, source, full))
    }

    /// Its `.dist-info` in the store, which may be all that is needed of the tree.
    pub fn info(&self) -> Result<Root, Error> {
        let info = self.outline.dist_info;
        let opened = match self.tree.get() {
            Some(tree) => tree.below(info),
            None => Root::open(&self.tree_path.join(info)),
        };
        opened.map_err(|error| self.place_error(error, self.tree_path.join(info)))
    }

    /// The same for `files` files, where `known` is there already (see `Pair::fill`).
    pub fn fill<'p>(
        &'p self,
        source: &'p str,
        (root, known, path): (&'p Root, &str, &'p str),
        files: usize,
        full: impl Fn() -> PathBuf,
    ) -> Result<Pair<'p>, Error> {
        let pair = Pair::fill((self.tree()?, source), (root, known, path), files);
        pair.map_err(|error| self.pair_error(error, source, full))
    }

    /// The same for a directory of `info`.
    pub fn fill_info<'p>(
        &self,
        (info, source): (&'p Root, &'p str),
        (root, known, path): (&'p Root, &str, &'p str),
        files: usize,
        full: impl Fn() -> PathBuf,
    ) -> Result<Pair<'p>, Error> {
        let pair = Pair::fill((info, source), (root, known, path), files);
        pair.map_err(|error| self.pair_error(error, path, full))
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

    /// The names of all its files.
    pub fn names(&self) -> Result<&Names<'a>, Error> {
        if let Some(names) = self.names.get() {
            return Ok(names);
        }
        let first = self.room.first.get().map(Vec::as_slice).unwrap_or_default();
        let bytes = match end_of(first, Part::Names) {
            Some(end) if end > first.len() => {
                kept(&self.room.names, || self.store.manifest_start(&self.install.sha256, Part::Names))?
            }
            _ => first,
        };
        let names = Names::decode(bytes, &self.outline).ok_or_else(|| self.changed())?;
        Ok(self.names.get_or_init(|| names))
    }

    /// All that is known of its files, which few ask for.
    pub fn whole(&self) -> Result<&Manifest<'a>, Error> {
        if let Some(whole) = self.whole.get() {
            return Ok(whole);
        }
        let bytes = kept(&self.room.whole, || self.store.manifest_bytes(&self.install.sha256))?;
        let whole = Manifest::decode(bytes).ok_or_else(|| self.changed())?;
        Ok(self.whole.get_or_init(|| whole))
    }

    fn changed(&self) -> Error {
        damaged(&self.subject, self.install.sha256, CHANGED)
    }

    /// The file that it places at `path` of `base`, if it does.
    pub fn find(&self, base: usize, path: &str) -> Result<Option<&File<'a>>, Error> {
        let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
        let place = |path: &str| path.cmp(directory);
        let mut own = self.outline.groups.iter().zip(&self.bases).filter(|(_, own)| **own == base);
        if !own.any(|(group, _)| group.dirs.binary_search_by(|dir| place(dir.path)).is_ok()) {
            return Ok(None);
        }
        let own = self.whole()?.groups.iter().zip(&self.bases).filter(|(_, own)| **own == base);
        let mut files = own.filter_map(|(group, _)| {
            let at = group.dirs.binary_search_by(|dir| place(dir.path)).ok()?;
            group.dirs[at].files.iter().find(|file| file.name == name)
        });
        Ok(files.next())
    }
}

fn kept(room: &OnceLock<Vec<u8>>, read: impl FnOnce() -> Result<Vec<u8>, Error>) -> Result<&[u8], Error> {
    if room.get().is_none() {
        let _ = room.set(read()?);
    }
    Ok(room.get().map(Vec::as_slice).unwrap_or_default())
}
