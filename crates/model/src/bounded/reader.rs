//! The grammar of markers (PEP 508), and what is made of it.

use super::{Bounds, Joins, MAX_COMPARISON, TOO_COMPLICATED, first_line};
use crate::{MarkerEnvironment, MarkerTree};
use std::str::FromStr;

/// Real markers are nested some ten deep.
const MAX_DEPTH: usize = 64;

pub(super) fn read_joined<M: Meaning>(text: &str, bounds: Bounds, meaning: M) -> Read<M> {
    let mut reader = Reader { rest: text, depth: 0, comparisons: bounds.comparisons, meaning };
    let read = reader.any_of()?;
    let rest = reader.rest.trim_start();
    if !rest.is_empty() {
        return Err(format!("its marker is followed by `{}`", rest.chars().take(40).collect::<String>()));
    }
    Ok(read)
}

/// The grammar of PEP 508 for markers, as far as it joins comparisons. A comparison is the parser's.
struct Reader<'a, M> {
    rest: &'a str,
    depth: usize,
    /// How many more there may be.
    comparisons: usize,
    meaning: M,
}

/// What is made of comparisons.
pub(super) trait Meaning {
    type Of;
    fn comparison(&self, tree: MarkerTree) -> Result<Self::Of, String>;
    fn join(&self, a: Self::Of, word: Word, b: Self::Of) -> Result<Self::Of, String>;
}

#[derive(Clone, Copy)]
pub(super) enum Word {
    Or,
    And,
}

/// The marker itself.
pub(super) struct Diagrams<'j>(pub(super) &'j Joins);

/// Whether it holds in one environment.
pub(super) struct Here<'e>(pub(super) &'e MarkerEnvironment);

impl Meaning for Diagrams<'_> {
    type Of = MarkerTree;

    fn comparison(&self, tree: MarkerTree) -> Result<MarkerTree, String> {
        self.0.size(tree).map(|_| tree).ok_or_else(|| TOO_COMPLICATED.to_owned())
    }

    fn join(&self, a: MarkerTree, word: Word, b: MarkerTree) -> Result<MarkerTree, String> {
        let joined = match word {
            Word::Or => self.0.try_and(a.negate(), b.negate()).map(MarkerTree::negate),
            Word::And => self.0.try_and(a, b),
        };
        joined.ok_or_else(|| TOO_COMPLICATED.to_owned())
    }
}

impl Meaning for Here<'_> {
    type Of = bool;

    fn comparison(&self, tree: MarkerTree) -> Result<bool, String> {
        Ok(tree.evaluate(self.0, &[]))
    }

    fn join(&self, a: bool, word: Word, b: bool) -> Result<bool, String> {
        Ok(match word {
            Word::Or => a || b,
            Word::And => a && b,
        })
    }
}

pub(super) type Read<M> = Result<Option<<M as Meaning>::Of>, String>;

impl<M: Meaning> Reader<'_, M> {
    fn any_of(&mut self) -> Read<M> {
        self.joined("or", Word::Or, Self::all_of)
    }

    fn all_of(&mut self) -> Read<M> {
        self.joined("and", Word::And, Self::one)
    }

    fn joined(&mut self, text: &str, word: Word, one: fn(&mut Self) -> Read<M>) -> Read<M> {
        let mut all = Vec::from_iter(one(self)?);
        while self.take_word(text) {
            all.extend(one(self)?);
        }
        self.reduced(all, word)
    }

    /// Joins neighbours, and then what they came to: one after the other, each would be joined with all before it.
    fn reduced(&self, mut all: Vec<M::Of>, word: Word) -> Read<M> {
        while all.len() > 1 {
            let mut pairs = all.into_iter();
            let mut next = Vec::new();
            while let Some(first) = pairs.next() {
                next.push(match pairs.next() {
                    Some(second) => self.meaning.join(first, word, second)?,
                    None => first,
                });
            }
            all = next;
        }
        Ok(all.pop())
    }

    fn one(&mut self) -> Read<M> {
        self.rest = self.rest.trim_start();
        let Some(inner) = self.rest.strip_prefix('(') else { return self.comparison() };
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(format!("its marker is nested deeper than {MAX_DEPTH} parentheses"));
        }
        self.rest = inner;
        let marker = self.any_of()?;
        self.depth -= 1;
        self.rest = self.rest.trim_start().strip_prefix(')').ok_or("its marker lacks a `)`")?;
        Ok(marker)
    }

    /// `None` for a comparison that the parser takes note of and leaves out.
    fn comparison(&mut self) -> Read<M> {
        self.comparisons = self.comparisons.checked_sub(1).ok_or(TOO_COMPLICATED)?;
        let (text, rest) = self.rest.split_at(comparison_end(self.rest));
        self.rest = rest;
        if text.len() > MAX_COMPARISON {
            return Err(TOO_COMPLICATED.to_owned());
        }
        let tree = MarkerTree::from_str(text).map_err(|error| first_line(&error.message.to_string()))?;
        if tree.is_true() { Ok(None) } else { self.meaning.comparison(tree).map(Some) }
    }

    fn take_word(&mut self, word: &str) -> bool {
        let rest = self.rest.trim_start();
        let after = rest.strip_prefix(word).filter(|after| after.starts_with(char::is_whitespace));
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }
}

/// Before a parenthesis or a word that joins, outside of quotes.
fn comparison_end(text: &str) -> usize {
    let mut quote = None;
    let mut in_word = false;
    for (at, c) in text.char_indices() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if matches!(c, '(' | ')') => return at,
            None if matches!(c, '\'' | '"') => quote = Some(c),
            None => {
                let joins = |word: &str| {
                    text[at..].strip_prefix(word).is_some_and(|after| after.starts_with(char::is_whitespace))
                };
                if !in_word && (joins("and") || joins("or")) {
                    return at;
                }
            }
        }
        in_word = quote.is_none() && (c.is_alphanumeric() || matches!(c, '_' | '.'));
    }
    text.len()
}
