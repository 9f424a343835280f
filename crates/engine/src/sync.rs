//! Making an environment what a lock says: plan, fetch, apply.

use crate::origin;
use pybun_install::{Install, InstalledDist, LinkMode, Store};
use pybun_lock::{Lock, Package, Source};
use pybun_model::{Emit, Event, PackageName, Phase, Problem, Sha256, Unit, Version};
use pybun_plan::{Chosen, Installed, Op, Options, Selection, Target};
use pybun_python::Environment;
use pybun_supply::{Supply, Want, layout_of};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// What of a lock an environment is to get.
pub struct Wish<'a> {
    pub lock: &'a Lock,
    pub selection: Selection,
    pub options: Options,
    /// The project itself, which is never removed for being unknown to the lock.
    pub project: Option<PackageName>,
    /// Where the relative paths of the lock begin.
    pub root: &'a Path,
    pub cache_dir: &'a Path,
    /// Stands for the indexes that are asked (`pybun_fetch::Settings::places`). Asked for where the lock has directories.
    pub places: &'a dyn Fn() -> Option<Sha256>,
}

/// A plan that owns what it speaks of.
pub struct Planned {
    pub environment: Environment,
    /// By name: what happens to every package that is wanted or installed.
    pub moves: Vec<Move>,
    wants: Vec<Wanted>,
    removals: Vec<(PackageName, Version)>,
    root: PathBuf,
}

/// One step of a plan, for people to read.
pub struct Move {
    pub kind: MoveKind,
    pub name: PackageName,
    pub version: Version,
    pub from: Option<Version>,
    pub file: Option<Box<str>>,
    pub size: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoveKind {
    Keep,
    Install,
    Replace,
    Remove,
}

struct Wanted {
    want: Want,
    requested: bool,
}

/// The wheels of a plan, in the store.
#[derive(Clone, Debug, Default)]
pub struct Fetched {
    wheels: Vec<Sha256>,
    /// Files that came over the network.
    pub downloaded: usize,
    pub built: usize,
    pub bytes: u64,
}

impl Planned {
    /// Nothing would change.
    pub fn is_settled(&self) -> bool {
        self.moves.iter().all(|one| one.kind == MoveKind::Keep)
    }

    /// Something is installed, and not only taken away.
    pub fn brings_any(&self) -> bool {
        !self.wants.is_empty()
    }
}

impl MoveKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Install => "install",
            Self::Replace => "replace",
            Self::Remove => "remove",
        }
    }
}

/// What a plan is asked for beyond the lock.
#[derive(Clone, Copy, Debug, Default)]
pub struct Checks<'a> {
    /// Compare every file of the environment, and of the store in this data directory, with its digest; what was
    /// changed is fetched and installed again.
    pub verify: Option<&'a Path>,
    /// Refuse what the lock has no digest of.
    pub require_hashes: bool,
}

/// Compares the lock with the environment. Changes nothing.
pub fn plan(environment: Environment, wish: Wish) -> Result<Planned, Problem> {
    plan_checked(environment, wish, Checks::default())
}

/// The same with checks, which may take damaged wheels out of the store.
pub fn plan_checked(environment: Environment, wish: Wish, checks: Checks) -> Result<Planned, Problem> {
    let layout = layout_of(&environment);
    let mut present = pybun_install::installed(&layout).map_err(|error| Problem::from(&error))?;
    if let Some(cache_dir) = checks.verify {
        let sound = pybun_install::check(&Store::open(cache_dir), &layout, &present, pybun_install::io_threads());
        for (dist, sound) in present.iter_mut().zip(sound.map_err(|error| Problem::from(&error))?) {
            dist.complete &= sound;
        }
    }
    let tags = environment.interpreter.tags();
    let target = Target { markers: &environment.interpreter.markers, tags: &tags };
    let chosen = pybun_plan::select(wish.lock, target, &wish.selection).map_err(|error| Problem::from(&error))?;
    if checks.require_hashes
        && let Some(bare) = chosen.iter().find(|chosen| chosen.file.sha256.is_none())
    {
        return Err(no_hash(bare));
    }
    let installed: Vec<Installed> = present.iter().map(installed_of).collect();
    refuse_builds(wish.lock, &chosen)?;
    let Wish { cache_dir, root, places, .. } = wish;
    let asking = pybun_supply::Asking { cache_dir, interpreter: &environment.interpreter, root, places };
    let origin = |package: &Package| {
        let origin = origin::origin_of(root, &package.source)?;
        let built = pybun_supply::known_wheel(asking, &package.source);
        Some((origin, built))
    };
    let plan = pybun_plan::plan(chosen, &installed, &protected(wish.project), &origin, wish.options);
    let moves = plan.ops.iter().map(move_of).collect();
    let mut wants = Vec::new();
    let mut removals = Vec::new();
    for op in plan.ops {
        match op {
            Op::Keep { .. } => {}
            Op::Install { chosen } | Op::Replace { chosen, .. } => {
                wants.push(Wanted { want: Want::from(&chosen), requested: chosen.requested });
            }
            Op::Remove { installed } => removals.push((installed.name, installed.version)),
        }
    }
    Ok(Planned { environment, moves, wants, removals, root: wish.root.to_owned() })
}

