//! `bytecode [--apart] LINK_MODE DATA_DIRECTORY ENVIRONMENT [KIND PROGRAM DIRECTORY]`: completes the bytecode of an
//! environment, beginning with what a program imports that starts there, and says nothing. A command starts it and does not
//! wait for it; people never do.

use crate::lowest;
use pybun_engine::bytecode::{APART, VERB, detach};
use pybun_install::{Late, LinkMode, Program, Store};
use pybun_python::Search;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

/// `None` for another verb.
pub fn read(args: &[OsString]) -> Option<ExitCode> {
    let (verb, rest) = args.split_first()?;
    if verb != VERB {
        return None;
    }
    let done = match rest.split_first() {
        Some((apart, rest)) if apart == APART => start_apart(rest),
        _ => complete(rest),
    };
    Some(if done.is_some() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn start_apart(args: &[OsString]) -> Option<()> {
    let mut command = Command::new(std::env::current_exe().ok()?);
    command.arg(VERB).args(args);
    detach(&mut command);
    command.spawn().ok().map(drop)
}

fn complete(args: &[OsString]) -> Option<()> {
    let [mode, cache_dir, root, program @ ..] = args else { return None };
    let program = match program {
        [] => None,
        [kind, value, directory] => {
            let kind = kind.to_str()?.parse().ok()?;
            Some(Program { kind, value: value.clone(), directory: directory.into() })
        }
        _ => return None,
    };
    let (cache_dir, root) = (PathBuf::from(cache_dir), PathBuf::from(root));
    if !cache_dir.is_absolute() || !root.is_absolute() {
        return None;
    }
    lowest::become_lowest();
    let link: LinkMode = mode.to_str()?.parse().ok()?;
    // What an environment was made from is known.
    let search = Search { cwd: root.clone(), cache_dir: cache_dir.clone(), environment: BTreeMap::new() };
    let environment = pybun_python::read_environment(&root, &search).ok()?;
    let (store, layout) = (Store::open(&cache_dir), pybun_supply::layout_of(&environment));
    let late = Late { store: &store, layout: &layout, link };
    if let Some(program) = program {
        // What it leaves comes now.
        let _ = pybun_install::compile_ahead(&late, &program);
    }
    pybun_install::complete_bytecode(&late, pybun_install::cpu_threads().min(MAX_COMPILERS)).ok()
}

/// Each is a Python with the syntax tree of a source in memory.
const MAX_COMPILERS: usize = 4;
