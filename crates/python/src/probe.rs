//! Asks an executable what it is, and remembers the answer as long as the file stays the same.

use crate::Search;
use crate::facts::{Report, Understood};
use serde::{Deserialize, Serialize};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, UNIX_EPOCH};

/// An interpreter that takes longer to start is broken (a network drive that hangs, a wrapper that waits for input).
const TIMEOUT: Duration = Duration::from_secs(20);
const MAX_OUTPUT: u64 = 1 << 20;

/// The facts of the executable at `path`, or why it cannot be used. Starts no process when the file is as it was at
/// the last time.
pub(crate) fn probe(path: &Path, search: &Search) -> Result<Understood, String> {
    let identity = Identity::of(path)?;
    let entry = search.cache_dir.join("interpreters/v1").join(format!("{}.json", key(path)));
    if let Some(report) = remembered(&entry, &identity) {
        return report.understand();
    }
    let report = ask(path)?;
    remember(&entry, Entry { identity, report: report.clone() });
    report.understand()
}

/// What must stay the same for an answer to hold.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Identity {
    path: PathBuf,
    /// Through symbolic links.
    target: PathBuf,
    executable: Stamp,
    /// `pyvenv.cfg`, beside it or one directory up.
    configuration: Option<Stamp>,
    /// Markers hold the release of the operating system.
    system: String,
    /// A newer probe asks for more.
    probe: String,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Stamp {
    size: u64,
    mtime_ns: u128,
    inode: u64,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    identity: Identity,
    report: Report,
}

impl Identity {
    fn of(path: &Path) -> Result<Self, String> {
        let target = std::fs::canonicalize(path).map_err(|error| match std::fs::symlink_metadata(path) {
            Ok(metadata) if metadata.is_symlink() => "it is a symbolic link that leads nowhere".to_owned(),
            _ => reason(&error),
        })?;
        let executable = Stamp::of(&target).ok_or("it cannot be read")?;
        let directory = path.parent();
        let configurations = [directory, directory.and_then(Path::parent)];
        let configuration = configurations.into_iter().flatten().find_map(|root| Stamp::of(&root.join("pyvenv.cfg")));
        let probe = blake3::hash(pybun_shims::PROBE.as_bytes()).to_hex()[..16].to_owned();
        Ok(Self { path: path.to_owned(), target, executable, configuration, system: system(), probe })
    }
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let metadata = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
        let mtime_ns = metadata.modified().ok()?.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
        #[cfg(unix)]
        let inode = std::os::unix::fs::MetadataExt::ino(&metadata);
        #[cfg(not(unix))]
        let inode = 0;
        Some(Self { size: metadata.len(), mtime_ns, inode })
    }
}

fn key(path: &Path) -> String {
    blake3::hash(path.as_os_str().as_encoded_bytes()).to_hex()[..32].to_owned()
}

#[cfg(unix)]
fn system() -> String {
    let name = rustix::system::uname();
    format!("{} {}", name.release().to_string_lossy(), name.version().to_string_lossy())
}

#[cfg(not(unix))]
fn system() -> String {
    String::new()
}

fn remembered(entry: &Path, identity: &Identity) -> Option<Report> {
    let text = std::fs::read(entry).ok()?;
    let entry: Entry = serde_json::from_slice(&text).ok()?;
    (entry.identity == *identity).then_some(entry.report)
}

/// A cache that cannot be written costs time only.
fn remember(path: &Path, entry: Entry) {
    let write = || -> std::io::Result<()> {
        let directory = path.parent().ok_or(std::io::ErrorKind::NotFound)?;
        std::fs::create_dir_all(directory)?;
        let mut file = tempfile::NamedTempFile::new_in(directory)?;
        file.write_all(&serde_json::to_vec(&entry)?)?;
        file.persist(path)?;
        Ok(())
    };
    drop(write());
}

fn ask(path: &Path) -> Result<Report, String> {
    let mut command = Command::new(path);
    // Ctrl-C goes to a whole process group, and an interrupted probe says nothing about its interpreter.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command
        .args(["-I", "-S", "-B", "-c", pybun_shims::PROBE])
        .env_remove("__PYVENV_LAUNCHER__")
        // It may be a script, which looks for more.
        .env("PATH", pybun_programs::absolute(std::env::var_os("PATH").as_deref()))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| reason(&error))?;
    let (sender, receiver) = mpsc::channel();
    let mut stdout = child.stdout.take().expect("stdout is piped").take(MAX_OUTPUT);
    let mut stderr = child.stderr.take().expect("stderr is piped").take(MAX_OUTPUT);
    std::thread::spawn(move || {
        let errors = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            drop(stderr.read_to_end(&mut bytes));
            bytes
        });
        let mut output = Vec::new();
        drop(stdout.read_to_end(&mut output));
        // The receiver is gone only when the time is over.
        drop(sender.send((output, errors.join().unwrap_or_default())));
    });
    let answer = receiver.recv_timeout(TIMEOUT);
    if answer.is_err() {
        drop(child.kill());
    }
    let status = child.wait().map_err(|error| reason(&error))?;
    let Ok((output, errors)) = answer else {
        return Err(format!("it did not answer within {} seconds", TIMEOUT.as_secs()));
    };
    let errors = String::from_utf8_lossy(&errors);
    if errors.contains("Unknown option: -I") {
        // Python 2, whose exact version does not matter.
        return Ok(Report { version: "2.7".to_owned(), facts: None });
    }
    let output = String::from_utf8_lossy(&output);
    let report = output.lines().last().and_then(|line| serde_json::from_str(line).ok());
    match report {
        Some(report) if status.success() => Ok(report),
        _ => {
            let line = errors.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
            let line: String = line.chars().take(300).collect();
            Err(if line.is_empty() { format!("it ended with {status} and said nothing") } else { line })
        }
    }
}

fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "it does not exist".to_owned(),
        std::io::ErrorKind::PermissionDenied => "it may not be run".to_owned(),
        _ => error.to_string(),
    }
}
