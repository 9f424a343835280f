//! Ways out of a conflict. Each is one change of what was asked, and none is named that was not resolved.

#[cfg(test)]
mod tests;

use crate::conflict::{Asker, Bar, Link, Story, Wall, World, enumeration, name_of};
use crate::known::Known;
use crate::relax::relaxed;
use crate::solve::attempt;
use crate::{OtherPython, Request, Source, Target};
use pybun_lock::{Lock, Prereleases, Root, RootKind};
use pybun_model::{
    ExtraName, Fix, Joins, MarkerEnvironment, MarkerTree, PackageName, Problem, Requirement, Safety, Version,
    VersionOrUrl, VersionSpecifier, VersionSpecifiers,
};
use pybun_resolver::{Range, Resolver, Why};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use uv_pep440::Operator;

/// How much may be done for a way out. An explanation that comes late is none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) resolutions: usize,
    /// Questions to the source in one resolution.
    pub(crate) facts: usize,
    pub(crate) decisions: usize,
    pub(crate) time: Duration,
    /// Answers of before hold.
    pub(crate) same_pages: bool,
}

pub(crate) const BOUNDS: Bounds =
    Bounds { resolutions: 16, facts: 120, decisions: 20_000, time: Duration::from_secs(8), same_pages: true };

/// What a problem may propose.
#[derive(Clone, Debug, Default)]
pub enum Fixes {
    /// The requirements stand in a manifest, where commands of ours change them. Those in `adding` are not there yet:
    /// the command at hand is about to write them into that list.
    Manifest { adding: Option<(RootKind, Vec<PackageName>)> },
    /// They stand somewhere else: what to change can only be said.
    Words,
    /// Nobody could change them.
    #[default]
    No,
}

/// After this many there is no use in more.
const ENOUGH: usize = 2;

const MAX_INTERPRETERS: usize = 4;

/// More than this is no help in choosing.
const MAX_WAYS: usize = 3;

/// One change of what was asked.
#[derive(Clone, Debug)]
enum Change {
    /// Another text for a requirement of yours.
    Replace {
        list: RootKind,
        old: Requirement,
        new: Requirement,
    },
    Remove {
        list: RootKind,
        old: Requirement,
    },
    /// A version that its makers withdrew, named exactly in the project's own list.
    Pin(Requirement),
    DropConstraint(Requirement),
    DropOverride(Requirement),
    AllowPrereleases,
    NoCutoff,
    RequiresPython(VersionSpecifiers),
    /// Another interpreter of this machine.
    Interpreter(Box<OtherPython>),
    /// These are never installed together.
    Declare(RootKind, RootKind),
}

/// A change, and what would then be chosen.
struct Remedy {
    change: Change,
    lock: Lock,
}

/// Adds what helps to `problem`: a hint, and the command that makes the change where there is one.
pub(crate) async fn with_remedies(
    problem: Problem,
    story: &Story,
    world: World<'_>,
    known: &mut Known,
    source: &Arc<dyn Source>,
    bounds: Bounds,
) -> Problem {
    let request = world.request;
    if matches!(request.fixes, Fixes::No) {
        return problem;
    }
    let mut search = Search { latest: world.resolver.again(world.resolver.inputs().clone()), known, source, bounds };
    let started = Instant::now();
    let mut found: Vec<Remedy> = Vec::new();
    let mut tried = 0;
    let mut candidates = candidates(story, world);
    candidates.splice(0..0, interpreters(story, request, source).await);
    for candidate in candidates {
        let enough = found.len() >= ENOUGH && found.iter().any(|remedy| command(&remedy.change, request).is_some());
        let left = bounds.time.saturating_sub(started.elapsed());
        if enough || search.bounds.resolutions == 0 || left.is_zero() {
            break;
        }
        if found.iter().any(|remedy| is_gentler(&remedy.change, &candidate)) {
            continue;
        }
        tried += 1;
        if let Ok(Some(remedy)) = tokio::time::timeout(left, search.verified(candidate, request)).await {
            found.push(remedy);
        }
    }
    told(problem, &found, tried, story, request)
}

/// What helps already changes the requirement that the candidate would remove, or leaves more Pythons.
fn is_gentler(found: &Change, candidate: &Candidate) -> bool {
    match (found, candidate) {
        (Change::Replace { old, .. }, Candidate::Change(Change::Remove { old: removed, .. })) => old == removed,
        (Change::RequiresPython(_), Candidate::Change(Change::RequiresPython(_)))
        | (Change::Interpreter(_), Candidate::Change(Change::Interpreter(_))) => true,
        _ => false,
    }
}

