//! `pyproject.toml` as read (PEP 621, 518, 735).

use crate::groups::read_groups;
use crate::problems::MAX_ERRORS;
use crate::toml::{Toml, join, parse_as};
use crate::{BuildSystem, Error, FileKind, Positions};
use pybun_model::{
    ExtraName, GroupName, Joins, PackageName, Requirement, Version, VersionSpecifiers, bounded_requirement_of,
    lenient_requires_python,
};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::str::FromStr;

/// The parts of a manifest that PyBun reads.
#[derive(Clone, Debug)]
pub struct Manifest {
    pub has_project: bool,
    pub name: Option<PackageName>,
    /// `None` when it is dynamic or there is no project.
    pub version: Option<Version>,
    pub requires_python: Option<VersionSpecifiers>,
    pub dependencies: Vec<Declared>,
    pub optional_dependencies: BTreeMap<ExtraName, Vec<Declared>>,
    /// Included groups are already put in the place of their `include-group`; each requirement appears once.
    pub dependency_groups: BTreeMap<GroupName, Vec<Declared>>,
    /// Fields of `project` that only a build can tell.
    pub dynamic: Vec<String>,
    pub scripts: BTreeMap<String, String>,
    pub gui_scripts: BTreeMap<String, String>,
    pub build_system: Option<BuildSystem>,
    pub tool_pybun: Option<Map<String, Value>>,
    pub positions: Positions,
}

/// A requirement with the text that a person wrote (the parsed one forgets spacing and hides passwords).
#[derive(Clone, Debug, PartialEq)]
pub struct Declared {
    pub text: String,
    pub requirement: Requirement,
}

impl Manifest {
    /// Reads a manifest; `path` is for messages only. Everything that is wrong is told at once.
    pub fn parse(text: &str, path: &str) -> Result<Self, Vec<Error>> {
        let toml = parse_as(FileKind::Manifest, text, path).map_err(|error| vec![error])?;
        let mut fields = Fields::new(&toml, FileKind::Manifest, path);
        let has_project = fields.table("project").is_some();
        let dynamic = fields.texts("project.dynamic");
        let name = fields.parsed("project.name", |text| PackageName::from_str(text).map_err(|e| e.to_string()));
        let version = fields.parsed("project.version", |text| Version::from_str(text).map_err(|e| e.to_string()));
        if has_project && fields.toml.get("project.name").is_none() {
            fields.wrong("project", "must have the key `name` (PEP 621)");
        }
        let manifest = Self {
            has_project,
            name,
            version,
            requires_python: fields.requires_python("project.requires-python"),
            dependencies: fields.requirements("project.dependencies"),
            optional_dependencies: read_extras(&mut fields),
            dependency_groups: read_groups(&mut fields),
            dynamic,
            scripts: fields.text_table("project.scripts"),
            gui_scripts: fields.text_table("project.gui-scripts"),
            build_system: BuildSystem::read(&mut fields),
            tool_pybun: fields.table("tool.pybun").cloned(),
            positions: toml.positions.clone(),
        };
        fields.finish(manifest)
    }
}

fn read_extras(fields: &mut Fields) -> BTreeMap<ExtraName, Vec<Declared>> {
    let mut extras: BTreeMap<ExtraName, Vec<Declared>> = BTreeMap::new();
    let table = "project.optional-dependencies";
    for name in fields.table(table).map(|table| table.keys().cloned().collect::<Vec<_>>()).unwrap_or_default() {
        let key = join(table, &name);
        let Ok(extra) = ExtraName::from_str(&name) else {
            fields.wrong(&key, "is not a valid name of an extra");
            continue;
        };
        let requirements =
            fields.requirements_at(&key, fields.toml.value["project"]["optional-dependencies"].get(&name));
        if extras.insert(extra, requirements).is_some() {
            fields.wrong(&key, "is declared twice: names that differ only in case, `-`, `_` and `.` are the same");
        }
    }
    extras
}

