//! Requirements and markers of foreign text, read within bounds. The parser of the grammar is recursive, and what it
//! makes of a marker is a decision diagram: a line of a thousand bytes can ask for more memory than there is.

mod joins;
mod reader;
mod size;
#[cfg(test)]
mod tests;

use crate::{MarkerEnvironment, MarkerTree, Requirement, VersionOrUrl, first_harmful};
pub use joins::{Joins, TooComplicated};
use reader::{Diagrams, Here, read_joined};
use std::str::FromStr;
use uv_pep508::{MarkerExpression, MarkerOperator, MarkerValueString};

/// Longer than any requirement that has been published.
const MAX_REQUIREMENT: usize = 32 << 10;
/// A marker with so few comparisons is small whatever it says.
const FEW_COMPARISONS: usize = 12;
/// Intersecting them takes time with their square.
const MAX_SPECIFIERS: usize = 200;
/// Longer than any comparison that has been published. One may list versions, of which each is an arrow of its diagram.
const MAX_COMPARISON: usize = 2 << 10;
/// How much a marker may say.
#[derive(Clone, Copy)]
struct Bounds {
    comparisons: usize,
    /// In the text of its diagram, which is a list of alternatives: writing it takes time with the square of them.
    terms: u64,
}

/// More than any marker that a person has written.
const PUBLISHED: Bounds = Bounds { comparisons: 500, terms: 8_000 };
/// A lock joins the markers of many packages.
const LOCKED: Bounds = Bounds { comparisons: 20_000, terms: 200_000 };

const TOO_COMPLICATED: &str = "its marker is too complicated";

/// Reads a requirement (PEP 508) as it is written. The error is one sentence without a full stop.
pub fn requirement(text: &str) -> Result<Requirement, String> {
    requirement_of(text, &Joins::default())
}

/// Reads one of the requirements of a document, which share a budget.
pub fn requirement_of(text: &str, joins: &Joins) -> Result<Requirement, String> {
    if text.len() > MAX_REQUIREMENT {
        return Err(format!("it is longer than {MAX_REQUIREMENT} bytes"));
    }
    let requirement = read_requirement(text, joins)?;
    // White space between the parts is gone by now, and a URL has escapes.
    if first_harmful(text).is_some()
        && let Some(found) = first_harmful(&requirement.to_string())
    {
        return Err(format!("it has the control character U+{:04X} in it", u32::from(found)));
    }
    if let Some(VersionOrUrl::VersionSpecifier(all)) = &requirement.version_or_url
        && all.len() > MAX_SPECIFIERS
    {
        return Err(format!("it has more than {MAX_SPECIFIERS} version specifiers"));
    }
    // One kind of quotes in the text, and there is none in a value.
    if text.contains('"') && text.contains('\'') && !can_be_read_again(requirement.marker, joins)? {
        return Err("a value of its marker has a quote in it".to_owned());
    }
    Ok(requirement)
}

fn can_be_read_again(marker: MarkerTree, joins: &Joins) -> Result<bool, String> {
    let size = joins.size(marker).ok_or(TOO_COMPLICATED)?;
    joins.charge(size.text.steps()).ok_or(TOO_COMPLICATED)?;
    let text = marker.try_to_string();
    Ok(text.is_none_or(|text| read_marker(&text, LOCKED, joins).is_ok_and(|read| read == marker || marker.is_false())))
}

fn read_requirement(text: &str, joins: &Joins) -> Result<Requirement, String> {
    let (head, marker) = split_marker(text);
    if let Some(marker) = marker.filter(|marker| !is_simple_marker(marker)) {
        let mut requirement = parse(head)?;
        requirement.marker = read_marker(marker, PUBLISHED, joins)?;
        return Ok(requirement);
    }
    // No marker was found, so nothing that looks like one may be left to the parser.
    if marker.is_none() && !is_simple(text) {
        return Err("it is nested too deep or has too many quotes".to_owned());
    }
    parse(text)
}

