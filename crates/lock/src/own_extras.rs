//! What a project requires of itself: `all = ["project[a, b]"]` stands for what `a` and `b` require.

use crate::{Inputs, Root, RootKind};
use pybun_model::{ExtraName, Joins, PackageName, Problem, Requirement};
use std::collections::{BTreeSet, HashMap, HashSet};

/// Puts the requirements of the project's own extras where a root requires the project with them, at any depth.
/// A root that takes in what conflicts with others conflicts with them as well.
pub fn with_own_extras(mut inputs: Inputs, name: &PackageName) -> Result<Inputs, Problem> {
    let own = |requirement: &Requirement| requirement.name == *name;
    if !inputs.roots.iter().flat_map(|root| &root.requirements).any(own) {
        return Ok(inputs);
    }
    let before = inputs.roots.clone();
    let of_extra: HashMap<&RootKind, &Root> = before.iter().map(|root| (&root.kind, root)).collect();
    let mut bounds = Bounds { joins: Joins::default(), left: MAX_REQUIREMENTS };
    for root in &mut inputs.roots {
        let mut taken = BTreeSet::new();
        root.requirements =
            expand(&of_extra, root, name, &mut taken, &mut bounds).ok_or_else(|| too_complicated(&root.kind, name))?;
        let includes = |other: &RootKind| matches!(other, RootKind::Extra(extra) if taken.contains(extra));
        let inherited: Vec<Vec<RootKind>> = inputs
            .conflicts
            .iter()
            .filter(|conflict| !conflict.contains(&root.kind) && conflict.iter().any(includes))
            .map(|conflict| {
                let others = conflict.iter().filter(|other| !includes(other)).cloned();
                others.chain([root.kind.clone()]).collect()
            })
            .filter(|conflict: &Vec<RootKind>| conflict.len() > 1 && root.kind != RootKind::Project)
            .collect();
        inputs.conflicts.extend(inherited);
    }
    Ok(inputs)
}

/// Extras that take in each other say in a kilobyte what takes a gigabyte to write out.
const MAX_REQUIREMENTS: usize = 100_000;

struct Bounds {
    joins: Joins,
    /// How many requirements more there may be.
    left: usize,
}

fn too_complicated(kind: &RootKind, name: &PackageName) -> Problem {
    let why = format!("what {kind} requires of {name} itself comes to more than any project needs");
    Problem::new("lock/own-extras", why)
        .hint(format!("Let fewer extras take in others with `{name}[...]`, and with simpler markers"))
}

/// The requirements of `root` with those of the extras that it takes in, each extra once for a marker, so that cycles
/// end. `None` for more than `bounds`.
fn expand(
    all: &HashMap<&RootKind, &Root>,
    root: &Root,
    name: &PackageName,
    taken: &mut BTreeSet<ExtraName>,
    bounds: &mut Bounds,
) -> Option<Vec<Requirement>> {
    let mut out = Vec::new();
    let mut work: Vec<Requirement> = root.requirements.iter().rev().cloned().collect();
    let mut entered = HashSet::new();
    while let Some(requirement) = work.pop() {
        if requirement.name != *name {
            out.push(requirement);
            continue;
        }
        for extra in &requirement.extras {
            taken.insert(extra.clone());
            if !entered.insert((extra.clone(), requirement.marker)) {
                continue;
            }
            let of_extra = all.get(&RootKind::Extra(extra.clone()));
            for inner in of_extra.into_iter().flat_map(|other| other.requirements.iter().rev()) {
                let marker = bounds.joins.and(inner.marker, requirement.marker);
                bounds.left = bounds.left.checked_sub(1).filter(|_| !bounds.joins.is_over())?;
                work.push(Requirement { marker, ..inner.clone() });
            }
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(extra: &str, requirements: &[&str]) -> Root {
        let kind = if extra.is_empty() { RootKind::Project } else { RootKind::Extra(extra.parse().unwrap()) };
        Root { kind, requirements: requirements.iter().map(|text| text.parse().unwrap()).collect() }
    }

    fn expanded(roots: Vec<Root>, conflicts: &[&[&str]]) -> Inputs {
        let kinds = |names: &&[&str]| names.iter().map(|name| RootKind::Extra(name.parse().unwrap())).collect();
        let inputs = Inputs { conflicts: conflicts.iter().map(kinds).collect(), ..Inputs::of(roots) };
        with_own_extras(inputs, &"me".parse().unwrap()).unwrap().sorted()
    }

    fn texts(inputs: &Inputs, extra: &str) -> Vec<String> {
        let kind = RootKind::Extra(extra.parse().unwrap());
        let root = inputs.roots.iter().find(|root| root.kind == kind).unwrap();
        root.requirements.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn own_extras_stand_for_their_requirements() {
        let roots = vec![
            root("", &["x"]),
            root("all", &["me[b,deep] ; sys_platform == 'linux'", "y"]),
            root("b", &["b1", "me[all]"]),
            root("deep", &["me[deeper]"]),
            root("deeper", &["d"]),
        ];
        let inputs = expanded(roots, &[]);
        let on_linux = |name: &str| format!("{name} ; sys_platform == 'linux'");
        assert_eq!(texts(&inputs, "all"), [on_linux("b1"), on_linux("d"), "y".into(), on_linux("y")]);
        assert!(texts(&inputs, "b").contains(&"y".to_owned()));
        assert_eq!(texts(&inputs, "deep"), ["d"]);
    }

    #[test]
    fn a_root_inherits_conflicts() {
        let roots = vec![root("a", &["x<2"]), root("b", &["x>=2"]), root("all", &["me[a]"])];
        let extra = |name: &str| RootKind::Extra(name.parse().unwrap());
        let conflicts = expanded(roots, &[&["a", "b"]]).conflicts;
        assert_eq!(conflicts, [[extra("a"), extra("b")], [extra("all"), extra("b")]]);
    }

    #[test]
    fn extras_that_take_in_each_other_do_not_multiply() {
        let me = "me".parse().unwrap();
        // Each in two ways, so that the last is reached in as many as there are subsets.
        let doubling = (0..20).map(|i| {
            let ways =
                [format!("me[e{}] ; '{i}' in os_name", i + 1), format!("me[e{}] ; '{i}' in sys_platform", i + 1)];
            root(&format!("e{i}"), &ways.iter().map(String::as_str).collect::<Vec<_>>())
        });
        let inputs = Inputs::of(doubling.chain([root("e20", &["x"])]).collect());
        assert_eq!(with_own_extras(inputs, &me).unwrap_err().code, "lock/own-extras");
        let chain = (0..2_000).map(|i| root(&format!("e{i}"), &[&format!("me[e{}]", i + 1), &format!("x{i}")]));
        assert_eq!(with_own_extras(Inputs::of(chain.collect()), &me).unwrap_err().code, "lock/own-extras");
        let chain = (0..200).map(|i| root(&format!("e{i}"), &[&format!("me[e{}]", i + 1), &format!("x{i}")]));
        assert!(with_own_extras(Inputs::of(chain.collect()), &me).is_ok());
    }
}
