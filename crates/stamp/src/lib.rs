//! The stamp: a small file that says "ready for exactly these inputs". Pure: no file system, environment or clock.
//!
//! The command that has made an environment ready writes one, last of all, into the state, where no repository can put one.
//! The launcher reads it, compares every recorded fact with what it sees, and either executes the recorded command or leaves
//! everything to the CLI.

mod check;
mod env;
mod fact;
#[cfg(any(test, feature = "fuzz"))]
#[doc(hidden)]
pub mod fuzz;
mod inputs;
mod key;
mod source;
mod stamp;
mod text;

pub use check::{Seen, Stale};
pub use env::{counts, digest};
pub use fact::Fact;
pub use inputs::{Environment, project_inputs, script_inputs, tool_inputs};
pub use key::{ToolRequest, absolute, project_key, script_key, tool_key};
pub use source::{MAX_SOURCE_BYTES, has_script_block, mentions_pybun};
pub use stamp::{Command, Kind, Settled, Stamp};
pub use text::{BadStamp, MAX_BYTES, parse};
