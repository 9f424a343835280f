//! Comparing an unpacked wheel with its manifest, byte by byte.

use crate::Error;
use crate::error::io_error;
use crate::manifest::Manifest;
use crate::store::sha256_of;
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

pub(crate) fn verify(tree: &Path, manifest: &Manifest<'_>) -> Result<Vec<Damage>, Error> {
    let mut damages = Vec::new();
    let mut known = HashSet::new();
    for (path, file) in manifest.tree() {
        let full = tree.join(&path);
        let kind = match sha256_of(&full) {
            Ok(found) if found.0 == *file.sha256 => None,
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
            } else if !known.contains(&path) {
                damages.push(Damage { path, kind: DamageKind::Added });
            }
        }
    }
    damages.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(damages)
}
