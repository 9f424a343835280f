//! The list of an unpacked wheel's content, made once, so that linking neither walks nor asks the file system.
//!
//! Bytes: 8 of magic and version, 32 of blake3 over the body, then the body (postcard). A file of another version or
//! with another checksum is not a manifest: its store entry is made again.

use crate::layout::Scheme;
use serde::{Deserialize, Serialize};

const MAGIC: [u8; 8] = *b"pbwhl\0\x02\n";
const HEAD: usize = MAGIC.len() + 32;

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest<'a> {
    /// Normalised.
    pub name: &'a str,
    pub version: &'a str,
    /// The name of the `.dist-info` directory.
    pub dist_info: &'a str,
    /// `Purelib` or `Platlib`: where the wheel's root goes.
    pub root: Scheme,
    /// Everything that is placed, but `.dist-info` and scripts.
    #[serde(borrow)]
    pub groups: Vec<Group<'a>>,
    pub scripts: Vec<File<'a>>,
    /// Of `scripts`, relative to the unpacked wheel.
    pub scripts_dir: &'a str,
    pub entry_points: Vec<Command<'a>>,
    /// The `.dist-info` directory and those below.
    pub info: Vec<Dir<'a>>,
    /// The lines of RECORD for the files of the root and of `info`, sorted; all but RECORD itself.
    pub record: &'a str,
}

