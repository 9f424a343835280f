//! The verbs of a command over values, as the addon and the native program do them.

pub mod bytecode;
pub mod changes;
pub mod directory_lock;
pub mod files;
mod origin;
pub mod stamp;
pub mod sync;
