//! What a wheel says about itself, checked before anything of it is written.
//! Source: binary distribution format 1.0 and its "File Contents".

use crate::entry_points::{EntryPoint, parse_entry_points};
use crate::layout::Scheme;
use crate::record::{Row, parse_record};
use crate::script::is_reserved;
use crate::zip::{Archive, ReadAt, ZipError};
use crate::{Error, zip};
use pybun_model::{PackageName, Version, WheelName};
use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::str::FromStr;

/// No file of `.dist-info` that we read is larger; the RECORD of 60 000 files has some 6 MB.
const MAX_INFO: u64 = 64 << 20;

pub(crate) struct Wheel {
    /// The name of the `.dist-info` directory.
    pub dist_info: String,
    data_dir: Option<String>,
    /// `Purelib` or `Platlib`.
    pub root: Scheme,
    pub entry_points: Vec<EntryPoint>,
    pub record: HashMap<String, Row>,
    /// A newer 1.x format than ours.
    pub newer_format: Option<String>,
}

/// Where a member of the archive goes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Place<'a> {
    /// RECORD, signatures, and what every installer writes itself.
    Skip,
    Info,
    Root,
    Data(Scheme, &'a str),
}

impl Wheel {
    /// `path` is only for messages about reading.
    pub fn read<R: ReadAt>(archive: &Archive<R>, name: &WheelName, path: &Path) -> Result<Self, Error> {
        let label = name.to_string();
        let broken = |why: String| Error::BrokenWheel { wheel: label.clone(), why };
        let dist_info = find_dist_info(archive, name).map_err(broken)?;
        let read = |file: &str| match archive.find(&format!("{dist_info}/{file}")) {
            None => Ok(None),
            Some(entry) => {
                archive.content(entry, MAX_INFO).map(Some).map_err(|e: ZipError| Error::zip(&label, path, e))
            }
        };
        let must = |file: &'static str| {
            read(file)?.ok_or_else(|| broken(format!("it has no {file} in its .dist-info directory")))
        };
        let (root, newer_format) = parse_wheel_file(&must("WHEEL")?, &label)?;
        check_metadata(&must("METADATA")?, name).map_err(broken)?;
        let entry_points = match read("entry_points.txt")? {
            None => Vec::new(),
            Some(bytes) => parse_entry_points(&String::from_utf8_lossy(&bytes)).map_err(broken)?,
        };
        if let Some(point) = entry_points.iter().find(|point| is_reserved(&point.name)) {
            return Err(Error::ReservedScript { subject: label, script: point.name.clone() });
        }
        let record = read("RECORD")?.ok_or_else(|| bad_record(&label, "there is none"))?;
        let record = index_record(&record, &label)?;
        let data_dir = find_data_dir(archive, name);
        Ok(Self { dist_info, data_dir, root, entry_points, record, newer_format })
    }

    pub fn place<'a>(&self, path: &'a str) -> Result<Place<'a>, String> {
        let Some((top, rest)) = path.split_once('/') else { return Ok(Place::Root) };
        if top == self.dist_info {
            return Ok(if is_written_by_installers(rest) { Place::Skip } else { Place::Info });
        }
        if self.data_dir.as_deref() != Some(top) {
            return Ok(Place::Root);
        }
        let (scheme, rest) = rest.split_once('/').ok_or_else(|| format!("`{path}` belongs to no kind of data"))?;
        let scheme = Scheme::parse(scheme).ok_or_else(|| format!("`{path}` belongs to no known kind of data"))?;
        Ok(Place::Data(scheme, rest))
    }

    /// Of a scheme, relative to the unpacked wheel.
    pub fn data_prefix(&self, scheme: Scheme) -> String {
        let kind = match scheme {
            Scheme::Purelib => "purelib",
            Scheme::Platlib => "platlib",
            Scheme::Scripts => "scripts",
            Scheme::Data => "data",
            Scheme::Headers => "headers",
        };
        self.data_dir.as_ref().map_or_else(String::new, |data_dir| format!("{data_dir}/{kind}"))
    }
}

pub(crate) fn bad_record(subject: &str, why: impl Into<String>) -> Error {
    Error::BadRecord { subject: subject.to_owned(), why: why.into() }
}

/// Files of `.dist-info` that describe an installation or sign the archive, so that the archive's are worth nothing.
fn is_written_by_installers(file: &str) -> bool {
    matches!(
        file,
        "RECORD" | "RECORD.jws" | "RECORD.p7s" | "INSTALLER" | "REQUESTED" | "direct_url.json" | crate::WHEEL_FILE
    )
}

