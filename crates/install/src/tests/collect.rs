//! Collections: what goes, in which order, and what never goes.
#![cfg(unix)]

use super::wheel_writer::WheelWriter;
use super::{World, options, tree};
use crate::{Collected, Collection, Install, Kind, Limits, LinkMode, Options, collect, install, size};
use std::fs;
use std::time::{Duration, SystemTime};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn wheel(name: &str, files: &[(&str, &str)]) -> WheelWriter {
    files.iter().fold(WheelWriter::new(name, "1"), |wheel, (path, content)| wheel.file(path, content))
}

impl World {
    fn collect(&self, limits: Limits) -> Collected {
        collect(&self.root().join("cache"), &Collection { limits, dry_run: false, now: SystemTime::now() }).unwrap()
    }

    /// As if it had been used last so many days ago.
    fn age(&self, install: &Install, days: u32) {
        let manifest =
            fs::File::options().write(true).open(self.store.entry(&install.sha256).join("manifest")).unwrap();
        manifest.set_modified(SystemTime::now() - DAY * days).unwrap();
    }
}

fn nothing() -> Limits {
    Limits { max_size: Some(0), max_age: None }
}

fn names(collected: &Collected) -> Vec<&str> {
    collected.removed.iter().map(|removed| removed.what.as_str()).collect()
}

#[test]
fn the_least_recently_used_goes_first_until_the_size_holds() {
    let world = World::new();
    let text = "x".repeat(5000);
    let wheels: Vec<_> = ["a", "b", "c"]
        .map(|name| world.add(&wheel(name, &[(&format!("{name}.py"), &format!("{text}{name}"))])))
        .into();
    for (wheel, days) in wheels.iter().zip([2, 5, 3]) {
        world.age(wheel, days);
    }
    let all = world.collect(Limits::default());
    assert_eq!((all.before, names(&all)), (all.after, vec![]));
    let collected = world.collect(Limits { max_size: Some(all.before - 1), max_age: None });
    assert_eq!(names(&collected), ["b 1"]);
    assert!(collected.after < all.before - 5000 && collected.removed[0].bytes > 5000);
    let collected = world.collect(Limits { max_size: None, max_age: Some(DAY * 5 / 2) });
    assert_eq!(names(&collected), ["c 1"]);
    assert!(world.store.has(&wheels[0].sha256) && !world.store.has(&wheels[1].sha256));
    assert_eq!(fs::read_dir(world.root().join("cache/packages/v4/tmp")).unwrap().count(), 0);
}

#[test]
fn a_dry_run_says_the_same_and_does_nothing() {
    let world = World::new();
    let request = world.add(&wheel("a", &[("a.py", "a")]));
    world.age(&request, 2);
    let cache = world.root().join("cache");
    let now = SystemTime::now();
    let dry = collect(&cache, &Collection { limits: nothing(), dry_run: true, now }).unwrap();
    assert!(world.store.verify(&request.sha256).unwrap().is_empty());
    world.age(&request, 2);
    assert_eq!(dry, world.collect(nothing()));
    assert!(!world.store.has(&request.sha256));
}

#[test]
fn what_an_environment_uses_stays_however_it_was_linked() {
    for link in [LinkMode::Hardlink, LinkMode::Copy] {
        let world = World::new();
        let (used, unused) = (world.add(&wheel("a", &[("a.py", "a")])), world.add(&wheel("b", &[("b.py", "b")])));
        let options = Options { link, ..options() };
        install(&world.store, &world.layout, std::slice::from_ref(&used), &options, &pybun_model::silent).unwrap();
        for wheel in [&used, &unused] {
            world.age(wheel, 400);
        }
        let collected = world.collect(nothing());
        assert_eq!((names(&collected), collected.in_use), (vec!["b 1"], 1), "{link:?}");
        // A moved environment still holds its links; a deleted one holds nothing.
        if link == LinkMode::Hardlink {
            fs::rename(&world.layout.prefix, world.root().join("moved")).unwrap();
            assert_eq!(world.collect(nothing()).in_use, 1);
            fs::remove_dir_all(world.root().join("moved")).unwrap();
        } else {
            fs::remove_dir_all(&world.layout.prefix).unwrap();
            let notes = || tree(&world.root().join("cache/packages/v4/environments")).len();
            let request = Collection { limits: nothing(), dry_run: true, now: SystemTime::now() };
            collect(&world.root().join("cache"), &request).unwrap();
            assert_eq!(notes(), 1, "a dry run changes nothing");
            world.collect(Limits::default());
            assert_eq!(notes(), 0);
        }
        assert_eq!(names(&world.collect(nothing())), ["a 1"], "{link:?}");
    }
}

