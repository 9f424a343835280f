//! Reading and writing files for a command, and what is said when that is impossible.

use pybun_files::{Care, Directory, Error};
use pybun_model::{Problem, Safety};
use pybun_project::{Me, Unread, variable};
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// No manifest, lock or configuration that people work with comes near it.
pub const MAX_BYTES: u64 = 256 << 20;

/// Held while a file is written: who ends the process waits for it.
pub static WRITING: Mutex<()> = Mutex::new(());

/// The user, with the directories that their configuration admits.
pub fn me(admitted: impl IntoIterator<Item = PathBuf>) -> Me {
    Me::new(&variable, admitted)
}

/// The whole of a file of a project, `None` where there is none. It has to be the user's.
pub fn read(path: &Path, me: &Me) -> Result<Option<Vec<u8>>, Problem> {
    pybun_project::read(path, MAX_BYTES, me).map_err(|error| match error {
        Unread::File(error) => problem(&error, Action::Read, path),
        Unread::Foreign(owner) => foreign(path, owner),
    })
}

/// Puts `bytes` in the place of the file at `path`: all or nothing. Below `base` no link is followed, and missing directories are
/// made; elsewhere the path is the user's word, whose last name may be no link either. One file may be a link that stays
/// inside: then the file behind it is replaced (a manifest that lies in a directory of the project).
pub fn write(base: &Path, path: &Path, bytes: &[u8]) -> Result<(), Problem> {
    let _writing = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    let behind = behind_link(base, path);
    let path = behind.as_deref().unwrap_or(path);
    replace(base, path, bytes).map_err(|error| problem(&error, Action::Write, path))
}

fn replace(base: &Path, path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let invalid = || Error::from(io::Error::from(io::ErrorKind::InvalidInput));
    let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(invalid)?;
    let above = path.parent().ok_or_else(invalid)?;
    let directory = match above.strip_prefix(base) {
        Ok(below) => {
            std::fs::create_dir_all(base)?;
            let mut directory = Directory::open(base)?;
            for component in below.components() {
                let Component::Normal(name) = component else { return Err(invalid()) };
                directory = directory.make(name.to_str().ok_or_else(invalid)?, 0o777)?.0;
            }
            directory
        }
        Err(_) => {
            std::fs::create_dir_all(above)?;
            Directory::open(above)?
        }
    };
    directory.replace(name, 0o666, Care::Kept, |file| file.write_all(bytes))
}

/// The file that a link at `path` leads to, when both lie in `base`.
fn behind_link(base: &Path, path: &Path) -> Option<PathBuf> {
    if !path.symlink_metadata().ok()?.is_symlink() {
        return None;
    }
    let (real, bounds) = (path.canonicalize().ok()?, base.canonicalize().ok()?);
    let inside = real.strip_prefix(&bounds).ok()?;
    // What PyBun itself keeps in a project never was a link.
    let is_own = inside.starts_with(".pybun") || path.starts_with(base.join(".pybun"));
    (!is_own).then(|| base.join(inside))
}

#[derive(Clone, Copy, Debug)]
pub enum Action {
    Read,
    Write,
}

/// What is said of a file that could not be read or written.
pub fn problem(error: &Error, action: Action, path: &Path) -> Problem {
    let shown = path.display().to_string();
    let verb = match action {
        Action::Read => "read",
        Action::Write => "write",
    };
    let problem = match error {
        Error::Link => Problem::new("system/link", format!("{shown} is a symbolic link, which is not followed here"))
            .hint("It may lead anywhere; take it away, or put a file or directory of its own in its place")
            .fix(Safety::Review, ["rm", &shown]),
        Error::NotRegular => Problem::new("system/wrong-kind", format!("{shown} is no regular file"))
            .hint("A directory, a pipe or a device lies where a file is expected"),
        Error::TooLong(limit) => Problem::new("system/too-long", format!("{shown} is longer than {} MiB", limit >> 20))
            .hint("No such file is that long; look at what lies there"),
        Error::Io(error) => match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Problem::new("system/disk-full", format!("No space is left to write {shown}"))
                    .hint("Free some space; the old file is unharmed")
            }
            io::ErrorKind::PermissionDenied => {
                Problem::new("system/permission-denied", format!("Not allowed to {verb} {shown}"))
                    .hint("Look at the owner and the mode of the file")
            }
            io::ErrorKind::ReadOnlyFilesystem => {
                Problem::new("system/permission-denied", format!("Not allowed to {verb} {shown}"))
                    .hint("The file system is read-only")
            }
            io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory | io::ErrorKind::AlreadyExists => {
                Problem::new("system/wrong-kind", format!("{shown} is not the kind of file that was expected"))
            }
            _ => Problem::new("system/file", format!("cannot {verb} {shown}: {error}"))
                .hint("The system's own words; look at the file system"),
        },
    };
    problem.with("path", shown)
}

