//! Adding to and removing from the requirement lists of a manifest; everything else in the text stays as it was.

use crate::array::{Layout, Splice};
use crate::edit_source::{Entry, remove_source, set_source};
use crate::position::Lines;
use crate::toml::{document, join};
use crate::{Declared, Error, FileKind};
use pybun_model::{PackageName, Requirement, bounded_requirement};
use std::str::FromStr;
use toml_edit::{Array, DocumentMut, Item, TableLike, Value};

/// One change. Names of packages, groups and extras are compared normalised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Takes the place of a requirement with the same name and marker, or is inserted: in order when the list is
    /// sorted, else at the end. A missing list is made.
    Add {
        requirement: String,
        table: Table,
    },
    /// Removes every requirement of that name.
    Remove {
        name: String,
        table: Table,
    },
    /// Says where a project comes from, in `[tool.pybun.sources]`.
    SetSource {
        name: String,
        entry: Entry,
    },
    RemoveSource {
        name: String,
    },
}

/// Which list of requirements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Table {
    Project,
    Group(String),
    Extra(String),
}

/// The new text, and the requirements that were added and removed, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    pub text: String,
    pub added: Vec<String>,
    pub removed: Vec<String>,
}

/// Applies edits in order. `path` is for messages only.
pub fn edit(text: &str, path: &str, edits: &[Edit]) -> Result<Edited, Error> {
    let mut edited = Edited { text: text.to_owned(), added: Vec::new(), removed: Vec::new() };
    for edit in edits {
        match edit {
            Edit::Add { requirement, table } => edited.add(path, requirement.trim(), table)?,
            Edit::Remove { name, table } => edited.remove(path, name, table)?,
            Edit::SetSource { name, entry } => edited.text = set_source(&edited.text, path, name, entry)?,
            Edit::RemoveSource { name } => edited.text = remove_source(&edited.text, path, name)?,
        }
    }
    Ok(edited)
}

impl Edited {
    fn add(&mut self, path: &str, text: &str, table: &Table) -> Result<(), Error> {
        let new = Declared::parse(text).map_err(|why| Error::Requirement {
            kind: FileKind::Manifest,
            path: path.to_owned(),
            key: table.key(),
            text: text.chars().take(200).collect(),
            why,
            at: crate::Position { line: 1, column: 1 },
        })?;
        let source = self.text.clone();
        let document = document(FileKind::Manifest, &source, path)?;
        table.check(document.as_table(), &source, path)?;
        self.added.push(text.to_owned());
        let Some(layout) = layout(&source, document.as_table(), table) else {
            self.text = with_new_list(&source, table, text);
            return Ok(());
        };
        let present: Vec<Option<Requirement>> = layout.elements.iter().map(|e| parsed(e.value.as_deref())).collect();
        let same = |other: &Option<Requirement>| {
            other.as_ref().is_some_and(|r| r.name == new.requirement.name && r.marker == new.requirement.marker)
        };
        let splices = match present.iter().position(same) {
            Some(index) => vec![layout.replace(index, text)],
            None => layout.insert(place(&present, &new.requirement), text),
        };
        self.text = spliced(&source, splices);
        Ok(())
    }

    fn remove(&mut self, path: &str, name: &str, table: &Table) -> Result<(), Error> {
        let Ok(name) = PackageName::from_str(name) else { return Ok(()) };
        loop {
            let source = self.text.clone();
            let document = document(FileKind::Manifest, &source, path)?;
            table.check(document.as_table(), &source, path)?;
            let Some(layout) = layout(&source, document.as_table(), table) else { return Ok(()) };
            let is_it = |text: Option<&str>| parsed(text).is_some_and(|requirement| requirement.name == name);
            let Some(index) = layout.elements.iter().position(|e| is_it(e.value.as_deref())) else { return Ok(()) };
            self.removed.extend(layout.elements[index].value.clone());
            self.text = spliced(&source, layout.remove(index));
        }
    }
}

impl Table {
    /// The list's key as people name it.
    fn key(&self) -> String {
        match self {
            Self::Project => "project.dependencies".to_owned(),
            Self::Group(name) => join("dependency-groups", name),
            Self::Extra(name) => join("project.optional-dependencies", name),
        }
    }

