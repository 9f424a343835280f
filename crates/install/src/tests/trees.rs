//! Tree links: what becomes one, and that nothing of ours ever writes or deletes through one.

use super::crash::{assert_honest, killed, without_place};
use super::wheel_writer::WheelWriter;
use super::{World, options};
use crate::fault::{Fault, plan};
use crate::record::parse_record;
use crate::store::remove_tree;
use crate::{Change, Collection, Install, InstalledDist, LinkMode, Options, change, check, collect, trees, uninstall};
use pybun_model::{Event, Problem};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

const SITE: &str = "lib/python3.12/site-packages";

fn with_trees() -> Options {
    Options { link: LinkMode::Tree, ..options() }
}

/// Trees hold bytecode, so that these environments have an interpreter.
fn world() -> World {
    let world = World::new();
    let found = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output();
    let found = String::from_utf8(found.expect("these tests need a python3 on PATH").stdout).unwrap();
    fs::create_dir_all(&world.layout.scripts).unwrap();
    std::os::unix::fs::symlink(found.trim(), &world.layout.python).unwrap();
    world
}

fn wheel(name: &str, version: &str, files: &[&str]) -> WheelWriter {
    files.iter().fold(WheelWriter::new(name, version), |wheel, file| wheel.file(file, format!("# {name} {version}")))
}

impl World {
    fn tree_install(&self, installs: &[Install]) -> Vec<InstalledDist> {
        crate::install(&self.store, &self.layout, installs, &with_trees(), &pybun_model::silent).unwrap()
    }

    /// The symbolic links in the library that lead into the store.
    fn links(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut pending = vec![self.library().to_owned()];
        while let Some(directory) = pending.pop() {
            for entry in fs::read_dir(directory).unwrap().flatten() {
                let kind = entry.file_type().unwrap();
                if kind.is_dir() {
                    pending.push(entry.path());
                } else if kind.is_symlink() && trees::wheel_of_target(&fs::read_link(entry.path()).unwrap()).is_some() {
                    let path = entry.path();
                    found.push(path.strip_prefix(self.library()).unwrap().to_string_lossy().into_owned());
                }
            }
        }
        found.sort();
        found
    }

    /// Everything in the trees of the store.
    fn stored(&self) -> BTreeMap<String, String> {
        super::tree(&self.root().join("cache/packages/v4/trees"))
    }

    fn tree_of(&self, install: &Install) -> PathBuf {
        let trees = trees::of_wheel(&self.store, &install.sha256);
        let mut tags = fs::read_dir(&trees).unwrap().flatten();
        tags.next().expect("it has a tree").path()
    }

