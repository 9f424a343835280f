//! File names of distributions: wheels (binary distribution format) and sdists (PEP 625 and older).

use crate::first_harmful;
use std::fmt;
use std::str::FromStr;
use uv_normalize::PackageName;
use uv_pep440::Version;

/// `{name}-{version}[-{build}]-{python}-{abi}-{platform}.whl`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WheelName {
    pub name: PackageName,
    pub version: Version,
    /// The number and the rest of the build tag; a wheel without one sorts below every wheel with one.
    pub build: Option<(u64, Box<str>)>,
    /// Compressed tag sets, for instance `py2.py3`, `none`, `manylinux1_x86_64.manylinux_2_5_x86_64`.
    pub python: Box<str>,
    pub abi: Box<str>,
    pub platform: Box<str>,
}

/// `{name}-{version}.tar.gz` or `.zip`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SdistName {
    pub name: PackageName,
    pub version: Version,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Distribution {
    Wheel(WheelName),
    Sdist(SdistName),
}

#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not the name of a distribution: {1}")]
pub struct BadDistributionName(String, &'static str);

impl Distribution {
    /// Reads the name of a file of the project `name`. The name is needed because the names of old sdists
    /// (`a-b-1.0.tar.gz`) do not tell where the version starts.
    pub fn parse(filename: &str, name: &PackageName) -> Result<Self, BadDistributionName> {
        let bad = |why| BadDistributionName(filename.chars().take(200).collect(), why);
        if first_harmful(filename).is_some() {
            return Err(bad("it holds a control character"));
        }
        if filename.ends_with(".whl") {
            let wheel = WheelName::from_str(filename)?;
            return if wheel.name == *name { Ok(Self::Wheel(wheel)) } else { Err(bad("it names another project")) };
        }
        let stem = [".tar.gz", ".zip", ".tgz"]
            .iter()
            .find_map(|suffix| filename.strip_suffix(suffix))
            .ok_or_else(|| bad("it is neither a wheel nor an sdist"))?;
        // The shortest prefix that normalises to the name and leaves a version.
        stem.match_indices('-')
            .filter(|(at, _)| PackageName::from_str(&stem[..*at]).is_ok_and(|prefix| prefix == *name))
            .find_map(|(at, _)| Version::from_str(&stem[at + 1..]).ok())
            .map(|version| Self::Sdist(SdistName { name: name.clone(), version }))
            .ok_or_else(|| bad("it holds no version of the project"))
    }

    pub fn version(&self) -> &Version {
        match self {
            Self::Wheel(wheel) => &wheel.version,
            Self::Sdist(sdist) => &sdist.version,
        }
    }
}

impl FromStr for WheelName {
    type Err = BadDistributionName;

    fn from_str(filename: &str) -> Result<Self, BadDistributionName> {
        let bad = |why| BadDistributionName(filename.chars().take(200).collect(), why);
        let stem = filename.strip_suffix(".whl").ok_or_else(|| bad("it does not end in .whl"))?;
        if stem.contains(['/', '\\', '\0']) {
            return Err(bad("it holds a path separator"));
        }
        if first_harmful(stem).is_some() {
            return Err(bad("it holds a control character"));
        }
        let parts: Vec<&str> = stem.split('-').collect();
        let (name, version, build, tags) = match parts[..] {
            [name, version, ref tags @ ..] if tags.len() == 3 => (name, version, None, tags),
            [name, version, build, ref tags @ ..] if tags.len() == 3 => (name, version, Some(build), tags),
            _ => return Err(bad("a wheel's name has five or six parts")),
        };
        let build = match build {
            None => None,
            Some(build) => {
                let digits = build.bytes().take_while(u8::is_ascii_digit).count();
                let number = build[..digits].parse().map_err(|_| bad("the build tag starts with no number"))?;
                Some((number, build[digits..].into()))
            }
        };
        Ok(Self {
            name: PackageName::from_str(name).map_err(|_| bad("the project's name is invalid"))?,
            version: Version::from_str(&version.replace('_', "-")).map_err(|_| bad("the version is invalid"))?,
            build,
            python: tags[0].into(),
            abi: tags[1].into(),
            platform: tags[2].into(),
        })
    }
}

impl fmt::Display for WheelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.name.as_dist_info_name(), self.version)?;
        if let Some((number, rest)) = &self.build {
            write!(f, "-{number}{rest}")?;
        }
        write!(f, "-{}-{}-{}.whl", self.python, self.abi, self.platform)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(filename: &str, name: &str) -> Result<Distribution, BadDistributionName> {
        Distribution::parse(filename, &name.parse().unwrap())
    }

    #[test]
    fn reads_wheels() {
        let wheel = WheelName::from_str("Foo_Bar-1.0+cpu-2b-py2.py3-none-any.whl").unwrap();
        assert_eq!((wheel.name.as_ref(), wheel.version.to_string().as_str()), ("foo-bar", "1.0+cpu"));
        assert_eq!(wheel.build, Some((2, "b".into())));
        assert_eq!(wheel.to_string(), "foo_bar-1.0+cpu-2b-py2.py3-none-any.whl");
    }

    #[test]
    fn reads_sdists_whose_names_hold_hyphens() {
        for (file, name, version) in [
            ("a-b-1.0.tar.gz", "a-b", "1.0"),
            ("a_b-1.0.zip", "a-b", "1.0"),
            ("python-dateutil-2.9.0.post0.tar.gz", "python-dateutil", "2.9.0.post0"),
            ("x-1.0-1.tar.gz", "x", "1.0.post1"),
        ] {
            assert_eq!(parse(file, name).unwrap().version(), &version.parse().unwrap(), "{file}");
        }
    }

    #[test]
    fn refuses_other_names() {
        for (file, name) in [
            ("a-1.0.exe", "a"),
            ("b-1.0.tar.gz", "a"),
            ("b-1.0-py3-none-any.whl", "a"),
            ("a-1.0-py3-none.whl", "a"),
            ("a-1.0-x-py3-none-any.whl", "a"),
            ("../a-1.0-py3-none-any.whl", "a"),
            ("a-1.0\n.tar.gz", "a"),
            ("a-1.0-py3-none-any\u{9b}.whl", "a"),
            ("a-1.0-py3-\u{2028}-any.whl", "a"),
            ("", "a"),
        ] {
            assert!(parse(file, name).is_err(), "{file}");
        }
    }
}
