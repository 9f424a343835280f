//! Makes wheels and metadata from sdists and projects, by their own build backends in isolated environments.
//!
//! Source: PEP 517, 518, 660; PEP 643 for metadata that needs no build.

mod backend;
mod builder;
mod cache;
mod chain;
mod child;
mod diagnose;
mod fallback;
mod fingerprint;
#[cfg(any(test, feature = "fuzz"))]
#[doc(hidden)]
pub mod fuzz;
mod hook;
mod log;
mod problems;
mod sdist;
mod session;
mod system_packages;
mod tree;
mod tree_builder;
mod wheel;

pub use builder::{Builder, BuiltWheel, Sdist, subdirectory_of};
pub use chain::Chain;
pub use fingerprint::{digest_of, digest_of_file, fingerprint, statement};
pub use problems::{Error, Failure};
pub use tree_builder::cached_tree_wheel;

use pybun_model::{Problem, Requirement};
use pybun_python::Environment;
use std::pin::Pin;

/// Resolves and installs build requirements; passed in, because it needs everything that needs builds.
pub trait Provision: Send + Sync {
    /// Makes `environment` hold all of `requires` (those whose markers apply). May be called again for the same
    /// environment with more. `chain` is what is being built: a build that this starts must be given it.
    fn provision<'a>(
        &'a self,
        requires: &'a [Requirement],
        environment: &'a Environment,
        chain: &'a Chain,
    ) -> Pin<Box<dyn Future<Output = Result<(), Problem>> + Send + 'a>>;
}
