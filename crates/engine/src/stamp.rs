//! Writing stamps: what the launcher may do again without asking.

use pybun_model::{Problem, harmless_json, harmless_lines};
use pybun_project::{Me, Room, State, user_configuration, variable};
use pybun_stamp::{Command, Environment, Fact, Kind, Settled, Stamp, project_key};
use std::path::PathBuf;

/// What is ready, and what the launcher does then.
pub struct Ready {
    pub kind: Kind,
    /// The key of a script or a tool; a project is known by its root.
    pub key: Option<String>,
    /// The project's root, the script's absolute path, or the tool's key.
    pub subject: String,
    pub configured_by: Option<String>,
    pub environment: Place,
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

/// Writes the stamp into the state in one step. A failure costs the next start some time and nothing else.
pub fn write(ready: Ready) -> Result<(), Problem> {
    let Place { root, python, site_packages } = &ready.environment;
    let environment = Environment { root, python, site_packages };
    let configured_by = ready.configured_by.as_deref();
    let mut watched = match ready.kind {
        Kind::Project => pybun_stamp::project_inputs(&ready.subject, environment),
        Kind::Script => pybun_stamp::script_inputs(&ready.subject, environment, configured_by),
        Kind::Tool => pybun_stamp::tool_inputs(&ready.command.program, environment, configured_by),
    };
    watched.extend(ready.also);
    let subject = ready.subject.clone();
    let unseen = || not_written(&subject, "its inputs cannot be looked at");
    let fact = |path: &std::path::Path| Fact::of(&std::fs::metadata(path)).ok_or_else(unseen);
    let mut facts = Vec::with_capacity(watched.len());
    for path in watched {
        let seen = fact(path.as_ref())?;
        facts.push((path, seen));
    }
    if let Some((path, text)) = &ready.unchanged
        && std::fs::read(path).ok().as_deref() != Some(text.as_bytes())
    {
        return Err(not_written(&subject, "the manifest was edited in the meantime"));
    }
    let no_home = || not_written(&subject, "no home is known");
    let stamp = Stamp {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        kind: ready.kind,
        subject: ready.subject,
        configured_by: ready.configured_by,
        env: pybun_stamp::digest(std::env::vars_os()),
        expires: None,
        facts,
        user_config: fact(&user_configuration(&variable).ok_or_else(no_home)?)?,
        inode: 0,
        command: ready.command,
        settled: ready.settled.map(harmless),
        locked: ready.locked.map(harmless),
    };
    let state = State::new(&variable, &Me::new(&variable, [])).ok_or_else(no_home)?;
    let key = ready.key.unwrap_or_else(|| project_key(&stamp.subject));
    let written = state.write(Room::Stamps, &key, |inode| Stamp { inode, ..stamp }.to_text());
    written.map_err(|error| not_written(&subject, &error.to_string()))
}

/// The launcher prints it as it is.
fn harmless(Settled { text, result }: Settled) -> Settled {
    Settled { text: harmless_lines(&text).into_owned(), result: harmless_json(&result).into_owned() }
}

fn not_written(subject: &str, why: &str) -> Problem {
    Problem::new("stamp/not-written", format!("What is ready in {subject} was not noted: {why}"))
        .hint("Everything works; the next start is only slower")
        .with("subject", subject)
}
