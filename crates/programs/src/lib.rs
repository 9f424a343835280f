//! Programs that are started by their names: `node`, `git`, `keyring`.
//!
//! A relative or empty entry of PATH leads into the directory that somebody stands in, which may be a stranger's project. Only
//! absolute entries count here, for what is started and for what that starts in turn.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// What systems take where no PATH is set.
const DEFAULT_PATH: &str = if cfg!(windows) { "" } else { "/usr/bin:/bin" };

/// The absolute directories of a PATH, in its order.
pub fn directories(path: Option<&OsStr>) -> impl Iterator<Item = PathBuf> {
    env::split_paths(path.unwrap_or(OsStr::new(DEFAULT_PATH))).filter(|entry| entry.is_absolute())
}

/// The file of a command. On Windows it ends in `.exe`: the others are scripts of the shell. What lies below `active`, the active
/// environment, was brought by a package that somebody installed, and is not taken for the system's.
pub fn find(name: &str, path: Option<&OsStr>, active: Option<&OsStr>) -> Option<PathBuf> {
    let file = format!("{name}{}", env::consts::EXE_SUFFIX);
    let active = active.filter(|root| !root.is_empty());
    directories(path)
        .filter(|directory| active.is_none_or(|root| !directory.starts_with(root)))
        .map(|directory| directory.join(&file))
        .find(|path| is_executable(path))
}

/// The same PATH without its other entries, for programs that look for further ones.
pub fn absolute(path: Option<&OsStr>) -> OsString {
    // What was split at the separators has none inside.
    env::join_paths(directories(path)).unwrap_or_default()
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn only_absolute_entries_count() {
        let scratch = env::temp_dir().join(format!("pybun-programs-{}", std::process::id()));
        for (directory, mode) in [("plain", 0o644), ("right", 0o755), ("later", 0o755)] {
            fs::create_dir_all(scratch.join(directory)).unwrap();
            fs::write(scratch.join(directory).join("tool"), "").unwrap();
            fs::set_permissions(scratch.join(directory).join("tool"), fs::Permissions::from_mode(mode)).unwrap();
        }
        fs::create_dir_all(scratch.join("directory/tool")).unwrap();
        let here = env::current_dir().unwrap();
        let up = "../".repeat(here.components().count());
        let relative = format!("{up}{}", scratch.join("right").display());
        let at = |name: &str| scratch.join(name).display().to_string();
        let path = |entries: &[&str]| OsString::from(entries.join(":"));
        for odd in ["", ".", "./bin", "bin", relative.as_str(), "~", "..", " /usr/bin"] {
            for entries in [[odd, &at("later")], [&at("later"), odd]] {
                assert_eq!(find("tool", Some(&path(&entries)), None), Some(scratch.join("later/tool")), "{odd:?}");
                assert_eq!(absolute(Some(&path(&entries))), OsString::from(at("later")), "{odd:?}");
            }
            assert_eq!(find("tool", Some(&path(&[odd])), None), None, "{odd:?}");
        }
        let all = path(&[&at("plain"), &at("directory"), &at("missing"), &at("right"), &at("later")]);
        assert_eq!(find("tool", Some(&all), None), Some(scratch.join("right/tool")));
        let active = scratch.join("right");
        assert_eq!(find("tool", Some(&all), Some(active.as_os_str())), Some(scratch.join("later/tool")));
        assert!(find("sh", None, None).is_some());
        fs::remove_dir_all(scratch).unwrap();
    }
}
