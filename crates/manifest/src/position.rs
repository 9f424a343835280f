//! Places in a text, as editors count them.

use serde_json::{Value, json};
use std::cell::Cell;
use std::collections::BTreeMap;

/// A place in a text; both numbers count from 1, the column in Unicode characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

/// Where each key of a TOML document stands: `tool.pybun.python`, `project.dependencies[0]`.
pub type Positions = BTreeMap<String, Position>;

impl Position {
    pub fn to_json(self) -> Value {
        json!({ "line": self.line, "column": self.column })
    }
}

/// Turns byte offsets of one text into positions.
pub(crate) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
    /// The offset that was asked for last, and its column: a line may be as long as the file, and is asked about in order.
    last: Cell<(usize, usize)>,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts, last: Cell::new((0, 1)) }
    }

    pub(crate) fn position(&self, offset: usize) -> Position {
        let offset = self.text.floor_char_boundary(offset.min(self.text.len()));
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts[line - 1];
        let known = Some(self.last.get()).filter(|(last, _)| (start..=offset).contains(last));
        let (from, before) = known.unwrap_or((start, 1));
        let new = &self.text[from..offset];
        let new = if from == start { new.trim_start_matches('\u{feff}') } else { new };
        let column = before + new.chars().count();
        self.last.set((offset, column));
        Position { line, column }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_lines_and_characters_from_one() {
        let lines = Lines::new("a\né = x\n");
        assert_eq!(lines.position(0), Position { line: 1, column: 1 });
        assert_eq!(lines.position(2), Position { line: 2, column: 1 });
        assert_eq!(lines.position(4), Position { line: 2, column: 2 });
        assert_eq!(lines.position(999), Position { line: 3, column: 1 });
    }
}
