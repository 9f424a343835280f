//! Between locks and the resolver: what a previous lock prefers, and what a resolution comes to on disk.

use crate::known::Known;
use crate::solve::too_hard;
use crate::{Request, Target, Upgrade, universe};
use pybun_lock::{Assigned, Dependency, File, Lock, Mode, Names, Package, Prereleases, Source};
use pybun_model::{
    Distribution, IndexFile, Joins, MarkerTree, PackageName, Problem, VersionSpecifier, VersionSpecifiers, Yanked,
};
use pybun_resolver::{
    Certainty, Edge, Inputs, Limits, Preference, Release, Resolution, Resolved, Root, TooHard, WheelMarkers,
};
use rustc_hash::FxHashMap;
use uv_pep440::{Operator, Version};

/// What the resolver is asked.
pub(crate) fn resolver_inputs(request: &Request) -> Result<Inputs, Problem> {
    let inputs = &request.inputs;
    let mut out = Inputs::new(Vec::new(), python_of(request), target_of(request));
    let universal = request.target == Target::Universal;
    let root = |root: &pybun_lock::Root| Root {
        gate: if universal { universe::gate(&root.kind, &inputs.conflicts) } else { MarkerTree::TRUE },
        requirements: root.requirements.clone(),
    };
    out.roots = inputs.roots.iter().map(root).collect();
    if universal {
        out.environments = universe::parts(inputs)?;
        let previous = request.previous.as_ref().filter(|_| !matches!(request.upgrade, Upgrade::Everything));
        out.forks = previous.map(|lock| lock.forks.clone()).unwrap_or_default();
        out.required_environments.clone_from(&inputs.required_environments);
    }
    out.constraints.clone_from(&inputs.constraints);
    out.overrides.clone_from(&inputs.overrides);
    out.excludes = inputs.excludes.iter().chain(&request.own).cloned().collect();
    out.no_binary = names_of(&inputs.no_binary);
    out.no_build = names_of(&inputs.no_build);
    out.prefer_binary = inputs.prefer_binary;
    out.mode = match inputs.mode {
        Mode::Highest => pybun_resolver::Mode::Highest,
        Mode::Lowest => pybun_resolver::Mode::Lowest,
        Mode::LowestDirect => pybun_resolver::Mode::LowestDirect,
    };
    out.prereleases = match inputs.prereleases {
        Prereleases::IfNecessary => pybun_resolver::Prereleases::IfNecessary,
        Prereleases::Allow => pybun_resolver::Prereleases::Allow,
        Prereleases::Disallow => pybun_resolver::Prereleases::Disallow,
    };
    out.preferences = preferences(request);
    Ok(out)
}

fn target_of(request: &Request) -> pybun_resolver::Target {
    match request.target {
        Target::Universal => pybun_resolver::Target::Universal,
        Target::Machine => pybun_resolver::Target::Machine {
            environment: Box::new(request.markers.clone()),
            tags: request.tags.clone(),
        },
    }
}

fn names_of(names: &Names) -> pybun_resolver::Names {
    match names {
        Names::All => pybun_resolver::Names::All,
        Names::Only(names) => pybun_resolver::Names::Only(names.iter().cloned().collect()),
    }
}

/// The Pythons to resolve for: one exactly, those of `requires-python`, or those from the one at hand.
fn python_of(request: &Request) -> VersionSpecifiers {
    let at_hand = &request.markers.python_full_version().version;
    let specifier = |operator, version| {
        let specifier = VersionSpecifier::from_version(operator, version).expect("a release takes every operator");
        VersionSpecifiers::from(specifier)
    };
    match (request.target, &request.inputs.requires_python) {
        (Target::Machine, _) => specifier(Operator::Equal, at_hand.only_release()),
        (Target::Universal, Some(specifiers)) => specifiers.clone(),
        (Target::Universal, None) => {
            let minor = Version::new(at_hand.release().iter().take(2).copied());
            specifier(Operator::GreaterThanEqual, minor)
        }
    }
}

fn preferences(request: &Request) -> FxHashMap<PackageName, Vec<Preference>> {
    let mut out: FxHashMap<PackageName, Vec<Preference>> = FxHashMap::default();
    let keeps = |name: &PackageName| match &request.upgrade {
        Upgrade::Nothing => true,
        Upgrade::Packages(names) => !names.contains(name),
        Upgrade::Everything => false,
    };
    for package in request.previous.iter().flat_map(|lock| &lock.packages).filter(|package| keeps(&package.name)) {
        if !matches!(package.source, Source::Index { .. }) {
            continue;
        }
        let preference = Preference { version: package.version.clone(), marker: package.marker, locked: true };
        out.entry(package.name.clone()).or_default().push(preference);
    }
    out
}

/// The lock that a resolution comes to.
pub(crate) fn lock_of(request: &Request, resolution: &Resolution, known: &Known) -> Result<Lock, Problem> {
    let places: FxHashMap<&Release, u32> =
        resolution.packages.iter().map(|package| &package.release).zip(0_u32..).collect();
    let mut markers = WheelMarkers::new(Certainty::Possible);
    let joins = Joins::default();
    let packages = resolution.packages.iter().map(|package| {
        let release = &package.release;
        let (source, files) = match &release.url {
            Some(url) => {
                let direct = known.direct(&release.name, url).expect("what was chosen is known");
                (direct.source.clone(), direct.file.iter().map(|file| file_of(release, file, request)).collect())
            }
            None => {
                let files = files_of(package, known, (resolution.universe, request), (&mut markers, &joins));
                (index_of(&release.name, request), files)
            }
        };
        Ok(Package {
            name: release.name.clone(),
            version: release.version.clone(),
            source,
            marker: package.marker,
            dependencies: package.edges.iter().map(|edge| dependency_of(edge, &places)).collect(),
            files: allowed(release, files, request)?,
        })
    });
    let packages: Vec<Package> = packages.collect::<Result<_, Problem>>()?;
    if joins.is_over() {
        return Err(too_hard(TooHard::Markers(None), &Limits::default()));
    }
    // The same again may have been solved in smaller parts, which is no change.
    let same = request.previous.as_ref().filter(|previous| previous.packages == packages);
    let forks = same.map_or(&resolution.forks, |previous| &previous.forks).clone();
    Ok(Lock { inputs: request.inputs.clone(), packages, forks })
}

