//! Format 2: the body is postcard (its wire format 1.0 is stable) of the structs in `wire`.

mod wire;

use crate::lock::marker_text;
use crate::text::plain;
use crate::{
    Assigned, Dependency, Error, File, Here, Inputs, Lock, Mode, Names, Package, Prereleases, Root, RootKind, Source,
};
use pybun_model::{
    Joins, MarkerTree, PackageName, Requirement, Sha256, VerbatimUrl, VersionOrUrl, bounded_requirement_of, harmless,
    locked_marker, locked_marker_holds,
};
use std::borrow::Cow;
use std::collections::HashMap;
use std::str::FromStr;
use url::Url;

pub(crate) const VERSION: u32 = 2;

pub(crate) fn encode(lock: &Lock) -> Vec<u8> {
    postcard::to_allocvec(&to_wire(lock)).expect("strings, numbers and sequences of known length always serialise")
}

/// What was asked for, and what came of it as it is on disk.
pub(crate) struct Opened<'a> {
    pub inputs: Inputs,
    markers: Vec<Cow<'a, str>>,
    packages: Vec<wire::Package<'a>>,
    forks: Vec<u32>,
}

pub(crate) fn open(body: &[u8]) -> Result<Opened<'_>, Error> {
    let (wire, rest): (wire::Lock, _) = postcard::take_from_bytes(body).map_err(|error| corrupt(error.to_string()))?;
    if !rest.is_empty() {
        return Err(corrupt("something follows its content"));
    }
    from_wire(wire)
}

impl Opened<'_> {
    pub fn whole(self) -> Result<Lock, Error> {
        let joins = Joins::default();
        let markers: Vec<MarkerTree> =
            self.markers.iter().map(|text| marker(text, &joins)).collect::<Result<_, _>>()?;
        let forks = self.forks.iter().map(|position| marker_at(&markers, *position)).collect::<Result<_, _>>()?;
        self.lock(&markers, forks, |_| true)
    }

    pub fn here(self, here: Here<'_>) -> Result<Lock, Error> {
        let joins = Joins::default();
        let markers =
            self.markers.iter().map(|text| match locked_marker_holds(plain("a marker", text)?, here.markers) {
                Ok(Some(true)) => Ok(MarkerTree::TRUE),
                Ok(Some(false)) => Ok(MarkerTree::FALSE),
                Ok(None) | Err(_) => marker(text, &joins),
            });
        let markers: Vec<MarkerTree> = markers.collect::<Result<_, _>>()?;
        let fits = |name: &str| !name.ends_with(".whl") || here.tags.rank_of_file(name).is_some();
        self.lock(&markers, Vec::new(), fits)
    }

    fn lock(
        self,
        markers: &[MarkerTree],
        forks: Vec<MarkerTree>,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Result<Lock, Error> {
        let count = self.packages.len();
        let mut packages = Vec::with_capacity(count);
        for mut package in self.packages {
            package.files.retain(|file| is_wanted(&file.filename));
            packages.push(package_from_wire(package, markers, count)?);
        }
        Ok(Lock { inputs: self.inputs, packages, forks })
    }
}

fn corrupt(why: impl Into<String>) -> Error {
    Error::Corrupt(why.into())
}

fn to_wire(lock: &Lock) -> wire::Lock<'static> {
    let mut markers = Markers::default();
    let packages = lock.packages.iter().map(|package| package_to_wire(package, &mut markers)).collect();
    let forks = lock.forks.iter().map(|fork| markers.position(*fork)).collect();
    let inputs = &lock.inputs;
    wire::Lock {
        requires_python: inputs.requires_python.as_ref().map(|python| python.to_string().into()),
        roots: inputs.roots.iter().map(root_to_wire).collect(),
        constraints: requirements_to_wire(&inputs.constraints),
        overrides: requirements_to_wire(&inputs.overrides),
        excludes: inputs.excludes.iter().map(|name| name.to_string().into()).collect(),
        environments: inputs.environments.iter().map(environment_to_wire).collect(),
        required_environments: inputs.required_environments.iter().map(environment_to_wire).collect(),
        conflicts: inputs.conflicts.iter().map(|all| all.iter().map(kind_to_wire).collect()).collect(),
        exclude_newer: inputs.exclude_newer.clone().map(Into::into),
        no_binary: names_to_wire(&inputs.no_binary),
        no_build: names_to_wire(&inputs.no_build),
        prefer_binary: inputs.prefer_binary,
        sources: inputs.sources.iter().map(|(name, of)| (name.to_string().into(), assigned_to_wire(of))).collect(),
        mode: inputs.mode as u8,
        prereleases: inputs.prereleases as u8,
        markers: markers.texts.into_iter().map(Into::into).collect(),
        packages,
        forks,
    }
}

