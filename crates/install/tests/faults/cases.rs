//! What is tried, and what must hold afterwards.

use crate::child::{FAILED, complete, install};
use crate::trace::{End, Fault, run};
use crate::wheels::{World, tree};
use pybun_install::{LinkMode, installed, uninstall};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const ERRORS: [i32; 4] = [libc::ENOSPC, libc::EACCES, libc::EIO, libc::EMFILE];

pub fn main() {
    let long = std::env::var("PYBUN_FAULTS").is_ok_and(|value| value == "long");
    let expected = Expected::make(LinkMode::Auto);
    timed("every call fails once", || every_call_fails(&expected, long));
    timed("killed at every call", || killed_at_every_call(&expected, if long { 1 } else { 5 }));
    timed("killed at any moment", || killed_at_any_moment(&expected, if long { 1000 } else { 60 }));
    timed("sixteen installations, one store, and collections", || many_and_collections(LinkMode::Auto, 16));
    timed("four installations into one environment", || four_into_one(LinkMode::Auto));
    timed("bytecode afterwards: killed at any moment", || killed_while_completing(if long { 300 } else { 12 }));
    let expected = Expected::make(LinkMode::Tree);
    timed("tree links: killed at any moment", || killed_at_any_moment(&expected, if long { 300 } else { 12 }));
    // Each collection makes the others compile again: sixteen do not come to an end beside one that spares nothing.
    timed("tree links: many and collections", || many_and_collections(LinkMode::Tree, 4));
    timed("tree links: four into one", || four_into_one(LinkMode::Tree));
}

fn timed(what: &str, case: impl FnOnce() -> String) {
    let start = Instant::now();
    let said = case();
    println!("{what}: {said} ({:.1} s)", start.elapsed().as_secs_f64());
}

/// What a whole installation leaves.
struct Expected {
    link: LinkMode,
    environment: Vec<(String, Vec<u8>)>,
}

/// Always the same path, which scripts contain. In memory where that is possible: a disk takes minutes for all of it.
fn root() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    let parent = if memory.is_dir() { memory } else { std::env::temp_dir() };
    parent.join(format!("pybun-faults-{}", std::process::id()))
}

struct Fresh(World);

impl Drop for Fresh {
    fn drop(&mut self) {
        clear(&self.0.root);
    }
}

/// Whoever is not root cannot delete trees as they are.
fn clear(root: &Path) {
    let trees = root.join("cache/packages/v4");
    if trees.is_dir() {
        let _ = Command::new("chmod").args(["-R", "u+w"]).arg(trees).status();
    }
    let _ = fs::remove_dir_all(root);
}

/// An environment with the old wheels, and the new ones beside it.
fn fresh(link: LinkMode) -> Fresh {
    let root = root();
    clear(&root);
    let world = World { root, link };
    world.write_wheels();
    install(&world, "env", "old", 1).expect("nothing fails yet");
    Fresh(world)
}

impl Expected {
    fn make(link: LinkMode) -> Self {
        let fresh = fresh(link);
        install(&fresh.0, "env", "new", 1).expect("nothing fails here");
        let environment = tree(&fresh.0.root.join("env"));
        let deep = fresh.0.environment("env").purelib.join("c/deep/er/m11.py");
        assert!(deep.is_file());
        assert_eq!(environment.iter().any(|(path, _)| path.ends_with("c/deep/er/m11.py")), link == LinkMode::Auto);
        assert!(!environment.iter().any(|(path, _)| path.ends_with("gone.py")));
        Self { link, environment }
    }

    /// Nothing seems whole that is not; the next installation ends well; the store is sound.
    fn check(&self, world: &World, what: &str) {
        assert_honest(world, "env", what);
        install(world, "env", "new", 2).unwrap_or_else(|error| panic!("{what}: then: {error}"));
        let found = tree(&world.root.join("env"));
        for (path, content) in &found {
            let known = self.environment.iter().find(|(other, _)| other == path);
            assert!(known.is_some(), "{what}: `{path}` was left");
            assert!(known.is_some_and(|(_, other)| other == content), "{what}: `{path}` has another content");
        }
        assert_eq!(found.len(), self.environment.len(), "{what}: something is missing");
        assert_sound(world, what);
    }
}

