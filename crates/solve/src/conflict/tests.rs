//! What people read, shape by shape.

use crate::testing::{Index, request};
use crate::{Cutoff, Request, Target, solve};
use pybun_lock::{Names, Prereleases, RootKind};
use pybun_model::{Problem, silent};
use std::sync::Arc;

async fn problem(index: &str, request: Request) -> Problem {
    solve(&request, Arc::new(Index::new(index)), &silent).await.expect_err("it cannot be resolved")
}

/// The problem as text, without the way out.
#[track_caller]
fn check(index: &str, request: Request, expected: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let problem = runtime.block_on(problem(index, request));
    let text = format!("{}: {}", problem.code, problem.message);
    assert_eq!(text, unindent(expected), "\n{text}\n");
    assert!(problem.message.lines().count() <= 6, "{text}");
}

/// Lines of a test's text, less what they are indented by; a line behind the first keeps two blanks.
fn unindent(text: &str) -> String {
    let lines = text.trim().lines().map(str::trim).enumerate();
    lines.map(|(at, line)| if at == 0 { line.to_owned() } else { format!("  {line}") }).collect::<Vec<_>>().join("\n")
}

#[test]
fn direct_against_direct() {
    check(
        "a 1:\na 2:",
        request(&["a<2", "group dev: a>=2"]),
        "resolve/no-solution: `a<2` and `a>=2` (group `dev`) exclude each other",
    );
}

#[test]
fn direct_against_transitive() {
    check(
        "a 1: c<2\na 1.1: c<2\nc 1:\nc 2:",
        request(&["a", "c>=2"]),
        "resolve/no-solution: `a` and `c>=2` exclude each other
           every a needs c<2",
    );
}

#[test]
fn transitive_against_transitive() {
    check(
        "a 1: c<2\nb 1: c>=2\nc 1:\nc 2:",
        request(&["a", "b"]),
        "resolve/no-solution: `a` and `b` exclude each other
           a 1 needs c<2
           b 1 needs c>=2",
    );
}

#[test]
fn a_long_way_down() {
    check(
        "a 1: m\nm 1: n\nm 2: n>=1\nn 1: c<2\nb 1: c>=2\nc 1:\nc 2:",
        request(&["a", "b"]),
        "resolve/no-solution: `a` and `b` exclude each other
           a 1 needs m
           b 1 needs c>=2
           m 1 needs n
           m 2 needs n>=1
           n 1 needs c<2",
    );
}

#[test]
fn a_ladder_of_versions() {
    let rungs: String = (1..30).map(|i| format!("boto {i}: core=={i}\ncore {i}: url<2\n")).collect();
    check(
        &format!("{rungs}url 1:\nurl 2:"),
        request(&["boto", "url>=2"]),
        "resolve/no-solution: `boto` and `url>=2` exclude each other
           every boto needs core
           every core needs url<2",
    );
}

#[test]
fn an_extra() {
    check(
        "a 1: c<2 ; extra == 'x'\nc 1:\nc 2:",
        request(&["a[x]", "c>=2"]),
        "resolve/no-solution: `a[x]` and `c>=2` exclude each other
           a[x] 1 needs c<2",
    );
}

#[test]
fn a_python_that_is_too_old() {
    check(
        "a 1 {python>=3.10}:\na 2 {python>=3.12}:",
        request(&["a"]),
        "resolve/needs-python: every a needs Python >=3.10 at least, and your project is for Python >=3.8",
    );
    check(
        "a 1 {python>=3.10}:\nb 1: a",
        request(&["b"]),
        "resolve/needs-python: a 1 needs Python >=3.10, and your project is for Python >=3.8
           asked for by: your project -> b 1 -> a",
    );
    let request = Request { target: Target::Machine, ..request(&["a"]) };
    check("a 1 {python>=3.12}:", request, "resolve/needs-python: a 1 needs Python >=3.12, and this is Python 3.11.7");
}

