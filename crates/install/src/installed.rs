//! What an environment holds. Sources: "Recording installed projects", PEP 376, 610 and 627.

use crate::journal::Journal;
use crate::layout::Layout;
use crate::record::parse_record;
use crate::wheel::header;
use crate::{Error, WHEEL_FILE, tree_links};
use pybun_model::{PackageName, Sha256, Version};
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// No small file of a `.dist-info` that we read is larger than this.
const MAX_SMALL: u64 = 1 << 20;

/// An installed distribution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstalledDist {
    pub name: PackageName,
    pub version: Version,
    /// The `.dist-info` directory, or the `.egg-info` directory or file.
    pub dist_info: PathBuf,
    pub kind: InstalledKind,
    /// Who installed it, as INSTALLER says.
    pub installer: Option<String>,
    /// Somebody asked for it by name.
    pub requested: bool,
    /// The text of `direct_url.json`.
    pub direct_url: Option<String>,
    /// Its installation or removal was not interrupted.
    pub complete: bool,
    /// The wheel that PyBun installed it from.
    pub wheel: Option<Sha256>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstalledKind {
    DistInfo,
    /// Left by setuptools or distutils; only the tool that made it can remove it.
    EggInfo,
}

/// All distributions of an environment, sorted by name and place. What is no distribution is passed over; a missing
/// directory is an empty one. Costs one listing of each library and of each `.dist-info`, and reads what is listed.
pub fn installed(layout: &Layout) -> Result<Vec<InstalledDist>, Error> {
    let pending: BTreeSet<String> = Journal::read(layout)?.into_iter().map(|entry| entry.dist_info).collect();
    let mut found = Vec::new();
    let has_links = tree_links::has_any(layout);
    for library in layout.libraries() {
        for name in metadata_names(library)? {
            let path = library.join(&name);
            let dist =
                if name.ends_with(".dist-info") { read_dist_info(&path, &name) } else { read_egg_info(&path, &name) };
            found.extend(dist.map(|mut dist| {
                dist.complete &= !pending.contains(&name) && (!has_links || tree_links::are_whole(&dist));
                dist
            }));
        }
    }
    found.sort_by(|a, b| (&a.name, &a.dist_info).cmp(&(&b.name, &b.dist_info)));
    Ok(found)
}

/// The names in a library that end like metadata, but those that a distribution has among its files: it is one, whatever
/// its wheel took along.
pub(crate) fn metadata_names(library: &Path) -> Result<Vec<String>, Error> {
    let entries = match fs::read_dir(library) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(crate::error::io_error("read", library))?,
    };
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> =
        names.filter(|name| name.ends_with(".dist-info") || name.ends_with(".egg-info")).collect();
    if names.iter().any(|name| name.ends_with(".egg-info")) {
        let brought = egg_info_of_others(library, &names);
        names.retain(|name| !brought.contains(name));
    }
    Ok(names)
}

/// Those directories and files of the old kind that a RECORD lists. What cannot be read lists none.
fn egg_info_of_others(library: &Path, names: &[String]) -> BTreeSet<String> {
    let rows = names
        .iter()
        .filter(|name| name.ends_with(".dist-info"))
        .filter_map(|name| parse_record(&read_file(&library.join(name).join("RECORD")).ok()?).ok())
        .flatten();
    let tops = rows.filter_map(|row| row.path.split('/').next().map(str::to_owned));
    tops.filter(|top| top.ends_with(".egg-info")).collect()
}

/// Reads `{name}-{version}` of a directory; what its METADATA says counts when the name cannot be read.
pub(crate) fn parse_stem(stem: &str) -> Option<(PackageName, Version)> {
    let (name, version) = stem.rsplit_once('-')?;
    Some((PackageName::from_str(name).ok()?, Version::from_str(&version.replace('_', "-")).ok()?))
}

fn read_dist_info(path: &Path, name: &str) -> Option<InstalledDist> {
    let files: BTreeSet<String> =
        fs::read_dir(path).ok()?.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    let read = |file: &str| if files.contains(file) { read_small(&path.join(file)) } else { None };
    let stem = name.strip_suffix(".dist-info")?;
    let (package, version) = parse_stem(stem).or_else(|| parse_metadata(&read("METADATA")?))?;
    let wheel = read(WHEEL_FILE).and_then(|text| Sha256::from_str(text.trim()).ok());
    let installer = match wheel {
        Some(_) => Some(crate::INSTALLER.trim().to_owned()),
        None => read("INSTALLER").map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()),
    };
    Some(InstalledDist {
        name: package,
        version,
        dist_info: path.to_owned(),
        kind: InstalledKind::DistInfo,
        installer,
        requested: files.contains("REQUESTED"),
        direct_url: read("direct_url.json"),
        complete: files.contains("RECORD"),
        wheel,
    })
}

/// `{name}-{version}[-py3.12].egg-info`, a file or a directory, or `{name}.egg-info` of a source tree.
fn read_egg_info(path: &Path, name: &str) -> Option<InstalledDist> {
    let stem = name.strip_suffix(".egg-info")?;
    let without_python = stem.find("-py").map_or(stem, |at| &stem[..at]);
    let from_text = || {
        let file = if path.is_dir() { path.join("PKG-INFO") } else { path.to_owned() };
        parse_metadata(&read_small(&file)?)
    };
    let (package, version) = parse_stem(without_python).or_else(from_text)?;
    Some(InstalledDist {
        name: package,
        version,
        dist_info: path.to_owned(),
        kind: InstalledKind::EggInfo,
        installer: None,
        requested: false,
        direct_url: None,
        complete: true,
        wheel: None,
    })
}

fn parse_metadata(text: &str) -> Option<(PackageName, Version)> {
    let name = PackageName::from_str(header(text, "Name")?).ok()?;
    Some((name, Version::from_str(header(text, "Version")?).ok()?))
}

/// No RECORD is longer: that of the largest distributions has some ten thousand lines.
const MAX_RECORD: u64 = 256 << 20;

/// The whole of a file of an environment. What is no regular file is not waited for.
pub(crate) fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    Ok(pybun_files::read(path, MAX_RECORD)?)
}

/// At most `MAX_SMALL` bytes of a file; nothing when it cannot be read or is no text.
fn read_small(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    pybun_files::open(path).ok()?.file.take(MAX_SMALL).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
