//! Bytecode that comes after an installation: all of it, once, and never anything that was not asked for.

use super::crash::killed;
use super::wheel_writer::WheelWriter;
use super::{World, options};
use crate::bytecode::CACHE;
use crate::fault::{Fault, plan};
use crate::journal::{Journal, Pending};
use crate::{Install, Late, Layout, LinkMode, Options, complete_bytecode, install, link_bytecode, size, uninstall};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

fn python() -> PathBuf {
    let found = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output();
    String::from_utf8(found.expect("these tests need a python3 on PATH").stdout).unwrap().trim().into()
}

pub(super) fn world() -> World {
    let world = World::new();
    make(&world.layout);
    world
}

/// What makes a directory an environment.
fn make(layout: &Layout) {
    fs::create_dir_all(&layout.scripts).unwrap();
    symlink(python(), &layout.python).unwrap();
    fs::write(layout.prefix.join("pyvenv.cfg"), "").unwrap();
}

/// Another environment of the same store.
fn beside(world: &World) -> Layout {
    let prefix = world.root().join("other");
    let place = |path: &Path| prefix.join(path.strip_prefix(&world.layout.prefix).unwrap());
    let Layout { purelib, platlib, scripts, headers, python, .. } = &world.layout;
    let layout = Layout {
        purelib: place(purelib),
        platlib: place(platlib),
        scripts: place(scripts),
        data: prefix.clone(),
        headers: place(headers),
        python: place(python),
        prefix: prefix.clone(),
    };
    make(&layout);
    layout
}

fn some(world: &World) -> Vec<Install> {
    let a = WheelWriter::new("a", "1")
        .file("a/__init__.py", "x = 1\n")
        .file("a/deep/more.py", "y = 2\n")
        .file("a/bad.py", "def def\n")
        .file("single.py", "z = 3\n")
        .file("a-1.data/data/share/a.py", "no library\n");
    let b = WheelWriter::new("b", "1").file("b/__init__.py", "w = 4\n");
    vec![world.add(&a), world.add(&b)]
}

impl World {
    pub(super) fn late(&self) -> Late<'_> {
        Late { store: &self.store, layout: &self.layout, link: LinkMode::Auto }
    }

    #[track_caller]
    pub(super) fn assert_store_is_sound(&self) {
        let (_, damaged) = crate::verify_all(&self.store, 1).unwrap();
        assert!(damaged.is_empty(), "{damaged:?}");
    }
}

/// The sources that have bytecode, and the number of the file with it.
pub(super) fn compiled(layout: &Layout) -> BTreeMap<String, u64> {
    let files = super::tree(&layout.purelib).into_keys().filter(|path| path.contains(CACHE));
    let of = |path: String| {
        let (directory, name) = path.split_once("__pycache__/").unwrap();
        let stem = crate::remove::source_stem(name).unwrap();
        (format!("{directory}{stem}.py"), fs::metadata(layout.purelib.join(&path)).unwrap().ino())
    };
    files.map(of).collect()
}

pub(super) fn names(layout: &Layout) -> Vec<String> {
    compiled(layout).into_keys().collect()
}

const ALL: [&str; 4] = ["a/__init__.py", "a/deep/more.py", "b/__init__.py", "single.py"];

/// What the interpreter would have compiled, it finds: nothing is written when it imports.
#[track_caller]
pub(super) fn assert_believed(layout: &Layout, module: &str) {
    let before = compiled(layout);
    let mut command = Command::new(&layout.python);
    let output = command.args(["-v", "-c", &format!("import {module}")]).env("PYTHONPATH", &layout.purelib).output();
    let said = String::from_utf8(output.unwrap().stderr).unwrap();
    assert!(said.contains(&format!("{module}/__pycache__/__init__")) && said.contains(" matches "), "{said}");
    assert_eq!(compiled(layout), before);
}

/// Each `finally` is compiled once for each way out of its `try`, and so is what is inside.
#[cfg(target_os = "linux")]
#[test]
fn a_source_that_takes_all_memory_is_left_out() {
    let mut bomb = "def f(x):\n while x:\n".to_owned();
    for depth in 0..12 {
        let space = " ".repeat(depth + 2);
        bomb.push_str(&format!("{space}try:\n{space} if x: return 1\n{space} if x > 2: break\n"));
        bomb.push_str(&format!("{space} if x > 3: continue\n{space}finally:\n"));
    }
    bomb.push_str(&format!("{}pass\n", " ".repeat(14)));
    let world = world();
    let wheel = WheelWriter::new("a", "1").file("a/bomb.py", &bomb).file("a/good.py", "x = 1\n");
    world.install(&[world.add(&wheel)]).unwrap();
    complete_bytecode(&world.late(), 1).unwrap();
    assert_eq!(names(&world.layout), ["a/good.py"]);
}

