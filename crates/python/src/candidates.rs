//! Places where interpreters may be, in the order of preference. Nothing is started here.

use crate::interpreter::executable_name;
use crate::{Origin, Search, Versions};
use std::path::{Path, PathBuf};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub path: PathBuf,
    pub origin: Origin,
}

/// The newest minor version whose command (`python3.N`) is looked for on PATH.
const NEWEST_MINOR: u64 = 19;

/// The active environment, then PyBun's own, then PATH, then pyenv's versions from the newest. Lazy: PATH is not looked
/// at as long as the caller is content with what came before.
pub(crate) fn candidates<'a>(search: &'a Search, versions: &'a Versions) -> impl Iterator<Item = Candidate> + 'a {
    let stages: [fn(&Search, &Versions) -> Vec<Candidate>; 4] = [active, managed, on_path, pyenv_versions];
    stages.into_iter().flat_map(move |stage| stage(search, versions))
}

/// Is `path` in the one of pyenv's versions that has this name?
pub(crate) fn is_pyenvs(search: &Search, path: &Path, name: &str) -> bool {
    is_plain(name) && pyenv_root(search).is_some_and(|root| path.starts_with(root.join("versions").join(name)))
}

/// Can a name of one of pyenv's versions lead nowhere but into their directory?
fn is_plain(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', ':', '\0'])
}

/// The executable of an environment or installation at `root`.
pub(crate) fn executable_in(root: &Path) -> Option<PathBuf> {
    let names: &[&str] = if cfg!(windows) {
        &["Scripts\\python.exe", "python.exe"]
    } else {
        &["bin/python", "bin/python3", "bin/pypy3"]
    };
    let paths = names.iter().map(|name| root.join(name));
    // A link that leads nowhere is a candidate too: that it is broken must be said.
    paths.into_iter().find(|path| path.symlink_metadata().is_ok())
}

/// A command on PATH, or the name of one of pyenv's versions.
pub(crate) fn named(search: &Search, name: &str) -> Option<Candidate> {
    let file = if cfg!(windows) && !name.ends_with(".exe") { format!("{name}.exe") } else { name.to_owned() };
    let on_path =
        path_directories(search).into_iter().filter(|directory| !is_shims(search, directory)).find_map(|directory| {
            let path = directory.join(&file);
            path.is_file().then_some(Candidate { path, origin: Origin::Path })
        });
    on_path.or_else(|| {
        let root = pyenv_root(search).filter(|_| is_plain(name))?.join("versions").join(name);
        Some(Candidate { path: executable_in(&root)?, origin: Origin::Pyenv })
    })
}

fn active(search: &Search, _: &Versions) -> Vec<Candidate> {
    let roots = ["VIRTUAL_ENV", "CONDA_PREFIX"].into_iter().filter_map(|name| absolute(search.variable(name)?));
    roots.filter_map(|root| Some(Candidate { path: executable_in(&root)?, origin: Origin::Venv })).collect()
}

fn managed(search: &Search, _: &Versions) -> Vec<Candidate> {
    versions_in(&search.cache_dir.join("python"), Origin::Managed)
}

fn pyenv_versions(search: &Search, wanted: &Versions) -> Vec<Candidate> {
    let Some(root) = pyenv_root(search) else { return Vec::new() };
    let candidates = versions_in(&root.join("versions"), Origin::Pyenv);
    let fits = |candidate: &Candidate| {
        let name = candidate.path.parent().and_then(Path::parent).and_then(Path::file_name);
        let says = name.and_then(|name| plain_version(name.to_str()?));
        says.is_none_or(|(numbers, _)| {
            numbers.first() == Some(&3) && !wanted.excludes((3, *numbers.get(1).unwrap_or(&0)))
        })
    };
    candidates.into_iter().filter(fits).collect()
}

/// Installations in the directories of `directory`, the newest first; those without a version in their name last.
fn versions_in(directory: &Path, origin: Origin) -> Vec<Candidate> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    let mut names: Vec<String> = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort_by_key(|name| std::cmp::Reverse((version_in(name), name.clone())));
    let roots = names.iter().map(|name| directory.join(name));
    roots.filter_map(|root| Some(Candidate { path: executable_in(&root)?, origin })).collect()
}

