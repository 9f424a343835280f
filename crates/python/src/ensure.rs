//! Makes virtual environments (PEP 405) without starting a process.

use crate::environment::Config;
use crate::interpreter::executable_name;
use crate::known::{self, ROOT_KEY, is_made, is_own, is_recorded};
use crate::{Environment, Error, Interpreter, Search};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The key of `pyvenv.cfg` that says that PyBun made the environment.
pub const PYBUN_KEY: &str = "pybun";

/// The environment at `root`, an absolute path, made from `interpreter` (or from what that was made from), and recorded.
///
/// One that is there is kept when PyBun made it there from the same interpreter, and made again, empty, when it was another one.
/// What PyBun did not make there is moved aside: it may have come with a repository. The new one is built beside its place and
/// moved there as a whole.
pub fn ensure_environment(root: &Path, interpreter: &Interpreter, search: &Search) -> Result<Environment, Error> {
    if is_own(root, search) && is_current(root, interpreter) {
        return Ok(Environment::new(root, interpreter, false));
    }
    let above = root.parent().unwrap_or(Path::new("/"));
    if above.is_symlink() {
        return Err(Error::Link(above.to_owned()));
    }
    let state = search.state().ok_or_else(|| Error::NoState(root.to_owned()))?;
    if !state.is_writable() {
        return Err(Error::NoState(state.own_directory().to_owned()));
    }
    // In the data directory nobody keeps anything of their own.
    let is_kept_by_pybun = root.starts_with(&search.cache_dir);
    let is_ours = is_kept_by_pybun || is_recorded(root, &state) || is_made(root, &state) || is_empty(root);
    let new = build(root, interpreter)?;
    let moved_aside = if is_ours { take_away(root).map(|()| None) } else { move_aside(root) };
    let moved_aside = moved_aside.map_err(write(root, "move away"))?;
    let recorded = known::record(new.path(), root, &state);
    recorded.map_err(|_| Error::NoState(state.own_directory().to_owned()))?;
    if let Err(error) = move_to(new, root) {
        // Another process may have made the same one in the meantime.
        if !is_current(root, interpreter) {
            return Err(write(root, "move into place")(error));
        }
        // Its record was replaced by that of the one which found no place.
        known::record(root, root, &state).map_err(|_| Error::NoState(state.own_directory().to_owned()))?;
        return Ok(Environment::new(root, interpreter, false));
    }
    Ok(Environment { moved_aside, ..Environment::new(root, interpreter, true) })
}

/// A new environment at `root` that is not recorded: the caller takes it away again.
pub fn make_environment(root: &Path, interpreter: &Interpreter) -> Result<Environment, Error> {
    move_to(build(root, interpreter)?, root).map_err(write(root, "move into place"))?;
    Ok(Environment::new(root, interpreter, true))
}

/// An environment that is not at its place yet.
fn build(root: &Path, interpreter: &Interpreter) -> Result<TempDir, Error> {
    let above = root.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(above).map_err(write(root, "create the directory above it"))?;
    let new = tempfile::Builder::new().prefix(".pybun-venv-").tempdir_in(above);
    let new = new.map_err(write(root, "create a directory beside it"))?;
    fill(new.path(), root, interpreter).map_err(write(root, "write"))?;
    Ok(new)
}

fn move_to(new: TempDir, root: &Path) -> io::Result<()> {
    let built = new.keep();
    fs::rename(&built, root).inspect_err(|_| drop(fs::remove_dir_all(&built)))
}

fn write(root: &Path, action: &'static str) -> impl Fn(io::Error) -> Error {
    move |source| Error::Write { path: root.to_owned(), action: action.to_owned(), source }
}

/// Removes what PyBun made; links in it are removed and not followed.
fn take_away(root: &Path) -> io::Result<()> {
    if root.symlink_metadata().is_err() {
        return Ok(());
    }
    let above = root.parent().unwrap_or(Path::new("/"));
    let old = tempfile::Builder::new().prefix(".pybun-old-").tempdir_in(above)?;
    fs::rename(root, old.path().join("venv"))
}

