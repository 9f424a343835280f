//! From requirements to a lock: the resolver's steps, answered by an index as answers arrive.

mod conflict;
mod facts;
mod lock;
mod nearest;
mod relax;
mod remedy;
mod solve;
mod source;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use remedy::Fixes;
pub use solve::{Request, Target, Upgrade, solve};
pub use source::{Direct, Future, Source};
