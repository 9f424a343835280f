//! Listing and removing what is installed.

use super::World;
use super::wheel_writer::WheelWriter;
use crate::{Error, InstalledKind, uninstall};
use pybun_model::Problem;
use std::fs;

fn wheel() -> WheelWriter {
    WheelWriter::new("a", "1.0")
        .file("a/__init__.py", "")
        .file("a/sub/x.py", "")
        .file("a-1.0.data/data/share/x", "")
        .entry_points("[console_scripts]\ncmd = a:main\n")
}

fn world() -> World {
    let world = World::new();
    let request = world.add(&wheel());
    world.install(&[request]).unwrap();
    world
}

fn remove(world: &World) -> Result<(), Error> {
    uninstall(&world.layout, &world.installed()[0])
}

#[test]
fn everything_goes_with_bytecode_and_empty_directories() {
    let world = world();
    let cache = world.library().join("a/sub/__pycache__");
    fs::create_dir(&cache).unwrap();
    for name in ["x.cpython-312.pyc", "x.cpython-312.opt-2.pyc"] {
        fs::write(cache.join(name), "").unwrap();
    }
    remove(&world).unwrap();
    assert!(world.tree().is_empty(), "{:?}", world.tree());
    assert!(world.library().exists() && world.layout.scripts.exists());
    assert!(!world.library().join("a").exists() && !world.layout.prefix.join("share").exists());
}

#[test]
fn what_belongs_to_others_stays() {
    let world = world();
    let foreign = world.library().join("a/sub/other.py");
    fs::write(&foreign, "").unwrap();
    let cache = world.library().join("a/__pycache__");
    fs::create_dir(&cache).unwrap();
    fs::write(cache.join("other.cpython-312.pyc"), "").unwrap();
    fs::write(world.library().join("a-1.0.dist-info/unlisted"), "").unwrap();
    remove(&world).unwrap();
    let left: Vec<_> = world.tree().into_keys().collect();
    let site = "lib/python3.12/site-packages";
    assert_eq!(left, [format!("{site}/a/__pycache__/other.cpython-312.pyc"), format!("{site}/a/sub/other.py")]);
}

#[test]
fn records_that_reach_outside_remove_nothing() {
    let outside = ["../../../../victim", "/etc/hostname", "../../../../../../../../../etc/hostname"];
    let own = ["../../../bin/python", "../../../bin/python3.12", "../../../pyvenv.cfg"];
    for path in outside.into_iter().chain(own) {
        let world = world();
        fs::write(world.root().join("victim"), "").unwrap();
        fs::write(&world.layout.python, "").unwrap();
        let record = world.library().join("a-1.0.dist-info/RECORD");
        let text = fs::read_to_string(&record).unwrap();
        fs::write(&record, format!("{text}{path},,\n")).unwrap();
        let before = world.tree();
        assert_eq!(Problem::from(&remove(&world).unwrap_err()).code, "install/path-traversal", "{path}");
        assert_eq!(world.tree(), before, "{path}");
        assert!(world.root().join("victim").exists());
    }
}

#[cfg(unix)]
#[test]
fn a_link_out_of_the_environment_is_not_followed() {
    let world = world();
    let outside = world.root().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("x.py"), "keep").unwrap();
    fs::remove_dir_all(world.library().join("a/sub")).unwrap();
    std::os::unix::fs::symlink(&outside, world.library().join("a/sub")).unwrap();
    remove(&world).unwrap();
    assert_eq!(fs::read_to_string(outside.join("x.py")).unwrap(), "keep");
    let left: Vec<_> = world.tree().into_keys().collect();
    assert_eq!(left, ["lib/python3.12/site-packages/a/sub"], "the link itself, and nothing that is pending");
}

#[test]
fn without_a_record_nothing_is_removed() {
    let world = world();
    fs::remove_file(world.library().join("a-1.0.dist-info/RECORD")).unwrap();
    assert!(!world.installed()[0].complete);
    assert_eq!(Problem::from(&remove(&world).unwrap_err()).code, "install/no-record");
    assert!(world.library().join("a/__init__.py").exists());
    // The same version over it mends it.
    let request = world.add(&wheel());
    world.install(&[request]).unwrap();
    assert!(world.installed()[0].complete);
    remove(&world).unwrap();
}

