//! From requirements to a lock.

use crate::answer::{Answer, OnEvent, Outcome, all_of, answer_later, emitter, one, text};
use crate::manifest::requirements_of;
use crate::python::specifiers;
use crate::settings::SettingsWire;
use crate::sources::{SourceWire, Sources, changed_directories};
use napi::bindgen_prelude::Buffer;
use napi_derive::napi;
use pybun_engine::changes::changes;
use pybun_lock::{Assigned, Inputs, Lock, Mode, Names, Prereleases, Root, RootKind, Source};
use pybun_model::{Joins, MarkerTree, PackageName, Problem, Requirement, Sha256, bounded_marker};
use pybun_solve::{Cutoff, Fixes, Request, Target, Upgrade};
use pybun_supply::{Project, Supply};
use rustc_hash::FxHashSet;
use serde::Deserialize;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

#[derive(Deserialize)]
pub(crate) struct ResolveWire {
    pub(crate) settings: SettingsWire,
    roots: Vec<RootWire>,
    #[serde(default)]
    constraints: Vec<String>,
    #[serde(default)]
    hashes: BTreeMap<String, Vec<String>>,
    requires_python: Option<String>,
    pub(crate) python: String,
    target: TargetWire,
    resolution: ModeWire,
    prereleases: PrereleasesWire,
    #[serde(default)]
    upgrade: bool,
    #[serde(default)]
    upgrade_packages: Vec<String>,
    adding: Option<RootWire>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    is_package: bool,
    #[serde(default)]
    overrides: Vec<String>,
    #[serde(default)]
    excludes: Vec<String>,
    #[serde(default)]
    environments: Vec<String>,
    #[serde(default)]
    required_environments: Vec<String>,
    #[serde(default)]
    conflicts: Vec<Vec<ConflictWire>>,
    #[serde(default)]
    exclude_newer: Option<String>,
    #[serde(default)]
    no_binary: Vec<String>,
    #[serde(default)]
    only_binary: Vec<String>,
    #[serde(default)]
    prefer_binary: bool,
    #[serde(default)]
    indexes: BTreeMap<String, String>,
    #[serde(default)]
    editables: Vec<String>,
    /// Places of requirements, by name.
    #[serde(default)]
    sources: BTreeMap<String, SourceWire>,
    /// Where a lock is only read: these are as it has them.
    #[serde(default)]
    unsaid: Vec<OptionWire>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum OptionWire {
    Resolution,
    Prereleases,
    ExcludeNewer,
    NoBinary,
    OnlyBinary,
    PreferBinary,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ConflictWire {
    Extra(String),
    Group(String),
}

#[derive(Deserialize)]
struct RootWire {
    requirements: Vec<String>,
    group: Option<String>,
    extra: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum TargetWire {
    Universal,
    Machine,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ModeWire {
    Highest,
    Lowest,
    LowestDirect,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum PrereleasesWire {
    IfNecessary,
    Allow,
    Disallow,
}

#[napi]
pub async fn resolve(request: String, previous: Option<Buffer>, on_event: OnEvent) -> napi::Result<Answer> {
    let previous = previous.map(|bytes| bytes.to_vec());
    let emit = emitter(on_event);
    answer_later(request, move |wire: ResolveWire| async move {
        // A lock that cannot be read gives no preferences; whoever needs it whole has already been told.
        let previous = previous.and_then(|bytes| pybun_lock::decode(&bytes).ok());
        let supply = wire.settings.supply(&wire.python, emit)?;
        let request = Request { previous, ..wire.request(&supply)? };
        let project = Project {
            no_build: request.inputs.no_build.clone(),
            locked: kept_sources(request.previous.as_ref(), &request.upgrade),
            ..supply.project().clone()
        };
        let supply = supply.of_project(project);
        let emit = supply.emit().clone();
        let mut lock = pybun_solve::solve(&request, Arc::new(supply), &*emit).await.map_err(|problem| vec![problem])?;
        // What an upgrade was limited to is no part of the project.
        lock.inputs = wire.inputs()?;
        let lock = lock.portable(wire.settings.root());
        let summary = json!({
            "packages": lock.packages.iter().map(|package| json!({
                "name": package.name,
                "version": package.version.to_string(),
            })).collect::<Vec<_>>(),
            "changes": changes(request.previous.as_ref(), &lock),
        });
        Ok((summary, Some(pybun_lock::encode(&lock))))
    })
    .await
}

/// Was the lock made from these very inputs?
#[napi(catch_unwind)]
pub fn lock_check(request: String, lock: Buffer) -> napi::Result<String> {
    let wire: ResolveWire =
        serde_json::from_str(&request).map_err(|error| napi::Error::from_reason(error.to_string()))?;
    let check = || -> Outcome {
        let older = pybun_lock::older_format(&lock);
        let lock = pybun_lock::decode(&lock).map_err(one)?;
        let mut inputs = wire.inputs()?.portable(wire.settings.root());
        wire.take_unsaid(&lock.inputs, &mut inputs);
        let mut reasons = lock.inputs.differences(&inputs);
        reasons.extend(changed_directories(&lock, wire.settings.root()));
        if let Some(format) = older {
            reasons.push(format!("an older PyBun wrote it, in format {format}"));
        }
        Ok(json!({ "fresh": reasons.is_empty(), "reasons": reasons }))
    };
    Ok(text(check()))
}

impl ResolveWire {
    /// What to resolve, without a lock to keep versions of.
    pub(crate) fn request(&self, supply: &Supply) -> Outcome<Request> {
        let mut inputs = self.inputs()?;
        let (upgrade, limits) = self.upgrade()?;
        inputs.constraints.extend(limits);
        Ok(Request {
            inputs: inputs.sorted(),
            target: match self.target {
                TargetWire::Universal => Target::Universal,
                TargetWire::Machine => Target::Machine,
            },
            markers: supply.interpreter().markers.clone(),
            tags: supply.tags(),
            hashes: self.hashes()?,
            cutoff: self.cutoff()?,
            upgrade,
            previous: None,
            fixes: self.fixes()?,
            own: self.name.as_deref().filter(|_| self.is_package).map(package_name).transpose()?,
        })
    }

    /// What nobody says now is as the lock has it.
    fn take_unsaid(&self, lock: &Inputs, inputs: &mut Inputs) {
        for option in &self.unsaid {
            match option {
                OptionWire::Resolution => inputs.mode = lock.mode,
                OptionWire::Prereleases => inputs.prereleases = lock.prereleases,
                OptionWire::ExcludeNewer => inputs.exclude_newer.clone_from(&lock.exclude_newer),
                OptionWire::NoBinary => inputs.no_binary.clone_from(&lock.no_binary),
                OptionWire::OnlyBinary => inputs.no_build.clone_from(&lock.no_build),
                OptionWire::PreferBinary => inputs.prefer_binary = lock.prefer_binary,
            }
        }
    }

    fn inputs(&self) -> Outcome<Inputs> {
        let places = Sources::read(&self.sources);
        let root = |wire: &RootWire| -> Outcome<Root> {
            Ok(Root { kind: wire.kind()?, requirements: places.assign(requirements_of(&wire.requirements)?)? })
        };
        let joins = Joins::default();
        let inputs = Inputs {
            requires_python: self.requires_python.as_deref().map(specifiers).transpose()?,
            constraints: requirements_of(&self.constraints)?,
            overrides: requirements_of(&self.overrides)?,
            excludes: all_of(self.excludes.iter().map(|name| package_name(name)))?,
            environments: all_of(self.environments.iter().map(|text| marker(text, &joins)))?,
            required_environments: all_of(self.required_environments.iter().map(|text| marker(text, &joins)))?,
            conflicts: all_of(self.conflicts.iter().map(|conflict| all_of(conflict.iter().map(conflicting))))?,
            exclude_newer: self.exclude_newer.clone(),
            no_binary: names(&self.no_binary)?,
            no_build: names(&self.only_binary)?,
            prefer_binary: self.prefer_binary,
            sources: self.sources()?,
            mode: match self.resolution {
                ModeWire::Highest => Mode::Highest,
                ModeWire::Lowest => Mode::Lowest,
                ModeWire::LowestDirect => Mode::LowestDirect,
            },
            prereleases: match self.prereleases {
                PrereleasesWire::IfNecessary => Prereleases::IfNecessary,
                PrereleasesWire::Allow => Prereleases::Allow,
                PrereleasesWire::Disallow => Prereleases::Disallow,
            },
            ..Inputs::of(all_of(self.roots.iter().map(root))?)
        };
        let inputs = match &self.name {
            Some(name) => pybun_lock::with_own_extras(inputs, &package_name(name)?).map_err(|problem| vec![problem])?,
            None => inputs,
        };
        Ok(inputs.sorted())
    }

    /// Only the requirements of a project stand where commands of ours change them.
    fn fixes(&self) -> Outcome<Fixes> {
        let adding = |wire: &RootWire| -> Outcome<(RootKind, Vec<PackageName>)> {
            let names = requirements_of(&wire.requirements)?.into_iter().map(|requirement| requirement.name);
            Ok((wire.kind()?, names.collect()))
        };
        Ok(match self.target {
            TargetWire::Universal => Fixes::Manifest { adding: self.adding.as_ref().map(adding).transpose()? },
            TargetWire::Machine => Fixes::Words,
        })
    }

    fn sources(&self) -> Outcome<BTreeMap<PackageName, Assigned>> {
        let index = |(name, index): (&String, &String)| Ok((package_name(name)?, Assigned::Index(index.clone())));
        let editable = |name: &String| Ok((package_name(name)?, Assigned::Editable));
        let mut sources = all_of(self.indexes.iter().map(index))?;
        sources.extend(all_of(self.editables.iter().map(editable))?);
        sources.extend(Sources::read(&self.sources).editables().map(|name| (name.clone(), Assigned::Editable)));
        // What nobody requires says nothing.
        let required =
            requirements_of(&self.roots.iter().flat_map(|root| root.requirements.clone()).collect::<Vec<_>>())?;
        let required: BTreeSet<&PackageName> = required.iter().map(|requirement| &requirement.name).collect();
        sources.retain(|(name, assigned)| *assigned != Assigned::Editable || required.contains(name));
        Ok(sources.into_iter().collect())
    }

    fn cutoff(&self) -> Outcome<Option<Cutoff>> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64);
        self.exclude_newer.as_deref().map(|text| Cutoff::parse(text, now)).transpose().map_err(|problem| vec![problem])
    }

    /// What to let go of, and what each of it is limited to: `name`, or `name==1.2`.
    fn upgrade(&self) -> Outcome<(Upgrade, Vec<Requirement>)> {
        if self.upgrade {
            return Ok((Upgrade::Everything, Vec::new()));
        }
        let named = requirements_of(&self.upgrade_packages)?;
        let names: FxHashSet<PackageName> = named.iter().map(|requirement| requirement.name.clone()).collect();
        let limits = named.into_iter().filter(|requirement| requirement.version_or_url.is_some()).collect();
        Ok((if names.is_empty() { Upgrade::Nothing } else { Upgrade::Packages(names) }, limits))
    }

    /// Only SHA-256 counts; other algorithms are no protection.
    fn hashes(&self) -> Outcome<BTreeMap<PackageName, Vec<Sha256>>> {
        let one = |(name, texts): (&String, &Vec<String>)| {
            let digests = texts.iter().filter_map(|text| text.strip_prefix("sha256:")?.parse().ok()).collect();
            Ok((package_name(name)?, digests))
        };
        Ok(all_of(self.hashes.iter().map(one))?.into_iter().collect())
    }
}

impl RootWire {
    fn kind(&self) -> Outcome<RootKind> {
        match (&self.group, &self.extra) {
            (Some(group), _) => group_kind(group),
            (None, Some(extra)) => extra_kind(extra),
            (None, None) => Ok(RootKind::Project),
        }
    }
}

fn group_kind(name: &str) -> Outcome<RootKind> {
    Ok(RootKind::Group(name.parse().map_err(|_| vec![bad_name(name)])?))
}

fn extra_kind(name: &str) -> Outcome<RootKind> {
    Ok(RootKind::Extra(name.parse().map_err(|_| vec![bad_name(name)])?))
}

fn conflicting(wire: &ConflictWire) -> Outcome<RootKind> {
    match wire {
        ConflictWire::Extra(name) => extra_kind(name),
        ConflictWire::Group(name) => group_kind(name),
    }
}

/// Names of projects; `:all:` stands for every one.
fn names(texts: &[String]) -> Outcome<Names> {
    if texts.iter().any(|text| text == ":all:") {
        return Ok(Names::All);
    }
    Ok(Names::Only(all_of(texts.iter().map(|name| package_name(name)))?.into_iter().collect()))
}

fn marker(text: &str, joins: &Joins) -> Outcome<MarkerTree> {
    bounded_marker(text, joins).map_err(|error| {
        let problem = Problem::new("requirement/invalid-marker", format!("`{text}` is no marker: {error}"));
        vec![problem.hint("Write for instance sys_platform == 'linux' (PEP 508)").with("marker", text)]
    })
}

pub(crate) fn package_name(text: &str) -> Outcome<PackageName> {
    text.parse().map_err(|_| vec![bad_name(text)])
}

pub(crate) fn bad_name(text: &str) -> Problem {
    Problem::new("requirement/invalid-name", format!("`{text}` is not a valid name"))
        .hint("Names hold ASCII letters, digits, `-`, `_` and `.`, and begin and end with a letter or digit (PEP 508)")
}

/// What an earlier lock fixes of sources that move by themselves.
fn kept_sources(previous: Option<&Lock>, upgrade: &Upgrade) -> BTreeMap<PackageName, Vec<Source>> {
    let kept = |name: &PackageName| match upgrade {
        Upgrade::Nothing => true,
        Upgrade::Packages(names) => !names.contains(name),
        Upgrade::Everything => false,
    };
    let packages = previous.into_iter().flat_map(|lock| &lock.packages).filter(|package| kept(&package.name));
    let mut sources: BTreeMap<PackageName, Vec<Source>> = BTreeMap::new();
    for package in packages {
        sources.entry(package.name.clone()).or_default().push(package.source.clone());
    }
    sources
}
