//! The list of an unpacked wheel's content, made once, so that linking neither walks nor asks the file system.
//!
//! It has three parts (see `sealed`), for hardly anybody wants all of it: the outline, with RECORD and what is done once for
//! each distribution; the names of all files, for whoever links them one by one; what is in them, to compare it. A tree
//! link needs the outline alone, which spares most of reading and decoding.

mod names;
mod sealed;
#[cfg(test)]
mod tests;

use crate::layout::Scheme;
pub(crate) use names::{Name, Names};
pub(crate) use sealed::{Part, end_of, seal};
use sealed::{is_whole, part};
use serde::{Deserialize, Serialize};

/// All of it, or, with `Folder` for directories, its outline.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(deserialize = "D: Deserialize<'de>"))]
pub(crate) struct Manifest<'a, D = Dir<'a>> {
    /// Normalised.
    pub name: &'a str,
    pub version: &'a str,
    /// The name of the `.dist-info` directory.
    pub dist_info: &'a str,
    /// `Purelib` or `Platlib`: where the wheel's root goes.
    pub root: Scheme,
    /// Everything that is placed, but `.dist-info` and scripts.
    #[serde(borrow)]
    pub groups: Vec<Group<'a, D>>,
    pub scripts: Vec<File<'a>>,
    /// Of `scripts`, relative to the unpacked wheel.
    pub scripts_dir: &'a str,
    pub entry_points: Vec<Command<'a>>,
    /// The `.dist-info` directory and those below.
    pub info: Vec<Dir<'a>>,
    /// The lines of RECORD for the files of the root and of `info`, sorted; all but RECORD itself.
    pub record: &'a str,
}

/// Which directories a wheel fills, and everything that is no file of theirs.
pub(crate) type Outline<'a> = Manifest<'a, Folder<'a>>;

/// The content for one directory of the environment.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(deserialize = "D: Deserialize<'de>"))]
pub(crate) struct Group<'a, D = Dir<'a>> {
    pub scheme: Scheme,
    /// Where it is in the unpacked wheel: empty for the root, else `<name>-<version>.data/<scheme>`.
    pub prefix: &'a str,
    /// Sorted, so that a directory comes before those below.
    pub dirs: Vec<D>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Dir<'a> {
    /// Relative to the group; empty for the group's own directory.
    pub path: &'a str,
    #[serde(borrow)]
    pub files: Vec<File<'a>>,
}

/// A directory without its files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Folder<'a> {
    pub path: &'a str,
    /// How many.
    pub files: u32,
    /// One of them makes it a package.
    pub has_init: bool,
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

/// What `names` does not say of a file.
#[derive(Serialize, Deserialize)]
struct Content<'a> {
    size: u64,
    shebang: bool,
    #[serde(borrow)]
    digest: &'a [u8],
    sha256: &'a [u8],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Command<'a> {
    pub name: &'a str,
    pub module: &'a str,
    pub attribute: &'a str,
    pub gui: bool,
}

impl<'a> Outline<'a> {
    /// Of the first bytes of a manifest, or all; nothing when they are not the unchanged beginning of one of this version.
    pub fn outline(bytes: &'a [u8]) -> Option<Self> {
        Self::decode_outline(part(bytes, Part::Outline)?)
    }

    fn decode_outline(bytes: &'a [u8]) -> Option<Self> {
        let outline: Self = postcard::from_bytes(bytes).ok()?;
        outline.is_sound().then_some(outline)
    }

    /// A checksum proves no good will: a manifest may not make us touch what is outside.
    fn is_sound(&self) -> bool {
        let below = |path: &str| path.is_empty() || crate::zip::check_path(path).is_ok();
        let mut folders = self.groups.iter().flat_map(|group| &group.dirs);
        let mut files = self.scripts.iter().chain(self.info.iter().flat_map(|dir| &dir.files));
        is_plain(self.name)
            && is_plain(self.dist_info)
            && self.dist_info.ends_with(".dist-info")
            && self.groups.iter().all(|group| below(group.prefix))
            && below(self.scripts_dir)
            && folders.all(|folder| below(folder.path))
            && self.info.iter().all(|dir| below(dir.path) && dir.path.split('/').next() == Some(self.dist_info))
            && files.all(|file| is_plain(file.name) && are_digests(file.digest, file.sha256))
            && self.entry_points.iter().all(|command| !crate::script::is_reserved(command.name))
            && self.scripts.iter().all(|file| !crate::script::is_reserved(file.name))
    }

