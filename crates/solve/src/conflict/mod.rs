//! A conflict as a problem: what went wrong in words, with a code of its own where one project alone is the reason,
//! and the whole proof as data.

mod leaf;
mod proof;
#[cfg(test)]
mod proof_tests;
mod ranges;
mod story;
#[cfg(test)]
mod tests;
mod words;

pub(crate) use leaf::{Asker, Bar, World, later, name_of, named};
pub(crate) use story::{Link, Story, Wall};
pub(crate) use words::enumeration;

use crate::nearest::nearest;
use crate::{Source, Target};
use pybun_model::{PackageName, Problem};
use pybun_resolver::{Conflict, Why};
use serde_json::Value;
use std::collections::BTreeSet;

/// The problem without a way out. `source` knows the names of those who were asked.
pub(crate) fn problem(conflict: &Conflict, story: &Story, world: World, source: &dyn Source) -> Problem {
    let mut indexes = source.indexes();
    let problem = match reason(story, world) {
        Some(Reason::Broken(why)) => broken(why),
        Some(Reason::Wall(name)) => {
            indexes = source.asked(name);
            wall_problem(name, story, world, &indexes)
        }
        None => Problem::new("resolve/no-solution", words::contradiction(story, world))
            .with("requirements", strings(story.yours().map(text_of))),
    };
    problem.with("indexes", indexes).with("conflict", proof::json(conflict, world))
}

/// What alone keeps everything from being resolved.
enum Reason<'a> {
    Broken(&'a Why),
    Wall(&'a PackageName),
}

fn reason<'a>(story: &'a Story, world: World) -> Option<Reason<'a>> {
    if let Some(why) = story.broken.first() {
        return Some(Reason::Broken(why));
    }
    let first = story.walls.first()?;
    let one_project = story.walls.iter().all(|wall| wall.name == first.name);
    let one_kind = story.walls.iter().all(|wall| code_of(&wall.bar) == code_of(&first.bar));
    ((one_project || one_kind) && !story.is_contested(world)).then_some(Reason::Wall(&first.name))
}

fn code_of(bar: &Bar) -> &'static str {
    match bar {
        Bar::NoVersion => "resolve/no-matching-version",
        Bar::TooNew => "resolve/too-new",
        Bar::Prereleases => "resolve/prereleases-only",
        Bar::Why(why) => match why {
            Why::NotFound => "resolve/unknown-package",
            Why::Quarantined => "resolve/quarantined",
            Why::Yanked => "resolve/yanked-only",
            Why::TooNew => "resolve/too-new",
            Why::NoFiles | Why::NoWheel | Why::NoWheelFor(_) | Why::OnlyWheels | Why::OnlySource => {
                "resolve/no-usable-file"
            }
            Why::SeveralSources { .. } => "resolve/several-sources",
            Why::NeedsPython(_) => "resolve/needs-python",
            Why::BadMetadata(_) => "resolve/bad-metadata",
            Why::NeedsUrl { .. } => "resolve/needs-url",
            Why::Impossible { .. } | Why::Itself { .. } => "resolve/impossible-requirement",
        },
    }
}

/// Of several reasons for the versions of one project, the one that something can be done about.
fn decisive<'a>(name: &PackageName, story: &'a Story) -> &'a Wall {
    let order = |wall: &&Wall| match &wall.bar {
        Bar::Why(Why::NotFound | Why::Quarantined) => 0,
        Bar::Why(Why::NeedsPython(_)) => 1,
        Bar::Why(Why::NoFiles | Why::NoWheel | Why::NoWheelFor(_) | Why::OnlyWheels | Why::OnlySource) => 2,
        Bar::Prereleases => 3,
        Bar::Why(Why::Yanked | Why::TooNew) => 4,
        Bar::Why(
            Why::BadMetadata(_)
            | Why::NeedsUrl { .. }
            | Why::SeveralSources { .. }
            | Why::Impossible { .. }
            | Why::Itself { .. },
        ) => 5,
        Bar::TooNew => 6,
        Bar::NoVersion => 7,
    };
    let own = story.walls.iter().filter(|wall| wall.name == *name);
    own.min_by_key(order).expect("a reason was found for it")
}

fn broken(why: &Why) -> Problem {
    Problem::new(code_of(&Bar::Why(why.clone())), format!("your project {why}"))
        .hint("Change that requirement in pyproject.toml")
}