/// The content for one directory of the environment.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Group<'a> {
    pub scheme: Scheme,
    /// Where it is in the unpacked wheel: empty for the root, else `<name>-<version>.data/<scheme>`.
    pub prefix: &'a str,
    /// Sorted, so that a directory comes before those below.
    #[serde(borrow)]
    pub dirs: Vec<Dir<'a>>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Dir<'a> {
    /// Relative to the group; empty for the group's own directory.
    pub path: &'a str,
    #[serde(borrow)]
    pub files: Vec<File<'a>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct File<'a> {
    pub name: &'a str,
    pub size: u64,
    pub executable: bool,
    /// A script whose `#!python` line has to be filled in.
    pub shebang: bool,
    /// See `contents`.
    #[serde(borrow)]
    pub digest: &'a [u8],
    /// SHA-256 of a file that has its line of RECORD written at installation; else empty, for `record` has it.
    pub sha256: &'a [u8],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Command<'a> {
    pub name: &'a str,
    pub module: &'a str,
    pub attribute: &'a str,
    pub gui: bool,
}

impl<'a> Manifest<'a> {
    pub fn encode(&self) -> Vec<u8> {
        Self::sealed(&postcard::to_stdvec(self).expect("a manifest has only types that postcard can write"))
    }

    /// A body behind the magic and its checksum.
    pub(crate) fn sealed(body: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEAD + body.len());
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(blake3::hash(body).as_bytes());
        bytes.extend_from_slice(body);
        bytes
    }

    /// Nothing when the bytes are not a whole, unchanged manifest of this version.
    pub fn decode(bytes: &'a [u8]) -> Option<Self> {
        let (head, body) = bytes.split_at_checked(HEAD)?;
        let sound = head[..MAGIC.len()] == MAGIC && head[MAGIC.len()..] == *blake3::hash(body).as_bytes();
        if sound { Self::decode_body(body) } else { None }
    }

    fn decode_body(body: &'a [u8]) -> Option<Self> {
        let manifest: Self = postcard::from_bytes(body).ok()?;
        manifest.is_sound().then_some(manifest)
    }

    /// A checksum proves no good will: a manifest may not make us touch what is outside.
    fn is_sound(&self) -> bool {
        let dirs = self.info.iter().chain(self.groups.iter().flat_map(|group| &group.dirs));
        let files = self.scripts.iter().chain(dirs.clone().flat_map(|dir| &dir.files));
        let named = |name: &str| cfg!(not(windows)) || crate::zip::check_path(name).is_ok();
        let plain = |name: &str| {
            !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\\', '\0']) && named(name)
        };
        let below = |path: &str| path.is_empty() || crate::zip::check_path(path).is_ok();
        plain(self.name)
            && plain(self.dist_info)
            && self.dist_info.ends_with(".dist-info")
            && self.groups.iter().all(|group| below(group.prefix))
            && below(self.scripts_dir)
            && dirs.map(|dir| dir.path).all(below)
            && files
                .clone()
                .all(|file| plain(file.name) && file.digest.len() == 32 && matches!(file.sha256.len(), 0 | 32))
            && self.info.iter().all(|dir| dir.path.split('/').next() == Some(self.dist_info))
            && self.entry_points.iter().all(|command| !crate::script::is_reserved(command.name))
            && self.scripts.iter().all(|file| !crate::script::is_reserved(file.name))
    }

    /// The files whose lines are in `record`, with their paths as it says them.
    pub fn library(&self) -> impl Iterator<Item = (String, &File<'a>)> {
        let root = self.groups.iter().filter(|group| group.prefix.is_empty()).flat_map(|group| &group.dirs);
        root.chain(&self.info).flat_map(|dir| dir.files.iter().map(|file| (join(dir.path, file.name), file)))
    }

    /// All files with their paths in the unpacked wheel.
    pub fn tree(&self) -> impl Iterator<Item = (String, &File<'a>)> {
        let groups = self.groups.iter().flat_map(|group| group.dirs.iter().map(move |dir| (group.prefix, dir)));
        let scripts = self.scripts.iter().map(|file| (join(self.scripts_dir, file.name), file));
        groups
            .chain(self.info.iter().map(|dir| ("", dir)))
            .flat_map(|(prefix, dir)| {
                dir.files.iter().map(move |file| (join(&join(prefix, dir.path), file.name), file))
            })
            .chain(scripts)
    }
}

/// `a/b`, or `b` when there is no `a`, or `a` when there is no `b`.
pub(crate) fn join(a: &str, b: &str) -> String {
    match (a, b) {
        ("", b) => b.to_owned(),
        (a, "") => a.to_owned(),
        (a, b) => format!("{a}/{b}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn file(name: &str) -> File<'_> {
        File { name, size: 3, executable: true, shebang: false, digest: &[9; 32], sha256: &[] }
    }

    fn sample() -> Manifest<'static> {
        Manifest {
            name: "a",
            version: "1",
            dist_info: "a-1.dist-info",
            root: Scheme::Purelib,
            groups: vec![Group {
                scheme: Scheme::Purelib,
                prefix: "",
                dirs: vec![Dir { path: "", files: vec![file("x.py")] }, Dir { path: "p/q", files: vec![file("y.py")] }],
            }],
            scripts: vec![file("tool")],
            scripts_dir: "a-1.data/scripts",
            entry_points: vec![Command { name: "cmd", module: "m", attribute: "f", gui: false }],
            info: vec![Dir { path: "a-1.dist-info", files: vec![file("METADATA")] }],
            record: "x.py,,\n",
        }
    }

    #[test]
    fn reads_what_it_writes() {
        let manifest = sample();
        let bytes = manifest.encode();
        assert_eq!(Manifest::decode(&bytes), Some(manifest));
        let tree: Vec<_> = sample().tree().map(|(path, _)| path).collect();
        assert_eq!(tree, ["x.py", "p/q/y.py", "a-1.dist-info/METADATA", "a-1.data/scripts/tool"]);
    }

    #[test]
    fn refuses_every_flipped_bit_and_every_cut() {
        let bytes = sample().encode();
        for at in 0..bytes.len() {
            assert_eq!(Manifest::decode(&bytes[..at]), None, "cut at {at}");
            let mut flipped = bytes.clone();
            flipped[at] ^= 1;
            assert_eq!(Manifest::decode(&flipped), None, "flipped at {at}");
        }
    }

    #[test]
    fn refuses_paths_that_leave() {
        let changes: [fn(&mut Manifest<'static>); 7] = [
            |m| m.groups[0].dirs[1].path = "../q",
            |m| m.groups[0].prefix = "/etc",
            |m| m.groups[0].dirs[0].files[0].name = "../x",
            |m| m.info[0].path = "other",
            |m| m.scripts[0].name = "python3",
            |m| m.entry_points[0].name = "../x",
            |m| m.dist_info = "..",
        ];
        for (index, change) in changes.into_iter().enumerate() {
            let mut manifest = sample();
            change(&mut manifest);
            assert_eq!(Manifest::decode(&manifest.encode()), None, "change {index}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = Manifest::decode(&bytes);
            let _ = Manifest::decode_body(&bytes);
        }

        #[test]
        fn never_panics_on_a_changed_body(at in any::<prop::sample::Index>(), value in any::<u8>()) {
            let mut body = sample().encode().split_off(HEAD);
            let at = at.index(body.len());
            body[at] = value;
            let _ = Manifest::decode_body(&body);
        }
    }
}
