//! Placing distributions into an environment.

use super::wheel_writer::WheelWriter;
use super::zip_writer::Member;
use super::{World, options};
use crate::record::parse_record;
use crate::{Error, Install, LinkMode, Options, install};
use pybun_model::Problem;
use std::fs;
use std::path::Path;

const SITE: &str = "lib/python3.12/site-packages";

fn rich() -> WheelWriter {
    WheelWriter::new("Rich_One", "1.0")
        .file("rich_one/__init__.py", "def main():\n    print('hello')\n")
        .file("rich_one/data/ü,\"x\".txt", "text")
        .file("Rich_One-1.0.data/scripts/tool", "#!python\nprint('tool')\n")
        .file("Rich_One-1.0.data/scripts/binary", "\x7fELF")
        .file("Rich_One-1.0.data/data/share/man/x.1", "man")
        .file("Rich_One-1.0.data/headers/x.h", "header")
        .file("Rich_One-1.0.data/platlib/rich_native.py", "native")
        .file("Rich_One-1.0.dist-info/licenses/LICENSE", "MIT")
        .entry_points("[console_scripts]\nhello = rich_one:main\n[gui_scripts]\nwindow = rich_one:main\n")
}

fn plain(name: &str, version: &str, files: &[(&str, &str)]) -> WheelWriter {
    files.iter().fold(WheelWriter::new(name, version), |wheel, (path, content)| wheel.file(path, content))
}

#[test]
fn every_kind_of_content_gets_to_its_place() {
    let world = World::new();
    let mut request = world.add(&rich());
    request.requested = true;
    request.direct_url = Some("{\"url\": \"https://example.org/x\"}".to_owned());
    let installed = world.install(&[request]).unwrap();
    let tree = world.tree();
    let info = format!("{SITE}/Rich_One-1.0.dist-info");
    for (path, content) in [
        (format!("{SITE}/rich_one/data/ü,\"x\".txt"), "text"),
        (format!("{SITE}/rich_native.py"), "native"),
        ("share/man/x.1".to_owned(), "man"),
        ("include/site/python3.12/rich-one/x.h".to_owned(), "header"),
        (format!("{info}/INSTALLER"), "pybun\n"),
        (format!("{info}/REQUESTED"), ""),
        (format!("{info}/direct_url.json"), "{\"url\": \"https://example.org/x\"}"),
        (format!("{info}/licenses/LICENSE"), "MIT"),
        ("bin/binary".to_owned(), "\x7fELF"),
    ] {
        assert_eq!(tree.get(&path).map(String::as_str), Some(content), "{path}");
    }
    let python = world.layout.python.display();
    assert_eq!(tree["bin/tool"], format!("#!{python}\nprint('tool')\n"));
    assert!(tree["bin/hello"].starts_with(&format!("#!{python}\n")), "{}", tree["bin/hello"]);
    assert!(!tree.keys().any(|path| path.contains(".data/") || path.contains("journal")), "{:?}", tree.keys());
    assert_eq!(world.installed(), installed);
    assert_record(&world, &info);
}

/// RECORD lists every file of the environment, each with its right digest and size.
#[track_caller]
fn assert_record(world: &World, info: &str) {
    let library = world.library();
    let rows = parse_record(world.read(&format!("{info}/RECORD")).as_bytes()).unwrap();
    let mut listed: Vec<String> = Vec::new();
    for row in &rows {
        let path = crate::remove::normalize(&library.join(&row.path)).unwrap();
        let content = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", row.path));
        listed.push(path.strip_prefix(&world.layout.prefix).unwrap().to_string_lossy().into_owned());
        if row.path.ends_with("/RECORD") {
            assert_eq!((row.hash.as_str(), row.size), ("", None));
            continue;
        }
        assert_eq!(row.sha256(), Some(super::digest(&content)), "{}", row.path);
        assert_eq!(row.size, Some(content.len() as u64), "{}", row.path);
    }
    listed.sort();
    assert_eq!(listed, world.tree().into_keys().collect::<Vec<_>>());
}

#[cfg(unix)]
#[test]
fn scripts_run() {
    use std::os::unix::fs::symlink;
    use std::process::Command;
    let world = World::new();
    let found = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output();
    let found = found.expect("these tests need a python3 on PATH");
    let interpreter = String::from_utf8(found.stdout).unwrap();
    fs::create_dir_all(&world.layout.scripts).unwrap();
    symlink(interpreter.trim(), &world.layout.python).unwrap();
    let request = world.add(&rich());
    let options = Options { compile: true, ..options() };
    install(&world.store, &world.layout, &[request], &options, &pybun_model::silent).unwrap();
    for (script, says) in [("hello", "hello\n"), ("tool", "tool\n")] {
        let mut command = Command::new(world.layout.scripts.join(script));
        let output = command.env("PYTHONPATH", world.library()).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), says, "{}", String::from_utf8_lossy(&output.stderr));
    }
    let record = world.read(&format!("{SITE}/Rich_One-1.0.dist-info/RECORD"));
    let bytecode: Vec<&str> = record.lines().filter(|line| line.contains(".pyc")).collect();
    assert_eq!(bytecode.len(), 2, "{record}");
    assert!(bytecode.iter().all(|line| line.ends_with(".pyc,,")), "{bytecode:?}");
}

