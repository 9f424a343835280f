//! What a command says: the same words and the same envelope as the CLI's.

use crate::options::{Command, Options};
use crate::progress::Progress;
#[cfg(unix)]
use pybun_engine::files::WRITING;
use pybun_model::{Event, Phase, Unit, harmless, harmless_json};
use serde::Serialize;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

const MOST_NOTES: usize = 1000;

#[derive(Clone)]
pub struct Report {
    command: &'static str,
    json: bool,
    quiet: bool,
    started: Instant,
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    /// What the envelope tells of the way: the last word on each phase, and every note.
    events: Vec<Told>,
    progress: Progress,
    /// Something was said that only the CLI knows how to say.
    warned: bool,
    /// The last word is said.
    ended: bool,
}

/// How a command ended.
pub struct Done {
    /// The envelope's `result`, as JSON.
    pub result: String,
    pub summary: Vec<String>,
}

#[derive(Clone, Serialize)]
struct Told {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    phase: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    done: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<Option<u64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    at_ms: u64,
}

impl Report {
    pub fn new(options: &Options) -> Self {
        Self {
            command: match options.command {
                Command::Lock => "lock",
                Command::Install => "install",
            },
            json: options.json,
            quiet: options.quiet,
            started: Instant::now(),
            shared: Arc::new(Mutex::new(Shared {
                events: Vec::new(),
                progress: Progress::new(!options.json && !options.quiet && !options.no_progress),
                warned: false,
                ended: false,
            })),
        }
    }

    /// Takes events from any thread.
    pub fn emitter(&self) -> Arc<dyn Fn(Event) + Send + Sync> {
        let (shared, started, json) = (self.shared.clone(), self.started, self.json);
        Arc::new(move |event| {
            let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
            shared.warned |= matches!(event, Event::Warning(_));
            if json {
                keep(&mut shared.events, told(event, started.elapsed().as_millis() as u64));
            } else {
                shared.progress.show(&event);
            }
        })
    }

    pub fn has_warned(&self) -> bool {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner).warned
    }

    /// Takes progress away: the CLI begins again.
    pub fn abandon(&self) {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner).progress.clear();
    }

    pub fn end(&self, done: &Done) {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        shared.progress.end();
        shared.ended = true;
        let text = match (self.json, self.quiet) {
            (true, _) => self.envelope(&shared.events, r#""ok","exit_code":0"#, &done.result, ""),
            (false, true) => return,
            (false, false) => done.summary.iter().map(|line| format!("{}\n", harmless(line))).collect(),
        };
        let mut out = std::io::stdout().lock();
        // A reader that has gone away is no failure of ours.
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }

    /// Ends the process with the last word, unless that was said.
    #[cfg(unix)]
    pub fn interrupt(&self) {
        let _written = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if shared.ended {
            return;
        }
        shared.progress.end();
        if self.json {
            let diagnostic = format!(
                r#"{{"level":"error","code":"{INTERRUPTED}","error_type":"cli","message":"{INTERRUPTED_TEXT}"}}"#
            );
            let text = self.envelope(&shared.events, r#""error","exit_code":130"#, "null", &diagnostic);
            let mut out = std::io::stdout().lock();
            let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        } else {
            let (on, off) = if in_colour() { ("\x1b[31m", "\x1b[0m") } else { ("", "") };
            let text = format!("{on}error[{INTERRUPTED}]{off}: {INTERRUPTED_TEXT}\n");
            let _ = std::io::stderr().write_all(text.as_bytes());
        }
        std::process::exit(130);
    }

    fn envelope(&self, events: &[Told], status: &str, result: &str, diagnostics: &str) -> String {
        let events = text_of(&events);
        let text = format!(
            concat!(
                r#"{{"version":1,"command":"{}","duration_ms":{},"events":{},"#,
                r#""status":{},"result":{},"diagnostics":[{}]}}"#,
                "\n"
            ),
            self.command,
            self.started.elapsed().as_millis(),
            events,
            status,
            result,
            diagnostics
        );
        harmless_json(&text).into_owned()
    }
}

#[cfg(unix)]
const INTERRUPTED: &str = "cli/interrupted";
#[cfg(unix)]
const INTERRUPTED_TEXT: &str = "Interrupted; no file was left half-written";

#[cfg(unix)]
fn in_colour() -> bool {
    use std::io::IsTerminal;
    let is = |name: &str, expected: fn(&str) -> bool| std::env::var(name).is_ok_and(|value| expected(&value));
    std::io::stderr().is_terminal()
        && !is("NO_COLOR", |value| !value.is_empty())
        && !is("TERM", |value| value == "dumb")
}

fn keep(events: &mut Vec<Told>, told: Told) {
    if told.phase.is_some() {
        events.retain(|other| other.phase != told.phase);
    } else if events.len() >= MOST_NOTES {
        return;
    }
    events.push(told);
}

/// A value as JSON.
pub fn text_of(result: &impl Serialize) -> String {
    serde_json::to_string(result).expect("paths of a plain project are text, and all else is too")
}

fn told(event: Event, at_ms: u64) -> Told {
    match event {
        Event::Progress { phase, name, done, total, unit } => Told {
            kind: "progress",
            phase: Some(match phase {
                Phase::Resolve => "resolve",
                Phase::Download => "download",
                Phase::Build => "build",
                Phase::Link => "link",
            }),
            name: Some(name),
            done: Some(done),
            total: Some(total),
            unit: Some(match unit {
                Unit::Packages => "packages",
                Unit::Bytes => "bytes",
                Unit::Files => "files",
            }),
            code: None,
            message: None,
            at_ms,
        },
        Event::Note { code, message } => note(code, message, at_ms),
        // Whoever asks for what may warn leaves it to the CLI, which shows warnings.
        Event::Warning(problem) => note(problem.code, problem.message, at_ms),
    }
}

fn note(code: &'static str, message: String, at_ms: u64) -> Told {
    Told {
        kind: "note",
        phase: None,
        name: None,
        done: None,
        total: None,
        unit: None,
        code: Some(code),
        message: Some(message),
        at_ms,
    }
}