/// Gives what is at `root` a name of its own beside it; a link moves as a link.
fn move_aside(root: &Path) -> io::Result<Option<PathBuf>> {
    if root.symlink_metadata().is_err() {
        return Ok(None);
    }
    let name = root.file_name().unwrap_or_default().to_string_lossy();
    for number in 1..MAX_ASIDE {
        let aside = root.with_file_name(format!("{name}.aside-{number}"));
        if aside.symlink_metadata().is_err() {
            return fs::rename(root, &aside).map(|()| Some(aside));
        }
    }
    Err(io::Error::other("too many environments were moved aside already"))
}

/// So many of them are looked at only once.
const MAX_ASIDE: u32 = 10_000;

/// Was the environment made from this interpreter and for this place, and is that still there?
fn is_current(root: &Path, interpreter: &Interpreter) -> bool {
    let Some(config) = Config::read(root) else { return false };
    if config.get(ROOT_KEY).is_some_and(|made_for| !is_same_place(Path::new(made_for), root)) {
        return false;
    }
    let version = config.get("version_info").or(config.get("version"));
    // Other tools write `3.12.1.final.0`.
    let version = version.and_then(|text| text.splitn(4, '.').take(3).collect::<Vec<_>>().join(".").parse().ok());
    let python = root.join(&interpreter.layout.scripts).join(executable_name());
    let same_file = match (fs::canonicalize(python), fs::canonicalize(&interpreter.base_executable)) {
        (Ok(a), Ok(b)) => a == b || cfg!(windows),
        _ => false,
    };
    same_file && version == Some(interpreter.version.clone()) && root.join(&interpreter.layout.purelib).is_dir()
}

/// Two ways to one directory are no move.
fn is_same_place(a: &Path, b: &Path) -> bool {
    a == b || fs::canonicalize(a).is_ok_and(|a| fs::canonicalize(b).is_ok_and(|b| a == b))
}

fn is_empty(root: &Path) -> bool {
    !root.is_symlink() && fs::read_dir(root).is_ok_and(|mut entries| entries.next().is_none())
}

/// Writes the environment into `at`; it will live at `root`.
fn fill(at: &Path, root: &Path, interpreter: &Interpreter) -> io::Result<()> {
    let scripts = at.join(&interpreter.layout.scripts);
    fs::create_dir_all(&scripts)?;
    fs::create_dir_all(at.join("include"))?;
    // Python would add the bytecode directory at the first import of a module without a package; a stamp watches when
    // entries come to this directory.
    fs::create_dir_all(at.join(&interpreter.layout.purelib).join("__pycache__"))?;
    make_lib64(at, interpreter)?;
    fs::create_dir_all(at.join(&interpreter.layout.platlib).join("__pycache__"))?;
    place_interpreter(&scripts, interpreter)?;
    let prompt = prompt(root);
    for (name, template) in ACTIVATE {
        fs::write(scripts.join(name), activate_script(template, root, &interpreter.layout.scripts, &prompt))?;
    }
    fs::write(at.join(".gitignore"), "*\n")?;
    open_to_others(at)?;
    // Last, because this file makes the directory an environment.
    fs::write(at.join("pyvenv.cfg"), configuration(root, interpreter, &prompt))
}

fn configuration(root: &Path, interpreter: &Interpreter, prompt: &str) -> String {
    let base = &interpreter.base_executable;
    let home = base.parent().unwrap_or(Path::new("/"));
    let implementation = interpreter.markers.platform_python_implementation();
    // What no line can hold is not compared.
    let made_for = root.to_str().filter(|text| !text.contains(char::is_control) && text.trim() == *text);
    let made_for = made_for.map_or_else(String::new, |text| format!("{ROOT_KEY} = {text}\n"));
    format!(
        "home = {}\nimplementation = {implementation}\nversion_info = {version}\nversion = {version}\n\
         executable = {}\ninclude-system-site-packages = false\nprompt = {prompt}\n{PYBUN_KEY} = {}\n{made_for}",
        home.display(),
        base.display(),
        env!("CARGO_PKG_VERSION"),
        version = interpreter.version,
    )
}