/// What the lock says is never built is not built either where it has no file that could be taken instead.
fn refuse_builds(lock: &Lock, chosen: &[Chosen]) -> Result<(), Problem> {
    let linked = |source: &Source| matches!(source, Source::Directory { editable: true, .. });
    let built = |one: &&Chosen| one.wheel.is_none() && !linked(&one.package.source);
    match chosen.iter().filter(built).find(|one| lock.inputs.no_build.has(&one.package.name)) {
        Some(one) => Err(pybun_supply::not_to_be_built(&one.package.name)),
        None => Ok(()),
    }
}

/// Brings the plan's wheels into the store. Safe to repeat.
pub async fn fetch(planned: &Planned, supply: &Supply) -> Result<Fetched, Problem> {
    let wants = planned.wants.iter().map(|wanted| wanted.want.clone()).collect();
    let supplied = supply.wheels(wants).await?;
    Ok(Fetched {
        wheels: supplied.iter().map(|one| one.sha256).collect(),
        downloaded: supplied.iter().filter(|one| one.downloaded_bytes > 0).count(),
        built: supplied.iter().filter(|one| one.built).count(),
        bytes: supplied.iter().map(|one| one.downloaded_bytes).sum(),
    })
}

/// The same without a client or anything else to wait for, where the store has every wheel. Asking is a use of each.
pub fn at_hand(planned: &Planned, cache_dir: &Path, emit: Emit) -> Option<Fetched> {
    let store = Store::open(cache_dir);
    let wheel = |Wanted { want, .. }: &Wanted| match &want.source {
        Source::Index { .. } => want.wheel.as_ref().and(want.sha256).filter(|sha256| store.has(sha256)),
        // Who says where it comes from looks at it there.
        Source::Url(_) | Source::Path(_) | Source::Git { .. } | Source::Directory { .. } => None,
    };
    let wheels = planned.wants.iter().map(wheel).collect::<Option<Vec<_>>>()?;
    let last = planned.wants.last()?;
    let total = wheels.len() as u64;
    emit(Event::Progress {
        phase: Phase::Download,
        name: Some(last.want.filename.to_string()),
        done: total,
        total: Some(total),
        unit: Unit::Packages,
    });
    Some(Fetched { wheels, ..Fetched::default() })
}

/// Why a plan could not be applied.
pub struct Refused {
    pub problem: Box<Problem>,
    /// Something that the store had is damaged or gone; it was taken out, and fetching it again may help.
    pub fetch_again: bool,
}

/// How often a plan is applied when the store loses what it needs. A collection takes nothing that was just used, so
/// that the second time is enough.
pub const TRIES: usize = 3;

/// Removes and installs what the plan says. After a failure the environment is as before.
pub fn apply_with(
    planned: &Planned,
    fetched: &Fetched,
    cache_dir: &Path,
    options: &pybun_install::Options,
    emit: Emit,
) -> Result<(), Refused> {
    let layout = layout_of(&planned.environment);
    let store = Store::open(cache_dir);
    let problem =
        |error: pybun_install::Error| Refused { problem: Box::new(Problem::from(&error)), fetch_again: false };
    pybun_install::repair(&store, &layout).map_err(problem)?;
    let mut remove = Vec::new();
    if !planned.removals.is_empty() {
        let present = pybun_install::installed(&layout).map_err(problem)?;
        let leaves = |dist: &InstalledDist| {
            planned.removals.iter().any(|(name, version)| dist.name == *name && dist.version == *version)
        };
        remove = present.into_iter().filter(leaves).collect();
    }
    let installs: Vec<Install> = planned
        .wants
        .iter()
        .zip(&fetched.wheels)
        .map(|(wanted, sha256)| install_of(planned, wanted, *sha256))
        .collect();
    let change = pybun_install::Change { remove: &remove, install: &installs };
    match pybun_install::change(&store, &layout, &change, options, emit) {
        Ok(_) => Ok(()),
        Err(error) => {
            if let pybun_install::Error::StoreDamaged { sha256, .. } = &error {
                // What cannot be taken out is met again; the first error is the one to tell.
                let _ = store.discard(sha256);
            }
            let fetch_again =
                matches!(error, pybun_install::Error::StoreDamaged { .. } | pybun_install::Error::NotInStore { .. });
            Err(Refused { fetch_again, ..problem(error) })
        }
    }
}

