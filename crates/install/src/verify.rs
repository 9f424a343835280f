//! Comparing an unpacked wheel with its manifest, byte by byte.

use crate::error::io_error;
use crate::manifest::Manifest;
use crate::store::sha256_of;
use crate::{Error, bytecode};
use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::Path;

/// A file that is not as it was unpacked. `path` is relative to the unpacked wheel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    pub path: String,
    pub kind: DamageKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DamageKind {
    Missing,
    Changed,
    /// Not in the manifest.
    Added,
}

impl DamageKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Changed => "changed",
            Self::Added => "added",
        }
    }
}

/// `entry` holds the tree and the lists of bytecode.
pub(crate) fn verify(entry: &Path, manifest: &Manifest<'_>) -> Result<Vec<Damage>, Error> {
    let tree = &entry.join("tree");
    let mut damages = Vec::new();
    let mut known = HashSet::new();
    let bytecode = bytecode::files(entry, manifest);
    let compiled = bytecode.iter().map(|(path, file)| (path.clone(), &file.sha256[..]));
    for (path, sha256) in manifest.tree().map(|(path, file)| (path, file.sha256)).chain(compiled) {
        let full = tree.join(&path);
        let kind = match sha256_of(&full) {
            Ok(found) if found.0 == *sha256 => None,
            Ok(_) => Some(DamageKind::Changed),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Some(DamageKind::Missing),
            Err(error) => return Err(io_error("read", &full)(error)),
        };
        damages.extend(kind.map(|kind| Damage { path: path.clone(), kind }));
        known.insert(path);
    }
    let mut pending = vec![String::new()];
    while let Some(directory) = pending.pop() {
        let full = tree.join(&directory);
        for entry in fs::read_dir(&full).map_err(io_error("read", &full))? {
            let entry = entry.map_err(io_error("read", &full))?;
            let path = crate::manifest::join(&directory, &entry.file_name().to_string_lossy());
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                pending.push(path);
            } else if !known.contains(&path) && !is_bytecode(&path) {
                damages.push(Damage { path, kind: DamageKind::Added });
            }
        }
    }
    damages.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(damages)
}

/// An interpreter that may write beside a source of a tree link does so; it believes such a file only while it fits.
fn is_bytecode(path: &str) -> bool {
    path.ends_with(".pyc") && path.rsplit('/').nth(1) == Some("__pycache__")
}
