//! Writing stamps: what the launcher may do again without asking.

use pybun_model::{Problem, harmless_json, harmless_lines};
use pybun_stamp::{Command, Environment, Fact, Kind, Settled, Stamp};
use std::io::Write;
use std::path::{Path, PathBuf};

/// What is ready, and what the launcher does then.
pub struct Ready {
    pub kind: Kind,
    /// The file to write.
    pub path: PathBuf,
    /// The project's root, the script's absolute path, or the tool's key.
    pub subject: String,
    pub configured_by: Option<String>,
    pub environment: Place,
    /// Where the user's own configuration is or would be.
    pub user_config: Option<String>,
    /// Further files that must stay as they are, or stay away.
    pub also: Vec<String>,
    pub command: Command,
    pub settled: Option<Settled>,
    pub locked: Option<Settled>,
    /// What was decided on, and its text; a file that has changed since then must not be vouched for.
    pub unchanged: Option<(PathBuf, String)>,
}

/// The parts of an environment that a stamp watches.
pub struct Place {
    pub root: String,
    pub python: String,
    pub site_packages: String,
}

/// Writes the stamp in one step. A failure costs the next start some time and nothing else.
pub fn write(ready: Ready) -> Result<(), Problem> {
    let Place { root, python, site_packages } = &ready.environment;
    let environment = Environment { root, python, site_packages };
    let (configured_by, user_config) = (ready.configured_by.as_deref(), ready.user_config.as_deref());
    let mut watched = match ready.kind {
        Kind::Project => pybun_stamp::project_inputs(&ready.subject, environment, user_config),
        Kind::Script => pybun_stamp::script_inputs(&ready.subject, environment, configured_by, user_config),
        Kind::Tool => pybun_stamp::tool_inputs(&ready.command.program, environment, configured_by, user_config),
    };
    watched.extend(ready.also);
    let mut facts = Vec::with_capacity(watched.len());
    for path in watched {
        let fact =
            Fact::of(&std::fs::metadata(&path)).ok_or_else(|| not_written(&ready.path, "it cannot see its inputs"))?;
        facts.push((path, fact));
    }
    if let Some((path, text)) = &ready.unchanged
        && std::fs::read(path).ok().as_deref() != Some(text.as_bytes())
    {
        return Err(not_written(&ready.path, "the manifest was edited in the meantime"));
    }
    let stamp = Stamp {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        kind: ready.kind,
        subject: ready.subject,
        configured_by: ready.configured_by,
        env: pybun_stamp::digest(std::env::vars_os()),
        expires: None,
        facts,
        command: ready.command,
        settled: ready.settled.map(harmless),
        locked: ready.locked.map(harmless),
    };
    save(&ready.path, &stamp.to_text()).map_err(|error| not_written(&ready.path, &error.to_string()))
}

/// The launcher prints it as it is.
fn harmless(Settled { text, result }: Settled) -> Settled {
    Settled { text: harmless_lines(&text).into_owned(), result: harmless_json(&result).into_owned() }
}

/// Replaces the file in one step. Nothing is forced to the disk: a lost stamp is only made again.
fn save(path: &Path, text: &str) -> std::io::Result<()> {
    let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
    let written = std::fs::File::create(&temporary)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .and_then(|()| std::fs::rename(&temporary, path));
    if written.is_err() {
        // The first error is the one to tell.
        let _ = std::fs::remove_file(&temporary);
    }
    written
}

fn not_written(path: &Path, why: &str) -> Problem {
    let shown = path.display().to_string();
    Problem::new("stamp/not-written", format!("{shown} was not written: {why}"))
        .hint("Everything works; the next start is only slower")
        .with("path", shown)
}