/// Reads typed fields and gathers what is wrong with them.
pub(crate) struct Fields<'a> {
    pub toml: &'a Toml,
    kind: FileKind,
    pub path: &'a str,
    pub errors: Vec<Error>,
    joins: Joins,
}

impl<'a> Fields<'a> {
    pub fn new(toml: &'a Toml, kind: FileKind, path: &'a str) -> Self {
        Self { toml, kind, path, errors: Vec::new(), joins: Joins::default() }
    }

    pub fn finish<T>(self, value: T) -> Result<T, Vec<Error>> {
        if self.errors.is_empty() { Ok(value) } else { Err(self.errors) }
    }

    pub fn tell(&mut self, error: Error) {
        if self.errors.len() < MAX_ERRORS {
            self.errors.push(error);
        }
    }

    pub fn wrong(&mut self, key: &str, why: &str) {
        let at = self.toml.position(key);
        let (key, why) = (key.to_owned(), why.to_owned());
        self.tell(Error::Field { kind: self.kind, path: self.path.to_owned(), key, why, at });
    }

    pub fn table(&mut self, key: &str) -> Option<&'a Map<String, Value>> {
        match self.toml.get(key)? {
            Value::Object(table) => Some(table),
            _ => {
                self.wrong(key, "must be a table");
                None
            }
        }
    }

    pub fn text(&mut self, key: &str) -> Option<String> {
        match self.toml.get(key)? {
            Value::String(text) => Some(text.clone()),
            _ => {
                self.wrong(key, "must be a string");
                None
            }
        }
    }

    pub fn parsed<T>(&mut self, key: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let text = self.text(key)?;
        match parse(text.trim()) {
            Ok(value) => Some(value),
            Err(why) => {
                self.wrong(key, &format!("is invalid: {why}"));
                None
            }
        }
    }

    pub fn requires_python(&mut self, key: &str) -> Option<VersionSpecifiers> {
        self.parsed(key, |text| {
            lenient_requires_python(text).ok_or_else(|| format!("`{text}` is no version specifier (PEP 440)"))
        })
    }

    pub fn texts(&mut self, key: &str) -> Vec<String> {
        let Some(value) = self.toml.get(key) else { return Vec::new() };
        let texts = value
            .as_array()
            .and_then(|list| list.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<Vec<String>>>());
        texts.unwrap_or_else(|| {
            self.wrong(key, "must be a list of strings");
            Vec::new()
        })
    }

    pub fn text_table(&mut self, key: &str) -> BTreeMap<String, String> {
        let mut texts = BTreeMap::new();
        for (name, value) in self.table(key).into_iter().flatten() {
            match value {
                Value::String(text) => drop(texts.insert(name.clone(), text.clone())),
                _ => self.wrong(&join(key, name), "must be a string"),
            }
        }
        texts
    }

    pub fn requirements(&mut self, key: &str) -> Vec<Declared> {
        self.requirements_at(key, self.toml.get(key))
    }

    pub fn requirements_at(&mut self, key: &str, value: Option<&Value>) -> Vec<Declared> {
        let items = match value {
            None => return Vec::new(),
            Some(Value::Array(items)) => items,
            Some(_) => {
                self.wrong(key, "must be a list of requirements");
                return Vec::new();
            }
        };
        let mut declared = Vec::with_capacity(items.len());
        for (i, item) in items.iter().enumerate() {
            match item {
                Value::String(text) => declared.extend(self.requirement(&format!("{key}[{i}]"), text)),
                _ => self.wrong(&format!("{key}[{i}]"), "must be a string"),
            }
        }
        declared
    }

    pub fn requirement(&mut self, key: &str, text: &str) -> Option<Declared> {
        match Declared::parse_of(text, &self.joins) {
            Ok(declared) => Some(declared),
            Err(why) => {
                let at = self.toml.position(key);
                let list = key.rsplit_once('[').map_or(key, |(list, _)| list).to_owned();
                let (path, text) = (self.path.to_owned(), text.chars().take(200).collect());
                self.tell(Error::Requirement { kind: self.kind, path, key: list, text, why, at });
                None
            }
        }
    }
}

