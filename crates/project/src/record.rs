//! The record of an environment that PyBun made: by it the environment is known again.

use crate::{Room, State};
use std::path::Path;

const FIRST_LINE: &str = "pybun-environment 1";
const MAX_BYTES: u64 = 64 << 10;

/// What was made, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    key: String,
    root: String,
    /// The `pybun-id` of its `pyvenv.cfg`, which nobody else knows.
    pub id: String,
    pub device: u64,
    pub inode: u64,
    python: String,
    /// The record's file was copied together with everything else: the numbers mean nothing.
    pub is_carried: bool,
}

impl Record {
    /// Of the environment that is going to be at `root`. `python` is what its `bin/python` is a link to; empty where it is no link
    /// (Windows).
    pub fn new(root: &Path, id: String, (device, inode): (u64, u64), python: &Path) -> Self {
        Self { key: key(root), root: line_of(root), id, device, inode, python: line_of(python), is_carried: false }
    }

    /// Of the environment at `root`, an absolute path, if PyBun made one there.
    pub fn read(state: &State, root: &Path) -> Option<Self> {
        let key = key(root);
        let mut all = state.read(Room::Environments, &key, MAX_BYTES);
        all.find_map(|kept| Self::parse(&kept.bytes, kept.inode)).filter(|record| record.root == line_of(root))
    }

    /// Is this what `bin/python` of the environment leads to?
    pub fn leads_to(&self, python: &Path) -> bool {
        self.python == line_of(python)
    }

    pub fn write(&self, state: &State) -> Result<(), pybun_files::Error> {
        state.write(Room::Environments, &self.key, |inode| self.to_text(inode))
    }

    fn to_text(&self, own_inode: u64) -> String {
        let Self { root, id, device, inode, python, .. } = self;
        format!(
            "{FIRST_LINE}\nself {own_inode}\nid {id}\ndevice {device}\ninode {inode}\nroot {root}\npython {python}\nend\n"
        )
    }

    fn parse(bytes: &[u8], own_inode: u64) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let lines = text.strip_prefix(FIRST_LINE)?.strip_prefix('\n')?.strip_suffix("end\n")?;
        let value = |name: &str| lines.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        let root = value("root")?.to_owned();
        Some(Self {
            key: String::new(),
            root,
            id: value("id").filter(|id| !id.is_empty())?.to_owned(),
            device: value("device")?.parse().ok()?,
            inode: value("inode")?.parse().ok()?,
            python: value("python")?.to_owned(),
            is_carried: value("self")?.parse::<u64>().ok()? != own_inode,
        })
    }
}

fn key(root: &Path) -> String {
    blake3::hash(root.as_os_str().as_encoded_bytes()).to_hex()[..32].to_owned()
}

/// A path may hold anything; a line may not.
fn line_of(path: &Path) -> String {
    path.as_os_str().as_encoded_bytes().escape_ascii().to_string()
}

/// A new identity for an environment.
pub fn new_id() -> String {
    use std::hash::{BuildHasher, Hasher, RandomState};
    // Each has keys of its own; the first come from the system's random numbers.
    let part = || RandomState::new().build_hasher().finish();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |now| now.as_nanos());
    let mixed = format!("{:x} {:x} {now:x} {}", part(), part(), std::process::id());
    blake3::hash(mixed.as_bytes()).to_hex()[..32].to_owned()
}