/// The numbers in a directory's name, with finals above pre-releases: `cpython-3.12.1-linux` -> (3.12.1, final).
fn version_in(name: &str) -> (Vec<u64>, bool) {
    let start = name.find(|c: char| c.is_ascii_digit()).unwrap_or(name.len());
    plain_version(&name[start..]).unwrap_or_default()
}

/// The leading numbers, and whether nothing like `a1`, `rc2`, `-dev` or `t` follows them.
fn plain_version(text: &str) -> Option<(Vec<u64>, bool)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let numbers: Vec<u64> = text[..end].split('.').map_while(|part| part.parse().ok()).collect();
    (!numbers.is_empty()).then_some((numbers, end == text.len() || text[end..].starts_with("-linux")))
}

fn on_path(search: &Search, wanted: &Versions) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    for directory in path_directories(search) {
        if is_shims(search, &directory) {
            candidates.extend(pyenv_selected(search));
            continue;
        }
        for name in names(wanted) {
            let path = directory.join(name);
            if path.is_file() {
                candidates.push(Candidate { path, origin: Origin::Path });
            }
        }
    }
    candidates
}

/// The commands to look for in one directory, the best first.
fn names(wanted: &Versions) -> Vec<String> {
    let suffix = if cfg!(windows) { ".exe" } else { "" };
    let minors = (crate::OLDEST.1..=NEWEST_MINOR).rev().filter(|minor| !wanted.excludes((3, *minor)));
    let exact: Vec<String> =
        minors.flat_map(|minor| [format!("python3.{minor}"), format!("python3.{minor}t")]).collect();
    let general = ["python3", "python"].map(str::to_owned);
    let mut names = match wanted.minor() {
        Some(_) => exact.into_iter().chain(general).collect::<Vec<_>>(),
        None => general.into_iter().chain(exact).collect(),
    };
    if let Versions::Of { implementation: Some("pypy"), .. } = wanted {
        names = ["pypy3", "pypy"].map(str::to_owned).into_iter().collect();
        if let Some((major, minor)) = wanted.minor() {
            names.insert(0, format!("pypy{major}.{minor}"));
        }
    }
    names.into_iter().map(|name| name + suffix).collect()
}

fn path_directories(search: &Search) -> Vec<PathBuf> {
    pybun_programs::directories(Some(search.variable("PATH").unwrap_or_default().as_ref())).collect()
}

fn pyenv_root(search: &Search) -> Option<PathBuf> {
    let home = || search.variable("HOME").map(|home| Path::new(home).join(".pyenv"));
    let root = search.variable("PYENV_ROOT").map(PathBuf::from).or_else(home);
    root.and_then(absolute).filter(|root| root.is_dir())
}

/// A relative place would let the current directory decide what is run.
fn absolute(path: impl Into<PathBuf>) -> Option<PathBuf> {
    Some(path.into()).filter(|path| path.is_absolute())
}

pub(crate) fn has_pyenv(search: &Search) -> bool {
    pyenv_root(search).is_some()
}

/// pyenv's shims are shell scripts that start a process to find out what they mean. They are never run.
fn is_shims(search: &Search, directory: &Path) -> bool {
    pyenv_root(search).is_some_and(|root| directory == root.join("shims"))
}

/// What the shims stand for here: `PYENV_VERSION`, else the `.python-version` of this directory or one above it, else
/// the global version.
fn pyenv_selected(search: &Search) -> Vec<Candidate> {
    let Some(root) = pyenv_root(search) else { return Vec::new() };
    let local = || {
        let files = search.cwd.ancestors().map(|directory| directory.join(".python-version"));
        files.into_iter().find_map(|file| read_small(&file))
    };
    let global = || read_small(&root.join("version"));
    let chosen = search.variable("PYENV_VERSION").map(|names| names.replace(':', " ")).or_else(local).or_else(global);
    let chosen = chosen.unwrap_or_default();
    let lines = chosen.lines().map(|line| line.split('#').next().unwrap_or_default());
    // The file may be a stranger's.
    let names = lines.flat_map(str::split_whitespace).filter(|name| *name != "system" && is_plain(name));
    let versions = root.join("versions");
    names.filter_map(|name| installed(&versions, name)).map(|path| Candidate { path, origin: Origin::Pyenv }).collect()
}

