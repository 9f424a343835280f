//! Unpacking one wheel into a directory: its `tree` and its `manifest`.

mod arriving;
mod early;
mod hashes;
mod member;

use crate::contents::Known;
use crate::error::io_error;
use crate::layout::Scheme;
use crate::parallel::for_each;
use crate::placed::{Placed, Target, encode_manifest};
use crate::script::{is_reserved, replaces_environment};
use crate::store::remove_tree;
use crate::wheel::{Place, Wheel, bad_record};
use crate::zip::{Archive, Scratch};
use crate::{Error, INSTALLER, WHEEL_FILE, journal, tree_links};
use pybun_model::{Emit, Event, Sha256, WheelName};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Mutex;

pub use arriving::Arriving;
use early::Early;
use member::{Failure, Member, extract_member};

/// Starting a thread is worth it for about this much.
const BYTES_PER_THREAD: u64 = 512 << 10;

pub(crate) struct Unpacked {
    pub files: u64,
    pub bytes: u64,
}

/// Where a wheel is unpacked to.
pub(crate) struct Into<'a> {
    /// Exists, holds what was unpacked early, and is thrown away by the caller when unpacking fails.
    pub directory: &'a Path,
    pub known: &'a Known,
    pub early: Early,
    pub threads: usize,
    pub check_record: bool,
}

pub(crate) fn unpack(
    path: &Path,
    name: &WheelName,
    sha256: &Sha256,
    mut into: Into<'_>,
    emit: Emit<'_>,
) -> Result<Unpacked, Error> {
    let label = name.to_string();
    let file = pybun_files::open(path).map_err(|error| io_error("read", path)(error.into()))?.file;
    let archive = Archive::open(file).map_err(|error| Error::zip(&label, path, error))?;
    let wheel = Wheel::read(&archive, name, path)?;
    let tree = into.directory.join("tree");
    let members = choose(&archive, &wheel, &label)?;
    let root = members.iter().filter(|member| member.target == Target::Root).map(|member| member.entry);
    if !into.early.agrees(root) && !std::mem::take(&mut into.early).is_empty() {
        remove_tree(&tree).map_err(io_error("remove", &tree))?;
    }
    create_dirs(&tree, &members, &wheel, &into.early)?;
    let mut placed = extract(&archive, &members, &wheel, &Source { path, label: &label }, &into, &tree)?;
    tell(&label, &archive, &wheel, emit);
    let info = |file: &str| format!("{}/{file}", wheel.dist_info);
    for (file, content) in [("INSTALLER", INSTALLER.to_owned()), (WHEEL_FILE, format!("{sha256}\n"))] {
        let full = tree.join(info(file));
        fs::write(&full, &content).map_err(io_error("write", &full))?;
        placed.push(Placed::new(info(file), Target::Info, content.as_bytes()));
    }
    let unpacked = Unpacked { files: placed.len() as u64, bytes: placed.iter().map(|file| file.size).sum() };
    let manifest = into.directory.join("manifest");
    fs::write(&manifest, encode_manifest(name, &wheel, placed)).map_err(io_error("write", &manifest))?;
    Ok(unpacked)
}

/// The members that are written, largest first, so that threads end at about the same time.
fn choose<'a>(archive: &'a Archive<fs::File>, wheel: &Wheel, label: &str) -> Result<Vec<Member<'a>>, Error> {
    let mut members = Vec::with_capacity(archive.entries().len());
    let mut targets: BTreeSet<&str> = BTreeSet::new();
    for entry in archive.entries().iter().filter(|entry| !entry.directory) {
        let broken = |why| Error::BrokenWheel { wheel: label.to_owned(), why };
        if entry.path.rsplit('/').next().is_some_and(is_ours) {
            return Err(broken(format!("`{}` has a name that PyBun keeps for itself", entry.path)));
        }
        let (target, library_path) = match wheel.place(&entry.path).map_err(broken)? {
            Place::Skip => continue,
            Place::Info => (Target::Info, Some(entry.path.as_str())),
            Place::Root => (Target::Root, Some(entry.path.as_str())),
            Place::Data(Scheme::Scripts, script) => {
                if is_reserved(script) {
                    return Err(Error::ReservedScript { subject: label.to_owned(), script: script.to_owned() });
                }
                // The command of that name is written after the script, so it is what would remain.
                if wheel.entry_points.iter().any(|point| point.name == script) {
                    continue;
                }
                (Target::Data(Scheme::Scripts), None)
            }
            Place::Data(scheme @ (Scheme::Purelib | Scheme::Platlib), rest) => (Target::Data(scheme), Some(rest)),
            Place::Data(Scheme::Data, path) if replaces_environment(path) => {
                return Err(Error::ReservedScript { subject: label.to_owned(), script: path.to_owned() });
            }
            Place::Data(scheme @ (Scheme::Data | Scheme::Headers), _) => (Target::Data(scheme), None),
        };
        if let Some(library_path) = library_path {
            // Such a directory is a distribution, and a wheel is one.
            let info = library_path.split_once('/').is_some_and(|(top, _)| top.ends_with(".dist-info"));
            if target != Target::Info && info {
                return Err(broken(format!("it has a second .dist-info directory, for `{library_path}`")));
            }
            if !targets.insert(library_path) {
                return Err(broken(format!("it has two files for `{library_path}`")));
            }
        }
        members.push(Member { entry, target });
    }
    members.sort_by_key(|member| std::cmp::Reverse(member.entry.compressed));
    Ok(members)
}

