//! PyBun's Rust half as Node sees it. Every export takes one JSON text and gives JSON text back,
//! `{ok: true, value}` or `{ok: false, problems}`; it throws only for our own faults. Convert, call, convert:
//! nothing here decides anything about packages.

// Compiled for tests, the exports are not registered, so that everything seems unused.
#![cfg_attr(test, allow(dead_code))]

mod answer;
mod cache;
mod directory_lock;
mod environment;
mod exec;
mod export;
mod files;
mod graph;
mod import;
mod lock;
mod manifest;
mod outdated;
mod project;
mod python;
mod resolve;
mod settings;
mod sources;
mod stamp;

#[napi_derive::napi(catch_unwind)]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}