fn index_of(name: &PackageName, request: &Request) -> Source {
    match request.inputs.sources.get(name) {
        Some(Assigned::Index(index)) => Source::Index { name: Some(index.clone()) },
        Some(Assigned::Editable) | None => Source::INDEX,
    }
}

/// The files whose digests a requirements file states, when it states any.
fn allowed(release: &Release, files: Vec<File>, request: &Request) -> Result<Vec<File>, Problem> {
    if request.hashes.is_empty() {
        return Ok(files);
    }
    let Release { name, version, .. } = release;
    let Some(digests) = request.hashes.get(name) else {
        return Err(Problem::new(
            "resolve/hash-missing",
            format!("{name} {version} is needed, and no hash is stated for it"),
        )
        .hint("With hashes, a requirements file has to list everything that is needed, each with its hash")
        .with("package", name.as_ref())
        .with("version", version.to_string()));
    };
    let stated = |file: &File| file.sha256.is_some_and(|digest| digests.contains(&digest));
    let kept: Vec<File> = files.into_iter().filter(stated).collect();
    if !kept.is_empty() {
        return Ok(kept);
    }
    Err(Problem::new(
        "resolve/hash-mismatch",
        format!("no file of {name} {version} has a SHA-256 that the requirements state"),
    )
    .hint("The index offers other files than those that were locked; find out why before you change the hashes")
    .with("package", name.as_ref())
    .with("version", version.to_string())
    .with("stated", digests.iter().map(ToString::to_string).collect::<Vec<_>>()))
}

fn dependency_of(edge: &Edge, places: &FxHashMap<&Release, u32>) -> Dependency {
    Dependency {
        because_of: edge.because_of.clone(),
        package: places[&edge.to],
        extra: edge.extra.clone(),
        marker: edge.marker,
    }
}

/// The files of the chosen version by name, those that somebody may install. Withdrawn files stay out unless there
/// are no others.
fn files_of(
    package: &Resolved,
    known: &Known,
    (universe, request): (MarkerTree, &Request),
    (markers, joins): (&mut WheelMarkers, &Joins),
) -> Vec<File> {
    let Resolved { release, marker, .. } = package;
    let Some(page) = known.pages.get(&release.name) else { return Vec::new() };
    let inputs = &request.inputs;
    let (no_binary, no_build) = (inputs.no_binary.has(&release.name), inputs.no_build.has(&release.name));
    let of_version: Vec<&IndexFile> = page
        .files
        .of(&release.version)
        .filter(|file| request.cutoff.is_none_or(|cutoff| cutoff.admits(file)))
        .filter(|file| match &file.distribution {
            Distribution::Wheel(_) => !no_binary,
            Distribution::Sdist(_) => !no_build,
        })
        .collect();
    let any_kept = of_version.iter().any(|file| !file.yanked.is_yanked());
    let kept = || of_version.iter().filter(|file| !any_kept || !file.yanked.is_yanked());
    let needed = joins.and(*marker, universe);
    let mut reachable: Vec<&IndexFile> = match request.target {
        Target::Machine => kept().copied().collect(),
        Target::Universal => kept().filter(|file| markers.reach(&file.filename, needed, joins)).copied().collect(),
    };
    if reachable.is_empty() {
        reachable = kept().copied().collect();
    }
    reachable.sort_by(|a, b| a.filename.cmp(&b.filename));
    reachable.dedup_by(|a, b| a.filename == b.filename);
    reachable.into_iter().map(|file| file_of(release, file, request)).collect()
}

fn file_of(release: &Release, file: &IndexFile, request: &Request) -> File {
    File {
        filename: file.filename.clone(),
        sha256: file.sha256,
        size: file.size,
        storage: file.storage().or_else(|| known_storage(release, file, request.previous.as_ref())),
    }
}

/// What an earlier lock knew of the very same file, so that an index with another layout changes nothing.
fn known_storage(release: &Release, file: &IndexFile, previous: Option<&Lock>) -> Option<[u8; 32]> {
    let packages = previous.into_iter().flat_map(|lock| &lock.packages);
    let same = packages.filter(|other| other.name == release.name && other.version == release.version);
    let known = same
        .flat_map(|other| &other.files)
        .find(|known| known.filename == file.filename && known.sha256.is_some() && known.sha256 == file.sha256);
    known.and_then(|known| known.storage)
}

/// The chosen releases that an index has withdrawn, with the reason where it states one.
pub(crate) fn withdrawn<'a>(
    resolution: &'a Resolution,
    known: &'a Known,
) -> impl Iterator<Item = (&'a Release, Option<&'a str>)> {
    resolution.packages.iter().map(|package| &package.release).filter_map(|release| {
        let page = known.pages.get(&release.name).filter(|_| release.url.is_none())?;
        let mut reason = None;
        for file in page.files.of(&release.version) {
            match &file.yanked {
                Yanked::No => return None,
                Yanked::Yes(why) => reason = reason.or(why.as_deref()),
            }
        }
        Some((release, reason))
    })
}