struct Search<'a> {
    /// The resolver with the most facts.
    latest: Resolver,
    known: &'a mut Known,
    source: &'a Arc<dyn Source>,
    bounds: Bounds,
}

impl Search<'_> {
    async fn verified(&mut self, candidate: Candidate, request: &Request) -> Option<Remedy> {
        let change = match candidate {
            Candidate::Change(change) => change,
            Candidate::Relax(list, old) => {
                let free = Change::Replace { list: list.clone(), new: without_version(&old), old: old.clone() };
                let chosen = self.chosen(&free, &old.name, request).await?;
                let new = relaxed(&old, &chosen)?;
                Change::Replace { list, old, new }
            }
            Candidate::DropExtra(list, old, extra) => {
                let mut new = old.clone();
                new.extras = old.extras.iter().filter(|other| **other != extra).cloned().collect();
                let free = Change::Replace { list: list.clone(), old: old.clone(), new: new.clone() };
                let chosen = self.chosen(&free, &old.name, request).await?;
                // Bare names are what `add` leaves as they are.
                Change::Replace { list, old, new: at_least(new, &chosen)? }
            }
        };
        let lock = self.resolved(&change, request).await?;
        Some(Remedy { change, lock })
    }

    async fn chosen(&mut self, change: &Change, name: &PackageName, request: &Request) -> Option<Vec<Version>> {
        let lock = self.resolved(change, request).await?;
        let of_name = lock.packages.iter().filter(|package| package.name == *name);
        Some(of_name.map(|package| package.version.clone()).collect())
    }

    async fn resolved(&mut self, change: &Change, request: &Request) -> Option<Lock> {
        self.bounds.resolutions = self.bounds.resolutions.checked_sub(1)?;
        let changed = applied(change, request);
        if !matches!(change, Change::NoCutoff) {
            return attempt(&mut self.latest, &changed, self.known, self.source, self.bounds).await;
        }
        let mut other = self.latest.again(self.latest.inputs().clone());
        let bounds = Bounds { same_pages: false, ..self.bounds };
        attempt(&mut other, &changed, self.known, self.source, bounds).await
    }
}

enum Candidate {
    Change(Change),
    /// Whatever version of this lets the rest resolve.
    Relax(RootKind, Requirement),
    DropExtra(RootKind, Requirement, ExtraName),
}

/// What may help, the smallest loss first.
fn candidates(story: &Story, world: World) -> Vec<Candidate> {
    let request = world.request;
    let own = own_requirements(story, request);
    let pending =
        |requirement: &Requirement| pending(request).is_some_and(|(_, names)| names.contains(&requirement.name));
    let mut out = Vec::new();
    let prereleases = story.walls.iter().any(|wall| wall.bar == Bar::Prereleases);
    if prereleases && request.inputs.prereleases == Prereleases::Disallow {
        out.push(Candidate::Change(Change::AllowPrereleases));
    }
    if story.walls.iter().any(|wall| wall.bar == Bar::TooNew) {
        out.push(Candidate::Change(Change::NoCutoff));
    }
    // What is being added is easier to change than what was there before.
    let mut by_age = own.clone();
    by_age.sort_by_key(|(_, requirement)| !pending(requirement));
    for (list, requirement) in &by_age {
        if matches!(requirement.version_or_url, Some(VersionOrUrl::VersionSpecifier(_))) {
            out.push(Candidate::Relax(list.clone(), requirement.clone()));
        }
    }
    for link in story.yours() {
        match &link.by {
            Asker::Constraint(text) => {
                let stated = request.inputs.constraints.iter().find(|stated| stated.to_string() == *text);
                out.extend(stated.cloned().map(Change::DropConstraint).map(Candidate::Change));
            }
            Asker::Override(text) => {
                let stated = request.inputs.overrides.iter().find(|stated| stated.to_string() == *text);
                out.extend(stated.cloned().map(Change::DropOverride).map(Candidate::Change));
            }
            Asker::Root(..) | Asker::Package(..) => {}
        }
    }
    for (list, requirement) in &by_age {
        let blamed = extras_in(story, requirement);
        out.extend(blamed.into_iter().map(|extra| Candidate::DropExtra(list.clone(), requirement.clone(), extra)));
    }
    out.extend(declarations(&own));
    if matches!(request.target, Target::Universal) {
        out.extend(pythons(story, request).into_iter().map(Change::RequiresPython).map(Candidate::Change));
        for (list, requirement) in &by_age {
            out.extend(elsewhere(story.environment, list, requirement).map(Candidate::Change));
        }
    }
    out.extend(pins(story, world).into_iter().map(|pin| Candidate::Change(Change::Pin(pin))));
    // Not to want what cannot be had is no advice.
    if own.len() > 1 {
        for (list, old) in own.into_iter().filter(|(_, requirement)| !pending(requirement)) {
            out.push(Candidate::Change(Change::Remove { list, old }));
        }
    }
    out
}