    fn parents(&self) -> &'static [&'static str] {
        match self {
            Self::Project => &["project"],
            Self::Group(_) => &["dependency-groups"],
            Self::Extra(_) => &["project", "optional-dependencies"],
        }
    }

    fn is(&self, key: &str) -> bool {
        match self {
            Self::Project => key == "dependencies",
            Self::Group(name) | Self::Extra(name) => normalized(key) == normalized(name),
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Project => "dependencies",
            Self::Group(name) | Self::Extra(name) => name,
        }
    }

    /// Can this list be edited at all?
    fn check(&self, root: &dyn TableLike, text: &str, path: &str) -> Result<(), Error> {
        let list = root_list(root, self);
        if let Some(item) = list.filter(|item| !item.is_array()) {
            let at = Lines::new(text).position(item.span().map_or(0, |span| span.start));
            let (kind, path, why) = (FileKind::Manifest, path.to_owned(), "must be a list".to_owned());
            return Err(Error::Field { kind, path, key: self.key(), why, at });
        }
        if matches!(self, Self::Group(_)) {
            return Ok(());
        }
        let project = root.get("project").and_then(Item::as_table_like);
        let project = project.ok_or_else(|| Error::NoProject { path: path.to_owned() })?;
        let field = if *self == Self::Project { "dependencies" } else { "optional-dependencies" };
        let dynamic = project.get("dynamic").and_then(Item::as_array);
        let listed = dynamic.is_some_and(|names| names.iter().any(|name| name.as_str() == Some(field)));
        if listed { Err(Error::Dynamic { path: path.to_owned(), key: self.key() }) } else { Ok(()) }
    }
}

fn root_list<'a>(root: &'a dyn TableLike, table: &Table) -> Option<&'a Item> {
    let mut parent = root;
    for key in table.parents() {
        parent = parent.get(key)?.as_table_like()?;
    }
    parent.iter().find(|(key, _)| table.is(key)).map(|(_, item)| item)
}

fn layout<'a>(text: &'a str, root: &dyn TableLike, table: &Table) -> Option<Layout<'a>> {
    Layout::new(text, root_list(root, table)?.as_array()?)
}

fn parsed(text: Option<&str>) -> Option<Requirement> {
    text.and_then(|text| bounded_requirement(text).ok())
}

/// Where a new requirement goes: by name when the list is sorted by name, else at the end.
fn place(present: &[Option<Requirement>], new: &Requirement) -> usize {
    let names: Vec<(usize, &PackageName)> =
        present.iter().enumerate().filter_map(|(i, r)| r.as_ref().map(|r| (i, &r.name))).collect();
    if !names.is_sorted_by_key(|(_, name)| *name) {
        return present.len();
    }
    match names.iter().rfind(|(_, name)| **name <= new.name) {
        Some((i, _)) => i + 1,
        None => names.first().map_or(present.len(), |(i, _)| *i),
    }
}

fn normalized(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        let c = if matches!(c, '_' | '.') { '-' } else { c.to_ascii_lowercase() };
        if c != '-' || !out.ends_with('-') {
            out.push(c);
        }
    }
    out
}

fn spliced(text: &str, mut splices: Vec<Splice>) -> String {
    splices.sort_by_key(|(range, _)| range.start);
    let mut text = text.to_owned();
    for (range, new) in splices.into_iter().rev() {
        text.replace_range(range, &new);
    }
    text
}

/// Makes a list where there is none, and the tables above it.
fn with_new_list(source: &str, table: &Table, requirement: &str) -> String {
    let mut document: DocumentMut = source.parse().expect("the caller has parsed this text");
    let mut list = Array::new();
    let mut value = Value::from(requirement);
    if !requirement.contains('\'') && requirement.contains('"') {
        value = format!("'{requirement}'").parse().expect("a literal string without single quotes");
    }
    value.decor_mut().set_prefix("\n    ");
    list.push_formatted(value);
    list.set_trailing_comma(true);
    list.set_trailing("\n");
    let empty = document.as_table().is_empty();
    let mut parent: &mut dyn TableLike = document.as_table_mut();
    for key in table.parents() {
        let item = parent.entry(key).or_insert_with(|| {
            let mut table = toml_edit::Table::new();
            if !empty {
                table.decor_mut().set_prefix("\n");
            }
            Item::Table(table)
        });
        parent = item.as_table_like_mut().expect("the caller has checked that the tables above are tables");
    }
    parent.insert(table.name(), Item::Value(Value::Array(list)));
    let mut text = document.to_string();
    if source.starts_with('\u{feff}') && !text.starts_with('\u{feff}') {
        text.insert(0, '\u{feff}');
    }
    if source.contains("\r\n") {
        text = text.replace("\r\n", "\n").replace('\n', "\r\n");
    }
    text
}

#[cfg(test)]
#[path = "edit_tests.rs"]
mod tests;
