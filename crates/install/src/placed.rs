//! The files of an unpacked wheel, and the manifest made of them.

use crate::contents::Digest;
use crate::layout::Scheme;
use crate::manifest::{Command, Dir, File, Group, Manifest};
use crate::record::write_row;
use crate::wheel::Wheel;
use pybun_model::WheelName;
use sha2::Digest as _;

/// What a file of the wheel is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    Info,
    Root,
    Data(Scheme),
}

/// A file of the tree.
pub(crate) struct Placed {
    /// Relative to the tree.
    pub path: String,
    pub target: Target,
    pub size: u64,
    pub executable: bool,
    pub shebang: bool,
    pub digest: Digest,
    pub sha256: [u8; 32],
}

impl Placed {
    pub fn new(path: String, target: Target, content: &[u8]) -> Self {
        let (digest, sha256) = (*blake3::hash(content).as_bytes(), sha2::Sha256::digest(content).into());
        Self { path, target, size: content.len() as u64, executable: false, shebang: false, digest, sha256 }
    }
}

/// The bytes of the manifest of all that was `placed`.
pub(crate) fn encode_manifest(name: &WheelName, wheel: &Wheel, mut placed: Vec<Placed>) -> Vec<u8> {
    placed.sort_by(|a, b| (a.target, directory(&a.path), &a.path).cmp(&(b.target, directory(&b.path), &b.path)));
    let of = |target: Target| placed.iter().filter(move |file| file.target == target);
    let schemes = [Scheme::Purelib, Scheme::Platlib, Scheme::Data, Scheme::Headers];
    let prefixes = schemes.map(|scheme| wheel.data_prefix(scheme));
    let mut groups = vec![Group { scheme: wheel.root, prefix: "", dirs: dirs_of("", of(Target::Root)) }];
    for (scheme, prefix) in schemes.into_iter().zip(&prefixes) {
        groups.push(Group { scheme, prefix, dirs: dirs_of(prefix, of(Target::Data(scheme))) });
    }
    groups.retain(|group| !group.dirs.is_empty());
    let commands = wheel.entry_points.iter();
    Manifest {
        name: name.name.as_ref(),
        version: &name.version.to_string(),
        dist_info: &wheel.dist_info,
        root: wheel.root,
        groups,
        scripts: of(Target::Data(Scheme::Scripts)).map(file_of).collect(),
        scripts_dir: &wheel.data_prefix(Scheme::Scripts),
        entry_points: commands
            .map(|point| Command {
                name: &point.name,
                module: &point.module,
                attribute: &point.attribute,
                gui: point.gui,
            })
            .collect(),
        info: dirs_of("", of(Target::Info)),
        record: &record_of(of(Target::Root).chain(of(Target::Info))),
    }
    .encode()
}

/// The directories below `prefix` with their files; the files come sorted by directory.
fn dirs_of<'a>(prefix: &str, files: impl Iterator<Item = &'a Placed>) -> Vec<Dir<'a>> {
    let mut dirs: Vec<Dir<'a>> = Vec::new();
    for file in files {
        let path = directory(&file.path);
        let path = path.strip_prefix(prefix).unwrap_or(path);
        let path = path.strip_prefix('/').unwrap_or(path);
        match dirs.last_mut() {
            Some(dir) if dir.path == path => dir.files.push(file_of(file)),
            _ => dirs.push(Dir { path, files: vec![file_of(file)] }),
        }
    }
    dirs
}

fn file_of(file: &Placed) -> File<'_> {
    File {
        name: file.path.rsplit('/').next().unwrap_or(&file.path),
        size: file.size,
        executable: file.executable,
        shebang: file.shebang,
        digest: &file.digest,
        sha256: if matches!(file.target, Target::Data(_)) { &file.sha256 } else { &[] },
    }
}

fn record_of<'a>(files: impl Iterator<Item = &'a Placed>) -> String {
    let mut files: Vec<&Placed> = files.collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let mut record = String::new();
    for file in files {
        write_row(&mut record, &file.path, &file.sha256, file.size);
    }
    record
}

fn directory(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}
