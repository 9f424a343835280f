//! Writing one member.

use super::Into;
use super::hashes::Hashes;
use crate::contents::{Content, Digest, Known, create, set_time};
use crate::layout::Scheme;
use crate::placed::{Placed, Target};
use crate::record::Row;
use crate::script::wants_shebang;
use crate::zip::{Archive, Entry, Scratch, ZipError};
use std::fs;
use std::io::Write as _;
use std::path::Path;

/// A member that is written, and where it goes.
pub(crate) struct Member<'a> {
    pub entry: &'a Entry,
    pub target: Target,
}

pub(crate) enum Failure {
    Zip(ZipError),
    Create(std::path::PathBuf, std::io::Error),
    Record(String),
}

pub(crate) fn extract_member(
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
    let mut hashes = Hashes::new(row, member.target, into.check_record);
    if let Some(digest) = early(into, entry, &hashes, &full).map_err(|error| Failure::Create(full.clone(), error))? {
        let sha256 = hashes.sha256(row).map_err(Failure::Record)?;
        let (path, target, size) = (entry.path.clone(), member.target, entry.size);
        return Ok(Placed { path, target, size, executable, shebang: false, digest, sha256 });
    }
    let mut writer = Writer::new(&full, executable, entry.size, into.known);
    let mut shebang = None;
    let result = archive.extract(entry, scratch, &mut |chunk| {
        shebang.get_or_insert_with(|| is_script && wants_shebang(chunk));
        hashes.update(chunk);
        writer.take(chunk, &|| hashes.digest())
    });
    result.map_err(|error| match error {
        ZipError::Sink(source) => Failure::Create(full.clone(), source),
        other => Failure::Zip(other),
    })?;
    let digest = hashes.digest();
    writer.finish(&digest, into.directory).map_err(|error| Failure::Create(full.clone(), error))?;
    let sha256 = hashes.sha256(row).map_err(Failure::Record)?;
    let (path, target, size) = (entry.path.clone(), member.target, entry.size);
    Ok(Placed { path, target, size, executable, shebang: shebang.unwrap_or(false), digest, sha256 })
}

/// The digest of a member that was unpacked early, whose file gets its mode. One that cannot have it, or of which more
/// is to be computed, is removed, to be unpacked again.
fn early(into: &Into<'_>, entry: &Entry, hashes: &Hashes, full: &Path) -> std::io::Result<Option<Digest>> {
    let Some(ready) = into.early.find(entry) else { return Ok(None) };
    if !hashes.are_stated() || (entry.executable && ready.shared) {
        return fs::remove_file(full).map(|()| None);
    }
    if entry.executable {
        make_executable(full)?;
    }
    Ok(Some(ready.digest))
}

#[cfg(unix)]
fn make_executable(path: &Path) -> std::io::Result<()> {
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> std::io::Result<()> {
    Ok(())
}

/// Writes a member that comes in one piece by a link when its content is known, and a larger one as it comes.
pub(crate) struct Writer<'a> {
    full: &'a Path,
    executable: bool,
    size: u64,
    known: &'a Known,
    file: Option<fs::File>,
    /// It is finished, by a link or by a new file.
    shared: Option<bool>,
}

impl<'a> Writer<'a> {
    pub fn new(full: &'a Path, executable: bool, size: u64, known: &'a Known) -> Self {
        Self { full, executable, size, known, file: None, shared: None }
    }

    /// `digest` is that of all that was taken.
    pub fn take(&mut self, chunk: &[u8], digest: &dyn Fn() -> Digest) -> std::io::Result<()> {
        if self.file.is_none() && chunk.len() as u64 == self.size {
            let content = Content { bytes: chunk, digest: &digest(), executable: self.executable };
            self.shared = Some(self.known.write(self.full, &content)?);
            return Ok(());
        }
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(create(self.full, self.executable)?),
        };
        file.write_all(chunk)
    }

    /// Says whether the file is a link of one that others have. `aside` is a directory beside the tree.
    pub fn finish(&mut self, digest: &Digest, aside: &Path) -> std::io::Result<bool> {
        if let Some(shared) = self.shared {
            return Ok(shared);
        }
        let file = match self.file.take() {
            Some(file) => file,
            None => create(self.full, self.executable)?,
        };
        set_time(&file, digest)?;
        Ok(self.known.replace(self.full, digest, self.size, self.executable, aside))
    }
}
