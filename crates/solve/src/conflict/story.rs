//! A proof as a story: who needs what, and which versions are out of the question, from the project downwards.

use crate::Target;
use crate::conflict::leaf::{Asker, Bar, Leaf, Versions, World, name_of};
use pybun_lock::RootKind;
use pybun_model::{ExtraName, Joins, MarkerTree, PackageName};
use pybun_resolver::{Conflict, Node, Range, Why};
use std::collections::{BTreeMap, BTreeSet};

/// The facts of a proof, alike ones together. Ranges are over what exists.
pub(crate) struct Story {
    /// Those who need something, the project first and then in the order in which it leads to them.
    pub(crate) links: Vec<Link>,
    pub(crate) walls: Vec<Wall>,
    pub(crate) broken: Vec<Why>,
    pub(crate) environment: MarkerTree,
}

/// Somebody needs something.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) by: Asker,
    pub(crate) node: Node,
    pub(crate) wanted: Range,
    /// Where it counts.
    pub(crate) marker: MarkerTree,
    /// As written; several where versions say it in several ways.
    pub(crate) texts: BTreeSet<String>,
}

/// Versions that cannot be used.
#[derive(Clone, Debug)]
pub(crate) struct Wall {
    pub(crate) name: PackageName,
    pub(crate) range: Range,
    pub(crate) bar: Bar,
}

/// More ways than this in which the versions of one project need another are told as one.
const MAX_WAYS: usize = 3;
const MAX_COMPARED: usize = 200;

impl Story {
    pub(crate) fn new(conflict: &Conflict, world: World) -> Self {
        let mut ways: BTreeMap<Way, Ways> = BTreeMap::new();
        let mut walls: Vec<Wall> = Vec::new();
        let mut broken = Vec::new();
        for leaf in conflict.leaves().filter_map(|cause| world.leaf(cause)) {
            match leaf {
                Leaf::Needs { by, node, wanted, text, marker } => {
                    let link = Link { by, node, wanted, marker, texts: BTreeSet::from([text]) };
                    ways.entry(way(&link)).or_default().add(link, world.resolver.joins());
                }
                Leaf::Barred { name, range, bar, .. } => wall(&mut walls, world, name, &range, bar),
                Leaf::Broken { why } => broken.push(why),
                Leaf::Tie { .. } => {}
            }
        }
        let links = in_order(ways.into_values().flat_map(|ways| ways.links).collect());
        for link in &links {
            empty(&mut walls, world, link);
        }
        walls.sort_by(|a, b| a.name.cmp(&b.name));
        let environment = everywhere(conflict.environment, &links, world);
        Self { links, walls, broken, environment }
    }

    /// What stands in your own lists and matters here, constraints and overrides last.
    pub(crate) fn yours(&self) -> impl Iterator<Item = &Link> {
        let rank = |link: &&Link| match link.by {
            Asker::Root(..) => 0,
            Asker::Constraint(_) => 1,
            Asker::Override(_) => 2,
            Asker::Package(..) => 3,
        };
        let mut all: Vec<&Link> = self.links.iter().filter(|link| rank(link) < 3).collect();
        all.sort_by_key(rank);
        all.into_iter()
    }

    /// Two who need the same project want versions of it that exclude each other.
    pub(crate) fn is_contested(&self, world: World) -> bool {
        // Nothing small enough to be read has more.
        let links = &self.links[..self.links.len().min(MAX_COMPARED)];
        links.iter().enumerate().any(|(place, one)| {
            links[..place].iter().any(|other| {
                let Some(name) = name_of(&one.node).filter(|name| name_of(&other.node) == Some(*name)) else {
                    return false;
                };
                if asker_name(&one.by).is_some() && asker_name(&one.by) == asker_name(&other.by) {
                    return false;
                }
                let (a, b) = (world.inside(name, &one.wanted), world.inside(name, &other.wanted));
                let within = |inner: &[_], outer: &[_]| inner.iter().all(|version| outer.contains(version));
                !within(&a, &b) && !within(&b, &a)
            })
        })
    }

    /// How the project leads to `name`, a link after the other.
    pub(crate) fn chain(&self, name: &PackageName) -> Vec<&Link> {
        let mut before: BTreeMap<&PackageName, &Link> = BTreeMap::new();
        for link in self.links.iter().filter(|link| !matches!(link.by, Asker::Constraint(_) | Asker::Override(_))) {
            let Some(to) = name_of(&link.node) else { continue };
            let reached = asker_name(&link.by).is_none_or(|from| before.contains_key(from));
            if reached && asker_name(&link.by) != Some(to) {
                before.entry(to).or_insert(link);
            }
        }
        let mut chain = Vec::new();
        let mut at = Some(name);
        while let Some(link) = at.and_then(|name| before.get(name)) {
            chain.push(*link);
            at = asker_name(&link.by);
        }
        chain.reverse();
        chain
    }
}

