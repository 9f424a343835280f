//! What a project requires of itself: `all = ["project[a, b]"]` stands for what `a` and `b` require.

use crate::{Inputs, Root, RootKind};
use pybun_model::{ExtraName, PackageName, Requirement};
use std::collections::BTreeSet;

/// Puts the requirements of the project's own extras where a root requires the project with them, at any depth.
/// A root that takes in what conflicts with others conflicts with them as well.
#[must_use]
pub fn with_own_extras(mut inputs: Inputs, name: &PackageName) -> Inputs {
    let own = |requirement: &Requirement| requirement.name == *name;
    if !inputs.roots.iter().flat_map(|root| &root.requirements).any(own) {
        return inputs;
    }
    let before = inputs.roots.clone();
    for root in &mut inputs.roots {
        let mut taken = BTreeSet::new();
        root.requirements = expand(&before, root, name, &mut taken);
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
    inputs
}

/// The requirements of `root` with those of the extras that it takes in, each extra once, so that cycles end.
fn expand(all: &[Root], root: &Root, name: &PackageName, taken: &mut BTreeSet<ExtraName>) -> Vec<Requirement> {
    let mut out = Vec::new();
    let mut work: Vec<Requirement> = root.requirements.iter().rev().cloned().collect();
    let mut entered = BTreeSet::new();
    while let Some(requirement) = work.pop() {
        if requirement.name != *name {
            out.push(requirement);
            continue;
        }
        for extra in &requirement.extras {
            taken.insert(extra.clone());
            if !entered.insert((extra.clone(), requirement.marker.try_to_string())) {
                continue;
            }
            let of_extra = all.iter().filter(|other| other.kind == RootKind::Extra(extra.clone()));
            for inner in of_extra.flat_map(|other| other.requirements.iter().rev()) {
                let marker = inner.marker.and(requirement.marker);
                work.push(Requirement { marker, ..inner.clone() });
            }
        }
    }
    out
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
        with_own_extras(inputs, &"me".parse().unwrap()).sorted()
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
}
