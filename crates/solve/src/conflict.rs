//! A conflict as a problem: which of three things went wrong, in words, and the whole proof as data.

use crate::Request;
use pybun_model::{PackageName, Problem, ProjectPage, Version};
use pybun_resolver::{Cause, Conflict, Node, Range, Why};
use rustc_hash::FxHashMap;
use serde_json::{Value, json};
use std::ops::Bound;
use std::sync::Arc;

pub(crate) fn problem(
    conflict: &Conflict,
    request: &Request,
    pages: &FxHashMap<PackageName, Arc<ProjectPage>>,
) -> Problem {
    let leaves: Vec<&Cause> = conflict.leaves().collect();
    let problem = if let Some(unknown) = leaves.iter().find_map(unknown_package) {
        unknown_problem(unknown, &leaves)
    } else if let Some((package, range)) = only_missing_version(&leaves) {
        no_version_problem(package, range, pages)
    } else {
        Problem::new("resolve/no-solution", sentence(&leaves, pages))
            .hint("Relax one of the requirements that the explanation names")
    };
    let requirements: Vec<String> =
        request.inputs.roots.iter().flat_map(|root| root.requirements.iter().map(ToString::to_string)).collect();
    problem.with("requirements", requirements).with("conflict", steps_json(conflict))
}

fn unknown_package<'a>(leaf: &&'a Cause) -> Option<&'a Node> {
    match leaf {
        Cause::Unusable { package, why: Why::NotFound, .. } => Some(package),
        _ => None,
    }
}

fn unknown_problem(package: &Node, leaves: &[&Cause]) -> Problem {
    let askers: Vec<String> = leaves
        .iter()
        .filter_map(|leaf| match leaf {
            Cause::Requires { from, to, .. } if to == package => Some(from.to_string()),
            _ => None,
        })
        .collect();
    let asked_by = if askers.is_empty() { String::new() } else { format!(" (required by {})", askers.join(", ")) };
    Problem::new("resolve/unknown-package", format!("`{package}` {}{asked_by}", Why::NotFound))
        .hint("Check the spelling, or name the index that has it with --index-url or --extra-index-url")
        .with("package", package.to_string())
        .with("required_by", askers)
}

/// The proof is that you require a package in a range that holds no version.
fn only_missing_version<'a>(leaves: &[&'a Cause]) -> Option<(&'a Node, &'a Range)> {
    let mut missing = leaves.iter().filter_map(|leaf| match leaf {
        Cause::NoVersions { package, range } => Some((package, range)),
        _ => None,
    });
    let first = missing.next()?;
    let from_you = |leaf: &&Cause| match leaf {
        Cause::Requires { from, .. } => *from == Node::Root,
        Cause::NoVersions { .. } => true,
        Cause::Unusable { .. } | Cause::Derived { .. } => false,
    };
    (leaves.len() <= 3 && missing.next().is_none() && leaves.iter().all(from_you)).then_some(first)
}

fn no_version_problem(package: &Node, range: &Range, pages: &FxHashMap<PackageName, Arc<ProjectPage>>) -> Problem {
    let name = match package {
        Node::Package(name) | Node::Extra(name, _) => Some(name),
        Node::Root => None,
    };
    let known: Vec<String> = name
        .and_then(|name| pages.get(name))
        .map(|page| page.versions().into_iter().rev().take(10).map(Version::to_string).collect())
        .unwrap_or_default();
    let message = format!("no version of `{package}` is in {}", show_range(range));
    let hint = match known.first() {
        Some(newest) => format!("The newest is {newest}; the index has {}", known.join(", ")),
        None => "The index has no usable file of any version".to_owned(),
    };
    Problem::new("resolve/no-matching-version", message)
        .hint(hint)
        .with("package", package.to_string())
        .with("range", range.to_string())
        .with("newest_versions", known)
}

