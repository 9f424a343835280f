//! Core metadata (METADATA and PKG-INFO), the parts that resolving and installing read.

use crate::requirement::lenient_requirement_of;
use crate::{ExtraName, Joins, PackageName, Requirement, Version, VersionSpecifiers, lenient_requires_python};
use std::str::FromStr;

/// What one distribution says about itself. Source: core metadata specification, versions 1.0 to 2.4.
#[derive(Clone, Debug)]
pub struct CoreMetadata {
    pub metadata_version: (u32, u32),
    pub name: PackageName,
    pub version: Version,
    pub requires_dist: Vec<Requirement>,
    pub requires_python: Option<VersionSpecifiers>,
    pub provides_extra: Vec<ExtraName>,
    /// Lower-case field names that a build may still change (PEP 643).
    pub dynamic: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum BadMetadata {
    #[error("the metadata is not UTF-8")]
    NotText,
    #[error("the metadata has no valid `{0}`")]
    Missing(&'static str),
    #[error("the metadata requires `{requirement}`, which cannot be understood: {why}")]
    Requirement { requirement: String, why: String },
}

impl CoreMetadata {
    /// Reads the headers; the body (a long description) is not looked at.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadMetadata> {
        let head = &bytes[..head_end(bytes)];
        let text = String::from_utf8_lossy(head);
        let mut name = None;
        let mut version = None;
        let mut metadata_version = (1, 0);
        let mut metadata = Parts::default();
        let joins = Joins::default();
        for (field, value) in headers(&text) {
            match field.to_ascii_lowercase().as_str() {
                "metadata-version" => metadata_version = parse_metadata_version(value).unwrap_or((1, 0)),
                "name" => name = PackageName::from_str(value).ok(),
                "version" => version = Version::from_str(value).ok(),
                "requires-python" => metadata.requires_python = lenient_requires_python(value),
                "provides-extra" => metadata.provides_extra.extend(ExtraName::from_str(value).ok()),
                "dynamic" => metadata.dynamic.push(value.to_ascii_lowercase()),
                "requires-dist" => {
                    metadata.requires_dist.push(lenient_requirement_of(value, &joins).map_err(|why| {
                        BadMetadata::Requirement { requirement: value.chars().take(200).collect(), why }
                    })?);
                }
                _ => {}
            }
        }
        Ok(Self {
            metadata_version,
            name: name.ok_or(BadMetadata::Missing("Name"))?,
            version: version.ok_or(BadMetadata::Missing("Version"))?,
            requires_dist: metadata.requires_dist,
            requires_python: metadata.requires_python,
            provides_extra: metadata.provides_extra,
            dynamic: metadata.dynamic,
        })
    }

    /// May the dependencies of an sdist be taken from its PKG-INFO without a build? (PEP 643)
    pub fn is_static(&self) -> bool {
        let changeable = ["requires-dist", "requires-python", "provides-extra", "version"];
        self.metadata_version >= (2, 2) && !self.dynamic.iter().any(|field| changeable.contains(&field.as_str()))
    }
}

#[derive(Default)]
struct Parts {
    requires_dist: Vec<Requirement>,
    requires_python: Option<VersionSpecifiers>,
    provides_extra: Vec<ExtraName>,
    dynamic: Vec<String>,
}

fn parse_metadata_version(value: &str) -> Option<(u32, u32)> {
    let (major, minor) = value.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// Where the first empty line starts.
fn head_end(bytes: &[u8]) -> usize {
    let lf = bytes.windows(2).position(|pair| pair == b"\n\n");
    let crlf = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    lf.into_iter().chain(crlf).min().unwrap_or(bytes.len())
}

/// `Field: value` lines. Folded lines are joined by keeping the first line only: no field read here folds.
fn headers(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().filter(|line| !line.starts_with([' ', '\t'])).filter_map(|line| {
        let (field, value) = line.split_once(':')?;
        Some((field.trim(), value.trim()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Metadata-Version: 2.2\nName: Foo_Bar\nVersion: 1.0\nRequires-Python: >=3.8.*\n\
        Provides-Extra: Test_It\nRequires-Dist: six (>=1.0)\nRequires-Dist: pytest ; extra == 'test-it'\n\
        Dynamic: License\n\nRequires-Dist: body\n";

    #[test]
    fn reads_headers_and_not_the_body() {
        let metadata = CoreMetadata::parse(TEXT.as_bytes()).unwrap();
        assert_eq!(metadata.name.as_ref(), "foo-bar");
        assert_eq!(metadata.requires_dist.len(), 2);
        assert_eq!(metadata.provides_extra[0].as_ref(), "test-it");
        assert_eq!(metadata.requires_python, Some(">=3.8".parse().unwrap()));
        assert!(metadata.is_static());
    }

    #[test]
    fn dynamic_dependencies_are_not_static() {
        let text = TEXT.replace("Dynamic: License", "Dynamic: Requires-Dist");
        assert!(!CoreMetadata::parse(text.as_bytes()).unwrap().is_static());
        let text = TEXT.replace("Metadata-Version: 2.2", "Metadata-Version: 2.1");
        assert!(!CoreMetadata::parse(text.as_bytes()).unwrap().is_static());
    }

    #[test]
    fn refuses_what_has_no_name_or_a_broken_requirement() {
        assert!(matches!(CoreMetadata::parse(b"Version: 1"), Err(BadMetadata::Missing("Name"))));
        let broken = b"Name: a\nVersion: 1\nRequires-Dist: ???\n";
        assert!(matches!(CoreMetadata::parse(broken), Err(BadMetadata::Requirement { .. })));
    }
}
