//! The launcher as a program: what is ready is executed, everything else becomes the CLI.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test; the workspace permits it in test functions, not in their helpers")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

use pybun_project::{Me, Room, State};
use pybun_stamp::{
    Command as Recorded, Environment, Fact, Kind, Settled, Stamp, ToolRequest, digest, project_inputs, project_key,
    script_inputs, script_key, tool_inputs, tool_key,
};

const SCRIPT: &str = "# /// script\n# dependencies = []\n# ///\n";

/// A home, a project that is ready, and a `node` that says `cli` with its arguments.
struct Place {
    root: PathBuf,
}

impl Place {
    fn new() -> Place {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("pybun-settled-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let root = fs::canonicalize(std::env::temp_dir()).unwrap().join(name);
        let place = Place { root };
        place.program("bin/node", "echo cli \"$@\"");
        place.environment("project/.pybun/venv");
        place.file("project/pyproject.toml", "[project]\nname = 'demo'\n");
        place.file("project/pybun.lockb", "lock");
        place.file("project/app.py", "");
        place.file("cli.js", "");
        let project = place.at("project");
        let inputs = project_inputs(&project, place.parts("project/.pybun/venv").borrow());
        let settled = Settled { text: "Nothing to do\n".into(), result: r#"{"installed":[]}"#.into() };
        place.stamp("project/.pybun/venv", &project_key(&project), (Kind::Project, &project), &inputs, Some(settled));
        place
    }

    fn at(&self, path: &str) -> String {
        self.root.join(path).to_str().unwrap().to_owned()
    }

    fn file(&self, path: &str, text: &str) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn program(&self, path: &str, text: &str) {
        self.file(path, &format!("#!/bin/sh\n{text}\n"));
        fs::set_permissions(self.root.join(path), fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn environment(&self, path: &str) {
        self.file(&format!("{path}/pyvenv.cfg"), "");
        self.program(&format!("{path}/bin/python"), "echo python $VIRTUAL_ENV \"$@\"");
        self.program(&format!("{path}/bin/tool"), "echo tool ${PATH%%:*} \"$@\"");
        fs::create_dir_all(self.root.join(path).join("site-packages")).unwrap();
    }

    fn parts(&self, environment: &str) -> Parts {
        let root = self.at(environment);
        Parts { python: format!("{root}/bin/python"), site_packages: format!("{root}/site-packages"), root }
    }

    /// Says that `environment` is ready.
    fn stamp(
        &self,
        environment: &str,
        key: &str,
        (kind, subject): (Kind, &str),
        inputs: &[String],
        settled: Option<Settled>,
    ) {
        let root = self.at(environment);
        let program = if kind == Kind::Tool { "tool" } else { "python" };
        let stamp = Stamp {
            version: env!("CARGO_PKG_VERSION").into(),
            kind,
            subject: subject.into(),
            configured_by: None,
            env: digest(std::iter::empty::<(&str, &str)>()),
            expires: None,
            facts: inputs.iter().map(|path| (path.clone(), Fact::of(&fs::metadata(path)).unwrap())).collect(),
            command: Recorded {
                program: format!("{root}/bin/{program}"),
                set: vec![("VIRTUAL_ENV".into(), "active".into())],
                path_prefix: Some(format!("{root}/bin")),
                ..Recorded::default()
            },
            user_config: Fact::Absent,
            inode: 0,
            settled,
            locked: None,
        };
        self.state().write(Room::Stamps, key, |inode| Stamp { inode, ..stamp }.to_text()).unwrap();
    }

    fn state(&self) -> State {
        let home = self.root.join("home");
        let env = |name: &str| (name == "HOME").then(|| home.clone().into());
        State::new(&env, &Me::new(&env, [])).unwrap()
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pybun"));
        command.args(line.split(' ')).current_dir(self.root.join("project")).env_clear();
        command.env("HOME", self.at("home")).env("PATH", self.at("bin")).env("PYBUN_CLI", "cli.js");
        command
    }

    fn says(&self, line: &str) -> String {
        said(self.command(line).output().unwrap())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.root).unwrap();
    }
}

struct Parts {
    root: String,
    python: String,
    site_packages: String,
}

impl Parts {
    fn borrow(&self) -> Environment<'_> {
        Environment { root: &self.root, python: &self.python, site_packages: &self.site_packages }
    }
}

fn said(output: Output) -> String {
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_ready_project_starts_no_node() {
    let place = Place::new();
    assert_eq!(place.says("--version"), format!("pybun {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(place.says("install"), "Nothing to do\n");
    assert_eq!(place.says("install --quiet"), "");
    assert_eq!(
        place.says("install --format=json"),
        concat!(
            r#"{"version":1,"command":"install","status":"ok","exit_code":0,"duration_ms":0,"#,
            r#""result":{"installed":[]},"events":[],"diagnostics":[]}"#,
            "\n"
        )
    );
    assert_eq!(place.says("run app.py --format=json"), "python active app.py --format=json\n");
    assert_eq!(place.says("run -m pkg a"), "python active -m pkg a\n");
    assert_eq!(place.says("run - a"), "python active - a\n");
    assert_eq!(place.says("run tool -x"), format!("tool {} -x\n", place.at("project/.pybun/venv/bin")));
}

#[test]
fn it_is_found_from_below_the_root() {
    let place = Place::new();
    place.file("project/src/deep/a.py", "");
    let mut command = place.command("run a.py");
    assert_eq!(
        said(command.current_dir(place.root.join("project/src/deep")).output().unwrap()),
        "python active a.py\n"
    );
}

#[test]
fn every_change_leads_to_the_cli() {
    let changes: [fn(&Place); 8] = [
        |place| place.file("project/pyproject.toml", "[project]\nname = 'other'\n"),
        |place| place.file("project/pybun.lockb", "other lock"),
        |place| place.file("project/.pybun/config.toml", ""),
        |place| place.file("project/.python-version", "3.12"),
        |place| place.file("project/.pybun/venv/site-packages/x.py", ""),
        |place| fs::remove_dir_all(place.root.join("project/.pybun/venv")).unwrap(),
        |place| place.file("home/.config/pybun/config.toml", ""),
        |place| fs::remove_dir_all(place.state().own_directory()).unwrap(),
    ];
    for (index, change) in changes.iter().enumerate() {
        let place = Place::new();
        change(&place);
        assert_eq!(place.says("install"), "cli cli.js install\n", "change {index}");
        assert_eq!(place.says("run app.py a"), "cli cli.js run app.py a\n", "change {index}");
    }
}

/// A stamp that comes with a repository, or that others may write, is none.
#[test]
fn only_the_state_is_believed() {
    let place = Place::new();
    let state = place.state().own_directory().to_owned();
    fs::set_permissions(&state, fs::Permissions::from_mode(0o777)).unwrap();
    assert_eq!(place.says("install"), "cli cli.js install\n");
    fs::set_permissions(&state, fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(place.says("install"), "Nothing to do\n");
    let moved = place.root.join("project/.pybun/state");
    fs::rename(&state, &moved).unwrap();
    assert_eq!(place.says("install"), "cli cli.js install\n");
    let stranger = [place.root.join("project"), place.root.join("project/pyproject.toml")];
    fs::rename(&moved, &state).unwrap();
    for path in stranger {
        // Only root can give files away.
        if std::os::unix::fs::chown(&path, Some(65534), None).is_ok() {
            assert_eq!(place.says("install"), "cli cli.js install\n");
            assert_eq!(place.says("run app.py"), "cli cli.js run app.py\n");
            std::os::unix::fs::chown(&path, Some(0), None).unwrap();
        }
    }
}

#[test]
fn variables_that_count_lead_to_the_cli() {
    let place = Place::new();
    for (name, value) in [("PYBUN_NO_LAUNCHER", "1"), ("PYBUN_TRACE", "1"), ("PIP_INDEX_URL", "http://localhost/")] {
        assert_eq!(said(place.command("install").env(name, value).output().unwrap()), "cli cli.js install\n", "{name}");
    }
    assert_eq!(said(place.command("install").env("VIRTUAL_ENV", "/v").output().unwrap()), "Nothing to do\n");
}

#[test]
fn what_it_does_not_know_leads_to_the_cli() {
    let place = Place::new();
    for line in ["add flask", "run --python 3.12 app.py", "run missing.py", "run missing", "install --verify", "x tool"]
    {
        assert_eq!(place.says(line), format!("cli cli.js {line}\n"));
    }
}

#[test]
fn a_script_never_runs_in_the_projects_environment() {
    let place = Place::new();
    place.file("project/hi.py", SCRIPT);
    assert_eq!(place.says("run hi.py a"), "cli cli.js run hi.py a\n");

    let script = place.at("project/hi.py");
    let directory = format!("home/.cache/pybun/envs/scripts/{}", script_key(&script, None, None));
    place.environment(&directory);
    let inputs = script_inputs(&script, place.parts(&directory).borrow(), None);
    place.stamp(&directory, &script_key(&script, None, None), (Kind::Script, &script), &inputs, None);
    assert_eq!(place.says("run ./hi.py a"), "python active ./hi.py a\n");

    place.file("project/hi.py", &format!("{SCRIPT}print()\n"));
    assert_eq!(place.says("run hi.py a"), "cli cli.js run hi.py a\n");
}

#[test]
fn a_tool_that_is_ready_runs() {
    let place = Place::new();
    let key = tool_key(&ToolRequest { command: "tool".into(), ..ToolRequest::default() });
    let directory = format!("home/.cache/pybun/envs/tools/{key}");
    place.environment(&directory);
    let executable = place.at(&format!("{directory}/bin/tool"));
    let inputs = tool_inputs(&executable, place.parts(&directory).borrow(), None);
    place.stamp(&directory, &key, (Kind::Tool, &key), &inputs, None);
    assert_eq!(place.says("x tool a"), format!("tool {} a\n", place.at(&format!("{directory}/bin"))));
    assert_eq!(place.says("x tool@2 a"), "cli cli.js x tool@2 a\n");

    place.file("project/.pybun/config.toml", "");
    let ready = format!("tool {} a\n", place.at(&format!("{directory}/bin")));
    assert_eq!(place.says("x tool a"), ready, "the project around has no say in a tool");
}

#[test]
fn without_node_it_says_so() {
    let place = Place::new();
    let output = place.command("add flask").env("PATH", "/nonexistent").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    assert!(String::from_utf8(output.stderr).unwrap().contains("[launcher/no-node]"));
}
