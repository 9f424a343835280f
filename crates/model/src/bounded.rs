//! Requirements and markers of foreign text, read within bounds. The parser of the grammar is recursive, and what it
//! makes of a marker is a decision diagram: a line of a thousand bytes can ask for more memory than there is.

use crate::{MarkerEnvironment, MarkerTree, Requirement, VersionOrUrl};
use std::collections::{HashMap, HashSet};
use std::str::FromStr;
use uv_pep508::{MarkerExpression, MarkerOperator, MarkerTreeKind, MarkerValueString};

/// Longer than any requirement that has been published.
const MAX_REQUIREMENT: usize = 32 << 10;
/// Real markers are nested some ten deep.
const MAX_DEPTH: usize = 64;
/// A marker with so few comparisons is small whatever it says.
const FEW_COMPARISONS: usize = 12;
/// Nodes of a diagram. Markers of published requirements have a few dozen.
const MAX_NODES: usize = 10_000;
/// Joining two diagrams may take as many steps as the product of their nodes.
const MAX_STEPS: usize = 4_000_000;

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

/// What a new lock may hold.
const WRITTEN: Bounds = Bounds { comparisons: 20_000, terms: 20_000 };

const TOO_COMPLICATED: &str = "its marker is too complicated";

/// Reads a requirement (PEP 508) as it is written. The error is one sentence without a full stop.
pub fn requirement(text: &str) -> Result<Requirement, String> {
    if text.len() > MAX_REQUIREMENT {
        return Err(format!("it is longer than {MAX_REQUIREMENT} bytes"));
    }
    let requirement = read_requirement(text)?;
    // One kind of quotes in the text, and there is none in a value.
    if text.contains('"') && text.contains('\'') && !can_be_read_again(requirement.marker) {
        return Err("a value of its marker has a quote in it".to_owned());
    }
    Ok(requirement)
}

fn can_be_read_again(marker: MarkerTree) -> bool {
    let text = marker.try_to_string();
    text.is_none_or(|text| read_marker(&text, LOCKED).is_ok_and(|read| read == marker || marker.is_false()))
}

fn read_requirement(text: &str) -> Result<Requirement, String> {
    let (head, marker) = split_marker(text);
    if let Some(marker) = marker.filter(|marker| !is_simple(marker)) {
        let mut requirement = parse(head)?;
        requirement.marker = read_marker(marker, PUBLISHED)?;
        return Ok(requirement);
    }
    // No marker was found, so nothing that looks like one may be left to the parser.
    if marker.is_none() && !is_simple(text) {
        return Err("it is nested too deep or has too many quotes".to_owned());
    }
    parse(text)
}

/// Reads a marker (PEP 508) of a lock.
pub fn locked_marker(text: &str) -> Result<MarkerTree, String> {
    read_marker(text, LOCKED)
}

/// Does a marker of a lock hold? Tells by its comparisons, one after the other: joining the diagrams of even two costs a
/// millisecond once. `None` where extras and groups have a say.
pub fn locked_marker_holds(text: &str, environment: &MarkerEnvironment) -> Result<Option<bool>, String> {
    if text.contains("extra") || text.contains("group") {
        return Ok(None);
    }
    read_joined(text, LOCKED, Here(environment)).map(|holds| Some(holds.unwrap_or(true)))
}

/// Where one of two markers holds. `None` where saying so takes more than any marker that is met in practice.
pub fn bounded_or(a: MarkerTree, b: MarkerTree) -> Option<MarkerTree> {
    if [a, b].iter().any(|one| one.is_true() || one.is_false()) || a == b {
        return Some(a.or(b));
    }
    let (a, b) = (Diagram::of(a).ok()?, Diagram::of(b).ok()?);
    a.join(b, MarkerTree::or).ok().map(|joined| joined.tree)
}

/// Tells which markers a lock can hold: their texts are written in a time that grows with the square of their terms.
#[derive(Default)]
pub struct Lockable(HashMap<MarkerTree, Text>);

impl Lockable {
    pub fn is(&mut self, marker: MarkerTree) -> bool {
        if marker.is_true() {
            return true;
        }
        Diagram::of(marker).is_ok() && Text::of(marker, &mut self.0).terms <= WRITTEN.terms
    }
}

