//! Requirements and Python bounds as they are found in the wild: published metadata that no longer parses
//! is repaired where every installer has always repaired it.

use crate::{Joins, Requirement, VersionSpecifiers, bounded_requirement_of};
use std::str::FromStr;

/// Longer than any specifiers that a person has written.
const MAX_REPAIRED: usize = 4 << 10;

/// Reads a requirement of published metadata (PEP 508), repairing specifiers such as `>=3.5.*` or `>=1.0,`. The error
/// is one sentence without a full stop.
pub fn lenient_requirement(text: &str) -> Result<Requirement, String> {
    lenient_requirement_of(text, &Joins::default())
}

/// Reads one of the requirements of a document, which share a budget.
pub(crate) fn lenient_requirement_of(text: &str, joins: &Joins) -> Result<Requirement, String> {
    // The parser would put the values of environment variables into URLs; foreign text must not ask for them.
    let text = text.replace("${", "$%7B");
    let text = text.as_str();
    bounded_requirement_of(text, joins).or_else(|error| {
        if text.len() > MAX_REPAIRED {
            return Err(error);
        }
        let (specifier, marker) = text.split_once(';').map_or((text, ""), |(a, b)| (a, b));
        let repaired = repair(&specifier.replace("()", ""));
        let whole = if marker.is_empty() { repaired } else { format!("{repaired} ;{}", spaced(marker)) };
        bounded_requirement_of(&whole, joins).map_err(|_| error)
    })
}

/// `(a)and(b)`, which the grammar allows and the parser does not, with spaces around `and` and `or`.
fn spaced(marker: &str) -> String {
    ["and", "or"].iter().fold(marker.to_owned(), |text, word| {
        text.replace(&format!("){word} "), &format!(") {word} "))
            .replace(&format!(" {word}("), &format!(" {word} ("))
            .replace(&format!("){word}("), &format!(") {word} ("))
    })
}

/// Reads `Requires-Python` (core metadata); `None` when it says nothing that can be understood.
pub fn lenient_requires_python(text: &str) -> Option<VersionSpecifiers> {
    if text.len() > MAX_REPAIRED {
        return None;
    }
    VersionSpecifiers::from_str(text).or_else(|_| VersionSpecifiers::from_str(&repair(text))).ok()
}

/// The repairs that PyPI's history needs: `>=3.5.*` -> `>=3.5`, `>3.4.*` -> `>3.4`, quotes, `>= 2.7, !=3.0*`,
/// missing commas between specifiers, trailing commas, `=>` and `~=3` (which needs two components).
fn repair(text: &str) -> String {
    let cleaned: String = text.chars().filter(|c| !matches!(c, '\'' | '"')).collect();
    let mut out = String::with_capacity(cleaned.len());
    for (i, part) in split_specifiers(&cleaned).into_iter().enumerate() {
        if i > 0 && !out.ends_with('(') {
            out.push(',');
        }
        out.push_str(&repair_one(&part));
    }
    out
}

/// Cuts before each operator, so that a missing comma does not matter.
fn split_specifiers(text: &str) -> Vec<String> {
    let mut parts: Vec<String> = vec![String::new()];
    let mut previous = ' ';
    for c in text.chars() {
        let starts = matches!(c, '<' | '>' | '=' | '!' | '~') && !matches!(previous, '<' | '>' | '=' | '!' | '~');
        let current = parts.last_mut().expect("there is always a current part");
        let has_operator = current.contains(['<', '>', '=', '!', '~']);
        if c == ',' || (starts && has_operator) {
            parts.push(String::new());
        }
        if c != ',' {
            parts.last_mut().expect("there is always a current part").push(c);
        }
        previous = c;
    }
    parts.into_iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

fn repair_one(part: &str) -> String {
    let part = part.replace("=>", ">=").replace("=<", "<=");
    let start = part.find(['<', '>', '=', '!', '~']).unwrap_or(part.len());
    let (head, specifier) = part.split_at(start);
    let end = specifier.find(|c| !matches!(c, '<' | '>' | '=' | '!' | '~')).unwrap_or(specifier.len());
    let (operator, version) = specifier.split_at(end);
    let (version, closing) = match version.trim().strip_suffix(')') {
        Some(version) => (version.trim(), ")"),
        None => (version.trim(), ""),
    };
    let version = match operator {
        ">=" | "<=" | ">" | "<" | "~=" => version.trim_end_matches('*').trim_end_matches('.').to_owned(),
        "==" | "!=" if version.ends_with('*') && !version.ends_with(".*") => {
            format!("{}.*", version.trim_end_matches('*'))
        }
        _ => version.to_owned(),
    };
    let operator = if operator == "~=" && !version.contains('.') { ">=" } else { operator };
    format!("{head}{operator}{version}{closing}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repairs_requires_python() {
        for (text, same_as) in [
            (">=3.5.*", ">=3.5"),
            (">=2.7, !=3.0*, !=3.1.*", ">=2.7,!=3.0.*,!=3.1.*"),
            (">=2.7,", ">=2.7"),
            (">=2.7 <3.0", ">=2.7,<3.0"),
            ("'>=3.6'", ">=3.6"),
            ("=>3.6", ">=3.6"),
            ("~=3", ">=3"),
        ] {
            assert_eq!(lenient_requires_python(text), Some(same_as.parse().unwrap()), "{text}");
        }
        assert_eq!(lenient_requires_python("three"), None);
    }

    #[test]
    fn repairs_requirements() {
        for (text, same_as) in [
            ("numpy (>=1.0.*)", "numpy>=1.0"),
            ("six>=1.0,;python_version<'3'", "six>=1.0;python_version<'3'"),
            ("a[x]>=1.*", "a[x]>=1"),
            ("a ()", "a"),
            ("a ; (os_name=='nt')and(python_version<'3')", "a ; os_name=='nt' and python_version<'3'"),
            ("a ; (os_name=='nt')or (python_version<'3')", "a ; os_name=='nt' or python_version<'3'"),
        ] {
            assert_eq!(
                lenient_requirement(text).unwrap().to_string(),
                Requirement::from_str(same_as).unwrap().to_string()
            );
        }
        assert!(lenient_requirement("not a requirement!").is_err());
    }

    #[test]
    fn foreign_text_reads_no_environment_variable() {
        let requirement = lenient_requirement("a @ https://h.example/${HOME}/a-1-py3-none-any.whl").unwrap();
        assert!(requirement.to_string().contains("HOME"), "{requirement}");
    }
}