/// Your requirements that the proof rests on.
fn own_requirements(story: &Story, request: &Request) -> Vec<(RootKind, Requirement)> {
    let mut out: Vec<(RootKind, Requirement)> = Vec::new();
    for link in story.yours() {
        let Asker::Root(kind, text) = &link.by else { continue };
        let roots = request.inputs.roots.iter().filter(|root| root.kind == *kind);
        let stated = roots.flat_map(|root| &root.requirements).find(|stated| stated.to_string() == *text);
        let Some(stated) = stated else { continue };
        if !out.iter().any(|(other, known)| other == kind && known == stated) {
            out.push((kind.clone(), stated.clone()));
        }
    }
    out
}

/// The extras of a requirement of yours that the proof rests on.
fn extras_in(story: &Story, requirement: &Requirement) -> Vec<ExtraName> {
    let named = |link: &Link| match &link.by {
        Asker::Package(name, Some(extra), _) if *name == requirement.name => Some(extra.clone()),
        Asker::Package(..) | Asker::Root(..) | Asker::Constraint(_) | Asker::Override(_) => None,
    };
    let blamed: BTreeSet<ExtraName> = story.links.iter().filter_map(named).collect();
    blamed.into_iter().filter(|extra| requirement.extras.contains(extra)).collect()
}

/// Extras and groups that exclude each other may be said to.
fn declarations(own: &[(RootKind, Requirement)]) -> Option<Candidate> {
    let lists: BTreeSet<&RootKind> = own.iter().map(|(list, _)| list).collect();
    let lists: Vec<&RootKind> = lists.into_iter().filter(|list| **list != RootKind::Project).collect();
    match lists[..] {
        [one, other] => Some(Candidate::Change(Change::Declare(one.clone(), other.clone()))),
        _ => None,
    }
}

/// The interpreters of this machine with other versions, the nearest first, where those could matter.
async fn interpreters(story: &Story, request: &Request, source: &Arc<dyn Source>) -> Vec<Candidate> {
    let by_python = |bar: &Bar| matches!(bar, Bar::Why(Why::NeedsPython(_) | Why::NoWheel));
    let free = matches!(request.target, Target::Machine) || request.inputs.requires_python.is_none();
    if !free || !story.walls.iter().any(|wall| by_python(&wall.bar)) {
        return Vec::new();
    }
    let minor = |markers: &MarkerEnvironment| Version::new(markers.python_version().release().iter().take(2).copied());
    let own = minor(&request.markers);
    let stated = request.inputs.requires_python.as_ref();
    let allowed = |other: &OtherPython| {
        stated.is_none_or(|stated| stated.contains(&other.markers.python_full_version().version.only_release()))
    };
    let all = source.interpreters().await.unwrap_or_default();
    let mut others: Vec<(Version, OtherPython)> =
        all.into_iter().filter(allowed).map(|other| (minor(&other.markers), other)).collect();
    others.retain(|(version, other)| {
        *version != own && other.markers.implementation_name() == request.markers.implementation_name()
    });
    // Newer ones first, each as near as possible.
    others.sort_by(|(a, _), (b, _)| (*a < own).cmp(&(*b < own)).then(if *a < own { b.cmp(a) } else { a.cmp(b) }));
    others.dedup_by(|(a, _), (b, _)| a == b);
    let nearest = others.into_iter().take(MAX_INTERPRETERS);
    nearest.map(|(_, other)| Candidate::Change(Change::Interpreter(Box::new(other)))).collect()
}

