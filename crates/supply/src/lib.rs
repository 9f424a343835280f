//! Brings things together: answers the resolver from indexes and builds, and puts the wheels that a plan wants
//! into the store, whether they are downloaded or built.

mod built;
mod direct;
mod early;
mod git;
mod source;
mod submodules;
mod supply;
mod trees;
mod wheels;

pub use built::Editable;
pub use direct::not_to_be_built;
pub use supply::{Emitter, Project, Supply, layout_of};
pub use trees::{Asking, Described, known_wheel};
pub use wheels::{Supplied, Want};
