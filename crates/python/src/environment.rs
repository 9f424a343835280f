//! A virtual environment on disk (PEP 405).

use crate::candidates::executable_in;
use crate::probe::probe;
use crate::{Error, Interpreter, Origin, Search};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[derive(Clone, Debug)]
pub struct Environment {
    pub root: PathBuf,
    /// Its executable; the same as `interpreter.path`.
    pub python: PathBuf,
    /// The environment's interpreter, whose `base_executable` is the one it was made from.
    pub interpreter: Interpreter,
    pub purelib: PathBuf,
    pub platlib: PathBuf,
    pub scripts: PathBuf,
    pub data: PathBuf,
    pub headers: PathBuf,
    /// Was it made by the call that returned it?
    pub created: bool,
    /// Where that call moved what had been at its place, and was not PyBun's.
    pub moved_aside: Option<PathBuf>,
}

impl Environment {
    pub(crate) fn new(root: &Path, base: &Interpreter, created: bool) -> Self {
        let interpreter = base.inside(root);
        let paths = interpreter.paths.clone();
        Self {
            root: root.to_owned(),
            python: interpreter.path.clone(),
            purelib: paths.purelib,
            platlib: paths.platlib,
            scripts: paths.scripts,
            data: paths.data,
            headers: paths.headers,
            interpreter,
            created,
            moved_aside: None,
        }
    }
}

/// The environment at `root` that PyBun made there itself. Another one may have come with a repository, and its interpreter is not
/// started.
pub fn own_environment(root: &Path, search: &Search) -> Result<Environment, Error> {
    let root = &search.cwd.join(root);
    if root.symlink_metadata().is_err() {
        return Err(Error::NoEnvironment(root.clone()));
    }
    if !crate::is_own(root, search) {
        return Err(Error::NotOurs(root.clone()));
    }
    read_environment(root, search)
}

/// Reads the environment at `root`, whoever made it: it is the user's word, or was looked at before.
pub fn read_environment(root: &Path, search: &Search) -> Result<Environment, Error> {
    let root = &search.cwd.join(root);
    if Config::read(root).is_none() {
        return Err(Error::NoEnvironment(root.clone()));
    }
    let broken = |why: String| Error::BrokenEnvironment { path: root.clone(), why };
    let python = executable_in(root).ok_or_else(|| broken("it has no interpreter".to_owned()))?;
    // The base was probed when the environment was made, so that no process is started here.
    let base = std::fs::canonicalize(&python).map_err(|_| broken("its interpreter is gone".to_owned()))?;
    let understood = if cfg!(windows) { probe(&python, search) } else { probe(&base, search) };
    let base = Interpreter::new(base, Origin::Venv, understood.map_err(broken)?);
    Ok(Environment::new(root, &base, false))
}

/// A longer `pyvenv.cfg` is none.
const MAX_CONFIG_BYTES: u64 = 1 << 20;

/// `pyvenv.cfg`: lines of `key = value`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Config(BTreeMap<String, String>);

impl Config {
    /// `None` when there is no such file, so that `root` is no environment.
    pub fn read(root: &Path) -> Option<Self> {
        let bytes = pybun_files::read(&root.join("pyvenv.cfg"), MAX_CONFIG_BYTES).ok()?;
        let text = String::from_utf8_lossy(&bytes);
        let lines = text.lines().filter_map(|line| line.split_once('='));
        Some(Self(lines.map(|(key, value)| (key.trim().to_lowercase(), value.trim().to_owned())).collect()))
    }

    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }
}
