//! One logical line: continuations joined, comments cut, variables put in, options told from the requirement.

use std::collections::BTreeMap;

pub(super) struct Line {
    /// Where it starts, counted from 1.
    pub number: usize,
    pub text: String,
}

pub(super) struct LineOption {
    /// The long name.
    pub name: &'static str,
    pub value: String,
}

/// Every option that may stand in a file: long name, short name, does it take a value?
const OPTIONS: [(&str, &str, bool); 18] = [
    ("--requirement", "-r", true),
    ("--constraint", "-c", true),
    ("--editable", "-e", true),
    ("--index-url", "-i", true),
    ("--pypi-url", "", true),
    ("--extra-index-url", "", true),
    ("--find-links", "-f", true),
    ("--no-binary", "", true),
    ("--only-binary", "", true),
    ("--trusted-host", "", true),
    ("--use-feature", "", true),
    ("--hash", "", true),
    ("--config-settings", "-C", true),
    ("--global-option", "", true),
    ("--no-index", "", false),
    ("--pre", "", false),
    ("--require-hashes", "", false),
    ("--prefer-binary", "", false),
];

/// Lines that say something, as pip joins and cleans them.
pub(super) fn logical_lines(text: &str, environment: &BTreeMap<String, String>) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut pending: Option<(usize, String)> = None;
    let mut push = |number: usize, text: &str| {
        let text = expanded(without_comment(text).trim(), environment);
        if !text.is_empty() {
            lines.push(Line { number, text });
        }
    };
    for (i, raw) in text.lines().enumerate() {
        let comment = is_comment(raw);
        let (number, mut joined) = pending.take().unwrap_or((i + 1, String::new()));
        if raw.ends_with('\\') && !comment {
            joined.push_str(raw.trim_end_matches('\\'));
            pending = Some((number, joined));
            continue;
        }
        if comment {
            // A space makes sure that the comment is seen as one behind a continued line.
            joined.push(' ');
        }
        joined.push_str(raw);
        push(number, &joined);
    }
    if let Some((number, joined)) = pending {
        push(number, &joined);
    }
    lines
}

/// `#` at the start or behind white space starts a comment.
fn without_comment(text: &str) -> &str {
    let comment =
        text.char_indices().find(|(at, c)| *c == '#' && (*at == 0 || text[..*at].ends_with(char::is_whitespace)));
    comment.map_or(text, |(at, _)| &text[..at])
}

fn is_comment(line: &str) -> bool {
    without_comment(line).len() < line.len()
}

/// `${NAME}` of upper-case letters, digits and `_`, when the variable has a value.
fn expanded(text: &str, environment: &BTreeMap<String, String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let in_name = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_';
        // Not by looking for the brace: the text may be long, and have none.
        let end = 2 + rest.bytes().skip(2).take_while(in_name).count();
        let name = Some(&rest[2..end]).filter(|name| !name.is_empty() && rest[end..].starts_with('}'));
        match name.and_then(|name| Some((name, environment.get(name).filter(|v| !v.is_empty())?))) {
            Some((name, value)) => {
                out.push_str(value);
                rest = &rest[name.len() + 3..];
            }
            None => {
                out.push_str("${");
                rest = &rest[2..];
            }
        }
    }
    out + rest
}

impl Line {
    /// The requirement in front, when there is one, and the options.
    pub fn parse(&self) -> Result<(Option<String>, Vec<LineOption>), String> {
        let start = if self.text.starts_with('-') {
            0
        } else {
            self.text.match_indices(" -").map(|(at, _)| at + 1).next().unwrap_or(self.text.len())
        };
        let (requirement, rest) = self.text.split_at(start);
        let requirement = Some(requirement.trim()).filter(|text| !text.is_empty()).map(str::to_owned);
        Ok((requirement, options(&words(rest)?)?))
    }
}

fn options(words: &[String]) -> Result<Vec<LineOption>, String> {
    let mut options = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let (given, mut value) = match word.split_once('=') {
            Some((name, value)) if word.starts_with("--") => (name, Some(value.to_owned())),
            _ if !word.starts_with("--") && word.starts_with('-') && word.len() > 2 => {
                let end = word.char_indices().nth(2).map_or(word.len(), |(at, _)| at);
                (&word[..end], Some(word[end..].trim_start_matches('=').to_owned()))
            }
            _ => (word.as_str(), None),
        };
        let known = OPTIONS.iter().find(|(long, short, _)| *long == given || (!short.is_empty() && *short == given));
        let Some((name, _, takes_value)) = known else {
            return Err(match is_name_of_option(given) {
                true => format!("has `{given}`, which is no option of requirements files"),
                false => "has something that is no option of requirements files".to_owned(),
            });
        };
        if *takes_value && value.is_none() {
            value = words.next().cloned();
        }
        match (takes_value, value) {
            (true, None) => return Err(format!("has `{name}` without a value")),
            (false, Some(_)) => return Err(format!("gives a value to `{name}`, which takes none")),
            (_, value) => options.push(LineOption { name: long(name), value: value.unwrap_or_default() }),
        }
    }
    Ok(options)
}

/// What a message may repeat: no secret looks like `--extra-index`.
fn is_name_of_option(text: &str) -> bool {
    let name = text.strip_prefix("--").unwrap_or_default();
    !name.is_empty() && name.len() <= 30 && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

fn long(name: &'static str) -> &'static str {
    if name == "--pypi-url" { "--index-url" } else { name }
}

/// Words as a POSIX shell cuts them.
fn words(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (Some('"') | None, '\\') => {
                let next = chars.next().ok_or("ends in a backslash")?;
                word.get_or_insert_default().push(next);
            }
            (Some(_), _) => word.get_or_insert_default().push(c),
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    if quote.is_some() {
        return Err("has a quote that is not closed".to_owned());
    }
    words.extend(word);
    Ok(words)
}
