//! Which Python is meant: by a person, who may name a program, and by a project, which may name versions alone.

use crate::facts::release;
use crate::{Error, Interpreter};
use pybun_model::{Version, VersionSpecifiers};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// What a person asks for on the command line, in the environment or in their own configuration: versions, a path, or
/// the name of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    Versions(Versions),
    Path(PathBuf),
    Name(String),
}

/// `3.12`, `3.12.1`, `3.13t`, `>=3.10,<3.13`, `cpython3.12`, `pypy`, `pypy@3.10`. This is all that the files of a project
/// may ask for: a path or a name from there would let a cloned repository choose a program that is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Versions {
    Any,
    Of { implementation: Option<&'static str>, version: VersionWanted, free_threaded: bool },
}

/// What a `.python-version` file asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    pub versions: Versions,
    /// What it says before that is no version, such as the name of one of pyenv's environments.
    pub ignored: Vec<String>,
}

/// So many words of a pin are read. pyenv's files have one, or a few.
const MAX_WORDS: usize = 8;
const MAX_TEXT: usize = 4096;

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
        if let Some(versions) = Versions::parse(text) {
            return Ok(Self::Versions(versions));
        }
        let absurd = text.is_empty() || text.len() > MAX_TEXT || text.contains(['\n', '\0']);
        if absurd || text.starts_with(OPERATORS) {
            return Err(Error::BadRequest { text: text.to_owned() });
        }
        let is_path = text.contains(['/', '\\']) || text.starts_with('.');
        Ok(if is_path { Self::Path(cwd.join(text)) } else { Self::Name(text.to_owned()) })
    }

    pub(crate) fn minor(&self) -> Option<(u64, u64)> {
        match self {
            Self::Versions(versions) => versions.minor(),
            Self::Path(_) | Self::Name(_) => None,
        }
    }
}

const OPERATORS: [char; 5] = ['<', '>', '=', '!', '~'];

impl Versions {
    /// `None` for everything else, also for what could be the path or the name of a program.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() || text.len() > MAX_TEXT || text.contains(['/', '\\']) {
            return None;
        }
        if text.starts_with(OPERATORS) {
            let version = VersionWanted::Specifiers(VersionSpecifiers::from_str(text).ok()?);
            return Some(Self::Of { implementation: None, version, free_threaded: false });
        }
        let lower = text.to_ascii_lowercase();
        let lower = lower.strip_suffix(".exe").unwrap_or(&lower);
        if matches!(lower, "python" | "any" | "system") {
            return Some(Self::Any);
        }
        let (implementation, rest) = [("cpython", Some("cpython")), ("python", None), ("pypy", Some("pypy"))]
            .into_iter()
            .find_map(|(prefix, name)| Some((name, lower.strip_prefix(prefix)?)))
            .unwrap_or((None, lower));
        let rest = rest.trim_start_matches(['@', '-']);
        // pyenv writes PyPy's own release behind that of its Python: `pypy3.10-7.3.17`.
        let rest = if implementation == Some("pypy") { rest.split('-').next().unwrap_or(rest) } else { rest };
        let (version, free_threaded) = parse_version(rest)?;
        Some(Self::Of { implementation, version, free_threaded })
    }

    /// Does the interpreter answer? Free-threaded builds and pre-releases only when they are asked for.
    pub fn matches(&self, interpreter: &Interpreter) -> bool {
        let Interpreter { version, tag, .. } = interpreter;
        match self {
            Self::Any => !tag.free_threaded && &*tag.implementation == "cp" && !version.any_prerelease(),
            Self::Of { implementation, version: wanted, free_threaded } => {
                implementation.unwrap_or("cpython") == interpreter.implementation
                    && *free_threaded == tag.free_threaded
                    && wanted.contains(version)
            }
        }
    }

    /// Major and minor, when there is no choice.
    pub(crate) fn minor(&self) -> Option<(u64, u64)> {
        match self {
            Self::Of { version: VersionWanted::Prefix(numbers), .. } => match numbers[..] {
                [major, minor, ..] => Some((major, minor)),
                _ => None,
            },
            Self::Of { version: VersionWanted::Exact(version), .. } => Some(release(version)),
            Self::Any | Self::Of { version: VersionWanted::Any | VersionWanted::Specifiers(_), .. } => None,
        }
    }

    /// Is a command of this name (`python3.12` is 3.12) out of the question?
    pub(crate) fn excludes(&self, name_says: (u64, u64)) -> bool {
        self.minor().is_some_and(|minor| minor != name_says)
    }
}

