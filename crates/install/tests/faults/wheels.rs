//! The wheels of these tests, and the directories they go to.

use pybun_install::{Install, Layout, LinkMode, Store};
use pybun_model::{Sha256, WheelName};
use sha2::Digest;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// Everything of one run.
#[derive(Clone)]
pub struct World {
    pub root: PathBuf,
    pub link: LinkMode,
}

pub struct Wheel {
    pub path: PathBuf,
    pub name: WheelName,
    pub sha256: Sha256,
}

impl World {
    pub fn cache(&self) -> PathBuf {
        self.root.join("cache")
    }

    pub fn store(&self) -> Store {
        Store::open(&self.cache())
    }

    pub fn environment(&self, name: &str) -> Layout {
        let prefix = self.root.join(name);
        let library = prefix.join("lib/python3.12/site-packages");
        Layout {
            purelib: library.clone(),
            platlib: library,
            scripts: prefix.join("bin"),
            data: prefix.clone(),
            headers: prefix.join("include"),
            python: if self.link == LinkMode::Tree { python() } else { prefix.join("bin/python") },
            prefix,
        }
    }

    /// Writes the wheels and gives those of one set.
    pub fn write_wheels(&self) {
        let directory = self.root.join("wheels");
        fs::create_dir_all(&directory).expect("the directory of the test is ours");
        for (set, wheels) in [("old", old()), ("new", new())] {
            for (name, files) in wheels {
                let path = directory.join(set).join(format!("{name}-py3-none-any.whl"));
                fs::create_dir_all(directory.join(set)).expect("the directory of the test is ours");
                fs::write(path, zip(name, &files)).expect("the directory of the test is ours");
            }
        }
    }

    pub fn wheels(&self, set: &str) -> Vec<Wheel> {
        let directory = self.root.join("wheels").join(set);
        let mut paths: Vec<PathBuf> =
            fs::read_dir(directory).expect("the wheels were written").flatten().map(|entry| entry.path()).collect();
        paths.sort();
        paths
            .into_iter()
            .map(|path| {
                let bytes = fs::read(&path).expect("the wheels were written");
                let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                let name = name.parse().expect("the names are those of wheels");
                Wheel { name, sha256: Sha256(sha2::Sha256::digest(&bytes).into()), path }
            })
            .collect()
    }
}

/// For those that compile.
pub fn python() -> PathBuf {
    static FOUND: LazyLock<PathBuf> = LazyLock::new(|| {
        let output = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output();
        let output = output.expect("these tests need a python3 on PATH");
        String::from_utf8_lossy(&output.stdout).trim().into()
    });
    FOUND.clone()
}

impl Wheel {
    pub fn install(&self) -> Install {
        let (name, version) = (self.name.name.clone(), self.name.version.clone());
        Install { sha256: self.sha256, name, version, requested: true, direct_url: None }
    }
}

type Files = Vec<(String, String)>;

fn old() -> Vec<(&'static str, Files)> {
    vec![
        ("a-1", files(&[("a/__init__.py", "old"), ("a/gone.py", "gone")])),
        ("b-1", files(&[("b.py", "b"), ("b-1.dist-info/entry_points.txt", "[console_scripts]\nb = b:main\n")])),
    ]
}

fn new() -> Vec<(&'static str, Files)> {
    let mut many = files(&[("c/__init__.py", ""), ("c/shared.py", "shared by a and c")]);
    many.extend((0..12).map(|number| (format!("c/deep/er/m{number}.py"), format!("number = {number}\n"))));
    vec![
        (
            "a-2",
            files(&[
                ("a/__init__.py", "new"),
                ("a/shared.py", "shared by a and c"),
                ("a-2.data/scripts/tool", "#!python\nprint()\n"),
                ("a-2.data/data/share/a.txt", "data"),
                ("a-2.dist-info/entry_points.txt", "[console_scripts]\na = a:main\n"),
            ]),
        ),
        ("c-1", many),
    ]
}

fn files(list: &[(&str, &str)]) -> Files {
    list.iter().map(|(path, content)| ((*path).to_owned(), (*content).to_owned())).collect()
}

/// Stored members, as simple as an archive can be.
fn zip(stem: &str, files: &Files) -> Vec<u8> {
    let (name, version) = stem.split_once('-').expect("names of these wheels have a version");
    let mut members = files.clone();
    let info = |file: &str| format!("{stem}.dist-info/{file}");
    members.push((info("METADATA"), format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")));
    members.push((info("WHEEL"), "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n".to_owned()));
    let record: String = members.iter().map(|(path, _)| format!("{path},,\n")).collect();
    members.push((info("RECORD"), format!("{record}{},,\n", info("RECORD"))));
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (path, content) in &members {
        let (offset, size) = (bytes.len() as u32, content.len() as u32);
        let mut head = Vec::new();
        head.extend([20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0]);
        head.extend(libdeflater::crc32(content.as_bytes()).to_le_bytes());
        head.extend([size.to_le_bytes(), size.to_le_bytes()].concat());
        head.extend((path.len() as u16).to_le_bytes());
        head.extend([0, 0]);
        bytes.extend(0x0403_4b50u32.to_le_bytes());
        bytes.extend(&head);
        bytes.extend(path.as_bytes());
        bytes.extend(content.as_bytes());
        directory.extend(0x0201_4b50u32.to_le_bytes());
        directory.extend([20, 3]);
        directory.extend(&head);
        directory.extend([0; 6]);
        directory.extend((0o100_644u32 << 16).to_le_bytes());
        directory.extend(offset.to_le_bytes());
        directory.extend(path.as_bytes());
    }
    let (at, count) = (bytes.len() as u32, members.len() as u16);
    bytes.extend(&directory);
    bytes.extend(0x0605_4b50u32.to_le_bytes());
    bytes.extend([0; 4]);
    bytes.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
    bytes.extend((directory.len() as u32).to_le_bytes());
    bytes.extend(at.to_le_bytes());
    bytes.extend([0; 2]);
    bytes
}

/// Every file below `root` with its content, and every directory.
pub fn tree(root: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut pending = vec![root.to_owned()];
    while let Some(directory) = pending.pop() {
        let Ok(entries) = fs::read_dir(&directory) else { continue };
        for entry in entries.flatten() {
            let path = entry.path();
            let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                found.push((format!("{name}/"), Vec::new()));
                pending.push(path);
            } else {
                found.push((name, fs::read(&path).unwrap_or_default()));
            }
        }
    }
    found.sort();
    found
}
