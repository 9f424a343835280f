//! What the fuzzer calls (`fuzz/`).

use crate::{BuildSystem, Edit, Manifest, Table, edit, requirements, script};
use std::collections::BTreeMap;

/// One file that may include itself and another one.
pub fn requirements_file(bytes: &[u8]) {
    let environment = BTreeMap::from([("HOME".to_owned(), "/home/me".to_owned())]);
    let (first, second) = bytes.split_at(bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len()));
    let mut read = |path: &str| match path {
        "r.txt" => Ok(first.to_vec()),
        "s.txt" => Ok(second.get(1..).unwrap_or_default().to_vec()),
        _ => Err("there is no such file".to_owned()),
    };
    drop(requirements::parse(&["r.txt"], &environment, &mut read));
}

/// `pyproject.toml`: what can be read can be edited, and stays readable.
pub fn manifest(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    drop(BuildSystem::parse(text, "pyproject.toml"));
    if Manifest::parse(text, "pyproject.toml").is_err() {
        return;
    }
    let table = Table::Group("dev".to_owned());
    let add = Edit::Add { requirement: "zope.interface>=5".to_owned(), table: table.clone() };
    if let Ok(edited) = edit(text, "pyproject.toml", &[add]) {
        let read = Manifest::parse(&edited.text, "pyproject.toml");
        assert!(read.is_ok(), "{text:?} became {:?}: {read:?}", edited.text);
        let remove = Edit::Remove { name: "zope-interface".to_owned(), table };
        let back = edit(&edited.text, "pyproject.toml", &[remove]).expect("what was added can be removed");
        assert!(Manifest::parse(&back.text, "pyproject.toml").is_ok(), "{text:?} became {:?}", back.text);
    }
}

/// A configuration file: each key that was read has a place.
pub fn toml(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(toml) = crate::toml::parse(text, "config.toml") {
        let lines = text.lines().count() + 1;
        assert!(toml.positions.values().all(|at| (1..=lines).contains(&at.line) && at.column >= 1), "{text:?}");
        assert!(toml.value.keys().all(|key| toml.positions.contains_key(&crate::toml::join("", key))), "{text:?}");
    }
}

/// A Python file with inline metadata (PEP 723).
pub fn script_block(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    drop(script::parse(text, "script.py"));
}

#[cfg(test)]
#[path = "../../../fuzz/replay.rs"]
mod replay;

#[cfg(test)]
mod tests {
    use super::replay::replay;
    use super::*;

    #[test]
    fn known_inputs_do_no_harm() {
        replay("requirements_file", requirements_file);
        replay("manifest", manifest);
        replay("toml", toml);
        replay("script_block", script_block);
    }
}
