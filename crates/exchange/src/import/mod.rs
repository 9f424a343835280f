//! Projects and locks of other tools as values. All of it is foreign text: what is not understood is told, never run.

mod complete;
mod constraint;
mod declared;
mod index;
mod pipfile;
mod poetry;
mod pylock;
mod requirements;
mod uv;

pub use complete::complete;
pub use index::{Index, Role};

use pybun_lock::{Inputs, Lock, Package, Source};
use pybun_manifest::toml;
use pybun_model::{MarkerTree, PackageName, Problem, Version, text_without_credentials as without_credentials};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What is known of a project that another tool kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Imported {
    pub name: Option<String>,
    pub version: Option<String>,
    pub description: Option<String>,
    pub requires_python: Option<String>,
    /// Requirements as in PEP 508.
    pub dependencies: Vec<String>,
    pub extras: BTreeMap<String, Vec<String>>,
    pub groups: BTreeMap<String, Vec<String>>,
    pub scripts: BTreeMap<String, String>,
    /// `[tool.pybun.sources]`: inline tables by name.
    pub sources: BTreeMap<String, Vec<(&'static str, Value)>>,
    /// `[tool.pybun]`: further keys, the same as in `[tool.uv]`.
    pub settings: Vec<(&'static str, Value)>,
    /// `[[tool.pybun.index]]`.
    pub indexes: Vec<Index>,
    /// What was locked.
    pub pins: Vec<(PackageName, Version)>,
    /// What could not be carried over, one sentence each.
    pub lost: Vec<String>,
    /// Where something comes from, and cannot be said here: without it, a name may be somebody else's project.
    pub unplaced: Vec<String>,
}

/// Whose file it is, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Requirements,
    Poetry,
    Uv,
    Pipfile,
    Pylock,
}

/// Texts that belong together; paths are for messages only.
#[derive(Clone, Copy, Debug, Default)]
pub struct Foreign<'a> {
    pub path: &'a str,
    pub text: &'a str,
    /// `pyproject.toml` beside a lock of Poetry or uv, `Pipfile` beside its lock, `NAME.in` beside `NAME.txt`.
    pub beside: Option<&'a str>,
    /// Names that a lock has and that are listed as required, since nothing else was found to require them.
    pub required: &'a [String],
}

#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("{path} cannot be read: {why}")]
    Unreadable { path: String, why: String },
    #[error("{path} says which versions are locked, and not what the project requires: {missing} is not beside it")]
    NothingBeside { path: String, missing: &'static str },
    #[error("{path} has more than {limit} bytes")]
    TooLarge { path: String, limit: usize },
    #[error(transparent)]
    Manifest(#[from] pybun_manifest::Error),
}

const MAX_BYTES: usize = 32 << 20;

/// Endings of what is no requirements file.
const OTHERS: [&str; 13] =
    ["cfg", "gz", "ini", "json", "lock", "lockb", "py", "toml", "whl", "xml", "yaml", "yml", "zip"];

impl Kind {
    /// `name` without directory. Requirements files are called as people like, and not like something else.
    pub fn of(name: &str) -> Option<Self> {
        let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
        match name {
            "poetry.lock" => Some(Self::Poetry),
            "uv.lock" => Some(Self::Uv),
            "Pipfile.lock" => Some(Self::Pipfile),
            name if crate::is_pylock_name(name) => Some(Self::Pylock),
            "Pipfile" => None,
            _ if ending.is_some_and(|ending| OTHERS.contains(&ending.as_str())) => None,
            _ => Some(Self::Requirements),
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requirements => "requirements",
            Self::Poetry => "poetry",
            Self::Uv => "uv",
            Self::Pipfile => "pipfile",
            Self::Pylock => "pylock",
        }
    }

    /// The file that is read along when it is there.
    pub fn companion(self, name: &str) -> Option<String> {
        match self {
            Self::Poetry | Self::Uv => Some("pyproject.toml".to_owned()),
            Self::Pipfile => Some("Pipfile".to_owned()),
            Self::Pylock => None,
            Self::Requirements => name.strip_suffix(".txt").map(|stem| format!("{stem}.in")),
        }
    }
}

/// Reads what another tool wrote.
pub fn import(kind: Kind, foreign: Foreign) -> Result<Imported, ImportError> {
    for text in [Some(foreign.text), foreign.beside].into_iter().flatten() {
        if text.len() > MAX_BYTES {
            return Err(ImportError::TooLarge { path: foreign.path.to_owned(), limit: MAX_BYTES });
        }
    }
    let mut imported = match kind {
        Kind::Requirements => requirements::import(foreign),
        Kind::Poetry => poetry::import(foreign),
        Kind::Uv => uv::import(foreign),
        Kind::Pipfile => pipfile::import(foreign),
        Kind::Pylock => pylock::import(foreign),
    }?;
    index::settle(&mut imported);
    // Of a name that was locked in several versions the newest is preferred, wherever it can be used.
    imported.pins.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| b.1.cmp(&a.1)));
    imported.pins.dedup();
    Ok(imported)
}

