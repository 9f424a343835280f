//! Bytecode for a program that has just started: while it compiles what it imports first, this compiles what it imports
//! last. With a second CPU that nobody uses, the first run after an installation takes little more than half of the time.
//!
//! It is compiled into the store, and linked from there file by file, so that all of what comes after an installation has
//! less to do. See `ahead.py` for how it knows what is imported.

use super::link::{Cached, link_some};
use super::{COMPILING, Dist, Late, of_wheels, open, tag};
use crate::Error;
use crate::bytecode::{self, Source};
use crate::error::io_error;
use crate::manifest::{Manifest, join};
use std::ffi::{OsStr, OsString};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const PROGRAM: &str = include_str!("ahead.py");

/// What an interpreter is told to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    pub kind: ProgramKind,
    /// A path, a name or a text.
    pub value: OsString,
    /// Where it looks for its own modules.
    pub directory: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgramKind {
    /// Or a directory with a `__main__.py`.
    File,
    Module,
    Code,
}

impl ProgramKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Module => "module",
            Self::Code => "code",
        }
    }
}

impl std::str::FromStr for ProgramKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::File, Self::Module, Self::Code].into_iter().find(|kind| kind.as_str() == text).ok_or(())
    }
}

/// Compiles what `program` imports of the wheels whose bytecode the store does not have, and links it.
pub fn compile_ahead(late: &Late<'_>, program: &Program) -> Result<(), Error> {
    let tag = tag(late)?;
    let dists = of_wheels(late.layout)?;
    let manifests: Vec<Vec<u8>> =
        dists.iter().map(|dist| late.store.manifest_bytes(&dist.wheel).unwrap_or_default()).collect();
    let known = dists.iter().zip(&manifests).filter_map(|(dist, bytes)| Some((dist, Manifest::decode(bytes)?)));
    let missing: Vec<(&Dist, Manifest<'_>)> =
        known.filter(|(dist, manifest)| bytecode::of_tag(late.store, &dist.wheel, &tag, manifest).is_none()).collect();
    let sources: Vec<Source> =
        missing.iter().enumerate().flat_map(|(index, (_, manifest))| bytecode::sources_of(index, manifest)).collect();
    if sources.is_empty() {
        return Ok(());
    }
    // What nobody waits for waits meanwhile. A batch of it that has begun is no reason to wait for it.
    let _held = open(&late.store.root().join(COMPILING)).ok().filter(|file| file.try_lock_shared().is_ok());
    let python = &late.layout.python;
    run(python, input(late, program, &missing, &sources), |made| link(late, &missing, &sources, made))
        .map_err(io_error("compile with", python))?
}

/// As `ahead.py` reads it.
fn input(late: &Late<'_>, program: &Program, wheels: &[(&Dist, Manifest<'_>)], sources: &[Source]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut field = |text: &OsStr| {
        if !bytes.is_empty() {
            bytes.push(0);
        }
        bytes.extend_from_slice(text.as_encoded_bytes());
    };
    field(program.kind.as_str().as_ref());
    field(&program.value);
    field(program.directory.as_os_str());
    field(late.layout.purelib.as_os_str());
    for sources in sources.chunk_by(|a, b| (a.wheel, a.group) == (b.wheel, b.group)) {
        let (dist, manifest) = &wheels[sources[0].wheel];
        field(late.store.tree(&dist.wheel).join(manifest.groups[sources[0].group].prefix).as_os_str());
        field(sources.len().to_string().as_ref());
        for source in sources {
            field(join(&source.dir, &source.name).as_ref());
        }
    }
    bytes
}

/// What the interpreter says it has made: numbers of sources, with the names of the compiled files.
type Made = Vec<(usize, String)>;

/// Gives `link` what has been made each time something is there. Ends as soon as it fails.
fn run(
    python: &Path,
    input: Vec<u8>,
    mut link: impl FnMut(Made) -> Result<(), Error>,
) -> io::Result<Result<(), Error>> {
    let mut child = Command::new(python)
        .args(["-I", "-S", "-c", PROGRAM])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let stdin = child.stdin.take().expect("the child was given a pipe");
    let stdout = child.stdout.take().expect("the child was given a pipe");
    // It reads all before it says anything. What it does not want to read is its own affair.
    let _ = { stdin }.write_all(&input);
    let mut lines = BufReader::new(stdout);
    let done = loop {
        let mut made = Vec::new();
        let mut line = String::new();
        while made.is_empty() || lines.buffer().contains(&b'\n') {
            line.clear();
            if lines.read_line(&mut line)? == 0 {
                break;
            }
            made.extend(read(&line));
        }
        if made.is_empty() {
            break Ok(());
        }
        if let Err(error) = link(made) {
            break Err(error);
        }
    };
    if done.is_err() {
        // It has ended by itself, then.
        let _ = child.kill();
    }
    child.wait()?;
    Ok(done)
}

fn read(line: &str) -> Option<(usize, String)> {
    let (number, name) = line.trim_end().split_once(' ')?;
    Some((number.parse().ok()?, name.to_owned())).filter(|(_, name)| bytecode::is_plain(name))
}

fn link(late: &Late<'_>, wheels: &[(&Dist, Manifest<'_>)], sources: &[Source], mut made: Made) -> Result<(), Error> {
    made.retain(|(number, _)| *number < sources.len());
    made.sort();
    for of_wheel in made.chunk_by(|a, b| sources[a.0].wheel == sources[b.0].wheel) {
        let (dist, manifest) = &wheels[sources[of_wheel[0].0].wheel];
        let of_source = of_wheel.iter().map(|(number, name)| (&sources[*number], name.as_str()));
        let dirs: Vec<Cached<'_>> = of_source
            .map(|(source, name)| Cached { group: source.group, directory: &source.dir, names: vec![name] })
            .collect();
        // A distribution that is gone by now needs none.
        link_some(late, dist, manifest, &dirs)?;
    }
    Ok(())
}
