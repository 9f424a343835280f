//! What went wrong, as data: for a person, for a program, and with the command that mends it.

use serde_json::{Map, Value};

/// An expected failure. `code` is `<step>/<what>`, never renamed and never reused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub code: &'static str,
    /// What happened, naming the thing it happened to. One sentence without a full stop at the end.
    pub message: String,
    /// What the reader can do about it.
    pub hint: Option<String>,
    pub fix: Option<Fix>,
    /// The same facts for a program.
    pub context: Map<String, Value>,
}

/// How many missing things a message names; the context has all.
const SHOWN: usize = 20;

/// A command that mends the problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    pub command: Vec<String>,
    pub safety: Safety,
}

/// How far a program may go in running a fix by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Safety {
    Safe,
    Review,
    Manual,
}

impl Safety {
    pub fn as_str(self) -> &'static str {
        match self {
            Safety::Safe => "safe",
            Safety::Review => "review",
            Safety::Manual => "manual",
        }
    }
}

impl Problem {
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None, fix: None, context: Map::new() }
    }

    /// The first problem. Where it says that something is missing (a list `missing` in its context), it tells of all
    /// that the others of its code miss too.
    pub fn all_of_first(problems: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut problems = problems.into_iter();
        let first = problems.next()?;
        let mut missing: Vec<String> = first.missing().collect();
        if missing.is_empty() {
            return Some(first);
        }
        missing.extend(
            problems.filter(|other| other.code == first.code).flat_map(|other| other.missing().collect::<Vec<_>>()),
        );
        missing.sort_unstable();
        missing.dedup();
        if missing.len() == 1 {
            return Some(first);
        }
        let lines: Vec<String> = missing.iter().take(SHOWN).map(|what| format!("\n  {what}")).collect();
        let more = missing.len().saturating_sub(SHOWN);
        let more = if more > 0 { format!("\n  and {more} more") } else { String::new() };
        let message =
            format!("{} things are not in the cache, and PyBun is offline:{}{more}", missing.len(), lines.concat());
        Some(Self { message, ..first }.with("missing", missing))
    }

    fn missing(&self) -> impl Iterator<Item = String> + '_ {
        let list = self.context.get("missing").and_then(Value::as_array).into_iter().flatten();
        list.filter_map(|what| what.as_str().map(str::to_owned))
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    #[must_use]
    pub fn fix<const N: usize>(mut self, safety: Safety, command: [&str; N]) -> Self {
        self.fix = Some(Fix { command: command.map(str::to_owned).to_vec(), safety });
        self
    }

    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.context.insert(key.to_owned(), value.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_missing_is_one_problem() {
        let missing = |what: &str| Problem::new("fetch/offline", what).with("missing", vec![what]);
        let other = Problem::new("fetch/unreachable", "down");
        let all = Problem::all_of_first([missing("b"), other.clone(), missing("a"), missing("b")]).unwrap();
        assert_eq!(all.context["missing"], serde_json::json!(["a", "b"]));
        assert_eq!(all.message, "2 things are not in the cache, and PyBun is offline:\n  a\n  b");
        assert_eq!(Problem::all_of_first([other.clone(), missing("a")]), Some(other));
        assert_eq!(Problem::all_of_first([missing("a")]), Some(missing("a")));
        let many = Problem::all_of_first((10..40).map(|i| missing(&i.to_string()))).unwrap();
        assert!(many.message.ends_with("\n  29\n  and 10 more"), "{}", many.message);
        assert_eq!(Problem::all_of_first([]), None);
    }
}