#[test]
fn all_of_it_comes_once_for_two_environments() {
    let world = world();
    let installs = some(&world);
    world.install(&installs).unwrap();
    let before = world.tree();
    link_bytecode(&world.late()).unwrap();
    assert_eq!(world.tree(), before, "the store has none yet");
    let stored = || size(&world.root().join("cache")).unwrap().store;
    let empty = stored();
    complete_bytecode(&world.late(), 2).unwrap();
    assert_eq!(names(&world.layout), ALL);
    assert_believed(&world.layout, "a");
    let lists = || {
        let of = |install: &Install| fs::read_dir(world.store.entry(&install.sha256).join("bytecode")).unwrap();
        let time = |found: fs::DirEntry| found.metadata().unwrap().modified().unwrap();
        installs.iter().flat_map(of).map(|found| time(found.unwrap())).collect::<Vec<SystemTime>>()
    };
    let made = lists();
    let layout = beside(&world);
    let other = Late { layout: &layout, ..world.late() };
    install(&world.store, &layout, &installs, &options(), &pybun_model::silent).unwrap();
    let record = fs::read(layout.purelib.join("a-1.dist-info/RECORD")).unwrap();
    link_bytecode(&other).unwrap();
    assert_eq!(compiled(&layout), compiled(&world.layout), "the same files");
    complete_bytecode(&other, 2).unwrap();
    assert_eq!(lists(), made, "compiled once");
    assert_eq!(fs::read(layout.purelib.join("a-1.dist-info/RECORD")).unwrap(), record);
    world.assert_store_is_sound();
    let bytes: u64 = installs
        .iter()
        .flat_map(|install| {
            let tree = world.store.tree(&install.sha256);
            let files = super::tree(&tree).into_keys().filter(|path| path.contains(CACHE));
            files.map(|path| fs::metadata(tree.join(path)).unwrap().len()).collect::<Vec<_>>()
        })
        .sum();
    assert_eq!(stored() - empty, bytes);
}

#[test]
fn it_goes_with_its_sources() {
    for link in [LinkMode::Auto, LinkMode::Copy] {
        let world = world();
        let before = world.tree();
        install(&world.store, &world.layout, &some(&world), &Options { link, ..options() }, &pybun_model::silent)
            .unwrap();
        complete_bytecode(&Late { link, ..world.late() }, 1).unwrap();
        assert_eq!(names(&world.layout), ALL);
        let one = fs::metadata(world.library().join("b/__pycache__")).unwrap();
        assert!(one.is_dir());
        for file in fs::read_dir(world.library().join("b/__pycache__")).unwrap().flatten() {
            assert_eq!(file.metadata().unwrap().nlink(), if link == LinkMode::Copy { 1 } else { 2 });
        }
        let [a, b] = &world.installed()[..] else { panic!("two distributions") };
        // Left by a process that was killed while it copied.
        let part = fs::read_dir(world.library().join("b/__pycache__")).unwrap().next().unwrap().unwrap().path();
        fs::write(part.with_extension("pyc.123450"), "half").unwrap();
        uninstall(&world.layout, a).unwrap();
        assert_eq!(names(&world.layout).len(), 1);
        let newer = world.add(&WheelWriter::new("b", "2").file("b/other.py", ""));
        world.install(&[newer]).unwrap();
        assert_eq!(names(&world.layout), [""; 0]);
        assert!(!b.dist_info.exists());
        uninstall(&world.layout, &world.installed()[0]).unwrap();
        assert_eq!(world.tree(), before);
    }
}

#[test]
fn what_is_there_or_is_somebody_elses_stays() {
    let world = world();
    world.install(&some(&world)).unwrap();
    let library = world.library();
    let tag = crate::bytecode::tag_of(&world.store, &world.layout.python).unwrap();
    let own = format!("__init__.{}.pyc", tag.rsplit_once('-').unwrap().0);
    fs::create_dir(library.join("b/__pycache__")).unwrap();
    fs::write(library.join("b/__pycache__").join(&own), "mine").unwrap();
    fs::remove_file(library.join("single.py")).unwrap();
    fs::write(library.join("single.py"), "z = 'edited'\n").unwrap();
    // Somebody works on a checkout.
    let checkout = world.root().join("checkout");
    fs::rename(library.join("a"), &checkout).unwrap();
    symlink(&checkout, library.join("a")).unwrap();
    complete_bytecode(&world.late(), 1).unwrap();
    assert_eq!(fs::read_to_string(library.join("b/__pycache__").join(&own)).unwrap(), "mine");
    assert_eq!(names(&world.layout), ["b/__init__.py"]);
    assert!(!checkout.join(CACHE).exists());
}