#[cfg(unix)]
#[test]
fn bad_syntax_is_no_reason_to_fail() {
    let world = World::new();
    let mut layout = world.layout.clone();
    let which = std::process::Command::new("sh").args(["-c", "command -v python3"]).output().unwrap();
    layout.python = String::from_utf8(which.stdout).unwrap().trim().into();
    let request = world.add(&plain("a", "1", &[("bad.py", "def def\n"), ("good.py", "x = 1\n")]));
    let options = Options { compile: true, ..options() };
    install(&world.store, &layout, &[request], &options, &pybun_model::silent).unwrap();
    let record = world.read(&format!("{SITE}/a-1.dist-info/RECORD"));
    assert!(record.contains("__pycache__/good.") && !record.contains("__pycache__/bad."), "{record}");
}

#[cfg(unix)]
#[test]
fn files_are_shared_with_the_store_and_scripts_are_not() {
    use std::os::unix::fs::MetadataExt;
    let world = World::new();
    let request = world.add(&rich());
    world.install(&[request]).unwrap();
    let links = |path: &Path| fs::metadata(path).unwrap().nlink();
    assert_eq!(links(&world.library().join("rich_one/__init__.py")), 2, "tree, environment");
    assert_eq!(links(&world.layout.scripts.join("binary")), 2);
    assert_eq!(links(&world.layout.scripts.join("tool")), 1);
    assert_eq!(links(&world.library().join("Rich_One-1.0.dist-info/RECORD")), 1);
    let mode = |path: &str| fs::metadata(world.layout.scripts.join(path)).unwrap().mode() & 0o111;
    assert_eq!((mode("binary"), mode("tool"), mode("hello")), (0o111, 0o111, 0o111));
}

