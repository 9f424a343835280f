//! The chains of requirements that bring a package into a lock.

use crate::{Entry, Graph, Link};
use pybun_lock::RootKind;
use pybun_model::{ExtraName, MarkerTree, PackageName};
use rustc_hash::{FxHashMap, FxHashSet};
use std::rc::Rc;

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
/// No real chain of packages is nearly as long.
const MAX_STEPS: usize = 500;

/// A chain that is begun: its last step, and the chain without it.
struct Begun<'a> {
    entry: &'a Entry<'a>,
    last: Rc<Link>,
    before: Option<usize>,
    length: usize,
}

/// Walks breadth first, so that shorter chains are complete before longer ones begin; a chain visits no package twice.
pub fn why(graph: &Graph, name: &PackageName) -> Chains {
    let useful = leading_to(graph, name);
    let entries = graph.entries();
    let mut out = Chains::default();
    let first = entries.iter().filter(|entry| useful.contains(&entry.to.package));
    let mut begun: Vec<Begun> =
        first.map(|entry| Begun { entry, last: Rc::new(entry.to.clone()), before: None, length: 1 }).collect();
    // What a package needs is asked again for each chain that comes by.
    let mut needs: FxHashMap<(u32, Vec<ExtraName>), Vec<Rc<Link>>> = FxHashMap::default();
    let mut at = 0;
    while at < begun.len() {
        let Begun { entry, last, length, .. } = &begun[at];
        let (entry, length) = (*entry, *length);
        if graph.lock.packages[last.package as usize].name == *name {
            if out.chains.len() == MAX_CHAINS {
                out.more = true;
                break;
            }
            out.chains.push(chain(graph, &begun, at));
            at += 1;
            continue;
        }
        let key = (last.package, last.extras.clone());
        let next = needs.entry(key).or_insert_with_key(|(package, extras)| {
            let links = graph.needs(*package, extras).into_iter();
            links.filter(|link| useful.contains(&link.package)).map(Rc::new).collect()
        });
        let longer = next.iter().filter(|link| !is_on_the_way(&begun, at, link.package)).map(|link| Begun {
            entry,
            last: link.clone(),
            before: Some(at),
            length: length + 1,
        });
        let longer: Vec<Begun> = longer.collect();
        if begun.len() + longer.len() > MAX_WORK || (length == MAX_STEPS && !longer.is_empty()) {
            out.more = true;
            return out;
        }
        begun.extend(longer);
        at += 1;
    }
    out
}

fn is_on_the_way(begun: &[Begun], mut at: usize, package: u32) -> bool {
    while begun[at].last.package != package {
        let Some(before) = begun[at].before else { return false };
        at = before;
    }
    true
}

fn chain(graph: &Graph, begun: &[Begun], last: usize) -> Chain {
    let mut steps = Vec::new();
    let mut at = Some(last);
    while let Some(place) = at {
        let Link { package, extras, because_of, marker } = (*begun[place].last).clone();
        steps.push(Step { package, extras, because_of, marker });
        at = begun[place].before;
    }
    steps.reverse();
    let Entry { kind, requirement, .. } = begun[last].entry;
    Chain { root: (*kind).clone(), requirement: graph.requirement_text(requirement), steps }
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
