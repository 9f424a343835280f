//! The `[build-system]` table (PEP 518, 517).

use crate::manifest::{Declared, Fields};
use crate::toml::parse_as;
use crate::{Error, FileKind};

/// How an sdist or a project becomes a wheel.
#[derive(Clone, Debug, Default)]
pub struct BuildSystem {
    pub requires: Vec<Declared>,
    /// `None`: setuptools in its legacy mode.
    pub backend: Option<String>,
    /// Directories inside the source tree from which the backend itself is imported.
    pub backend_path: Vec<String>,
}

impl BuildSystem {
    /// Reads only this table: whatever else is wrong with the manifest of an sdist is its backend's business.
    /// `None` when there is no such table.
    pub fn parse(text: &str, path: &str) -> Result<Option<Self>, Vec<Error>> {
        let toml = parse_as(FileKind::Manifest, text, path).map_err(|error| vec![error])?;
        let mut fields = Fields::new(&toml, FileKind::Manifest, path);
        let system = Self::read(&mut fields);
        fields.finish(system)
    }

    pub(crate) fn read(fields: &mut Fields) -> Option<Self> {
        fields.table("build-system")?;
        if fields.toml.get("build-system.requires").is_none() {
            fields.wrong("build-system", "must have the key `requires` (PEP 518)");
        }
        Some(Self {
            requires: fields.requirements("build-system.requires"),
            backend: fields.text("build-system.build-backend"),
            backend_path: fields.texts("build-system.backend-path"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_only_its_table() {
        let text = "[project]\nname = 3\n[build-system]\nrequires = ['flit_core >=3,<4']\n\
            build-backend = 'flit_core.buildapi'\n";
        let system = BuildSystem::parse(text, "p").unwrap().unwrap();
        assert_eq!(system.requires[0].text, "flit_core >=3,<4");
        assert_eq!(system.backend.as_deref(), Some("flit_core.buildapi"));
        assert!(BuildSystem::parse("[tool.x]\n", "p").unwrap().is_none());
    }

    #[test]
    fn requires_is_required() {
        let errors = BuildSystem::parse("[build-system]\nbuild-backend = 'x'\n", "p").unwrap_err();
        assert!(errors[0].to_string().contains("must have the key `requires`"), "{errors:?}");
    }
}
