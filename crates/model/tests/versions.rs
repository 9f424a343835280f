//! Versions (PEP 440): the specification's own rules by hand, and thousands of comparisons as pypa/packaging answers.

use pybun_model::Version;
use std::cmp::Ordering;

const TABLE: &str = include_str!("../../../tests/pep/versions.txt");

fn version(text: &str) -> Version {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// "Summary of permitted suffixes and relative ordering", with epochs, locals and zero padding.
#[test]
fn versions_in_the_order_of_the_specification() {
    let chains: &[&[&str]] = &[
        &["1.dev0", "1.0.dev456", "1.0a1", "1.0a2.dev456", "1.0a12.dev456", "1.0a12", "1.0b1.dev456", "1.0b2"],
        &["1.0b2", "1.0b2.post345.dev456", "1.0b2.post345", "1.0rc1.dev456", "1.0rc1", "1.0", "1.0+abc.5"],
        &["1.0+abc.5", "1.0+abc.7", "1.0+5", "1.0.post456.dev34", "1.0.post456", "1.0.15", "1.1.dev1"],
        &["0.9", "0.9.1", "0.9.2", "0.9.10", "0.9.11", "1.0", "1.0.1", "1.1", "2.0", "2.0.1"],
        &["2013.10", "2014.04", "1!1.0", "1!1.1", "1!2.0", "2!0"],
        &["1.0+a", "1.0+a.a", "1.0+a.1", "1.0+b", "1.0+1", "1.0+1.a", "1.0+1.0", "1.0+2", "1.0+10"],
    ];
    for chain in chains {
        for (i, a) in chain.iter().enumerate() {
            for (j, b) in chain.iter().enumerate() {
                assert_eq!(version(a).cmp(&version(b)), i.cmp(&j), "{a} and {b}");
            }
        }
    }
}

/// "Normalization", one line for each of its rules; the two are equal, and the first is written as the second.
#[test]
fn versions_are_normalised() {
    for (text, normal) in [
        ("1.1RC1", "1.1rc1"),
        ("00!01.0009.1", "1.9.1"),
        ("1!0.0", "1!0.0"),
        ("1.1.a1", "1.1a1"),
        ("1.1-a1", "1.1a1"),
        ("1.1_a_1", "1.1a1"),
        ("1.1alpha1", "1.1a1"),
        ("1.1beta2", "1.1b2"),
        ("1.1c3", "1.1rc3"),
        ("1.1pre3", "1.1rc3"),
        ("1.1preview3", "1.1rc3"),
        ("1.2a", "1.2a0"),
        ("1.2-post2", "1.2.post2"),
        ("1.2post2", "1.2.post2"),
        ("1.2.post-2", "1.2.post2"),
        ("1.0-r4", "1.0.post4"),
        ("1.0rev4", "1.0.post4"),
        ("1.2.post", "1.2.post0"),
        ("1.0-1", "1.0.post1"),
        ("1.2-dev2", "1.2.dev2"),
        ("1.2dev2", "1.2.dev2"),
        ("1.2.dev", "1.2.dev0"),
        ("1.0+ubuntu-1", "1.0+ubuntu.1"),
        ("1.0+Ubuntu_001", "1.0+ubuntu.1"),
        ("v1.0", "1.0"),
        (" 1.0\n", "1.0"),
    ] {
        assert_eq!(version(text).to_string(), normal, "{text:?}");
        assert_eq!(version(text), version(normal), "{text:?}");
    }
    assert_eq!(version("1.0.0"), version("1"), "zero padding");
}

#[test]
fn texts_that_are_no_versions() {
    for text in
        ["", "french toast", "1.0.*", "1.0+a+b", "1.0+_foobar", "1.0+foo&asd", "1.0a1b1", "1.0.dev1.post1", "1!"]
    {
        assert!(text.parse::<Version>().is_err(), "{text:?}");
    }
}

/// Every pair of the table, in both directions.
#[test]
fn versions_as_packaging_has_them() {
    let mut known: Vec<(Version, u32)> = Vec::new();
    for line in TABLE.lines().skip(1) {
        let [text, normal, place] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let text: String = serde_json::from_str(text).unwrap();
        let parsed = text.parse::<Version>();
        match normal {
            "-" => assert!(parsed.is_err(), "{text:?} is no version"),
            _ => {
                let parsed = parsed.unwrap_or_else(|error| panic!("{text:?}: {error}"));
                assert_eq!(parsed.to_string(), normal, "{text:?}");
                known.push((parsed, place.parse().unwrap()));
            }
        }
    }
    assert!(known.len() > 300);
    for (a, place) in &known {
        for (b, other) in &known {
            assert_eq!(a.cmp(b), place.cmp(other), "{a} and {b}");
            assert_eq!(a == b, a.cmp(b) == Ordering::Equal, "{a} and {b}");
        }
    }
}
