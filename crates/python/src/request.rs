//! Which Python a person means.

use crate::facts::release;
use crate::{Error, Interpreter};
use pybun_model::{Version, VersionSpecifiers};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// `3.12`, `3.12.1`, `3.13t`, `>=3.10,<3.13`, `cpython3.12`, `pypy`, `pypy@3.10`, a path, or the name of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    Any,
    Version { implementation: Option<&'static str>, version: VersionWanted, free_threaded: bool },
    Path(PathBuf),
    Name(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VersionWanted {
    Any,
    /// `3`, `3.12` or `3.12.1`, and everything below it.
    Prefix(Vec<u64>),
    /// A pre-release.
    Exact(Version),
    Specifiers(VersionSpecifiers),
}

impl Request {
    pub fn parse(text: &str, cwd: &Path) -> Result<Self, Error> {
        let text = text.trim();
        let bad = || Error::BadRequest { text: text.to_owned() };
        if text.is_empty() || text.len() > 4096 || text.contains(['\n', '\0']) {
            return Err(bad());
        }
        if text.starts_with(['<', '>', '=', '!', '~']) {
            let specifiers = VersionSpecifiers::from_str(text).map_err(|_| bad())?;
            return Ok(Self::Version {
                implementation: None,
                version: VersionWanted::Specifiers(specifiers),
                free_threaded: false,
            });
        }
        if text.contains(['/', '\\']) || text.starts_with('.') {
            return Ok(Self::Path(cwd.join(text)));
        }
        let lower = text.to_ascii_lowercase();
        let lower = lower.strip_suffix(".exe").unwrap_or(&lower);
        if matches!(lower, "python" | "any" | "system") {
            return Ok(Self::Any);
        }
        let (implementation, rest) = [("cpython", Some("cpython")), ("python", None), ("pypy", Some("pypy"))]
            .into_iter()
            .find_map(|(prefix, name)| Some((name, lower.strip_prefix(prefix)?)))
            .unwrap_or((None, lower));
        match parse_version(rest.trim_start_matches(['@', '-'])) {
            Some((version, free_threaded)) => Ok(Self::Version { implementation, version, free_threaded }),
            None => Ok(Self::Name(text.to_owned())),
        }
    }

    /// The version that a `.python-version` file asks for: its first line that says something.
    pub fn parse_pin(text: &str, cwd: &Path) -> Result<Option<Self>, Error> {
        let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
        lines.into_iter().find(|line| !line.is_empty()).map(|line| Self::parse(line, cwd)).transpose()
    }

    /// Does the interpreter answer the request? Free-threaded builds and pre-releases only when they are asked for.
    pub fn matches(&self, interpreter: &Interpreter) -> bool {
        let Interpreter { version, tag, .. } = interpreter;
        match self {
            Self::Path(_) | Self::Name(_) => true,
            Self::Any => !tag.free_threaded && &*tag.implementation == "cp" && !version.any_prerelease(),
            Self::Version { implementation, version: wanted, free_threaded } => {
                implementation.unwrap_or("cpython") == interpreter.implementation
                    && *free_threaded == tag.free_threaded
                    && wanted.contains(version)
            }
        }
    }

    /// Major and minor, when the request leaves no choice.
    pub(crate) fn minor(&self) -> Option<(u64, u64)> {
        match self {
            Self::Version { version: VersionWanted::Prefix(numbers), .. } => match numbers[..] {
                [major, minor, ..] => Some((major, minor)),
                _ => None,
            },
            Self::Version { version: VersionWanted::Exact(version), .. } => Some(release(version)),
            _ => None,
        }
    }

    /// Is a command of this name (`python3.12` is 3.12) out of the question?
    pub(crate) fn excludes(&self, name_says: (u64, u64)) -> bool {
        match self {
            Self::Version { version: VersionWanted::Specifiers(_) | VersionWanted::Any, .. } => false,
            _ => self.minor().is_some_and(|minor| minor != name_says),
        }
    }
}

impl VersionWanted {
    fn contains(&self, version: &Version) -> bool {
        match self {
            Self::Any => !version.any_prerelease(),
            Self::Prefix(numbers) => {
                let pre = version.any_prerelease() && numbers.len() < 2;
                !pre && version.release().iter().zip(numbers).filter(|(a, b)| a == b).count() == numbers.len()
            }
            Self::Exact(wanted) => wanted == version,
            Self::Specifiers(specifiers) => !version.any_prerelease() && specifiers.contains(version),
        }
    }
}

/// A version, perhaps with a `t` for free-threaded; empty is any.
fn parse_version(text: &str) -> Option<(VersionWanted, bool)> {
    if text.is_empty() {
        return Some((VersionWanted::Any, false));
    }
    let (text, free_threaded) = text.strip_suffix('t').map_or((text, false), |text| (text, true));
    let text = text.strip_suffix(".x").or(text.strip_suffix(".*")).unwrap_or(text);
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let numbers: Option<Vec<u64>> = text.split('.').map(|part| part.parse().ok()).collect();
    let version = match numbers {
        Some(numbers) if numbers.len() <= 3 => VersionWanted::Prefix(together(numbers)),
        Some(_) => return None,
        None => VersionWanted::Exact(Version::from_str(text).ok()?),
    };
    Some((version, free_threaded))
}

/// `312` is 3.12, as tags write it.
fn together(numbers: Vec<u64>) -> Vec<u64> {
    match numbers[..] {
        [number @ 30..=39] => vec![3, number - 30],
        [number @ 300..=399] => vec![3, number - 300],
        _ => numbers,
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => write!(f, "3"),
            Self::Path(path) => write!(f, "at {}", path.display()),
            Self::Name(name) => write!(f, "named `{name}`"),
            Self::Version { implementation, version, free_threaded } => {
                if let Some(implementation) = implementation {
                    write!(f, "({implementation}) ")?;
                }
                match version {
                    VersionWanted::Any => write!(f, "3")?,
                    VersionWanted::Prefix(numbers) => {
                        write!(f, "{}", numbers.iter().map(u64::to_string).collect::<Vec<_>>().join("."))?;
                    }
                    VersionWanted::Exact(version) => write!(f, "{version}")?,
                    VersionWanted::Specifiers(specifiers) => write!(f, "{specifiers}")?,
                }
                if *free_threaded { write!(f, "t") } else { Ok(()) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Request {
        Request::parse(text, Path::new("/w")).unwrap()
    }

    fn version(implementation: Option<&'static str>, version: VersionWanted, free_threaded: bool) -> Request {
        Request::Version { implementation, version, free_threaded }
    }

    #[test]
    fn reads_what_people_write() {
        let prefix = |numbers: &[u64]| VersionWanted::Prefix(numbers.to_vec());
        assert_eq!(parse("3.12"), version(None, prefix(&[3, 12]), false));
        assert_eq!(parse(" 3.12.1 "), version(None, prefix(&[3, 12, 1]), false));
        assert_eq!(parse("312"), version(None, prefix(&[3, 12]), false));
        assert_eq!(parse("3.13t"), version(None, prefix(&[3, 13]), true));
        assert_eq!(parse("python3.12"), version(None, prefix(&[3, 12]), false));
        assert_eq!(parse("cpython@3.12"), version(Some("cpython"), prefix(&[3, 12]), false));
        assert_eq!(parse("cpython-3.12"), parse("cpython3.12"));
        assert_eq!(parse("pypy"), version(Some("pypy"), VersionWanted::Any, false));
        assert_eq!(parse("pypy3.10"), version(Some("pypy"), prefix(&[3, 10]), false));
        assert_eq!(parse("3.15.0a1"), version(None, VersionWanted::Exact("3.15.0a1".parse().unwrap()), false));
        assert_eq!(parse("python"), Request::Any);
        assert_eq!(parse("./bin/python"), Request::Path("/w/./bin/python".into()));
        assert_eq!(parse("/usr/bin/python3"), Request::Path("/usr/bin/python3".into()));
        assert_eq!(parse("my-env"), Request::Name("my-env".to_owned()));
        assert!(matches!(parse(">=3.10,<3.13"), Request::Version { version: VersionWanted::Specifiers(_), .. }));
        for bad in ["", ">=three", "a\nb"] {
            assert!(Request::parse(bad, Path::new("/")).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn reads_pins() {
        let pin = |text: &str| Request::parse_pin(text, Path::new("/")).unwrap();
        assert_eq!(pin("# mine\n\n3.11 # old\n3.12\n"), Some(parse("3.11")));
        assert_eq!(pin("\n"), None);
    }

    #[test]
    fn versions_match_by_their_numbers() {
        let contains = |wanted: &str, version: &str| match parse(wanted) {
            Request::Version { version: wanted, .. } => wanted.contains(&version.parse().unwrap()),
            other => panic!("{other}"),
        };
        assert!(contains("3.1", "3.1.5") && !contains("3.1", "3.12.0"));
        assert!(contains("3", "3.12.0") && !contains("3", "3.15.0a1"));
        assert!(contains("3.15", "3.15.0a1") && contains("3.15.0a1", "3.15.0a1"));
        assert!(!contains("3.12.1", "3.12.10"));
        assert!(contains(">=3.10,<3.13", "3.12.9") && !contains(">=3.10,<3.13", "3.13.0"));
    }
}
