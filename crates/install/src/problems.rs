//! What a user or a program is told about each error.

use crate::Error;
use pybun_model::{Problem, Safety};
use std::io::ErrorKind;
use std::path::Path;

impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        let problem = Problem::new(code(error), error.to_string());
        match error {
            Error::BrokenWheel { wheel, why } => problem
                .hint("It was published like this, or changed on its way. Another version may be sound.")
                .with("wheel", wheel.as_str())
                .with("reason", why.as_str()),
            Error::PathTraversal { subject, path, why } => problem
                .hint("Nothing was written. Treat this distribution as hostile and tell its maintainers.")
                .with("distribution", subject.as_str())
                .with("path", path.as_str())
                .with("reason", *why),
            Error::BadRecord { subject, why } => problem
                .hint("The list of files contradicts the files. Use another version, and tell the maintainers.")
                .with("distribution", subject.as_str())
                .with("reason", why.as_str()),
            Error::WheelTooNew { wheel, version } => problem
                .hint("A newer PyBun may know this format; an older version of the project may have an older one.")
                .with("wheel", wheel.as_str())
                .with("wheel_version", version.as_str()),
            Error::ReservedScript { subject, script } => problem
                .hint("Such a file would replace the interpreter, configure pip or leave the scripts directory. Nothing was written.")
                .with("distribution", subject.as_str())
                .with("script", script.as_str()),
            Error::HashMismatch { path, expected, found } => problem
                .hint("The file was changed after it was locked, or cut off while it was transferred. Fetch it again.")
                .with("path", text(path))
                .with("expected", expected.to_string())
                .with("found", found.to_string()),
            Error::NotInStore { name, version, sha256 } => problem
                .hint("It has to be downloaded first; the cache may have been cleaned meanwhile.")
                .fix(Safety::Safe, ["pybun", "install"])
                .with("name", name.as_str())
                .with("version", version.as_str())
                .with("sha256", sha256.to_string()),
            Error::StoreDamaged { subject, sha256, why } => problem
                .hint("Something changed or removed files of the cache. The next install fetches the wheel again.")
                .fix(Safety::Safe, ["pybun", "install"])
                .with("distribution", subject.as_str())
                .with("sha256", sha256.to_string())
                .with("reason", why.as_str()),
            Error::OtherDistribution { sha256, found, wanted } => problem
                .hint("The lock names a hash that belongs to something else. Lock again.")
                .fix(Safety::Review, ["pybun", "lock"])
                .with("sha256", sha256.to_string())
                .with("found", found.as_str())
                .with("wanted", wanted.as_str()),
            Error::InTheWay { subject, path } => problem
                .hint("A directory stands where a file has to be, or the other way round. Remove it.")
                .with("distribution", subject.as_str())
                .with("path", text(path)),
            Error::NoRecord { subject, dist_info } => problem
                .hint("Install the same version again over it, or remove the directory and its files by hand.")
                .with("distribution", subject.as_str())
                .with("path", text(dist_info)),
            Error::Legacy { subject, path } => problem
                .hint("Remove it with the tool that installed it, or make the environment anew.")
                .with("distribution", subject.as_str())
                .with("path", text(path)),
            Error::Io { path, source, .. } => match io_hint(source.kind()) {
                Some(hint) => problem.hint(hint).with("path", text(path)),
                None => problem.with("path", text(path)),
            },
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::from(&error)
    }
}

fn code(error: &Error) -> &'static str {
    match error {
        Error::BrokenWheel { .. } => "install/broken-wheel",
        Error::PathTraversal { .. } => "install/path-traversal",
        Error::BadRecord { .. } => "install/bad-record",
        Error::WheelTooNew { .. } => "install/wheel-too-new",
        Error::ReservedScript { .. } => "install/reserved-script",
        Error::HashMismatch { .. } => "install/hash-mismatch",
        Error::NotInStore { .. } => "install/not-in-store",
        Error::StoreDamaged { .. } => "install/store-damaged",
        Error::OtherDistribution { .. } => "install/other-distribution",
        Error::InTheWay { .. } => "install/in-the-way",
        Error::NoRecord { .. } => "install/no-record",
        Error::Legacy { .. } => "install/legacy-distribution",
        Error::Io { source, .. } => match source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => "install/disk-full",
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => "install/not-writable",
            _ => "install/io",
        },
    }
}

fn io_hint(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "Free some space, or move the cache to another disk with --cache-dir. The next install continues."
        }
        ErrorKind::PermissionDenied => "The directory or file belongs to someone else, or may not be written to.",
        ErrorKind::ReadOnlyFilesystem => "The file system is mounted read-only. Use another directory.",
        _ => return None,
    })
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn io(kind: ErrorKind) -> Error {
        Error::Io { doing: "write", path: "/x/y".into(), source: kind.into() }
    }

    #[test]
    fn tells_the_ways_of_io_apart() {
        for (kind, code) in [
            (ErrorKind::StorageFull, "install/disk-full"),
            (ErrorKind::QuotaExceeded, "install/disk-full"),
            (ErrorKind::PermissionDenied, "install/not-writable"),
            (ErrorKind::ReadOnlyFilesystem, "install/not-writable"),
            (ErrorKind::NotFound, "install/io"),
        ] {
            let problem = Problem::from(&io(kind));
            assert_eq!(problem.code, code);
            assert_eq!(problem.context["path"], "/x/y");
            assert!(problem.message.contains("/x/y"), "{}", problem.message);
        }
    }
}
