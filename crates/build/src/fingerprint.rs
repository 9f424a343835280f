//! Has a source tree changed since something was made of it?

use crate::Error;
use crate::tree::stated_metadata;
use pybun_model::{CoreMetadata, Sha256};
use sha2::Digest;
use std::fs;
use std::path::Path;

/// What a backend's answers depend on, as far as every tool agrees on it.
const MANIFESTS: [&str; 3] = ["pyproject.toml", "setup.py", "setup.cfg"];

/// Directories that tools make, wherever they stand.
const MADE: [&str; 12] = [
    ".git",
    ".hg",
    ".svn",
    ".pybun",
    ".venv",
    ".tox",
    ".nox",
    ".eggs",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    "node_modules",
];
/// Directories that backends make at the top.
const MADE_AT_TOP: [&str; 2] = ["build", "dist"];

const MAX_FILES: usize = 200_000;
const MAX_DEPTH: usize = 64;
const MAX_MANIFEST: u64 = 8 << 20;

/// Another value whenever a wheel of the tree at `root` may have become another one. An editable wheel leads to the tree and
/// holds nothing of it, so that only what describes the project counts; else every file does, by size and time.
pub fn fingerprint(root: &Path, editable: bool) -> Result<Sha256, Error> {
    let mut parts = vec![root.display().to_string(), if editable { "editable" } else { "copied" }.to_owned()];
    for name in MANIFESTS {
        parts.push(text_of(&root.join(name)));
    }
    if !editable {
        let mut walk = Walk { root, out: Vec::new() };
        walk.enter(root, 0)?;
        walk.out.sort();
        parts.append(&mut walk.out);
    }
    Ok(digest_of(&parts.iter().map(String::as_str).collect::<Vec<_>>()))
}

/// Another value whenever the project at `root` may say something else of itself: what it is, what it requires. Builds nothing,
/// and is the same on every machine.
pub fn statement(root: &Path) -> Result<Sha256, Error> {
    let stated = stated_metadata(root, "the project")?.and_then(|bytes| CoreMetadata::parse(&bytes).ok());
    let mut parts = Vec::new();
    match stated {
        Some(metadata) => {
            parts.extend([metadata.name.to_string(), metadata.version.to_string()]);
            parts.push(metadata.requires_python.map(|python| python.to_string()).unwrap_or_default());
            let mut requires: Vec<String> = metadata.requires_dist.iter().map(ToString::to_string).collect();
            requires.sort();
            parts.append(&mut requires);
            parts.extend(metadata.provides_extra.iter().map(|extra| format!("extra {extra}")));
        }
        None => parts.extend(MANIFESTS.iter().map(|name| text_of(&root.join(name)).replace("\r\n", "\n"))),
    }
    Ok(digest_of(&parts.iter().map(String::as_str).collect::<Vec<_>>()))
}

/// Of texts that cannot run into each other.
pub fn digest_of(parts: &[&str]) -> Sha256 {
    let mut hasher = sha2::Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    Sha256(hasher.finalize().into())
}

/// Of the content of a file.
pub fn digest_of_file(path: &Path) -> std::io::Result<Sha256> {
    let mut hasher = sha2::Sha256::new();
    std::io::copy(&mut pybun_files::open(path)?.file, &mut hasher)?;
    Ok(Sha256(hasher.finalize().into()))
}

/// Empty for what is missing or absurd.
fn text_of(path: &Path) -> String {
    let bytes = pybun_files::read(path, MAX_MANIFEST).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

struct Walk<'a> {
    root: &'a Path,
    out: Vec<String>,
}

impl Walk<'_> {
    fn enter(&mut self, directory: &Path, depth: usize) -> Result<(), Error> {
        let entries = fs::read_dir(directory).map_err(Error::io("read", directory))?;
        for entry in entries {
            let entry = entry.map_err(Error::io("read", directory))?;
            let (name, path) = (entry.file_name(), entry.path());
            let name = name.to_string_lossy();
            let metadata = entry.metadata().map_err(Error::io("read", &path))?;
            if metadata.is_dir() {
                let made = MADE.contains(&&*name)
                    || name == "__pycache__"
                    || name.ends_with(".egg-info")
                    || (depth == 0 && MADE_AT_TOP.contains(&&*name))
                    || path.join("pyvenv.cfg").exists();
                if !made && depth < MAX_DEPTH {
                    self.enter(&path, depth + 1)?;
                }
            } else if !name.ends_with(".pyc") {
                let relative = path.strip_prefix(self.root).unwrap_or(&path).to_string_lossy();
                self.out.push(format!("{relative}\0{}\0{:?}", metadata.len(), metadata.modified().ok()));
            }
            if self.out.len() > MAX_FILES {
                let why = format!("it holds more than {MAX_FILES} files");
                return Err(Error::BadSdist { file: self.root.display().to_string(), why });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> tempfile::TempDir {
        let temp = tempfile::tempdir().unwrap();
        fs::create_dir(temp.path().join("a")).unwrap();
        fs::write(temp.path().join("a/__init__.py"), "").unwrap();
        fs::write(temp.path().join("pyproject.toml"), "[project]\nname = 'a'\nversion = '1'\n").unwrap();
        temp
    }

    #[test]
    fn what_is_made_does_not_count_and_what_is_written_does() {
        let temp = tree();
        let at = |name: &str| temp.path().join(name);
        let both = || [true, false].map(|editable| fingerprint(temp.path(), editable).unwrap());
        let first = both();
        assert_ne!(first[0], first[1]);
        for made in [".git", "build", "a/__pycache__", "a.egg-info", ".venv"] {
            fs::create_dir_all(at(made)).unwrap();
            fs::write(at(made).join("x"), "x").unwrap();
        }
        assert_eq!(both(), first);
        fs::write(at("a/b.py"), "").unwrap();
        let second = both();
        assert_eq!((second[0] == first[0], second[1] == first[1]), (true, false));
        for name in ["setup.py", "setup.cfg"] {
            let before = both();
            fs::write(at(name), "#").unwrap();
            assert!(both()[0] != before[0] && both()[1] != before[1], "{name}");
        }
    }

    #[test]
    fn a_statement_is_about_what_is_said() {
        let temp = tree();
        let first = statement(temp.path()).unwrap();
        let write = |text: &str| fs::write(temp.path().join("pyproject.toml"), text).unwrap();
        write("# a comment\n[project]\nname = \"a\"\nversion = \"1\"\ndescription = 'x'\n");
        assert_eq!(statement(temp.path()).unwrap(), first);
        write("[project]\nname = 'a'\nversion = '1'\ndependencies = ['b']\n");
        assert_ne!(statement(temp.path()).unwrap(), first);
        write("[project]\nname = 'a'\ndynamic = ['version']\n");
        let dynamic = statement(temp.path()).unwrap();
        fs::write(temp.path().join("setup.py"), "x").unwrap();
        assert_ne!(statement(temp.path()).unwrap(), dynamic);
    }
}
