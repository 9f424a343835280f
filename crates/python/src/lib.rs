//! Interpreters: which are there, which one is meant, and the environments made from them.
//!
//! Not looked at: the registry and the `py` launcher of Windows, where interpreters are found on PATH only.

mod candidates;
mod choose;
mod ensure;
mod environment;
mod facts;
mod interpreter;
mod probe;
mod problems;
mod request;

pub use choose::{Choice, Found, Ignored, Skipped, Wanted, choose, find};
pub use ensure::{PYBUN_KEY, ensure_environment};
pub use environment::{Environment, read_environment};
pub use interpreter::{Interpreter, Layout, Origin, Paths};
pub use problems::Error;
pub use request::{Pin, Request, Versions};

use std::collections::BTreeMap;
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
}
