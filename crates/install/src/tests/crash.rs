//! A full disk and a kill at every single step: nothing may seem whole that is not, and the next installation mends it.

use super::wheel_writer::WheelWriter;
use super::{World, digest};
use crate::fault::{Fault, plan};
use crate::record::parse_record;
use crate::{Error, Install, repair, uninstall};
use pybun_model::Problem;
use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

fn old() -> WheelWriter {
    WheelWriter::new("a", "1")
        .file("a/__init__.py", "old")
        .file("a/gone.py", "old")
        .entry_points("[console_scripts]\na-old = a:x\n")
}

fn new() -> WheelWriter {
    WheelWriter::new("a", "2")
        .file("a/__init__.py", "new")
        .file("a/deep/more.py", "new")
        .file("a-2.data/scripts/a-tool", "#!python\n")
        .entry_points("[console_scripts]\na-new = a:x\n")
}

/// An environment with `a 1` and `b 1`, and the batch `a 2` and `c 1`.
fn prepared() -> (World, Vec<Install>) {
    let world = World::new();
    let mut first = world.add(&old());
    first.requested = true;
    let other = world.add(&WheelWriter::new("b", "1").file("b.py", "b"));
    world.install(&[first, other]).unwrap();
    let mut batch = vec![world.add(&new()), world.add(&WheelWriter::new("c", "1").file("c/x.py", "c"))];
    batch[1].direct_url = Some("{}".to_owned());
    (world, batch)
}

pub(super) fn killed(work: impl FnOnce() -> Result<(), Error>) -> bool {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => {
            result.unwrap();
            false
        }
        Err(payload) => {
            assert_eq!(payload.downcast_ref(), Some(&Fault::Kill));
            true
        }
    }
}

/// Every distribution that is listed as complete has all its files.
#[track_caller]
pub(super) fn assert_honest(world: &World, step: usize) {
    for dist in world.installed().iter().filter(|dist| dist.complete) {
        let record = fs::read(dist.dist_info.join("RECORD")).unwrap();
        for row in parse_record(&record).unwrap().iter().filter(|row| !row.hash.is_empty()) {
            let content = fs::read(world.library().join(&row.path))
                .unwrap_or_else(|error| panic!("step {step}: {} {}: {error}", dist.name, row.path));
            assert_eq!(row.sha256(), Some(digest(&content)), "step {step}: {}", row.path);
        }
    }
}

fn finished() -> BTreeMap<String, String> {
    let (world, batch) = prepared();
    world.install(&batch).unwrap();
    without_place(&world)
}

/// The tree with the temporary directory's name taken out of its texts and RECORDs (whose digests depend on it).
pub(super) fn without_place(world: &World) -> BTreeMap<String, String> {
    let root = world.root().to_string_lossy().into_owned();
    let mut tree = world.tree();
    for (path, content) in &mut tree {
        *content = if path.ends_with("/RECORD") {
            content.lines().map(|line| line.split(',').next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
        } else {
            content.replace(&root, "")
        };
    }
    tree
}

#[test]
fn a_kill_at_any_step_is_mended_by_the_next_installation() {
    let expected = finished();
    let mut steps = 0;
    loop {
        let (world, batch) = prepared();
        plan(Some((steps, Fault::Kill)));
        let was_killed = killed(|| world.install(&batch).map(drop));
        plan(None);
        assert_honest(&world, steps);
        world.install(&batch).unwrap_or_else(|error| panic!("step {steps}: {error}"));
        assert_eq!(without_place(&world), expected, "step {steps}");
        if !was_killed {
            break;
        }
        steps += 1;
    }
    assert!(steps > 30, "only {steps} steps were tried");
}

#[test]
fn a_kill_while_mending_is_mended_too() {
    let expected = finished();
    for first in [5, 12, 20, 27] {
        let mut second = 0;
        loop {
            let (world, batch) = prepared();
            plan(Some((first, Fault::Kill)));
            assert!(killed(|| world.install(&batch).map(drop)));
            plan(Some((second, Fault::Kill)));
            let was_killed = killed(|| world.install(&batch).map(drop));
            plan(None);
            assert_honest(&world, second);
            world.install(&batch).unwrap();
            assert_eq!(without_place(&world), expected, "steps {first} and {second}");
            if !was_killed {
                break;
            }
            second += 1;
        }
    }
}

#[test]
fn what_was_left_is_removed_even_when_something_else_is_installed_next() {
    for steps in 0..200 {
        let (world, batch) = prepared();
        let other = world.add(&WheelWriter::new("z", "1").file("z.py", "z"));
        plan(Some((steps, Fault::Kill)));
        let was_killed = killed(|| world.install(&batch).map(drop));
        plan(None);
        world.install(&[other]).unwrap();
        assert_honest(&world, steps);
        for dist in world.installed() {
            assert!(dist.complete, "step {steps}: {}", dist.name);
            uninstall(&world.layout, &dist).unwrap();
        }
        assert!(world.tree().is_empty(), "step {steps}: {:?}", world.tree().keys());
        if !was_killed {
            return;
        }
    }
    panic!("the installation never came to its end");
}

#[test]
fn a_full_disk_at_any_step_leaves_whole_distributions_only() {
    let expected = finished();
    let mut steps = 0;
    loop {
        let (world, batch) = prepared();
        plan(Some((steps, Fault::DiskFull)));
        let result = world.install(&batch);
        if plan(None) {
            assert!(result.is_ok());
            break;
        }
        let problem = Problem::from(&result.expect_err("the fault has been met"));
        assert_eq!(problem.code, "install/disk-full", "step {steps}");
        assert_honest(&world, steps);
        assert!(world.installed().iter().any(|dist| dist.name.as_ref() == "b" && dist.complete), "step {steps}");
        world.install(&batch).unwrap();
        assert_eq!(without_place(&world), expected, "step {steps}");
        steps += 1;
    }
    assert!(steps > 30, "only {steps} steps were tried");
}

#[test]
fn a_kill_while_removing_leaves_nothing_that_seems_whole() {
    let mut steps = 0;
    loop {
        let (world, _) = prepared();
        let dist = world.installed().remove(0);
        plan(Some((steps, Fault::Kill)));
        let was_killed = killed(|| uninstall(&world.layout, &dist));
        plan(None);
        assert_honest(&world, steps);
        if !was_killed {
            break;
        }
        repair(&world.store, &world.layout).unwrap();
        let names: Vec<_> = world.installed().into_iter().map(|dist| dist.name.to_string()).collect();
        assert!(names == ["b"] || (steps < 2 && names == ["a", "b"]), "step {steps}: {names:?}");
        steps += 1;
    }
    assert!(steps > 5, "only {steps} steps were tried");
}

#[test]
fn a_removal_keeps_what_others_left_to_mend() {
    let (world, batch) = prepared();
    plan(Some((12, Fault::Kill)));
    assert!(killed(|| world.install(&batch).map(drop)));
    plan(None);
    let pending = |world: &World| fs::read_to_string(world.library().join(".pybun-journal")).unwrap();
    assert!(pending(&world).contains("a-2.dist-info"));
    let other = world.installed().into_iter().find(|dist| dist.name.as_ref() == "b").unwrap();
    uninstall(&world.layout, &other).unwrap();
    assert!(pending(&world).contains("a-2.dist-info") && !pending(&world).contains("b-1.dist-info"));
    repair(&world.store, &world.layout).unwrap();
    assert!(world.tree().is_empty(), "{:?}", world.tree().keys());
}
