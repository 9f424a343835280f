//! What tree links lead to: `trees/<two digits>/<sha256>/<interpreter>/`, one for each wheel and kind of bytecode.
//!
//! It holds `site-packages`, which is the root of the wheel with its bytecode, in hard links of the store's files and in
//! directories that nobody may write to; and `.pybun-wheel`, whose names in environments say how many of them link the
//! tree (see `usage`). It comes by one rename and never changes. One that was damaged keeps its place, for environments
//! lead there, but its mark is called `damaged`: the next installation that wants it puts a new one in its place. Trees
//! outlive the entry of their wheel, so that taking out a damaged wheel breaks no environment.

use crate::bytecode::{self, Bytecode, CACHE};
use crate::contents::digest_of;
use crate::error::io_error;
use crate::link::{LinkMode, Method, Pair, PairError, Placing, Root};
use crate::manifest::{Group, Manifest, join};
use crate::parallel::for_each;
use crate::store::{Store, names, remove_tree};
use crate::usage::links;
use crate::verify::{Damage, DamageKind};
use crate::{Error, WHEEL_FILE};
use pybun_model::Sha256;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

/// Programs that tell by this part of a path what was installed still can when they resolve links.
const CONTENT: &str = "site-packages";
/// What the mark is called after damage was found.
const DAMAGED: &str = "damaged";
const DIRECTORY: &str = "trees";
/// What `.pybun-trees` of an environment leads to.
const MADE: &str = "made";

/// A wheel whose directories are to be linked.
#[derive(Clone, Copy)]
struct Wanted<'a, 'm> {
    sha256: Sha256,
    manifest: &'a Manifest<'m>,
}

/// The content directory of the tree, for the mark's directory see `mark_directory`.
pub(crate) fn content(tree: &Path) -> PathBuf {
    tree.join(CONTENT)
}

/// Makes the trees that are not there yet, with bytecode for the interpreter at `python`; gives their directories.
/// `manifest` is asked for those alone, by their positions.
pub(crate) fn ensure<'m>(
    store: &Store,
    python: &Path,
    wheels: &[Sha256],
    manifest: impl Fn(usize) -> Result<&'m Manifest<'m>, Error>,
    threads: usize,
) -> Result<Vec<PathBuf>, Error> {
    let tag = bytecode::tag_of(store, python).map_err(io_error("compile with", python))?;
    let trees: Vec<PathBuf> = wheels.iter().map(|sha256| of_wheel(store, sha256).join(&tag)).collect();
    let missing = (0..wheels.len()).filter(|index| !trees[*index].join(WHEEL_FILE).exists());
    let wanted = |index: usize| Ok((Wanted { sha256: wheels[index], manifest: manifest(index)? }, &trees[index]));
    let missing = missing.map(wanted).collect::<Result<Vec<_>, Error>>()?;
    if missing.is_empty() {
        return Ok(trees);
    }
    let wheels: Vec<_> = missing.iter().map(|(one, _)| (one.sha256, one.manifest)).collect();
    let compiled = bytecode::ensure(store, python, &wheels, threads)?;
    let jobs: Vec<_> = missing.into_iter().zip(compiled).collect();
    for_each(threads, &jobs, || (), |(), ((one, tree), bytecode)| make(store, one, bytecode, tree))?;
    Ok(trees)
}

/// What environments that have tree links point at with `.pybun-trees`, so that a lost store is seen by one look.
pub(crate) fn made(store: &Store) -> Result<PathBuf, Error> {
    let directory = store.root().join(DIRECTORY);
    let path = directory.join(MADE);
    let create = || {
        fs::create_dir_all(&directory)?;
        fs::File::options().write(true).create(true).truncate(false).open(&path)
    };
    if !path.exists() {
        create().map_err(io_error("write", &path))?;
    }
    Ok(path)
}

/// The wheel in whose tree, of whatever store, the target of a symbolic link lies.
pub(crate) fn wheel_of_target(target: &Path) -> Option<Sha256> {
    let parts: Vec<&str> = target
        .components()
        .filter_map(|part| match part {
            Component::Normal(name) => name.to_str(),
            Component::Prefix(_) | Component::RootDir | Component::CurDir | Component::ParentDir => None,
        })
        .collect();
    parts.windows(5).rev().find_map(|window| match window {
        [DIRECTORY, digits, wheel, _, CONTENT] if wheel.starts_with(digits) => Sha256::from_str(wheel).ok(),
        _ => None,
    })
}