/// Names in a library by which PyBun knows what is pending and what leads to the store.
fn is_ours(name: &str) -> bool {
    name.starts_with(journal::FILE) || name.starts_with(tree_links::MARKER)
}

fn create_dirs(tree: &Path, members: &[Member<'_>], wheel: &Wheel, early: &Early) -> Result<(), Error> {
    let mut dirs: BTreeSet<&str> = BTreeSet::from(["", wheel.dist_info.as_str()]);
    for member in members {
        dirs.extend(member.entry.path.match_indices('/').map(|(at, _)| &member.entry.path[..at]));
    }
    for dir in dirs.into_iter().filter(|dir| !early.has_dir(dir)) {
        let full = tree.join(dir);
        fs::create_dir(&full).map_err(io_error("create", &full))?;
    }
    Ok(())
}

/// For messages.
struct Source<'a> {
    path: &'a Path,
    label: &'a str,
}

fn extract(
    archive: &Archive<fs::File>,
    members: &[Member<'_>],
    wheel: &Wheel,
    source: &Source<'_>,
    into: &Into<'_>,
    tree: &Path,
) -> Result<Vec<Placed>, Error> {
    let Source { path, label } = *source;
    let total: u64 = members.iter().map(|member| member.entry.size).sum();
    let threads = into.threads.min(usize::try_from(total / BYTES_PER_THREAD + 1).unwrap_or(usize::MAX));
    let placed = Mutex::new(Vec::with_capacity(members.len() + 2));
    for_each(threads, members, Scratch::default, |scratch, member| {
        let row = wheel.record.get(&member.entry.path);
        let file = extract_member(archive, member, row, scratch, (tree, into)).map_err(|error| match error {
            Failure::Zip(error) => Error::zip(label, path, error),
            Failure::Create(full, source) if source.kind() == std::io::ErrorKind::AlreadyExists => {
                // Nothing else writes here, so the file system takes two of the archive's names for the same.
                let why = format!("on this file system `{}` collides with another of its files", full.display());
                Error::BrokenWheel { wheel: label.to_owned(), why }
            }
            Failure::Create(full, source) => Error::Io { doing: "write", path: full, source },
            Failure::Record(why) => bad_record(label, why),
        })?;
        placed.lock().expect("no thread panics while it holds this lock").push(file);
        Ok(())
    })?;
    Ok(placed.into_inner().expect("no thread panics while it holds this lock"))
}

/// What is odd but does no harm.
fn tell(label: &str, archive: &Archive<fs::File>, wheel: &Wheel, emit: Emit<'_>) {
    if let Some(version) = &wheel.newer_format {
        let message = format!("`{label}` has wheel format {version}, newer than 1.0: something of it may be missing");
        emit(Event::Note { code: "install/newer-wheel-format", message });
    }
    let files: BTreeSet<&str> =
        archive.entries().iter().filter(|entry| !entry.directory).map(|entry| entry.path.as_str()).collect();
    let unlisted = files.iter().filter(|path| !wheel.record.contains_key(**path) && !is_signature(path, wheel)).count();
    let missing = wheel.record.keys().filter(|path| !files.contains(path.as_str())).count();
    if unlisted + missing > 0 {
        let message =
            format!("the RECORD of `{label}` lacks {unlisted} of its files and lists {missing} that it does not have");
        emit(Event::Note { code: "install/record-mismatch", message });
    }
}

fn is_signature(path: &str, wheel: &Wheel) -> bool {
    let file = path.strip_prefix(wheel.dist_info.as_str());
    matches!(file, Some("/RECORD" | "/RECORD.jws" | "/RECORD.p7s"))
}
