//! Forks, extras, conflicts, and that the order of answers does not matter.

use super::*;

#[test]
fn disjoint_markers_split_the_universe() {
    let world = "a 1:\n a 2:\n b 1: a<2 ; sys_platform == 'win32', a>=2 ; sys_platform != 'win32'";
    let solved = solve(inputs(&["b"]), world).unwrap();
    assert_eq!(solved, "a==1 ; sys_platform == 'win32'\na==2 ; sys_platform != 'win32'\nb==1");
}

#[test]
fn what_no_place_needs_is_left_out() {
    let world = "a 1: b ; sys_platform == 'linux', c\n b 1:\n c 1:";
    let solved = solve(inputs(&["a ; sys_platform == 'win32'"]), world).unwrap();
    assert_eq!(solved, "a==1 ; sys_platform == 'win32'\nc==1 ; sys_platform == 'win32'");
}

#[test]
fn an_extra_keeps_the_version_of_its_base() {
    let world = "a 2: c ; extra == 'x'\n a 1: c ; extra == 'x'\n b 1: a<2\n c 1:";
    assert_eq!(solve(inputs(&["a[x]", "b"]), world).unwrap(), "a==1\nb==1\nc==1");
}

#[test]
fn extras_may_take_in_each_other() {
    let world = "a 1: a[x] ; extra == 'all', a[all] ; extra == 'x', c ; extra == 'x'\n c 1:";
    assert_eq!(solve(inputs(&["a[all]"]), world).unwrap(), "a==1\nc==1");
}

#[test]
fn packages_may_need_each_other() {
    assert_eq!(solve(inputs(&["a"]), "a 1: b\n b 1: c\n c 1: a").unwrap(), "a==1\nb==1\nc==1");
}

#[test]
fn a_conflict_names_both_sides() {
    let explained = solve(inputs(&["a", "b"]), "a 1: c<2\n b 1: c>=2\n c 1:\n c 2:").unwrap_err();
    assert!(explained.contains("a -> c") && explained.contains("b -> c"), "{explained}");
}

#[test]
fn a_newer_python_may_have_newer_versions() {
    let solved = solve(inputs(&["a"]), "a 1 {>=3.8}:\n a 2 {>=3.12}:").unwrap();
    assert_eq!(solved, "a==1 ; python_full_version < '3.12'\na==2 ; python_full_version >= '3.12'");
}

#[test]
fn the_order_of_answers_does_not_matter() {
    let lines: Vec<String> =
        (1..40).map(|i| format!("boto {i}: core=={i}\n core {i}: url>={}", if i > 3 { 2 } else { 1 })).collect();
    let world = World::of(&format!("{}\n url 1:\n url 2:\n top 1: boto, url<2", lines.join("\n")));
    let expected = text(&resolve(inputs(&["top"]), &world, |_| 0).unwrap());
    assert_eq!(expected, "boto==3\ncore==3\ntop==1\nurl==1");
    for seed in 1..50_usize {
        let mut state = seed;
        let random = |open| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) % open
        };
        assert_eq!(text(&resolve(inputs(&["top"]), &world, random).unwrap()), expected);
    }
}
