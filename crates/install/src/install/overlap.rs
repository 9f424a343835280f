//! Files that more than one distribution brings: the later one's stays, and the user is told when they differ.

use super::package::{Bases, Package};
use crate::Error;
use crate::contents::sha256_of;
use crate::installed::metadata_names;
use crate::layout::Layout;
use crate::link::Method;
use crate::manifest::File;
use crate::record::{Row, parse_record};
use pybun_model::{Emit, Event, Sha256};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// A file that was there when `package` was to place it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Clash {
    pub base: usize,
    /// Relative to the base.
    pub path: String,
    pub package: usize,
}

/// Puts the right file in the place of each clash.
pub(crate) fn settle(
    layout: &Layout,
    packages: &[Package<'_>],
    bases: &Bases,
    mut clashes: Vec<Clash>,
    method: &Method,
    emit: Emit<'_>,
) -> Result<(), Error> {
    if clashes.is_empty() {
        return Ok(());
    }
    clashes.sort();
    clashes.dedup_by(|a, b| (a.base, &a.path) == (b.base, &b.path));
    let mut notes = Notes::default();
    let mut others = Others::new(layout);
    for clash in &clashes {
        let owners = owners(packages, clash)?;
        let Some((winner, file)) = owners.last() else { continue };
        for (loser, other) in &owners[..owners.len() - 1] {
            if other.digest != file.digest {
                notes.add(&loser.subject, &winner.subject, &clash.path);
            }
        }
        let full = bases.path(clash.base).join(&clash.path);
        if let ([_], Some(other)) = (&owners[..], others.find(&full))
            && other.sha256.is_none_or(|sha256| !has_sha256(winner, clash, &sha256))
        {
            notes.add(&other.subject, &winner.subject, &clash.path);
        }
        replace(packages, winner, clash, bases, method)?;
    }
    notes.tell(emit);
    Ok(())
}

/// Those of the batch that bring the file, in their order. Where case does not matter, names that differ in it are the
/// same file.
fn owners<'p, 'a>(packages: &'p [Package<'a>], clash: &Clash) -> Result<Vec<(&'p Package<'a>, &'p File<'a>)>, Error> {
    let mut exact = Vec::new();
    for package in packages {
        exact.extend(package.find(clash.base, &clash.path)?.map(|file| (package, file)));
    }
    if exact.len() > 1 || !cfg!(any(windows, target_vendor = "apple")) {
        return Ok(exact);
    }
    let mut all = Vec::new();
    for package in packages {
        let groups = package.whole()?.groups.iter().zip(&package.bases).filter(|(_, base)| **base == clash.base);
        for dir in groups.flat_map(|(group, _)| &group.dirs) {
            let same = |file: &&File<'a>| {
                crate::manifest::join(dir.path, file.name).to_lowercase() == clash.path.to_lowercase()
            };
            all.extend(dir.files.iter().find(same).map(|file| (package, file)));
        }
    }
    Ok(all)
}

fn replace<'a>(
    packages: &[Package<'a>],
    winner: &Package<'a>,
    clash: &Clash,
    bases: &Bases,
    method: &Method,
) -> Result<(), Error> {
    // On a file system that ignores case the winner may spell the path in another way; its own spelling is placed.
    let spelled_by = if winner.find(clash.base, &clash.path)?.is_some() { winner } else { &packages[clash.package] };
    let (directory, name) = clash.path.rsplit_once('/').unwrap_or(("", &clash.path));
    let own = spelled_by.whole()?.groups.iter().zip(&spelled_by.bases).filter(|(_, base)| **base == clash.base);
    for (group, _) in own {
        let dir = group.dirs.iter().find(|dir| dir.path == directory);
        let Some(file) = dir.and_then(|dir| dir.files.iter().find(|file| file.name == name)) else { continue };
        let full = bases.path(clash.base).join(&clash.path);
        let source = crate::manifest::join(group.prefix, directory);
        let pair = spelled_by.open(&source, bases.root(clash.base), directory, || full.clone())?;
        method.replace(&pair, name, file.executable).map_err(|error| spelled_by.place_error(error, full))?;
    }
    Ok(())
}

/// The file that a package has for a clash: is it this content?
fn has_sha256(package: &Package<'_>, clash: &Clash, sha256: &Sha256) -> bool {
    let groups = package.outline.groups.iter().zip(&package.bases).filter(|(_, base)| **base == clash.base);
    let mut sources = groups.map(|(group, _)| package.tree_path.join(group.prefix).join(&clash.path));
    sources.any(|source| sha256_of(&source).is_ok_and(|found| found == *sha256))
}

/// One note for each pair of distributions, however many files they share.
#[derive(Default)]
pub(crate) struct Notes(BTreeMap<(String, String), Vec<String>>);

impl Notes {
    pub fn add(&mut self, loser: &str, winner: &str, path: &str) {
        self.0.entry((loser.to_owned(), winner.to_owned())).or_default().push(path.to_owned());
    }

    pub fn tell(self, emit: Emit<'_>) {
        for ((loser, winner), paths) in self.0 {
            let more = if paths.len() > 1 { format!(" and {} more files", paths.len() - 1) } else { String::new() };
            let message = format!("{loser} and {winner} both bring `{}`{more}; that of {winner} is in place", paths[0]);
            emit(Event::Note { code: "install/shared-file", message });
        }
    }
}

/// The files of all distributions in the environment that are not of this batch; read at the first question.
pub(crate) struct Others<'a> {
    layout: &'a Layout,
    files: Option<HashMap<PathBuf, Other>>,
}

#[derive(Clone)]
pub(crate) struct Other {
    pub subject: String,
    pub sha256: Option<Sha256>,
}

impl<'a> Others<'a> {
    pub fn new(layout: &'a Layout) -> Self {
        Self { layout, files: None }
    }

    pub fn find(&mut self, path: &Path) -> Option<&Other> {
        self.files.get_or_insert_with(|| read_all(self.layout)).get(path)
    }
}

/// What cannot be read owns nothing.
fn read_all(layout: &Layout) -> HashMap<PathBuf, Other> {
    let mut files = HashMap::new();
    let libraries: BTreeSet<&Path> = layout.libraries().into_iter().collect();
    for library in libraries {
        for name in metadata_names(library).unwrap_or_default() {
            let rows: Vec<Row> = crate::installed::read_file(&library.join(&name).join("RECORD"))
                .ok()
                .and_then(|bytes| parse_record(&bytes).ok())
                .unwrap_or_default();
            let subject = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem).replacen('-', " ", 1);
            for row in rows {
                if let Some(path) = crate::remove::normalize(&library.join(&row.path)) {
                    files.insert(path, Other { subject: subject.clone(), sha256: row.sha256() });
                }
            }
        }
    }
    files
}