fn assert_honest(world: &World, environment: &str, what: &str) {
    let layout = world.environment(environment);
    for dist in installed(&layout).expect("it can be read").iter().filter(|dist| dist.complete) {
        let record =
            fs::read_to_string(dist.dist_info.join("RECORD")).unwrap_or_else(|error| panic!("{what}: {error}"));
        for line in record.lines() {
            let path = layout.purelib.join(line.split(',').next().unwrap_or_default());
            assert!(path.exists(), "{what}: {} has no {}", dist.name, path.display());
        }
    }
}

fn assert_sound(world: &World, what: &str) {
    let store = world.store();
    for wheel in store.wheels().expect("it can be read") {
        let damage = store.verify(&wheel).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert!(damage.is_empty(), "{what}: {damage:?}");
    }
}

fn name(link: LinkMode) -> &'static str {
    if link == LinkMode::Tree { "tree" } else { "auto" }
}

fn child(task: &str, world: &World, environment: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("a test knows where it is"));
    command.env("PYBUN_FAULTS_CHILD", format!("{task} {} {environment} {}", world.root.display(), name(world.link)));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn every_call_fails(expected: &Expected, long: bool) -> String {
    let (mut at, mut tried, mut failed) = (0, 0, 0);
    loop {
        let errors: &[i32] = if long { &ERRORS } else { &ERRORS[at % 4..=at % 4] };
        for &errno in errors {
            let fresh = fresh(expected.link);
            let (end, calls) = run(child("install", &fresh.0, "env"), at, Fault::Errno(errno));
            if calls <= at {
                assert!(at > 150, "only {at} calls were tried");
                return format!("{at} calls, {tried} faults, {failed} of them ended the installation");
            }
            let what = format!("call {at} with errno {errno}");
            assert!(matches!(end, End::Exit(0 | FAILED)), "{what}: {end:?}");
            failed += usize::from(end == End::Exit(FAILED));
            tried += 1;
            expected.check(&fresh.0, &what);
        }
        at += 1;
    }
}

fn killed_at_every_call(expected: &Expected, step: usize) -> String {
    let mut at = 0;
    loop {
        let fresh = fresh(expected.link);
        let (end, calls) = run(child("install", &fresh.0, "env"), at, Fault::Kill);
        if calls <= at {
            return format!("{} kills", at / step);
        }
        assert_eq!(end, End::Signal(libc::SIGKILL));
        expected.check(&fresh.0, &format!("killed at call {at}"));
        at += step;
    }
}

/// How long something takes, about: it follows the load of the machine.
struct Length(Duration);

impl Length {
    /// Was it still running?
    fn was_longer(&mut self, running: bool) -> bool {
        self.0 = self.0.mul_f64(if running { 1.05 } else { 0.9 });
        running
    }
}

/// What comes after a command may end at any time, and the interpreters that it has started go on for a while.
fn killed_while_completing(times: usize) -> String {
    let prepared = || {
        let fresh = fresh(LinkMode::Auto);
        install(&fresh.0, "env", "new", 1).expect("nothing fails here");
        fs::write(fresh.0.root.join("env/pyvenv.cfg"), "").expect("the directory of the test is ours");
        fresh
    };
    let paths = |world: &World| -> Vec<String> {
        let all = tree(&world.root.join("env")).into_iter().map(|(path, _)| path);
        all.filter(|path| !path.ends_with(|last: char| last.is_ascii_digit())).collect()
    };
    let (mut length, expected) = {
        let fresh = prepared();
        let start = Instant::now();
        assert_eq!(child("complete", &fresh.0, "env").status().expect("a test can start itself").code(), Some(0));
        (Length(start.elapsed()), paths(&fresh.0))
    };
    assert!(expected.iter().filter(|path| path.ends_with(".pyc")).count() > 12, "{expected:?}");
    let mut killed = 0;
    for time in 0..times {
        let fresh = prepared();
        let wait = length.0.mul_f64((time as f64 + 0.5) / times as f64);
        let what = format!("killed after {wait:?} (time {time})");
        let mut running = child("complete", &fresh.0, "env").spawn().expect("a test can start itself");
        std::thread::sleep(wait);
        killed += usize::from(length.was_longer(running.try_wait().expect("it is our child").is_none()));
        let _ = running.kill();
        running.wait().expect("it is our child");
        assert_honest(&fresh.0, "env", &what);
        complete(&fresh.0, "env").unwrap_or_else(|error| panic!("{what}: then: {error}"));
        assert_eq!(paths(&fresh.0), expected, "{what}");
        assert_sound(&fresh.0, &what);
    }
    assert!(killed > times / 4, "only {killed} of {times} were still running");
    format!("{killed} of {times} were still running")
}

