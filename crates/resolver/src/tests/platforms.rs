//! Environments that limit the universe, environments that are required, and local versions.

use super::*;

#[test]
fn environments_limit_the_universe() {
    let world = "a 1: b ; sys_platform == 'win32', c ; sys_platform == 'linux'\n b 1:\n c 1:";
    let environments = markers(&["sys_platform == 'linux'", "sys_platform == 'darwin'"]);
    let solved = solve(Inputs { environments, ..inputs(&["a"]) }, world).unwrap();
    assert_eq!(solved, "a==1\nc==1 ; sys_platform == 'linux'");
}

#[test]
fn the_first_environment_is_solved_first() {
    let world = "a 1: b<3 ; sys_platform == 'linux', b<2 ; sys_platform == 'win32'\n b 1:\n b 2:\n b 3:";
    let environments = markers(&["sys_platform == 'win32'", "sys_platform == 'linux'"]);
    assert_eq!(solve(Inputs { environments, ..inputs(&["a"]) }, world).unwrap(), "a==1\nb==1");
}

const WHEELS: &str = "
    a 1 {py3-none-manylinux_2_17_x86_64 py3-none-win_amd64}:
    a 2 {py3-none-manylinux_2_17_x86_64}:
    user 1: a
    linux-user 1: a ; sys_platform == 'linux'
    only 1 {py3-none-manylinux_2_17_x86_64}:";

const WINDOWS: &str = "sys_platform == 'win32' and platform_machine == 'AMD64'";

#[test]
fn a_required_environment_gets_a_version_with_a_wheel() {
    assert_eq!(solve(inputs(&["user"]), WHEELS).unwrap(), "a==2\nuser==1");
    let required_environments = markers(&[WINDOWS]);
    assert_eq!(solve(Inputs { required_environments, ..inputs(&["user"]) }, WHEELS).unwrap(), "a==1\nuser==1");
}

#[test]
fn required_environments_may_have_versions_of_their_own() {
    let world = "a 1 {py3-none-win_amd64}:\n a 2 {py3-none-manylinux_2_17_x86_64}:";
    let linux = "sys_platform == 'linux' and platform_machine == 'x86_64'";
    let required_environments = markers(&[WINDOWS, linux]);
    let resolution = resolve(Inputs { required_environments, ..inputs(&["a"]) }, &World::of(world), |_| 0).unwrap();
    let [first, second] = &resolution.packages[..] else { panic!("{}", text(&resolution)) };
    assert!(!first.marker.is_disjoint(WINDOWS.parse().unwrap()) && first.marker.is_disjoint(linux.parse().unwrap()));
    assert!(second.marker.is_disjoint(WINDOWS.parse().unwrap()) && !second.marker.is_disjoint(linux.parse().unwrap()));
}

#[test]
fn a_required_environment_that_does_not_need_it_asks_for_nothing() {
    let required_environments = markers(&[WINDOWS]);
    let solved = solve(Inputs { required_environments, ..inputs(&["linux-user"]) }, WHEELS).unwrap();
    assert_eq!(solved, "a==2 ; sys_platform == 'linux'\nlinux-user==1");
}

#[test]
fn a_required_environment_without_any_wheel_is_a_conflict() {
    let required_environments = markers(&[WINDOWS]);
    let told = solve(Inputs { required_environments, ..inputs(&["only"]) }, WHEELS).unwrap_err();
    assert!(told.contains("only has no sdist and no wheel for"), "{told}");
}

#[test]
fn source_files_serve_every_environment() {
    let world = "a 1 {py3-none-manylinux_2_17_x86_64 sdist}:";
    let required = || markers(&[WINDOWS]);
    assert_eq!(solve(Inputs { required_environments: required(), ..inputs(&["a"]) }, world).unwrap(), "a==1");
    let no_build = Names::All;
    assert!(solve(Inputs { required_environments: required(), no_build, ..inputs(&["a"]) }, world).is_err());
}

#[test]
fn a_local_version_leaves_the_base_to_other_platforms() {
    let world = "
        torch 2.0 {cp312-cp312-manylinux_2_17_x86_64 cp312-cp312-macosx_11_0_arm64}:
        torch 2.0+cpu {cp312-cp312-manylinux_2_17_x86_64}:
        vision 1: torch==2.0";
    let inputs = || Inputs { python: ">=3.12".parse().unwrap(), ..inputs(&["vision", "torch"]) };
    let solved = solve(inputs(), world).unwrap();
    let lines: Vec<&str> = solved.lines().collect();
    assert_eq!(lines.len(), 3, "{solved}");
    assert!(lines[0].starts_with("torch==2.0 ; ") && lines[0].contains("darwin"), "{solved}");
    assert!(lines[1].starts_with("torch==2.0+cpu ; ") && lines[1].contains("!= 'darwin'"), "{solved}");
    let mac = markers(&["sys_platform == 'darwin'"]);
    assert_eq!(solve(Inputs { environments: mac, ..inputs() }, world).unwrap(), "torch==2.0\nvision==1");
}

/// All have wheels alone. `old` has none for the newest Pythons, and its users would otherwise have no lock at all.
#[test]
fn wheels_count_for_the_pythons_of_a_fork() {
    let world = "
        a 1: b<2 ; python_version < '3.10', b>=2 ; python_version >= '3.10', old ; python_version >= '3.10'
        b 1: new
        b 2: new
        new 1 {cp39-abi3-any}:
        new 2 {cp310-abi3-any cp314-cp314t-any}:
        old 1 {cp39-cp39-any}:";
    assert_eq!(
        solve(inputs(&["a"]), world).unwrap(),
        "a==1\nb==1 ; python_full_version < '3.10'\nb==2 ; python_full_version >= '3.10'\n\
         new==1 ; python_full_version < '3.10'\nnew==2 ; python_full_version >= '3.10'\n\
         old==1 ; python_full_version >= '3.10'"
    );
}

#[test]
fn a_local_version_for_every_platform_leaves_nothing_to_its_base() {
    let world = "a 2.0 {py3-none-any sdist}:\n a 2.0+abc {py3-none-any}:";
    assert_eq!(solve(inputs(&["a"]), world).unwrap(), "a==2.0+abc");
}