/// Reads a marker (PEP 508) of a lock, whose markers share a budget.
pub fn locked_marker(text: &str, joins: &Joins) -> Result<MarkerTree, String> {
    read_marker(text, LOCKED, joins)
}

/// Reads a marker (PEP 508) that stands alone, as a setting does.
pub fn marker(text: &str, joins: &Joins) -> Result<MarkerTree, String> {
    if text.len() > MAX_REQUIREMENT {
        return Err(format!("it is longer than {MAX_REQUIREMENT} bytes"));
    }
    read_marker(text, PUBLISHED, joins)
}

/// Does a marker of a lock hold? Tells by its comparisons, one after the other: joining the diagrams of even two costs a
/// millisecond once. `None` where extras and groups have a say.
pub fn locked_marker_holds(text: &str, environment: &MarkerEnvironment) -> Result<Option<bool>, String> {
    if text.contains("extra") || text.contains("group") {
        return Ok(None);
    }
    read_joined(text, LOCKED, Here(environment)).map(|holds| Some(holds.unwrap_or(true)))
}

fn read_marker(text: &str, bounds: Bounds, joins: &Joins) -> Result<MarkerTree, String> {
    if is_simple_marker(text) {
        return MarkerTree::from_str(text).map_err(|error| first_line(&error.message.to_string()));
    }
    let marker = read_joined(text, bounds, Diagrams(joins))?.unwrap_or(MarkerTree::TRUE);
    let size = joins.size(marker).ok_or(TOO_COMPLICATED)?;
    if size.text.terms > bounds.terms { Err(TOO_COMPLICATED.to_owned()) } else { Ok(marker) }
}

fn parse(text: &str) -> Result<Requirement, String> {
    let requirement = Requirement::from_str(text).map_err(|error| first_line(&error.message.to_string()))?;
    match &requirement.version_or_url {
        Some(VersionOrUrl::Url(_)) if !can_be_written(&requirement) => {
            Err("its URL would be read as another one where a marker follows it".to_owned())
        }
        _ => Ok(requirement),
    }
}

/// A lock holds requirements as text. Some URLs end like the beginning of a marker, or lose what tells path and host apart.
fn can_be_written(requirement: &Requirement) -> bool {
    let marker = MarkerTree::expression(MarkerExpression::String {
        key: MarkerValueString::OsName,
        operator: MarkerOperator::Equal,
        value: "posix".into(),
    });
    let written = Requirement { marker, ..requirement.clone() };
    let url = |requirement: &Requirement| match &requirement.version_or_url {
        Some(VersionOrUrl::Url(url)) => Some(url.raw().to_string()),
        _ => None,
    };
    Requirement::from_str(&written.to_string())
        .is_ok_and(|read| read.marker == marker && url(&read).is_some() && url(&read) == url(requirement))
}

fn first_line(message: &str) -> String {
    message.lines().next().unwrap_or_default().trim_end_matches(['.', ':']).chars().take(300).collect()
}

/// URLs may hold semicolons, so theirs has white space before or after it.
fn split_marker(text: &str) -> (&str, Option<&str>) {
    let is_url = text.split(['<', '>', '=', '!', '~', '(', ';']).next().is_some_and(|start| start.contains('@'));
    let mut places = text.match_indices(';').map(|(at, _)| at);
    let at = places.find(|&at| {
        !is_url || text[..at].ends_with(char::is_whitespace) || text[at + 1..].starts_with(char::is_whitespace)
    });
    at.map_or((text, None), |at| (&text[..at], Some(&text[at + 1..])))
}

/// The parser can be given this without a thought.
fn is_simple(text: &str) -> bool {
    let count = |wanted: &[char]| text.matches(wanted).count();
    count(&['(', '[']) <= FEW_COMPARISONS && count(&['\'', '"']) <= 2 * FEW_COMPARISONS
}

fn is_simple_marker(text: &str) -> bool {
    text.len() <= MAX_COMPARISON && is_simple(text)
}
