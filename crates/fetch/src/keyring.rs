//! Passwords from the program `keyring`, which knows the system's keychain.

use crate::Environment;
use crate::credentials::origin;
use crate::redact::{place, without_credentials};
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::OnceCell;
use url::Url;

/// It may have to ask a person to unlock something.
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(10);
/// No password is longer.
const MAX_PASSWORD: u64 = 64 << 10;

type Cell = Arc<OnceCell<Option<String>>>;

/// The program, and the PATH on which it finds what it starts itself.
#[derive(Clone)]
struct Program {
    file: PathBuf,
    path: OsString,
}

/// Each user of each origin is asked for once in a process.
pub(crate) struct Keyring {
    program: Option<Program>,
    known: Mutex<HashMap<(String, String), Cell>>,
}

impl Keyring {
    pub(crate) fn new(environment: &Environment) -> Self {
        Self { program: find(environment), known: Mutex::default() }
    }

    /// `keyring get SERVICE USER`, the service being the URL as it was configured, then its host, as pip asks.
    pub(crate) async fn password(&self, url: &Url, user: &str) -> Option<String> {
        let program = self.program.clone()?;
        let cell = {
            let mut known = self.known.lock().expect("no code panics while it holds this lock");
            known.entry((origin(url), user.to_owned())).or_default().clone()
        };
        let services = [without_credentials(url).to_string(), place(url)];
        let user = user.to_owned();
        let ask = async move || {
            let work = move || services.iter().find_map(|service| run(&program, service, &user));
            tokio::task::spawn_blocking(work).await.ok().flatten()
        };
        cell.get_or_init(ask).await.clone()
    }
}

fn find(environment: &Environment) -> Option<Program> {
    let path = environment.get("PATH").map(OsStr::new);
    let active = environment.get("VIRTUAL_ENV").map(OsStr::new);
    Some(Program { file: pybun_programs::find("keyring", path, active)?, path: pybun_programs::absolute(path) })
}

fn run(program: &Program, service: &str, user: &str) -> Option<String> {
    let mut command = Command::new(&program.file);
    command.args(["get", service, user]).env("PATH", &program.path);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let began = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if began.elapsed() < PATIENCE => std::thread::sleep(POLL),
            _ => {
                // Nothing is left to do with a child that is gone already.
                let _ = child.kill().and_then(|()| child.wait());
                return None;
            }
        }
    };
    let mut text = String::new();
    child.stdout.take()?.take(MAX_PASSWORD).read_to_string(&mut text).ok()?;
    let password = text.trim_end_matches(['\r', '\n']);
    (status.success() && !password.is_empty()).then(|| password.to_owned())
}
