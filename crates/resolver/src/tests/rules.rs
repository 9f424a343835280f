//! Excludes, overrides, constraints, modes, pre-releases, yanked releases, sources and wheels.

use super::*;

const WORLD: &str = "
    a 1: lib<2, other
    a 2: lib>=2, other
    lib 1:
    lib 2:
    lib 3b1:
    other 1:
    new 1b1:
    gone 1:
    gone 2 {yanked}:
    built 1 {sdist}:
    built 2 {py3-none-any}:
    built 3 {sdist}:";

fn requirements(texts: &[&str]) -> Vec<Requirement> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn names(names: &[&str]) -> Names {
    Names::Only(names.iter().map(|name| name.parse().unwrap()).collect())
}

#[test]
fn what_is_excluded_nobody_requires() {
    let excludes = || ["other".parse().unwrap()].into_iter().collect();
    assert_eq!(solve(Inputs { excludes: excludes(), ..inputs(&["a", "other>7"]) }, WORLD).unwrap(), "a==2\nlib==2");
}

#[test]
fn an_override_replaces_what_others_require() {
    let overrides = requirements(&["lib<2"]);
    assert_eq!(solve(Inputs { overrides, ..inputs(&["a"]) }, WORLD).unwrap(), "a==2\nlib==1\nother==1");
}

#[test]
fn an_override_with_a_marker_counts_where_it_holds() {
    let overrides = requirements(&["lib<2 ; sys_platform == 'win32'", "lib>=2 ; sys_platform == 'linux'"]);
    assert_eq!(
        solve(Inputs { overrides, ..inputs(&["a", "lib>=7"]) }, WORLD).unwrap(),
        "a==2\nlib==1 ; sys_platform == 'win32'\nlib==2 ; sys_platform == 'linux'\nother==1"
    );
}

#[test]
fn an_override_keeps_the_extra_that_asks_and_the_extras_asked_for() {
    let world = "a 1: b[x]>=2 ; extra == 'e' and sys_platform == 'win32'\n b 1: c ; extra == 'x'\n b 2:\n c 1:";
    let overrides = || requirements(&["b<2"]);
    assert_eq!(solve(Inputs { overrides: overrides(), ..inputs(&["a"]) }, world).unwrap(), "a==1");
    assert_eq!(solve(Inputs { overrides: overrides(), ..inputs(&["a[e]"]) }, world).unwrap(), "a==1\nb==1\nc==1");
}

#[test]
fn a_constraint_narrows_and_needs_nothing() {
    let constraints = requirements(&["lib<2", "gone<1"]);
    assert_eq!(solve(Inputs { constraints, ..inputs(&["a"]) }, WORLD).unwrap(), "a==1\nlib==1\nother==1");
}

#[test]
fn the_lowest_of_all_or_of_what_you_name() {
    assert_eq!(solve(Inputs { mode: Mode::Lowest, ..inputs(&["a"]) }, WORLD).unwrap(), "a==1\nlib==1\nother==1");
    let world = format!("{WORLD}\n top 1: lib\n top 2: lib");
    assert_eq!(solve(Inputs { mode: Mode::LowestDirect, ..inputs(&["top"]) }, &world).unwrap(), "lib==2\ntop==1");
}

#[test]
fn prereleases_are_for_need_or_for_the_asking() {
    assert_eq!(solve(inputs(&["lib", "new"]), WORLD).unwrap(), "lib==2\nnew==1b1");
    assert_eq!(solve(inputs(&["lib>2"]), WORLD).unwrap(), "lib==3b1");
    let allow = Inputs { prereleases: Prereleases::Allow, ..inputs(&["lib"]) };
    assert_eq!(solve(allow, WORLD).unwrap(), "lib==3b1");
    let disallow = Inputs { prereleases: Prereleases::Disallow, ..inputs(&["new"]) };
    assert!(solve(disallow, WORLD).unwrap_err().contains("new has none"));
}

#[test]
fn yanked_releases_are_for_pins_and_locks() {
    assert_eq!(solve(inputs(&["gone"]), WORLD).unwrap(), "gone==1");
    assert_eq!(solve(inputs(&["gone==2"]), WORLD).unwrap(), "gone==2");
    assert!(solve(inputs(&["gone>1"]), WORLD).unwrap_err().contains("was yanked"));
    let locked = Preference { version: "2".parse().unwrap(), marker: MarkerTree::TRUE, locked: true };
    let preferences = [("gone".parse().unwrap(), vec![locked])].into_iter().collect();
    assert_eq!(solve(Inputs { preferences, ..inputs(&["gone"]) }, WORLD).unwrap(), "gone==2");
}

#[test]
fn wheels_or_sources_may_be_ruled_out_for_some_or_for_all() {
    assert_eq!(solve(inputs(&["built"]), WORLD).unwrap(), "built==3");
    for no_build in [Names::All, names(&["built"])] {
        assert_eq!(solve(Inputs { no_build, ..inputs(&["built"]) }, WORLD).unwrap(), "built==2");
    }
    for no_binary in [Names::All, names(&["built"])] {
        assert_eq!(solve(Inputs { no_binary, ..inputs(&["built<3"]) }, WORLD).unwrap(), "built==1");
    }
    let others = Inputs { no_build: names(&["lib"]), no_binary: names(&["lib"]), ..inputs(&["built<3"]) };
    assert_eq!(solve(others, WORLD).unwrap(), "built==2");
}

#[test]
fn an_older_wheel_may_be_preferred_to_a_newer_source() {
    let world = "
        a 1 {py3-none-any}:
        a 2 {py3-none-any yanked}:
        a 3 {sdist}:
        only 1 {sdist}:
        only 2 {sdist}:
        soon 1 {sdist}:
        soon 2a1 {py3-none-any}:
    ";
    let asked = || inputs(&["a", "only", "soon"]);
    assert_eq!(solve(asked(), world).unwrap(), "a==3\nonly==2\nsoon==1");
    let preferring = || Inputs { prefer_binary: true, ..asked() };
    assert_eq!(solve(preferring(), world).unwrap(), "a==1\nonly==2\nsoon==1");
    assert_eq!(solve(Inputs { no_binary: Names::All, ..preferring() }, world).unwrap(), "a==3\nonly==2\nsoon==1");
}
