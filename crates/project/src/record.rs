//! The record of an environment that PyBun made: by it the environment is known again.

use crate::{Room, State};
use std::fs::Metadata;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

const FIRST_LINE: &str = "pybun-environment 1";
const MAX_BYTES: u64 = 64 << 10;
const SECOND_NS: u128 = 1_000_000_000;

/// What was made, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    root: String,
    seen: Seen,
    /// The record's file was copied together with everything else.
    is_carried: bool,
}

/// An environment as it lies on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub device: u64,
    pub inode: u64,
    /// When its directory was made, which nobody can choose; 0 where the file system does not know.
    pub born_ns: u128,
    /// The size of `pyvenv.cfg`, and its time.
    pub config: (u64, u128),
    /// What `bin/python` is a link to; empty where it is no link (Windows).
    pub python: String,
}

impl Record {
    pub fn new(root: &Path, seen: Seen) -> Self {
        Self { root: line_of(root), seen, is_carried: false }
    }

    /// Of the environment at `root`, an absolute path, if PyBun made one there.
    pub fn read(state: &State, root: &Path) -> Option<Self> {
        let key = key(root);
        let mut all = state.read(Room::Environments, &key, MAX_BYTES);
        all.find_map(|kept| Self::parse(&kept.bytes, kept.inode)).filter(|record| record.root == line_of(root))
    }

    pub fn write(&self, state: &State, root: &Path) -> Result<(), pybun_files::Error> {
        state.write(Room::Environments, &key(root), |inode| self.to_text(inode))
    }

    /// Is what is seen now the environment that was made? Devices get new numbers when a machine starts or a file system is
    /// mounted, so that the device counts only where the file system knows no birth; the inode and the time at which it was made
    /// stay, and no repository can choose both. A copy in the same place (a backup that was put back) has the time of `pyvenv.cfg` to the
    /// nanosecond, which a checkout does not keep and an archive would have to know. Where a whole file system
    /// was copied there are other ones, and what an image keeps is compared.
    pub fn is_of(&self, now: &Seen) -> bool {
        let Seen { device, inode, born_ns, config, python } = &self.seen;
        let is_copy = *config == now.config && config.1 % SECOND_NS != 0;
        let same = match self.is_carried {
            true => config.0 == now.config.0 && config.1 / SECOND_NS == now.config.1 / SECOND_NS,
            false => {
                let known = *born_ns != 0 || *device == now.device;
                is_copy || (*inode == now.inode && *born_ns == now.born_ns && known)
            }
        };
        same && *python == now.python
    }

    /// The very directory that was made, wherever it lies and whatever was done in it since.
    pub fn is_of_directory(&self, now: &Seen) -> bool {
        let Seen { inode, born_ns, .. } = &self.seen;
        !self.is_carried && *born_ns != 0 && (*inode, *born_ns) == (now.inode, now.born_ns)
    }

    pub(crate) fn to_text(&self, own_inode: u64) -> String {
        let Seen { device, inode, born_ns, config: (size, time_ns), python } = &self.seen;
        format!(
            "{FIRST_LINE}\nself {own_inode}\ndevice {device}\ninode {inode}\nborn {born_ns}\nsize {size}\ntime {time_ns}\nroot {}\n\
             python {python}\nend\n",
            self.root
        )
    }

    pub(crate) fn parse(bytes: &[u8], own_inode: u64) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let lines = text.strip_prefix(FIRST_LINE)?.strip_prefix('\n')?.strip_suffix("\nend\n")?;
        // `line_of` writes none, and a line may end in one.
        if lines.contains('\r') {
            return None;
        }
        let value = |name: &str| lines.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        let number = |name: &str| value(name)?.parse::<u64>().ok();
        Some(Self {
            root: value("root")?.to_owned(),
            seen: Seen {
                device: number("device")?,
                inode: number("inode")?,
                born_ns: value("born")?.parse().ok()?,
                config: (number("size")?, value("time")?.parse().ok()?),
                python: value("python")?.to_owned(),
            },
            is_carried: number("self")? != own_inode,
        })
    }
}

impl Seen {
    /// `found` is what the system says of the directory, `config` of its `pyvenv.cfg`.
    pub fn new(found: &Metadata, config: &Metadata, python: &Path) -> Self {
        let since = |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap_or_default();
        let (device, inode) = numbers(found);
        Self {
            device,
            inode,
            born_ns: found.created().map_or(0, |time| since(time).as_nanos()),
            config: (config.len(), config.modified().map_or(0, |time| since(time).as_nanos())),
            python: line_of(python),
        }
    }
}

#[cfg(unix)]
fn numbers(found: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (found.dev(), found.ino())
}

#[cfg(not(unix))]
fn numbers(_: &Metadata) -> (u64, u64) {
    (0, 0)
}

fn key(root: &Path) -> String {
    blake3::hash(root.as_os_str().as_encoded_bytes()).to_hex()[..32].to_owned()
}

/// A path may hold anything; a line may not.
fn line_of(path: &Path) -> String {
    path.as_os_str().as_encoded_bytes().escape_ascii().to_string()
}