fn killed_at_any_moment(expected: &Expected, times: usize) -> String {
    let mut length = {
        let fresh = fresh(expected.link);
        let start = Instant::now();
        assert!(child("install", &fresh.0, "env").status().is_ok_and(|status| status.success()));
        Length(start.elapsed())
    };
    let mut killed = 0;
    let mut seed = 0x9e37_79b9_7f4a_7c15u64;
    for time in 0..times {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        let fresh = fresh(expected.link);
        let wait = length.0.mul_f64((seed % 1000) as f64 / 1000.0);
        let mut running = child("install", &fresh.0, "env").spawn().expect("a test can start itself");
        std::thread::sleep(wait);
        killed += usize::from(length.was_longer(running.try_wait().expect("it is our child").is_none()));
        let _ = running.kill();
        running.wait().expect("it is our child");
        expected.check(&fresh.0, &format!("killed after {wait:?} (time {time})"));
    }
    assert!(killed > times / 4, "only {killed} of {times} were still running");
    format!("{killed} of {times} were still running")
}

fn many_and_collections(link: LinkMode, count: usize) -> String {
    let fresh = fresh(link);
    let world = &fresh.0;
    let mut collector =
        child("collect", world, "none").stderr(Stdio::inherit()).spawn().expect("a test can start itself");
    let names: Vec<String> = (0..count).map(|number| format!("env{number}")).collect();
    let all: Vec<Child> = names.iter().map(|name| start("insist", world, name)).collect();
    let ended: Vec<Option<i32>> = all.into_iter().map(end_of).collect();
    assert!(collector.try_wait().expect("it is our child").is_none(), "the collector gave up");
    let _ = collector.kill();
    collector.wait().expect("it is our child");
    assert_eq!(ended, vec![Some(0); count]);
    for name in &names {
        assert_honest(world, name, name);
        assert_eq!(installed(&world.environment(name)).expect("it can be read").len(), 2, "{name}");
    }
    assert_sound(world, "sixteen");
    format!("{} wheels in the store", world.store().wheels().expect("it can be read").len())
}

fn four_into_one(link: LinkMode) -> String {
    let fresh = fresh(link);
    let all: Vec<Child> = (0..4).map(|_| start("insist", &fresh.0, "env")).collect();
    assert_eq!(all.into_iter().map(end_of).collect::<Vec<_>>(), vec![Some(0); 4]);
    assert_honest(&fresh.0, "env", "four");
    let layout = fresh.0.environment("env");
    let found = installed(&layout).expect("it can be read");
    let names: Vec<String> = found.iter().map(|dist| format!("{} {}", dist.name, dist.version)).collect();
    assert_eq!(names, ["a 2", "b 1", "c 1"]);
    for dist in &found {
        uninstall(&layout, dist).expect("it is whole");
    }
    let left: Vec<String> = tree(&layout.purelib).into_iter().map(|(path, _)| path).collect();
    assert!(left.iter().all(|path| path == ".pybun-trees"), "{left:?} was left");
    "all whole".to_owned()
}

fn start(task: &str, world: &World, environment: &str) -> Child {
    child(task, world, environment).stderr(Stdio::inherit()).spawn().expect("a test can start itself")
}

fn end_of(mut child: Child) -> Option<i32> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("it is our child") {
            return status.code();
        }
        assert!(start.elapsed() < Duration::from_secs(120), "it hangs");
        std::thread::sleep(Duration::from_millis(5));
    }
}