#[test]
fn a_broken_record_is_told() {
    let world = world();
    fs::write(world.library().join("a-1.0.dist-info/RECORD"), b"\"a\nx").unwrap();
    assert_eq!(Problem::from(&remove(&world).unwrap_err()).code, "install/bad-record");
}

#[test]
fn a_file_that_is_gone_already_does_not_matter() {
    let world = world();
    fs::remove_dir_all(world.library().join("a")).unwrap();
    fs::remove_file(world.layout.scripts.join("cmd")).unwrap();
    remove(&world).unwrap();
    assert!(world.tree().is_empty());
}

#[test]
fn old_kinds_are_listed_and_left_alone() {
    let world = World::new();
    let library = world.library();
    fs::create_dir_all(library.join("Old_Dir-1.0-py3.12.egg-info")).unwrap();
    fs::create_dir_all(library.join("develop.egg-info")).unwrap();
    fs::write(library.join("develop.egg-info/PKG-INFO"), "Name: develop\nVersion: 3\n").unwrap();
    fs::write(library.join("distutils_one-2.0.egg-info"), "Name: distutils-one\nVersion: 2.0\n").unwrap();
    let dists = world.installed();
    let seen: Vec<_> = dists.iter().map(|dist| format!("{} {}", dist.name, dist.version)).collect();
    assert_eq!(seen, ["develop 3", "distutils-one 2.0", "old-dir 1.0"]);
    for dist in &dists {
        assert_eq!(dist.kind, InstalledKind::EggInfo);
        let problem = Problem::from(&uninstall(&world.layout, dist).unwrap_err());
        assert_eq!(problem.code, "install/legacy-distribution");
    }
}

#[test]
fn metadata_of_the_old_kind_that_a_wheel_brings_is_no_distribution() {
    let world = World::new();
    let version = |version: &str| {
        let wheel = WheelWriter::new("a", version).file("a.py", version);
        wheel.file(&format!("a-{version}-py3.12.egg-info/PKG-INFO"), format!("Name: a\nVersion: {version}\n"))
    };
    let other = WheelWriter::new("b", "1").file("a-9.egg-info", "Name: a\nVersion: 9\n");
    let requests = [world.add(&version("1")), world.add(&other)];
    world.install(&requests).unwrap();
    let seen = |world: &World| -> Vec<_> {
        world.installed().iter().map(|dist| format!("{} {}", dist.name, dist.version)).collect()
    };
    assert_eq!(seen(&world), ["a 1", "b 1"]);
    let newer = world.add(&version("2"));
    world.install(&[newer]).unwrap();
    assert_eq!(seen(&world), ["a 2", "b 1"]);
    for dist in world.installed() {
        uninstall(&world.layout, &dist).unwrap();
    }
    assert!(world.tree().is_empty(), "{:?}", world.tree());
}

#[test]
fn rubbish_is_passed_over() {
    let world = world();
    let library = world.library();
    for name in ["x.dist-info", "-1.dist-info", "a b-1.dist-info", "~umpy-1.0.dist-info"] {
        fs::create_dir(library.join(name)).unwrap();
    }
    fs::write(library.join("file-1.0.dist-info"), "no directory").unwrap();
    fs::write(library.join(".pybun-journal"), b"\xff\xfe rubbish").unwrap();
    fs::write(library.join("a-1.0.dist-info/.pybun-wheel"), "no digest").unwrap();
    let dists = world.installed();
    assert_eq!(dists.len(), 1, "{dists:?}");
    assert_eq!((dists[0].wheel, dists[0].installer.as_deref(), dists[0].complete), (None, Some("pybun"), true));
}

#[test]
fn what_others_installed_is_read() {
    let world = World::new();
    assert!(world.installed().is_empty(), "a missing directory is an empty environment");
    let info = world.library().join("x_y-1.0.post1.dist-info");
    fs::create_dir_all(&info).unwrap();
    for (name, content) in [("RECORD", ""), ("INSTALLER", "pip\n"), ("REQUESTED", ""), ("direct_url.json", "{}")] {
        fs::write(info.join(name), content).unwrap();
    }
    let [dist] = &world.installed()[..] else { panic!("one distribution") };
    assert_eq!((dist.name.as_ref(), dist.version.to_string().as_str()), ("x-y", "1.0.post1"));
    assert_eq!((dist.installer.as_deref(), dist.direct_url.as_deref()), (Some("pip"), Some("{}")));
    assert!(dist.requested && dist.complete && dist.wheel.is_none());
}
