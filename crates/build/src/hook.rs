//! Calls one hook of a backend in a child process.

use crate::backend::Backend;
use crate::child::run;
use crate::log::Log;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::{Command, ExitStatus};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hook {
    WheelRequires,
    EditableRequires,
    Metadata,
    Wheel,
    Editable,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum Answer {
    Done {
        value: Value,
    },
    /// The backend has no such hook.
    Missing,
    Unsupported {
        message: String,
    },
    NoBackend {
        message: String,
    },
    Failed {
        message: String,
    },
}

#[derive(Serialize)]
struct Request<'a> {
    hook: &'static str,
    backend: &'a str,
    backend_path: &'a [String],
    directory: Option<&'a Path>,
    config_settings: &'a Map<String, Value>,
}

/// Where and with what a hook runs.
pub(crate) struct Setting<'a> {
    pub python: &'a Path,
    pub scripts: &'a Path,
    pub environment_root: &'a Path,
    /// The source tree.
    pub tree: &'a Path,
    /// For the files of the conversation.
    pub scratch: &'a Path,
    pub variables: &'a BTreeMap<String, String>,
    pub config_settings: &'a Map<String, Value>,
}

const MAX_ANSWER: u64 = 16 << 20;

/// Calls `hook` of `backend`; `directory` is where it puts what it makes. The child ends with the future.
pub(crate) async fn call(
    hook: Hook,
    backend: &Backend,
    directory: Option<&Path>,
    setting: &Setting<'_>,
    log: &Log,
) -> io::Result<Answer> {
    let files = tempfile::Builder::new().prefix("hook-").tempdir_in(setting.scratch)?;
    let [runner, request, answer] =
        ["build_runner.py", "request.json", "answer.json"].map(|name| files.path().join(name));
    std::fs::write(&runner, pybun_shims::BUILD_RUNNER)?;
    let config_settings = setting.config_settings;
    let content =
        Request { hook: hook.name(), backend: &backend.spec, backend_path: &backend.path, directory, config_settings };
    std::fs::write(&request, serde_json::to_vec(&content)?)?;
    log.put(format!("# {} of {}\n", hook.name(), backend.spec).as_bytes());
    let mut command = Command::new(setting.python);
    command.arg("-I").args([&runner, &request, &answer]).current_dir(setting.tree);
    command.env_clear().envs(variables(setting));
    let status = run(command, log).await?;
    Ok(read_answer(&answer, status))
}

fn read_answer(path: &Path, status: ExitStatus) -> Answer {
    let bytes = pybun_files::read(path, MAX_ANSWER).ok();
    match bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()) {
        Some(answer) => answer,
        None => Answer::Failed { message: format!("the process of the backend ended without an answer ({status})") },
    }
}

/// The caller's variables without those that would let other packages in, and with the build environment first.
fn variables(setting: &Setting) -> BTreeMap<String, String> {
    let mut variables = setting.variables.clone();
    for name in ["PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONUSERBASE", "__PYVENV_LAUNCHER__", "CONDA_PREFIX"] {
        variables.remove(name);
    }
    // Its working directory is the source tree, where no compiler is to be looked for.
    let old = pybun_programs::directories(variables.get("PATH").map(AsRef::as_ref));
    let path = std::env::join_paths(std::iter::once(setting.scripts.to_owned()).chain(old));
    if let Ok(path) = path {
        variables.insert("PATH".to_owned(), path.to_string_lossy().into_owned());
    }
    variables.insert("VIRTUAL_ENV".to_owned(), setting.environment_root.display().to_string());
    variables.insert("PYTHONNOUSERSITE".to_owned(), "1".to_owned());
    variables.insert("PYTHONIOENCODING".to_owned(), "utf-8".to_owned());
    variables
}

impl Hook {
    pub fn name(self) -> &'static str {
        match self {
            Self::WheelRequires => "get_requires_for_build_wheel",
            Self::EditableRequires => "get_requires_for_build_editable",
            Self::Metadata => "prepare_metadata_for_build_wheel",
            Self::Wheel => "build_wheel",
            Self::Editable => "build_editable",
        }
    }
}
