//! Placing one file of the store into an environment: hardlink, else reflink, else copy.

#[cfg(any(not(unix), test))]
mod portable;
#[cfg(unix)]
mod unix;

#[cfg(not(unix))]
pub(crate) use portable::{Pair, Root};
#[cfg(unix)]
pub(crate) use unix::{Pair, Root};

use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

/// How files get from the store into environments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LinkMode {
    /// The first of the following that the file systems allow.
    #[default]
    Auto,
    Hardlink,
    Reflink,
    Copy,
    /// A symbolic link for the directory of each package that nobody else fills; the rest as with `Auto`.
    Tree,
}

impl LinkMode {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Hardlink => "hardlink",
            Self::Reflink => "reflink",
            Self::Copy => "copy",
            Self::Tree => "tree",
        }
    }
}

impl std::str::FromStr for LinkMode {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Ok(match text {
            "auto" => Self::Auto,
            "hardlink" => Self::Hardlink,
            "reflink" => Self::Reflink,
            "copy" => Self::Copy,
            "tree" => Self::Tree,
            _ => return Err(()),
        })
    }
}

/// The way that is in use. It falls from hardlinks to reflinks to copies where a file system refuses, and the whole
/// installation remembers that.
pub(crate) struct Method {
    asked: LinkMode,
    current: AtomicU8,
    without_trees: AtomicBool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Hardlink,
    Reflink,
    Copy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placing {
    Placed,
    /// Something of this name is there and was left alone.
    Exists,
}

/// What became of a directory that was to be a tree link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Linking {
    Linked,
    /// Something of this name is there and was left alone.
    Exists,
    /// There are no symbolic links here.
    Impossible,
}

/// Which side of a pair of directories failed.
#[derive(Debug)]
pub(crate) enum PairError {
    Source(io::Error),
    Target(io::Error),
}

/// What a pair of directories can do with one file; `AlreadyExists` leaves the existing file alone.
pub(crate) trait Place {
    fn hardlink(&self, name: &str) -> io::Result<()>;
    fn reflink(&self, name: &str, executable: bool) -> io::Result<()>;
    fn copy(&self, name: &str, executable: bool) -> io::Result<()>;
    /// Takes away what is in the place of a file.
    fn remove(&self, name: &str) -> io::Result<()>;
}

impl Method {
    pub fn new(asked: LinkMode) -> Self {
        let first = match asked {
            LinkMode::Auto | LinkMode::Hardlink | LinkMode::Tree => Way::Hardlink,
            LinkMode::Reflink => Way::Reflink,
            LinkMode::Copy => Way::Copy,
        };
        Self { asked, current: AtomicU8::new(first as u8), without_trees: AtomicBool::new(asked != LinkMode::Tree) }
    }

