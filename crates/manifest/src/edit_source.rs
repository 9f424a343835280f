//! Entries of `[tool.pybun.sources]`; everything else in the text stays as it was.

use crate::position::Lines;
use crate::{Error, FileKind};
use pybun_model::PackageName;
use std::str::FromStr;
use toml_edit::{DocumentMut, InlineTable, Item, Table, TableLike, Value};

const PATH: [&str; 3] = ["tool", "pybun", "sources"];

/// What an entry says, in the order in which it is written.
pub type Entry = Vec<(String, EntryValue)>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryValue {
    Text(String),
    Flag(bool),
}

/// Puts `entry` in the place of the one for `name`, or at the end.
pub(crate) fn set_source(text: &str, path: &str, name: &str, entry: &Entry) -> Result<String, Error> {
    let mut document = parse(text, path)?;
    let sources = sources_of(document.as_table_mut())
        .ok_or_else(|| field(text, path, "tool.pybun.sources", "must be a table"))?;
    let mut inline = InlineTable::new();
    for (key, value) in entry {
        let value = match value {
            EntryValue::Text(text) => Value::from(text.as_str()),
            EntryValue::Flag(flag) => Value::from(*flag),
        };
        inline.insert(key, value);
    }
    let key = key_of(sources, name).unwrap_or_else(|| name.to_owned());
    let new = Item::Value(Value::InlineTable(inline));
    match sources.get_mut(&key) {
        // What stands around it stays.
        Some(Item::Value(old)) => {
            let decor = old.decor().clone();
            let mut new = new.into_value().expect("it was made of a value");
            *new.decor_mut() = decor;
            *old = new;
        }
        _ => drop(sources.insert(&key, new)),
    }
    Ok(same_line_ends(text, document.to_string()))
}

/// Takes out the entry for `name`, and the table with its last entry.
pub(crate) fn remove_source(text: &str, path: &str, name: &str) -> Result<String, Error> {
    let mut document = parse(text, path)?;
    let mut parent: &mut dyn TableLike = document.as_table_mut();
    for key in &PATH[..2] {
        match parent.get_mut(key).and_then(Item::as_table_like_mut) {
            Some(table) => parent = table,
            None => return Ok(text.to_owned()),
        }
    }
    let Some(sources) = parent.get_mut(PATH[2]).and_then(Item::as_table_like_mut) else { return Ok(text.to_owned()) };
    let Some(key) = key_of(sources, name) else { return Ok(text.to_owned()) };
    sources.remove(&key);
    if sources.is_empty() {
        parent.remove(PATH[2]);
    }
    Ok(same_line_ends(text, document.to_string()))
}

/// The key as it is written, whatever its spelling.
fn key_of(sources: &dyn TableLike, name: &str) -> Option<String> {
    let wanted = PackageName::from_str(name).ok()?;
    let same = |key: &&str| PackageName::from_str(key).is_ok_and(|key| key == wanted);
    sources.iter().map(|(key, _)| key).find(same).map(str::to_owned)
}

/// The table, made where it is missing; `None` where something else stands in its place.
fn sources_of(root: &mut Table) -> Option<&mut dyn TableLike> {
    let mut table: &mut dyn TableLike = root;
    for (depth, key) in PATH.iter().enumerate() {
        let missing = || {
            let mut table = Table::new();
            table.set_implicit(depth < 2);
            Item::Table(table)
        };
        table = table.entry(key).or_insert_with(missing).as_table_like_mut()?;
    }
    Some(table)
}

fn parse(text: &str, path: &str) -> Result<DocumentMut, Error> {
    DocumentMut::from_str(text).map_err(|error| {
        let at = Lines::new(text).position(error.span().map_or(text.len(), |span| span.start));
        Error::Toml { kind: FileKind::Manifest, path: path.to_owned(), why: error.message().to_owned(), at }
    })
}

fn field(text: &str, path: &str, key: &str, why: &str) -> Error {
    let at = Lines::new(text).position(0);
    Error::Field { kind: FileKind::Manifest, path: path.to_owned(), key: key.to_owned(), why: why.to_owned(), at }
}

fn same_line_ends(before: &str, after: String) -> String {
    if before.contains("\r\n") { after.replace("\r\n", "\n").replace('\n', "\r\n") } else { after }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        vec![("path".to_owned(), EntryValue::Text("../a".to_owned())), ("editable".to_owned(), EntryValue::Flag(true))]
    }

    fn set(text: &str) -> String {
        set_source(text, "p", "A_b", &entry()).unwrap()
    }

    const LINE: &str = "A_b = { path = \"../a\", editable = true }\n";

    #[test]
    fn a_table_is_made_at_the_end() {
        let text = "# mine\n[project]\nname = 'x' # yes\n";
        assert_eq!(set(text), format!("{text}\n[tool.pybun.sources]\n{LINE}"));
        assert_eq!(remove_source(&set(text), "p", "a-b").unwrap(), text);
    }

    #[test]
    fn an_entry_is_added_or_replaced_and_the_rest_stays() {
        let text = "[tool.pybun.sources] # here\nz = { index = 'i' } # z\n\n[tool.ruff]\nline-length = 3\n";
        let added = text.replace("# z\n", &format!("# z\n{LINE}"));
        assert_eq!(set(text), added);
        let other = added.replace(LINE, "a-b = { url = 'u' } # why\n");
        assert_eq!(set(&other), added.replace(LINE, "a-b = { path = \"../a\", editable = true } # why\n"));
        assert_eq!(remove_source(&added, "p", "a.b").unwrap(), text);
        assert_eq!(remove_source(text, "p", "nothing").unwrap(), text);
    }

    #[test]
    fn inline_tables_and_other_line_ends() {
        let text = "[tool]\r\npybun = { sources = { z = { index = \"i\" } } }\r\n";
        let added = set(text);
        assert!(
            added.ends_with("}\r\n") && added.contains("A_b = { path") && !added.replace("\r\n", "").contains('\n')
        );
        assert!(set_source("[tool.pybun]\nsources = 3\n", "p", "a", &entry()).is_err());
    }
}
