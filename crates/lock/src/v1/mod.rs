//! Format 1: the body is postcard (its wire format 1.0 is stable) of the structs in `wire`.

mod wire;

use crate::{Dependency, Error, File, Inputs, Lock, Mode, Package, Prereleases, Root, RootKind, Source};
use pybun_model::{MarkerTree, Requirement, Sha256};
use std::str::FromStr;

pub(crate) const VERSION: u32 = 1;

pub(crate) fn encode(lock: &Lock) -> Vec<u8> {
    postcard::to_allocvec(&to_wire(lock)).expect("strings, numbers and sequences of known length always serialise")
}

pub(crate) fn decode(body: &[u8]) -> Result<Lock, Error> {
    let (wire, rest): (wire::Lock, _) = postcard::take_from_bytes(body).map_err(|error| corrupt(error.to_string()))?;
    if !rest.is_empty() {
        return Err(corrupt("something follows its content"));
    }
    from_wire(wire)
}

fn corrupt(why: impl Into<String>) -> Error {
    Error::Corrupt(why.into())
}

fn to_wire(lock: &Lock) -> wire::Lock<'static> {
    let mut markers = Markers::default();
    let packages = lock.packages.iter().map(|package| package_to_wire(package, &mut markers)).collect();
    let inputs = &lock.inputs;
    wire::Lock {
        requires_python: inputs.requires_python.as_ref().map(|python| python.to_string().into()),
        roots: inputs.roots.iter().map(root_to_wire).collect(),
        constraints: texts(&inputs.constraints),
        overrides: texts(&inputs.overrides),
        mode: inputs.mode as u8,
        prereleases: inputs.prereleases as u8,
        markers: markers.texts.into_iter().map(Into::into).collect(),
        packages,
    }
}

fn root_to_wire(root: &Root) -> wire::Root<'static> {
    let (kind, name) = match &root.kind {
        RootKind::Project => (0, String::new()),
        RootKind::Extra(name) => (1, name.to_string()),
        RootKind::Group(name) => (2, name.to_string()),
    };
    wire::Root { kind, name: name.into(), requirements: texts(&root.requirements) }
}

fn package_to_wire(package: &Package, markers: &mut Markers) -> wire::Package<'static> {
    wire::Package {
        name: package.name.to_string().into(),
        version: package.version.to_string().into(),
        url: match &package.source {
            Source::Index => None,
            Source::Url(url) => Some(url.clone().into()),
        },
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
}

impl Markers {
    fn position(&mut self, marker: MarkerTree) -> u32 {
        let Some(text) = text_of(marker) else { return 0 };
        let known = self.texts.iter().position(|other| *other == text);
        let position = known.unwrap_or_else(|| {
            self.texts.push(text);
            self.texts.len() - 1
        });
        position as u32 + 1
    }
}

/// The canonical text, `None` for the marker that always holds.
fn text_of(marker: MarkerTree) -> Option<String> {
    if marker.is_false() {
        return Some("python_version < '0'".to_owned());
    }
    marker.try_to_string()
}

fn texts(requirements: &[Requirement]) -> Vec<std::borrow::Cow<'static, str>> {
    requirements.iter().map(|requirement| requirement.to_string().into()).collect()
}

fn from_wire(wire: wire::Lock) -> Result<Lock, Error> {
    let markers: Vec<MarkerTree> = wire.markers.iter().map(|text| parse("marker", text)).collect::<Result<_, _>>()?;
    let count = wire.packages.len();
    let inputs = Inputs {
        requires_python: wire.requires_python.map(|text| parse("requires-python", &text)).transpose()?,
        roots: wire.roots.into_iter().map(root_from_wire).collect::<Result<_, _>>()?,
        constraints: requirements(&wire.constraints)?,
        overrides: requirements(&wire.overrides)?,
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
    let packages = wire.packages.into_iter().map(|package| package_from_wire(package, &markers, count));
    Ok(Lock { inputs, packages: packages.collect::<Result<_, _>>()? })
}

fn root_from_wire(root: wire::Root) -> Result<Root, Error> {
    let kind = match root.kind {
        0 => RootKind::Project,
        1 => RootKind::Extra(parse("extra", &root.name)?),
        2 => RootKind::Group(parse("group", &root.name)?),
        other => return Err(corrupt(format!("no root has kind {other}"))),
    };
    Ok(Root { kind, requirements: requirements(&root.requirements)? })
}

fn package_from_wire(package: wire::Package, markers: &[MarkerTree], count: usize) -> Result<Package, Error> {
    let marker = |position: u32| match position {
        0 => Ok(MarkerTree::TRUE),
        position => markers.get(position as usize - 1).copied().ok_or_else(|| corrupt("a marker is missing")),
    };
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
        source: package.url.map_or(Source::Index, |url| Source::Url(url.into_owned())),
        marker: marker(package.marker)?,
        dependencies: package.dependencies.into_iter().map(dependency).collect::<Result<_, _>>()?,
        files: package.files.into_iter().map(file_from_wire).collect::<Result<_, _>>()?,
    })
}

fn file_from_wire(file: wire::File) -> Result<File, Error> {
    if file.filename.is_empty() || file.filename.contains(['/', '\\', '\0']) {
        return Err(corrupt("a file has a name that is none"));
    }
    Ok(File { filename: file.filename.into(), sha256: file.sha256.map(Sha256), size: file.size, storage: file.storage })
}

fn requirements(texts: &[std::borrow::Cow<str>]) -> Result<Vec<Requirement>, Error> {
    texts.iter().map(|text| parse("requirement", text)).collect()
}

fn parse<T: FromStr>(what: &str, text: &str) -> Result<T, Error> {
    text.parse().map_err(|_| corrupt(format!("`{}` is no {what}", text.chars().take(80).collect::<String>())))
}
