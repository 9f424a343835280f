use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use pybun_stamp::mentions_pybun;

/// A manifest above this size is not read here.
const MAX_MANIFEST_BYTES: u64 = 1 << 20;

/// Deeper directories are not walked up.
const MAX_DEPTH: usize = 128;

/// The nearest directory at or above `cwd` with a `pyproject.toml`.
pub fn project_root(cwd: &Path) -> Option<&Path> {
    cwd.ancestors().take(MAX_DEPTH).find(|directory| directory.join("pyproject.toml").is_file())
}

/// The project around `cwd` whose own configuration counts for scripts and tools; one that has none does not.
pub fn configured_by(cwd: &Path) -> Option<&Path> {
    let root = project_root(cwd)?;
    let configures = root.join(".pybun/config.toml").exists()
        || read_bounded(&root.join("pyproject.toml"), MAX_MANIFEST_BYTES).is_none_or(|text| mentions_pybun(&text));
    configures.then_some(root)
}

/// The data directory, when it can be told without reading configuration.
pub fn data_directory() -> Option<PathBuf> {
    directory_from(|name| env::var_os(name).filter(|value| !value.is_empty()))
}

/// The whole file, if it is one and no longer than `limit`.
pub fn read_bounded(path: &Path, limit: u64) -> Option<Vec<u8>> {
    let file = File::open(path).ok()?;
    let size = file.metadata().ok().filter(fs::Metadata::is_file)?.len();
    let mut bytes = Vec::with_capacity(usize::try_from(size.min(limit)).ok()? + 1);
    file.take(limit + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= limit).then_some(bytes)
}

fn directory_from(env: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let directory = match env("PYBUN_CACHE_DIR").or_else(|| env("PYBUN_HOME")) {
        Some(directory) => PathBuf::from(directory),
        None => by_platform(env)?,
    };
    directory.is_absolute().then_some(directory)
}

#[cfg(windows)]
fn by_platform(env: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    env("LOCALAPPDATA").map(|directory| PathBuf::from(directory).join("pybun").join("cache"))
}

#[cfg(target_os = "macos")]
fn by_platform(env: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    env("HOME").map(|home| PathBuf::from(home).join("Library/Caches/pybun"))
}

#[cfg(not(any(windows, target_os = "macos")))]
fn by_platform(env: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    match env("XDG_CACHE_HOME") {
        Some(directory) => Some(PathBuf::from(directory).join("pybun")),
        None => env("HOME").map(|home| PathBuf::from(home).join(".cache/pybun")),
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_data_directory() {
        let all = [("PYBUN_CACHE_DIR", "/c"), ("PYBUN_HOME", "/p"), ("XDG_CACHE_HOME", "/x"), ("HOME", "/h")];
        let expected = ["/c", "/p", "/x/pybun", "/h/.cache/pybun"];
        for (from, expected) in expected.iter().enumerate() {
            let known =
                |name: &str| all[from..].iter().find(|(known, _)| *known == name).map(|(_, value)| value.into());
            assert_eq!(directory_from(known), Some(PathBuf::from(expected)));
        }
        assert_eq!(directory_from(|_| None), None);
        assert_eq!(directory_from(|_| Some("relative".into())), None);
    }
}