#[test]
fn trees_have_theirs_and_the_rest_gets_it() {
    let world = world();
    let options = Options { link: LinkMode::Tree, ..options() };
    install(&world.store, &world.layout, &some(&world), &options, &pybun_model::silent).unwrap();
    complete_bytecode(&Late { link: LinkMode::Tree, ..world.late() }, 1).unwrap();
    assert_eq!(names(&world.layout), ["single.py"]);
    assert!(fs::symlink_metadata(world.library().join("a")).unwrap().is_symlink());
    assert_believed(&world.layout, "a");
    world.assert_store_is_sound();
}

#[test]
fn nothing_comes_where_nothing_is() {
    let world = world();
    world.install(&some(&world)).unwrap();
    // Of an installation that did not end.
    let pending = Pending { dist_info: "b-1.dist-info".to_owned(), wheel: None };
    let journal = Journal::begin(&world.layout, &[pending]).unwrap();
    complete_bytecode(&world.late(), 1).unwrap();
    assert_eq!(names(&world.layout), ["a/__init__.py", "a/deep/more.py", "single.py"]);
    journal.finish().unwrap();
    // A package that lost a directory, and a store that lost a wheel.
    fs::remove_dir_all(world.library().join("a/deep")).unwrap();
    fs::remove_dir_all(world.library().join("a/__pycache__")).unwrap();
    complete_bytecode(&world.late(), 1).unwrap();
    assert_eq!(names(&world.layout), ["a/__init__.py", "b/__init__.py", "single.py"]);
    for install in some(&world) {
        world.store.discard(&install.sha256).unwrap();
    }
    complete_bytecode(&world.late(), 1).unwrap();
    assert_eq!(world.store.wheels().unwrap(), []);
    fs::remove_dir_all(&world.layout.prefix).unwrap();
    // Its interpreter is gone as well.
    let _ = complete_bytecode(&world.late(), 1);
    let _ = link_bytecode(&world.late());
    assert!(!world.layout.prefix.exists());
}

#[test]
fn one_process_at_a_time() {
    let world = world();
    world.install(&some(&world)).unwrap();
    let held = fs::File::open(world.layout.prefix.join("pyvenv.cfg")).unwrap();
    held.lock().unwrap();
    complete_bytecode(&world.late(), 1).unwrap();
    assert_eq!(names(&world.layout), [""; 0]);
    drop(held);
    // Several at once, of which one does the work.
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| complete_bytecode(&world.late(), 1).unwrap());
        }
    });
    assert_eq!(names(&world.layout), ALL);
    world.assert_store_is_sound();
}

#[test]
fn installations_come_and_go_meanwhile() {
    let world = world();
    let versions: Vec<Install> = (1..6)
        .map(|version| {
            let content = "x = 1\n".repeat(version);
            let own = format!("a/only{version}.py");
            let wheel = WheelWriter::new("a", &version.to_string()).file("a/__init__.py", &content);
            world.add(&wheel.file(&own, content))
        })
        .collect();
    let done = std::sync::atomic::AtomicBool::new(false);
    let compile = || complete_bytecode(&world.late(), 1).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                compile();
            }
        });
        for round in 0..98 {
            world.install(&[versions[round % 5].clone()]).unwrap();
            if round % 3 == 0 {
                uninstall(&world.layout, &world.installed()[0]).unwrap();
                assert_eq!(names(&world.layout), [""; 0], "round {round}");
            }
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    compile();
    assert_eq!(names(&world.layout), ["a/__init__.py", "a/only3.py"]);
    assert_believed(&world.layout, "a");
    world.assert_store_is_sound();
}

#[test]
fn a_kill_or_a_full_disk_at_any_step_breaks_nothing() {
    for (fault, link) in
        [Fault::Kill, Fault::DiskFull].into_iter().flat_map(|fault| [(fault, LinkMode::Auto), (fault, LinkMode::Copy)])
    {
        let mut step = 0;
        loop {
            let world = world();
            let installs = some(&world);
            install(&world.store, &world.layout, &installs, &Options { link, ..options() }, &pybun_model::silent)
                .unwrap();
            let late = Late { link, ..world.late() };
            plan(Some((step, fault)));
            let whole = match fault {
                Fault::Kill => !killed(|| complete_bytecode(&late, 1)),
                Fault::DiskFull => complete_bytecode(&late, 1).is_ok(),
            };
            let pending = plan(None);
            world.assert_store_is_sound();
            assert!(world.installed().iter().all(|dist| dist.complete));
            complete_bytecode(&late, 1).unwrap();
            assert_eq!(names(&world.layout), ALL, "step {step}");
            assert_believed(&world.layout, "a");
            world.assert_store_is_sound();
            if pending {
                assert!(whole);
                break;
            }
            step += 1;
        }
        assert!(step > 7, "{fault:?}: only {step} steps");
    }
}
