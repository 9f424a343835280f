//! From requirements to a lock: the resolver's steps, answered by an index as answers arrive.

mod conflict;
mod cutoff;
mod facts;
mod failures;
mod known;
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
mod universe;

pub use cutoff::Cutoff;
pub use remedy::Fixes;
pub use solve::{Request, Target, Upgrade, solve};
pub use source::{Direct, Future, OtherPython, Source, Wanted};