fn wall_problem(name: &PackageName, story: &Story, world: World, indexes: &[String]) -> Problem {
    let wall = decisive(name, story);
    let chain = story.chain(name);
    let asking = asking(wall, &chain, story, world);
    let asked: Vec<String> = asking.iter().map(|link| asked_text(link, world)).collect();
    let satisfying = match &asked[..] {
        [] => String::new(),
        [only] if *only == format!("`{name}`") => String::new(),
        some => format!(" satisfies {}", either(some)),
    };
    let that = if satisfying.is_empty() { String::new() } else { format!(" that{satisfying}") };
    let wher = words::where_(story.environment);
    let place = match indexes {
        [only] => only.clone(),
        _ => "any index that was asked".to_owned(),
    };
    let own: Vec<Wall> = story.walls.iter().filter(|wall| wall.name == *name).cloned().collect();
    let node = pybun_resolver::Node::Package(name.clone());
    let some = || words::of(&node, &wall.range, world);
    let headline = match &wall.bar {
        Bar::NoVersion => format!("no version of `{name}`{satisfying}{wher}"),
        Bar::TooNew => {
            format!("every version of `{name}`{that}{wher} was uploaded too late{}", words::cutoff(world))
        }
        Bar::Prereleases => {
            format!("every version of `{name}`{that}{wher} is a pre-release, and those are not allowed")
        }
        Bar::Why(Why::NotFound) if indexes.is_empty() => format!("`{name}` {}", Why::NotFound),
        Bar::Why(Why::NotFound) => format!("`{name}` is not on {place}"),
        Bar::Why(Why::Yanked) if own.len() == 1 => format!("every version of `{name}`{that}{wher} was yanked"),
        Bar::Why(Why::NeedsPython(_)) if own.iter().all(|wall| matches!(wall.bar, Bar::Why(Why::NeedsPython(_)))) => {
            words::python_text(&own.iter().collect::<Vec<_>>(), world)
        }
        Bar::Why(Why::NeedsPython(_) | Why::Yanked) => format!("no version of `{name}`{that} can be used{wher}"),
        Bar::Why(why @ Why::NoWheelFor(_)) => format!("{} {why}", some()),
        Bar::Why(why) => format!("{}{wher} {why}", some()),
    };
    let direct = matches!(&chain[..], [] | [Link { by: Asker::Root(pybun_lock::RootKind::Project, _), .. }]);
    let chain_texts = words::chain(&chain, world);
    let mut lines = Vec::new();
    if asking.len() > 1 {
        lines.extend(words::facts(story, world).into_iter().take(asking.len()));
    } else if !direct && !chain.is_empty() {
        lines.push(format!("asked for by: {}", chain_texts.join(" -> ")));
    }
    // The headline has said it already where there is nothing more to tell.
    if own.iter().any(|other| code_of(&other.bar) != code_of(&wall.bar)) {
        lines.extend(words::walls(&own, world).into_iter().filter(|line| *line != headline));
    }
    let nearby = words::nearby(name, &wall.range, world);
    let mut problem = Problem::new(code_of(&wall.bar), words::with_lines(headline, &lines))
        .with("package", name.to_string())
        .with("requirements", strings(asking.iter().map(|link| words::wanted(link, world))))
        .with("required_by", chain_texts);
    if !matches!(wall.bar, Bar::Why(Why::NotFound)) {
        problem = problem.with("versions", nearby.clone());
    }
    if matches!(wall.bar, Bar::Why(Why::NoWheel | Why::NoFiles)) {
        problem = with_tags(problem, name, wall, world);
    }
    match hint(wall, name, &nearby, &place, world) {
        Some(hint) => problem.hint(hint),
        None => problem,
    }
}

/// Those who want what cannot be had.
fn asking<'a>(wall: &Wall, chain: &[&'a Link], story: &'a Story, world: World) -> Vec<&'a Link> {
    let empty =
        |link: &&Link| name_of(&link.node) == Some(&wall.name) && world.inside(&wall.name, &link.wanted).is_empty();
    let asking: Vec<&Link> = match wall.bar {
        Bar::NoVersion | Bar::TooNew => story.links.iter().filter(empty).collect(),
        Bar::Prereleases | Bar::Why(_) => Vec::new(),
    };
    if asking.is_empty() { chain.last().copied().into_iter().collect() } else { asking }
}

fn asked_text(link: &Link, world: World) -> String {
    match link.by {
        Asker::Constraint(_) | Asker::Override(_) => words::own(link),
        Asker::Root(..) | Asker::Package(..) => format!("`{}`", words::wanted(link, world)),
    }
}