/// A lock that says nothing but which versions to prefer, the first of a name first.
pub fn preferences(pins: &[(PackageName, Version)]) -> Lock {
    let packages = pins.iter().map(|(name, version)| Package {
        name: name.clone(),
        version: version.clone(),
        source: Source::INDEX,
        marker: MarkerTree::TRUE,
        dependencies: Vec::new(),
        files: Vec::new(),
    });
    Lock { inputs: Inputs::of(Vec::new()), forks: Vec::new(), packages: packages.collect() }
}

impl From<&ImportError> for Problem {
    fn from(error: &ImportError) -> Self {
        let message = error.to_string();
        match error {
            ImportError::Manifest(error) => Problem::from(error),
            ImportError::Unreadable { path, .. } => Problem::new("exchange/unreadable", message)
                .hint("Does the tool that wrote it read it?")
                .with("path", path.as_str()),
            ImportError::NothingBeside { path, missing } => Problem::new("exchange/nothing-beside", message)
                .hint(format!("Put {missing} into the same directory"))
                .with("path", path.as_str())
                .with("missing", *missing),
            ImportError::TooLarge { path, limit } => {
                Problem::new("exchange/too-large", message).with("path", path.as_str()).with("limit", *limit)
            }
        }
    }
}

fn table(text: &str, path: &str) -> Result<Map<String, Value>, ImportError> {
    Ok(toml::parse(text, path)?.value)
}

fn text_at<'a>(table: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    table.get(key)?.as_str()
}

fn table_at<'a>(table: &'a Map<String, Value>, path: &[&str]) -> Option<&'a Map<String, Value>> {
    path.iter().try_fold(table, |table, key| table.get(*key)?.as_object())
}

fn tables_at<'a>(table: &'a Map<String, Value>, key: &str) -> impl Iterator<Item = &'a Map<String, Value>> {
    table.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}

fn texts_at(table: &Map<String, Value>, key: &str) -> Vec<String> {
    let all = table.get(key).and_then(Value::as_array).into_iter().flatten();
    all.filter_map(|value| value.as_str().map(str::to_owned)).collect()
}

/// A version that was locked; a text that is none is told.
fn pin(out: &mut Imported, name: &str, version: &str) {
    match (name.parse::<PackageName>(), version.parse::<Version>()) {
        (Ok(name), Ok(version)) => out.pins.push((name, version)),
        _ => out.lost.push(format!("`{}` {} is no version that can be kept", short(name), short(version))),
    }
}

/// `name[extras] specifier ; marker`, checked by the parser. What it does not take is told and left out.
fn requirement(out: &mut Imported, parts: Parts) -> Option<String> {
    let Parts { name, extras, specifier, url, markers } = parts;
    let extras = if extras.is_empty() { String::new() } else { format!("[{}]", extras.join(",")) };
    let version = match url {
        Some(url) => format!(" @ {url}"),
        None => specifier.to_owned(),
    };
    let markers: Vec<&str> = markers.iter().map(|marker| marker.trim()).filter(|marker| !marker.is_empty()).collect();
    let marker = match markers[..] {
        [] => String::new(),
        [one] => format!(" ; {one}"),
        _ => format!(" ; {}", markers.iter().map(|one| format!("({one})")).collect::<Vec<_>>().join(" and ")),
    };
    let text = format!("{name}{extras}{version}{marker}");
    match pybun_manifest::Declared::parse(&text) {
        Ok(_) => Some(text),
        Err(why) => {
            out.lost.push(format!("`{}` is left out: {why}", short(&text)));
            None
        }
    }
}

#[derive(Default)]
struct Parts<'a> {
    name: &'a str,
    extras: Vec<String>,
    specifier: &'a str,
    url: Option<String>,
    markers: Vec<String>,
}

/// `git+URL@reference` of a repository, which git also writes as `user@host:path`.
fn git_url(url: &str, reference: Option<&str>) -> String {
    let plain = url.strip_prefix("git+").unwrap_or(url);
    let plain = match plain.split_once(':') {
        Some((host, path)) if !path.starts_with("//") && host.contains('@') && !host.contains('/') => {
            format!("ssh://{host}/{}", path.trim_start_matches('/'))
        }
        _ => plain.to_owned(),
    };
    let reference = reference.map(|reference| format!("@{reference}")).unwrap_or_default();
    format!("git+{}{reference}", without_credentials(&plain))
}

fn short(text: &str) -> String {
    text.chars().take(120).collect()
}

#[cfg(test)]
mod tests;
