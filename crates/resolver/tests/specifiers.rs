//! Version specifiers (PEP 440) as pypa/packaging answers: what a specifier says of itself, and the range of versions
//! that the resolver makes of it.

use pybun_model::{Version, VersionSpecifiers};
use pybun_resolver::Range;
use std::collections::BTreeSet;

const TABLE: &str = include_str!("../../../tests/pep/specifiers.txt");

/// "Version specifiers", clause by clause.
#[test]
fn ranges_by_the_words_of_the_specification() {
    for (specifiers, inside, outside) in [
        // Compatible release.
        ("~=2.2", &["2.2", "2.2.post3", "2.3", "2.99"][..], &["2.1", "3", "3.dev1", "2.2a1", "1!2.2"][..]),
        ("~=1.4.5", &["1.4.5", "1.4.99", "1.4.5.post1"], &["1.4.4", "1.5", "1.5.dev0"]),
        ("~=2.2.post3", &["2.2.post3", "2.3"], &["2.2", "2.2.post2", "3"]),
        ("~=1.4.5a4", &["1.4.5a4", "1.4.5", "1.4.9"], &["1.4.5a3", "1.5"]),
        ("~=2.2.0", &["2.2", "2.2.9"], &["2.3"]),
        // Version matching: zero padding, and the local version of a candidate does not matter unless it is stated.
        ("==1.1", &["1.1", "1.1.0", "1.1+cpu"], &["1.1.post1", "1.1a1", "1.1.dev1", "1.1.1"]),
        ("==1.1.post1", &["1.1.post1", "1.1.post1+x"], &["1.1"]),
        ("==1.1.*", &["1.1", "1.1.post1", "1.1a1", "1.1.dev1", "1.1.9+x"], &["1.2", "1.2.dev1", "1", "1!1.1"]),
        ("==1.1+cpu", &["1.1+cpu", "1.1.0+CPU"], &["1.1", "1.1+cpu.1", "1.1+gpu"]),
        // Version exclusion: the same, turned round.
        ("!=1.1", &["1.1.post1", "1.1.1", "1.1a1"], &["1.1", "1.1.0", "1.1+cpu"]),
        ("!=1.1.*", &["1.2", "1", "1!1.1"], &["1.1", "1.1.post1", "1.1a1"]),
        ("!=1.1+cpu", &["1.1", "1.1+gpu"], &["1.1+cpu"]),
        // Inclusive ordered comparison.
        (">=1.1", &["1.1", "1.1+cpu", "1.1.post1", "2", "1!0"], &["1.1a1", "1.1.dev1", "1.0.9"]),
        ("<=1.1", &["1.1", "1.1+cpu", "1.1a1", "1.0"], &["1.1.post1", "1.1.1", "1!0"]),
        // Exclusive ordered comparison: no post-release and no local version of V, and no pre-release of V.
        (">1.7", &["1.7.1", "1.8", "1.8a1"], &["1.7", "1.7.0.post1", "1.7+local", "1.7.post1+x"]),
        (">1.7.post2", &["1.7.1", "1.7.post3"], &["1.7.post2", "1.7", "1.7.post2+x"]),
        ("<1.7", &["1.6.9", "1.6.post9"], &["1.7", "1.7a1", "1.7.dev1", "1.7rc1"]),
        ("<1.7rc1", &["1.7b9", "1.7.dev1", "1.6"], &["1.7rc1", "1.7"]),
        // All clauses.
        (">=1.0,!=1.3.4.*,<2.0", &["1.0", "1.3.3", "1.9"], &["0.9", "1.3.4", "1.3.4.1", "2.0", "2.0a1"]),
    ] {
        let range = Range::from(specifiers.parse::<VersionSpecifiers>().unwrap());
        for (versions, fits) in [(inside, true), (outside, false)] {
            for version in versions {
                assert_eq!(range.contains(&version.parse().unwrap()), fits, "{version} {specifiers}");
            }
        }
    }
}

#[test]
fn specifiers_as_packaging_answers() {
    let mut lines = TABLE.lines().skip(1);
    let versions: Vec<Version> = lines.next().unwrap().split(' ').map(|text| text.parse().unwrap()).collect();
    let mut wrong = Vec::new();
    let mut differing = BTreeSet::new();
    let mut pairs = 0;
    for line in lines {
        let (text, bits) = line.split_once('\t').unwrap();
        let text: String = serde_json::from_str(text).unwrap();
        let specifiers = match (text.parse::<VersionSpecifiers>(), bits) {
            (Err(_), "-") => continue,
            (Err(_), _) if has_empty_clause(&text) => {
                differing.insert("an empty clause");
                continue;
            }
            (Ok(specifiers), bits) if bits != "-" => specifiers,
            (parsed, bits) => {
                wrong.push(format!("{text}: {} and not {bits}", if parsed.is_ok() { "a specifier" } else { "none" }));
                continue;
            }
        };
        let bits = u64::from_str_radix(bits, 16).unwrap();
        let range = Range::from(specifiers.clone());
        for (at, version) in versions.iter().enumerate() {
            pairs += 1;
            let theirs = bits >> at & 1 == 1;
            if range.contains(version) != theirs {
                if text.starts_with("===") && !theirs {
                    differing.insert("=== as equality of versions");
                } else {
                    wrong.push(format!("{version} {text}: {} as a range", !theirs));
                }
            }
            if specifiers.contains(version) != theirs {
                if follows_a_pre_release(&specifiers, version) && theirs {
                    differing.insert("a post-release after a pre-release, as a specifier");
                } else {
                    wrong.push(format!("{version} {text}: {} as a specifier", !theirs));
                }
            }
        }
    }
    assert!(pairs > 10_000);
    assert_eq!(wrong, Vec::<String>::new());
    // docs/compatibility.md has a paragraph for each.
    let expected =
        ["=== as equality of versions", "a post-release after a pre-release, as a specifier", "an empty clause"];
    assert_eq!(Vec::from_iter(differing), expected);
}

/// packaging takes `>=1,`; a user's own text is refused and published metadata repaired.
fn has_empty_clause(text: &str) -> bool {
    text.split(',').any(|clause| clause.trim().is_empty())
}

/// `>1.0a1` against `1.0.post1`: what the resolver works with, the range, has it inside.
fn follows_a_pre_release(specifiers: &VersionSpecifiers, version: &Version) -> bool {
    version.is_post()
        && specifiers.iter().any(|one| {
            one.operator().to_string() == ">"
                && one.version().any_prerelease()
                && one.version().only_release() == version.only_release()
        })
}
