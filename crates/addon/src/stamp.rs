//! Stamps: what the launcher may do again without asking.

use crate::answer::{Outcome, answer};
use napi_derive::napi;
use pybun_engine::stamp::{Place, Ready};
use pybun_stamp::{Command, Kind, Settled, ToolRequest};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

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
    key: Option<String>,
    subject: String,
    configured_by: Option<String>,
    environment: EnvironmentWire,
    #[serde(default)]
    also: Vec<String>,
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
    let ready = Ready {
        kind: match wire.kind {
            KindWire::Project => Kind::Project,
            KindWire::Script => Kind::Script,
            KindWire::Tool => Kind::Tool,
        },
        key: wire.key,
        subject: wire.subject,
        configured_by: wire.configured_by,
        environment: Place {
            root: wire.environment.root,
            python: wire.environment.python,
            site_packages: wire.environment.site_packages,
        },
        also: wire.also,
        command: Command {
            program: wire.command.program,
            args: wire.command.args,
            set: wire.command.set.into_iter().collect(),
            unset: wire.command.unset,
            path_prefix: wire.command.path_prefix,
        },
        settled: wire.settled.map(|settled| Settled { text: settled.text, result: settled.result.to_string() }),
        // How many packages there are is not known here; the engine tells when it is asked.
        locked: None,
        unchanged: wire.unchanged.map(|UnchangedWire { path, text }| (path, text)),
    };
    pybun_engine::stamp::write(ready).map_err(|problem| vec![problem])?;
    Ok(Value::Null)
}
