//! Unpacks sdists: hostile input, written by whoever uploaded it.
//!
//! Source: PEP 625, 706 (the `data` filter), 517 ("Source distributions").

use crate::Error;
use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

const MAX_ENTRIES: usize = 200_000;
const MAX_BYTES: u64 = 8 << 30;
/// An archive that unpacks to more than this must not be smaller by more than the ratio.
const RATIO_FREE: u64 = 256 << 20;
const MAX_RATIO: u64 = 200;
/// Long names and other extended headers are read into memory.
const MAX_HEADER: u64 = 1 << 20;
const MAX_PATH: usize = 4096;
/// No system follows more symbolic links on its way to one file.
const MAX_FOLLOWED: usize = 64;

/// Unpacks `archive` into the empty directory `into` and returns the source tree in it. `filename` decides the format;
/// the project may be `deeper` in the tree.
pub(crate) fn unpack(archive: &Path, filename: &str, into: &Path, deeper: bool) -> Result<PathBuf, Error> {
    let bad = |why: String| Error::BadSdist { file: filename.to_owned(), why };
    let file = pybun_files::open(archive).map_err(|error| Error::io("open", archive)(error.into()))?.file;
    let size = file.metadata().map_err(Error::io("read", archive))?.len();
    let limit = size.saturating_mul(MAX_RATIO).clamp(RATIO_FREE, MAX_BYTES);
    let mut tree = Tree { root: into, entries: 0, bytes: 0, limit, links: BTreeMap::new(), made: HashSet::new() };
    let result = if filename.ends_with(".tar.gz") || filename.ends_with(".tgz") {
        check_headers(&file, limit).and_then(|()| unpack_tar(file, &mut tree))
    } else if filename.ends_with(".zip") {
        unpack_zip(file, &mut tree)
    } else {
        return Err(bad("sdists are .tar.gz or .zip".to_owned()));
    };
    result.and_then(|()| tree.make_links()).map_err(bad)?;
    source_tree(into, deeper).ok_or_else(|| bad("it does not hold one directory with a project".to_owned()))
}

/// The one directory at the top; or the top itself, for archives made by hand.
fn source_tree(root: &Path, deeper: bool) -> Option<PathBuf> {
    let is_project = |path: &Path| path.join("pyproject.toml").is_file() || path.join("setup.py").is_file();
    let entries: Vec<PathBuf> = fs::read_dir(root).ok()?.flatten().map(|entry| entry.path()).collect();
    // `pax_global_header` and the like may stand beside the directory.
    let mut directories = entries.iter().filter(|path| path.is_dir() && !path.is_symlink());
    match (directories.next(), directories.next()) {
        (Some(one), None) if !is_project(root) => Some(one.clone()),
        _ => (deeper || is_project(root)).then(|| root.to_owned()),
    }
}

struct Tree<'a> {
    root: &'a Path,
    entries: usize,
    bytes: u64,
    /// Of `bytes`.
    limit: u64,
    /// Symbolic links are made last, so that nothing is ever written through one.
    links: BTreeMap<PathBuf, PathBuf>,
    made: HashSet<PathBuf>,
}