/// Yanked versions are taken where they are named exactly.
fn pins(story: &Story, world: World) -> Vec<Requirement> {
    let roots = &world.request.inputs.roots;
    let named = |name: &PackageName| roots.iter().flat_map(|root| &root.requirements).any(|own| own.name == *name);
    let yanked = story.walls.iter().filter(|wall| wall.bar == Bar::Why(Why::Yanked) && !named(&wall.name));
    let pin = |wall: &Wall| {
        let newest =
            world.inside(&wall.name, &wall.range).into_iter().rev().find(|version| !version.any_prerelease())?;
        let specifier = VersionSpecifier::from_version(Operator::Equal, newest.clone()).ok()?;
        Some(Requirement {
            name: wall.name.clone(),
            extras: Box::default(),
            version_or_url: Some(VersionOrUrl::VersionSpecifier(specifier.into())),
            marker: MarkerTree::TRUE,
            origin: None,
        })
    };
    yanked.filter_map(pin).collect()
}

/// Narrower `requires-python`, the least narrow first.
fn pythons(story: &Story, request: &Request) -> Vec<VersionSpecifiers> {
    let Some(stated) = &request.inputs.requires_python else { return Vec::new() };
    let lowest = |specifiers: &VersionSpecifiers| {
        Range::from(specifiers.clone()).bounding_range().and_then(|(low, _)| match low {
            std::ops::Bound::Included(low) => Some(low.clone()),
            std::ops::Bound::Excluded(_) | std::ops::Bound::Unbounded => None,
        })
    };
    let wanted: BTreeSet<Version> = story
        .walls
        .iter()
        .filter_map(|wall| match &wall.bar {
            Bar::Why(Why::NeedsPython(specifiers)) => lowest(specifiers),
            Bar::NoVersion | Bar::TooNew | Bar::Prereleases | Bar::Why(_) => None,
        })
        .collect();
    let narrower = |low: Version| {
        let kept = stated.iter().filter(|specifier| !is_lower(specifier)).cloned();
        let bound = VersionSpecifier::from_version(Operator::GreaterThanEqual, low).ok()?;
        let all: VersionSpecifiers = std::iter::once(bound).chain(kept).collect();
        (!Range::from(all.clone()).is_empty()).then_some(all)
    };
    wanted.into_iter().filter_map(narrower).take(3).collect()
}

fn is_lower(specifier: &VersionSpecifier) -> bool {
    matches!(specifier.operator(), Operator::GreaterThan | Operator::GreaterThanEqual)
}

/// The requirement only where the contradiction does not reach.
fn elsewhere(environment: MarkerTree, list: &RootKind, old: &Requirement) -> Option<Change> {
    let mut new = old.clone();
    new.marker = Joins::within(|joins| joins.and(old.marker, environment.negate())).ok()?;
    let useful = !environment.is_true() && !new.marker.is_false() && new.marker != old.marker;
    useful.then(|| Change::Replace { list: list.clone(), old: old.clone(), new })
}

/// A requirement without a version gets a lower bound, as `add` would give it one.
fn at_least(requirement: Requirement, chosen: &[Version]) -> Option<Requirement> {
    if requirement.version_or_url.is_some() {
        return Some(requirement);
    }
    let lowest = chosen.iter().min()?.clone().without_local();
    let bound = VersionSpecifier::from_version(Operator::GreaterThanEqual, lowest).ok()?;
    Some(Requirement { version_or_url: Some(VersionOrUrl::VersionSpecifier(bound.into())), ..requirement })
}

fn without_version(requirement: &Requirement) -> Requirement {
    Requirement { version_or_url: None, ..requirement.clone() }
}

fn applied(change: &Change, request: &Request) -> Request {
    let mut out = request.clone();
    let inputs = &mut out.inputs;
    match change {
        Change::Replace { list, old, new } => {
            for root in inputs.roots.iter_mut().filter(|root| root.kind == *list) {
                for requirement in root.requirements.iter_mut().filter(|requirement| *requirement == old) {
                    requirement.clone_from(new);
                }
            }
        }
        Change::Remove { list, old } => {
            for root in inputs.roots.iter_mut().filter(|root| root.kind == *list) {
                // As the command does it: whatever stands there of that name.
                root.requirements.retain(|requirement| requirement.name != old.name);
            }
        }
        Change::Pin(new) => match inputs.roots.iter_mut().find(|root| root.kind == RootKind::Project) {
            Some(root) => root.requirements.push(new.clone()),
            None => inputs.roots.push(Root { kind: RootKind::Project, requirements: vec![new.clone()] }),
        },
        Change::DropConstraint(old) => inputs.constraints.retain(|requirement| requirement != old),
        Change::DropOverride(old) => inputs.overrides.retain(|requirement| requirement != old),
        Change::AllowPrereleases => inputs.prereleases = Prereleases::IfNecessary,
        Change::NoCutoff => {
            inputs.exclude_newer = None;
            out.cutoff = None;
        }
        Change::RequiresPython(specifiers) => inputs.requires_python = Some(specifiers.clone()),
        Change::Interpreter(other) => {
            out.markers.clone_from(&other.markers);
            out.tags.clone_from(&other.tags);
        }
        Change::Declare(one, other) => inputs.conflicts.push(vec![one.clone(), other.clone()]),
    }
    out
}

