use std::env;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::answer::{self, Problem};
use crate::engine;
use crate::exec::replace;

/// Becomes the CLI with the same arguments; if that cannot be, tells why.
pub fn exec(args: Vec<OsString>) -> ExitCode {
    let Some(cli) = find() else { return answer::problem(&args, &no_cli()) };
    let Some(node) = node() else {
        return answer::problem(&args, &no_node(&io::ErrorKind::NotFound.into()));
    };
    let mut command = Command::new(node);
    command.arg(cli).args(&args).env_remove(engine::CLI);
    match replace(command) {
        Ok(code) => code,
        Err(error) => answer::problem(&args, &no_node(&error)),
    }
}

/// Node may be installed into the active environment alone (nodeenv); another one is taken first.
fn node() -> Option<PathBuf> {
    let (path, active) = (env::var_os("PATH"), env::var_os("VIRTUAL_ENV"));
    let find = |active| pybun_programs::find("node", path.as_deref(), active);
    find(active.as_deref()).or_else(|| find(None))
}

/// `cli.js` of the package that this launcher belongs to. The path given at the start comes first: in a package
/// manager's store the real directory of the launcher has no main package beside it.
pub fn find() -> Option<PathBuf> {
    if let Some(cli) = env::var_os("PYBUN_CLI").or_else(|| env::var_os(engine::CLI)).filter(|path| !path.is_empty()) {
        return Some(cli.into());
    }
    let given = given_path();
    let link = given
        .as_deref()
        .and_then(|given| fs::read_link(given).ok().map(|target| given.parent().unwrap_or(Path::new("")).join(target)));
    let real = given.as_deref().and_then(|given| fs::canonicalize(given).ok());
    [given, link, real, env::current_exe().ok()].into_iter().flatten().find_map(|path| beside(&path))
}

/// `cli.js` in the main package beside `@pybun/<platform>/pybun`, or around the `node_modules` that holds it.
fn beside(launcher: &Path) -> Option<PathBuf> {
    let holder = launcher.ancestors().find(|path| path.file_name().is_some_and(|name| name == "@pybun"))?.parent()?;
    [holder.join("pybun/cli.js"), holder.join("../cli.js")].into_iter().find(|cli| cli.is_file())
}

/// The path by which this program was started, links not followed.
#[cfg(target_os = "linux")]
fn given_path() -> Option<PathBuf> {
    use std::ffi::{CStr, OsStr};
    use std::os::unix::ffi::OsStrExt;

    // SAFETY: getauxval has no preconditions; it answers 0 for an entry that is not there.
    let address = unsafe { libc::getauxval(libc::AT_EXECFN) };
    if address == 0 {
        return None;
    }
    // SAFETY: the kernel put a NUL-terminated path there, which lives and stays unchanged as long as the process.
    let path = unsafe { CStr::from_ptr(address as *const libc::c_char) };
    Some(PathBuf::from(OsStr::from_bytes(path.to_bytes())))
}

/// On macOS and Windows this is what the system was given, links not followed.
#[cfg(not(target_os = "linux"))]
fn given_path() -> Option<PathBuf> {
    env::current_exe().ok()
}

fn no_cli() -> Problem {
    Problem {
        code: "launcher/no-cli",
        message: "the `pybun` package that belongs to this launcher was not found".to_owned(),
        hint: "install it again, for example with `npm install -g pybun`",
    }
}

fn no_node(error: &io::Error) -> Problem {
    let message = match error.kind() {
        io::ErrorKind::NotFound => "Node.js was not found on PATH, and this command needs it".to_owned(),
        _ => format!("Node.js could not be started: {error}"),
    };
    Problem { code: "launcher/no-node", message, hint: "install Node.js 20.19 or newer from https://nodejs.org" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_package_in_every_layout() {
        let scratch = env::temp_dir().join(format!("pybun-launcher-{}", std::process::id()));
        let hoisted = scratch.join("hoisted/node_modules");
        let nested = scratch.join("nested/pybun");
        for directory in [hoisted.join("pybun"), nested.clone()] {
            fs::create_dir_all(&directory).unwrap();
            fs::write(directory.join("cli.js"), "").unwrap();
        }
        fs::create_dir_all(nested.join("node_modules")).unwrap();
        assert_eq!(beside(&hoisted.join("@pybun/linux-x64-gnu/pybun")), Some(hoisted.join("pybun/cli.js")));
        let found = beside(&nested.join("node_modules/@pybun/linux-x64-gnu/pybun")).unwrap();
        assert_eq!(fs::canonicalize(found).unwrap(), fs::canonicalize(nested.join("cli.js")).unwrap());
        assert_eq!(beside(Path::new("/usr/local/bin/pybun")), None);
        fs::remove_dir_all(scratch).unwrap();
    }
}