impl Tree<'_> {
    /// The place of an entry, relative to the root, when it stays inside.
    fn place(&mut self, name: &Path) -> Result<PathBuf, String> {
        self.count()?;
        check_length(name)?;
        let place = inside(Path::new(""), name).ok_or_else(|| format!("`{}` leads out of it", shown(name)))?;
        // Last one wins, as with every unpacker.
        self.links.remove(&place);
        Ok(place)
    }

    fn count(&mut self) -> Result<(), String> {
        self.entries += 1;
        if self.entries > MAX_ENTRIES {
            return Err(format!("it holds more than {MAX_ENTRIES} files and directories"));
        }
        Ok(())
    }

    /// With those above it. A single path may make a thousand, so that each counts as a file does.
    fn directory(&mut self, place: &Path) -> Result<(), String> {
        let new: Vec<&Path> = place.ancestors().take_while(|above| !self.made.contains(*above)).collect();
        for above in new.into_iter().rev() {
            self.count()?;
            fs::create_dir_all(self.root.join(above)).map_err(|error| failed(above, &error))?;
            self.made.insert(above.to_owned());
        }
        Ok(())
    }

    fn file(&mut self, place: &Path, content: &mut dyn Read, executable: bool) -> Result<(), String> {
        let path = self.root.join(place);
        self.directory(place.parent().unwrap_or(Path::new("")))?;
        let mut write = || -> io::Result<u64> {
            drop(fs::remove_file(&path));
            let mut file = File::options().write(true).create_new(true).open(&path)?;
            // One more than allowed, so that too much is noticed.
            let copied = io::copy(&mut content.take(self.limit - self.bytes + 1), &mut file)?;
            make_executable(&file, executable)?;
            Ok(copied)
        };
        self.bytes += write().map_err(|error| failed(place, &error))?;
        let Self { bytes, limit, .. } = self;
        if bytes > limit { Err(format!("it unpacks to more than {limit} bytes")) } else { Ok(()) }
    }

    fn link(&mut self, place: PathBuf, target: PathBuf) -> Result<(), String> {
        check_length(&target)?;
        let stays = !target.has_root() && inside(place.parent().unwrap_or(Path::new("")), &target).is_some();
        if !stays {
            return Err(format!("the link `{}` leads out of it", shown(&place)));
        }
        self.links.insert(place, target);
        Ok(())
    }

    /// A hard link becomes a copy of what was unpacked before.
    fn copy(&mut self, place: &Path, target: &Path) -> Result<(), String> {
        let target =
            inside(Path::new(""), target).ok_or_else(|| format!("the link `{}` leads out of it", shown(place)))?;
        if let Some(link) = self.links.get(&target).cloned() {
            self.links.insert(place.to_owned(), link);
            return Ok(());
        }
        let mut file = File::open(self.root.join(&target)).map_err(|error| failed(place, &error))?;
        let metadata = file.metadata().map_err(|error| failed(place, &error))?;
        if !metadata.is_file() || place == target {
            return Err(format!("the link `{}` leads to no file", shown(place)));
        }
        let executable = is_executable(&metadata);
        self.file(place, &mut file, executable)
    }

    fn make_links(&mut self) -> Result<(), String> {
        // A link through another link may lead elsewhere than its text says, and it may be made before the other one.
        if let Some(place) = self.links.keys().find(|place| self.leads_out(place)) {
            return Err(format!("the link `{}` leads out of it", shown(place)));
        }
        for (place, target) in &self.links.clone() {
            self.directory(place.parent().unwrap_or(Path::new("")))?;
            symlink(target, &self.root.join(place)).map_err(|error| failed(place, &error))?;
        }
        // Names that are spelled in two ways may be one on this file system.
        let root = fs::canonicalize(self.root).map_err(|error| error.to_string())?;
        let escaped =
            |place: &&PathBuf| fs::canonicalize(self.root.join(place)).is_ok_and(|real| !real.starts_with(&root));
        match self.links.keys().find(escaped) {
            Some(place) => Err(format!("the link `{}` leads out of it", shown(place))),
            None => Ok(()),
        }
    }

    /// Follows the links as they will be when all are there. Those in a circle lead nowhere.
    fn leads_out(&self, place: &Path) -> bool {
        let parts = |path: &Path| path.components().rev().map(|part| part.as_os_str().to_owned()).collect::<Vec<_>>();
        let (mut pending, mut real, mut followed) = (parts(place), PathBuf::new(), 0);
        while let Some(part) = pending.pop() {
            match Path::new(&part).components().next() {
                Some(Component::ParentDir) if !real.pop() => return true,
                Some(Component::Normal(_)) => real.push(&part),
                _ => {}
            }
            if let Some(target) = self.links.get(&real) {
                followed += 1;
                if followed > MAX_FOLLOWED {
                    return false;
                }
                real.pop();
                pending.extend(parts(target));
            }
        }
        false
    }
}

/// The library reads the headers that describe the next entry as a whole, however long they are, and joins any number.
fn check_headers(mut file: &File, limit: u64) -> Result<(), String> {
    let broken = |error: io::Error| format!("the archive is broken: {error}");
    let reader = flate2::read::MultiGzDecoder::new(io::BufReader::new(file));
    let mut archive = tar::Archive::new(reader.take(limit * 2));
    let (mut entries, mut total) = (0, 0u64);
    for entry in archive.entries().map_err(broken)?.raw(true) {
        let entry = entry.map_err(broken)?;
        let kind = entry.header().entry_type();
        let describes = kind.is_gnu_longname()
            || kind.is_gnu_longlink()
            || kind.is_pax_local_extensions()
            || kind.is_pax_global_extensions();
        if describes && entry.size() > MAX_HEADER {
            return Err(format!("it holds a header of more than {MAX_HEADER} bytes"));
        }
        let gnu = entry.header().as_gnu().filter(|_| kind.is_gnu_sparse());
        total = total.saturating_add(gnu.map_or(Ok(entry.size()), tar::GnuHeader::real_size).map_err(broken)?);
        if total > limit {
            return Err(format!("it unpacks to more than {limit} bytes"));
        }
        entries += 1;
        if entries > 3 * MAX_ENTRIES {
            return Err(format!("it holds more than {MAX_ENTRIES} files"));
        }
    }
    io::Seek::rewind(&mut file).map_err(broken)
}

