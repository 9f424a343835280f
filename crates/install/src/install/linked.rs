//! Tree links of a batch: a package's directory becomes one symbolic link where nobody else fills it.
//!
//! A directory is linked when it holds an `__init__` file, so that it is one package and no room for several
//! distributions, when no other distribution of the batch fills it, and when nothing is there yet. Else it is a real
//! directory, and the same is asked for those below.

use super::package::{Bases, Package};
use crate::Error;
use crate::bytecode::CACHE;
use crate::error::io_error;
use crate::layout::Layout;
use crate::link::{Linking, Method, Root};
use crate::manifest::Folder;
use crate::parallel::for_each;
use crate::store::Store;
use crate::trees::{self, prefixes, root_group};
use crate::{fault, tree_links};
use pybun_model::Sha256;
use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// What became a link.
#[derive(Default)]
pub(crate) struct Linked {
    of_package: Vec<OfPackage>,
}

#[derive(Clone, Default)]
struct OfPackage {
    tree: Option<PathBuf>,
    /// Relative to the library, sorted.
    links: Vec<String>,
}

impl Linked {
    /// Is this directory of a group at or below a link?
    pub fn covers(&self, package: &Package<'_>, group: usize, path: &str) -> bool {
        let links = self.links(package);
        !links.is_empty()
            && package.outline.groups[group].prefix.is_empty()
            && links.iter().any(|link| {
                path.strip_prefix(link.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
    }

    /// Is there nothing else to place of its groups?
    pub fn covers_all(&self, package: &Package<'_>) -> bool {
        let mut groups = package.outline.groups.iter().enumerate();
        groups.all(|(index, group)| group.dirs.iter().all(|dir| self.covers(package, index, dir.path)))
    }

    pub fn links(&self, package: &Package<'_>) -> &[String] {
        self.of_package.get(package.index).map(|of| &of.links[..]).unwrap_or_default()
    }

    /// The tree that the links of a package lead to, when it has any.
    pub fn tree(&self, package: &Package<'_>) -> Option<&Path> {
        self.of_package.get(package.index).filter(|of| !of.links.is_empty())?.tree.as_deref()
    }
}

/// Makes the links of all packages. Where the platform has no symbolic links, or the store cannot be written to, there
/// are none, and `method` knows.
pub(crate) fn link(
    store: &Store,
    layout: &Layout,
    packages: &[Package<'_>],
    bases: &Bases,
    (method, threads): (&Method, usize),
) -> Result<Linked, Error> {
    if !method.links_trees() {
        return Ok(Linked::default());
    }
    let shared = shared(layout, packages);
    let candidates: Vec<&Package<'_>> = packages.iter().filter(|package| may_link(package, &shared)).collect();
    if candidates.is_empty() {
        return Ok(Linked::default());
    }
    let wheels: Vec<Sha256> = candidates.iter().map(|package| package.install.sha256).collect();
    let manifest = |index: usize| candidates[index].whole();
    let trees = match trees::ensure(store, &layout.python, &wheels, manifest, threads) {
        Ok(trees) => trees,
        Err(Error::Io { source, .. }) if is_forbidden(source.kind()) => {
            method.give_up_trees();
            return Ok(Linked::default());
        }
        Err(error) => return Err(error),
    };
    tree_links::mark(store, layout)?;
    let jobs: Vec<_> = candidates.into_iter().zip(trees).collect();
    let done = Mutex::new(vec![OfPackage::default(); packages.len()]);
    for_each(
        // Below this, starting a thread takes longer than linking.
        threads.min(jobs.len() / 128 + 1),
        &jobs,
        || (),
        |(), (package, tree)| {
            let mut visit = Visit {
                package,
                root: bases.root(package.library_base),
                tree,
                shared: &shared,
                method,
                links: Vec::new(),
            };
            visit.directory("")?;
            let links = visit.links;
            let mut done = done.lock().expect("no thread panics while it holds this lock");
            done[package.index] = OfPackage { tree: Some(tree.clone()), links };
            Ok(())
        },
    )?;
    Ok(Linked { of_package: done.into_inner().expect("no thread panics while it holds this lock") })
}

fn is_forbidden(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem)
}

struct Visit<'v, 'a> {
    package: &'v Package<'a>,
    root: &'v Root,
    tree: &'v Path,
    shared: &'v HashSet<String>,
    method: &'v Method,
    links: Vec<String>,
}

impl Visit<'_, '_> {
    fn directory(&mut self, path: &str) -> Result<(), Error> {
        let Some((_, group)) = root_group(&self.package.outline) else { return Ok(()) };
        for child in children(&group.dirs, path) {
            if !self.method.links_trees() {
                return Ok(());
            }
            if self.shared.contains(&*key(child)) || !is_package(&group.dirs, child) || !self.try_link(child)? {
                self.directory(child)?;
            }
        }
        Ok(())
    }

    /// Says whether the directory is linked now.
    fn try_link(&mut self, path: &str) -> Result<bool, Error> {
        let target = trees::content(self.tree).join(path);
        let place = || fault::point().and_then(|()| self.root.symlink(&target, path));
        match self.method.link_tree(place) {
            Ok(Linking::Linked) => {
                self.links.push(path.to_owned());
                Ok(true)
            }
            Ok(Linking::Exists | Linking::Impossible) => Ok(false),
            // A file above: it is in the way of the real directory too, which is then told.
            Err(error) if error.kind() == ErrorKind::NotADirectory => Ok(false),
            Err(error) => Err(io_error("link", &target)(error)),
        }
    }
}

/// The directories right below `path`, each once.
fn children<'m>(dirs: &'m [Folder<'_>], path: &str) -> BTreeSet<&'m str> {
    let below = |dir: &'m Folder<'_>| {
        let rest = match path {
            "" => Some(dir.path).filter(|rest| !rest.is_empty()),
            _ => dir.path.strip_prefix(path)?.strip_prefix('/'),
        }?;
        let name = rest.split('/').next().unwrap_or(rest);
        Some(&dir.path[..dir.path.len() - rest.len() + name.len()])
    };
    dirs.iter().filter_map(below).collect()
}

/// Python imports it as one package. `__pycache__` belongs to modules beside it, and metadata is looked for by listing.
fn is_package(dirs: &[Folder<'_>], path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let special = name == CACHE || name.ends_with(".dist-info") || name.ends_with(".egg-info");
    // A name that CSV would quote is no package.
    let plain = !path.contains([',', '"', '\n', '\r']);
    !special && plain && dirs.binary_search_by(|dir| dir.path.cmp(path)).is_ok_and(|at| dirs[at].has_init)
}

/// Would any of its directories be linked in an empty environment?
fn may_link(package: &Package<'_>, shared: &HashSet<String>) -> bool {
    root_group(&package.outline).is_some_and(|(_, group)| {
        group.dirs.iter().any(|dir| {
            let own =
                prefixes(dir.path).find(|prefix| !shared.contains(&*key(prefix)) && is_package(&group.dirs, prefix));
            own.is_some()
        })
    })
}

/// Directories of the libraries that more than one distribution fills, or one in two ways. Only below those can there
/// be others, so that few of all directories are compared.
fn shared(layout: &Layout, packages: &[Package<'_>]) -> HashSet<String> {
    let libraries = Libraries::of(layout);
    let mut known: HashMap<PathBuf, Option<Inside>> = HashMap::new();
    let mut dirs = Vec::new();
    for package in packages {
        for (index, group) in package.outline.groups.iter().enumerate() {
            let base = layout.directory(group.scheme, package.outline.name);
            let inside = known.entry(base).or_insert_with_key(|base| libraries.place(base));
            let Some(inside) = inside else { continue };
            let paths = group.dirs.iter().filter_map(|dir| inside.path(dir.path));
            dirs.extend(paths.map(|path| ((package.index, index), path)));
        }
    }
    filled_by_several(dirs)
}

/// An owner, and a directory that it fills, sorted for each owner.
type Filled<'p> = ((usize, usize), Cow<'p, str>);

fn filled_by_several(mut dirs: Vec<Filled<'_>>) -> HashSet<String> {
    let mut shared = HashSet::new();
    while !dirs.is_empty() {
        let before = shared.len();
        let level = dirs.iter().filter_map(|(owner, path)| Some((*owner, first(path, &shared)?)));
        let mut owners: HashMap<Cow<'_, str>, (usize, usize)> = HashMap::new();
        let mut found = Vec::new();
        let mut last = ((usize::MAX, 0), "");
        for (owner, prefix) in level {
            if std::mem::replace(&mut last, (owner, prefix)) == (owner, prefix) {
                continue;
            }
            match owners.entry(key(prefix)) {
                Entry::Vacant(entry) => drop(entry.insert(owner)),
                Entry::Occupied(entry) if *entry.get() == owner => {}
                Entry::Occupied(entry) => found.push(entry.key().clone().into_owned()),
            }
        }
        shared.extend(found);
        if shared.len() == before {
            break;
        }
        dirs.retain(|(_, path)| prefixes(path).next().is_some_and(|top| shared.contains(&*key(top))));
    }
    shared
}

/// The first directory of the way to `path` that is not known to be shared.
fn first<'p>(path: &'p str, shared: &HashSet<String>) -> Option<&'p str> {
    prefixes(path).find(|prefix| !shared.contains(&*key(prefix)))
}

/// Names that differ in case are one directory on some systems.
fn key(path: &str) -> Cow<'_, str> {
    if cfg!(any(windows, target_vendor = "apple")) { path.to_lowercase().into() } else { path.into() }
}

/// The libraries with every symbolic link followed: two of them may be the same (`lib64`).
struct Libraries(Vec<PathBuf>);

/// Where a group lies, seen from the libraries.
enum Inside {
    /// It is one, or lies below one.
    Below(String),
    /// It is above one by this path.
    Above(String),
}

impl Libraries {
    fn of(layout: &Layout) -> Self {
        Self(layout.libraries().into_iter().map(real).collect())
    }

    fn place(&self, base: &Path) -> Option<Inside> {
        let base = real(base);
        let text = |path: &Path| path.to_str().map(|path| path.replace('\\', "/"));
        self.0.iter().find_map(|library| {
            let below = base.strip_prefix(library).ok().and_then(text).map(Inside::Below);
            below.or_else(|| library.strip_prefix(&base).ok().and_then(text).map(Inside::Above))
        })
    }
}

impl Inside {
    /// A directory of the group, relative to the library.
    fn path<'d>(&self, dir: &'d str) -> Option<Cow<'d, str>> {
        match self {
            Self::Below(base) if base.is_empty() => Some(dir.into()),
            Self::Below(base) => Some(crate::manifest::join(base, dir).into()),
            Self::Above(way) => dir.strip_prefix(way.as_str())?.strip_prefix('/').map(Cow::Borrowed),
        }
    }
}

fn real(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn finds_every_directory_with_several_owners(
            owners in prop::collection::vec(prop::collection::btree_set("[ab]{1,2}(/[ab]){0,3}", 0..6), 0..5)
        ) {
            let mut expected = HashSet::new();
            for (index, own) in owners.iter().enumerate() {
                for prefix in own.iter().flat_map(|path| prefixes(path)) {
                    let others = owners.iter().enumerate().filter(|(other, _)| *other != index);
                    if others.flat_map(|(_, other)| other).any(|path| prefixes(path).any(|other| other == prefix)) {
                        expected.insert(prefix.to_owned());
                    }
                }
            }
            let dirs = owners.iter().enumerate();
            let dirs = dirs.flat_map(|(index, own)| own.iter().map(move |path| ((index, 0), path.as_str().into())));
            prop_assert_eq!(filled_by_several(dirs.collect()), expected);
        }
    }
}