/// The steps of the proof that rest on no other, in its order. That no other version exists goes without saying.
fn sentence(leaves: &[&Cause], pages: &FxHashMap<PackageName, Arc<ProjectPage>>) -> String {
    let mut steps: Vec<String> = Vec::new();
    for leaf in leaves {
        let step = match leaf {
            Cause::Requires { from: Node::Root, to, wanted, .. } => format!("you require {to}{}", show_wanted(wanted)),
            Cause::Requires { from, range, to, wanted } if from.to_string() != to.to_string() => {
                format!("{} requires {to}{}", show_versions(from, range, pages), show_wanted(wanted))
            }
            Cause::Unusable { package: Node::Root, why, .. } => format!("your project {why}"),
            Cause::Unusable { package, range, why } => format!("{} {why}", show_versions(package, range, pages)),
            Cause::Requires { .. } | Cause::NoVersions { .. } | Cause::Derived { .. } => continue,
        };
        if !steps.contains(&step) {
            steps.push(step);
        }
    }
    let more = steps.len().saturating_sub(MAX_STEPS);
    steps.truncate(MAX_STEPS);
    let rest = if more > 0 { format!("; and {more} more such facts") } else { String::new() };
    format!("the requirements contradict each other: {}{rest}", steps.join("; "))
}

/// A longer explanation explains nothing; the whole proof is in the context.
const MAX_STEPS: usize = 16;

/// The package with those of its versions that the range holds: `a 1.0`, `a 1.0 to 1.4`.
fn show_versions(node: &Node, range: &Range, pages: &FxHashMap<PackageName, Arc<ProjectPage>>) -> String {
    let (Node::Package(name) | Node::Extra(name, _)) = node else { return node.to_string() };
    let Some(page) = pages.get(name) else { return node.to_string() };
    let inside: Vec<&Version> = page.versions().into_iter().filter(|version| range.contains(version)).collect();
    match inside[..] {
        [] => node.to_string(),
        [only] => format!("{node} {only}"),
        [oldest, .., newest] => format!("{node} {oldest} to {newest}"),
    }
}

fn show_wanted(range: &Range) -> String {
    if *range == Range::full() { String::new() } else { format!(" {}", show_range(range)) }
}

/// A range as specifiers. `==1.0` is a range, because it also holds the local versions of 1.0.
fn show_range(range: &Range) -> String {
    let segment = |(low, high): (Bound<&Version>, Bound<&Version>)| match (low, high) {
        (Bound::Included(low), Bound::Included(high) | Bound::Excluded(high))
            if low.clone().without_local() == high.clone().without_local() =>
        {
            format!("=={low}")
        }
        (low, high) => {
            let low = match low {
                Bound::Unbounded => None,
                Bound::Included(low) => Some(format!(">={low}")),
                Bound::Excluded(low) => Some(format!(">{}", low.clone().without_local())),
            };
            let high = match high {
                Bound::Unbounded => None,
                Bound::Included(high) => Some(format!("<={}", high.clone().without_local())),
                Bound::Excluded(high) => Some(format!("<{high}")),
            };
            low.into_iter().chain(high).collect::<Vec<_>>().join(",")
        }
    };
    let outside = range.complement();
    if let (Some((Bound::Included(low), Bound::Included(high) | Bound::Excluded(high))), 1) =
        (outside.bounding_range(), outside.iter().count())
        && low.clone().without_local() == high.clone().without_local()
    {
        return format!("!={low}");
    }
    range.iter().map(segment).collect::<Vec<_>>().join(" or ")
}

fn steps_json(conflict: &Conflict) -> Value {
    let steps = conflict.steps.iter().map(|step| match step {
        Cause::Derived { terms, causes } => json!({
            "kind": "derived",
            "packages": terms
                .iter()
                .map(|term| json!({ "package": term.node.to_string(), "range": term.range.to_string(), "positive": term.positive }))
                .collect::<Vec<_>>(),
            "causes": causes,
        }),
        Cause::Requires { from, range, to, wanted } => json!({
            "kind": "requires",
            "package": from.to_string(),
            "range": range.to_string(),
            "requires": to.to_string(),
            "wanted": wanted.to_string(),
        }),
        Cause::NoVersions { package, range } => {
            json!({ "kind": "no-versions", "package": package.to_string(), "range": range.to_string() })
        }
        Cause::Unusable { package, range, why } => json!({
            "kind": "unusable", "package": package.to_string(), "range": range.to_string(), "why": why.to_string(),
        }),
    });
    steps.collect()
}
