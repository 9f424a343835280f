//! Unpacking one wheel into an empty directory: its `tree` and its `manifest`.

use crate::contents::{Content, Digest, Known, create, set_time};
use crate::error::io_error;
use crate::layout::Scheme;
use crate::parallel::for_each;
use crate::placed::{Placed, Target, encode_manifest};
use crate::record::{Row, write_base64};
use crate::script::{is_reserved, replaces_environment, wants_shebang};
use crate::wheel::{Place, Wheel, bad_record};
use crate::zip::{Archive, Entry, Scratch, ZipError};
use crate::{Error, INSTALLER, WHEEL_FILE, journal, tree_links};
use pybun_model::{Emit, Event, Sha256, WheelName};
use sha2::Digest as _;
use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::Mutex;

/// Starting a thread is worth it for about this much.
const BYTES_PER_THREAD: u64 = 512 << 10;

pub(crate) struct Unpacked {
    pub files: u64,
    pub bytes: u64,
}

/// Where a wheel is unpacked to.
pub(crate) struct Into<'a> {
    /// Exists, is empty, and is thrown away by the caller when unpacking fails.
    pub directory: &'a Path,
    pub known: &'a Known,
    pub threads: usize,
    pub check_record: bool,
}

pub(crate) fn unpack(
    path: &Path,
    name: &WheelName,
    sha256: &Sha256,
    into: &Into<'_>,
    emit: Emit<'_>,
) -> Result<Unpacked, Error> {
    let label = name.to_string();
    let file = fs::File::open(path).map_err(io_error("read", path))?;
    let archive = Archive::open(file).map_err(|error| Error::zip(&label, path, error))?;
    let wheel = Wheel::read(&archive, name, path)?;
    let tree = into.directory.join("tree");
    let members = choose(&archive, &wheel, &label)?;
    create_dirs(&tree, &members, &wheel)?;
    let mut placed = extract(&archive, &members, &wheel, &Source { path, label: &label }, into, &tree)?;
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

/// A member that is written, and where it goes.
struct Member<'a> {
    entry: &'a Entry,
    target: Target,
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

fn create_dirs(tree: &Path, members: &[Member<'_>], wheel: &Wheel) -> Result<(), Error> {
    let mut dirs: BTreeSet<&str> = BTreeSet::from(["", wheel.dist_info.as_str()]);
    for member in members {
        dirs.extend(member.entry.path.match_indices('/').map(|(at, _)| &member.entry.path[..at]));
    }
    for dir in dirs {
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

enum Failure {
    Zip(ZipError),
    Create(std::path::PathBuf, std::io::Error),
    Record(String),
}

fn extract_member(
    archive: &Archive<fs::File>,
    member: &Member<'_>,
    row: Option<&Row>,
    scratch: &mut Scratch,
    (tree, into): (&Path, &Into<'_>),
) -> Result<Placed, Failure> {
    let entry = member.entry;
    let is_script = member.target == Target::Data(Scheme::Scripts);
    let executable = entry.executable || is_script;
    let full = tree.join(&entry.path);
    crate::fault::point().map_err(|error| Failure::Create(full.clone(), error))?;
    let mut writer = Writer { full: &full, executable, size: entry.size, known: into.known, file: None };
    let mut hashes = Hashes::new(row, member.target, into.check_record);
    let mut shebang = None;
    let mut finished = false;
    let result = archive.extract(entry, scratch, &mut |chunk| {
        shebang.get_or_insert_with(|| is_script && wants_shebang(chunk));
        hashes.update(chunk);
        finished = writer.take(chunk, &hashes)?;
        Ok(())
    });
    result.map_err(|error| match error {
        ZipError::Sink(source) => Failure::Create(full.clone(), source),
        other => Failure::Zip(other),
    })?;
    let digest = hashes.digest();
    if !finished {
        writer.finish(&digest, into.directory).map_err(|error| Failure::Create(full.clone(), error))?;
    }
    let sha256 = hashes.sha256(row).map_err(Failure::Record)?;
    let (path, target, size) = (entry.path.clone(), member.target, entry.size);
    Ok(Placed { path, target, size, executable, shebang: shebang.unwrap_or(false), digest, sha256 })
}

/// What is computed of a member's content.
///
/// "Installation will fail if any file in the archive is not both mentioned and correctly hashed in RECORD", says the
/// specification. That is done where nobody has stated the digest of the whole wheel; where somebody has, the content is
/// what its author published, and RECORD is believed for what it is copied to, the RECORD of environments, as every
/// installer does.
struct Hashes {
    content: blake3::Hasher,
    /// Believed.
    stated: Option<Sha256>,
    sha256: Option<sha2::Sha256>,
    listed: Option<ListedHash>,
    check: bool,
}

impl Hashes {
    fn new(row: Option<&Row>, target: Target, check: bool) -> Self {
        let believed = !check && !matches!(target, Target::Data(_));
        let stated = row.filter(|_| believed).and_then(Row::sha256);
        Self {
            content: blake3::Hasher::new(),
            stated,
            sha256: stated.is_none().then(sha2::Sha256::new),
            listed: row.filter(|_| check).and_then(ListedHash::of),
            check,
        }
    }

    fn update(&mut self, chunk: &[u8]) {
        self.content.update(chunk);
        if let Some(sha256) = &mut self.sha256 {
            sha256.update(chunk);
        }
        if let Some(listed) = &mut self.listed {
            listed.update(chunk);
        }
    }

    fn digest(&self) -> Digest {
        *self.content.finalize().as_bytes()
    }

    fn sha256(self, row: Option<&Row>) -> Result<[u8; 32], String> {
        let sha256 = match (self.stated, self.sha256) {
            (Some(stated), _) => stated.0,
            (None, computed) => computed.unwrap_or_default().finalize().into(),
        };
        match row.filter(|_| self.check) {
            Some(row) => check_row(row, &sha256, self.listed).map(|()| sha256),
            None => Ok(sha256),
        }
    }
}

/// Writes a member that comes in one piece by a link when its content is known, and a larger one as it comes.
struct Writer<'a> {
    full: &'a Path,
    executable: bool,
    size: u64,
    known: &'a Known,
    file: Option<fs::File>,
}

impl Writer<'_> {
    /// Says whether the file is finished.
    fn take(&mut self, chunk: &[u8], hashes: &Hashes) -> std::io::Result<bool> {
        if self.file.is_none() && chunk.len() as u64 == self.size {
            let content = Content { bytes: chunk, digest: &hashes.digest(), executable: self.executable };
            return self.known.write(self.full, &content).map(|()| true);
        }
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(create(self.full, self.executable)?),
        };
        file.write_all(chunk)?;
        Ok(false)
    }

    fn finish(&mut self, digest: &Digest, aside: &Path) -> std::io::Result<()> {
        let file = match self.file.take() {
            Some(file) => file,
            None => create(self.full, self.executable)?,
        };
        set_time(&file, digest)?;
        self.known.replace(self.full, digest, self.size, self.executable, aside);
        Ok(())
    }
}

/// The other algorithms that the specification takes for strong enough.
enum ListedHash {
    Sha384(Box<sha2::Sha384>),
    Sha512(Box<sha2::Sha512>),
}

impl ListedHash {
    fn of(row: &Row) -> Option<Self> {
        match row.hash.split_once('=')?.0.to_ascii_lowercase().as_str() {
            "sha384" => Some(Self::Sha384(Box::default())),
            "sha512" => Some(Self::Sha512(Box::default())),
            _ => None,
        }
    }

    fn update(&mut self, chunk: &[u8]) {
        match self {
            Self::Sha384(hasher) => hasher.update(chunk),
            Self::Sha512(hasher) => hasher.update(chunk),
        }
    }

    fn finish(self) -> Vec<u8> {
        match self {
            Self::Sha384(hasher) => hasher.finalize().to_vec(),
            Self::Sha512(hasher) => hasher.finalize().to_vec(),
        }
    }
}

/// A file that is not mentioned, or mentioned without a hash, is let pass with a note, as by every installer.
fn check_row(row: &Row, sha256: &[u8; 32], listed: Option<ListedHash>) -> Result<(), String> {
    let Some((algorithm, digest)) = row.hash.split_once('=') else { return Ok(()) };
    let same = match listed {
        None if algorithm.eq_ignore_ascii_case("sha256") => row.sha256() == Some(Sha256(*sha256)),
        // MD5 and SHA-1 prove nothing.
        None => true,
        Some(listed) => {
            let mut base64 = String::new();
            write_base64(&mut base64, &listed.finish());
            digest.trim_end_matches('=') == base64
        }
    };
    if same { Ok(()) } else { Err(format!("`{}` has another content", row.path)) }
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