/// What a shell shows: the project's name for `.pybun/venv` and `.venv`, else the directory's own.
fn prompt(root: &Path) -> String {
    let names = root.ancestors().filter_map(|path| path.file_name()).map(|name| name.to_string_lossy());
    let name = names.into_iter().find(|name| !matches!(&**name, ".pybun" | ".venv" | "venv")).unwrap_or_default();
    name.chars().filter(|c| !c.is_control()).collect()
}

const ACTIVATE: [(&str, &str); 4] = [
    ("activate", include_str!("activate/activate.sh")),
    ("activate.fish", include_str!("activate/activate.fish")),
    ("activate.csh", include_str!("activate/activate.csh")),
    ("Activate.ps1", include_str!("activate/activate.ps1")),
];

/// Puts the values between the single quotes of the template, in the way that each shell escapes a quote.
fn activate_script(template: &str, root: &Path, scripts: &Path, prompt: &str) -> String {
    let escape: fn(&str) -> String = match () {
        () if template.contains("# fish") => |text| text.replace('\\', "\\\\").replace('\'', "\\'"),
        () if template.contains("# PowerShell") => |text| text.replace('\'', "''"),
        // csh expands `!` even between quotes.
        () if template.contains("# csh") => |text| text.replace('\'', "'\\''").replace('!', "\\!"),
        () => |text| text.replace('\'', "'\\''"),
    };
    template
        .replace("{{root}}", &escape(&root.to_string_lossy()))
        .replace("{{scripts}}", &escape(&scripts.to_string_lossy()))
        .replace("{{prompt}}", &escape(prompt))
}

/// `lib64` leads to `lib`, as on systems whose Pythons look into both.
#[cfg(unix)]
fn make_lib64(at: &Path, interpreter: &Interpreter) -> io::Result<()> {
    let linux = matches!(interpreter.platform, pybun_model::Platform::Linux { .. });
    if linux && at.join("lib").is_dir() { std::os::unix::fs::symlink("lib", at.join("lib64")) } else { Ok(()) }
}

#[cfg(not(unix))]
fn make_lib64(_: &Path, _: &Interpreter) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn place_interpreter(scripts: &Path, interpreter: &Interpreter) -> io::Result<()> {
    use std::os::unix::fs::symlink;
    symlink(&interpreter.base_executable, scripts.join("python"))?;
    let major = interpreter.tag.major;
    let mut names = vec![format!("python{major}"), format!("python{major}.{}", interpreter.tag.minor)];
    if interpreter.tag.free_threaded {
        names.push(format!("python{major}.{}t", interpreter.tag.minor));
    }
    if interpreter.implementation == "pypy" {
        names.extend(["pypy".to_owned(), format!("pypy{major}"), format!("pypy{major}.{}", interpreter.tag.minor)]);
    }
    names.iter().try_for_each(|name| symlink("python", scripts.join(name)))
}

/// On Windows an environment's `python.exe` is a small launcher that the standard library brings along.
#[cfg(not(unix))]
fn place_interpreter(scripts: &Path, interpreter: &Interpreter) -> io::Result<()> {
    let launchers = interpreter.stdlib.join("venv").join("scripts").join("nt");
    for (name, launcher) in [("python.exe", "venvlauncher.exe"), ("pythonw.exe", "venvwlauncher.exe")] {
        let source = [launchers.join(launcher), launchers.join(name)].into_iter().find(|path| path.is_file());
        let source = source.unwrap_or_else(|| interpreter.base_executable.with_file_name(name));
        fs::copy(source, scripts.join(name))?;
    }
    Ok(())
}

/// A temporary directory is private; an environment has the rights of any other directory that the user makes.
#[cfg(unix)]
fn open_to_others(at: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let usual = fs::metadata(at.join("include"))?.permissions().mode();
    fs::set_permissions(at, fs::Permissions::from_mode(usual))
}

#[cfg(not(unix))]
fn open_to_others(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
#[cfg(unix)]
#[path = "environment_tests.rs"]
mod tests;
