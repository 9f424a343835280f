//! The loop.

use crate::failures::{self, Failure};
use crate::known::{Known, Open};
use crate::remedy::Bounds;
use crate::{Cutoff, Fixes, Source, conflict, lock, remedy};
use pybun_lock::Lock;
use pybun_model::{Emit, Event, ExtraName, MarkerEnvironment, PackageName, Phase, Problem, Sha256, Tags, Unit};
use pybun_resolver::{Conflict, Limits, Release, Request as Question, Resolution, Resolver, Step, TooHard};
use rustc_hash::FxHashSet;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::task::JoinSet;

/// What to resolve, and for whom.
#[derive(Clone, Debug)]
pub struct Request {
    pub inputs: pybun_lock::Inputs,
    pub target: Target,
    /// The interpreter at hand: it builds sdists, and without `requires-python` its version is the oldest.
    pub markers: MarkerEnvironment,
    pub tags: Arc<Tags>,
    /// The only files that may be locked, where a requirements file states digests.
    pub hashes: BTreeMap<PackageName, Vec<Sha256>>,
    /// Versions to keep where they still fit.
    pub previous: Option<Lock>,
    pub upgrade: Upgrade,
    /// What may be proposed where nothing fits.
    pub fixes: Fixes,
    /// What `inputs.exclude_newer` comes to now.
    pub cutoff: Option<Cutoff>,
    /// The project's own name, if it is installed itself: no index is asked for it, whoever requires it.
    pub own: Option<PackageName>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Every platform and every Python that `requires-python` allows.
    Universal,
    /// The interpreter at hand only.
    Machine,
}

/// Which versions of the previous lock to let go.
#[derive(Clone, Debug, Default)]
pub enum Upgrade {
    #[default]
    Nothing,
    Packages(FxHashSet<PackageName>),
    Everything,
}

/// Resolves `request` with what `source` says.
///
/// Must run inside a tokio runtime. Errors are problems of the source (`fetch/…`, `build/…`) and
/// `resolve/unknown-package`, `resolve/no-matching-version`, `resolve/no-solution`, `resolve/too-hard`.
pub async fn solve(request: &Request, source: Arc<dyn Source>, emit: Emit<'_>) -> Result<Lock, Problem> {
    let mut resolver = Resolver::new(lock::resolver_inputs(request)?);
    let mut known = Known::default();
    let mut open: Open = JoinSet::new();
    let mut done = 0;
    // Much is asked for ahead of its need; a failure counts only once nothing else can move the resolution on.
    let mut failed: Vec<Failure> = Vec::new();
    loop {
        match resolver.step() {
            Step::Done(_) | Step::Conflict(_) if known.is_damaged() => return Err(damaged()),
            Step::Done(resolution) => {
                tell_withdrawn(&resolution, &known, emit);
                tell_unknown_extras(&resolution, &resolver, emit);
                let lock = lock::lock_of(request, &resolution, &known);
                // Taking all of it apart takes a while, and nobody has to wait for that.
                tokio::task::spawn_blocking(move || drop((resolution, resolver, known)));
                return lock;
            }
            Step::Conflict(conflict) => {
                drop(open);
                return Err(unsolved(&conflict, &mut resolver, request, &mut known, &source).await);
            }
            Step::TooHard(why) => return Err(too_hard(why, &resolver.inputs().limits)),
            Step::Need(questions) => {
                for question in questions {
                    known.start(question, request, &source, &mut open);
                }
            }
        }
        let Some(answer) = open.join_next().await else {
            return Err(failures::problem(failed, &known, request, source.as_ref()));
        };
        // A step costs more than an answer.
        let mut arrived = Some(answer);
        while let Some(answer) = arrived {
            done += 1;
            match answer.map_err(|error| crashed(&error))? {
                Ok(answer) => {
                    let (name, total) = (Some(answer.name()), Some(done + open.len() as u64));
                    emit(Event::Progress { phase: Phase::Resolve, name, done, total, unit: Unit::Packages });
                    let (question, fact) = known.learn(answer);
                    resolver.answer(&question, fact);
                }
                Err(failure) => failed.push(failure),
            }
            arrived = open.try_join_next();
        }
    }
}

async fn unsolved(
    conflict: &Conflict,
    resolver: &mut Resolver,
    request: &Request,
    known: &mut Known,
    source: &Arc<dyn Source>,
) -> Problem {
    ask_for_pages(conflict::named(conflict, request), resolver, request, known, source).await;
    let resolver = &*resolver;
    let later = conflict::later(known.pages.values().map(|page| &**page), request.cutoff);
    let world = conflict::World { resolver, request, later: &later };
    let story = conflict::Story::new(conflict, world);
    let problem = conflict::problem(conflict, &story, world, &**source);
    remedy::with_remedies(problem, &story, world, known, source, remedy::BOUNDS).await
}

/// Which versions there are is told with the proof, and must not depend on what happened to arrive before it.
async fn ask_for_pages(
    names: Vec<PackageName>,
    resolver: &mut Resolver,
    request: &Request,
    known: &mut Known,
    source: &Arc<dyn Source>,
) {
    let mut open: Open = JoinSet::new();
    for name in names.into_iter().filter(|name| resolver.page(name).is_none()).take(MAX_PAGES) {
        known.start(Question::Page(name), request, source, &mut open);
    }
    while let Some(answer) = open.join_next().await {
        // What cannot be had is told without its versions.
        let Ok(Ok(answer)) = answer else { continue };
        let (question, fact) = known.learn(answer);
        resolver.answer(&question, fact);
    }
}

