//! Who wants what could not be fetched.

use crate::Request;
use pybun_lock::RootKind;
use pybun_model::{PackageName, Problem, Requirement, Version};
use pybun_resolver::Resolver;
use std::collections::{BTreeMap, VecDeque};

/// The problem with the requirements that lead to `name`: one of the shortest ways through what is known so far.
pub(crate) fn with_chain(problem: Problem, name: &PackageName, request: &Request, resolver: &Resolver) -> Problem {
    let problem = if problem.context.contains_key("package") { problem } else { problem.with("package", name.as_ref()) };
    let chain = chain(name, request, resolver);
    if chain.is_empty() {
        return problem;
    }
    let own = chain.len() < 3 && chain[0] == PROJECT;
    let message = if own {
        problem.message.clone()
    } else {
        format!("{}\n  asked for by: {}", problem.message, chain.join(" -> "))
    };
    Problem { message, ..problem }.with("required_by", chain)
}

const PROJECT: &str = "your project";

/// Who asks, one after the other, and the text of the last requirement: `your project`, `a 1.0`, `b>=2`.
fn chain(name: &PackageName, request: &Request, resolver: &Resolver) -> Vec<String> {
    let mut known: BTreeMap<&PackageName, Vec<(&Version, &[Requirement])>> = BTreeMap::new();
    for (of, version, metadata) in resolver.known_metadata() {
        known.entry(of).or_default().push((version, &metadata.requires));
    }
    // Where each project was met first: by whom, and in which words.
    let mut met: BTreeMap<&PackageName, (Option<&PackageName>, String, &Requirement)> = BTreeMap::new();
    let mut queue = VecDeque::new();
    for root in &request.inputs.roots {
        let list = match &root.kind {
            RootKind::Project => PROJECT.to_owned(),
            RootKind::Extra(name) => format!("your extra `{name}`"),
            RootKind::Group(name) => format!("your group `{name}`"),
        };
        for requirement in &root.requirements {
            met.entry(&requirement.name).or_insert_with(|| {
                queue.push_back(&requirement.name);
                (None, list.clone(), requirement)
            });
        }
    }
    while let Some(asking) = queue.pop_front() {
        let mut releases = known.remove(asking).unwrap_or_default();
        releases.sort_by(|(a, _), (b, _)| b.cmp(a));
        for (version, requires) in releases {
            for requirement in requires {
                met.entry(&requirement.name).or_insert_with(|| {
                    queue.push_back(&requirement.name);
                    (Some(asking), format!("{asking} {version}"), requirement)
                });
            }
        }
    }
    let mut chain = Vec::new();
    let Some((_, _, last)) = met.get(name) else { return chain };
    chain.push(last.to_string());
    let mut at = Some(name);
    while let Some((by, text, _)) = at.and_then(|name| met.get(name)) {
        chain.push(text.clone());
        at = *by;
    }
    chain.reverse();
    chain
}