/// `3.11` stands for the newest `3.11.*`, as in pyenv.
fn installed(versions: &Path, name: &str) -> Option<PathBuf> {
    executable_in(&versions.join(name)).or_else(|| {
        let prefix = format!("{name}.");
        let all = versions_in(versions, Origin::Pyenv).into_iter();
        let matching = all.filter(|candidate| {
            let name = candidate.path.parent().and_then(Path::parent).and_then(Path::file_name);
            name.and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(&prefix) && version_in(name).1)
        });
        matching.map(|candidate| candidate.path).next()
    })
}

fn read_small(path: &Path) -> Option<String> {
    let metadata = std::fs::metadata(path).ok()?;
    let is_small = metadata.is_file() && metadata.len() < 4096;
    is_small.then(|| std::fs::read_to_string(path).ok()).flatten()
}

/// A directory named as an interpreter stands for the executable in it.
pub(crate) fn given(path: &Path) -> PathBuf {
    if !path.is_dir() {
        return path.to_owned();
    }
    executable_in(path).unwrap_or_else(|| path.join(executable_name()))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::fs;

    fn file(path: &Path) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }

    fn search(root: &Path, variables: &[(&str, PathBuf)]) -> Search {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), value.display().to_string()));
        Search {
            cwd: root.join("cwd"),
            cache_dir: root.join("cache"),
            environment: variables.collect::<BTreeMap<_, _>>(),
        }
    }

    fn paths(search: &Search, wanted: &Versions) -> Vec<PathBuf> {
        candidates(search, wanted).map(|candidate| candidate.path).collect()
    }

    #[test]
    fn goes_from_the_active_environment_to_pyenv() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path();
        for path in [
            "venv/bin/python",
            "cache/python/cpython-3.9.1-linux/bin/python",
            "cache/python/cpython-3.12.0-linux/bin/python",
            "path/python3",
            "path/python3.9",
            ".pyenv/shims/python3",
            ".pyenv/versions/3.11.7/bin/python",
            ".pyenv/versions/3.9.2/bin/python",
            ".pyenv/versions/3.9.10/bin/python",
            ".pyenv/versions/2.7.18/bin/python",
        ] {
            file(&root.join(path));
        }
        fs::write(root.join(".pyenv/version"), "system\n3.9\n").unwrap();
        let path = std::env::join_paths([root.join(".pyenv/shims"), root.join("path"), "relative".into()]).unwrap();
        let search =
            search(root, &[("VIRTUAL_ENV", root.join("venv")), ("HOME", root.to_owned()), ("PATH", path.into())]);
        let expected = [
            "venv/bin/python",
            "cache/python/cpython-3.12.0-linux/bin/python",
            "cache/python/cpython-3.9.1-linux/bin/python",
            ".pyenv/versions/3.9.10/bin/python",
            "path/python3",
            "path/python3.9",
            ".pyenv/versions/3.11.7/bin/python",
            ".pyenv/versions/3.9.10/bin/python",
            ".pyenv/versions/3.9.2/bin/python",
        ];
        assert_eq!(paths(&search, &Versions::Any), expected.map(|path| root.join(path)));
        let found = paths(&search, &Versions::parse("3.9").unwrap());
        let position = |path: &str| found.iter().position(|found| *found == root.join(path));
        assert!(position("path/python3.9") < position("path/python3"));
        assert_eq!(position(".pyenv/versions/3.11.7/bin/python"), None);
        assert_eq!(named(&search, "3.9.2").unwrap().path, root.join(".pyenv/versions/3.9.2/bin/python"));
    }

    #[test]
    fn versions_sort_by_number() {
        let mut names = ["3.9.1", "3.10.0", "3.10.0rc1", "cpython-3.12.1-linux", "mine"];
        names.sort_by_key(|name| std::cmp::Reverse(version_in(name)));
        assert_eq!(names, ["cpython-3.12.1-linux", "3.10.0", "3.10.0rc1", "3.9.1", "mine"]);
    }
}
