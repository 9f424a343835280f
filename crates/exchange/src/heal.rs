//! A lock after a merge: what both sides held is preferred when it is resolved again.

use pybun_lock::{Inputs, Lock, Package};
use pybun_model::{PackageName, Version};
use std::collections::BTreeMap;

/// The sides of a merge, as far as they could be read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sides<'a> {
    pub base: Option<&'a Lock>,
    pub ours: Option<&'a Lock>,
    pub theirs: Option<&'a Lock>,
}

/// A lock that says nothing but which versions to prefer: ours first, but theirs where only they moved away from what
/// both began with.
pub fn merged(sides: Sides) -> Lock {
    let [base, ours, theirs] = [sides.base, sides.ours, sides.theirs].map(by_name);
    let mut names: Vec<&PackageName> = ours.keys().chain(theirs.keys()).copied().collect();
    names.sort();
    names.dedup();
    let none = Vec::new();
    let mut packages: Vec<Package> = Vec::new();
    for name in names {
        let [base, ours, theirs] = [&base, &ours, &theirs].map(|side| side.get(name).unwrap_or(&none));
        let only_theirs_moved = sides.base.is_some() && versions(base) == versions(ours);
        let (first, second) = if only_theirs_moved { (theirs, ours) } else { (ours, theirs) };
        for package in first.iter().chain(second) {
            let known = packages.iter().rev().take_while(|other| other.name == *name);
            if known.clone().all(|other| (&other.version, other.marker) != (&package.version, package.marker)) {
                packages.push(Package { dependencies: Vec::new(), ..(*package).clone() });
            }
        }
    }
    Lock { inputs: Inputs::of(Vec::new()), forks: Vec::new(), packages }
}

fn by_name(lock: Option<&Lock>) -> BTreeMap<&PackageName, Vec<&Package>> {
    let mut out: BTreeMap<&PackageName, Vec<&Package>> = BTreeMap::new();
    for package in lock.iter().flat_map(|lock| &lock.packages) {
        out.entry(&package.name).or_default().push(package);
    }
    out
}

fn versions<'a>(packages: &[&'a Package]) -> Vec<&'a Version> {
    packages.iter().map(|package| &package.version).collect()
}

/// Both sides of a file in which a merge by lines left its marks; `None` for one without.
pub fn split_conflict(bytes: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    #[derive(PartialEq)]
    enum In {
        Both,
        Ours,
        Base,
        Theirs,
    }
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let (mut at, mut seen) = (In::Both, false);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        match at {
            In::Both if line.starts_with(b"<<<<<<< ") => (at, seen) = (In::Ours, true),
            In::Ours if line.starts_with(b"||||||| ") => at = In::Base,
            In::Ours | In::Base if line == b"=======\n" => at = In::Theirs,
            In::Theirs if line.starts_with(b">>>>>>> ") => at = In::Both,
            In::Both => {
                ours.extend_from_slice(line);
                theirs.extend_from_slice(line);
            }
            In::Ours => ours.extend_from_slice(line),
            In::Base => {}
            In::Theirs => theirs.extend_from_slice(line),
        }
    }
    (seen && at == In::Both).then_some((ours, theirs))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::lock;
    use pybun_lock::RootKind;

    fn shown(lock: &Lock) -> Vec<String> {
        lock.packages.iter().map(|package| format!("{} {}", package.name, package.version)).collect()
    }

    fn of(packages: &[(&str, &[&str])]) -> Lock {
        lock(&[(RootKind::Project, &[])], packages)
    }

    #[test]
    fn what_one_side_moved_is_preferred_and_of_two_movements_ours() {
        let base = of(&[("a 1", &[]), ("b 1", &[]), ("c 1", &[]), ("gone 1", &[])]);
        let ours = of(&[("a 2", &[]), ("b 1", &[]), ("c 2", &[]), ("mine 1", &[])]);
        let theirs = of(&[("a 1", &[]), ("b 2", &[]), ("c 3", &[]), ("yours 1", &[])]);
        let all = Sides { base: Some(&base), ours: Some(&ours), theirs: Some(&theirs) };
        assert_eq!(shown(&merged(all)), ["a 2", "a 1", "b 2", "b 1", "c 2", "c 3", "mine 1", "yours 1"],);
        let two = Sides { base: None, ..all };
        assert_eq!(shown(&merged(two))[2..4], ["b 1", "b 2"]);
        assert!(merged(Sides::default()).packages.is_empty());
    }

    #[test]
    fn preferences_are_a_lock_that_can_be_written_and_read() {
        let ours = of(&[("a 2", &["b"]), ("b 1", &[])]);
        let theirs = of(&[("a 1", &[]), ("c 1", &["a"])]);
        let merged = merged(Sides { base: None, ours: Some(&ours), theirs: Some(&theirs) });
        assert_eq!(pybun_lock::decode(&pybun_lock::encode(&merged)).unwrap(), merged);
    }

    #[test]
    fn marks_of_a_merge_by_lines() {
        let ours = b"PYBUN\nsame\nour\0s\nend\n";
        let theirs = b"PYBUN\nsame\ntheirs\nend\n";
        let conflicted = b"PYBUN\nsame\n<<<<<<< HEAD\nour\0s\n||||||| 123\nbase\n=======\ntheirs\n>>>>>>> other\nend\n";
        assert_eq!(split_conflict(conflicted), Some((ours.to_vec(), theirs.to_vec())));
        for bad in [&ours[..], b"<<<<<<< HEAD\nx\n", b"", b"a\n=======\n"] {
            assert_eq!(split_conflict(bad), None);
        }
    }
}