#[test]
fn what_was_asked_for_just_now_stays() {
    let world = World::new();
    let request = world.add(&wheel("a", &[("a.py", "a")]));
    assert_eq!(names(&world.collect(nothing())), Vec::<&str>::new());
    world.age(&request, 9);
    assert!(world.store.has(&request.sha256));
    assert_eq!(names(&world.collect(nothing())), Vec::<&str>::new(), "asking is a use");
}

#[test]
fn shared_files_count_once_and_go_with_the_last_wheel() {
    let world = World::new();
    let text = "y".repeat(100_000);
    let version = |version| world.add(&WheelWriter::new("a", version).file("a.py", &text));
    let (a, b) = (version("1"), version("2"));
    let found = size(&world.root().join("cache")).unwrap();
    assert!(found.store < 110_000 && found.unshared > 200_000, "{found:?}");
    world.age(&a, 9);
    let first = world.collect(nothing());
    assert!(names(&first) == ["a 1"] && first.removed[0].bytes < 10_000, "{first:?}");
    assert!(world.store.verify(&b.sha256).unwrap().is_empty());
    world.age(&b, 9);
    let second = world.collect(nothing());
    assert!(second.removed[0].bytes > 100_000 && second.after == 0, "{second:?}");
    let names = super::tree(&world.root().join("cache/packages/v4/names"));
    assert!(names.is_empty(), "{names:?}");
}

#[test]
fn other_caches_go_too_and_old_stores_always() {
    let world = World::new();
    let cache = world.root().join("cache");
    let old = |path: &str, days: u32| {
        let path = cache.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "content").unwrap();
        let time = SystemTime::now() - DAY * days;
        let times = fs::FileTimes::new().set_accessed(time).set_modified(time);
        fs::File::options().write(true).open(&path).unwrap().set_times(times).unwrap();
    };
    old("http/v1/pages/a", 10);
    old("http/v1/pages/b", 1);
    old("build/v1/x/wheel.whl", 20);
    old("packages/v1/aa/x", 1);
    old("tmp/part-of-a-wheel", 2);
    old("tmp/part-of-another", 0);
    old("logs/build-a-1-x.log", 30);
    let collected = world.collect(Limits { max_size: None, max_age: Some(DAY * 5) });
    let found: Vec<_> = collected.removed.iter().map(|one| (one.kind, one.what.as_str(), one.bytes)).collect();
    let expected = [
        (Kind::Rest, "packages/v1", 7),
        (Kind::Rest, "tmp/part-of-a-wheel", 7),
        (Kind::Log, "logs/build-a-1-x.log", 7),
        (Kind::Build, "build/v1/x/wheel.whl", 7),
        (Kind::Answer, "http/v1/pages/a", 7),
    ];
    assert_eq!(found, expected);
    assert!(cache.join("http/v1/pages/b").exists() && collected.after == 7);
    assert!(cache.join("tmp/part-of-another").exists());
}

#[test]
fn what_is_not_ours_stays_whatever_directory_was_named() {
    let world = World::new();
    let home = world.root().join("cache");
    let precious = [
        "tmp/thesis.odt",
        "tmp/part-2/thesis.odt",
        "build/project/main.c",
        "logs/diary.log",
        "http/index.html",
        "packages/v1/mine.txt",
        "packages/v2/mine/aa",
    ];
    for path in precious {
        let path = home.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "precious").unwrap();
        let time = SystemTime::now() - DAY * 900;
        let times = fs::FileTimes::new().set_accessed(time).set_modified(time);
        fs::File::options().write(true).open(&path).unwrap().set_times(times).unwrap();
    }
    let collected = world.collect(Limits { max_size: Some(0), max_age: Some(DAY) });
    assert_eq!(names(&collected), Vec::<&str>::new());
    for path in precious {
        assert!(home.join(path).exists(), "{path}");
    }
}

#[test]
fn two_at_a_time_do_the_work_once() {
    let world = World::new();
    world.add(&wheel("a", &[("a.py", "a")]));
    let lock = fs::File::create(world.root().join("cache/packages/v4/lock")).unwrap();
    lock.lock().unwrap();
    assert!(world.collect(nothing()).busy);
    drop(lock);
    assert!(!world.collect(nothing()).busy);
}

#[test]
fn it_is_due_once_a_day() {
    let world = World::new();
    world.add(&wheel("a", &[("a.py", "a")]));
    let cache = world.root().join("cache");
    let now = SystemTime::now();
    assert!(!crate::is_due(&cache, now), "a new data directory holds nothing worth it");
    assert!(crate::is_due(&cache, now + DAY * 2));
    let stamp = fs::File::options().write(true).open(cache.join("packages/v4/collected")).unwrap();
    stamp.set_modified(now).unwrap();
    assert!(!crate::is_due(&cache, now + DAY / 2));
}
