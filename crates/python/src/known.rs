//! Is an environment the one that PyBun made?

use crate::Search;
use crate::environment::Config;
use crate::interpreter::executable_name;
use pybun_project::{Me, Record, State};
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

/// The key of `pyvenv.cfg` with the identity that the record has too.
pub(crate) const ID_KEY: &str = "pybun-id";
/// The key that says for which place: commands name it in their first lines, and `activate` does.
pub(crate) const ROOT_KEY: &str = "pybun-root";

/// Did PyBun make the environment at `root`, an absolute path, for this user? Or root, for everybody?
pub fn is_own(root: &Path, search: &Search) -> bool {
    search.state().is_some_and(|state| is_recorded(root, &state)) || is_roots(root, &search.me())
}

/// The same directory, with the identity and the interpreter that were recorded when it was made.
pub(crate) fn is_recorded(root: &Path, state: &State) -> bool {
    let Some(found) = directory(root) else { return false };
    let Some(record) = Record::read(state, &place(root)) else { return false };
    let has_id = Config::read(root).is_some_and(|config| config.get(ID_KEY) == Some(&record.id));
    // Devices get new numbers when a machine starts, or a file system is mounted. The inode and the identity stay.
    let same_place = record.is_carried || inode(&found) == record.inode;
    has_id && same_place && record.leads_to(&interpreter_link(root))
}

/// An environment that root made where this user may not write is root's decision, as the programs of the system are.
fn is_roots(root: &Path, me: &Me) -> bool {
    !me.is_root() && directory(root).is_some_and(|found| belongs_to_root(&found)) && !is_writable(root)
}

/// Was it made by PyBun for another place, from which it was moved or copied here? Then it is replaced, and not kept.
pub(crate) fn is_moved(root: &Path, state: &State) -> bool {
    let Some(config) = directory(root).and_then(|_| Config::read(root)) else { return false };
    let (Some(id), Some(made_for)) = (config.get(ID_KEY), config.get(ROOT_KEY)) else { return false };
    Record::read(state, &place(Path::new(made_for))).is_some_and(|record| record.id == id)
}

/// What is to be kept of the environment that lies at `building` and is going to be at `root`.
pub(crate) fn record(building: &Path, root: &Path, id: String) -> std::io::Result<Record> {
    let found = building.symlink_metadata()?;
    Ok(Record::new(&place(root), id, (device(&found), inode(&found)), &interpreter_link(building)))
}

/// Two ways to one directory are one place; a link in the place of the environment itself is none.
fn place(root: &Path) -> PathBuf {
    let parts = root.parent().and_then(|above| Some((fs::canonicalize(above).ok()?, root.file_name()?)));
    parts.map_or_else(|| root.to_owned(), |(above, name)| above.join(name))
}

/// Where the interpreter's link leads; empty where it is none.
fn interpreter_link(root: &Path) -> PathBuf {
    let scripts = if cfg!(windows) { "Scripts" } else { "bin" };
    fs::read_link(root.join(scripts).join(executable_name())).unwrap_or_default()
}

fn directory(root: &Path) -> Option<Metadata> {
    root.symlink_metadata().ok().filter(Metadata::is_dir)
}

#[cfg(unix)]
fn belongs_to_root(found: &Metadata) -> bool {
    std::os::unix::fs::MetadataExt::uid(found) == 0
}

#[cfg(not(unix))]
fn belongs_to_root(_: &Metadata) -> bool {
    false
}

#[cfg(unix)]
fn is_writable(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok()
}

#[cfg(not(unix))]
fn is_writable(_: &Path) -> bool {
    true
}

#[cfg(unix)]
fn inode(found: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(found)
}

#[cfg(not(unix))]
fn inode(_: &Metadata) -> u64 {
    0
}

#[cfg(unix)]
fn device(found: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::dev(found)
}

#[cfg(not(unix))]
fn device(_: &Metadata) -> u64 {
    0
}
