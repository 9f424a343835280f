//! Ways out, shape by shape, each of them followed and resolved.

use crate::testing::{Index, following, request};
use crate::{Cutoff, Fixes, Request, Target, solve};
use pybun_lock::{Prereleases, RootKind};
use pybun_model::{Problem, silent};
use std::sync::Arc;

/// The hint and the command. The command, followed, makes the request resolve.
#[track_caller]
fn check(index: &str, request: Request, expected: &str) {
    check_in(Index::new(index), request, expected);
}

#[track_caller]
fn check_in(index: Index, request: Request, expected: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let index = Arc::new(index);
    let problem: Problem =
        runtime.block_on(solve(&request, index.clone(), &silent)).expect_err("it cannot be resolved");
    let hint = problem.hint.clone().unwrap_or_default();
    let command = problem.fix.as_ref().map(|fix| fix.command.join(" "));
    let told = command.map_or(hint.clone(), |command| format!("{hint} | {command}"));
    assert_eq!(told, expected, "\n{told}\n");
    if let Some(fix) = &problem.fix {
        let after = following(&request, &fix.command);
        assert!(runtime.block_on(solve(&after, index, &silent)).is_ok(), "{:?} does not help", fix.command);
    }
}

fn adding(requirements: &[&str], names: &[&str]) -> Request {
    let names = names.iter().map(|name| name.parse().unwrap()).collect();
    Request { fixes: Fixes::Manifest { adding: Some((RootKind::Project, names)) }, ..request(requirements) }
}

#[test]
fn a_bound_is_relaxed() {
    check(
        "a 1:\na 2:\nb 1: a>=2",
        request(&["a<2", "b"]),
        "It resolves with `a>=2` instead of `a<2` (a 2 and b 1), or without `b` (a 1) | pybun add a>=2",
    );
    check(
        "a 1:\na 2:\nb 1: a<2\nb 2: a<2",
        request(&["a>=2", "b>=2"]),
        "It resolves with `a>=1` instead of `a>=2` (a 1 and b 2), or without `b>=2` (a 2) | pybun add a>=1",
    );
    check(
        "a 1:\na 2:\nb 1: a<2",
        request(&["a==2", "b"]),
        "It resolves with `a==1` instead of `a==2` (a 1 and b 1), or without `b` (a 2) | pybun add a==1",
    );
    check(
        "a 1:\na 2:",
        request(&["a<2", "group dev: a>=2"]),
        "It resolves with `a>=2` instead of `a<2` (a 2), or with `a>=1` instead of `a>=2` (a 1) | pybun add a>=2",
    );
}

#[test]
fn what_is_being_added_is_relaxed_first() {
    check(
        "a 1:\na 2:\nb 1: a<2\nb 2: a>=2",
        adding(&["a<2", "b>=2"], &["b"]),
        "It resolves with `b>=1` instead of `b>=2` (a 1 and b 1), or with `a>=2` instead of `a<2` (a 2 and b 2) | pybun add b>=1",
    );
    check(
        "a 1: c<2\nb 1: c>=2\nc 1:\nc 2:\nd 1:",
        adding(&["a", "b", "d"], &["b", "d"]),
        "It resolves without `a` (b 1 and c 2); repeat this command after the fix | pybun remove a",
    );
}

#[test]
fn something_is_removed() {
    check(
        "a 1: c<2\nb 1: c>=2\nc 1:\nc 2:",
        request(&["a", "group test: b"]),
        "It resolves without `a` (b 1 and c 2), or without `b` (a 1 and c 1) | pybun remove a",
    );
}

#[test]
fn an_extra_is_dropped() {
    check(
        "a 1: c<2 ; extra == 'x'\nc 1:\nc 2:\nb 1: c>=2",
        request(&["a[x]", "b"]),
        "It resolves with `a>=1` instead of `a[x]` (a 1, b 1 and c 2), or without `b` (a 1 and c 1) | pybun add a>=1",
    );
}

#[test]
fn a_constraint_or_an_override_goes() {
    let mut asked = request(&["a", "b"]);
    asked.inputs.constraints = vec!["c<2".parse().unwrap()];
    check("a 1: c>=2\nb 1:\nc 1:\nc 2:", asked, "It resolves without the constraint `c<2` (a 1 and c 2)");
    let mut asked = request(&["a"]);
    asked.inputs.overrides = vec!["c<1".parse().unwrap()];
    check("a 1: c>=2\nc 1:\nc 2:", asked, "It resolves without the override `c<1` (a 1 and c 2)");
}

