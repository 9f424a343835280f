//! Requirements (PEP 508): hundreds of texts as pypa/packaging reads them.

use pybun_model::{Requirement, VersionOrUrl};
use serde_json::{Value, json};

const TABLE: &str = include_str!("../../../tests/pep/requirements.txt");

/// Where ours is read otherwise than by packaging; docs/compatibility.md says why.
const OTHERWISE: &[(&str, &str)] = &[
    // No version of the specification: refused, as no file could have it either.
    ("name === 1.0.weird", "null"),
    // The grammar allows a relative reference, and nothing says relative to what.
    ("name @ ./local", "null"),
    // As the user's own text it is refused; in metadata it is repaired.
    ("name ()", "null"),
    // `in` with an extra says nothing and is ignored.
    ("name; extra in 'x y'", r#"{"extras":[],"marker":false,"name":"name","specifier":"","url":null}"#),
];

#[test]
fn requirements_as_packaging_reads_them() {
    let mut wrong = Vec::new();
    assert!(OTHERWISE.iter().all(|(of, _)| TABLE.contains(&format!("\n{}\t", json!(of)))));
    for line in TABLE.lines().skip(1) {
        let (text, meaning) = line.split_once('\t').unwrap();
        let text: String = serde_json::from_str(text).unwrap();
        let expected: Value = if meaning == "-" { Value::Null } else { serde_json::from_str(meaning).unwrap() };
        let otherwise = OTHERWISE.iter().find(|(of, _)| *of == text);
        let expected = otherwise.map_or(expected, |(_, ours)| serde_json::from_str(ours).unwrap());
        let ours = text.parse().map_or(Value::Null, |requirement| meaning_of(&requirement));
        if ours != expected {
            wrong.push(format!("{text:?}: {ours} and not {expected}"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

fn meaning_of(requirement: &Requirement) -> Value {
    let mut extras: Vec<_> = requirement.extras.iter().map(ToString::to_string).collect();
    extras.sort();
    extras.dedup();
    let (mut specifier, url) = match &requirement.version_or_url {
        None => (Vec::new(), None),
        Some(VersionOrUrl::VersionSpecifier(all)) => (all.iter().map(ToString::to_string).collect(), None),
        Some(VersionOrUrl::Url(url)) => (Vec::new(), Some(url.given().map_or_else(|| url.to_string(), str::to_owned))),
    };
    specifier.sort();
    json!({
        "name": requirement.name.as_ref(),
        "extras": extras,
        "specifier": specifier.join(","),
        "url": url,
        "marker": !requirement.marker.is_true(),
    })
}
