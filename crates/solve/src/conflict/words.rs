//! A story in words.

use crate::Target;
use crate::conflict::leaf::{Asker, Bar, World, name_of};
use crate::conflict::ranges::{narrowed, stated};
use crate::conflict::story::{Link, Story, Wall, list_of};
use pybun_model::{MarkerTree, PackageName, Version};
use pybun_resolver::{Node, Range, Why};

/// A longer explanation explains nothing; the whole proof is in the context.
const MAX_LINES: usize = 5;
const MAX_NAMED: usize = 4;

/// That requirements of yours exclude each other, and why.
pub(crate) fn contradiction(story: &Story, world: World) -> String {
    let items: Vec<String> = story.yours().map(own).collect();
    let wher = where_(story.environment);
    let headline = match &items[..] {
        [] => format!("the requirements cannot be satisfied{wher}"),
        [only] => format!("{only} cannot be satisfied{wher}"),
        [one, other] => format!("{one} and {other} exclude each other{wher}"),
        all => format!("{} cannot be satisfied together{wher}", enumeration(all, MAX_NAMED)),
    };
    with_lines(headline, &facts(story, world))
}

pub(crate) fn with_lines(headline: String, lines: &[String]) -> String {
    let mut out = headline;
    for line in lines {
        out.push_str("\n  ");
        out.push_str(line);
    }
    out
}

/// What packages need, and what cannot be used.
pub(crate) fn facts(story: &Story, world: World) -> Vec<String> {
    let packages = || story.links.iter().filter(|link| matches!(link.by, Asker::Package(..)));
    let mut lines: Vec<(bool, String)> = Vec::new();
    let mut told: Option<&Asker> = None;
    for link in packages() {
        let plain = world.inside_all(link);
        if told == Some(&link.by)
            && let Some((mere, line)) = lines.last_mut()
        {
            line.push_str(&format!(" and {}", wanted(link, world)));
            *mere &= plain;
        } else {
            lines.push((plain, format!("{} needs {}", asker(&link.by, world), wanted(link, world))));
        }
        told = Some(&link.by);
    }
    lines.extend(walls(&story.walls, world).into_iter().map(|line| (false, line)));
    // What leads there matters less than what is wrong there.
    let mut over = lines.len().saturating_sub(MAX_LINES);
    let more = over;
    lines.retain(|(mere, _)| {
        let drop = *mere && over > 0;
        over -= usize::from(drop);
        !drop
    });
    let mut lines: Vec<String> = lines.into_iter().map(|(_, line)| line).collect();
    if over > 0 {
        lines.drain(1..=over);
    }
    if more > 0 {
        lines.truncate(MAX_LINES - 1);
        let left = more + 1;
        lines.push(format!("and {left} more facts, all of them in the context of --format=json"));
    }
    lines
}

/// One line for each reason of each project.
pub(crate) fn walls(walls: &[Wall], world: World) -> Vec<String> {
    let mut lines = Vec::new();
    for (place, wall) in walls.iter().enumerate() {
        if !matches!(wall.bar, Bar::Why(Why::NeedsPython(_))) {
            lines.push(wall_text(wall, world));
            continue;
        }
        let pythons = |wall: &&Wall| matches!(wall.bar, Bar::Why(Why::NeedsPython(_)));
        let same: Vec<&Wall> = walls.iter().filter(|other| other.name == wall.name).filter(pythons).collect();
        if walls[..place].iter().any(|other| other.name == wall.name && pythons(&other)) {
            continue;
        }
        lines.push(python_text(&same, world));
    }
    lines
}

/// Versions of a project that want other Pythons, told as one.
pub(crate) fn python_text(walls: &[&Wall], world: World) -> String {
    let range = walls.iter().fold(Range::empty(), |all, wall| all.union(&wall.range));
    let mut texts: Vec<(Option<Version>, String)> = walls
        .iter()
        .filter_map(|wall| match &wall.bar {
            Bar::Why(Why::NeedsPython(specifiers)) => {
                let lowest = Range::from(specifiers.clone()).bounding_range().and_then(|(low, _)| match low {
                    std::ops::Bound::Included(low) | std::ops::Bound::Excluded(low) => Some(low.clone()),
                    std::ops::Bound::Unbounded => None,
                });
                Some((lowest, specifiers.to_string()))
            }
            Bar::NoVersion | Bar::TooNew | Bar::Prereleases | Bar::Why(_) => None,
        })
        .collect();
    texts.sort();
    let lowest = texts.first().map(|(_, text)| text.clone()).unwrap_or_default();
    let newer = if texts.len() > 1 { " at least" } else { "" };
    let node = Node::Package(walls[0].name.clone());
    format!("{} needs Python {lowest}{newer}, and {}", of(&node, &range, world), target(world))
}

/// For which Pythons all this is.
pub(crate) fn target(world: World) -> String {
    match world.request.target {
        Target::Machine => format!("this is Python {}", world.request.markers.python_full_version().version),
        Target::Universal => format!("your project is for Python {}", world.resolver.inputs().python),
    }
}

fn wall_text(wall: &Wall, world: World) -> String {
    let node = Node::Package(wall.name.clone());
    match &wall.bar {
        Bar::NoVersion => {
            let newest = world.versions(&wall.name).last().map(|newest| format!("; the newest is {newest}"));
            format!("no version of {node} is {}{}", stated(&wall.range), newest.unwrap_or_default())
        }
        Bar::TooNew => format!("every {node}{} was uploaded too late{}", stated_or_all(&wall.range), cutoff(world)),
        Bar::Prereleases => format!("{} is a pre-release, and those are not allowed", of(&node, &wall.range, world)),
        Bar::Why(Why::NotFound) => format!("{node} {}", Why::NotFound),
        Bar::Why(why) => format!("{} {why}", of(&node, &wall.range, world)),
    }
}