#[test]
fn prereleases_are_let_in() {
    let mut asked = request(&["a"]);
    asked.inputs.prereleases = Prereleases::Disallow;
    check(
        "a 1.0b1:",
        asked,
        "It resolves with pre-releases where nothing else fits (a 1.0b1) | pybun lock --prereleases if-necessary",
    );
}

#[test]
fn python_is_narrowed() {
    check(
        "a 1 {python>=3.10}:\na 2 {python>=3.12}:",
        request(&["a"]),
        "It resolves with `requires-python = \">=3.10\"` (a 1 or 2), or with `a ; python_full_version >= '3.10'` instead of `a` (a 1 or 2)",
    );
    check(
        "a 1:\na 2 {python>=3.12}:",
        request(&["a>=2"]),
        "It resolves with `a>=1` instead of `a>=2` (a 1 or 2), or with `requires-python = \">=3.12\"` (a 2) | pybun add a>=1",
    );
}

#[test]
fn a_part_of_the_universe_is_left_out() {
    check(
        "a 1: c<2 ; sys_platform == 'win32'\nb 1: c>=2\nc 1:\nc 2:",
        request(&["a", "b"]),
        "It resolves without `a` (b 1 and c 2), or without `b` (a 1 and c 1) | pybun remove a",
    );
}

#[test]
fn a_version_that_exists_is_named() {
    check("a 1:\na 1.1:", request(&["a>=7"]), "It resolves with `a>=1.1` instead of `a>=7` (a 1.1) | pybun add a>=1.1");
    check("a 1 {yanked}:\na 2:", request(&["a<2"]), "It resolves with `a>=2` instead of `a<2` (a 2) | pybun add a>=2");
}

#[test]
fn nothing_is_proposed_that_does_not_help() {
    check(
        "a 1: c<2, d<2\nb 1: c>=2\ne 1: d>=2\nc 1:\nc 2:\nd 1:\nd 2:\nf 1: c<2",
        request(&["a", "b", "e", "f"]),
        "No single change helps; 2 were tried. Relax several of these requirements",
    );
    check(
        "a 1: b\nb 1 {yanked}:",
        request(&["a"]),
        "It resolves with `b==1`, although it was yanked (a 1 and b 1) | pybun add b==1",
    );
}

#[test]
fn where_no_command_reaches_it_is_said() {
    let asked = Request { target: Target::Machine, fixes: Fixes::Words, ..request(&["a<2", "b"]) };
    check(
        "a 1:\na 2:\nb 1: a>=2",
        asked,
        "It resolves with `a>=2` instead of `a<2` (a 2 and b 1), or without `b` (a 1)",
    );
    let asked = Request { fixes: Fixes::No, ..request(&["a<2", "b"]) };
    check("a 1:\na 2:\nb 1: a>=2", asked, "");
}

#[test]
fn another_python_of_this_machine_is_named() {
    let index = || Index {
        pythons: vec![8, 13, 12, 11],
        ..Index::new("a 1 {python>=3.12}:\nb 1 {wheel cp312-cp312-manylinux_2_17_x86_64}:")
    };
    let mut tool = Request { target: Target::Machine, fixes: Fixes::Words, ..request(&["a"]) };
    tool.inputs.requires_python = None;
    check_in(index(), tool.clone(), "It resolves with `--python 3.12` (a 1)");
    tool.inputs.roots = request(&["b"]).inputs.roots;
    check_in(index(), tool, "It resolves with `--python 3.12` (b 1)");
    let mut project = request(&["a"]);
    project.inputs.requires_python = None;
    check_in(
        index(),
        project,
        "It resolves with `--python 3.12` (a 1), or with `a ; python_full_version >= '3.12'` instead of `a` (a 1) | pybun --python 3.12 lock",
    );
}

#[test]
fn a_later_moment_would_do() {
    let mut asked = request(&["a>=2"]);
    asked.inputs.exclude_newer = Some("2023-01-01".to_owned());
    asked.cutoff = Some(Cutoff::parse("2023-01-01", 0).unwrap());
    check(
        "a 1:\na 2 {uploaded 2024-01-31}: b\nb 1 {uploaded 2024-01-31}:",
        asked,
        "It resolves without exclude-newer (a 2), or with `a>=1` instead of `a>=2` (a 1) | pybun add a>=1",
    );
}

#[test]
fn extras_and_groups_may_be_declared_to_conflict() {
    check(
        "a 1:\na 2:\nb 1: a<2\nc 1: a>=2",
        request(&["extra x: b", "group y: c"]),
        "It resolves with `conflicts = [[{ extra = \"x\" }, { group = \"y\" }]]` in [tool.pybun] (a 1 or 2, b 1 and c 1), or without `b` (a 2 and c 1) | pybun remove --optional x b",
    );
}