fn read_marker(text: &str, bounds: Bounds) -> Result<MarkerTree, String> {
    if is_simple(text) {
        return MarkerTree::from_str(text).map_err(|error| first_line(&error.message.to_string()));
    }
    let marker = read_joined(text, bounds, Diagrams)?.map_or(MarkerTree::TRUE, |marker| marker.tree);
    if Text::of(marker, &mut HashMap::new()).terms > bounds.terms {
        return Err(TOO_COMPLICATED.to_owned());
    }
    Ok(marker)
}

fn read_joined<M: Meaning>(text: &str, bounds: Bounds, meaning: M) -> Read<M> {
    let mut reader = Reader { rest: text, depth: 0, comparisons: bounds.comparisons, meaning };
    let read = reader.any_of()?;
    let rest = reader.rest.trim_start();
    if !rest.is_empty() {
        return Err(format!("its marker is followed by `{}`", rest.chars().take(40).collect::<String>()));
    }
    Ok(read)
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

/// The grammar of PEP 508 for markers, as far as it joins comparisons. A comparison is the parser's.
struct Reader<'a, M> {
    rest: &'a str,
    depth: usize,
    /// How many more there may be.
    comparisons: usize,
    meaning: M,
}

/// What is made of comparisons.
trait Meaning {
    type Of;
    fn comparison(&self, tree: MarkerTree) -> Result<Self::Of, String>;
    fn join(&self, a: Self::Of, word: Word, b: Self::Of) -> Result<Self::Of, String>;
}

#[derive(Clone, Copy)]
enum Word {
    Or,
    And,
}

/// The marker itself.
struct Diagrams;

/// Whether it holds in one environment.
struct Here<'e>(&'e MarkerEnvironment);

impl Meaning for Diagrams {
    type Of = Diagram;

    fn comparison(&self, tree: MarkerTree) -> Result<Diagram, String> {
        Diagram::of(tree)
    }

