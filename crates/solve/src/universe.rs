//! Which parts of the universe are solved apart: the environments that a lock is limited to, and the
//! alternatives among extras and groups that conflict.

use pybun_lock::{Inputs, RootKind};
use pybun_model::{Joins, MarkerTree, Problem, TooComplicated};
use std::collections::BTreeSet;

/// More alternatives than anybody means.
const MAX_PARTS: usize = 512;

/// Parts that exclude each other, first things first; one part where nothing divides the universe.
pub(crate) fn parts(inputs: &Inputs) -> Result<Vec<MarkerTree>, Problem> {
    let hint = "Declare fewer conflicts between extras and groups, or fewer and simpler environments";
    let too_hard = |why: String| Problem::new("resolve/too-hard", why).hint(hint);
    let many =
        || too_hard(format!("environments and conflicts divide the resolution into more than {MAX_PARTS} parts"));
    let largest = inputs.conflicts.iter().map(Vec::len).max().unwrap_or_default();
    if inputs.environments.len().max(largest) > MAX_PARTS {
        return Err(many());
    }
    let divided = Joins::within(|joins| {
        let mut parts = environments(&inputs.environments, joins);
        for conflict in &inputs.conflicts {
            let alternatives = alternatives(conflict, joins);
            parts = parts.iter().flat_map(|part| alternatives.iter().map(|other| joins.and(*part, *other))).collect();
            parts.retain(|part| !part.is_false());
            if parts.len() > MAX_PARTS {
                return Err(many());
            }
        }
        Ok(parts)
    });
    divided.unwrap_or_else(|TooComplicated| {
        Err(too_hard("environments and conflicts come together to markers that nobody could work with".to_owned()))
    })
}

/// Where the requirements of a root count: everywhere, unless it is in conflict with another.
pub(crate) fn gate(kind: &RootKind, conflicts: &[Vec<RootKind>]) -> MarkerTree {
    if conflicts.iter().any(|conflict| conflict.contains(kind)) { kind.active() } else { MarkerTree::TRUE }
}

/// Each without what those before it hold already.
fn environments(all: &[MarkerTree], joins: &Joins) -> Vec<MarkerTree> {
    if all.is_empty() {
        return vec![MarkerTree::TRUE];
    }
    let mut taken = MarkerTree::FALSE;
    let mut parts = Vec::new();
    for environment in all {
        parts.push(joins.and(*environment, taken.negate()));
        taken = joins.or(taken, *environment);
    }
    parts.retain(|part| !part.is_false());
    parts
}

/// One part for each of the conflicting roots. The first also stands for "none of them".
fn alternatives(conflict: &[RootKind], joins: &Joins) -> Vec<MarkerTree> {
    let kinds: BTreeSet<&RootKind> = conflict.iter().filter(|kind| **kind != RootKind::Project).collect();
    let without_others = |kind: &RootKind| {
        let others = kinds.iter().filter(|other| **other != kind);
        others.fold(MarkerTree::TRUE, |all, other| joins.and(all, other.active().negate()))
    };
    let parts = kinds.iter().enumerate().map(|(i, kind)| {
        let alone = without_others(kind);
        if i == 0 { alone } else { joins.and(alone, kind.active()) }
    });
    let parts: Vec<_> = parts.collect();
    if parts.is_empty() { vec![MarkerTree::TRUE] } else { parts }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(environments: &[&str], conflicts: &[&[&str]]) -> Inputs {
        let extra = |name: &&str| RootKind::Extra(name.parse().unwrap());
        Inputs {
            environments: environments.iter().map(|text| text.parse().unwrap()).collect(),
            conflicts: conflicts.iter().map(|names| names.iter().map(extra).collect()).collect(),
            ..Inputs::of(Vec::new())
        }
    }

    fn texts(inputs: &Inputs) -> Vec<String> {
        parts(inputs).unwrap().into_iter().map(|part| part.try_to_string().unwrap_or_default()).collect()
    }

    #[test]
    fn nothing_divides_nothing() {
        assert_eq!(texts(&inputs(&[], &[])), [""]);
    }

    #[test]
    fn overlapping_environments_are_told_apart() {
        let parts = parts(&inputs(&["sys_platform == 'linux'", "python_version >= '3.12'"], &[])).unwrap();
        assert_eq!(parts.len(), 2);
        assert!(parts[0].is_disjoint(parts[1]));
        assert_eq!(parts[0].or(parts[1]), "sys_platform == 'linux' or python_version >= '3.12'".parse().unwrap());
    }

    #[test]
    fn of_conflicting_extras_one_or_none_is_active() {
        let parts = texts(&inputs(&[], &[&["a", "b"]]));
        let expected = ["extra != 'pybun-extra-b'", "extra == 'pybun-extra-b' and extra != 'pybun-extra-a'"];
        assert_eq!(parts.len(), 2);
        for (part, expected) in parts.iter().zip(expected) {
            assert_eq!(part.parse::<MarkerTree>().unwrap(), expected.parse().unwrap());
        }
    }

    #[test]
    fn too_many_alternatives_are_refused() {
        let many: Vec<Vec<String>> = (0..10).map(|i| (0..2).map(|j| format!("x{i}-{j}")).collect()).collect();
        let many: Vec<Vec<&str>> = many.iter().map(|names| names.iter().map(String::as_str).collect()).collect();
        let many: Vec<&[&str]> = many.iter().map(Vec::as_slice).collect();
        assert_eq!(parts(&inputs(&[], &many)).unwrap_err().code, "resolve/too-hard");
    }
}