/// `a`, `a or b`, `a, b or c`.
fn either(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [all @ .., last] => format!("{} or {last}", all.join(", ")),
    }
}

fn hint(wall: &Wall, name: &PackageName, nearby: &[String], place: &str, world: World) -> Option<String> {
    match &wall.bar {
        Bar::NoVersion | Bar::Prereleases if !nearby.is_empty() => {
            Some(format!("Near what is wanted there are {}", nearby.join(", ")))
        }
        Bar::NoVersion | Bar::Prereleases => Some(format!("There is no usable file of any version on {place}")),
        Bar::TooNew => Some("Move exclude-newer to a later moment, or take an older version".to_owned()),
        Bar::Why(Why::NotFound) => {
            let known = known_names(world);
            let similar = nearest(name, known.iter()).map(|similar| format!("Is `{similar}` meant? Otherwise check"));
            let check = similar.unwrap_or_else(|| "Check".to_owned());
            Some(format!("{check} the spelling, or name the index that has it with --index-url or --extra-index-url"))
        }
        Bar::Why(Why::Quarantined) => Some("Find out why before you use it; mirrors may still have it".to_owned()),
        Bar::Why(Why::Yanked) => Some("Ask for other versions; these were withdrawn by their makers".to_owned()),
        Bar::Why(Why::NeedsPython(_)) => match world.request.target {
            Target::Machine => Some("Choose another Python with --python".to_owned()),
            Target::Universal => Some("Raise requires-python, or require it only where it can be used".to_owned()),
        },
        Bar::Why(Why::NoWheel) => Some("Choose another Python with --python, or another version".to_owned()),
        Bar::Why(Why::TooNew) => Some("Move `exclude-newer` to a later time".to_owned()),
        Bar::Why(Why::NoWheelFor(_)) => {
            Some("Choose another version, or require it only where it has a wheel".to_owned())
        }
        Bar::Why(Why::SeveralSources { .. }) => Some("Name one URL of it for each environment".to_owned()),
        Bar::Why(Why::OnlyWheels) => Some("Allow wheels of it, or choose another version".to_owned()),
        Bar::Why(Why::OnlySource) => Some("Allow it to be built, or choose another version".to_owned()),
        Bar::Why(Why::NoFiles | Why::BadMetadata(_) | Why::NeedsUrl { .. }) => {
            Some("Choose another version".to_owned())
        }
        Bar::Why(Why::Impossible { .. } | Why::Itself { .. }) => Some("Choose another version".to_owned()),
    }
}

/// Names of projects that exist: those of your own requirements, and what the previous lock holds.
fn known_names(world: World) -> BTreeSet<PackageName> {
    let locked = world.request.previous.iter().flat_map(|lock| &lock.packages).map(|package| package.name.clone());
    let own = world.request.inputs.roots.iter().flat_map(|root| &root.requirements);
    own.map(|requirement| requirement.name.clone()).filter(|name| world.is_known(name)).chain(locked).collect()
}

/// The wheels there are, and what would fit.
fn with_tags(problem: Problem, name: &PackageName, wall: &Wall, world: World) -> Problem {
    let Some(Ok(page)) = world.resolver.page(name) else { return problem };
    let newest = page.versions.iter().rposition(|version| wall.range.contains(version));
    let files: BTreeSet<String> = newest.map_or_else(BTreeSet::new, |place| {
        page.files(place).iter().filter_map(|file| tag_of(&file.filename)).collect()
    });
    let ours = world.request.tags.best().unwrap_or_default();
    let few: Vec<String> = files.iter().cloned().collect();
    let message = format!(
        "{}\n  there are wheels for {}; here it would be {ours} or similar",
        problem.message,
        enumeration(&few, 4)
    );
    let problem = if few.is_empty() { problem } else { Problem { message, ..problem } };
    problem.with("wheels", few).with("fits", ours)
}

/// `cp39-cp39-win_arm64` of a wheel's name.
fn tag_of(filename: &str) -> Option<String> {
    let mut parts = filename.strip_suffix(".whl")?.rsplitn(4, '-');
    let (platform, abi, python) = (parts.next()?, parts.next()?, parts.next()?);
    parts.next()?;
    Some(format!("{python}-{abi}-{platform}"))
}

fn text_of(link: &Link) -> String {
    match &link.by {
        Asker::Root(_, text) | Asker::Constraint(text) | Asker::Override(text) => text.clone(),
        Asker::Package(..) => String::new(),
    }
}

fn strings(texts: impl Iterator<Item = String>) -> Value {
    texts.map(Value::String).collect()
}