fn root_to_wire(root: &Root) -> wire::Root<'static> {
    let (kind, name) = kind_to_wire(&root.kind);
    wire::Root { kind, name, requirements: requirements_to_wire(&root.requirements) }
}

fn kind_to_wire(kind: &RootKind) -> (u8, Cow<'static, str>) {
    match kind {
        RootKind::Project => (0, "".into()),
        RootKind::Extra(name) => (1, name.to_string().into()),
        RootKind::Group(name) => (2, name.to_string().into()),
    }
}

fn environment_to_wire(marker: &MarkerTree) -> Cow<'static, str> {
    marker_text(marker).unwrap_or_default().into()
}

fn names_to_wire(names: &Names) -> Option<Vec<Cow<'static, str>>> {
    match names {
        Names::All => None,
        Names::Only(names) => Some(names.iter().map(|name| name.to_string().into()).collect()),
    }
}

fn assigned_to_wire(assigned: &Assigned) -> Option<Cow<'static, str>> {
    match assigned {
        Assigned::Index(name) => Some(name.clone().into()),
        Assigned::Editable => None,
    }
}

fn source_to_wire(source: &Source) -> wire::Source<'static> {
    let owned = |text: &Option<String>| text.clone().map(Cow::Owned);
    match source {
        Source::Index { name } => wire::Source::Index(owned(name)),
        Source::Url(url) => wire::Source::Url(url.clone().into()),
        Source::Git { url, commit, reference, subdirectory } => wire::Source::Git {
            url: url.clone().into(),
            commit: commit.clone().into(),
            reference: owned(reference),
            subdirectory: owned(subdirectory),
        },
        Source::Directory { path, editable, metadata } => wire::Source::Directory {
            path: path.clone().into(),
            editable: *editable,
            metadata: metadata.map(|digest| digest.0),
        },
        Source::Path(path) => wire::Source::Path(path.clone().into()),
    }
}

fn package_to_wire(package: &Package, markers: &mut Markers) -> wire::Package<'static> {
    wire::Package {
        name: package.name.to_string().into(),
        version: package.version.to_string().into(),
        source: source_to_wire(&package.source),
        marker: markers.position(package.marker),
        dependencies: package
            .dependencies
            .iter()
            .map(|dependency| wire::Dependency {
                because_of: dependency.because_of.as_ref().map(|extra| extra.to_string().into()),
                package: dependency.package,
                extra: dependency.extra.as_ref().map(|extra| extra.to_string().into()),
                marker: markers.position(dependency.marker),
            })
            .collect(),
        files: package
            .files
            .iter()
            .map(|file| wire::File {
                filename: file.filename.to_string().into(),
                sha256: file.sha256.map(|digest| digest.0),
                size: file.size,
                storage: file.storage,
            })
            .collect(),
    }
}

/// Each marker's text once, in the order of first use; 0 stands for "always".
#[derive(Default)]
struct Markers {
    texts: Vec<String>,
    positions: HashMap<MarkerTree, u32>,
    by_text: HashMap<String, u32>,
}

impl Markers {
    fn position(&mut self, marker: MarkerTree) -> u32 {
        if let Some(known) = self.positions.get(&marker) {
            return *known;
        }
        let Some(text) = marker_text(&marker) else { return 0 };
        let next = self.texts.len() as u32 + 1;
        let position = *self.by_text.entry(text.clone()).or_insert(next);
        if position == next {
            self.texts.push(text);
        }
        self.positions.insert(marker, position);
        position
    }
}

