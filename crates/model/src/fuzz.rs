//! What the fuzzer calls (`fuzz/`): bytes in, no panic out, and what must hold of every value that was read.

use crate::{
    CoreMetadata, Distribution, ExtraName, Joins, MarkerTree, PackageName, ProjectPage, Requirement, WheelName,
    lenient_requirement,
};
use std::str::FromStr;
use url::Url;

fn project() -> (PackageName, Url) {
    let name = "six".parse().expect("`six` is a name");
    (name, Url::parse("https://index.example/simple/six/").expect("it is a URL"))
}

pub fn html_page(bytes: &[u8]) {
    let (name, base) = project();
    if let Ok(page) = ProjectPage::from_html(&name, bytes, &base) {
        check_page(&page);
    }
}

pub fn json_page(bytes: &[u8]) {
    let (name, base) = project();
    if let Ok(page) = ProjectPage::from_json(&name, bytes, &base) {
        check_page(&page);
    }
}

/// URLs go to the network as they are: each must be one that parses to itself and whose scheme is allowed.
fn check_page(page: &ProjectPage) {
    for file in &page.files {
        assert_eq!(Url::parse(file.url.as_str()).as_ref(), Ok(&file.url));
        assert!(matches!(file.url.scheme(), "http" | "https"), "{}", file.url);
        assert!(file.url.fragment().is_none(), "{}", file.url);
        let again = Distribution::parse(&file.filename, &page.name).expect("it was read from that name");
        assert_eq!(again, file.distribution);
        file.storage();
    }
    assert!(page.versions().is_sorted());
}

pub fn metadata(bytes: &[u8]) {
    if let Ok(metadata) = CoreMetadata::parse(bytes) {
        metadata.is_static();
        metadata.requires_dist.iter().for_each(check_requirement);
    }
}

pub fn requirement(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(requirement) = lenient_requirement(text) {
        check_requirement(&requirement);
    }
    crate::lenient_requires_python(text);
}

/// The lock holds requirements as text, so their text must be read back as the same requirement.
fn check_requirement(requirement: &Requirement) {
    let text = requirement.to_string();
    let again = Requirement::from_str(&text).unwrap_or_else(|error| panic!("`{text}` cannot be read: {error}"));
    assert_eq!((&again.name, &again.extras), (&requirement.name, &requirement.extras), "{text}");
    // A marker that never holds has no text of its own, only one that comes near.
    assert!(again.marker == requirement.marker || requirement.marker.is_false(), "{text}");
}

/// What a marker may be joined of. So few that all diagrams together fit the memory of a long run.
const COMPARISONS: [&str; 6] = [
    "python_full_version < '3.9'",
    "python_full_version >= '3.11'",
    "sys_platform == 'win32'",
    "platform_machine == 'arm64'",
    "extra == 'a'",
    "extra == 'b'",
];

/// Each byte is one step; within the budget, a join says what the library says.
pub fn joins(bytes: &[u8]) {
    let joins = Joins::default();
    let extras: [ExtraName; 1] = ["a".parse().expect("it is a name")];
    let (mut all, mut universe) = (MarkerTree::TRUE, MarkerTree::TRUE);
    for byte in bytes.iter().take(200) {
        let one = MarkerTree::from_str(COMPARISONS[usize::from(byte % 6)]).expect("they are markers");
        let one = if byte & 0x80 == 0 { one } else { one.negate() };
        assert_eq!(joins.is_disjoint(all, one), all.is_disjoint(one));
        all = match byte / 6 % 7 {
            0 | 1 => joined(joins.and(all, one), all.and(one)),
            2 | 3 => joined(joins.or(all, one), all.or(one)),
            4 => {
                let before = universe;
                universe = joins.or(universe.negate(), one);
                before
            }
            5 => joined(joins.without_extras(all), all.without_extras()),
            _ => {
                let counts = |other: &ExtraName| other != &extras[0];
                let plain = all.simplify_extras(&extras).simplify_not_extras_with(counts);
                joined(joins.with_extras(all, &extras, counts), plain)
            }
        };
        let inside = joins.within_universe(all, universe);
        // Not compared as they are: the library leaves ranges side by side that are one.
        for (a, b) in [(inside, all), (all, inside)] {
            assert!(a.and(b.negate()).and(universe).is_false(), "not the same inside: {inside:?}, {all:?}");
        }
    }
    assert!(!joins.is_over() && joins.is_lockable(all));
}

fn joined(within_budget: MarkerTree, plain: MarkerTree) -> MarkerTree {
    assert_eq!(within_budget, plain);
    plain
}

/// File names of wheels and sdists.
pub fn file_name(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(wheel) = WheelName::from_str(text) {
        let shown = wheel.to_string();
        assert_eq!(WheelName::from_str(&shown).ok(), Some(wheel), "{text} -> {shown}");
    }
    let (name, _) = project();
    drop(Distribution::parse(text, &name));
}

#[cfg(test)]
#[path = "../../../fuzz/replay.rs"]
mod replay;

#[cfg(test)]
mod tests {
    use super::replay::replay;
    use super::*;

    #[test]
    fn known_inputs_do_no_harm() {
        replay("html_page", html_page);
        replay("json_page", json_page);
        replay("metadata", metadata);
        replay("requirement", requirement);
        replay("file_name", file_name);
        replay("joins", joins);
    }
}