    /// `NotFound` says that the store lacks the file.
    pub fn place(&self, pair: &impl Place, name: &str, executable: bool) -> io::Result<Placing> {
        crate::fault::point()?;
        loop {
            let way = self.way();
            let result = match way {
                Way::Hardlink => pair.hardlink(name),
                Way::Reflink => pair.reflink(name, executable),
                Way::Copy => pair.copy(name, executable),
            };
            match result {
                Ok(()) => return Ok(Placing::Placed),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(Placing::Exists),
                // Only this file has too many names.
                Err(error) if error.kind() == ErrorKind::TooManyLinks => match pair.copy(name, executable) {
                    Ok(()) => return Ok(Placing::Placed),
                    Err(error) => return Err(error),
                },
                Err(error) if is_impossible(way, &error) => {
                    self.current.fetch_max(way as u8 + 1, Ordering::Relaxed);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Are directories to be tree links?
    pub fn links_trees(&self) -> bool {
        !self.without_trees.load(Ordering::Relaxed)
    }

    /// Files are linked from now on, as with `Auto`.
    pub fn give_up_trees(&self) {
        self.without_trees.store(true, Ordering::Relaxed);
    }

    pub fn link_tree(&self, place: impl FnOnce() -> io::Result<()>) -> io::Result<Linking> {
        match place() {
            Ok(()) => Ok(Linking::Linked),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(Linking::Exists),
            Err(error) if has_no_symlinks(&error) => {
                self.give_up_trees();
                Ok(Linking::Impossible)
            }
            Err(error) => Err(error),
        }
    }

    /// In place of what is there.
    pub fn replace(&self, pair: &impl Place, name: &str, executable: bool) -> io::Result<()> {
        pair.remove(name)?;
        match self.place(pair, name, executable)? {
            Placing::Placed => Ok(()),
            Placing::Exists => Err(ErrorKind::AlreadyExists.into()),
        }
    }

    /// What the user should know: that an expected saving of space did not happen.
    pub fn fallback(&self) -> Option<&'static str> {
        if self.asked == LinkMode::Tree {
            return (!self.links_trees()).then_some(match self.way() {
                Way::Hardlink => "hardlinked, for symbolic links are not possible",
                Way::Reflink => "cloned, for symbolic links are not possible",
                Way::Copy => "copied, for symbolic links are not possible",
            });
        }
        match (self.asked, self.way()) {
            (LinkMode::Copy, _) | (LinkMode::Reflink, Way::Reflink) | (_, Way::Hardlink) => None,
            (LinkMode::Auto | LinkMode::Hardlink, Way::Reflink) => Some("cloned, for hardlinks are not possible"),
            (LinkMode::Auto | LinkMode::Hardlink, Way::Copy) => Some("copied, for hardlinks are not possible"),
            // It has its own answers.
            (LinkMode::Tree, Way::Reflink | Way::Copy) => None,
            (LinkMode::Reflink, Way::Copy) => Some("copied, for clones are not possible"),
        }
    }

    pub fn way(&self) -> Way {
        match self.current.load(Ordering::Relaxed) {
            0 => Way::Hardlink,
            1 => Way::Reflink,
            _ => Way::Copy,
        }
    }
}

/// Does the error mean that this way will never work between these directories?
fn is_impossible(way: Way, error: &io::Error) -> bool {
    match way {
        // EPERM (1): file systems without links, and Linux's protected_hardlinks. ERROR_INVALID_FUNCTION is 1 as well.
        Way::Hardlink => {
            matches!(error.kind(), ErrorKind::CrossesDevices | ErrorKind::Unsupported)
                || error.raw_os_error() == Some(1)
        }
        Way::Reflink => !matches!(
            error.kind(),
            ErrorKind::NotFound | ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::ReadOnlyFilesystem
        ),
        Way::Copy => false,
    }
}

/// EPERM (1): file systems without symbolic links. 1314: Windows, for those who may not make them.
fn has_no_symlinks(error: &io::Error) -> bool {
    error.kind() == ErrorKind::Unsupported
        || error.raw_os_error() == Some(1)
        || (cfg!(windows) && error.raw_os_error() == Some(1314))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::sync::Mutex;

    /// Fails as told, once per way.
    struct Scripted {
        hardlink: Option<i32>,
        reflink: Option<i32>,
        calls: Mutex<Vec<&'static str>>,
    }

    impl Scripted {
        fn call(&self, what: &'static str, error: Option<i32>) -> io::Result<()> {
            self.calls.lock().unwrap().push(what);
            error.map_or(Ok(()), |code| Err(io::Error::from_raw_os_error(code)))
        }
    }

    impl Place for Scripted {
        fn hardlink(&self, _: &str) -> io::Result<()> {
            self.call("hardlink", self.hardlink)
        }

        fn reflink(&self, _: &str, _: bool) -> io::Result<()> {
            self.call("reflink", self.reflink)
        }

        fn copy(&self, _: &str, _: bool) -> io::Result<()> {
            self.call("copy", None)
        }

        fn remove(&self, _: &str) -> io::Result<()> {
            self.call("remove", None)
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn falls_back_and_remembers() {
        const EPERM: i32 = 1;
        const EXDEV: i32 = 18;
        const EMLINK: i32 = 31;
        const EOPNOTSUPP: i32 = 95;
        for (hardlink, reflink, calls, end) in [
            (None, None, vec!["hardlink", "hardlink"], Way::Hardlink),
            (Some(EPERM), None, vec!["hardlink", "reflink", "reflink"], Way::Reflink),
            (Some(EXDEV), Some(EOPNOTSUPP), vec!["hardlink", "reflink", "copy", "copy"], Way::Copy),
            (Some(EMLINK), None, vec!["hardlink", "copy", "hardlink", "copy"], Way::Hardlink),
        ] {
            let method = Method::new(LinkMode::Auto);
            let pair = Scripted { hardlink, reflink, calls: Mutex::default() };
            for _ in 0..2 {
                assert_eq!(method.place(&pair, "x", false).unwrap(), Placing::Placed);
            }
            assert_eq!(pair.calls.into_inner().unwrap(), calls);
            assert_eq!(method.way(), end);
            assert_eq!(method.fallback().is_some(), end != Way::Hardlink);
        }
    }

    #[test]
    fn tells_what_is_no_reason_to_fall_back() {
        for kind in [ErrorKind::NotFound, ErrorKind::StorageFull, ErrorKind::PermissionDenied] {
            assert!(!is_impossible(Way::Hardlink, &kind.into()), "{kind}");
        }
        assert!(!is_impossible(Way::Reflink, &ErrorKind::StorageFull.into()));
    }

    /// Both implementations do the same; `open` gives a pair for `<root>/store/p` and `<root>/env/a/b`.
    fn check_pair<P: Place>(open: impl Fn(&std::path::Path) -> Result<P, PairError>) {
        for way in [LinkMode::Hardlink, LinkMode::Reflink, LinkMode::Copy] {
            let dir = tempfile::tempdir().unwrap();
            let (store, env) = (dir.path().join("store/p"), dir.path().join("env"));
            fs::create_dir_all(&store).unwrap();
            fs::create_dir_all(&env).unwrap();
            fs::write(store.join("x"), "content").unwrap();
            let file = fs::File::options().write(true).open(store.join("x")).unwrap();
            file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000)).unwrap();
            let pair = open(dir.path()).unwrap_or_else(|error| panic!("{error:?}"));
            let method = Method::new(way);
            assert_eq!(method.place(&pair, "x", true).unwrap(), Placing::Placed);
            let placed = env.join("a/b/x");
            assert_eq!(fs::read(&placed).unwrap(), b"content");
            let time = |path: &std::path::Path| fs::metadata(path).unwrap().modified().unwrap();
            assert_eq!(time(&placed), time(&store.join("x")), "bytecode knows its source by it");
            assert_eq!(method.place(&pair, "x", true).unwrap(), Placing::Exists);
            fs::remove_file(&placed).unwrap();
            fs::write(&placed, "other").unwrap();
            method.replace(&pair, "x", false).unwrap();
            assert_eq!(fs::read(&placed).unwrap(), b"content");
            assert_eq!(method.place(&pair, "missing", false).unwrap_err().kind(), ErrorKind::NotFound);
            assert!(!env.join("a/b/missing").exists());
        }
    }

    #[test]
    fn portable_pairs_place_files() {
        check_pair(|root| {
            let source = portable::Root::open(&root.join("store")).map_err(PairError::Source)?;
            portable::Pair::open(&source, "p", &portable::Root::open(&root.join("env")).unwrap(), "a/b")
        });
    }

    #[cfg(unix)]
    #[test]
    fn unix_pairs_place_files() {
        check_pair(|root| {
            let source = unix::Root::open(&root.join("store")).map_err(PairError::Source)?;
            unix::Pair::open(&source, "p", &unix::Root::open(&root.join("env")).unwrap(), "a/b")
        });
    }

    #[cfg(unix)]
    #[test]
    fn unix_pairs_place_few_files_and_many() {
        for files in [1, 100] {
            check_pair(|root| {
                let opened = |name| unix::Root::open(&root.join(name)).map(|root| &*Box::leak(Box::new(root)));
                let (source, target) = (opened("store").map_err(PairError::Source)?, opened("env").unwrap());
                unix::Pair::fill((source, "p"), (target, "", "a/b"), files)
            });
        }
    }

    #[cfg(unix)]
    #[test]
    fn unix_pairs_tell_what_is_in_the_way() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("store/p")).unwrap();
        fs::create_dir_all(dir.path().join("env")).unwrap();
        fs::write(dir.path().join("env/file"), "").unwrap();
        let root = |name| unix::Root::open(&dir.path().join(name)).unwrap();
        let (source, target) = (root("store"), root("env"));
        for path in ["file", "file/a"] {
            match unix::Pair::fill((&source, "p"), (&target, "", path), 1) {
                Err(PairError::Target(error)) => assert_eq!(error.kind(), ErrorKind::NotADirectory, "{path}"),
                _ => panic!("{path} is a file"),
            }
        }
        assert!(unix::Pair::fill((&source, "p"), (&target, "", "a/b"), 1).is_ok());
        assert!(unix::Pair::fill((&source, "p"), (&target, "a/b", "a/b/c/d"), 1).is_ok());
        assert!(unix::Pair::fill((&source, "p"), (&target, "a/b/c/d", "a/b-c"), 1).is_ok());
        assert!(dir.path().join("env/a/b/c/d").is_dir() && dir.path().join("env/a/b-c").is_dir());
    }
}
