//! The standard tables of a manifest that stands beside a lock: `[project]` and `[dependency-groups]`.

use super::{ImportError, Imported, table, table_at, text_at, without_credentials};
use pybun_manifest::{Declared, Manifest};

/// Takes what they say. Tables of a tool are told by its own reader.
pub(super) fn take(text: &str, out: &mut Imported) -> Result<Manifest, ImportError> {
    let manifest =
        Manifest::parse(text, "pyproject.toml").map_err(|mut all| ImportError::Manifest(all.swap_remove(0)))?;
    let texts = |all: &[Declared]| all.iter().map(|one| without_credentials(&one.text)).collect::<Vec<_>>();
    out.name = manifest.name.as_ref().map(ToString::to_string);
    out.version = manifest.version.as_ref().map(ToString::to_string);
    if let Some(python) = &manifest.requires_python {
        out.requires_python = Some(python.to_string());
    }
    out.dependencies = texts(&manifest.dependencies);
    out.extras = manifest.optional_dependencies.iter().map(|(name, all)| (name.to_string(), texts(all))).collect();
    out.groups = manifest.dependency_groups.iter().map(|(name, all)| (name.to_string(), texts(all))).collect();
    out.description = table_at(&table(text, "pyproject.toml")?, &["project"])
        .and_then(|project| text_at(project, "description"))
        .map(str::to_owned);
    out.scripts = manifest.scripts.clone();
    Ok(manifest)
}
