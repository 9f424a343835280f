//! Format 1, which is still read: the body is postcard (its wire format 1.0 is stable) of the structs in `wire`.

mod wire;

use crate::text::plain;
use crate::{Dependency, Error, File, Inputs, Lock, Mode, Package, Prereleases, Root, RootKind, Source};
use pybun_model::{Joins, MarkerTree, Requirement, Sha256, bounded_requirement_of, harmless, locked_marker};
use std::str::FromStr;

pub(crate) const VERSION: u32 = 1;

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

fn from_wire(wire: wire::Lock) -> Result<Lock, Error> {
    let joins = Joins::default();
    let markers: Vec<MarkerTree> = wire.markers.iter().map(|text| marker(text, &joins)).collect::<Result<_, _>>()?;
    let count = wire.packages.len();
    let inputs = Inputs {
        requires_python: wire.requires_python.map(|text| parse("requires-python", &text)).transpose()?,
        constraints: requirements(&wire.constraints, &joins)?,
        overrides: requirements(&wire.overrides, &joins)?,
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
        ..Inputs::of(wire.roots.into_iter().map(|root| root_from_wire(root, &joins)).collect::<Result<_, _>>()?)
    };
    let packages = wire.packages.into_iter().map(|package| package_from_wire(package, &markers, count));
    Ok(Lock { inputs, packages: packages.collect::<Result<_, _>>()?, forks: Vec::new() })
}

fn root_from_wire(root: wire::Root, joins: &Joins) -> Result<Root, Error> {
    let kind = match root.kind {
        0 => RootKind::Project,
        1 => RootKind::Extra(parse("extra", &root.name)?),
        2 => RootKind::Group(parse("group", &root.name)?),
        other => return Err(corrupt(format!("no root has kind {other}"))),
    };
    Ok(Root { kind, requirements: requirements(&root.requirements, joins)? })
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
        source: match package.url {
            None => Source::INDEX,
            Some(url) => Source::Url(plain("a URL", url)?.into_owned()),
        },
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

fn requirements(texts: &[std::borrow::Cow<str>], joins: &Joins) -> Result<Vec<Requirement>, Error> {
    texts.iter().map(|text| requirement(text, joins)).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{decode, framed, older_format};

    #[test]
    fn a_lock_of_format_1_is_read_and_known_to_be_old() {
        let wire = wire::Lock {
            requires_python: Some(">=3.9".into()),
            roots: vec![wire::Root { kind: 0, name: "".into(), requirements: vec!["a>=1".into()] }],
            constraints: Vec::new(),
            overrides: vec!["a<3".into()],
            mode: 0,
            prereleases: 0,
            markers: vec!["sys_platform == 'win32'".into()],
            packages: vec![wire::Package {
                name: "a".into(),
                version: "1.0".into(),
                url: Some("https://h.example/a-1.0.tar.gz".into()),
                marker: 1,
                dependencies: Vec::new(),
                files: Vec::new(),
            }],
        };
        let bytes = framed(VERSION, &postcard::to_allocvec(&wire).unwrap());
        let lock = decode(&bytes).unwrap();
        assert_eq!(older_format(&bytes), Some(1));
        assert_eq!(lock.inputs.overrides.len(), 1);
        assert_eq!(lock.packages[0].source, Source::Url("https://h.example/a-1.0.tar.gz".to_owned()));
        assert_eq!(lock.packages[0].marker, "sys_platform == 'win32'".parse().unwrap());
    }
}
