//! Between locks and the resolver: what a previous lock prefers, and what a resolution comes to on disk.

use crate::{Request, Target, Upgrade};
use pybun_lock::{Dependency, File, Lock, Mode, Package, Prereleases, Source};
use pybun_model::{IndexFile, PackageName, Problem, ProjectPage, VersionOrUrl, VersionSpecifier, VersionSpecifiers};
use pybun_resolver::{Edge, Inputs, Preference, Resolution, Resolved};
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;
use uv_pep440::{Operator, Version};

/// What the resolver is asked.
pub(crate) fn resolver_inputs(request: &Request) -> Inputs {
    let inputs = &request.inputs;
    let requirements: Vec<_> = inputs.roots.iter().flat_map(|root| root.requirements.iter().cloned()).collect();
    let target = match request.target {
        Target::Universal => pybun_resolver::Target::Universal,
        Target::Machine => pybun_resolver::Target::Machine {
            environment: Box::new(request.markers.clone()),
            tags: request.tags.clone(),
        },
    };
    let mut out = Inputs::new(requirements, python_of(request), target);
    out.constraints.clone_from(&inputs.constraints);
    out.overrides.clone_from(&inputs.overrides);
    out.direct = direct_names(request);
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
    out
}

/// The projects that a requirement names by URL.
fn direct_names(request: &Request) -> FxHashSet<PackageName> {
    let inputs = &request.inputs;
    let roots = inputs.roots.iter().flat_map(|root| &root.requirements);
    let all = roots.chain(&inputs.constraints).chain(&inputs.overrides);
    let by_url = all.filter(|requirement| matches!(requirement.version_or_url, Some(VersionOrUrl::Url(_))));
    by_url.map(|requirement| requirement.name.clone()).collect()
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
        let preference = Preference { version: package.version.clone(), marker: package.marker, locked: true };
        out.entry(package.name.clone()).or_default().push(preference);
    }
    out
}

/// The lock that a resolution comes to.
pub(crate) fn lock_of(
    request: &Request,
    resolution: &Resolution,
    pages: &FxHashMap<PackageName, Arc<ProjectPage>>,
) -> Result<Lock, Problem> {
    let places: FxHashMap<_, _> = (0_u32..)
        .zip(&resolution.packages)
        .map(|(place, package)| ((&package.name, &package.version), place))
        .collect();
    let direct = direct_names(request);
    let previous = request.previous.as_ref();
    let packages = resolution.packages.iter().map(|package| {
        let files = pages.get(&package.name).map(|page| files_of(package, page, previous)).unwrap_or_default();
        let page = pages.get(&package.name);
        let source = match page.and_then(|page| page.files.first()) {
            Some(file) if direct.contains(&package.name) => Source::Url(file.url.to_string()),
            _ => Source::INDEX,
        };
        Ok(Package {
            name: package.name.clone(),
            version: package.version.clone(),
            source,
            marker: package.marker,
            dependencies: package.edges.iter().map(|edge| dependency_of(edge, &places)).collect(),
            files: allowed(package, files, request)?,
        })
    });
    Ok(Lock { inputs: request.inputs.clone(), packages: packages.collect::<Result<_, Problem>>()? })
}

/// The files whose digests a requirements file states, when it states any.
fn allowed(package: &Resolved, files: Vec<File>, request: &Request) -> Result<Vec<File>, Problem> {
    if request.hashes.is_empty() {
        return Ok(files);
    }
    let Some(digests) = request.hashes.get(&package.name) else {
        let Resolved { name, version, .. } = package;
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
    let Resolved { name, version, .. } = package;
    Err(Problem::new(
        "resolve/hash-mismatch",
        format!("no file of {name} {version} has a SHA-256 that the requirements state"),
    )
    .hint("The index offers other files than those that were locked; find out why before you change the hashes")
    .with("package", name.as_ref())
    .with("version", version.to_string())
    .with("stated", digests.iter().map(ToString::to_string).collect::<Vec<_>>()))
}

fn dependency_of(edge: &Edge, places: &FxHashMap<(&PackageName, &Version), u32>) -> Dependency {
    Dependency {
        because_of: edge.because_of.clone(),
        package: places[&(&edge.name, &edge.version)],
        extra: edge.extra.clone(),
        marker: edge.marker,
    }
}

/// The files of the chosen version by name. Withdrawn files stay out unless there are no others.
fn files_of(package: &Resolved, page: &ProjectPage, previous: Option<&Lock>) -> Vec<File> {
    let of_version = || page.files.iter().filter(|file| *file.distribution.version() == package.version);
    let any_kept = of_version().any(|file| !file.yanked.is_yanked());
    let mut files: Vec<File> = of_version()
        .filter(|file| !any_kept || !file.yanked.is_yanked())
        .map(|file| File {
            filename: file.filename.clone(),
            sha256: file.sha256,
            size: file.size,
            storage: file.storage().or_else(|| known_storage(package, file, previous)),
        })
        .collect();
    files.sort_by(|a, b| a.filename.cmp(&b.filename));
    files.dedup_by(|a, b| a.filename == b.filename);
    files
}

/// What an earlier lock knew of the very same file, so that an index with another layout changes nothing.
fn known_storage(package: &Resolved, file: &IndexFile, previous: Option<&Lock>) -> Option<[u8; 32]> {
    let packages = previous.into_iter().flat_map(|lock| &lock.packages);
    let same = packages.filter(|other| other.name == package.name && other.version == package.version);
    let known = same
        .flat_map(|other| &other.files)
        .find(|known| known.filename == file.filename && known.sha256.is_some() && known.sha256 == file.sha256);
    known.and_then(|known| known.storage)
}