    fn join(&self, a: Diagram, word: Word, b: Diagram) -> Result<Diagram, String> {
        let join = match word {
            Word::Or => MarkerTree::or,
            Word::And => MarkerTree::and,
        };
        a.join(b, join)
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

#[derive(Clone, Copy)]
struct Diagram {
    tree: MarkerTree,
    nodes: usize,
}

impl Diagram {
    fn of(tree: MarkerTree) -> Result<Self, String> {
        let mut seen = HashSet::from([tree]);
        let mut pending = vec![tree];
        while let Some(next) = pending.pop() {
            pending.extend(children(next).into_iter().filter(|child| seen.insert(*child)));
            if seen.len() > MAX_NODES {
                return Err(TOO_COMPLICATED.to_owned());
            }
        }
        Ok(Self { tree, nodes: seen.len() })
    }

    fn join(mut self, other: Self, join: fn(MarkerTree, MarkerTree) -> MarkerTree) -> Result<Self, String> {
        if self.nodes.saturating_mul(other.nodes) > MAX_STEPS {
            return Err(TOO_COMPLICATED.to_owned());
        }
        self.tree = join(self.tree, other.tree);
        Self::of(self.tree)
    }
}

type Read<M> = Result<Option<<M as Meaning>::Of>, String>;

impl<M: Meaning> Reader<'_, M> {
    fn any_of(&mut self) -> Read<M> {
        self.joined("or", Word::Or, Self::all_of)
    }

    fn all_of(&mut self) -> Read<M> {
        self.joined("and", Word::And, Self::one)
    }

    fn joined(&mut self, text: &str, word: Word, one: fn(&mut Self) -> Read<M>) -> Read<M> {
        let mut all = one(self)?;
        while self.take_word(text) {
            all = match (all, one(self)?) {
                (Some(all), Some(next)) => Some(self.meaning.join(all, word, next)?),
                (all, next) => all.or(next),
            };
        }
        Ok(all)
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

/// How long the text of a marker is at most.
#[derive(Clone, Copy, Default)]
struct Text {
    alternatives: u64,
    terms: u64,
}

impl Text {
    fn of(marker: MarkerTree, known: &mut HashMap<MarkerTree, Self>) -> Self {
        if marker.is_true() || marker.is_false() {
            return Self { alternatives: u64::from(marker.is_true()), terms: 0 };
        }
        if let Some(text) = known.get(&marker) {
            return *text;
        }
        let text = children(marker).into_iter().fold(Self::default(), |sum, child| {
            let Self { alternatives, terms } = Self::of(child, known);
            Self {
                alternatives: sum.alternatives.saturating_add(alternatives),
                terms: sum.terms.saturating_add(terms).saturating_add(alternatives),
            }
        });
        known.insert(marker, text);
        text
    }
}

fn children(marker: MarkerTree) -> Vec<MarkerTree> {
    match marker.kind() {
        MarkerTreeKind::True | MarkerTreeKind::False => Vec::new(),
        MarkerTreeKind::Version(version) => version.edges().map(|(_, child)| child).collect(),
        MarkerTreeKind::String(string) => string.children().map(|(_, child)| child).collect(),
        MarkerTreeKind::In(within) => within.children().map(|(_, child)| child).collect(),
        MarkerTreeKind::Contains(contains) => contains.children().map(|(_, child)| child).collect(),
        MarkerTreeKind::List(list) => list.children().map(|(_, child)| child).collect(),
        MarkerTreeKind::Extra(extra) => extra.children().map(|(_, child)| child).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn many(count: usize, join: &str, one: impl Fn(usize) -> String) -> String {
        (0..count).map(one).collect::<Vec<_>>().join(join)
    }

    /// Reads with our reader what the parser would be given.
    fn read(text: &str) -> MarkerTree {
        Reader { rest: text, depth: 0, comparisons: 100, meaning: Diagrams }.any_of().unwrap().unwrap().tree
    }

    #[test]
    fn reads_as_the_parser_does() {
        for text in [
            "os_name == 'nt'",
            "(os_name == 'nt')",
            "os_name=='a or b' or 'and ' in sys_platform and extra == \"x\"",
            "( ( os_name == 'or' ) and (sys_platform == 'and') ) or platform_machine != 'word'",
            "python_version not in '2.7, 3.0' and platform_release ~= '5.0' or '3' <= python_version",
            "python_version > '3' and 'a' == 'b' or os_name == 'x'",
            "'a' == 'b' or os_name == 'x'",
            "os_name == \"it's\" and os.name == 'x'",
        ] {
            assert_eq!(read(text), MarkerTree::from_str(text).unwrap(), "{text}");
        }
        let long = many(40, " or ", |i| format!("(platform_machine == 'm{i}' and extra == 'e')"));
        assert_eq!(locked_marker(&long).unwrap(), MarkerTree::from_str(&long).unwrap());
        let whole = format!("a[x]>=1;{long}");
        assert_eq!(requirement(&whole).unwrap(), Requirement::from_str(&whole).unwrap());
        let url = format!("a @ https://h.example/a;b.whl ; {long}");
        assert_eq!(requirement(&url).unwrap(), Requirement::from_str(&url).unwrap());
    }

    fn environment(python: &str, os: &str, platform: &str, system: &str, machine: &str) -> MarkerEnvironment {
        serde_json::from_value(serde_json::json!({
            "implementation_name": "cpython", "implementation_version": python, "os_name": os,
            "platform_machine": machine, "platform_python_implementation": "CPython", "platform_release": "6.1",
            "platform_system": system, "platform_version": "1", "python_full_version": python,
            "python_version": python.rsplit_once('.').unwrap().0, "sys_platform": platform,
        }))
        .unwrap()
    }

    const COMPARISONS: [&str; 10] = [
        "python_full_version < '3.9'",
        "python_full_version == '3.12.*'",
        "python_full_version >= '3.11.4'",
        "sys_platform == 'win32'",
        "sys_platform != 'linux'",
        "os_name == 'nt'",
        "platform_machine in 'x86_64 arm64'",
        "'arm' in platform_machine",
        "implementation_name != 'pypy'",
        "platform_system < 'M'",
    ];

    proptest! {
        #[test]
        fn comparisons_one_by_one_say_what_the_diagram_says(
            chosen in prop::collection::vec((0..COMPARISONS.len(), any::<bool>(), any::<bool>()), 1..7)
        ) {
            let mut text = COMPARISONS[chosen[0].0].to_owned();
            for (index, and, first) in &chosen[1..] {
                let (word, other) = (if *and { "and" } else { "or" }, COMPARISONS[*index]);
                text = if *first { format!("({text}) {word} {other}") } else { format!("{other} {word} ({text})") };
            }
            let marker = locked_marker(&text).unwrap();
            // As a lock has it.
            let Some(text) = marker.try_to_string() else { return Ok(()) };
            for environment in [
                environment("3.8.2", "posix", "linux", "Linux", "x86_64"),
                environment("3.12.0", "posix", "darwin", "Darwin", "arm64"),
                environment("3.11.4", "nt", "win32", "Windows", "AMD64"),
            ] {
                let holds = locked_marker_holds(&text, &environment);
                prop_assert_eq!(holds, Ok(Some(marker.evaluate(&environment, &[]))), "{}", text);
            }
        }
    }

    #[test]
    fn extras_have_a_say_that_no_environment_knows() {
        let environment = environment("3.12.0", "posix", "linux", "Linux", "x86_64");
        assert_eq!(locked_marker_holds("os_name == 'nt' or extra == 'x'", &environment), Ok(None));
        assert!(locked_marker_holds("os_name == 'nt' nor", &environment).is_err());
    }

    #[test]
    fn a_quote_in_a_value_cannot_be_written() {
        assert!(requirement("a ; os_name == \"it's\"").is_err());
        assert!(requirement("a ; os_name == 'x' and sys_platform == \"y\"").is_ok());
        assert!(requirement("a ; os_name == 'a\"b'").is_ok_and(|read| requirement(&read.to_string()) == Ok(read)));
    }

    #[test]
    fn errors_are_errors() {
        let many = many(20, " or ", |i| format!("os_name == 'n{i}'"));
        for tail in ["(", ")", " or", " or ", " and ()", " or (os_name == 'x'", " x", " or os_name", " or 'x"] {
            assert!(locked_marker(&format!("{many}{tail}")).is_err(), "{tail}");
            assert!(requirement(&format!("a;{many}{tail}")).is_err(), "{tail}");
        }
    }

    #[test]
    fn nesting_ends_in_a_sentence() {
        for depth in [65, 1_000, 10_000] {
            let text = format!("a ; {}os_name == 'x'{}", "(".repeat(depth), ")".repeat(depth));
            assert_eq!(requirement(&text).unwrap_err(), "its marker is nested deeper than 64 parentheses");
            let open = format!("a ; {}", "(".repeat(depth));
            assert_eq!(requirement(&open).unwrap_err(), "its marker is nested deeper than 64 parentheses");
        }
        let text = format!("a ; {}os_name == 'x'{}", "(".repeat(60), ")".repeat(60));
        assert!(requirement(&text).is_ok());
        assert!(requirement(&"(".repeat(20_000)).is_err());
    }

    #[test]
    fn diagrams_that_would_fill_the_memory_are_refused() {
        let apart = many(30, " and ", |i| format!("(extra == 'a{i}' or extra == 'z{i}')"));
        let together = many(30, " and ", |i| format!("(extra == 'e{i}a' or extra == 'e{i}b')"));
        for marker in [apart, together] {
            assert_eq!(requirement(&format!("a ; {marker}")).unwrap_err(), TOO_COMPLICATED);
        }
        let long = many(600, " or ", |i| format!("extra == 'e{i}'"));
        assert_eq!(requirement(&format!("a ; {long}")).unwrap_err(), TOO_COMPLICATED);
        let widest = many(60, " or ", |i| format!("extra == 'e{i}'"));
        assert!(requirement(&format!("a ; {widest}")).unwrap().to_string().len() > widest.len());
    }

    #[test]
    fn absurd_sizes_are_refused() {
        let extras = many(100_000, ",", |i| format!("e{i}"));
        assert_eq!(requirement(&format!("a[{extras}]")).unwrap_err(), "it is longer than 32768 bytes");
        assert!(requirement(&format!("a=={}", "1".repeat(30_000))).is_err());
        assert!(requirement(&format!("a=={}1", "1.".repeat(15_000))).is_ok());
    }
}
