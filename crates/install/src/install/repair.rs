//! Removing what an interrupted process left of the distributions in its journal.

use crate::Error;
use crate::error::io_error;
use crate::guard::Guard;
use crate::installed::{InstalledDist, InstalledKind, parse_stem};
use crate::journal::{Journal, Pending};
use crate::layout::Layout;
use crate::manifest::{Manifest, join};
use crate::remove::remove_files;
use crate::script::entry_point_scripts;
use crate::store::Store;
use crate::tree_links::{self, Looked};
use crate::uninstall::Removal;
use std::fs;
use std::io;
use std::path::PathBuf;

/// Takes away what is left of distributions whose installation or removal was interrupted, so that they are not
/// installed at all. Costs one failed open when nothing was. `install` does this itself; whoever compares an environment
/// with a lock does it first.
pub fn repair(store: &Store, layout: &Layout) -> Result<(), Error> {
    if Journal::read(layout)?.is_empty() {
        return Ok(());
    }
    let _guard = Guard::acquire(layout)?;
    mend(store, layout)
}

/// The same for somebody who has the environment for himself.
pub(crate) fn mend(store: &Store, layout: &Layout) -> Result<(), Error> {
    let pending = Journal::read(layout)?;
    for entry in &pending {
        remove_by_record(layout, entry)?;
        remove_by_manifest(store, layout, entry)?;
        for library in layout.libraries() {
            let dist_info = library.join(&entry.dist_info);
            match fs::remove_dir_all(&dist_info) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(io_error("remove", &dist_info)(error));
                }
                _ => {}
            }
        }
    }
    Journal::clear(layout)
}

/// A RECORD that is there lists at least what is there, for a removal takes it last and an installation writes it last.
fn remove_by_record(layout: &Layout, entry: &Pending) -> Result<(), Error> {
    let Some((name, version)) = entry.dist_info.strip_suffix(".dist-info").and_then(parse_stem) else { return Ok(()) };
    for library in layout.libraries() {
        let dist = InstalledDist {
            name: name.clone(),
            version: version.clone(),
            dist_info: library.join(&entry.dist_info),
            kind: InstalledKind::DistInfo,
            installer: None,
            requested: false,
            direct_url: None,
            complete: false,
            wheel: None,
        };
        match Removal::plan(layout, &dist) {
            Ok(removal) => removal.execute(layout)?,
            // Killed while it was written; its files are found by the manifest.
            Err(Error::NoRecord { .. } | Error::BadRecord { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// When the wheel has left the store meanwhile, its files stay until something else is placed over them.
fn remove_by_manifest(store: &Store, layout: &Layout, entry: &Pending) -> Result<(), Error> {
    let Some(bytes) = entry.wheel.and_then(|wheel| store.manifest_bytes(&wheel).ok()) else { return Ok(()) };
    let Some(manifest) = Manifest::decode(&bytes) else { return Ok(()) };
    let mut files: Vec<PathBuf> = Vec::new();
    let has_links = tree_links::has_any(layout);
    let mut looked = Looked::default();
    for group in &manifest.groups {
        let base = layout.directory(group.scheme, manifest.name);
        for dir in &group.dirs {
            let link = if has_links { looked.link_above(&base, dir.path) } else { None };
            match link {
                None => files.extend(dir.files.iter().map(|file| base.join(join(dir.path, file.name)))),
                Some((link, wheel)) if entry.wheel == Some(wheel) => files.push(link),
                // Nothing of it came to lie in what another one links.
                Some(_) => {}
            }
        }
    }
    files.dedup();
    files.extend(manifest.scripts.iter().map(|file| layout.scripts.join(file.name)));
    for command in &manifest.entry_points {
        let scripts = entry_point_scripts(&super::finish::entry_point(command), &layout.python);
        files.extend(scripts.into_iter().map(|script| layout.scripts.join(script.name)));
    }
    remove_files(layout, &format!("{} {}", manifest.name, manifest.version), &files)
}
