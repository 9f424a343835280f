//! An editable wheel for a project whose backend makes none: a `.pth` file that leads to its sources, as `setup.py develop`
//! would leave it.

use crate::Error;
use crate::hook::Hook;
use pybun_model::{CoreMetadata, WheelName};
use sha2::Digest;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use zip::write::SimpleFileOptions;

/// Writes the wheel into `directory`.
pub(crate) fn editable_wheel(
    what: &str,
    root: &Path,
    metadata: &[u8],
    directory: &Path,
) -> Result<(PathBuf, WheelName), Error> {
    let bad = |why: String| Error::BadAnswer { what: what.to_owned(), hook: Hook::Metadata.name(), why };
    let parsed = CoreMetadata::parse(metadata).map_err(|error| bad(error.to_string()))?;
    let stem = format!("{}-{}", parsed.name.as_ref().replace('-', "_"), parsed.version.to_string().replace('-', "_"));
    let filename = format!("{stem}-0.editable-py3-none-any.whl");
    let name = WheelName::from_str(&filename).map_err(|error| bad(error.to_string()))?;
    let path = directory.join(&filename);
    // The layout that setuptools finds by itself; `package_dir` says nothing else in all but rare projects.
    let sources = if root.join("src").is_dir() { root.join("src") } else { root.to_owned() };
    let info = format!("{stem}.dist-info");
    let files = [
        (format!("__editable__.{stem}.pth"), format!("{}\n", sources.display()).into_bytes()),
        (format!("{info}/METADATA"), metadata.to_vec()),
        (
            format!("{info}/WHEEL"),
            b"Wheel-Version: 1.0\nGenerator: pybun\nRoot-Is-Purelib: true\nTag: py3-none-any\n".to_vec(),
        ),
    ];
    let write = || -> Result<(), zip::result::ZipError> {
        let mut archive = zip::ZipWriter::new(File::create(&path)?);
        let mut record = String::new();
        for (name, bytes) in &files {
            archive.start_file(name, SimpleFileOptions::default())?;
            archive.write_all(bytes)?;
            record.push_str(&format!(
                "{name},sha256={},{}\n",
                url_safe_base64(&sha2::Sha256::digest(bytes)),
                bytes.len()
            ));
        }
        record.push_str(&format!("{info}/RECORD,,\n"));
        archive.start_file(format!("{info}/RECORD"), SimpleFileOptions::default())?;
        archive.write_all(record.as_bytes())?;
        archive.finish()?;
        Ok(())
    };
    write().map_err(|error| bad(format!("something of which no wheel can be made: {error}")))?;
    Ok((path, name))
}

/// Without padding, as RECORD has it.
fn url_safe_base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0_u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for i in 0..=chunk.len() {
            out.push(char::from(DIGITS[(group >> (18 - 6 * i)) as usize & 63]));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_written_as_record_has_them() {
        for (bytes, text) in [(&b""[..], ""), (b"f", "Zg"), (b"fo", "Zm8"), (b"foo", "Zm9v"), (b"\xff\xfe", "__4")] {
            assert_eq!(url_safe_base64(bytes), text);
        }
    }

    #[test]
    fn the_wheel_leads_to_the_sources() {
        let temp = tempfile::tempdir().unwrap();
        let metadata = b"Metadata-Version: 2.1\nName: Old_thing\nVersion: 1.0\n\n";
        let (path, name) = editable_wheel("old", Path::new("/nowhere/old"), metadata, temp.path()).unwrap();
        assert_eq!(name.name.as_ref(), "old-thing");
        let mut archive = zip::ZipArchive::new(File::open(path).unwrap()).unwrap();
        let pth = archive.by_name("__editable__.old_thing-1.0.pth").unwrap();
        assert_eq!(std::io::read_to_string(pth).unwrap(), "/nowhere/old\n");
    }
}
