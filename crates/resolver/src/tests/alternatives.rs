//! Extras and groups of which at most one is chosen.

use super::*;

/// `a` and `b` exclude each other.
fn conflicting(always: &[&str], a: &[&str], b: &[&str]) -> Inputs {
    let root = |gate: &str, requirements: &[&str]| Root {
        gate: if gate.is_empty() { MarkerTree::TRUE } else { gate.parse().unwrap() },
        requirements: requirements.iter().map(|text| text.parse().unwrap()).collect(),
    };
    Inputs {
        roots: vec![root("", always), root("extra == 'a'", a), root("extra == 'b'", b)],
        environments: markers(&["extra != 'b'", "extra == 'b' and extra != 'a'"]),
        ..inputs(&[])
    }
}

#[test]
fn each_alternative_has_its_version() {
    let world = "lib 1:\n lib 2:\n deep 1: lib<2\n top 1:";
    let solved = solve(conflicting(&["top"], &["deep"], &["lib>=2"]), world).unwrap();
    assert_eq!(solved, "deep==1 ; extra == 'a'\nlib==1 ; extra == 'a'\nlib==2 ; extra != 'a' and extra == 'b'\ntop==1");
}

#[test]
fn what_both_need_alike_is_there_once() {
    let world = "lib 1:\n top 1: lib";
    assert_eq!(solve(conflicting(&["top"], &["lib"], &["lib"]), world).unwrap(), "lib==1\ntop==1");
}

#[test]
fn a_conflict_inside_one_alternative_remains_one() {
    let world = "lib 1:\n lib 2:";
    let told = solve(conflicting(&["lib<2"], &["lib"], &["lib>=2"]), world).unwrap_err();
    assert!(told.contains("your requirements -> lib"), "{told}");
}