fn pending(request: &Request) -> Option<(&RootKind, &Vec<PackageName>)> {
    match &request.fixes {
        Fixes::Manifest { adding: Some((list, names)) } => Some((list, names)),
        Fixes::Manifest { adding: None } | Fixes::Words | Fixes::No => None,
    }
}

/// The command that makes the change, if one does it alone.
fn command(change: &Change, request: &Request) -> Option<Vec<String>> {
    let Fixes::Manifest { adding } = &request.fixes else { return None };
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<String>>();
    match change {
        // `add` takes the place of a requirement with the same marker only.
        Change::Replace { old, new, .. } if old.marker != new.marker => None,
        Change::Replace { list, old, .. } if alike(list, old, request) > 1 => None,
        Change::Replace { list, new, .. } => {
            let mut command = words(&["pybun", "add"]);
            command.extend(options(list));
            command.push(new.to_string());
            if let Some((_, names)) = adding.as_ref().filter(|(into, _)| into == list) {
                let own = request.inputs.roots.iter().filter(|root| root.kind == *list);
                let rest = own.flat_map(|root| &root.requirements);
                let rest = rest.filter(|rest| names.contains(&rest.name) && rest.name != new.name);
                command.extend(rest.map(ToString::to_string));
            }
            Some(command)
        }
        Change::Pin(new) => Some(words(&["pybun", "add", &new.to_string()])),
        Change::Remove { list, old } => {
            let mut command = words(&["pybun", "remove"]);
            command.extend(options(list));
            command.push(old.name.to_string());
            Some(command)
        }
        Change::AllowPrereleases if adding.is_none() => {
            Some(words(&["pybun", "lock", "--prereleases", "if-necessary"]))
        }
        Change::Interpreter(other) if adding.is_none() => {
            let python = other.markers.python_version().to_string();
            Some(words(&["pybun", "--python", &python, "lock"]))
        }
        Change::AllowPrereleases
        | Change::Interpreter(_)
        | Change::NoCutoff
        | Change::DropConstraint(_)
        | Change::DropOverride(_)
        | Change::RequiresPython(_)
        | Change::Declare(..) => None,
    }
}

/// How many requirements of a list `add` could take one for.
fn alike(list: &RootKind, old: &Requirement, request: &Request) -> usize {
    let own = request.inputs.roots.iter().filter(|root| root.kind == *list).flat_map(|root| &root.requirements);
    own.filter(|other| other.name == old.name && other.marker == old.marker).count()
}

fn options(list: &RootKind) -> Vec<String> {
    match list {
        RootKind::Project => Vec::new(),
        RootKind::Group(name) if name.as_ref() == "dev" => vec!["--dev".to_owned()],
        RootKind::Group(name) => vec!["--group".to_owned(), name.to_string()],
        RootKind::Extra(name) => vec!["--optional".to_owned(), name.to_string()],
    }
}

