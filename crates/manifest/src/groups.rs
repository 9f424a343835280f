//! `[dependency-groups]` (PEP 735), with includes put in place.

use crate::Error;
use crate::manifest::{Declared, Fields};
use crate::problems::MAX_ERRORS;
use crate::toml::join;
use pybun_model::GroupName;
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};
use std::str::FromStr;

enum Entry {
    Requirement(Declared),
    Include(GroupName),
}

struct Group {
    /// As written, for messages.
    name: String,
    entries: Vec<Entry>,
}

/// Reads all groups. Groups that have errors are reported and left out.
pub(crate) fn read_groups(fields: &mut Fields) -> BTreeMap<GroupName, Vec<Declared>> {
    let mut groups: BTreeMap<GroupName, Group> = BTreeMap::new();
    for (name, value) in fields.table("dependency-groups").into_iter().flatten() {
        let Ok(normal) = GroupName::from_str(name) else {
            wrong(fields, name, "its name is not valid");
            continue;
        };
        let entries = read_entries(fields, name, value);
        if let Some(first) = groups.insert(normal, Group { name: name.clone(), entries }) {
            wrong(
                fields,
                name,
                &format!("it is the same as `{}`, which differs only in case, `-`, `_` or `.`", first.name),
            );
        }
    }
    let mut flat = BTreeMap::new();
    let mut flattener = Flattener { groups: &groups, flat: &mut flat, path: Vec::new(), left: MAX_REQUIREMENTS };
    for name in groups.keys() {
        if let Err((group, why)) = flattener.flatten(name) {
            flattener.path.clear();
            wrong(fields, &group, &why);
        }
        if fields.errors.len() >= MAX_ERRORS {
            break;
        }
    }
    flat
}

fn read_entries(fields: &mut Fields, name: &str, value: &Value) -> Vec<Entry> {
    let Value::Array(items) = value else {
        wrong(fields, name, "it must be a list");
        return Vec::new();
    };
    let mut entries = Vec::new();
    for (i, item) in items.iter().enumerate() {
        let key = format!("{}[{i}]", join("dependency-groups", name));
        let include = item.as_object().filter(|table| table.len() == 1).and_then(|table| table.get("include-group"));
        match (item, include.and_then(Value::as_str)) {
            (Value::String(text), _) => entries.extend(fields.requirement(&key, text).map(Entry::Requirement)),
            (_, Some(other)) => match GroupName::from_str(other) {
                Ok(other) => entries.push(Entry::Include(other)),
                Err(_) => wrong(fields, name, &format!("it includes `{other}`, which is not a valid name")),
            },
            _ => wrong(
                fields,
                name,
                &format!("entry {} is neither a requirement nor `{{include-group = \"...\"}}`", i + 1),
            ),
        }
    }
    entries
}

fn wrong(fields: &mut Fields, group: &str, why: &str) {
    let at = fields.toml.position(&join("dependency-groups", group));
    let (path, group, why) = (fields.path.to_owned(), group.to_owned(), why.to_owned());
    fields.tell(Error::Group { path, group, why, at });
}

struct Flattener<'a> {
    groups: &'a BTreeMap<GroupName, Group>,
    flat: &'a mut BTreeMap<GroupName, Vec<Declared>>,
    path: Vec<GroupName>,
    /// How many requirements more there may be.
    left: usize,
}

/// Groups that include each other say in a kilobyte what takes a gigabyte to write out.
const MAX_REQUIREMENTS: usize = 100_000;

/// Deeper includes than anybody writes; keeps the recursion off the end of the stack.
const MAX_DEPTH: usize = 200;

impl Flattener<'_> {
    /// Fills `flat` for `name` and everything it includes; each group is worked out once and holds each requirement
    /// once, so nested includes cannot multiply. An error is the group (as written) and why.
    fn flatten(&mut self, name: &GroupName) -> Result<(), (String, String)> {
        if self.flat.contains_key(name) {
            return Ok(());
        }
        let group = &self.groups[name];
        if let Some(start) = self.path.iter().position(|above| above == name) {
            let cycle = self.path[start..].iter().chain([name]).map(GroupName::to_string).collect::<Vec<_>>();
            return Err((group.name.clone(), format!("it includes itself: {}", cycle.join(" -> "))));
        }
        if self.path.len() >= MAX_DEPTH {
            return Err((group.name.clone(), format!("it is included through more than {MAX_DEPTH} groups")));
        }
        self.path.push(name.clone());
        let mut seen = HashSet::new();
        let mut requirements: Vec<Declared> = Vec::new();
        let mut push = |declared: &Declared| {
            if seen.insert(declared.text.clone()) {
                requirements.push(declared.clone());
            }
        };
        for entry in &group.entries {
            match entry {
                Entry::Requirement(declared) => push(declared),
                Entry::Include(other) if !self.groups.contains_key(other) => {
                    return Err((group.name.clone(), format!("it includes `{other}`, which does not exist")));
                }
                Entry::Include(other) => {
                    self.flatten(other)?;
                    self.flat[other].iter().for_each(&mut push);
                }
            }
        }
        self.path.pop();
        self.left = self.left.checked_sub(requirements.len()).ok_or_else(|| {
            let why = format!("with it, groups come to more than {MAX_REQUIREMENTS} requirements");
            (group.name.clone(), why)
        })?;
        self.flat.insert(name.clone(), requirements);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::Manifest;

    fn texts(toml: &str, group: &str) -> Vec<String> {
        let manifest = Manifest::parse(toml, "p").unwrap();
        manifest.dependency_groups[&group.parse().unwrap()].iter().map(|declared| declared.text.clone()).collect()
    }

    fn error(toml: &str) -> String {
        Manifest::parse(toml, "p").unwrap_err()[0].to_string()
    }

    #[test]
    fn puts_includes_in_place() {
        let toml = "[dependency-groups]\nTest_All = ['pytest', {include-group = 'typing'}, 'x']\n\
            typing = ['mypy', 'pytest']\n";
        assert_eq!(texts(toml, "test-all"), ["pytest", "mypy", "x"]);
    }

    #[test]
    fn finds_what_is_wrong() {
        let cycle = error("[dependency-groups]\na = [{include-group = 'b'}]\nb = [{include-group = 'a'}]\n");
        assert!(cycle.contains("a -> b -> a"), "{cycle}");
        assert!(error("[dependency-groups]\na = [{include-group = 'b'}]\n").contains("does not exist"));
        assert!(error("[dependency-groups]\na-b = []\nA_b = []\n").contains("is the same as"));
        assert!(error("[dependency-groups]\na = [{other = 1}]\n").contains("entry 1"));
        assert!(error("[dependency-groups]\na = 'x'\n").contains("must be a list"));
    }

    #[test]
    fn doubling_includes_do_not_multiply() {
        let mut toml = "[dependency-groups]\ng0 = ['x']\n".to_owned();
        for i in 1..100 {
            let include = format!("{{include-group = 'g{}'}}", i - 1);
            toml.push_str(&format!("g{i} = [{include}, {include}]\n"));
        }
        assert_eq!(texts(&toml, "g99"), ["x"]);
    }

    #[test]
    fn a_chain_of_includes_does_not_fill_the_memory() {
        let chain = |count: usize| {
            let mut toml = "[dependency-groups]\ng00000 = ['x']\n".to_owned();
            for i in 1..count {
                toml.push_str(&format!("g{i:05} = [{{include-group = 'g{:05}'}}, 'x{i}']\n", i - 1));
            }
            toml
        };
        assert_eq!(texts(&chain(400), "g00399").len(), 400);
        assert!(error(&chain(5_000)).contains("more than 100000 requirements"));
    }
}
