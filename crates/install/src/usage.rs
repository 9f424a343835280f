//! Which wheels of the store environments were linked from.
//!
//! The file `.pybun-wheel` of an unpacked wheel is linked into every environment beside the wheel's metadata, and
//! equals no other file of the store. So the number of its names says how many environments on the same file system
//! have the wheel, also when they were moved, and it falls when one is deleted by whatever means. Environments that
//! cannot share it (another file system, another link mode) are noted in `environments/`.

use crate::installed::metadata_names;
use crate::layout::Layout;
use crate::manifest::Manifest;
use crate::store::{Store, names};
use crate::{Error, WHEEL_FILE};
use pybun_model::Sha256;
use std::collections::HashSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Notes an environment whose links cannot be counted. A store that may only be read has no notes.
pub(crate) fn note(store: &Store, layout: &Layout) -> Result<(), Error> {
    let directory = directory(store);
    let key = blake3::hash(layout.prefix.as_os_str().as_encoded_bytes()).to_hex();
    let path = directory.join(&key.as_str()[..32]);
    let libraries: Vec<String> = layout.libraries().iter().map(|path| path.to_string_lossy().into_owned()).collect();
    let text = libraries.join("\n");
    if fs::read_to_string(&path).is_ok_and(|found| found == text) {
        return Ok(());
    }
    match write(store, &path, &text) {
        // Whoever may only read a store takes copies of its files, which need it no more; others collect it.
        Err(Error::Io { source, .. })
            if matches!(source.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem) =>
        {
            Ok(())
        }
        written => written,
    }
}

fn write(store: &Store, path: &Path, text: &str) -> Result<(), Error> {
    let temporary = store.temporary()?;
    let new = temporary.join("environment");
    let write = || {
        fs::create_dir_all(directory(store))?;
        fs::write(&new, text)?;
        fs::rename(&new, path)?;
        fs::remove_dir(&temporary)
    };
    write().map_err(crate::error::io_error("write", path))
}

/// The wheels of the noted environments.
pub(crate) fn noted(store: &Store) -> Result<HashSet<Sha256>, Error> {
    let directory = directory(store);
    let mut used = HashSet::new();
    for name in names(&directory)? {
        let Ok(text) = fs::read_to_string(directory.join(name)) else { continue };
        for library in text.lines().map(Path::new).filter(|library| library.is_dir()) {
            used.extend(wheels_of(library)?);
        }
    }
    Ok(used)
}

/// Forgets the noted environments that are gone.
pub(crate) fn sweep(store: &Store) -> Result<(), Error> {
    let directory = directory(store);
    for name in names(&directory)? {
        let path = directory.join(name);
        if fs::read_to_string(&path).is_ok_and(|text| !text.lines().any(|library| Path::new(library).is_dir())) {
            // Somebody else may have done it; that it stays harms nobody.
            let _ = fs::remove_file(&path);
        }
    }
    Ok(())
}

fn wheels_of(library: &Path) -> Result<Vec<Sha256>, Error> {
    let read = |name: String| fs::read_to_string(library.join(name).join(WHEEL_FILE)).ok();
    let texts = metadata_names(library)?.into_iter().filter_map(read);
    Ok(texts.filter_map(|text| Sha256::from_str(text.trim()).ok()).collect())
}

/// Has an environment a link of this unpacked wheel?
pub(crate) fn is_linked(tree: &Path, manifest: &Manifest<'_>) -> bool {
    fs::symlink_metadata(tree.join(manifest.dist_info).join(WHEEL_FILE)).is_ok_and(|found| links(&found) > 1)
}

#[cfg(unix)]
pub(crate) fn links(found: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(found)
}

/// Nothing stable tells it here: every environment is noted instead.
#[cfg(not(unix))]
pub(crate) fn links(_: &fs::Metadata) -> u64 {
    1
}

fn directory(store: &Store) -> PathBuf {
    store.root().join("environments")
}
