//! Bytecode of a wheel for one interpreter: compiled once, beside the sources in the store, and linked from there.
//!
//! `<entry>/bytecode/<cache tag>-<magic>` lists what is in the `__pycache__` directories of the tree; it is written by a
//! rename after the last file, so that it is there when all of them are. The compiled files name their source by time
//! and size, which follow from its content (see `contents`), so they are valid in every environment and stop being so when
//! somebody edits the source. They hold the source's place as the wheel names it: an import puts in the real one.

use crate::contents::{Digest, digest_of};
use crate::error::io_error;
use crate::manifest::{Manifest, join};
use crate::parallel::for_each;
use crate::store::Store;
use crate::{Error, record};
use pybun_model::Sha256;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::SystemTime;

const MAGIC: [u8; 8] = *b"pbpyc\0\x02\n";
const HEAD: usize = MAGIC.len() + 32;
/// See there what it reads and prints.
const PROGRAM: &str = include_str!("bytecode.py");
pub(crate) const CACHE: &str = "__pycache__";

/// The compiled files of one wheel.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Bytecode {
    /// Sorted.
    pub dirs: Vec<CompiledDir>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CompiledDir {
    /// Of the manifest.
    pub group: usize,
    /// Of the sources, relative to the group; the files are in `__pycache__` below.
    pub path: String,
    pub files: Vec<Compiled>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Compiled {
    pub name: String,
    pub size: u64,
    pub digest: Digest,
}

/// Makes the bytecode of all `wheels` that have none yet for the interpreter at `python`, on `threads` processes.
pub(crate) fn ensure(
    store: &Store,
    python: &Path,
    wheels: &[(Sha256, &Manifest<'_>)],
    threads: usize,
) -> Result<Vec<Bytecode>, Error> {
    let tag = tag_of(store, python).map_err(io_error("compile with", python))?;
    let found: Vec<Option<Bytecode>> =
        wheels.iter().map(|(sha256, manifest)| of_tag(store, sha256, &tag, manifest)).collect();
    let missing: Vec<usize> = (0..wheels.len()).filter(|index| found[*index].is_none()).collect();
    let mut made = compile(store, python, wheels, &missing, threads)?;
    let mut all = Vec::with_capacity(wheels.len());
    for (index, found) in found.into_iter().enumerate() {
        let bytecode = match found {
            Some(bytecode) => bytecode,
            None => {
                let bytecode = made.remove(&index).unwrap_or_default();
                bytecode.save(store, &list_path(store, &wheels[index].0, &tag))?;
                bytecode
            }
        };
        all.push(bytecode);
    }
    Ok(all)
}

/// What is compiled of a wheel for one interpreter, if it is.
pub(crate) fn of_tag(store: &Store, sha256: &Sha256, tag: &str, manifest: &Manifest<'_>) -> Option<Bytecode> {
    let bytes = fs::read(list_path(store, sha256, tag)).ok()?;
    Bytecode::decode(&bytes).filter(|found| found.fits(manifest))
}

/// Every compiled file of a wheel, for all interpreters, with its path in the tree.
pub(crate) fn files(entry: &Path, manifest: &Manifest<'_>) -> Vec<(String, Compiled)> {
    let mut files = Vec::new();
    let Ok(lists) = fs::read_dir(entry.join("bytecode")) else { return files };
    for list in lists.flatten() {
        let decoded = fs::read(list.path()).ok().and_then(|bytes| Bytecode::decode(&bytes));
        for dir in decoded.filter(|found| found.fits(manifest)).map(|found| found.dirs).unwrap_or_default() {
            let base = join(&join(manifest.groups[dir.group].prefix, &dir.path), CACHE);
            files.extend(dir.files.into_iter().map(|file| (join(&base, &file.name), file)));
        }
    }
    files
}

/// Is anything compiled, for whatever interpreter?
pub(crate) fn has_any(entry: &Path) -> bool {
    entry.join("bytecode").is_dir()
}

/// What it takes on the disk.
pub(crate) fn bytes_of(entry: &Path) -> u64 {
    let Ok(lists) = fs::read_dir(entry.join("bytecode")) else { return 0 };
    let decoded = lists.flatten().filter_map(|list| Bytecode::decode(&fs::read(list.path()).ok()?));
    decoded.flat_map(|found| found.dirs).flat_map(|dir| dir.files).map(|file| file.size).sum()
}

impl Bytecode {
    fn decode(bytes: &[u8]) -> Option<Self> {
        let (head, body) = bytes.split_at_checked(HEAD)?;
        let sound = head[..MAGIC.len()] == MAGIC && head[MAGIC.len()..] == *blake3::hash(body).as_bytes();
        if sound { postcard::from_bytes(body).ok() } else { None }
    }

    fn encode(&self) -> Vec<u8> {
        let body = postcard::to_stdvec(self).expect("it has only types that postcard can write");
        [&MAGIC[..], blake3::hash(&body).as_bytes(), &body].concat()
    }

    /// A checksum proves no good will: only directories of the wheel and plain names are believed.
    fn fits(&self, manifest: &Manifest<'_>) -> bool {
        self.dirs.iter().all(|dir| {
            manifest.groups.get(dir.group).is_some_and(|group| group.dirs.iter().any(|own| own.path == dir.path))
                && dir.files.iter().all(|file| is_plain(&file.name))
        })
    }

    fn save(&self, store: &Store, path: &Path) -> Result<(), Error> {
        let temporary = store.temporary()?;
        let new = temporary.join("list");
        let write = || {
            crate::fault::point()?;
            fs::write(&new, self.encode())?;
            // Where the wheel was taken out meanwhile nothing of it comes back.
            match path.parent().map(fs::create_dir) {
                Some(Err(error)) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => {}
            }
            crate::fault::point()?;
            fs::rename(&new, path)?;
            fs::remove_dir(&temporary)
        };
        write().map_err(io_error("write", path))
    }
}

pub(crate) fn is_plain(name: &str) -> bool {
    name.ends_with(".pyc") && !name.contains(['/', '\\', '\0', '\n', '\r', ':'])
}

fn list_path(store: &Store, sha256: &Sha256, tag: &str) -> PathBuf {
    store.entry(sha256).join("bytecode").join(tag)
}

/// One source that is compiled.
pub(crate) struct Source {
    pub wheel: usize,
    pub group: usize,
    pub dir: String,
    pub name: String,
}

fn compile(
    store: &Store,
    python: &Path,
    wheels: &[(Sha256, &Manifest<'_>)],
    missing: &[usize],
    threads: usize,
) -> Result<BTreeMap<usize, Bytecode>, Error> {
    let sources: Vec<Source> = missing.iter().flat_map(|index| sources_of(*index, wheels[*index].1)).collect();
    let made: Mutex<BTreeMap<(usize, usize, String), Vec<Compiled>>> = Mutex::default();
    let size = (sources.len() / threads.max(1) / 4).clamp(50, 1000);
    let chunks: Vec<&[Source]> = sources.chunks(size).collect();
    for_each(
        threads,
        &chunks,
        || (),
        |(), chunk| {
            let lines: Vec<String> = chunk
                .iter()
                .map(|source| {
                    let (sha256, manifest) = &wheels[source.wheel];
                    let inside = join(&join(manifest.groups[source.group].prefix, &source.dir), &source.name);
                    let shown = join(&source.dir, &source.name);
                    format!("{}\0{shown}", store.tree(sha256).join(inside).display())
                })
                .collect();
            let output = run(python, &lines).map_err(io_error("compile with", python))?;
            if let Some((source, _)) = chunk.iter().zip(output.lines()).find(|(_, name)| *name == "?") {
                let (sha256, manifest) = wheels[source.wheel];
                let why = format!("`{}` is gone", join(&source.dir, &source.name));
                return Err(Error::StoreDamaged {
                    subject: format!("{} {}", manifest.name, manifest.version),
                    sha256,
                    why,
                });
            }
            for (source, name) in chunk.iter().zip(output.lines()).filter(|(_, name)| is_plain(name)) {
                let (sha256, manifest) = &wheels[source.wheel];
                let inside = join(manifest.groups[source.group].prefix, &source.dir);
                let path = store.tree(sha256).join(inside).join(CACHE).join(name);
                let found = digest_of(&path).and_then(|digest| Ok((digest, fs::metadata(&path)?.len())));
                let (digest, size) = found.map_err(io_error("read", &path))?;
                let compiled = Compiled { name: name.to_owned(), size, digest };
                let mut made = made.lock().expect("no thread panics while it holds this lock");
                made.entry((source.wheel, source.group, source.dir.clone())).or_default().push(compiled);
            }
            Ok(())
        },
    )?;
    let mut by_wheel: BTreeMap<usize, Bytecode> = BTreeMap::new();
    for ((wheel, group, path), mut files) in made.into_inner().expect("no thread panics while it holds this lock") {
        files.sort_by(|a, b| a.name.cmp(&b.name));
        by_wheel.entry(wheel).or_default().dirs.push(CompiledDir { group, path, files });
    }
    Ok(by_wheel)
}

/// How many sources of a wheel there are to compile.
pub(crate) fn count_sources(manifest: &Manifest<'_>) -> usize {
    sources_of(0, manifest).len()
}

/// The sources of a wheel, but those whose bytecode it brings along, and those whose names are no lines.
pub(crate) fn sources_of(wheel: usize, manifest: &Manifest<'_>) -> Vec<Source> {
    let mut sources = Vec::new();
    for (index, group) in manifest.groups.iter().enumerate() {
        if !matches!(group.scheme, crate::layout::Scheme::Purelib | crate::layout::Scheme::Platlib) {
            continue;
        }
        let own: HashSet<String> = group
            .dirs
            .iter()
            .filter(|dir| dir.path.rsplit('/').next() == Some(CACHE))
            .flat_map(|dir| dir.files.iter().map(|file| join(dir.path, file.name)))
            .collect();
        for dir in &group.dirs {
            for file in dir.files.iter().filter(|file| file.name.ends_with(".py")) {
                let stem = join(dir.path, &format!("{CACHE}/{}.", file.name.trim_end_matches(".py")));
                let brought = !own.is_empty() && own.iter().any(|path| path.starts_with(&stem));
                if !brought && !file.name.contains(['\n', '\r']) && !dir.path.contains(['\n', '\r']) {
                    let (dir, name) = (dir.path.to_owned(), file.name.to_owned());
                    sources.push(Source { wheel, group: index, dir, name });
                }
            }
        }
    }
    sources
}

/// `cpython-312-cb0d0d0a`: what distinguishes the bytecode of one interpreter. Asking costs the start of a Python, so
/// the answer is kept for as long as the executable stays as it is.
pub(crate) fn tag_of(store: &Store, python: &Path) -> io::Result<String> {
    let real = fs::canonicalize(python)?;
    let found = fs::metadata(&real)?;
    let modified = found.modified()?.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
    let key = format!("{}\0{}\0{modified}", real.display(), found.len());
    let path = store.root().join("interpreters").join(&blake3::hash(key.as_bytes()).to_hex().as_str()[..32]);
    if let Some(tag) = fs::read_to_string(&path).ok().filter(|tag| is_tag(tag)) {
        return Ok(tag);
    }
    let output = run(python, &[])?;
    let tag = output.trim().to_owned();
    if !is_tag(&tag) {
        return Err(io::Error::other("it did not say which bytecode it makes"));
    }
    // Only saves time.
    if let Some(parent) = path.parent()
        && fs::create_dir_all(parent).is_ok()
    {
        let _ = fs::write(&path, &tag);
    }
    Ok(tag)
}

fn is_tag(tag: &str) -> bool {
    tag.len() < 100 && tag.contains('-') && tag.chars().all(|c| c.is_ascii_alphanumeric() || "-_+".contains(c))
}

fn run(python: &Path, lines: &[String]) -> io::Result<String> {
    let mut child = Command::new(python)
        .args(["-I", "-S", "-c", PROGRAM])
        .env_remove("PYTHONDONTWRITEBYTECODE")
        .env_remove("PYTHONPYCACHEPREFIX")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut stdin = child.stdin.take().expect("the child was given a pipe");
    let text = lines.join("\n");
    let (_, output) = std::thread::scope(|scope| {
        let writer = scope.spawn(move || stdin.write_all(text.as_bytes()));
        let output = child.wait_with_output();
        (writer.join(), output)
    });
    let output = output?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(io::Error::other(format!("it ended with {}", output.status)))
}

/// As RECORD writes it: compiled files have no fixed content there. Those of a directory (by group and path) that is
/// linked as a whole have no lines.
pub(crate) fn rows(
    bytecode: &Bytecode,
    prefix: impl Fn(usize) -> String,
    is_linked: impl Fn(usize, &str) -> bool,
) -> Vec<String> {
    let mut rows = Vec::new();
    for dir in bytecode.dirs.iter().filter(|dir| !is_linked(dir.group, &dir.path)) {
        let base = join(&dir.path, CACHE);
        for file in &dir.files {
            let mut row = String::new();
            record::write_bare_row(&mut row, &format!("{}{}", prefix(dir.group), join(&base, &file.name)));
            rows.push(row);
        }
    }
    rows
}