/// Does an environment on this file system have links into a tree of this wheel?
pub(crate) fn is_linked(store: &Store, sha256: &Sha256) -> bool {
    is_marked(&of_wheel(store, sha256))
}

/// The same for a directory with all trees of a wheel, wherever it is.
pub(crate) fn is_marked(trees: &Path) -> bool {
    let of_tree = |tag: String| {
        let mark = |name| fs::symlink_metadata(trees.join(&tag).join(name)).is_ok_and(|found| links(&found) > 1);
        mark(WHEEL_FILE) || mark(DAMAGED)
    };
    names(trees).unwrap_or_default().into_iter().any(of_tree)
}

/// All trees of a wheel.
pub(crate) fn of_wheel(store: &Store, sha256: &Sha256) -> PathBuf {
    let digits = sha256.to_string();
    store.root().join(DIRECTORY).join(&digits[..2]).join(digits)
}

/// The wheels that have trees.
pub(crate) fn wheels(store: &Store) -> Result<Vec<Sha256>, Error> {
    let root = store.root().join(DIRECTORY);
    let mut found = Vec::new();
    for digits in names(&root)? {
        found.extend(names(&root.join(digits))?.iter().filter_map(|name| Sha256::from_str(name).ok()));
    }
    Ok(found)
}

/// Lets the next installation that wants one of them make it anew.
pub(crate) fn distrust(store: &Store, sha256: &Sha256) {
    let trees = of_wheel(store, sha256);
    for tag in names(&trees).unwrap_or_default() {
        // Without a mark it is distrusted already.
        let _ = fs::rename(trees.join(&tag).join(WHEEL_FILE), trees.join(&tag).join(DAMAGED));
    }
}

/// Puts new trees in the place of those of a sound wheel.
pub(crate) fn mend(store: &Store, sha256: &Sha256) -> Result<(), Error> {
    let bytes = store.manifest_bytes(sha256)?;
    let Some(manifest) = Manifest::decode(&bytes) else { return Ok(()) };
    let trees = of_wheel(store, sha256);
    distrust(store, sha256);
    for tag in names(&trees)? {
        // Without bytecode it waits for an installation, which has an interpreter that can compile.
        if let Some(bytecode) = bytecode::of_tag(store, sha256, &tag, &manifest) {
            make(store, &Wanted { sha256: *sha256, manifest: &manifest }, &bytecode, &trees.join(&tag))?;
        }
    }
    Ok(())
}

/// What is wrong with the trees of a wheel, whose own files are compared elsewhere.
pub(crate) fn verify(store: &Store, sha256: &Sha256, manifest: &Manifest<'_>) -> Result<Vec<Damage>, Error> {
    let trees = of_wheel(store, sha256);
    let mut damages = Vec::new();
    for tag in names(&trees)? {
        let tree = trees.join(&tag);
        let shown = |path: &str| format!("{DIRECTORY}/{tag}/{path}");
        if !tree.join(WHEEL_FILE).exists() {
            damages.push(Damage { path: shown(WHEEL_FILE), kind: DamageKind::Missing });
        }
        let bytecode = bytecode::of_tag(store, sha256, &tag, manifest).unwrap_or_default();
        let found = compare(&content(&tree), &store.tree(sha256), manifest, &bytecode)?;
        damages.extend(found.into_iter().map(|one| Damage { path: shown(&one.path), kind: one.kind }));
    }
    damages.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(damages)
}

/// The group whose directories may be linked: what lies in the root of the wheel.
pub(crate) fn root_group<'g, 'a, D>(manifest: &'g Manifest<'a, D>) -> Option<(usize, &'g Group<'a, D>)> {
    manifest.groups.iter().enumerate().find(|(_, group)| group.prefix.is_empty())
}

fn make(store: &Store, one: &Wanted<'_, '_>, bytecode: &Bytecode, tree: &Path) -> Result<(), Error> {
    let temporary = store.temporary()?;
    let result = fill(store, one, bytecode, &temporary).and_then(|new| publish(&new, tree));
    let removed = remove_tree(&temporary).map_err(io_error("remove", &temporary));
    result.and(removed)
}

