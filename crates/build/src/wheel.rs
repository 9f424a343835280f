//! What a backend made: is it what was asked for?

use crate::Error;
use crate::hook::Hook;
use pybun_model::{CoreMetadata, PackageName, Version, WheelName};
use serde_json::Value;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// METADATA holds the description too, which can be long.
const MAX_METADATA: u64 = 64 << 20;

/// The wheel that a hook says it put into `directory`.
pub(crate) fn check_wheel(
    what: &str,
    hook: Hook,
    value: &Value,
    directory: &Path,
) -> Result<(PathBuf, WheelName), Error> {
    let bad = |why: String| Error::BadAnswer { what: what.to_owned(), hook: hook.name(), why };
    let filename = plain_name(value).ok_or_else(|| bad(format!("{value}, which is no file name")))?;
    let name = WheelName::from_str(filename).map_err(|error| bad(error.to_string()))?;
    let path = directory.join(filename);
    let is_file = path.symlink_metadata().is_ok_and(|metadata| metadata.is_file());
    if is_file { Ok((path, name)) } else { Err(bad(format!("`{filename}`, a file that it did not make"))) }
}

/// The METADATA in the `.dist-info` directory that a hook says it put into `directory`.
pub(crate) fn check_metadata(what: &str, value: &Value, directory: &Path) -> Result<Vec<u8>, Error> {
    let hook = Hook::Metadata.name();
    let bad = |why: String| Error::BadAnswer { what: what.to_owned(), hook, why };
    let name = plain_name(value).ok_or_else(|| bad(format!("{value}, which is no name of a directory")))?;
    let path = directory.join(name).join("METADATA");
    let read = || -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        pybun_files::open(&path)?.file.take(MAX_METADATA).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().map_err(|error| bad(format!("`{name}`, whose METADATA cannot be read: {error}")))
}

/// The METADATA of a wheel.
pub(crate) fn metadata_of_wheel(what: &str, path: &Path) -> Result<Vec<u8>, Error> {
    let bad = |why: String| Error::BadAnswer { what: what.to_owned(), hook: Hook::Wheel.name(), why };
    let broken = |error: zip::result::ZipError| bad(format!("a wheel that cannot be read: {error}"));
    let file = pybun_files::open(path).map_err(|error| Error::io("open", path)(error.into()))?.file;
    let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(broken)?;
    let is_metadata = |name: &str| {
        name.split_once('/').is_some_and(|(directory, file)| directory.ends_with(".dist-info") && file == "METADATA")
    };
    let name = archive.file_names().flatten().find(|name| is_metadata(name)).map(std::borrow::Cow::into_owned);
    let name = name.ok_or_else(|| bad("a wheel without METADATA".to_owned()))?;
    let mut bytes = Vec::new();
    let entry = archive.by_name(&name).map_err(broken)?;
    let read = entry.take(MAX_METADATA).read_to_end(&mut bytes);
    read.map_err(|error| bad(format!("a wheel that cannot be read: {error}")))?;
    Ok(bytes)
}

/// Reads METADATA and checks that it speaks of the expected distribution, when one is expected.
pub(crate) fn understand(
    what: &str,
    hook: Hook,
    bytes: &[u8],
    expected: Option<(&PackageName, &Version)>,
) -> Result<CoreMetadata, Error> {
    let bad = |why: String| Error::BadAnswer { what: what.to_owned(), hook: hook.name(), why };
    let metadata = CoreMetadata::parse(bytes).map_err(|error| bad(error.to_string()))?;
    match expected {
        Some((name, version)) if metadata.name != *name || !same_version(&metadata.version, version) => {
            Err(bad(format!("metadata of {} {}", metadata.name, metadata.version)))
        }
        _ => Ok(metadata),
    }
}

/// A build may add a local part (`1.0` -> `1.0+cpu`).
pub(crate) fn same_version(built: &Version, expected: &Version) -> bool {
    built == expected || (!expected.is_local() && built.clone().without_local() == *expected)
}

fn plain_name(value: &Value) -> Option<&str> {
    let name = value.as_str()?;
    let plain = !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0']);
    plain.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_names_that_lead_elsewhere() {
        let temp = tempfile::tempdir().unwrap();
        std::fs::write(temp.path().join("a-1-py3-none-any.whl"), "").unwrap();
        let check = |value: Value| check_wheel("a 1", Hook::Wheel, &value, temp.path());
        assert!(check("a-1-py3-none-any.whl".into()).is_ok());
        for bad in ["../a-1-py3-none-any.whl", "b-1-py3-none-any.whl", "a.whl", "", "/etc/passwd"] {
            assert!(check(bad.into()).is_err(), "{bad}");
        }
        assert!(check(Value::Null).is_err());
    }

    #[test]
    fn metadata_must_be_of_the_same_distribution() {
        let text = b"Metadata-Version: 2.1\nName: A.b\nVersion: 1.0+cpu\n\n";
        let check = |name: &str, version: &str| {
            let (name, version) = (name.parse().unwrap(), version.parse().unwrap());
            understand("x", Hook::Metadata, text, Some((&name, &version))).is_ok()
        };
        assert!(check("a-b", "1.0") && check("a-b", "1.0+cpu"));
        assert!(!check("a-b", "1.1") && !check("c", "1.0") && !check("a-b", "1.0+gpu"));
    }
}
