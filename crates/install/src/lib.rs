//! Puts distributions into environments: unpacks wheels once into the store, links them from there, removes them.

mod bytecode;
mod contents;
mod entry_points;
mod error;
mod fault;
#[cfg(any(test, feature = "fuzz"))]
#[doc(hidden)]
pub mod fuzz;
mod gc;
mod guard;
mod install;
mod installed;
mod journal;
mod late_bytecode;
mod layout;
mod link;
mod manifest;
mod parallel;
mod placed;
mod problems;
mod record;
mod remove;
mod script;
mod store;
#[cfg(test)]
mod tests;
mod tree_links;
mod trees;
mod uninstall;
mod unpack;
mod usage;
mod verify;
mod wheel;
mod zip;

pub use error::Error;
pub use gc::{Collected, Collection, Kind, Limits, Removed, Size, collect, is_due, parse_age, parse_size, size};
pub use install::{Change, Install, Options, change, install, repair};
pub use installed::{InstalledDist, InstalledKind, installed};
pub use late_bytecode::{Late, Program, ProgramKind, compile_ahead, complete_bytecode, link_bytecode};
pub use layout::Layout;
pub use link::LinkMode;
pub use parallel::{cpu_threads, downloads, io_threads};
pub use store::{Store, Stored, Unpacking};
pub use uninstall::uninstall;
pub use unpack::Arriving;
pub use verify::{Damage, DamageKind, DamagedWheels, check, verify_all};

/// What INSTALLER says.
const INSTALLER: &str = "pybun\n";
/// A file of `.dist-info` with the SHA-256 of the wheel that was installed.
const WHEEL_FILE: &str = ".pybun-wheel";