#[test]
fn only_prereleases() {
    let mut request = request(&["a"]);
    request.inputs.prereleases = Prereleases::Disallow;
    check(
        "a 1.0a1:\na 1.0b2:",
        request,
        "resolve/prereleases-only: every version of `a` is a pre-release, and those are not allowed",
    );
}

#[test]
fn only_yanked() {
    check(
        "a 1 {yanked}:\na 2 {yanked}:\na 3:",
        request(&["a<3"]),
        "resolve/yanked-only: every version of `a` that satisfies `a<3` was yanked",
    );
    check(
        "a 1 {yanked}:\nb 1: a",
        request(&["group dev: b"]),
        "resolve/yanked-only: every version of `a` was yanked
           asked for by: your group `dev` -> b 1 -> a",
    );
}

#[test]
fn no_wheel_and_no_sdist() {
    let request = Request { target: Target::Machine, ..request(&["a"]) };
    check(
        "a 1 {wheel cp39-cp39-win_arm64}:",
        request,
        "resolve/no-usable-file: a 1 has no wheel for this platform and Python, and no sdist
           there are wheels for cp39-cp39-win_arm64; here it would be cp311-cp311-manylinux_2_36_x86_64 or similar",
    );
}

#[test]
fn a_constraint_to_blame() {
    let mut asked = request(&["a", "c>=2"]);
    asked.inputs.constraints = vec!["c<2".parse().unwrap()];
    check("a 1:\nc 1:\nc 2:", asked, "resolve/no-solution: `c>=2` and the constraint `c<2` exclude each other");
}

#[test]
fn an_override_to_blame() {
    let mut asked = request(&["a", "b"]);
    asked.inputs.overrides = vec!["c<2".parse().unwrap()];
    check(
        "a 1: c>=2\nb 1: d\nd 1: c\nc 2:\nc 3:",
        asked,
        "resolve/no-matching-version: no version of `c` satisfies the override `c<2`",
    );
}

#[test]
fn no_such_project() {
    check("a 1:", request(&["nonesuch"]), "resolve/unknown-package: `nonesuch` is not on index.example");
    check(
        "a 1: b\nb 1: nonesuch>=2",
        request(&["extra x: a"]),
        "resolve/unknown-package: `nonesuch` is not on index.example
           asked for by: your extra `x` -> a 1 -> b 1 -> nonesuch>=2",
    );
}

#[test]
fn no_such_version() {
    check(
        "a 1:\na 1.1:\na 2.0a1:",
        request(&["a>=7"]),
        "resolve/no-matching-version: no version of `a` satisfies `a>=7`",
    );
    check(
        "a 1:\na 2:\na 4:\nb 1: a==3",
        request(&["b"]),
        "resolve/no-matching-version: no version of `a` satisfies `a==3`
           asked for by: your project -> b 1 -> a==3",
    );
    check(
        "a 1:\na 2:\nb 1: a==3\nb 2: a==4",
        request(&["b"]),
        "resolve/no-matching-version: no version of `a` satisfies `a==3` or `a==4`
           b 1 needs a==3
           b 2 needs a==4",
    );
}

#[test]
fn it_contradicts_itself() {
    check(
        "a 1: a>=2\na 2: a<2",
        request(&["a"]),
        "resolve/impossible-requirement: a 1 needs another version of itself (a>=2)",
    );
    check(
        "a 1:",
        request(&["a>=2,<1"]),
        "resolve/impossible-requirement: your project needs a<1,>=2, which no version can satisfy",
    );
}

#[test]
fn one_part_of_the_universe() {
    check(
        "a 1: c<2 ; sys_platform == 'win32', c>=2 ; sys_platform != 'win32'\nc 1:\nc 2:",
        request(&["a", "c>=2 ; sys_platform == 'win32'"]),
        "resolve/no-solution: `a` and `c>=2 ; sys_platform == 'win32'` exclude each other where sys_platform == 'win32'
           a 1 needs c<2 ; sys_platform == 'win32'",
    );
}

