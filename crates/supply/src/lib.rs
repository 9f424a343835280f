//! Brings things together: answers the resolver from indexes and builds, and puts the wheels that a plan wants
//! into the store, whether they are downloaded or built.

mod built;
mod direct;
mod source;
mod supply;
mod wheels;

pub use built::Editable;
pub use supply::{Emitter, Supply, layout_of};
pub use wheels::{Supplied, Want};
