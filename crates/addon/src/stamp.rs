//! Stamps: what the launcher may do again without asking.

use crate::answer::{Outcome, answer};
use napi_derive::napi;
use pybun_model::Problem;
use pybun_stamp::{Command, Environment, Fact, Kind, Settled, Stamp, ToolRequest};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum KeyWire {
    Script {
        script: String,
        python: Option<String>,
        configured_by: Option<String>,
    },
    Tool {
        command: String,
        from: Option<String>,
        with: Vec<String>,
        python: Option<String>,
        index_url: Option<String>,
        extra_index_urls: Vec<String>,
        configured_by: Option<String>,
    },
}

/// The name of the directory below `envs/scripts` or `envs/tools`.
#[napi(catch_unwind)]
pub fn stamp_key(request: String) -> napi::Result<String> {
    answer(&request, |wire| {
        let key = match wire {
            KeyWire::Script { script, python, configured_by } => {
                pybun_stamp::script_key(&script, python.as_deref(), configured_by.as_deref())
            }
            KeyWire::Tool { command, from, with, python, index_url, extra_index_urls, configured_by } => {
                pybun_stamp::tool_key(&ToolRequest {
                    command,
                    from,
                    with,
                    python,
                    index_url,
                    extra_index_urls,
                    configured_by,
                })
            }
        };
        Ok(json!({ "key": key }))
    })
}

#[derive(Deserialize)]
struct StampWire {
    kind: KindWire,
    path: PathBuf,
    subject: String,
    configured_by: Option<String>,
    environment: EnvironmentWire,
    user_config: Option<String>,
    command: CommandWire,
    settled: Option<SettledWire>,
    /// What was decided on; a file that has changed since then must not be vouched for.
    unchanged: Option<UnchangedWire>,
}

#[derive(Deserialize)]
struct UnchangedWire {
    path: PathBuf,
    text: String,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum KindWire {
    Project,
    Script,
    Tool,
}

#[derive(Deserialize)]
struct EnvironmentWire {
    root: String,
    python: String,
    site_packages: String,
}

#[derive(Deserialize)]
struct CommandWire {
    program: String,
    args: Vec<String>,
    set: BTreeMap<String, String>,
    unset: Vec<String>,
    path_prefix: Option<String>,
}

#[derive(Deserialize)]
struct SettledWire {
    text: String,
    result: Value,
}

#[napi(catch_unwind)]
pub fn stamp_write(request: String) -> napi::Result<String> {
    answer(&request, write)
}

fn write(wire: StampWire) -> Outcome {
    let environment = Environment {
        root: &wire.environment.root,
        python: &wire.environment.python,
        site_packages: &wire.environment.site_packages,
    };
    let (configured_by, user_config) = (wire.configured_by.as_deref(), wire.user_config.as_deref());
    let (kind, watched) = match wire.kind {
        KindWire::Project => (Kind::Project, pybun_stamp::project_inputs(&wire.subject, environment, user_config)),
        KindWire::Script => {
            (Kind::Script, pybun_stamp::script_inputs(&wire.subject, environment, configured_by, user_config))
        }
        KindWire::Tool => {
            (Kind::Tool, pybun_stamp::tool_inputs(&wire.command.program, environment, configured_by, user_config))
        }
    };
    let mut facts = Vec::with_capacity(watched.len());
    for path in watched {
        let fact = Fact::of(&std::fs::metadata(&path))
            .ok_or_else(|| vec![not_written(&wire.path, "it cannot see its inputs")])?;
        facts.push((path, fact));
    }
    if let Some(UnchangedWire { path, text }) = &wire.unchanged
        && std::fs::read(path).ok().as_deref() != Some(text.as_bytes())
    {
        return Err(vec![not_written(&wire.path, "the manifest was edited in the meantime")]);
    }
    let stamp = Stamp {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        kind,
        subject: wire.subject,
        configured_by: wire.configured_by,
        env: pybun_stamp::digest(std::env::vars_os()),
        expires: None,
        facts,
        command: Command {
            program: wire.command.program,
            args: wire.command.args,
            set: wire.command.set.into_iter().collect(),
            unset: wire.command.unset,
            path_prefix: wire.command.path_prefix,
        },
        settled: wire.settled.map(|settled| Settled { text: settled.text, result: settled.result.to_string() }),
    };
    save(&wire.path, &stamp.to_text()).map_err(|error| vec![not_written(&wire.path, &error.to_string())])?;
    Ok(Value::Null)
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