#[test]
fn all_ways_and_thread_counts_give_the_same_tree() {
    let world = World::new();
    let requests = [world.add(&rich()), world.add(&plain("b", "2", &[("b/x.py", "x"), ("b/y/z.py", "z")]))];
    let mut trees = Vec::new();
    for link in [LinkMode::Auto, LinkMode::Hardlink, LinkMode::Reflink, LinkMode::Copy] {
        for threads in [1, 4] {
            let options = Options { threads, link, compile: false, verify: false };
            fs::remove_dir_all(&world.layout.prefix).ok();
            install(&world.store, &world.layout, &requests, &options, &pybun_model::silent).unwrap();
            trees.push(world.tree());
        }
    }
    assert!(trees.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn an_installation_replaces_every_other_one_of_its_name() {
    let world = World::new();
    let old = world
        .add(&plain("a", "1", &[("a/old.py", "1"), ("a/both.py", "1")]).entry_points("[console_scripts]\nold = a:x\n"));
    let new = world.add(&plain("a", "2", &[("a/both.py", "2")]));
    let library = world.library().to_owned();
    world.install(std::slice::from_ref(&old)).unwrap();
    // A stale second .dist-info, without a RECORD.
    fs::create_dir(library.join("A-0.5.dist-info")).unwrap();
    world.install(std::slice::from_ref(&new)).unwrap();
    let names: Vec<_> = world.installed().iter().map(|dist| dist.version.to_string()).collect();
    assert_eq!(names, ["2"]);
    assert_eq!(fs::read_to_string(library.join("a/both.py")).unwrap(), "2");
    assert!(!library.join("a/old.py").exists() && !world.layout.scripts.join("old").exists());
    world.install(&[new]).unwrap();
    world.install(&[old]).unwrap();
    assert_eq!(fs::read_to_string(library.join("a/both.py")).unwrap(), "1");
}

#[test]
fn of_two_owners_the_later_one_wins_and_both_are_named() {
    let world = World::new();
    let a = world.add(
        &plain("a", "1", &[("same/x.py", "a"), ("same/__init__.py", "")])
            .entry_points("[console_scripts]\ncmd = a:x\n"),
    );
    let b = world.add(
        &plain("b", "1", &[("same/x.py", "b"), ("same/__init__.py", "")])
            .entry_points("[console_scripts]\ncmd = b:x\n"),
    );
    for (order, content) in [([a.clone(), b.clone()], "b"), ([b.clone(), a.clone()], "a")] {
        fs::remove_dir_all(&world.layout.prefix).ok();
        let notes = world.notes(&order);
        assert_eq!(world.read(&format!("{SITE}/same/x.py")), content);
        assert!(world.read("bin/cmd").contains(&format!("from {content} import x")));
        assert_eq!(notes.len(), 2, "{notes:?}");
        let winner = format!("that of {content} 1 is in place");
        let both = |text: &str| text.contains("a 1") && text.contains("b 1") && text.contains(&winner);
        assert!(notes.iter().all(|(code, text)| *code == "install/shared-file" && both(text)), "{notes:?}");
    }
    // The same when the first one is there already.
    fs::remove_dir_all(&world.layout.prefix).unwrap();
    world.install(&[a]).unwrap();
    let notes = world.notes(&[b]);
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert_eq!(world.read(&format!("{SITE}/same/x.py")), "b");
}

#[test]
fn an_existing_file_is_replaced_and_never_written_into() {
    let world = World::new();
    let request = world.add(&plain("a", "1", &[("x.py", "new")]));
    fs::create_dir_all(world.library()).unwrap();
    fs::write(world.library().join("x.py"), "user's").unwrap();
    fs::hard_link(world.library().join("x.py"), world.root().join("other-name")).unwrap();
    world.install(&[request]).unwrap();
    assert_eq!(world.read(&format!("{SITE}/x.py")), "new");
    assert_eq!(fs::read_to_string(world.root().join("other-name")).unwrap(), "user's");
}

#[test]
fn a_directory_or_file_in_the_way_is_named() {
    for (existing, is_dir) in [("x.py", true), ("p", false)] {
        let world = World::new();
        let request = world.add(&plain("a", "1", &[("x.py", "x"), ("p/y.py", "y")]));
        let path = world.library().join(existing);
        fs::create_dir_all(if is_dir { &path } else { world.library() }).unwrap();
        if !is_dir {
            fs::write(&path, "").unwrap();
        }
        let problem = Problem::from(&world.install(&[request]).unwrap_err());
        assert_eq!(problem.code, "install/in-the-way");
        assert_eq!(problem.context["path"], path.to_string_lossy().as_ref());
    }
}

#[test]
fn nothing_changes_when_a_wheel_is_missing_or_another() {
    let world = World::new();
    let a = world.add(&plain("a", "1", &[("x.py", "x")]));
    world.install(std::slice::from_ref(&a)).unwrap();
    let before = world.tree();
    let missing = Install { sha256: super::digest(b"none"), ..a.clone() };
    let other = Install { version: "2".parse().unwrap(), ..a };
    for (request, code) in [(missing, "install/not-in-store"), (other, "install/other-distribution")] {
        assert_eq!(Problem::from(&world.install(&[request]).unwrap_err()).code, code);
        assert_eq!(world.tree(), before);
    }
}

#[test]
fn a_command_replaces_the_script_of_its_name() {
    let world = World::new();
    let wheel = plain("a", "1", &[("a-1.data/scripts/cmd", "old")]).entry_points("[console_scripts]\ncmd = a:main\n");
    let request = world.add(&wheel);
    world.install(&[request]).unwrap();
    assert!(world.read("bin/cmd").contains("from a import main"));
    let record = world.read(&format!("{SITE}/a-1.dist-info/RECORD"));
    assert_eq!(record.matches("bin/cmd").count(), 1, "{record}");
}

#[test]
fn a_different_platlib_gets_platform_wheels() {
    let world = World::new();
    let mut wheel = plain("a", "1", &[("a.py", "x"), ("a-1.data/purelib/pure.py", "p")]);
    wheel.wheel = "Wheel-Version: 1.0\nRoot-Is-Purelib: false\n".to_owned();
    let request = world.add(&wheel);
    let mut layout = world.layout.clone();
    layout.platlib = layout.prefix.join("lib64/python3.12/site-packages");
    install(&world.store, &layout, &[request], &options(), &pybun_model::silent).unwrap();
    let record = world.read("lib64/python3.12/site-packages/a-1.dist-info/RECORD");
    assert!(record.contains("../../../lib/python3.12/site-packages/pure.py,sha256="), "{record}");
    let [dist] = &crate::installed(&layout).unwrap()[..] else { panic!("one distribution") };
    crate::uninstall(&layout, dist).unwrap();
    assert!(world.tree().is_empty(), "{:?}", world.tree());
}

#[cfg(unix)]
#[test]
fn a_directory_that_may_not_be_written_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    let request = world.add(&plain("a", "1", &[("x.py", "x")]));
    fs::create_dir_all(world.library()).unwrap();
    fs::set_permissions(world.library(), PermissionsExt::from_mode(0o555)).unwrap();
    let result = world.install(&[request]);
    fs::set_permissions(world.library(), PermissionsExt::from_mode(0o755)).unwrap();
    match result {
        Err(error @ Error::Io { .. }) => assert_eq!(Problem::from(&error).code, "install/not-writable"),
        // Root may write everywhere.
        other => assert!(other.is_ok(), "{other:?}"),
    }
}

#[test]
fn executable_members_stay_executable_when_copied() {
    let world = World::new();
    let wheel = WheelWriter::new("a", "1").member(Member { mode: 0o100_755, ..Member::new("tool", "x") });
    let request = world.add(&wheel);
    let options = Options { link: LinkMode::Copy, ..options() };
    install(&world.store, &world.layout, &[request], &options, &pybun_model::silent).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let metadata = fs::metadata(world.library().join("tool")).unwrap();
        assert_eq!((metadata.mode() & 0o111, metadata.nlink()), (0o111, 1));
    }
    assert_eq!(world.read(&format!("{SITE}/tool")), "x");
}