const MAX_PAGES: usize = 50;

/// Resolves another request with what `latest` knows, and leaves it knowing more. `None` when that does not succeed
/// within the bounds.
pub(crate) async fn attempt(
    latest: &mut Resolver,
    request: &Request,
    known: &mut Known,
    source: &Arc<dyn Source>,
    bounds: Bounds,
) -> Option<Lock> {
    let mut inputs = lock::resolver_inputs(request).ok()?;
    inputs.limits.decisions = bounds.decisions;
    // With another cut-off the pages are others.
    *latest = if bounds.same_pages { latest.again(inputs) } else { Resolver::new(inputs) };
    let mut open: Open = JoinSet::new();
    let mut asked = 0;
    loop {
        match latest.step() {
            Step::Done(resolution) => return lock::lock_of(request, &resolution, known).ok(),
            Step::Conflict(_) | Step::TooHard(_) => return None,
            Step::Need(requests) => {
                asked += requests.len();
                if asked > bounds.facts {
                    return None;
                }
                requests.into_iter().for_each(|question| known.start(question, request, source, &mut open));
            }
        }
        let Ok(answer) = open.join_next().await?.ok()? else { continue };
        let (question, fact) = known.learn(answer);
        latest.answer(&question, fact);
    }
}

fn tell_withdrawn(resolution: &Resolution, known: &Known, emit: Emit<'_>) {
    for (release, reason) in lock::withdrawn(resolution, known) {
        let Release { name, version, .. } = release;
        let because = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
        let problem = Problem::new("resolve/yanked", format!("{name} {version} was yanked{because}"))
            .hint("It is used because it is named exactly or locked; choose another version where you can")
            .with("package", name.as_ref())
            .with("version", version.to_string())
            .with("reason", reason.map(str::to_owned));
        emit(Event::Warning(Box::new(problem)));
    }
    for Release { name, .. } in resolution.packages.iter().map(|package| &package.release) {
        let (code, what) = match known.pages.get(name).and_then(|page| page.status.as_deref()) {
            Some("archived") => ("resolve/archived", "archived: no new releases are to be expected"),
            Some("deprecated") => ("resolve/deprecated", "deprecated: its maintainers advise to use something else"),
            _ => continue,
        };
        emit(Event::Warning(Box::new(Problem::new(code, format!("`{name}` is {what}")))));
    }
}

/// An extra that a release does not have brings nothing. Only what the inputs themselves ask for can be put right.
fn tell_unknown_extras(resolution: &Resolution, resolver: &Resolver, emit: Emit<'_>) {
    let asked: BTreeSet<(&Release, &ExtraName)> =
        resolution.roots.iter().filter_map(|edge| Some((&edge.to, edge.extra.as_ref()?))).collect();
    for (release, extra) in asked {
        let Release { name, version, .. } = release;
        let Some(extras) = resolver.extras(release).filter(|extras| !extras.contains(extra)) else { continue };
        let known: Vec<&str> = extras.iter().map(AsRef::as_ref).collect();
        let hint = match &known[..] {
            [] => "It has no extras".to_owned(),
            known => format!("It has {}", known.join(", ")),
        };
        let problem = Problem::new("resolve/unknown-extra", format!("{name} {version} has no extra `{extra}`"))
            .hint(hint)
            .with("package", name.as_ref())
            .with("version", version.to_string())
            .with("extra", extra.as_ref())
            .with("known", known);
        emit(Event::Warning(Box::new(problem)));
    }
}

pub(crate) fn too_hard(why: TooHard, limits: &Limits) -> Problem {
    let what = match &why {
        TooHard::Decisions => format!("no answer after {} decisions", limits.decisions),
        TooHard::Forks => format!("the requirements divide into more than {} environments", limits.forks),
        TooHard::Projects => format!("the requirements lead to more than {} projects", limits.projects),
        TooHard::Markers(_) => "the markers of what is needed come together to more than a lock can hold".to_owned(),
    };
    let problem = Problem::new("resolve/too-hard", what);
    match why {
        TooHard::Markers(Some(name)) => problem
            .hint(format!("Look at the markers of what {name} requires: few requirements speak of many things"))
            .with("package", name.as_ref()),
        TooHard::Markers(None) => {
            problem.hint("Say less in the markers of your requirements, or limit the environments")
        }
        TooHard::Decisions | TooHard::Forks | TooHard::Projects => problem
            .hint("Narrow the requirements that have many versions, or limit requires-python or the environments"),
    }
}

fn crashed(error: &tokio::task::JoinError) -> Problem {
    Problem::new("resolve/crash", format!("a request ended without an answer ({error})"))
        .hint("This is a fault of PyBun; please report it")
}

/// Releases that could not be read seemed to have no files, so that the result is not to be believed.
fn damaged() -> Problem {
    Problem::new("resolve/damaged-cache", "an answer of the index that was kept on disk is damaged")
        .hint("It was thrown away: the same command asks the index again")
}