fn stated_or_all(range: &Range) -> String {
    if *range == Range::full() { String::new() } else { stated(range) }
}

/// How the moment was stated after which nothing counts.
pub(crate) fn cutoff(world: World) -> String {
    let stated = world.request.inputs.exclude_newer.as_ref();
    stated.map(|stated| format!(" for exclude-newer {stated}")).unwrap_or_default()
}

/// A requirement of yours, and in which list it stands.
pub(crate) fn own(link: &Link) -> String {
    match &link.by {
        Asker::Root(kind, text) => match list_of(kind) {
            Some(list) => format!("`{text}` ({list})"),
            None => format!("`{text}`"),
        },
        Asker::Constraint(text) => format!("the constraint `{text}`"),
        Asker::Override(text) => format!("the override `{text}`"),
        Asker::Package(..) => String::new(),
    }
}

pub(crate) fn asker(by: &Asker, world: World) -> String {
    match by {
        Asker::Root(kind, _) => match list_of(kind) {
            Some(list) => format!("your {list}"),
            None => "your project".to_owned(),
        },
        Asker::Constraint(_) => "a constraint".to_owned(),
        Asker::Override(_) => "an override".to_owned(),
        Asker::Package(name, extra, versions) => {
            let node = match extra {
                Some(extra) => Node::Extra(name.clone(), extra.clone()),
                None => Node::Package(name.clone()),
            };
            of(&node, &versions.0, world)
        }
    }
}

/// `a 1.0`, `every a`, `a>=2`.
pub(crate) fn of(node: &Node, range: &Range, world: World) -> String {
    let Some(name) = name_of(node) else { return node.to_string() };
    let inside = world.inside(name, range);
    match (&inside[..], world.versions(name)) {
        (_, []) => node.to_string(),
        ([only], _) => format!("{node} {only}"),
        ([one, other], all) if all.len() > 2 && !next_to_each_other(one, other, all) => {
            format!("{node} {one} and {other}")
        }
        (_, all) => match narrowed(range, all) {
            text if text.is_empty() => format!("every {node}"),
            text => format!("{node}{text}"),
        },
    }
}

fn next_to_each_other(one: &Version, other: &Version, all: &[Version]) -> bool {
    all.windows(2).any(|pair| pair[0] == *one && pair[1] == *other)
}

pub(crate) fn wanted(link: &Link, world: World) -> String {
    match link.texts.iter().collect::<Vec<_>>()[..] {
        [only] => only.clone(),
        _ => format!("{}{}", link.node, world.specifiers(&link.node, &link.wanted)),
    }
}

/// `your project -> a 1.0 -> b>=2`.
pub(crate) fn chain(links: &[&Link], world: World) -> Vec<String> {
    let mut out: Vec<String> = links.iter().map(|link| asker(&link.by, world)).collect();
    out.extend(links.last().map(|link| wanted(link, world)));
    out
}

pub(crate) fn where_(environment: MarkerTree) -> String {
    // Which extras and groups are active is told by the lists in which requirements stand.
    let Some(text) = environment.without_extras().try_to_string() else { return String::new() };
    match text.strip_prefix("python_full_version ") {
        Some(bound) if !bound.contains(' ') || bound.split(' ').count() == 2 => {
            format!(" on Python {}", bound.replace([' ', '\''], ""))
        }
        Some(_) | None => format!(" where {text}"),
    }
}

pub(crate) fn enumeration(items: &[String], most: usize) -> String {
    let (shown, more) = items.split_at(items.len().min(most));
    match (shown, more.len()) {
        ([], _) => String::new(),
        ([only], 0) => only.clone(),
        ([all @ .., last], 0) => format!("{} and {last}", all.join(", ")),
        (shown, more) => format!("{} and {more} more", shown.join(", ")),
    }
}

/// The versions of a project nearest to what was wanted, newest first.
pub(crate) fn nearby(name: &PackageName, range: &Range, world: World) -> Vec<String> {
    let all = world.versions(name);
    let stable: Vec<&Version> =
        all.iter().filter(|version| !version.any_prerelease() && !world.is_yanked(name, version)).collect();
    let known: Vec<&Version> = if stable.is_empty() { all.iter().collect() } else { stable };
    let at = match range.bounding_range() {
        Some((std::ops::Bound::Included(low) | std::ops::Bound::Excluded(low), _)) => {
            known.partition_point(|version| *version < low)
        }
        Some((std::ops::Bound::Unbounded, std::ops::Bound::Included(high) | std::ops::Bound::Excluded(high))) => {
            known.partition_point(|version| *version <= high)
        }
        Some((std::ops::Bound::Unbounded, std::ops::Bound::Unbounded)) | None => known.len(),
    };
    let around = known[at.saturating_sub(3)..(at + 3).min(known.len())].iter();
    around.rev().map(ToString::to_string).collect()
}

impl World<'_> {
    fn is_yanked(&self, name: &PackageName, version: &Version) -> bool {
        let Some(Ok(page)) = self.resolver.page(name) else { return false };
        page.position(version).is_some_and(|place| page.files(place).iter().all(|file| file.yanked))
    }

    /// Everything that exists will do.
    fn inside_all(&self, link: &Link) -> bool {
        name_of(&link.node).is_none_or(|name| self.versions(name).iter().all(|version| link.wanted.contains(version)))
    }
}