/// The part of `environment` in which all of it counts at once.
fn everywhere(environment: MarkerTree, links: &[Link], world: World) -> MarkerTree {
    let joins = world.resolver.joins();
    let all = links.iter().fold(environment, |all, link| joins.and(all, link.marker));
    if all.is_false() || matches!(world.request.target, Target::Machine) {
        return environment;
    }
    world.resolver.without_python(all)
}

/// The ways in which one project, or one requirement of yours, needs another.
#[derive(Default)]
struct Ways {
    links: Vec<Link>,
    /// There were too many, and they are one now.
    crowded: bool,
}

/// Whoever needs something, whatever its versions, and what it needs.
type Way = (Option<(PackageName, Option<ExtraName>)>, Option<Asker>, Node);

fn way(link: &Link) -> Way {
    match &link.by {
        Asker::Package(name, extra, _) => (Some((name.clone(), extra.clone())), None, link.node.clone()),
        own @ (Asker::Root(..) | Asker::Constraint(_) | Asker::Override(_)) => {
            (None, Some(own.clone()), link.node.clone())
        }
    }
}

impl Ways {
    /// A proof may have as many facts as its projects have versions, so that none is compared with all the others.
    fn add(&mut self, new: Link, joins: &Joins) {
        let alike = self.links.iter().position(|link| link.wanted == new.wanted);
        match alike.or(self.crowded.then_some(0)) {
            Some(place) => self.links[place].join(new, joins),
            None => self.links.push(new),
        }
        if self.links.len() > MAX_WAYS && matches!(self.links[0].by, Asker::Package(..)) {
            self.crowded = true;
            let others = self.links.split_off(1);
            others.into_iter().for_each(|other| self.links[0].join(other, joins));
        }
    }
}

impl Link {
    fn join(&mut self, other: Link, joins: &Joins) {
        self.by = joined(&self.by, &other.by);
        if self.wanted != other.wanted {
            self.wanted = self.wanted.union(&other.wanted);
        }
        self.marker = joins.or(self.marker, other.marker);
        self.texts.extend(other.texts);
    }
}

fn joined(one: &Asker, other: &Asker) -> Asker {
    match (one, other) {
        (Asker::Package(name, extra, Versions(a)), Asker::Package(_, _, Versions(b))) => {
            Asker::Package(name.clone(), extra.clone(), Versions(a.union(b)))
        }
        (one, _) => one.clone(),
    }
}

/// Breadth first from the project; what nothing leads to comes last.
fn in_order(mut links: Vec<Link>) -> Vec<Link> {
    links.sort_by(|a, b| (&a.by, &a.node).cmp(&(&b.by, &b.node)));
    let mut depth: BTreeMap<PackageName, usize> = BTreeMap::new();
    for _ in 0..links.len() {
        let mut changed = false;
        for link in &links {
            let from = match asker_name(&link.by) {
                None => Some(0),
                Some(name) => depth.get(name).copied(),
            };
            if let (Some(from), Some(to)) = (from, name_of(&link.node))
                && depth.get(to).is_none_or(|known| *known > from + 1)
            {
                depth.insert(to.clone(), from + 1);
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    links.sort_by_key(|link| asker_name(&link.by).map_or(0, |name| depth.get(name).copied().unwrap_or(usize::MAX)));
    links
}

pub(crate) fn asker_name(by: &Asker) -> Option<&PackageName> {
    match by {
        Asker::Package(name, ..) => Some(name),
        Asker::Root(..) | Asker::Constraint(_) | Asker::Override(_) => None,
    }
}

fn wall(walls: &mut Vec<Wall>, world: World, name: PackageName, range: &Range, bar: Bar) {
    // That there is nothing between two versions goes without saying.
    if bar == Bar::NoVersion || (bar == Bar::TooNew && world.is_known(&name)) {
        return;
    }
    let whole = world.versions(&name).is_empty();
    if !whole && world.inside(&name, range).is_empty() {
        return;
    }
    match walls.iter_mut().find(|wall| wall.name == name && wall.bar == bar) {
        Some(wall) => wall.range = wall.range.union(range),
        None => walls.push(Wall { name, range: range.clone(), bar }),
    }
}

/// What somebody wants and the index does not have.
fn empty(walls: &mut Vec<Wall>, world: World, link: &Link) {
    let Some(name) = name_of(&link.node) else { return };
    if !world.is_known(name) || !world.inside(name, &link.wanted).is_empty() {
        return;
    }
    let bar = world.nothing(name, &link.wanted);
    match walls.iter_mut().find(|wall| wall.name == *name && wall.bar == bar) {
        Some(wall) => wall.range = wall.range.union(&link.wanted),
        None => walls.push(Wall { name: name.clone(), range: link.wanted.clone(), bar }),
    }
}

/// Which list of yours.
pub(crate) fn list_of(kind: &RootKind) -> Option<String> {
    match kind {
        RootKind::Project => None,
        RootKind::Extra(name) => Some(format!("extra `{name}`")),
        RootKind::Group(name) => Some(format!("group `{name}`")),
    }
}
