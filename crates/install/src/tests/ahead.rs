//! What is compiled for a program that has started: what it imports, and nothing else.

use super::World;
use super::late_bytecode::{assert_believed, compiled, names, world};
use super::wheel_writer::WheelWriter;
use crate::{Program, ProgramKind, compile_ahead, complete_bytecode};
use std::fs;
use std::path::Path;

const MAIN: &str = "\
import os, b.one
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from b import two
else:
    from . import near
try:
    from c.sub import deep
except ImportError:
    import d
def late():
    import b.three
class A:
    import b.three
";

fn installed() -> World {
    let world = world();
    let a = WheelWriter::new("a", "1")
        .file("a/__init__.py", "")
        .file("a/main.py", MAIN)
        .file("a/near.py", "from .bad import x\n")
        .file("a/bad.py", "def def\n")
        .file("a/__main__.py", "import c\n")
        .file("a/other.py", "");
    let b = ["__init__", "one", "two", "three"];
    let b = b
        .iter()
        .fold(WheelWriter::new("b", "1"), |wheel, name| wheel.file(&format!("b/{name}.py"), "from a import main\n"));
    let c =
        WheelWriter::new("c", "1").file("c/__init__.py", "").file("c/sub/__init__.py", "").file("c/sub/deep.py", "");
    let d = WheelWriter::new("d", "1").file("d-1.data/purelib/d.py", "import missing\n");
    let installs = [world.add(&a), world.add(&b), world.add(&c), world.add(&d)];
    world.install(&installs).unwrap();
    world
}

fn program(kind: ProgramKind, value: &str, directory: &Path) -> Program {
    Program { kind, value: value.into(), directory: directory.to_owned() }
}

const OF_MAIN: [&str; 8] = [
    "a/__init__.py",
    "a/main.py",
    "a/near.py",
    "b/__init__.py",
    "b/one.py",
    "c/__init__.py",
    "c/sub/__init__.py",
    "c/sub/deep.py",
];

#[test]
fn what_a_program_imports_comes_first() {
    let world = installed();
    compile_ahead(&world.late(), &program(ProgramKind::Code, "import a.main", world.root())).unwrap();
    let expected: Vec<&str> = [&OF_MAIN[..], &["d.py"]].concat();
    assert_eq!(names(&world.layout), expected);
    let ahead = compiled(&world.layout);
    assert_believed(&world.layout, "a");
    complete_bytecode(&world.late(), 1).unwrap();
    assert_eq!(names(&world.layout).len(), expected.len() + 4, "the rest");
    assert!(ahead.iter().all(|one| compiled(&world.layout).get(one.0) == Some(one.1)), "nothing is compiled twice");
    world.assert_store_is_sound();
    let again = fs::read_dir(world.library().join("b/__pycache__")).unwrap().count();
    compile_ahead(&world.late(), &program(ProgramKind::Module, "b.one", world.root())).unwrap();
    assert_eq!(fs::read_dir(world.library().join("b/__pycache__")).unwrap().count(), again);
}

#[test]
fn programs_of_every_kind() {
    let own = ["a/__init__.py", "a/__main__.py", "c/__init__.py"];
    let check = |kind, value: &str, files: &[(&str, &str)], expected: &[&str]| {
        let world = installed();
        let directory = world.root().join("own \u{e9}");
        fs::create_dir(&directory).unwrap();
        for (path, text) in files {
            fs::write(directory.join(path), text).unwrap();
        }
        let value = value.replace("HERE", directory.to_str().unwrap());
        compile_ahead(&world.late(), &program(kind, &value, &directory)).unwrap();
        assert_eq!(names(&world.layout), expected, "{value}");
        let own: Vec<String> = super::tree(&directory).into_keys().collect();
        assert_eq!(own.len(), files.len(), "nothing is written beside the program: {own:?}");
    };
    check(ProgramKind::Module, "a", &[], &own);
    check(ProgramKind::Module, "local", &[("local.py", "import c.sub")], &["c/__init__.py", "c/sub/__init__.py"]);
    check(ProgramKind::File, "HERE/x", &[("x", "#!/bin/python\nimport local"), ("local.py", "import d")], &["d.py"]);
    check(ProgramKind::File, "HERE", &[("__main__.py", "import c")], &["c/__init__.py"]);
    check(ProgramKind::File, "HERE/x", &[("x", "\u{7f}ELF\0\0")], &[]);
    check(ProgramKind::File, "HERE/absent", &[], &[]);
    check(ProgramKind::Code, "def def", &[], &[]);
    check(ProgramKind::Code, "from . import x\nfrom c import *", &[], &["c/__init__.py"]);
}

#[test]
fn what_the_program_has_compiled_is_left_alone() {
    let world = installed();
    let link = world.library().join("linked.pth");
    fs::create_dir(world.root().join("source")).unwrap();
    fs::write(world.root().join("source/local.py"), "import a.main").unwrap();
    fs::write(&link, format!("import os\n{}\n", world.root().join("source").display())).unwrap();
    let import = |code: &str| {
        let mut python = std::process::Command::new(&world.layout.python);
        python.args(["-c", code]).env("PYTHONPATH", &world.layout.purelib).env_remove("PYTHONDONTWRITEBYTECODE");
        assert!(python.status().unwrap().success());
    };
    import("import c.sub.deep");
    let theirs = compiled(&world.layout);
    assert_eq!(theirs.len(), 3);
    compile_ahead(&world.late(), &program(ProgramKind::Code, "import local", world.root())).unwrap();
    assert_eq!(names(&world.layout), [&OF_MAIN[..], &["d.py"]].concat());
    assert!(theirs.iter().all(|one| compiled(&world.layout).get(one.0) == Some(one.1)));
    complete_bytecode(&world.late(), 1).unwrap();
    world.assert_store_is_sound();
}
