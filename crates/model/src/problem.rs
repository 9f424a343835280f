//! What went wrong, as data: for a person, for a program, and with the command that mends it.

use serde_json::{Map, Value};

/// An expected failure. `code` is `<step>/<what>`, never renamed and never reused.
#[derive(Clone, Debug, PartialEq)]
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