/// What is said of a file or directory of another user's that would decide something.
pub fn foreign(path: &Path, owner: u32) -> Problem {
    let shown = path.display().to_string();
    let directory = match path.file_name() {
        Some(name) if name == "pyproject.toml" || name == ".pybun" => path.parent().unwrap_or(path),
        _ => path,
    };
    let directory = if directory.is_dir() { directory } else { directory.parent().unwrap_or(directory) };
    Problem::new(
        "project/foreign",
        format!("{shown} belongs to another user ({owner}), who could decide what is installed and run"),
    )
    .hint(format!(
        "If you trust them, admit the directory: PYBUN_TRUSTED_DIRECTORIES={}, or `trusted-directories` in your own \
         configuration",
        directory.display()
    ))
    .with("path", shown)
    .with("owner", owner)
    .with("directory", directory.display().to_string())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn code(result: Result<(), Problem>) -> &'static str {
        result.map_or_else(|problem| problem.code, |()| "ok")
    }

    #[test]
    fn missing_directories_are_made_and_nothing_else_is_left() {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().join("project");
        write(&base, &base.join("a/b/file"), b"text").unwrap();
        assert_eq!(fs::read(base.join("a/b/file")).unwrap(), b"text");
        assert_eq!(fs::read_dir(base.join("a/b")).unwrap().count(), 1);
    }

    #[test]
    fn a_link_inside_keeps_leading_there_and_one_to_elsewhere_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().join("project");
        fs::create_dir_all(base.join("config")).unwrap();
        fs::create_dir_all(base.join(".pybun")).unwrap();
        fs::write(base.join("config/real"), "old").unwrap();
        fs::set_permissions(base.join("config/real"), fs::Permissions::from_mode(0o600)).unwrap();
        symlink("config/real", base.join("inside")).unwrap();
        write(&base, &base.join("inside"), b"new").unwrap();
        assert!(base.join("inside").is_symlink());
        assert_eq!(fs::read(base.join("config/real")).unwrap(), b"new");
        assert_eq!(fs::metadata(base.join("config/real")).unwrap().permissions().mode() & 0o777, 0o600);

        let victim = dir.path().join("victim");
        fs::write(&victim, "mine").unwrap();
        symlink(&victim, base.join("outside")).unwrap();
        symlink(dir.path(), base.join("above")).unwrap();
        symlink("../config/real", base.join(".pybun/own")).unwrap();
        for name in ["outside", "above/victim", "above/new", ".pybun/own"] {
            assert_eq!(code(write(&base, &base.join(name), b"theirs")), "system/link", "{name}");
        }
        // Typed as a path of its own: only its last name is no link.
        assert_eq!(code(write(&base, &dir.path().join("project/outside"), b"theirs")), "system/link");
        assert_eq!(fs::read(&victim).unwrap(), b"mine");
        assert!(!dir.path().join("new").exists());
    }

    #[test]
    fn what_is_in_the_way_is_told_and_left() {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path();
        fs::write(base.join("file"), "old").unwrap();
        fs::create_dir(base.join("directory")).unwrap();
        assert_eq!(code(write(base, &base.join("file/below"), b"x")), "system/wrong-kind");
        assert_eq!(code(write(base, &base.join("directory"), b"x")), "system/wrong-kind");
        assert_eq!(fs::read(base.join("file")).unwrap(), b"old");
        let none = me([]);
        assert_eq!(read(&base.join("missing"), &none).unwrap(), None);
        assert_eq!(code(read(&base.join("directory"), &none).map(drop)), "system/wrong-kind");
    }
}