fn unpack_tar(file: File, tree: &mut Tree) -> Result<(), String> {
    let reader = flate2::read::MultiGzDecoder::new(io::BufReader::new(file));
    // Headers and padding count as well.
    let mut archive = tar::Archive::new(reader.take(tree.limit * 2));
    let broken = |error: io::Error| format!("the archive is broken: {error}");
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        let name = entry.path().map_err(broken)?.into_owned();
        let kind = entry.header().entry_type();
        if kind.is_pax_global_extensions() || kind.is_pax_local_extensions() {
            continue;
        }
        let place = tree.place(&name)?;
        let target = entry.link_name().map_err(broken)?.map(std::borrow::Cow::into_owned);
        if kind.is_dir() {
            tree.directory(&place)?;
        } else if kind.is_file() || kind == tar::EntryType::Continuous || kind.is_gnu_sparse() {
            let executable = entry.header().mode().unwrap_or(0o644) & 0o100 != 0;
            tree.file(&place, &mut entry, executable)?;
        } else if let (true, Some(target)) = (kind.is_symlink(), &target) {
            tree.link(place, target.clone())?;
        } else if let (true, Some(target)) = (kind.is_hard_link(), &target) {
            tree.copy(&place, target)?;
        } else {
            return Err(format!("`{}` is neither file, directory nor link", shown(&name)));
        }
    }
    Ok(())
}

fn unpack_zip(file: File, tree: &mut Tree) -> Result<(), String> {
    let broken = |error: zip::result::ZipError| format!("the archive is broken: {error}");
    let mut archive = zip::ZipArchive::new(io::BufReader::new(file)).map_err(broken)?;
    if archive.len() > MAX_ENTRIES {
        return Err(format!("it holds more than {MAX_ENTRIES} files"));
    }
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(broken)?;
        let name = entry.name().map_err(broken)?.into_owned();
        if name.contains('\\') {
            return Err(format!("`{}` holds a backslash", shown(Path::new(&name))));
        }
        let place = tree.place(Path::new(&name))?;
        let mode = entry.unix_mode().unwrap_or(0o644);
        let kind = mode & 0o170_000;
        if name.ends_with('/') {
            tree.directory(&place)?;
        } else if !matches!(kind, 0 | 0o100_000 | 0o120_000) {
            return Err(format!("`{}` is neither file, directory nor link", shown(Path::new(&name))));
        } else if kind == 0o120_000 {
            let mut target = String::new();
            let read = (&mut entry).take(4096).read_to_string(&mut target);
            read.map_err(|error| format!("the archive is broken: {error}"))?;
            tree.link(place, target.into())?;
        } else {
            tree.file(&place, &mut entry, mode & 0o100 != 0)?;
        }
    }
    Ok(())
}

/// `path` seen from `base`, without `.` and `..`; `None` when it leaves the root. A leading slash is cut, as the
/// `data` filter does.
fn inside(base: &Path, path: &Path) -> Option<PathBuf> {
    let mut parts: Vec<&std::ffi::OsStr> = base.iter().collect();
    for component in path.components() {
        match component {
            Component::Normal(part) if cfg!(windows) && part.to_string_lossy().contains(':') => return None,
            Component::Normal(part) => parts.push(part),
            Component::CurDir | Component::RootDir => {}
            Component::ParentDir => drop(parts.pop()?),
            Component::Prefix(_) => return None,
        }
    }
    Some(parts.iter().collect())
}

/// No system takes longer ones, and following links compares them again and again.
fn check_length(path: &Path) -> Result<(), String> {
    if path.as_os_str().len() > MAX_PATH {
        return Err(format!("`{}` is longer than {MAX_PATH} bytes", shown(path)));
    }
    Ok(())
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().chars().take(200).collect::<String>().replace('\n', "\\n").replace('\r', "\\r")
}

fn failed(place: &Path, error: &io::Error) -> String {
    format!("`{}` cannot be unpacked: {error}", shown(place))
}

#[cfg(unix)]
fn make_executable(file: &File, executable: bool) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(if executable { 0o755 } else { 0o644 }))
}

#[cfg(not(unix))]
fn make_executable(_: &File, _: bool) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn is_executable(metadata: &fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o100 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &fs::Metadata) -> bool {
    false
}

#[cfg(unix)]
fn symlink(target: &Path, path: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, path)
}

/// Links need a privilege on Windows.
#[cfg(not(unix))]
fn symlink(target: &Path, path: &Path) -> io::Result<()> {
    let target = path.parent().unwrap_or(Path::new("")).join(target);
    if target.is_file() { fs::copy(target, path).map(drop) } else { Ok(()) }
}

#[cfg(test)]
#[path = "sdist_tests.rs"]
mod tests;