fn requirements_to_wire(requirements: &[Requirement]) -> Vec<wire::Requirement<'static>> {
    let one = |requirement: &Requirement| match &requirement.version_or_url {
        Some(VersionOrUrl::Url(url)) => {
            let without = Requirement { version_or_url: None, ..requirement.clone() };
            let url = url.displayable_with_credentials().to_string();
            wire::Requirement { text: without.to_string().into(), url: Some(url.into()) }
        }
        Some(VersionOrUrl::VersionSpecifier(_)) | None => {
            wire::Requirement { text: requirement.to_string().into(), url: None }
        }
    };
    requirements.iter().map(one).collect()
}

fn from_wire(wire: wire::Lock<'_>) -> Result<Opened<'_>, Error> {
    let joins = Joins::default();
    let inputs = Inputs {
        requires_python: wire.requires_python.map(|text| parse("requires-python", &text)).transpose()?,
        roots: wire.roots.into_iter().map(|root| root_from_wire(root, &joins)).collect::<Result<_, _>>()?,
        constraints: requirements(&wire.constraints, &joins)?,
        overrides: requirements(&wire.overrides, &joins)?,
        excludes: parsed_names(&wire.excludes)?,
        environments: environments(&wire.environments, &joins)?,
        required_environments: environments(&wire.required_environments, &joins)?,
        conflicts: wire
            .conflicts
            .iter()
            .map(|all| all.iter().map(|(kind, name)| kind_from_wire(*kind, name)).collect())
            .collect::<Result<_, _>>()?,
        exclude_newer: owned("exclude-newer", wire.exclude_newer)?,
        no_binary: names_from_wire(wire.no_binary)?,
        no_build: names_from_wire(wire.no_build)?,
        prefer_binary: wire.prefer_binary,
        sources: wire.sources.into_iter().map(assigned_from_wire).collect::<Result<_, _>>()?,
        mode: match wire.mode {
            0 => Mode::Highest,
            1 => Mode::Lowest,
            2 => Mode::LowestDirect,
            other => return Err(corrupt(format!("no resolution mode has number {other}"))),
        },
        prereleases: match wire.prereleases {
            0 => Prereleases::IfNecessary,
            1 => Prereleases::Allow,
            2 => Prereleases::Disallow,
            other => return Err(corrupt(format!("no pre-release mode has number {other}"))),
        },
    };
    Ok(Opened { inputs, markers: wire.markers, packages: wire.packages, forks: wire.forks })
}

fn root_from_wire(root: wire::Root, joins: &Joins) -> Result<Root, Error> {
    Ok(Root { kind: kind_from_wire(root.kind, &root.name)?, requirements: requirements(&root.requirements, joins)? })
}

fn kind_from_wire(kind: u8, name: &str) -> Result<RootKind, Error> {
    match kind {
        0 => Ok(RootKind::Project),
        1 => Ok(RootKind::Extra(parse("extra", name)?)),
        2 => Ok(RootKind::Group(parse("group", name)?)),
        other => Err(corrupt(format!("no root has kind {other}"))),
    }
}

fn environments(texts: &[Cow<str>], joins: &Joins) -> Result<Vec<MarkerTree>, Error> {
    texts.iter().map(|text| if text.is_empty() { Ok(MarkerTree::TRUE) } else { marker(text, joins) }).collect()
}

fn parsed_names(texts: &[Cow<str>]) -> Result<Vec<PackageName>, Error> {
    texts.iter().map(|text| parse("name", text)).collect()
}

fn names_from_wire(names: Option<Vec<Cow<str>>>) -> Result<Names, Error> {
    let Some(names) = names else { return Ok(Names::All) };
    Ok(Names::Only(parsed_names(&names)?.into_iter().collect()))
}

fn assigned_from_wire((name, index): (Cow<str>, Option<Cow<str>>)) -> Result<(PackageName, Assigned), Error> {
    let index = owned("the name of an index", index)?;
    Ok((parse("name", &name)?, index.map_or(Assigned::Editable, Assigned::Index)))
}

fn source_from_wire(source: wire::Source) -> Result<Source, Error> {
    let text = |what, text: Cow<str>| plain(what, text).map(Cow::into_owned);
    Ok(match source {
        wire::Source::Index(name) => Source::Index { name: owned("the name of an index", name)? },
        wire::Source::Url(url) => Source::Url(text("a URL", url)?),
        wire::Source::Git { url, commit, reference, subdirectory } => Source::Git {
            url: text("the URL of a repository", url)?,
            commit: text("a commit", commit)?,
            reference: owned("a reference", reference)?,
            subdirectory: owned("a subdirectory", subdirectory)?,
        },
        wire::Source::Directory { path, editable, metadata } => {
            Source::Directory { path: text("the path of a directory", path)?, editable, metadata: metadata.map(Sha256) }
        }
        wire::Source::Path(path) => Source::Path(text("the path of a file", path)?),
    })
}

fn owned(what: &str, text: Option<Cow<str>>) -> Result<Option<String>, Error> {
    text.map(|text| plain(what, text).map(Cow::into_owned)).transpose()
}

fn marker_at(markers: &[MarkerTree], position: u32) -> Result<MarkerTree, Error> {
    match position {
        0 => Ok(MarkerTree::TRUE),
        position => markers.get(position as usize - 1).copied().ok_or_else(|| corrupt("a marker is missing")),
    }
}

fn package_from_wire(package: wire::Package, markers: &[MarkerTree], count: usize) -> Result<Package, Error> {
    let marker = |position| marker_at(markers, position);
    let dependency = |dependency: wire::Dependency| -> Result<Dependency, Error> {
        if dependency.package as usize >= count {
            return Err(corrupt("a dependency leads nowhere"));
        }
        Ok(Dependency {
            because_of: dependency.because_of.map(|name| parse("extra", &name)).transpose()?,
            package: dependency.package,
            extra: dependency.extra.map(|name| parse("extra", &name)).transpose()?,
            marker: marker(dependency.marker)?,
        })
    };
    Ok(Package {
        name: parse("name", &package.name)?,
        version: parse("version", &package.version)?,
        source: source_from_wire(package.source)?,
        marker: marker(package.marker)?,
        dependencies: package.dependencies.into_iter().map(dependency).collect::<Result<_, _>>()?,
        files: package.files.into_iter().map(file_from_wire).collect::<Result<_, _>>()?,
    })
}

fn file_from_wire(file: wire::File) -> Result<File, Error> {
    if file.filename.is_empty() || file.filename.contains(['/', '\\', '\0']) {
        return Err(corrupt("a file has a name that is none"));
    }
    plain("the name of a file", &file.filename)?;
    Ok(File { filename: file.filename.into(), sha256: file.sha256.map(Sha256), size: file.size, storage: file.storage })
}

fn requirements(wire: &[wire::Requirement], joins: &Joins) -> Result<Vec<Requirement>, Error> {
    let one = |wire: &wire::Requirement| {
        let mut requirement = requirement(&wire.text, joins)?;
        if let Some(url) = &wire.url {
            let url = Url::parse(plain("the URL of a requirement", url)?)
                .map_err(|_| corrupt("a requirement has a URL that is none"))?;
            requirement.version_or_url = Some(VersionOrUrl::Url(VerbatimUrl::from(url)));
        }
        Ok(requirement)
    };
    wire.iter().map(one).collect()
}

fn parse<T: FromStr>(what: &str, text: &str) -> Result<T, Error> {
    text.parse().map_err(|_| is_no(what, text))
}

fn requirement(text: &str, joins: &Joins) -> Result<Requirement, Error> {
    bounded_requirement_of(plain("a requirement", text)?, joins).map_err(|_| is_no("requirement", text))
}

fn marker(text: &str, joins: &Joins) -> Result<MarkerTree, Error> {
    locked_marker(plain("a marker", text)?, joins).map_err(|_| is_no("marker", text))
}

fn is_no(what: &str, text: &str) -> Error {
    corrupt(format!("`{}` is no {what}", harmless(&text.chars().take(80).collect::<String>())))
}
