//! The state: small files that say what PyBun decided and made. Unlike a cache it is believed, so that it is never taken from
//! a project, from another user, or from a directory that others may write to.
//!
//! `<state>/<host>/<room>/<key>`. Homes may be shared by machines that see different disks, so that each has a directory of its
//! own. In an image there is no host: what was decided while it was built is looked for under `any`.

use crate::places::state_directories;
use crate::{Env, Me};
use pybun_files::{Care, Directory, Error};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The kinds of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    Stamps,
    Environments,
}

/// A file of the state, as it was found.
pub struct Kept {
    pub bytes: Vec<u8>,
    /// Where the file system has such numbers. It is written into the file too: where they differ, a whole file system was
    /// copied (an image, a backup), and the inodes and the fractions of seconds that the file holds mean nothing.
    pub inode: u64,
}

/// Where state is read and written.
#[derive(Clone, Debug)]
pub struct State {
    own: PathBuf,
    others: Vec<PathBuf>,
    hosts: Vec<String>,
    me: Me,
}

const NO_HOST: &str = "any";

impl State {
    /// `None` where no home is known.
    pub fn new(env: Env<'_>, me: &Me) -> Option<Self> {
        let (own, others) = state_directories(env, me)?;
        let hosts = host().into_iter().chain([NO_HOST.to_owned()]).collect();
        Some(Self { own, others, hosts, me: me.clone() })
    }

    /// Everything that is known by `key`, no longer than `limit` bytes each; the user's own first.
    pub fn read(&self, room: Room, key: &str, limit: u64) -> impl Iterator<Item = Kept> {
        let directories = std::iter::once(&self.own).chain(&self.others);
        let places = directories.flat_map(|directory| self.hosts.iter().map(move |host| (directory, host)));
        places.filter_map(move |(directory, host)| self.read_one(directory, host, (room, key, limit)))
    }

    fn read_one(&self, state: &Path, host: &str, (room, key, limit): (Room, &str, u64)) -> Option<Kept> {
        let state = Directory::open(state).ok().filter(|state| self.is_ours(state))?;
        let opened = state.below(host).ok()?.below(room.name()).ok()?.open_file(key).ok()?;
        let inode = inode(&opened.metadata);
        let believed = self.me.trusts_file(&opened.metadata) && !others_may_write(&opened.metadata);
        believed.then(|| opened.read(limit).ok().map(|bytes| Kept { bytes, inode })).flatten()
    }

    /// Keeps a text under `key`; it may hold the inode of its file.
    pub fn write(&self, room: Room, key: &str, text: impl FnOnce(u64) -> String) -> Result<(), Error> {
        let room = self.room(room)?;
        room.replace(key, if self.me.is_root() { 0o644 } else { 0o600 }, Care::Derived, |file| {
            #[cfg(unix)]
            give_to_owner_of(&room, &*file)?;
            let inode = inode(&file.metadata()?);
            file.write_all(text(inode).as_bytes())
        })
    }

    /// Can anything be kept here?
    pub fn is_writable(&self) -> bool {
        self.room(Room::Environments).is_ok_and(|room| is_writable(&room))
    }

    pub fn own_directory(&self) -> &Path {
        &self.own
    }

    fn room(&self, room: Room) -> Result<Directory, Error> {
        let mode = if self.me.is_root() { 0o755 } else { 0o700 };
        if let Some(above) = self.own.parent() {
            std::fs::create_dir_all(above)?;
        }
        match make_directory(&self.own, mode) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            result => result?,
        }
        let state = Directory::open(&self.own)?;
        if !self.is_ours(&state) {
            return Err(std::io::Error::from(std::io::ErrorKind::PermissionDenied).into());
        }
        let host = make_below(&state, &self.hosts[0], mode)?;
        make_below(&host, room.name(), mode)
    }

    /// Does it belong to the user or to root, and may nobody else write to it?
    #[cfg(unix)]
    fn is_ours(&self, directory: &Directory) -> bool {
        directory.owner_and_mode().is_ok_and(|(owner, mode)| self.me.trusts(owner) && mode & 0o022 == 0)
    }

    #[cfg(not(unix))]
    fn is_ours(&self, _: &Directory) -> bool {
        true
    }
}

impl Room {
    fn name(self) -> &'static str {
        match self {
            Self::Stamps => "stamps",
            Self::Environments => "environments",
        }
    }
}

fn make_below(directory: &Directory, name: &str, mode: u16) -> Result<Directory, Error> {
    let (made, _new) = directory.make(name, mode)?;
    #[cfg(unix)]
    if _new {
        give_to_owner_of(directory, &made)?;
    }
    Ok(made)
}

/// What root makes in the state of somebody who called sudo stays that person's.
#[cfg(unix)]
fn give_to_owner_of(above: &Directory, made: impl std::os::fd::AsFd) -> std::io::Result<()> {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let found = rustix::fs::fstat(above)?;
    if found.st_uid != 0 {
        let (owner, group) = (rustix::fs::Uid::from_raw(found.st_uid), rustix::fs::Gid::from_raw(found.st_gid));
        rustix::fs::fchown(made, Some(owner), Some(group))?;
    }
    Ok(())
}

#[cfg(unix)]
fn is_writable(directory: &Directory) -> bool {
    rustix::fs::accessat(directory, ".", rustix::fs::Access::WRITE_OK, rustix::fs::AtFlags::EACCESS).is_ok()
}

#[cfg(not(unix))]
fn is_writable(_: &Directory) -> bool {
    true
}

#[cfg(unix)]
fn make_directory(path: &Path, mode: u16) -> std::io::Result<()> {
    std::os::unix::fs::DirBuilderExt::mode(&mut std::fs::DirBuilder::new(), mode.into()).create(path)
}

#[cfg(not(unix))]
fn make_directory(path: &Path, _: u16) -> std::io::Result<()> {
    std::fs::create_dir(path)
}

#[cfg(unix)]
fn others_may_write(metadata: &std::fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::mode(metadata) & 0o022 != 0
}

#[cfg(not(unix))]
fn others_may_write(_: &std::fs::Metadata) -> bool {
    false
}

#[cfg(unix)]
fn inode(metadata: &std::fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_: &std::fs::Metadata) -> u64 {
    0
}

/// A name for this machine where it has an identity that lasts. The identity itself is not to be told (machine-id(5)).
fn host() -> Option<String> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let bytes = pybun_files::read(Path::new("/etc/machine-id"), 256).ok()?;
    let id = bytes.trim_ascii();
    let known = id.len() >= 32 && id.iter().all(u8::is_ascii_hexdigit);
    known.then(|| blake3::keyed_hash(blake3::hash(b"pybun state").as_bytes(), id).to_hex()[..16].to_owned())
}