    /// With the files of every directory.
    fn filled(self, names: &Names<'a>, contents: Vec<Content<'a>>) -> Option<Manifest<'a>> {
        let mut contents = contents.into_iter();
        let mut file = |name: &Name<'a>| {
            let Content { size, shebang, digest, sha256 } = contents.next()?;
            let sound = are_digests(digest, sha256);
            let Name { name, executable } = *name;
            sound.then_some(File { name, size, executable, shebang, digest, sha256 })
        };
        let mut groups: Vec<Group<'a>> = Vec::with_capacity(self.groups.len());
        for Group { scheme, prefix, dirs } in &self.groups {
            groups.push(Group { scheme: *scheme, prefix, dirs: Vec::with_capacity(dirs.len()) });
        }
        for (group, folder, names) in names.by_folder(&self) {
            let files = names.iter().map(&mut file).collect::<Option<_>>()?;
            groups[group].dirs.push(Dir { path: folder.path, files });
        }
        let Self { name, version, dist_info, root, scripts, scripts_dir, entry_points, info, record, groups: _ } = self;
        let whole =
            Manifest { name, version, dist_info, root, groups, scripts, scripts_dir, entry_points, info, record };
        contents.next().is_none().then_some(whole)
    }
}

impl<'a> Manifest<'a> {
    pub fn encode(self) -> Vec<u8> {
        let files = || self.groups.iter().flat_map(|group| &group.dirs).flat_map(|dir| &dir.files);
        let (names, contents): (_, Vec<Content<'a>>) = (Names::encode(files()), files().map(content_of).collect());
        let encoded = |value| postcard::to_stdvec(value).expect("a manifest has only types that postcard can write");
        let contents = postcard::to_stdvec(&contents).expect("a manifest has only types that postcard can write");
        seal([&encoded(&self.into_outline()), &names, &contents])
    }

    fn into_outline(self) -> Outline<'a> {
        let folder = |dir: Dir<'a>| Folder {
            path: dir.path,
            files: u32::try_from(dir.files.len()).expect("an archive has fewer members"),
            has_init: dir.files.iter().any(|file| file.name.starts_with("__init__.")),
        };
        let group = |Group { scheme, prefix, dirs }: Group<'a>| Group {
            scheme,
            prefix,
            dirs: dirs.into_iter().map(folder).collect(),
        };
        let Self { name, version, dist_info, root, groups, scripts, scripts_dir, entry_points, info, record } = self;
        let groups = groups.into_iter().map(group).collect();
        Manifest { name, version, dist_info, root, groups, scripts, scripts_dir, entry_points, info, record }
    }

    /// Nothing when the bytes are not a whole, unchanged manifest of this version.
    pub fn decode(bytes: &'a [u8]) -> Option<Self> {
        if !is_whole(bytes) {
            return None;
        }
        let outline = Outline::outline(bytes)?;
        let names = Names::decode(bytes, &outline)?;
        outline.filled(&names, postcard::from_bytes(part(bytes, Part::Contents)?).ok()?)
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

fn content_of<'a>(file: &File<'a>) -> Content<'a> {
    let File { size, shebang, digest, sha256, .. } = *file;
    Content { size, shebang, digest, sha256 }
}

fn are_digests(digest: &[u8], sha256: &[u8]) -> bool {
    digest.len() == 32 && matches!(sha256.len(), 0 | 32)
}

/// Can it be the name of a file?
fn is_plain(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && !name.contains(['/', '\\', '\0']) && is_possible(name)
}

fn is_possible(name: &str) -> bool {
    cfg!(not(windows)) || crate::zip::check_path(name).is_ok()
}

/// `a/b`, or `b` when there is no `a`, or `a` when there is no `b`.
pub(crate) fn join(a: &str, b: &str) -> String {
    match (a, b) {
        ("", b) => b.to_owned(),
        (a, "") => a.to_owned(),
        (a, b) => format!("{a}/{b}"),
    }
}
