//! TOML as plain values, with the place of each key.

use crate::position::Lines;
use crate::weight::is_too_heavy;
use crate::{Error, FileKind, Position, Positions};
use serde_json::{Map, Value};
use toml_edit::{Document, Item, TableLike};

/// More than any file that a person writes.
pub(crate) const MAX_BYTES: usize = 8 << 20;

/// A TOML document as JSON values. Dates, times, infinities and not-a-number become strings.
#[derive(Clone, Debug)]
pub struct Toml {
    pub value: Map<String, Value>,
    pub positions: Positions,
}

/// Reads a configuration file. `path` is for messages only.
pub fn parse(text: &str, path: &str) -> Result<Toml, Error> {
    parse_as(FileKind::Config, text, path)
}

pub(crate) fn parse_as(kind: FileKind, text: &str, path: &str) -> Result<Toml, Error> {
    let document = document(kind, text, path)?;
    let mut reader = Reader { lines: Lines::new(text), positions: Positions::new() };
    let value = reader.table("", document.as_table());
    Ok(Toml { value, positions: reader.positions })
}

/// The document with the spans of its parts.
pub(crate) fn document<'a>(kind: FileKind, text: &'a str, path: &str) -> Result<Document<&'a str>, Error> {
    if text.len() > MAX_BYTES {
        return Err(Error::TooLarge { kind, path: path.to_owned(), limit: MAX_BYTES });
    }
    if is_too_heavy(text) {
        return Err(Error::TooHeavy { kind, path: path.to_owned() });
    }
    Document::parse(text).map_err(|error| {
        let at = Lines::new(text).position(error.span().map_or(text.len(), |span| span.start));
        Error::Toml { kind, path: path.to_owned(), why: one_line(error.message()), at }
    })
}

impl Toml {
    /// The place of `key`, or of the nearest key above it, or the start of the file.
    pub fn position(&self, key: &str) -> Position {
        let mut key = key;
        loop {
            if let Some(position) = self.positions.get(key) {
                return *position;
            }
            match key.rfind(['.', '[']) {
                Some(at) => key = &key[..at],
                None => return Position { line: 1, column: 1 },
            }
        }
    }

    /// The value at a dotted path of bare keys.
    pub fn get(&self, path: &str) -> Option<&Value> {
        let mut keys = path.split('.');
        let first = self.value.get(keys.next()?)?;
        keys.try_fold(first, |value, key| value.get(key))
    }
}

struct Reader<'a> {
    lines: Lines<'a>,
    positions: Positions,
}

impl Reader<'_> {
    fn table(&mut self, prefix: &str, table: &dyn TableLike) -> Map<String, Value> {
        let mut map = Map::new();
        for (name, item) in table.iter() {
            let key = join(prefix, name);
            let span = table.get_key_value(name).and_then(|(key, _)| key.span()).or_else(|| item.span());
            if let Some(span) = span {
                self.positions.insert(key.clone(), self.lines.position(span.start));
            }
            map.insert(name.to_owned(), self.item(&key, item));
        }
        map
    }

    fn item(&mut self, key: &str, item: &Item) -> Value {
        match item {
            Item::None => Value::Null,
            Item::Value(value) => self.value(key, value),
            Item::Table(table) => Value::Object(self.table(key, table)),
            Item::ArrayOfTables(tables) => {
                let tables = tables.iter().enumerate();
                Value::Array(
                    tables.map(|(i, table)| Value::Object(self.table(&format!("{key}[{i}]"), table))).collect(),
                )
            }
        }
    }

    fn value(&mut self, key: &str, value: &toml_edit::Value) -> Value {
        match value {
            toml_edit::Value::String(text) => Value::String(text.value().clone()),
            toml_edit::Value::Integer(number) => Value::from(*number.value()),
            toml_edit::Value::Float(number) => {
                let number = *number.value();
                if number.is_finite() { Value::from(number) } else { Value::String(number.to_string()) }
            }
            toml_edit::Value::Boolean(boolean) => Value::Bool(*boolean.value()),
            toml_edit::Value::Datetime(time) => Value::String(time.value().to_string()),
            toml_edit::Value::Array(array) => {
                let mut values = Vec::with_capacity(array.len());
                for (i, value) in array.iter().enumerate() {
                    let key = format!("{key}[{i}]");
                    if let Some(span) = value.span() {
                        self.positions.insert(key.clone(), self.lines.position(span.start));
                    }
                    values.push(self.value(&key, value));
                }
                Value::Array(values)
            }
            toml_edit::Value::InlineTable(table) => Value::Object(self.table(key, table)),
        }
    }
}

