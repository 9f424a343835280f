//! What has to change in an environment: the lock as it applies to one interpreter, against what is installed.
//! Pure: [`select`] reads the lock for a target, [`plan`] compares, and somebody else executes.

mod error;
mod plan;
mod problems;
mod select;

pub use error::Error;
pub use plan::{Installed, Op, Options, Origin, Plan, plan};
pub use select::{Chosen, Selection, Target, select};