fn told(problem: Problem, found: &[Remedy], tried: usize, story: &Story, request: &Request) -> Problem {
    if found.is_empty() {
        return match (problem.code, tried) {
            ("resolve/no-solution", 0) => problem.hint("Choose between them, or take another version of one of them"),
            (_, 0) => problem,
            ("resolve/no-solution", 1) => problem.hint("The one change that could help was tried and does not"),
            ("resolve/no-solution", _) => {
                problem.hint(format!("No single change helps; {tried} were tried. Relax several of these requirements"))
            }
            _ => problem,
        };
    }
    let fix = found.iter().find_map(|remedy| Some((remedy, command(&remedy.change, request)?)));
    let ways = found.iter().enumerate().filter(|(place, remedy)| {
        *place < MAX_WAYS || fix.as_ref().is_some_and(|(fix, _)| std::ptr::eq(*fix, *remedy))
    });
    let ways: Vec<String> = ways.map(|(_, remedy)| way(remedy, story)).collect();
    let mut hint = format!("It resolves {}", ways.join(", or "));
    if let Some((remedy, command)) = &fix
        && unfinished(remedy, command, request)
    {
        hint.push_str("; repeat this command after the fix");
    }
    let problem =
        problem.hint(hint).with("ways_out", found.iter().map(|remedy| data(remedy, request)).collect::<Vec<_>>());
    match fix {
        Some((_, command)) => Problem { fix: Some(Fix { command, safety: Safety::Review }), ..problem },
        None => problem,
    }
}

/// What was to be added is not yet after the fix.
fn unfinished(remedy: &Remedy, command: &[String], request: &Request) -> bool {
    let Some((into, names)) = pending(request) else { return false };
    match &remedy.change {
        Change::Replace { list, .. } => list != into,
        Change::Remove { .. } | Change::Pin(_) => !names.is_empty(),
        Change::DropConstraint(_)
        | Change::DropOverride(_)
        | Change::AllowPrereleases
        | Change::NoCutoff
        | Change::RequiresPython(_)
        | Change::Interpreter(_)
        | Change::Declare(..) => !command.is_empty(),
    }
}

fn way(remedy: &Remedy, story: &Story) -> String {
    let chosen = chosen(remedy, story);
    let chosen = if chosen.is_empty() { String::new() } else { format!(" ({})", enumeration(&chosen, 4)) };
    format!("{}{chosen}", change_text(&remedy.change))
}

fn change_text(change: &Change) -> String {
    match change {
        Change::Replace { old, new, .. } => format!("with `{new}` instead of `{old}`"),
        Change::Remove { old, .. } => format!("without `{old}`"),
        Change::Pin(new) => format!("with `{new}`, although it was yanked"),
        Change::DropConstraint(old) => format!("without the constraint `{old}`"),
        Change::DropOverride(old) => format!("without the override `{old}`"),
        Change::AllowPrereleases => "with pre-releases where nothing else fits".to_owned(),
        Change::NoCutoff => "without exclude-newer".to_owned(),
        Change::RequiresPython(specifiers) => format!("with `requires-python = \"{specifiers}\"`"),
        Change::Interpreter(other) => format!("with `--python {}`", other.markers.python_version()),
        Change::Declare(one, other) => {
            format!("with `conflicts = [[{}, {}]]` in [tool.pybun]", table(one), table(other))
        }
    }
}

fn table(list: &RootKind) -> String {
    match list {
        RootKind::Project => String::new(),
        RootKind::Extra(name) => format!("{{ extra = \"{name}\" }}"),
        RootKind::Group(name) => format!("{{ group = \"{name}\" }}"),
    }
}

/// What would be chosen of the projects that the proof names.
fn chosen(remedy: &Remedy, story: &Story) -> Vec<String> {
    let links = story.links.iter().filter_map(|link| name_of(&link.node));
    let named: BTreeSet<&PackageName> = links.chain(story.walls.iter().map(|wall| &wall.name)).collect();
    let mut versions: BTreeMap<&PackageName, BTreeSet<&Version>> = BTreeMap::new();
    for package in remedy.lock.packages.iter().filter(|package| named.contains(&package.name)) {
        versions.entry(&package.name).or_default().insert(&package.version);
    }
    let of_name = |(name, versions): (&PackageName, BTreeSet<&Version>)| match versions.iter().collect::<Vec<_>>()[..] {
        [lowest, highest] => format!("{name} {lowest} or {highest}"),
        [lowest, .., highest] => format!("{name} {lowest} to {highest}"),
        _ => format!("{name} {}", versions.first().map(ToString::to_string).unwrap_or_default()),
    };
    versions.into_iter().map(of_name).collect()
}

fn data(remedy: &Remedy, request: &Request) -> serde_json::Value {
    serde_json::json!({
        "change": change_text(&remedy.change),
        "command": command(&remedy.change, request),
        "packages": remedy
            .lock
            .packages
            .iter()
            .take(200)
            .map(|package| serde_json::json!({ "name": package.name.as_ref(), "version": package.version.to_string() }))
            .collect::<Vec<_>>(),
    })
}
