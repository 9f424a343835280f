//! Interpreters: which are there, which one is meant, and the environments made from them.
//!
//! Not looked at: the registry and the `py` launcher of Windows, where interpreters are found on PATH only.

mod candidates;
mod choose;
mod ensure;
mod environment;
mod facts;
mod interpreter;
mod known;
mod probe;
mod problems;
mod request;

pub use choose::{Choice, Found, Ignored, Skipped, Wanted, choose, find};
pub use ensure::{PYBUN_KEY, ensure_environment, make_environment};
pub use environment::{Environment, own_environment, read_environment};
pub use interpreter::{Interpreter, Layout, Origin, Paths};
pub use known::is_own;
pub use problems::Error;
pub use request::{Pin, Request, Versions};

use pybun_project::{Me, State, with_home};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

/// The oldest Python that PyBun works with.
pub const OLDEST: (u64, u64) = (3, 8);

/// Where to look. `environment` is a snapshot of the environment variables.
#[derive(Clone, Debug)]
pub struct Search {
    pub cwd: PathBuf,
    pub cache_dir: PathBuf,
    pub environment: BTreeMap<String, String>,
}

impl Search {
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The user as far as environments are concerned.
    pub(crate) fn me(&self) -> Me {
        Me::new(&|name| self.any_variable(name), [])
    }

    /// What PyBun keeps for this user; `None` where no home is known.
    pub fn state(&self) -> Option<State> {
        State::new(&|name| self.any_variable(name), &self.me())
    }

    fn any_variable(&self, name: &str) -> Option<OsString> {
        with_home(name, self.environment.get(name).map(OsString::from))
    }
}
