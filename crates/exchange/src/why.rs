//! The chains of requirements that bring a package into a lock.

use crate::Graph;
use crate::graph::requirement_text;
use pybun_lock::RootKind;
use pybun_model::{ExtraName, MarkerTree, PackageName};
use rustc_hash::FxHashSet;
use std::collections::VecDeque;

/// Every chain, the shortest first.
#[derive(Clone, Debug, Default)]
pub struct Chains {
    pub chains: Vec<Chain>,
    /// There are more chains than are told.
    pub more: bool,
}

#[derive(Clone, Debug)]
pub struct Chain {
    pub root: RootKind,
    /// The project's own requirement that the chain begins with.
    pub requirement: String,
    /// From what is required to the package that was asked about.
    pub steps: Vec<Step>,
}

#[derive(Clone, Debug)]
pub struct Step {
    /// Position in `Lock::packages`.
    pub package: u32,
    pub extras: Vec<ExtraName>,
    /// The extra of the package before it because of which it is needed.
    pub because_of: Option<ExtraName>,
    /// When the package before it needs it.
    pub marker: MarkerTree,
}

const MAX_CHAINS: usize = 200;
/// Chains that are begun; a graph may have more of them than atoms in the universe.
const MAX_WORK: usize = 200_000;

/// Walks breadth first, so that shorter chains are complete before longer ones begin; a chain visits no package twice.
pub fn why(graph: &Graph, name: &PackageName) -> Chains {
    let useful = leading_to(graph, name);
    let mut out = Chains::default();
    let mut work: VecDeque<Chain> = VecDeque::new();
    for entry in graph.entries().into_iter().filter(|entry| useful.contains(&entry.to.package)) {
        let step = Step {
            package: entry.to.package,
            extras: entry.to.extras,
            because_of: entry.to.because_of,
            marker: entry.to.marker,
        };
        let (root, requirement) = (entry.kind.clone(), requirement_text(entry.requirement));
        work.push_back(Chain { root, requirement, steps: vec![step] });
    }
    let mut begun = work.len();
    while let Some(chain) = work.pop_front() {
        let last = chain.steps.last().expect("a chain begins with a step");
        if graph.lock.packages[last.package as usize].name == *name {
            if out.chains.len() == MAX_CHAINS {
                out.more = true;
                break;
            }
            out.chains.push(chain);
            continue;
        }
        for link in graph.needs(last.package, &last.extras) {
            let again = chain.steps.iter().any(|step| step.package == link.package);
            if again || !useful.contains(&link.package) {
                continue;
            }
            begun += 1;
            if begun > MAX_WORK {
                out.more = true;
                return out;
            }
            let mut longer = chain.clone();
            longer.steps.push(Step {
                package: link.package,
                extras: link.extras,
                because_of: link.because_of,
                marker: link.marker,
            });
            work.push_back(longer);
        }
    }
    out
}

/// The packages from which edges lead to the name, and the name's own.
fn leading_to(graph: &Graph, name: &PackageName) -> FxHashSet<u32> {
    let packages = (0_u32..).zip(&graph.lock.packages);
    let mut useful: FxHashSet<u32> =
        packages.clone().filter(|(_, package)| package.name == *name).map(|(position, _)| position).collect();
    let mut work: Vec<u32> = useful.iter().copied().collect();
    let mut needed_by: Vec<Vec<u32>> = vec![Vec::new(); graph.lock.packages.len()];
    for (position, package) in packages {
        for edge in &package.dependencies {
            needed_by[edge.package as usize].push(position);
        }
    }
    while let Some(package) = work.pop() {
        for &from in &needed_by[package as usize] {
            if useful.insert(from) {
                work.push(from);
            }
        }
    }
    useful
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scope;
    use crate::samples::{group, lock};
    use pybun_lock::Lock;

    fn chains(lock: &Lock, name: &str) -> (Vec<String>, bool) {
        let scope =
            Scope { roots: lock.inputs.roots.iter().map(|root| root.kind.clone()).collect(), ..Scope::default() };
        let found = why(&Graph::new(lock, &scope), &name.parse().unwrap());
        let text = |chain: &Chain| {
            let names: Vec<_> =
                chain.steps.iter().map(|step| lock.packages[step.package as usize].name.to_string()).collect();
            format!("{:?} {}: {}", chain.root, chain.requirement, names.join(" > "))
        };
        (found.chains.iter().map(text).collect(), found.more)
    }

    #[test]
    fn the_shortest_chain_comes_first_and_none_goes_in_a_circle() {
        let lock = lock(
            &[(RootKind::Project, &["a>=1", "e"]), (group("dev"), &["c<3"])],
            &[("a 1", &["b"]), ("b 1", &["c", "a"]), ("c 1", &["b"]), ("d 1", &[]), ("e 1", &["d"])],
        );
        let expected = ["Group(GroupName(\"dev\")) c<3: c", "Project a>=1: a > b > c"];
        assert_eq!(chains(&lock, "c"), (expected.map(str::to_owned).to_vec(), false));
        assert_eq!(chains(&lock, "nothing"), (vec![], false));
    }

    #[test]
    fn more_chains_than_anybody_reads_are_bounded() {
        let names: Vec<String> = (0..60).map(|n| format!("p{n:02} 1")).collect();
        let needs: Vec<Vec<String>> = (0..60).map(|n| (n + 1..60).map(|m| format!("p{m:02}")).collect()).collect();
        let needs: Vec<Vec<&str>> = needs.iter().map(|of| of.iter().map(String::as_str).collect()).collect();
        let packages: Vec<(&str, &[&str])> =
            names.iter().zip(&needs).map(|(name, of)| (name.as_str(), of.as_slice())).collect();
        let (found, more) = chains(&lock(&[(RootKind::Project, &["p00"])], &packages), "p59");
        assert_eq!((found.len(), more), (MAX_CHAINS, true));
    }
}