#[test]
fn several_reasons_at_once() {
    check(
        "a 1: b>=7\na 2 {python>=3.12}:\nb 1:",
        request(&["a"]),
        "resolve/no-solution: `a` cannot be satisfied on Python <3.12
           a 1 needs b>=7
           a 2 needs Python >=3.12, and your project is for Python >=3.8
           no version of b is >=7; the newest is 1",
    );
    check(
        "a 1 {yanked}:\na 2 {python>=3.12}:\na 3 {unreadable}:",
        request(&["a"]),
        "resolve/needs-python: no version of `a` can be used on Python <3.12
           a 1 was yanked
           a 2 needs Python >=3.12, and your project is for Python >=3.8
           a 3 has metadata that cannot be read (line 3 is nonsense)",
    );
}

#[test]
fn three_together() {
    check(
        "a 1: d!=1\nb 1: d!=2\nc 1: d!=3\nd 1:\nd 2:\nd 3:",
        request(&["a", "b", "c"]),
        "resolve/no-solution: `a`, `b` and `c` cannot be satisfied together
           a 1 needs d!=1
           b 1 needs d!=2
           c 1 needs d!=3",
    );
}

#[test]
fn uploaded_too_late() {
    let asked = |requirements: &[&str]| {
        let mut asked = request(requirements);
        asked.inputs.exclude_newer = Some("2023-01-01".to_owned());
        asked.cutoff = Some(Cutoff::parse("2023-01-01", 0).unwrap());
        asked
    };
    check(
        "a 1:\na 2 {uploaded 2024-01-31}:",
        asked(&["a>=2"]),
        "resolve/too-new: every version of `a` that satisfies `a>=2` was uploaded too late for exclude-newer 2023-01-01",
    );
    check(
        "a 2 {uploaded 2024-01-31}:",
        asked(&["a"]),
        "resolve/too-new: every version of `a` was uploaded too late for exclude-newer 2023-01-01",
    );
    check(
        "a 2 {uploaded 2024-01-31}:\nb 1: a",
        asked(&["b"]),
        "resolve/too-new: every version of `a` was uploaded too late for exclude-newer 2023-01-01
           asked for by: your project -> b 1 -> a",
    );
}

#[test]
fn groups_and_extras_against_each_other() {
    check(
        "a 1:\na 2:\nb 1: a<2\nc 1: a>=2",
        request(&["extra x: b", "group y: c"]),
        "resolve/no-solution: `b` (extra `x`) and `c` (group `y`) exclude each other
           b 1 needs a<2
           c 1 needs a>=2",
    );
    let mut asked = request(&["extra x: b", "group y: c", "a<2"]);
    asked.inputs.conflicts = vec![vec![RootKind::Extra("x".parse().unwrap()), RootKind::Group("y".parse().unwrap())]];
    check(
        "a 1:\na 2:\nb 1: a<2\nc 1: a>=2",
        asked,
        "resolve/no-solution: `a<2` and `c` (group `y`) exclude each other
           c 1 needs a>=2",
    );
}

#[test]
fn a_required_environment_without_a_wheel() {
    let mut asked = request(&["a"]);
    asked.inputs.required_environments = vec!["sys_platform == 'darwin'".parse().unwrap()];
    check(
        "a 1 {wheel cp39-abi3-win_amd64}:",
        asked,
        "resolve/no-usable-file: a 1 has no sdist and no wheel for `sys_platform == 'darwin'`",
    );
}

#[test]
fn builds_and_wheels_that_are_not_allowed() {
    let mut asked = request(&["a"]);
    asked.inputs.no_binary = Names::All;
    check("a 1:", asked, "resolve/no-usable-file: a 1 has only wheels, and wheels are not allowed");
}

/// Thousands of facts are told in as few lines as three.
#[test]
fn a_ladder_of_thousands() {
    let rungs: String = (1..1500).map(|i| format!("boto {i}: core=={i}\ncore {i}: url<2\n")).collect();
    check(
        &format!("{rungs}url 1:\nurl 2:"),
        request(&["boto", "url>=2"]),
        "resolve/no-solution: `boto` and `url>=2` exclude each other
           every boto needs core
           every core needs url<2",
    );
}