/// Appends a key to a dotted path, quoted when it is not a bare key.
pub(crate) fn join(prefix: &str, name: &str) -> String {
    let bare = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    let name = if bare { name.to_owned() } else { Value::from(name).to_string() };
    if prefix.is_empty() { name } else { format!("{prefix}.{name}") }
}

fn one_line(message: &str) -> String {
    message.trim().replace('\n', "; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use pybun_model::Problem;

    #[test]
    fn reads_values_and_positions() {
        let text = "x = 1\n[tool.pybun]\npython = '3.12' # why\n\"a.b\" = [1.5,\n  inf]\n[[many]]\ny = 2020-01-01\n";
        let toml = parse(text, "c.toml").unwrap();
        assert_eq!(toml.get("tool.pybun.python"), Some(&Value::from("3.12")));
        assert_eq!(toml.value["tool"]["pybun"]["a.b"], serde_json::json!([1.5, "inf"]));
        assert_eq!(toml.value["many"][0]["y"], "2020-01-01");
        assert_eq!(toml.positions["x"], Position { line: 1, column: 1 });
        assert_eq!(toml.positions["tool.pybun"], Position { line: 2, column: 7 });
        assert_eq!(toml.positions["tool.pybun.python"], Position { line: 3, column: 1 });
        assert_eq!(toml.positions["tool.pybun.\"a.b\"[1]"], Position { line: 5, column: 3 });
        assert_eq!(toml.positions["many[0].y"], Position { line: 7, column: 1 });
        assert_eq!(toml.position("tool.pybun.absent.deeper"), Position { line: 2, column: 7 });
    }

    #[test]
    fn names_the_place_of_an_error() {
        for (text, line, column) in [("a = 1\nb = = 2\n", 2, 5), ("a = \"x\n", 1, 7), ("a = 1\na = 2\n", 2, 1)] {
            let problem = Problem::from(parse(text, "c.toml").unwrap_err());
            assert_eq!(problem.code, "config/invalid-toml");
            assert_eq!(
                (&problem.context["line"], &problem.context["column"]),
                (&line.into(), &column.into()),
                "{problem:?}"
            );
        }
    }

    #[test]
    fn takes_a_byte_order_mark_and_windows_lines() {
        let toml = parse("\u{feff}a = 1\r\nb = 2\r\n", "c.toml").unwrap();
        assert_eq!(toml.positions["a"], Position { line: 1, column: 1 });
        assert_eq!(toml.value["b"], 2);
    }

    #[test]
    fn more_keys_than_anybody_writes_are_refused_before_they_are_read() {
        let keys = |count: usize| (0..count).map(|i| format!("a{i}.b.c = 1\n")).collect::<String>();
        assert!(parse(&keys(1_000), "c.toml").is_ok());
        let problem = Problem::from(parse(&keys(200_000), "c.toml").unwrap_err());
        assert_eq!(problem.code, "config/invalid-toml");
        assert!(problem.hint.is_some());
    }

    #[test]
    fn a_line_as_long_as_the_file_is_counted_once() {
        let text = format!("a = [{}]\n", "'é', ".repeat(200_000));
        let toml = parse(&text, "c.toml").unwrap();
        assert_eq!(toml.positions["a[199999]"], Position { line: 1, column: 6 + 199_999 * 5 });
    }

    #[test]
    fn deep_nesting_is_an_error_and_no_crash() {
        assert!(parse(&format!("a = {}", "[".repeat(100_000)), "c.toml").is_err());
    }
    #[test]
    fn a_message_shows_nothing_of_a_file_that_may_be_private() {
        for text in [
            "machine corp.example login me password S3CRET",
            "secret_key = S3CRET",
            "export TOKEN=\"S3CRET\"",
            "-----BEGIN KEY-----\nS3CRET",
            "S3CRET",
            "a = 'S3CRET",
            "a = \"\\S3CRET\"",
            "a = 1S3CRET",
            "a = [S3CRET]",
            "[S3CRET\n",
            "S3CRET = 1\nS3CRET = 2",
            "[S3CRET]\n[S3CRET]",
            "a = {S3CRET}",
            "{\"token\": \"S3CRET\"}",
        ] {
            let problem = Problem::from(parse(text, "c.toml").unwrap_err());
            assert!(!format!("{problem:?}").contains("S3CRET"), "{text}: {problem:?}");
        }
    }
}
