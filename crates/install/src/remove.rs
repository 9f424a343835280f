//! Deleting the files of a distribution: never outside the environment, with their bytecode and the directories that
//! become empty.

use crate::Error;
use crate::error::io_error;
use crate::layout::Layout;
use crate::tree_links::{self, is_link};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

/// Removes `files`; those that are gone already do not matter. Refuses all when one is named outside of the environment,
/// and leaves what a symbolic link of somebody else has brought there.
pub(crate) fn remove_files(layout: &Layout, subject: &str, files: &[PathBuf]) -> Result<(), Error> {
    let mut by_directory: BTreeMap<PathBuf, Vec<&Path>> = BTreeMap::new();
    let bounds = Bounds::of(layout);
    let links = links_among(files);
    for file in files.iter().filter(|file| !is_below(file, &links)) {
        let outside = |why| Error::PathTraversal { subject: subject.to_owned(), path: file.display().to_string(), why };
        let directory = file.parent().ok_or_else(|| outside("is no file"))?;
        by_directory.entry(directory.to_owned()).or_default().push(file);
    }
    // What is below a link goes with it, and stays where it is.
    let mut present = Vec::with_capacity(by_directory.len());
    for (directory, files) in by_directory {
        let real = match fs::canonicalize(&directory) {
            Ok(real) => real,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                bounds.check_lexically(&directory, subject)?;
                continue;
            }
            Err(error) => return Err(io_error("read", &directory)(error)),
        };
        bounds.check_lexically(&directory, subject)?;
        // Somebody has put a link in the place of a directory: what it leads to is none of the distribution's files.
        if bounds.holds(&real) {
            present.push((directory, files));
        }
    }
    for (directory, files) in &present {
        for file in files {
            remove_file(file)?;
        }
        remove_bytecode(directory, files)?;
    }
    let directories: BTreeSet<&Path> = present.iter().map(|(directory, _)| directory.as_path()).collect();
    for directory in directories.into_iter().rev() {
        remove_empty(&directory.join("__pycache__"), &bounds);
        remove_empty(directory, &bounds);
    }
    Ok(())
}

/// Those that are symbolic links with other files of the list below them: directories that lie in the store.
fn links_among(files: &[PathBuf]) -> HashSet<&Path> {
    let listed: HashSet<&Path> = files.iter().map(PathBuf::as_path).collect();
    let directories: HashSet<&Path> = files.iter().filter_map(|file| file.parent()).collect();
    let above: HashSet<&Path> =
        directories.iter().flat_map(|directory| directory.ancestors()).filter(|path| listed.contains(path)).collect();
    above.into_iter().filter(|path| is_link(path)).collect()
}

fn is_below(file: &Path, links: &HashSet<&Path>) -> bool {
    !links.is_empty() && file.ancestors().skip(1).any(|above| links.contains(above))
}

/// A file that is gone already does not matter, nor does a directory, which goes when it is empty.
pub(crate) fn remove_file(path: &Path) -> Result<(), Error> {
    crate::fault::point().map_err(io_error("remove", path))?;
    match tree_links::remove(path) {
        Ok(()) => Ok(()),
        Err(_) if path.is_dir() && !is_link(path) => Ok(()),
        Err(error) => Err(io_error("remove", path)(error)),
    }
}

/// `path` with `..` taken out, without asking the file system; nothing when it goes above its root.
pub(crate) fn normalize(path: &Path) -> Option<PathBuf> {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                if !out.pop() {
                    return None;
                }
            }
            Component::CurDir => {}
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => out.push(component),
        }
    }
    Some(out)
}

/// Where files may be removed, and the directories that stay even when they are empty.
struct Bounds {
    /// As given.
    lexical: Vec<PathBuf>,
    /// With every symbolic link followed.
    real: Vec<PathBuf>,
    keep: BTreeSet<PathBuf>,
}