/// A whole tree in `temporary`.
fn fill(store: &Store, one: &Wanted<'_, '_>, bytecode: &Bytecode, temporary: &Path) -> Result<PathBuf, Error> {
    let new = temporary.join("tree");
    let content = content(&new);
    fs::create_dir_all(&content).map_err(io_error("create", &content))?;
    let source_path = store.tree(&one.sha256);
    let source = Root::open(&source_path).map_err(|error| gone(one, error, &source_path))?;
    let target = Root::open(&content).map_err(io_error("open", &content))?;
    let method = Method::new(LinkMode::Auto);
    let Some((index, group)) = root_group(one.manifest) else { return Ok(new) };
    let own = group.dirs.iter().map(|dir| {
        let files = dir.files.iter().map(|file| (file.name, file.executable)).collect();
        (dir.path.to_owned(), files)
    });
    let compiled = bytecode.dirs.iter().filter(|dir| dir.group == index).map(|dir| {
        let files = dir.files.iter().map(|file| (file.name.as_str(), false)).collect();
        (join(&dir.path, CACHE), files)
    });
    let all: Vec<(String, Vec<(&str, bool)>)> = own.chain(compiled).collect();
    for (path, files) in &all {
        let pair = Pair::open(&source, path, &target, path).map_err(|error| match error {
            PairError::Source(error) => gone(one, error, &source_path.join(path)),
            PairError::Target(error) => io_error("create", &content.join(path))(error),
        })?;
        for (name, executable) in files {
            match method.place(&pair, name, *executable) {
                Ok(Placing::Placed) => {}
                // The wheel brings this bytecode itself, or the file system takes two names for one.
                Ok(Placing::Exists) => {}
                Err(error) => return Err(gone(one, error, &source_path.join(path).join(name))),
            }
        }
    }
    let mark = new.join(WHEEL_FILE);
    fs::write(&mark, format!("{}\n", one.sha256)).map_err(io_error("write", &mark))?;
    protect(&content, all.iter().map(|(path, _)| path.as_str()))?;
    Ok(new)
}

/// Environments lead to this place: a tree that is there is only replaced when it is damaged, and its mark is kept.
fn publish(new: &Path, tree: &Path) -> Result<(), Error> {
    let parent = tree.parent().expect("a tree lies in the directory of its wheel");
    fs::create_dir_all(parent).map_err(io_error("create", parent))?;
    crate::fault::point().map_err(io_error("create", tree))?;
    let Err(error) = fs::rename(new, tree) else { return Ok(()) };
    if tree.join(WHEEL_FILE).exists() {
        // Another process was quicker.
        return Ok(());
    }
    if !tree.exists() {
        return Err(io_error("create", tree)(error));
    }
    let (damaged, mark) = (tree.join(DAMAGED), new.join(WHEEL_FILE));
    if damaged.exists() {
        fs::remove_file(&mark).and_then(|()| fs::hard_link(&damaged, &mark)).map_err(io_error("write", &mark))?;
    }
    exchange(new, tree).map_err(io_error("create", tree))
}

/// At no moment is there nothing where the platform can do it in one step.
#[cfg(any(target_os = "linux", target_vendor = "apple"))]
fn exchange(new: &Path, old: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    match renameat_with(CWD, new, CWD, old, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(()),
        Err(_) => step_by_step(new, old),
    }
}

#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
fn exchange(new: &Path, old: &Path) -> io::Result<()> {
    step_by_step(new, old)
}

fn step_by_step(new: &Path, old: &Path) -> io::Result<()> {
    fs::rename(old, new.with_file_name("old"))?;
    fs::rename(new, old)
}

/// What is not there any more was in the store a moment ago.
fn gone(one: &Wanted<'_, '_>, error: io::Error, path: &Path) -> Error {
    match error.kind() {
        ErrorKind::NotFound => Error::StoreDamaged {
            subject: format!("{} {}", one.manifest.name, one.manifest.version),
            sha256: one.sha256,
            why: format!("the file for `{}` is gone", path.display()),
        },
        _ => io_error("link", path)(error),
    }
}

