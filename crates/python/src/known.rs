//! Is an environment the one that PyBun made?

use crate::Search;
use crate::environment::Config;
use crate::interpreter::executable_name;
use pybun_project::{Me, Record, Seen, State};
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

/// The key that says for which place: commands name it in their first lines, and `activate` does.
pub(crate) const ROOT_KEY: &str = "pybun-root";

/// Did PyBun make the environment at `root`, an absolute path, for this user? Or root, for everybody?
pub fn is_own(root: &Path, search: &Search) -> bool {
    search.state().is_some_and(|state| is_recorded(root, &state)) || is_roots(root, &search.me())
}

/// The directory, and the interpreter in it, that were recorded when it was made.
pub(crate) fn is_recorded(root: &Path, state: &State) -> bool {
    let record = Record::read(state, &place(root));
    record.is_some_and(|record| look(root).is_some_and(|now| record.is_of(&now)))
}

/// An environment that root made where this user may not write is root's decision, as the programs of the system are.
fn is_roots(root: &Path, me: &Me) -> bool {
    !me.is_root() && directory(root).is_some_and(|found| belongs_to_root(&found)) && !is_writable(root)
}

/// Was the directory made by PyBun, for another place from which it was moved here, or with another interpreter than it has now?
/// Then it is replaced, and not kept.
pub(crate) fn is_made(root: &Path, state: &State) -> bool {
    let Some(now) = look(root) else { return false };
    let config = Config::read(root);
    let made_for = config.as_ref().and_then(|config| config.get(ROOT_KEY)).map(|text| place(Path::new(text)));
    made_for.and_then(|root| Record::read(state, &root)).is_some_and(|record| record.is_of_directory(&now))
}

/// Keeps what the environment at `building` is, which is going to be at `root`.
pub(crate) fn record(building: &Path, root: &Path, state: &State) -> Result<(), pybun_files::Error> {
    let nothing = || std::io::Error::from(std::io::ErrorKind::NotFound);
    let (seen, root) = (look(building).ok_or_else(nothing)?, place(root));
    Record::new(&root, seen).write(state, &root)
}

/// A link in the place of an environment is none.
fn look(root: &Path) -> Option<Seen> {
    let config = root.join("pyvenv.cfg").symlink_metadata().ok().filter(Metadata::is_file)?;
    Some(Seen::new(&directory(root)?, &config, &interpreter_link(root)))
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