impl Bounds {
    fn of(layout: &Layout) -> Self {
        let Layout { purelib, platlib, scripts, data, headers, python: _, prefix } = layout;
        let lexical: Vec<PathBuf> = [prefix, purelib, platlib, scripts, data, headers].into_iter().cloned().collect();
        let real: Vec<PathBuf> = lexical.iter().filter_map(|path| fs::canonicalize(path).ok()).collect();
        // A directory of the layout that is a link to elsewhere bounds nothing.
        let bounds = fs::canonicalize(prefix).unwrap_or_else(|_| prefix.clone());
        let real: Vec<PathBuf> = real.into_iter().filter(|path| path.starts_with(&bounds)).collect();
        let mut keep: BTreeSet<PathBuf> = lexical.iter().chain(&real).cloned().collect();
        for directory in lexical.iter().chain(&real) {
            keep.extend(directory.ancestors().map(Path::to_owned));
        }
        Self { lexical, real, keep }
    }

    fn holds(&self, real: &Path) -> bool {
        self.real.iter().any(|bound| real.starts_with(bound))
    }

    fn check_lexically(&self, directory: &Path, subject: &str) -> Result<(), Error> {
        let inside = normalize(directory).is_some_and(|path| self.lexical.iter().any(|bound| path.starts_with(bound)));
        if inside { Ok(()) } else { Err(outside(directory, subject)) }
    }
}

fn outside(directory: &Path, subject: &str) -> Error {
    let path = directory.display().to_string();
    Error::PathTraversal { subject: subject.to_owned(), path, why: "lies outside of the environment" }
}

/// Bytecode of the removed sources: `__pycache__/<stem>.<tag>[.opt-N].pyc`.
fn remove_bytecode(directory: &Path, files: &[&Path]) -> Result<(), Error> {
    let stems: BTreeSet<&str> = files
        .iter()
        .filter(|file| file.extension().is_some_and(|extension| extension == "py"))
        .filter_map(|file| file.file_stem()?.to_str())
        .collect();
    if stems.is_empty() {
        return Ok(());
    }
    let cache = directory.join("__pycache__");
    let Ok(entries) = fs::read_dir(&cache) else { return Ok(()) };
    for entry in entries.flatten() {
        let name = entry.file_name();
        if name.to_str().and_then(source_stem).is_some_and(|stem| stems.contains(stem)) {
            remove_file(&entry.path())?;
        }
    }
    Ok(())
}

/// Also of bytecode that is being written, or was when the process ended (see `verify::is_bytecode`).
pub(crate) fn source_stem(name: &str) -> Option<&str> {
    let name = match name.rsplit_once('.') {
        Some((rest, last)) if !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()) => rest,
        _ => name,
    };
    let name = name.strip_suffix(".pyc")?;
    let name = match name.rsplit_once('.') {
        Some((rest, last)) if last.starts_with("opt-") => rest,
        _ => name,
    };
    name.rsplit_once('.').map(|(stem, _)| stem)
}

/// The directory and those above it, as long as they are empty and no part of the layout.
fn remove_empty(directory: &Path, bounds: &Bounds) {
    for directory in directory.ancestors() {
        if bounds.keep.contains(directory) || fs::remove_dir(directory).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_source_of_bytecode() {
        assert_eq!(source_stem("a.cpython-311.pyc"), Some("a"));
        assert_eq!(source_stem("a.b.cpython-311.opt-1.pyc"), Some("a.b"));
        assert_eq!(source_stem("a.cpython-311.pyc.140079748831792"), Some("a"));
        assert_eq!(source_stem("a.pyc"), None);
        assert_eq!(source_stem("a.cpython-311.so"), None);
    }

    #[test]
    fn takes_dots_out() {
        assert_eq!(normalize(Path::new("/a/b/../../c/./d")), Some(PathBuf::from("/c/d")));
        assert_eq!(normalize(Path::new("a/../..")), None);
    }
}