/// Takes the right to write from every directory, the deepest first.
fn protect<'p>(content: &Path, paths: impl Iterator<Item = &'p str>) -> Result<(), Error> {
    let mut all: BTreeSet<&str> = BTreeSet::from([""]);
    for path in paths {
        all.extend(prefixes(path));
    }
    for path in all.into_iter().rev() {
        let full = content.join(path);
        forbid_writing(&full).map_err(io_error("protect", &full))?;
    }
    Ok(())
}

/// `a`, `a/b` and `a/b/c` of `a/b/c`.
pub(crate) fn prefixes(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(at, _)| &path[..at]).chain(Some(path).filter(|path| !path.is_empty()))
}

#[cfg(unix)]
fn forbid_writing(directory: &Path) -> io::Result<()> {
    fs::set_permissions(directory, std::os::unix::fs::PermissionsExt::from_mode(0o555))
}

/// A read-only directory forbids nothing there.
#[cfg(not(unix))]
fn forbid_writing(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Names of a tree against what its wheel has, content where a file is not the store's own.
fn compare(content: &Path, source: &Path, manifest: &Manifest<'_>, bytecode: &Bytecode) -> Result<Vec<Damage>, Error> {
    let Some((index, group)) = root_group(manifest) else { return Ok(Vec::new()) };
    let own = group.dirs.iter().flat_map(|dir| dir.files.iter().map(|file| (join(dir.path, file.name), file.digest)));
    let mut known: BTreeMap<String, &[u8]> = own.collect();
    for dir in bytecode.dirs.iter().filter(|dir| dir.group == index) {
        let base = join(&dir.path, CACHE);
        // Compiling again may give other bytes, and the interpreter compares the source.
        known.extend(dir.files.iter().map(|file| (join(&base, &file.name), &[][..])));
    }
    let mut damages = Vec::new();
    for (path, digest) in &known {
        let full = content.join(path);
        let kind = match fs::symlink_metadata(&full) {
            Err(error) if is_missing(&error) => Some(DamageKind::Missing),
            Err(error) => return Err(io_error("read", &full)(error)),
            Ok(found) if !found.is_file() => Some(DamageKind::Changed),
            Ok(_) if digest.is_empty() || is_same_file(&full, &source.join(path)) => None,
            Ok(_) => {
                let same = digest_of(&full).map_err(io_error("read", &full))? == **digest;
                (!same).then_some(DamageKind::Changed)
            }
        };
        damages.extend(kind.map(|kind| Damage { path: path.clone(), kind }));
    }
    let mut pending = vec![String::new()];
    while let Some(directory) = pending.pop() {
        let full = content.join(&directory);
        let entries = match fs::read_dir(&full) {
            Err(error) if is_missing(&error) => continue,
            entries => entries.map_err(io_error("read", &full))?,
        };
        for entry in entries {
            let entry = entry.map_err(io_error("read", &full))?;
            let path = join(&directory, &entry.file_name().to_string_lossy());
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                pending.push(path);
            } else if !known.contains_key(&path) && !crate::verify::is_bytecode(&path) {
                damages.push(Damage { path, kind: DamageKind::Added });
            }
        }
    }
    Ok(damages)
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

#[cfg(unix)]
fn is_same_file(a: &Path, b: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let id = |path| fs::symlink_metadata(path).ok().map(|found| (found.dev(), found.ino()));
    id(a).is_some() && id(a) == id(b)
}

#[cfg(not(unix))]
fn is_same_file(_: &Path, _: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_a_tree_by_the_form_of_its_path() {
        let wheel = "ab".repeat(32);
        let target = format!("/c/packages/v4/trees/ab/{wheel}/cpython-312-cb0d0d0a/site-packages/a/b");
        assert_eq!(wheel_of_target(Path::new(&target)), Sha256::from_str(&wheel).ok());
        for other in [
            format!("/c/trees/cd/{wheel}/x/site-packages/a"),
            format!("/c/trees/ab/{wheel}/x/other/a"),
            "/c/trees/ab/ab/x/site-packages/a".to_owned(),
            "relative".to_owned(),
        ] {
            assert_eq!(wheel_of_target(Path::new(&other)), None, "{other}");
        }
    }

    #[test]
    fn names_every_directory_above() {
        assert_eq!(prefixes("a/b/c").collect::<Vec<_>>(), ["a", "a/b", "a/b/c"]);
        assert_eq!(prefixes("").count(), 0);
    }
}
