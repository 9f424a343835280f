//! Metadata that a source tree states once and for all.

use crate::Error;
use crate::backend::read_manifest;
use pybun_manifest::Manifest;
use pybun_model::CoreMetadata;
use std::fmt::Write;
use std::path::Path;

/// Metadata of an index is not longer either.
const MAX_PKG_INFO: u64 = 32 << 20;

/// The tree's metadata as METADATA text, when no build can change what resolving reads: PKG-INFO of version 2.2 or
/// newer (PEP 643), or a manifest in which nothing of it is dynamic (PEP 621: then a backend may not change it).
pub(crate) fn static_metadata(tree: &Path, what: &str) -> Result<Option<Vec<u8>>, Error> {
    if let Ok(bytes) = pybun_files::read(&tree.join("PKG-INFO"), MAX_PKG_INFO)
        && CoreMetadata::parse(&bytes).is_ok_and(|metadata| metadata.is_static())
    {
        return Ok(Some(bytes));
    }
    stated_metadata(tree, what)
}

/// The same for a tree that somebody works on: a PKG-INFO there is a leftover.
pub(crate) fn stated_metadata(tree: &Path, what: &str) -> Result<Option<Vec<u8>>, Error> {
    let Some(text) = read_manifest(tree)? else { return Ok(None) };
    // A manifest that we do not understand may still be understood by its backend.
    let Ok(manifest) = Manifest::parse(&text, what) else { return Ok(None) };
    Ok(from_manifest(&manifest).map(String::into_bytes))
}

fn from_manifest(manifest: &Manifest) -> Option<String> {
    let changeable = ["version", "dependencies", "optional-dependencies", "requires-python"];
    if manifest.dynamic.iter().any(|field| changeable.contains(&field.as_str())) {
        return None;
    }
    let (name, version) = (manifest.name.as_ref()?, manifest.version.as_ref()?);
    let mut text = format!("Metadata-Version: 2.2\nName: {name}\nVersion: {version}\n");
    let mut line = |field: &str, value: String| {
        // A line break would start another field.
        writeln!(text, "{field}: {}", value.replace(['\r', '\n'], " ")).expect("writing to a string cannot fail");
    };
    if let Some(specifiers) = &manifest.requires_python {
        line("Requires-Python", specifiers.to_string());
    }
    for declared in &manifest.dependencies {
        line("Requires-Dist", declared.requirement.displayable_with_credentials().to_string());
    }
    for (extra, requirements) in &manifest.optional_dependencies {
        line("Provides-Extra", extra.to_string());
        for declared in requirements {
            let requirement = declared.requirement.clone().with_extra_marker(extra.clone());
            line("Requires-Dist", requirement.displayable_with_credentials().to_string());
        }
    }
    text.push('\n');
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(files: &[(&str, &str)]) -> Option<CoreMetadata> {
        let temp = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(temp.path().join(name), text).unwrap();
        }
        let bytes = static_metadata(temp.path(), "x").unwrap()?;
        Some(CoreMetadata::parse(&bytes).unwrap())
    }

    const PROJECT: &str = "[project]\nname = 'A_b'\nversion = '1.0'\nrequires-python = '>=3.9'\n\
        dependencies = ['six>=1', 'tomli; python_version < \"3.11\"']\n\
        [project.optional-dependencies]\nFast = ['uvloop; os_name != \"nt\"']\n";

    #[test]
    fn a_manifest_without_dynamic_fields_is_enough() {
        let metadata = metadata(&[("pyproject.toml", PROJECT)]).unwrap();
        let texts: Vec<String> = metadata.requires_dist.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            ["six>=1", "tomli ; python_full_version < '3.11'", "uvloop ; os_name != 'nt' and extra == 'fast'"]
        );
        assert_eq!(metadata.requires_python, Some(">=3.9".parse().unwrap()));
        assert_eq!((metadata.name.as_ref(), metadata.provides_extra.len()), ("a-b", 1));
    }

    #[test]
    fn dynamic_fields_need_the_backend() {
        let dynamic = PROJECT.replace("version = '1.0'", "dynamic = ['version']");
        assert!(metadata(&[("pyproject.toml", &dynamic)]).is_none());
        let license = PROJECT.replace("version = '1.0'", "version = '1.0'\ndynamic = ['readme']");
        assert!(metadata(&[("pyproject.toml", &license)]).is_some());
        assert!(metadata(&[("setup.py", "")]).is_none());
    }

    #[test]
    fn pkg_info_counts_when_it_is_final() {
        let info = "Metadata-Version: 2.2\nName: a\nVersion: 2\nRequires-Dist: six\n\n";
        assert_eq!(metadata(&[("PKG-INFO", info)]).unwrap().version.to_string(), "2");
        assert!(metadata(&[("PKG-INFO", &info.replace("2.2", "2.1"))]).is_none());
        let dynamic = info.replace("Name", "Dynamic: Requires-Dist\nName");
        assert!(metadata(&[("PKG-INFO", &dynamic)]).is_none());
    }
}