/// Takes distributions away by their RECORD, as one step. Returns what was removed.
pub fn uninstall(
    environment: &Environment,
    names: &[PackageName],
    cache_dir: &Path,
) -> Result<Vec<(PackageName, Version)>, Problem> {
    let layout = layout_of(environment);
    let store = Store::open(cache_dir);
    let problem = |error| Problem::from(&error);
    pybun_install::repair(&store, &layout).map_err(problem)?;
    let present = pybun_install::installed(&layout).map_err(problem)?;
    let missing: Vec<&PackageName> =
        names.iter().filter(|name| present.iter().all(|dist| dist.name != **name)).collect();
    if !missing.is_empty() {
        return Err(not_installed(environment, &missing));
    }
    let remove: Vec<InstalledDist> = present.into_iter().filter(|dist| names.contains(&dist.name)).collect();
    let change = pybun_install::Change { remove: &remove, install: &[] };
    pybun_install::change(&store, &layout, &change, &options(), &pybun_model::silent).map_err(problem)?;
    Ok(remove.into_iter().map(|dist| (dist.name, dist.version)).collect())
}

fn not_installed(environment: &Environment, missing: &[&PackageName]) -> Problem {
    let names: Vec<&str> = missing.iter().map(|name| name.as_ref()).collect();
    let message = format!("{} has no {}", environment.root.display(), names.join(", "));
    Problem::new("uninstall/not-installed", message)
        .hint("Nothing was removed; names are those of distributions, as `pybun install` shows them")
        .with("names", names.iter().map(|name| Value::from(*name)).collect::<Vec<_>>())
        .with("environment", environment.root.to_string_lossy().into_owned())
}

fn no_hash(chosen: &Chosen) -> Problem {
    let (name, version) = (&chosen.package.name, &chosen.package.version);
    Problem::new("install/no-hash", format!("The lock has no hash of `{}`", chosen.file.filename))
        .hint("The index states none, or it is no file of an index; without hashes nothing can be enforced")
        .with("name", name.as_ref())
        .with("version", version.to_string())
}

/// Where `--target` installs, and where an environment that does not exist yet would be: libraries in `root` itself.
pub fn bare_environment(root: &Path, interpreter: pybun_python::Interpreter) -> Environment {
    Environment {
        root: root.to_owned(),
        python: interpreter.path.clone(),
        purelib: root.to_owned(),
        platlib: root.to_owned(),
        scripts: root.join(if cfg!(windows) { "Scripts" } else { "bin" }),
        data: root.to_owned(),
        headers: root.join("include"),
        interpreter,
        created: false,
        moved_aside: None,
    }
}

pub fn options() -> pybun_install::Options {
    pybun_install::Options { link: LinkMode::Auto, ..Default::default() }
}

/// Never removed for being unknown to the lock: the project itself, and pip, which people put there to look.
fn protected(project: Option<PackageName>) -> Vec<PackageName> {
    project.into_iter().chain("pip".parse()).collect()
}

fn installed_of(dist: &InstalledDist) -> Installed {
    Installed {
        name: dist.name.clone(),
        version: dist.version.clone(),
        wheel: dist.wheel,
        direct: dist.direct_url.as_deref().and_then(origin::read),
        complete: dist.complete,
    }
}

fn move_of(op: &Op) -> Move {
    let of = |kind, chosen: &Chosen, from: Option<&Version>| Move {
        kind,
        name: chosen.package.name.clone(),
        version: chosen.package.version.clone(),
        from: from.cloned(),
        // A tree has no file.
        file: Some(chosen.file.filename.clone()).filter(|name| !name.is_empty()),
        size: chosen.file.size,
    };
    match op {
        Op::Keep { chosen } => of(MoveKind::Keep, chosen, None),
        Op::Install { chosen } => of(MoveKind::Install, chosen, None),
        Op::Replace { chosen, from } => of(MoveKind::Replace, chosen, Some(&from.version)),
        Op::Remove { installed } => Move {
            kind: MoveKind::Remove,
            name: installed.name.clone(),
            version: installed.version.clone(),
            from: Some(installed.version.clone()),
            file: None,
            size: None,
        },
    }
}

fn install_of(planned: &Planned, wanted: &Wanted, sha256: Sha256) -> Install {
    let Want { name, version, source, sha256: file, .. } = &wanted.want;
    let direct_url = origin::direct_url(&planned.root, source, *file);
    Install { sha256, name: name.clone(), version: version.clone(), requested: wanted.requested, direct_url }
}
