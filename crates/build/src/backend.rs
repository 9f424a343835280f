//! Which backend builds a source tree (PEP 517, 518).

use crate::Error;
use pybun_manifest::BuildSystem;
use pybun_model::Requirement;
use std::path::Path;
use std::str::FromStr;

#[derive(Clone, Debug)]
pub(crate) struct Backend {
    /// `module:object`.
    pub spec: String,
    pub path: Vec<String>,
    pub requires: Vec<Requirement>,
}

/// What stands for a missing `build-backend`: setuptools behaving as if `setup.py` was run in the tree.
const LEGACY: &str = "setuptools.build_meta:__legacy__";
const LEGACY_REQUIRES: &str = "setuptools>=40.8.0";

const MAX_MANIFEST: u64 = 8 << 20;

impl Backend {
    /// Reads the tree's `[build-system]`; `what` names the tree for messages.
    pub fn of(tree: &Path, what: &str) -> Result<Self, Error> {
        let manifest = read_manifest(tree)?;
        if manifest.is_none() && !tree.join("setup.py").is_file() {
            return Err(Error::NotAProject { place: what.to_owned() });
        }
        let place = format!("pyproject.toml of {what}");
        let system = match &manifest {
            Some(text) => BuildSystem::parse(text, &place).map_err(Error::Manifest)?,
            None => None,
        };
        let legacy = || Requirement::from_str(LEGACY_REQUIRES).expect("a valid requirement");
        Ok(match system {
            None => Self { spec: LEGACY.to_owned(), path: Vec::new(), requires: vec![legacy()] },
            Some(BuildSystem { requires, backend, backend_path }) => Self {
                spec: backend.unwrap_or_else(|| LEGACY.to_owned()),
                path: backend_path,
                requires: requires.into_iter().map(|declared| declared.requirement).collect(),
            },
        })
    }
}

/// The text of the tree's `pyproject.toml`, when it has one.
pub(crate) fn read_manifest(tree: &Path) -> Result<Option<String>, Error> {
    let path = tree.join("pyproject.toml");
    let bad = |why: String| Error::BadSdist { file: path.display().to_string(), why };
    match pybun_files::read(&path, MAX_MANIFEST) {
        Ok(bytes) => String::from_utf8(bytes).map(Some).map_err(|_| bad("it is not UTF-8".to_owned())),
        Err(error) if error.is_absent() => Ok(None),
        Err(pybun_files::Error::TooLong(_)) => Err(bad("it is too large".to_owned())),
        Err(error) => Err(Error::io("read", &path)(error.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn falls_back_to_legacy_setuptools() {
        let temp = tempfile::tempdir().unwrap();
        let backend = || Backend::of(temp.path(), "a 1");
        assert!(matches!(backend(), Err(Error::NotAProject { .. })));
        fs::write(temp.path().join("setup.py"), "").unwrap();
        assert_eq!((backend().unwrap().spec.as_str(), backend().unwrap().requires.len()), (LEGACY, 1));
        fs::write(temp.path().join("pyproject.toml"), "[build-system]\nrequires = ['a', 'b']\n").unwrap();
        assert_eq!((backend().unwrap().spec.as_str(), backend().unwrap().requires.len()), (LEGACY, 2));
        let text = "[build-system]\nrequires = []\nbuild-backend = 'x:y'\nbackend-path = ['.']\n";
        fs::write(temp.path().join("pyproject.toml"), text).unwrap();
        assert_eq!((backend().unwrap().spec.as_str(), backend().unwrap().path), ("x:y", vec![".".to_owned()]));
        fs::write(temp.path().join("pyproject.toml"), "[build-system\n").unwrap();
        assert!(matches!(backend(), Err(Error::Manifest(_))));
    }
}
