use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use pybun_project::{Found, Me, Room, State, find, user_configuration};
use pybun_stamp::{
    Command, Fact, Kind, MAX_BYTES, MAX_SOURCE_BYTES, Seen, Settled, Stamp, ToolRequest, absolute, digest,
    has_script_block, mentions_pybun, parse, project_key, script_key, tool_key,
};

use crate::VERSION;
use crate::route::Target;

/// A manifest above this size is not read here.
const MAX_MANIFEST_BYTES: u64 = 1 << 20;

/// The recorded answer of `install`, when there is nothing to do in the project around.
pub fn install() -> Option<Settled> {
    project_stamp(&env::current_dir().ok()?)?.settled
}

/// The same of `lock`.
pub fn lock() -> Option<Settled> {
    project_stamp(&env::current_dir().ok()?)?.locked
}

/// The command of `run`, with everything but the program's own arguments, when its environment is ready.
pub fn run(target: &Target) -> Option<Command> {
    let cwd = env::current_dir().ok()?;
    match target {
        Target::Python(args) => {
            let mut command = project_stamp(&cwd)?.command;
            for arg in args {
                command.args.push(arg.to_str()?.to_owned());
            }
            Some(command)
        }
        Target::Named(name) if is_source(name) => run_file(&cwd, name.to_str()?),
        Target::Named(name) => run_console_script(&cwd, name.to_str()?),
    }
}

/// The command of `x`, when the tool's environment is ready. The project around has no say in it.
pub fn tool(request: &ToolRequest) -> Option<Command> {
    let key = tool_key(request);
    holding(&key, Kind::Tool, &key, None).map(|stamp| stamp.command)
}

/// A file with its own `script` block never runs in the project's environment.
fn run_file(cwd: &Path, name: &str) -> Option<Command> {
    let file = absolute(cwd, Path::new(name));
    let mut command = match script_stamp(cwd, &file) {
        Some(stamp) => stamp.command,
        None if has_script_block(&pybun_files::read(&file, MAX_SOURCE_BYTES).ok()?) => return None,
        None => project_stamp(cwd)?.command,
    };
    command.args.push(name.to_owned());
    Some(command)
}

/// A name that is also a file here is left to the CLI.
fn run_console_script(cwd: &Path, name: &str) -> Option<Command> {
    if name.contains(['/', '\\', ':']) || matches!(name, "." | "..") || cwd.join(name).exists() {
        return None;
    }
    let mut command = project_stamp(cwd)?.command;
    let program = Path::new(command.path_prefix.as_deref()?).join(executable_name(name));
    if !program.is_file() {
        return None;
    }
    command.program = text(&program)?;
    command.args.clear();
    Some(command)
}

fn script_stamp(cwd: &Path, file: &Path) -> Option<Stamp> {
    let subject = text(file)?;
    let configured_by = configuration(cwd)?;
    let key = script_key(&subject, None, configured_by.as_deref());
    holding(&key, Kind::Script, &subject, configured_by.as_deref())
}

/// The root of the project around `cwd` whose own configuration counts for scripts; one that has none does not. None for a
/// root that no stamp can name.
fn configuration(cwd: &Path) -> Option<Option<String>> {
    let root = match find(cwd, &me()) {
        Found::Project(root) => root,
        // The CLI says whose it is.
        Found::Foreign(_) => return None,
        Found::Nothing => return Some(None),
    };
    let configures = root.join(".pybun/config.toml").exists()
        || pybun_files::read(&root.join("pyproject.toml"), MAX_MANIFEST_BYTES)
            .map_or(true, |text| mentions_pybun(&text));
    if configures { text(root).map(Some) } else { Some(None) }
}

fn project_stamp(cwd: &Path) -> Option<Stamp> {
    let Found::Project(root) = find(cwd, &me()) else { return None };
    let subject = text(root)?;
    holding(&project_key(&subject), Kind::Project, &subject, None)
}

/// The stamp that the state has under `key`, if all that it records holds.
fn holding(key: &str, kind: Kind, subject: &str, configured_by: Option<&str>) -> Option<Stamp> {
    let me = me();
    let env = digest(env::vars_os());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    let user_config = Fact::of(&fs::metadata(user_configuration(&variable)?))?;
    let state = State::new(&variable, &me)?;
    state.read(Room::Stamps, key, MAX_BYTES as u64).find_map(|kept| {
        let stamp = parse(&kept.bytes).ok()?;
        let inode = kept.inode;
        let seen = Seen { version: VERSION, kind, subject, configured_by, env: &env, now, user_config, inode };
        stamp.check(seen, |path| Fact::of(&fs::metadata(path))).ok()?;
        Some(stamp)
    })
}

/// The user's configuration may admit further directories, which only the CLI reads.
fn me() -> Me {
    Me::new(&variable, [])
}

fn variable(name: &str) -> Option<OsString> {
    env::var_os(name)
}

fn is_source(name: &OsStr) -> bool {
    PathBuf::from(name).extension().is_some_and(|extension| extension == "py" || extension == "pyw")
}

fn executable_name(name: &str) -> String {
    format!("{name}{}", env::consts::EXE_SUFFIX)
}

fn text(path: impl AsRef<Path>) -> Option<String> {
    path.as_ref().to_str().map(str::to_owned)
}