impl Declared {
    /// Reads a requirement that came with a file of a project. `${X}` is refused: it would send the value of a
    /// variable of the reader's to a host that the file chose.
    pub fn parse(text: &str) -> Result<Self, String> {
        Self::parse_of(text, &Joins::default())
    }

    /// Reads one of the requirements of a file, which share a budget.
    pub fn parse_of(text: &str, joins: &Joins) -> Result<Self, String> {
        if text.contains("${") {
            return Err("environment variables are not expanded here".to_owned());
        }
        let requirement = bounded_requirement_of(text, joins)?;
        Ok(Self { text: text.trim().to_owned(), requirement })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pybun_model::Problem;

    const TEXT: &str = r#"[project]
name = "My.App"
version = "1.0"
requires-python = ">=3.9"
dependencies = ["flask >= 3", 'tomli; python_version < "3.11"']
dynamic = ["readme"]
scripts = { app = "my_app:main" }

[project.optional-dependencies]
Fast_Path = ["uvloop"]

[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[tool.pybun]
python = "3.12"
"#;

    #[test]
    fn reads_a_project() {
        let manifest = Manifest::parse(TEXT, "pyproject.toml").unwrap();
        assert!(manifest.has_project);
        assert_eq!(manifest.name.unwrap().as_ref(), "my-app");
        assert_eq!(manifest.dependencies[0].text, "flask >= 3");
        assert_eq!(manifest.optional_dependencies[&"fast-path".parse().unwrap()][0].text, "uvloop");
        assert_eq!(manifest.scripts["app"], "my_app:main");
        assert_eq!(manifest.build_system.unwrap().backend.as_deref(), Some("hatchling.build"));
        assert_eq!(manifest.tool_pybun.unwrap()["python"], "3.12");
        assert_eq!(manifest.positions["tool.pybun.python"].line, 17);
    }

    #[test]
    fn tells_everything_that_is_wrong_at_once() {
        let text =
            "[project]\nversion = 1\nrequires-python = 'three'\ndependencies = [\n  'ok',\n  'not ok !',\n  3]\n";
        let problems: Vec<Problem> = Manifest::parse(text, "p").unwrap_err().iter().map(Problem::from).collect();
        let places: Vec<_> = problems.iter().map(|p| (p.code, p.context["line"].as_u64().unwrap())).collect();
        assert_eq!(
            places,
            [
                ("manifest/invalid-field", 2),
                ("manifest/invalid-field", 1),
                ("manifest/invalid-field", 3),
                ("manifest/invalid-requirement", 6),
                ("manifest/invalid-field", 7),
            ]
        );
        assert!(problems[3].message.contains("not ok !"), "{}", problems[3].message);
    }

    #[test]
    fn broken_toml_has_a_place() {
        let problem = Problem::from(&Manifest::parse("[project\n", "p.toml").unwrap_err()[0]);
        assert_eq!((problem.code, &problem.context["line"]), ("manifest/invalid-toml", &1.into()));
    }

    #[test]
    fn variables_of_the_environment_stay_where_they_are() {
        let errors =
            Manifest::parse("[project]\nname='a'\ndependencies = ['x @ https://e.org/${HOME}']", "p").unwrap_err();
        assert!(errors[0].to_string().contains("not expanded"), "{errors:?}");
    }

    #[test]
    fn a_manifest_may_be_for_tools_only() {
        let manifest = Manifest::parse("[tool.ruff]\nline-length = 3\n", "p").unwrap();
        assert!(!manifest.has_project && manifest.build_system.is_none() && manifest.tool_pybun.is_none());
    }
}