    fn imports(&self, module: &str) -> String {
        let program = format!("import {module}; print({module}.__file__, {module}.__cached__)");
        let mut command = Command::new(&self.layout.python);
        let output = command.args(["-c", &program]).env("PYTHONPATH", self.library()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn collected(&self) -> Vec<String> {
        let now = SystemTime::now() + Duration::from_secs(3 * 24 * 60 * 60);
        let limits = crate::Limits { max_size: Some(0), max_age: None };
        let collection = Collection { limits, dry_run: false, now };
        let collected = collect(&self.root().join("cache"), &collection).unwrap();
        collected.removed.into_iter().map(|removed| removed.what).collect()
    }

    #[track_caller]
    fn assert_sound(&self) {
        let (_, damaged) = crate::verify_all(&self.store, 1).unwrap();
        assert!(damaged.is_empty(), "{damaged:?}");
    }
}

/// Files that a RECORD lists with a digest, so that they have to be there.
fn listed(dist: &InstalledDist) -> Vec<PathBuf> {
    let rows = parse_record(&fs::read(dist.dist_info.join("RECORD")).unwrap()).unwrap();
    let library = dist.dist_info.parent().unwrap();
    rows.iter().filter(|row| !row.hash.is_empty()).map(|row| library.join(&row.path)).collect()
}

#[test]
fn a_package_is_one_link_and_the_rest_is_real() {
    let world = world();
    let rich = wheel("rich", "1", &["rich/__init__.py", "rich/deep/x.py", "rich/data.txt", "single.py", "libs/x.so"])
        .file("rich-1.data/data/share/rich.txt", "shared")
        .file("rich-1.data/purelib/rich_more/__init__.py", "");
    let request = world.add(&rich);
    let [dist] = &world.tree_install(std::slice::from_ref(&request))[..] else { panic!("one distribution") };
    assert_eq!(world.links(), ["rich"]);
    let tree = world.tree_of(&request);
    assert_eq!(fs::read_link(world.library().join("rich")).unwrap(), tree.join("site-packages/rich"));
    assert!(listed(dist).iter().all(|path| path.is_file()));
    let record = world.read(&format!("{SITE}/rich-1.dist-info/RECORD"));
    assert!(record.starts_with("rich,,\nlibs/x.so,sha256="), "{record}");
    assert!(!record.contains(".pyc"), "{record}");
    let said = world.imports("rich");
    assert_eq!(said.split(' ').next(), world.library().join("rich/__init__.py").to_str());
    // The bytecode was there before the first import, and nobody may write beside it.
    let cache = tree.join("site-packages/rich/__pycache__");
    assert_eq!(fs::read_dir(&cache).unwrap().count(), 1);
    for directory in [&cache, &tree.join("site-packages"), &tree.join("site-packages/rich/deep")] {
        assert_eq!(fs::metadata(directory).unwrap().permissions().mode() & 0o777, 0o555, "{}", directory.display());
    }
    let id = |path: &Path| fs::metadata(path).unwrap().ino();
    let own = world.store.tree(&request.sha256).join("rich/__init__.py");
    assert_eq!(id(&own), id(&tree.join("site-packages/rich/__init__.py")));
    world.assert_sound();
    assert_eq!(world.installed()[0].wheel, Some(request.sha256));
}

#[test]
fn an_environment_has_the_same_files_as_with_hardlinks() {
    let world = world();
    let wheels = [
        wheel("a", "1", &["a/__init__.py", "a/b/c/d.py", "ns/one/__init__.py"]),
        wheel("b", "1", &["ns/two/__init__.py", "ns/two/x.txt", "top.py"]).entry_points("[console_scripts]\nb = b:x\n"),
    ];
    let requests: Vec<Install> = wheels.iter().map(|wheel| world.add(wheel)).collect();
    let followed = |world: &World| {
        let command =
            "find -L . -type f -not -name '*.pyc' -not -name RECORD -not -name .pybun-trees | sort | xargs sha256sum";
        let output = Command::new("sh").args(["-c", command]).current_dir(world.library()).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    world.install(&requests).unwrap();
    let hardlinks = followed(&world);
    fs::remove_dir_all(world.library()).unwrap();
    world.tree_install(&requests);
    assert_eq!(world.links(), ["a", "ns/one", "ns/two"]);
    assert_eq!(followed(&world), hardlinks);
}

#[test]
fn what_two_fill_is_real_as_far_as_they_share_it() {
    let world = world();
    // Both have an `__init__` there, as namespaces had before Python 3.3.
    let a = world.add(&wheel("a", "1", &["ns/__init__.py", "ns/sub/__init__.py", "ns/sub/a/__init__.py"]));
    let b =
        world.add(&wheel("b", "1", &["ns/__init__.py", "ns/sub/__init__.py", "ns/sub/b/__init__.py", "b/__init__.py"]));
    world.tree_install(&[a.clone(), b.clone()]);
    assert_eq!(world.links(), ["b", "ns/sub/a", "ns/sub/b"]);
    // One after the other gives the same.
    fs::remove_dir_all(world.library()).unwrap();
    world.tree_install(std::slice::from_ref(&a));
    assert_eq!(world.links(), ["ns"]);
    let before = world.stored();
    let placed = world.tree_install(&[b]);
    assert_eq!(placed.len(), 1, "what was placed again is not of the batch");
    assert_eq!(world.links(), ["b", "ns/sub/a", "ns/sub/b"]);
    assert!(before.iter().all(|(path, content)| world.stored().get(path) == Some(content)));
    for dist in world.installed() {
        assert!(dist.complete && listed(&dist).iter().all(|path| path.is_file()), "{}", dist.name);
    }
    world.assert_sound();
}

#[test]
fn hardlinks_do_not_run_through_an_earlier_link() {
    let world = world();
    let mut a = world.add(&wheel("a", "1", &["ns/__init__.py", "ns/a.py"]));
    (a.requested, a.direct_url) = (true, Some("{\"url\": \"x\"}".to_owned()));
    let b = world.add(&wheel("b", "1", &["ns/b.py"]));
    world.tree_install(&[a]);
    let before = world.stored();
    world.install(&[b]).unwrap();
    assert_eq!((world.links(), world.stored()), (vec![], before));
    let installed = world.installed();
    assert_eq!(
        installed.iter().map(|dist| (dist.requested, dist.complete)).collect::<Vec<_>>(),
        [(true, true), (false, true)]
    );
    assert_eq!(installed[0].direct_url.as_deref(), Some("{\"url\": \"x\"}"));
    assert!(world.library().join("ns/a.py").is_file() && world.library().join("ns/b.py").is_file());
}

#[test]
fn removing_and_replacing_leave_the_store_alone() {
    let world = world();
    let old = world.add(&wheel("a", "1", &["a/__init__.py", "a/gone.py", "ns/deep/__init__.py"]));
    let new = world.add(&wheel("a", "2", &["a/__init__.py", "a/more.py"]));
    world.tree_install(std::slice::from_ref(&old));
    world.tree_install(std::slice::from_ref(&new));
    assert_eq!(world.links(), ["a"]);
    assert!(!world.library().join("a/gone.py").exists() && !world.library().join("ns").exists());
    assert!(world.tree_of(&old).join("site-packages/a/gone.py").is_file());
    let before = world.stored();
    uninstall(&world.layout, &world.installed()[0]).unwrap();
    assert_eq!((world.links(), world.stored()), (vec![], before.clone()));
    let left: Vec<_> = fs::read_dir(world.library()).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left, [".pybun-trees"]);
    // A link of the user's, in the place of ours, is his: it is taken away as a link and what it leads to stays.
    world.tree_install(std::slice::from_ref(&new));
    let elsewhere = world.root().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::write(elsewhere.join("more.py"), "mine").unwrap();
    fs::remove_file(world.library().join("a")).unwrap();
    std::os::unix::fs::symlink(&elsewhere, world.library().join("a")).unwrap();
    uninstall(&world.layout, &world.installed()[0]).unwrap();
    assert_eq!(fs::read_to_string(elsewhere.join("more.py")).unwrap(), "mine");
    assert_eq!(world.stored(), before);
}

#[test]
fn a_link_of_nobody_gives_way() {
    let world = world();
    let a = world.add(&wheel("a", "1", &["ns/__init__.py"]));
    let b = world.add(&wheel("b", "1", &["ns/__init__.py", "ns/b.py"]));
    world.tree_install(&[a]);
    // Another tool removed the metadata and not the link.
    fs::remove_dir_all(world.library().join("a-1.dist-info")).unwrap();
    let before = world.stored();
    world.install(&[b]).unwrap();
    assert_eq!((world.links(), world.stored()), (vec![], before));
    assert!(world.library().join("ns/b.py").is_file());
}

#[test]
fn a_lost_tree_is_seen_and_made_again() {
    let world = world();
    let a = world.add(&wheel("a", "1", &["a/__init__.py"]));
    let b = world.add(&wheel("b", "1", &["b.py"]));
    world.tree_install(&[a.clone(), b]);
    remove_tree(&trees::of_wheel(&world.store, &a.sha256)).unwrap();
    let complete: Vec<_> = world.installed().into_iter().map(|dist| (dist.name.to_string(), dist.complete)).collect();
    assert_eq!(complete, [("a".to_owned(), false), ("b".to_owned(), true)]);
    world.tree_install(&[a]);
    assert!(world.installed().iter().all(|dist| dist.complete));
    world.imports("a");
}

#[test]
fn a_damaged_tree_is_found_and_made_again_in_its_place() {
    let world = world();
    let a = world.add(&wheel("a", "1", &["a/__init__.py", "a/x.py"]));
    world.tree_install(std::slice::from_ref(&a));
    let inside = world.tree_of(&a).join("site-packages/a");
    let ruin: [fn(&Path); 3] = [
        |inside| fs::remove_file(inside.join("x.py")).unwrap(),
        |inside| fs::write(inside.join("new.txt"), "").unwrap(),
        |inside| {
            fs::remove_file(inside.join("x.py")).unwrap();
            fs::write(inside.join("x.py"), "other").unwrap();
        },
    ];
    for (index, ruin) in ruin.into_iter().enumerate() {
        fs::set_permissions(&inside, PermissionsExt::from_mode(0o755)).unwrap();
        ruin(&inside);
        let (_, damaged) = crate::verify_all(&world.store, 1).unwrap();
        assert_eq!(damaged.len(), 1, "ruin {index}");
        assert!(damaged[0].1.iter().all(|damage| damage.path.starts_with("trees/")), "{damaged:?}");
        // The environment is whole again without being installed again, for its links lead to the same place.
        assert_eq!(check(&world.store, &world.layout, &world.installed(), 1).unwrap(), [true], "ruin {index}");
        world.assert_sound();
        assert!(inside.join("x.py").is_file() && !inside.join("new.txt").exists());
        assert!(world.collected().is_empty(), "the new tree counts the old one's environments");
    }
}

#[test]
fn a_write_through_a_link_is_found_by_comparing() {
    let world = world();
    let request = wheel("a", "1", &["a/__init__.py", "a/x.py"]);
    let a = world.add(&request);
    world.tree_install(std::slice::from_ref(&a));
    fs::write(world.library().join("a/x.py"), "changed").unwrap();
    assert_eq!(check(&world.store, &world.layout, &world.installed(), 1).unwrap(), [false]);
    assert!(!world.store.has(&a.sha256), "the wheel was taken out");
    assert!(world.library().join("a/x.py").is_file(), "environments keep their trees");
    let a = world.add(&request);
    world.tree_install(std::slice::from_ref(&a));
    assert_eq!(world.read(&format!("{SITE}/a/x.py")), "# a 1");
    world.assert_sound();
    assert!(world.collected().is_empty());
}

#[test]
fn a_collection_takes_no_tree_that_an_environment_links() {
    let world = world();
    let a = world.add(&wheel("a", "1", &["a/__init__.py"]));
    let b = world.add(&wheel("b", "1", &["b/__init__.py"]));
    world.tree_install(&[a.clone(), b.clone()]);
    assert!(world.collected().is_empty());
    // Counted by the environment's own files, wherever it is.
    fs::rename(&world.layout.prefix, world.root().join("moved")).unwrap();
    assert!(world.collected().is_empty());
    fs::rename(world.root().join("moved"), &world.layout.prefix).unwrap();
    let dist = world.installed().into_iter().find(|dist| dist.name == b.name).unwrap();
    uninstall(&world.layout, &dist).unwrap();
    assert_eq!(world.collected(), ["b 1"]);
    assert!(!trees::of_wheel(&world.store, &b.sha256).exists());
    // The wheel alone was taken out: its tree stays for as long as it is linked.
    world.store.discard(&a.sha256).unwrap();
    assert!(world.collected().is_empty());
    world.imports("a");
    fs::remove_dir_all(&world.layout.prefix).unwrap();
    assert_eq!(world.collected(), [format!("trees of {}", a.sha256)]);
    assert!(world.stored().keys().all(|path| path == "made"), "{:?}", world.stored());
}

#[test]
fn a_directory_to_be_carried_away_has_files() {
    let world = world();
    let a = world.add(&wheel("a", "1", &["a/__init__.py"]));
    let prefix = world.root().join("target");
    let layout = crate::Layout {
        purelib: prefix.clone(),
        platlib: prefix.clone(),
        scripts: prefix.join("bin"),
        data: prefix.clone(),
        headers: prefix.join("include"),
        python: world.layout.python.clone(),
        prefix: prefix.clone(),
    };
    crate::install(&world.store, &layout, &[a], &with_trees(), &pybun_model::silent).unwrap();
    assert!(fs::symlink_metadata(prefix.join("a")).unwrap().is_dir());
    assert!(!prefix.join(".pybun-trees").exists());
}

#[test]
fn an_earlier_store_stays_while_environments_lead_into_it() {
    let world = world();
    let a = world.add(&wheel("a", "1", &["a/__init__.py"]));
    world.tree_install(&[a]);
    let packages = world.root().join("cache/packages");
    fs::rename(packages.join("v4"), packages.join("v3")).unwrap();
    assert_eq!(world.collected(), Vec::<String>::new());
    fs::remove_dir_all(&world.layout.prefix).unwrap();
    assert_eq!(world.collected(), ["packages/v3"]);
    assert!(!packages.join("v3").exists());
}

#[test]
fn a_store_that_cannot_be_written_gives_hardlinks_and_a_note() {
    let world = world();
    let a = world.add(&wheel("a", "1", &["a/__init__.py"]));
    let cache = world.root().join("cache/packages/v4");
    fs::set_permissions(&cache, PermissionsExt::from_mode(0o555)).unwrap();
    let writable = fs::write(cache.join("probe"), "").is_ok();
    let notes = super::Notes::default();
    let result = crate::install(&world.store, &world.layout, &[a], &with_trees(), &|event: Event| notes.take(event));
    fs::set_permissions(&cache, PermissionsExt::from_mode(0o755)).unwrap();
    result.unwrap();
    // Root may write everywhere.
    let links = if writable { vec!["a"] } else { vec![] };
    assert_eq!(world.links(), links);
    let codes: Vec<_> = notes.0.into_inner().unwrap().into_iter().map(|(code, _)| code).collect();
    assert_eq!(codes, if writable { vec![] } else { vec!["install/link-fallback"] });
}

#[test]
fn a_directory_of_the_users_stays_his() {
    let world = world();
    let a = world.add(&wheel("a", "1", &["a/__init__.py", "a/sub/__init__.py"]));
    fs::create_dir_all(world.library().join("a")).unwrap();
    fs::write(world.library().join("a/notes.txt"), "mine").unwrap();
    world.tree_install(std::slice::from_ref(&a));
    assert_eq!(world.links(), ["a/sub"]);
    uninstall(&world.layout, &world.installed()[0]).unwrap();
    assert_eq!(world.read(&format!("{SITE}/a/notes.txt")), "mine");
    fs::remove_dir_all(world.library().join("a")).unwrap();
    fs::write(world.library().join("a"), "a file").unwrap();
    let error = crate::install(&world.store, &world.layout, &[a], &with_trees(), &pybun_model::silent).unwrap_err();
    assert_eq!(Problem::from(&error).code, "install/in-the-way");
}

#[test]
fn data_that_lands_in_a_library_is_not_written_through_a_link() {
    let world = world();
    let a = world.add(&wheel("a", "1", &["a/__init__.py"]));
    let b = world.add(&WheelWriter::new("b", "1").file(&format!("b-1.data/data/{SITE}/a/b.txt"), "b"));
    world.tree_install(&[a.clone(), b.clone()]);
    assert_eq!(world.links(), Vec::<String>::new());
    fs::remove_dir_all(world.library()).unwrap();
    world.tree_install(&[a]);
    let before = world.stored();
    let wish = Change { remove: &[], install: &[b] };
    change(&world.store, &world.layout, &wish, &with_trees(), &pybun_model::silent).unwrap();
    assert_eq!((world.links(), world.stored()), (vec![], before));
}

/// An environment in which a link has to become a directory and another one to lead elsewhere; what is asked for, and
/// what was there and stays.
fn to_be_changed() -> (World, Vec<Install>, Install) {
    let world = world();
    let a = world.add(&wheel("a", "1", &["ns/__init__.py", "ns/a/__init__.py"]));
    let old = world.add(&wheel("d", "1", &["d/__init__.py", "d/gone.py"]));
    let b = world.add(&wheel("b", "1", &["b.py"]));
    world.tree_install(&[a.clone(), old, b]);
    assert_eq!(world.links(), ["d", "ns"]);
    let c = world.add(&wheel("c", "1", &["ns/c.py", "c/__init__.py"]).file("ns/__init__.py", "# a 1"));
    let new = world.add(&wheel("d", "2", &["d/__init__.py", "d/more.py"]));
    (world, vec![c, new], a)
}

/// As a command does it: what is not whole is asked for again.
fn insist(world: &World, batch: &[Install], other: &Install) {
    crate::repair(&world.store, &world.layout).unwrap();
    let is_whole = world.installed().iter().any(|dist| dist.name == other.name && dist.complete);
    let all: Vec<Install> = Some(other).filter(|_| !is_whole).into_iter().chain(batch).cloned().collect();
    world.tree_install(&all);
}

#[test]
fn a_kill_and_a_full_disk_at_any_step_are_mended() {
    let expected = {
        let (world, batch, other) = to_be_changed();
        insist(&world, &batch, &other);
        assert_eq!(world.links(), ["c", "d", "ns/a"]);
        without_place(&world)
    };
    for fault in [Fault::Kill, Fault::DiskFull] {
        let mut steps = 0;
        loop {
            let (world, batch, other) = to_be_changed();
            let old: BTreeMap<String, String> = world.stored();
            plan(Some((steps, fault)));
            let install = || crate::install(&world.store, &world.layout, &batch, &with_trees(), &pybun_model::silent);
            let mut met = false;
            let was_killed = killed(|| {
                met = install().is_err();
                Ok(())
            });
            let pending = plan(None);
            assert_honest(&world, steps);
            insist(&world, &batch, &other);
            assert!(without_place(&world) == expected, "{fault:?} at step {steps}");
            assert!(old.iter().all(|(path, content)| world.stored().get(path) == Some(content)), "step {steps}");
            world.assert_sound();
            for dist in world.installed() {
                uninstall(&world.layout, &dist).unwrap();
            }
            assert_eq!(world.links(), Vec::<String>::new());
            if !was_killed && !met {
                assert!(pending, "the fault was not met");
                break;
            }
            steps += if fault == Fault::Kill { 1 } else { 4 };
        }
        assert!(steps > 40, "only {steps} steps were tried");
    }
}
