//! Files in which people write what they need: `pyproject.toml`, script blocks, requirements files, configuration.
//! Pure: text goes in, values, edited text or errors with line and column come out.

mod array;
mod build_system;
mod edit;
mod edit_source;
#[cfg(any(test, feature = "fuzz"))]
#[doc(hidden)]
pub mod fuzz;
mod groups;
mod manifest;
mod position;
mod problems;
pub mod requirements;
pub mod script;
mod sources;
pub mod toml;
mod weight;

pub use build_system::BuildSystem;
pub use edit::{Edit, Edited, Table, edit};
pub use edit_source::{Entry, EntryValue};
pub use manifest::{Declared, Manifest};
pub use position::{Position, Positions};
pub use problems::{Error, FileKind};
pub use sources::Source;