fn tops<'a, R: ReadAt>(archive: &'a Archive<R>, suffix: &'a str) -> BTreeSet<&'a str> {
    let tops = archive.entries().iter().filter_map(|entry| match entry.path.split_once('/') {
        Some((top, _)) => Some(top),
        None if entry.directory => Some(entry.path.as_str()),
        None => None,
    });
    tops.filter(|top| top.ends_with(suffix)).collect()
}

fn find_dist_info<R: ReadAt>(archive: &Archive<R>, name: &WheelName) -> Result<String, String> {
    let found = tops(archive, ".dist-info");
    let mut found = found.iter();
    let (Some(only), None) = (found.next(), found.next()) else {
        return Err("it must have exactly one .dist-info directory".to_owned());
    };
    match only.strip_suffix(".dist-info") {
        Some(stem) if names(stem, name) => Ok((*only).to_owned()),
        _ => Err(format!("its directory `{only}` is that of another distribution")),
    }
}

fn find_data_dir<R: ReadAt>(archive: &Archive<R>, name: &WheelName) -> Option<String> {
    let found = tops(archive, ".data");
    let ours = found.iter().find(|top| top.strip_suffix(".data").is_some_and(|stem| names(stem, name)));
    ours.map(|top| (*top).to_owned())
}

/// Is `stem` some spelling of `{name}-{version}`? Versions may be read with space around them, which no name of a directory
/// has.
fn names(stem: &str, wheel: &WheelName) -> bool {
    let is_plain = !stem.contains(|c: char| c.is_whitespace() || c.is_control());
    is_plain
        && stem.match_indices('-').any(|(at, _)| {
            PackageName::from_str(&stem[..at]).is_ok_and(|name| name == wheel.name)
                && Version::from_str(&stem[at + 1..].replace('_', "-")).is_ok_and(|version| version == wheel.version)
        })
}

pub(crate) fn parse_wheel_file(bytes: &[u8], label: &str) -> Result<(Scheme, Option<String>), Error> {
    let text = String::from_utf8_lossy(bytes);
    let broken = |why: &str| Error::BrokenWheel { wheel: label.to_owned(), why: why.to_owned() };
    let version = header(&text, "Wheel-Version").ok_or_else(|| broken("its WHEEL file names no format version"))?;
    let (major, minor) = version.split_once('.').unwrap_or((version, "0"));
    let number = |part: &str| part.parse::<u32>().map_err(|_| broken("its WHEEL file names no valid format version"));
    let (major, minor) = (number(major)?, number(minor)?);
    if major > 1 {
        return Err(Error::WheelTooNew { wheel: label.to_owned(), version: version.to_owned() });
    }
    let pure = header(&text, "Root-Is-Purelib").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let newer = (minor > 0).then(|| version.to_owned());
    Ok((if pure { Scheme::Purelib } else { Scheme::Platlib }, newer))
}

fn check_metadata(bytes: &[u8], wheel: &WheelName) -> Result<(), String> {
    let text = String::from_utf8_lossy(bytes);
    let name = header(&text, "Name").ok_or("its METADATA has no name")?;
    let version = header(&text, "Version").ok_or("its METADATA has no version")?;
    if PackageName::from_str(name).ok().as_ref() != Some(&wheel.name) {
        return Err(format!("its METADATA is that of `{}`", short(name)));
    }
    if Version::from_str(version).ok().as_ref() != Some(&wheel.version) {
        return Err(format!("its METADATA is that of version `{}`", short(version)));
    }
    Ok(())
}

fn short(text: &str) -> String {
    text.chars().take(100).collect()
}

/// The value of a header, which ends at the first empty line.
pub(crate) fn header<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let head = text.strip_prefix('\u{feff}').unwrap_or(text).lines().take_while(|line| !line.trim().is_empty());
    head.filter_map(|line| line.split_once(':'))
        .find(|(field, _)| field.trim().eq_ignore_ascii_case(name))
        .map(|(_, v)| v.trim())
}

/// The lines by path. A path that leaves the wheel, or is there twice with two contents, is refused.
fn index_record(bytes: &[u8], label: &str) -> Result<HashMap<String, Row>, Error> {
    let rows = parse_record(bytes).map_err(|why| bad_record(label, why))?;
    let mut index: HashMap<String, Row> = HashMap::with_capacity(rows.len());
    for mut row in rows {
        if let Some(directory) = row.path.strip_suffix('/') {
            row.path = directory.to_owned();
        }
        if let Err(why) = zip::check_path(&row.path) {
            let path = short(&row.path);
            return Err(Error::PathTraversal { subject: label.to_owned(), path, why });
        }
        match index.get(&row.path) {
            Some(other) if *other != row => {
                return Err(bad_record(label, format!("it has two different lines for `{}`", row.path)));
            }
            Some(_) => {}
            None => drop(index.insert(row.path.clone(), row)),
        }
    }
    Ok(index)
}