impl Pin {
    /// The first thing in the file that is a version counts. A line may be a specifier; else pyenv may have put several
    /// names into it.
    pub fn parse(text: &str) -> Self {
        let mut ignored = Vec::new();
        for line in text.lines().map(|line| line.split('#').next().unwrap_or_default()) {
            let words = std::iter::once(line).filter(|line| Versions::parse(line).is_some());
            for word in words.chain(line.split_whitespace()) {
                match Versions::parse(word) {
                    Some(versions) => return Self { versions, ignored },
                    None if ignored.len() < MAX_WORDS => ignored.push(word.chars().take(100).collect()),
                    None => return Self { versions: Versions::Any, ignored },
                }
            }
        }
        Self { versions: Versions::Any, ignored }
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
            Self::Versions(versions) => write!(f, "{versions}"),
            Self::Path(path) => write!(f, "at {}", path.display()),
            Self::Name(name) => write!(f, "named `{name}`"),
        }
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => write!(f, "3"),
            Self::Of { implementation, version, free_threaded } => {
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
        Request::Versions(Versions::Of { implementation, version, free_threaded })
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
        assert_eq!(parse("pypy3.10-7.3.17"), parse("pypy3.10"));
        assert_eq!(parse("3.15.0a1"), version(None, VersionWanted::Exact("3.15.0a1".parse().unwrap()), false));
        assert_eq!(parse("python"), Request::Versions(Versions::Any));
        assert_eq!(parse("./bin/python"), Request::Path("/w/./bin/python".into()));
        assert_eq!(parse("/usr/bin/python3"), Request::Path("/usr/bin/python3".into()));
        assert_eq!(parse("my-env"), Request::Name("my-env".to_owned()));
        let specifiers = parse(">=3.10,<3.13");
        assert!(matches!(specifiers, Request::Versions(Versions::Of { version: VersionWanted::Specifiers(_), .. })));
        for bad in ["", ">=three", "a\nb"] {
            assert!(Request::parse(bad, Path::new("/")).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_project_names_versions_alone() {
        for text in ["3.12", ">=3.10, <3.13", "pypy", "system", "3.13t", "cpython@3.11"] {
            assert_eq!(Versions::parse(text).map(Request::Versions), Some(parse(text)), "{text}");
        }
        for text in [
            "./python",
            "/bin/sh",
            "..",
            "~/python",
            "bin\\python",
            "deploy",
            "python-evil",
            "python3.12/../evil",
            "3.12/../../evil",
            "pypy-./evil",
            "pypy3.10-7.3/bin/python",
            "python@../x",
            "cpython-3.12 x",
            ">=3.12 ./x",
            "3.12\n./x",
            "=x",
            "",
            &"3".repeat(5000),
        ] {
            assert_eq!(Versions::parse(text), None, "{text}");
        }
    }

    #[test]
    fn reads_pins() {
        let pin = |text: &str| {
            let Pin { versions, ignored } = Pin::parse(text);
            (Request::Versions(versions), ignored.join(" "))
        };
        let any = Request::Versions(Versions::Any);
        assert_eq!(pin("# mine\n\n3.11 # old\n3.12\n"), (parse("3.11"), String::new()));
        assert_eq!(pin("\n"), (any.clone(), String::new()));
        assert_eq!(pin(">=3.10, <3.13\n"), (parse(">=3.10,<3.13"), String::new()));
        assert_eq!(pin("3.11.7 3.12.1\n"), (parse("3.11.7"), String::new()));
        assert_eq!(pin("system\n"), (any.clone(), String::new()));
        assert_eq!(pin("myenv 3.12\n3.11"), (parse("3.12"), "myenv".to_owned()));
        assert_eq!(pin("3.11.7/envs/x"), (any.clone(), "3.11.7/envs/x".to_owned()));
        assert_eq!(pin("./evil\n../evil"), (any.clone(), "./evil ../evil".to_owned()));
        assert_eq!(pin(&"x ".repeat(1 << 20)), (any, ["x"; MAX_WORDS].join(" ")));
    }

    #[test]
    fn versions_match_by_their_numbers() {
        let contains = |wanted: &str, version: &str| match parse(wanted) {
            Request::Versions(Versions::Of { version: wanted, .. }) => wanted.contains(&version.parse().unwrap()),
            other => panic!("{other}"),
        };
        assert!(contains("3.1", "3.1.5") && !contains("3.1", "3.12.0"));
        assert!(contains("3", "3.12.0") && !contains("3", "3.15.0a1"));
        assert!(contains("3.15", "3.15.0a1") && contains("3.15.0a1", "3.15.0a1"));
        assert!(!contains("3.12.1", "3.12.10"));
        assert!(contains(">=3.10,<3.13", "3.12.9") && !contains(">=3.10,<3.13", "3.13.0"));
    }
}
