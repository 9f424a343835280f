//! Which version of a project to try next.

use crate::facts::{File, Page, RequiresPython};
use crate::{Inputs, Mode, Preference, Prereleases, Target};
use pubgrub::Ranges;
use rustc_hash::FxHashMap;
use std::sync::Arc;
use uv_normalize::PackageName;
use uv_pep440::{LowerBound, Version};
use uv_pep508::MarkerTree;

pub(crate) enum Candidate {
    Version(Version),
    /// The best version of the range cannot be used at all.
    Unusable(Version, String),
    /// Usable, but only on newer Pythons than the oldest of this fork.
    NeedsPython(Version, Arc<RequiresPython>),
    None,
}

/// What the index says about one version, for one target.
enum Usable {
    Yes(Option<Arc<RequiresPython>>),
    No(&'static str),
}

pub(crate) struct Select<'a> {
    pub(crate) inputs: &'a Inputs,
    pub(crate) python: &'a crate::python::Python,
    pub(crate) environment: MarkerTree,
    /// Versions chosen by forks already solved.
    pub(crate) solved: &'a FxHashMap<PackageName, Vec<Preference>>,
}

impl Select<'_> {
    pub(crate) fn choose(&self, name: &PackageName, page: &Page, range: &Ranges<Version>) -> Candidate {
        if let Some(candidate) = self.preferred(name, page, range) {
            return candidate;
        }
        let stable_first = match self.inputs.prereleases {
            Prereleases::Allow => [None, None],
            Prereleases::Disallow => [Some(false), Some(false)],
            Prereleases::IfNecessary => [Some(false), Some(true)],
        };
        let lowest = match self.inputs.mode {
            Mode::Highest => false,
            Mode::Lowest => true,
            Mode::LowestDirect => {
                self.inputs.requirements.iter().any(|r| r.name == *name && !r.marker.is_disjoint(self.environment))
            }
        };
        for wanted in &stable_first {
            let fits = |i: &usize| wanted.is_none_or(|pre| page.versions[*i].any_prerelease() == pre);
            let mut inside = page.inside(range).flatten();
            let found = if lowest { inside.find(fits) } else { inside.rev().find(fits) };
            let Some(i) = found else { continue };
            return self.candidate(name, page, i);
        }
        Candidate::None
    }

    fn candidate(&self, name: &PackageName, page: &Page, i: usize) -> Candidate {
        let version = page.versions[i].clone();
        match self.usable(name, &version, page.files(i)) {
            Usable::No(why) => Candidate::Unusable(version, why.to_string()),
            Usable::Yes(Some(wants)) if !self.python.allowed_by(&wants) => Candidate::NeedsPython(version, wants),
            Usable::Yes(_) => Candidate::Version(version),
        }
    }

    /// A version from the lock or from a sibling fork: first of those for this environment, the highest. One
    /// that needs a newer Python is kept, so that every fork splits at the same Python.
    fn preferred(&self, name: &PackageName, page: &Page, range: &Ranges<Version>) -> Option<Candidate> {
        let mut known: Vec<&Preference> =
            [&self.inputs.preferences, self.solved].into_iter().filter_map(|of| of.get(name)).flatten().collect();
        known.sort_by(|a, b| {
            let here = |p: &Preference| !p.marker.is_disjoint(self.environment);
            (here(b), &b.version).cmp(&(here(a), &a.version))
        });
        let allowed = |p: &&Preference| {
            let pre = p.version.any_prerelease();
            let pre_allowed = match self.inputs.prereleases {
                Prereleases::Allow => true,
                Prereleases::Disallow => !pre,
                Prereleases::IfNecessary => !pre || p.locked,
            };
            pre_allowed && range.contains(&p.version)
        };
        let candidates = known
            .into_iter()
            .filter(allowed)
            .filter_map(|p| Some(self.candidate(name, page, page.position(&p.version)?)));
        candidates.into_iter().find(|candidate| !matches!(candidate, Candidate::Unusable(..)))
    }

    fn usable(&self, name: &PackageName, version: &Version, files: &[File]) -> Usable {
        let yank_allowed = || {
            self.inputs.pins(name, version)
                || self.inputs.preferences.get(name).is_some_and(|all| all.iter().any(|p| p.version == *version))
        };
        let no_binary = self.inputs.no_binary.contains(name);
        let no_build = self.inputs.no_build.contains(name);
        let mut why = "has no usable files";
        let mut source = None;
        let mut wheel: Option<&File> = None;
        for file in files {
            if file.yanked && !yank_allowed() {
                why = "was yanked";
            } else if let Some(tags) = Tags::of(&file.filename) {
                if no_binary {
                    why = "has only wheels, and wheels are not allowed";
                } else if !tags.fits(&self.inputs.target, &self.python.lower) {
                    why = "has no wheel for this platform and Python";
                } else if wheel.is_none_or(|best| self.older_python(file, best)) {
                    wheel = Some(file);
                }
            } else if no_build {
                why = "has only source files, and building is not allowed";
            } else {
                source = Some(file);
            }
        }
        match wheel.or(source) {
            Some(file) => Usable::Yes(file.requires_python.clone()),
            None => Usable::No(why),
        }
    }

    /// Files of one version can state different bounds; take one that the Pythons here satisfy.
    fn older_python(&self, file: &File, best: &File) -> bool {
        let ok = |f: &File| f.requires_python.as_ref().is_none_or(|wants| self.python.allowed_by(wants));
        ok(file) && !ok(best)
    }
}

/// The compatibility part of a wheel's name.
struct Tags<'a> {
    python: &'a str,
    abi: &'a str,
    platform: &'a str,
}

impl<'a> Tags<'a> {
    fn of(filename: &'a str) -> Option<Self> {
        let mut parts = filename.strip_suffix(".whl")?.rsplitn(4, '-');
        let (platform, abi, python) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self { python, abi, platform })
    }

    fn fits(&self, target: &Target, oldest: &LowerBound) -> bool {
        match target {
            Target::Machine { python_minor, platforms, .. } => {
                let python = |tag: &str| {
                    self.abi.split('.').any(|abi| match (tag.split_at_checked(2).unwrap_or_default(), abi) {
                        (("py", "3"), "none") => true,
                        (("py", version), "none") => version
                            .strip_prefix('3')
                            .and_then(|m| m.parse().ok())
                            .is_some_and(|m: u32| m <= *python_minor),
                        (("cp", version), "abi3") => minor(version).is_some_and(|m| m <= *python_minor),
                        (("cp", version), abi) => {
                            minor(version) == Some(*python_minor) && (abi == "none" || abi.trim_end_matches('m') == tag)
                        }
                        _ => false,
                    })
                };
                self.python.split('.').any(python)
                    && self.platform.split('.').any(|p| p == "any" || platforms.iter().any(|own| fits_platform(p, own)))
            }
            // Any platform is somebody's; but a wheel for a Python older than the oldest is nobody's.
            Target::Universal => self.python.split('.').any(|tag| {
                let oldest = match &**oldest {
                    std::ops::Bound::Unbounded => 0,
                    std::ops::Bound::Included(v) | std::ops::Bound::Excluded(v) => {
                        v.release().get(1).copied().unwrap_or(0) as u32
                    }
                };
                match tag.split_at_checked(2).unwrap_or_default() {
                    ("py", version) => version.starts_with('3'),
                    ("cp", version) => {
                        minor(version).is_some_and(|m| m >= oldest || self.abi.split('.').any(|abi| abi == "abi3"))
                    }
                    _ => false,
                }
            }),
        }
    }
}

fn minor(tag: &str) -> Option<u32> {
    tag.strip_prefix('3').filter(|minor| !minor.is_empty()).and_then(|minor| minor.parse().ok())
}

/// `own` is the newest tag a machine takes, for instance `manylinux_2_36_x86_64` or `macosx_14_0_arm64`.
fn fits_platform(tag: &str, own: &str) -> bool {
    let tag = match tag.split_once('_') {
        Some(("manylinux1", arch)) => format!("manylinux_2_5_{arch}"),
        Some(("manylinux2010", arch)) => format!("manylinux_2_12_{arch}"),
        Some(("manylinux2014", arch)) => format!("manylinux_2_17_{arch}"),
        _ => tag.to_string(),
    };
    let parse = |tag: &str| -> Option<(String, u32, u32, String)> {
        let mut parts = tag.splitn(4, '_');
        Some((
            parts.next()?.to_string(),
            parts.next()?.parse().ok()?,
            parts.next()?.parse().ok()?,
            parts.next()?.to_string(),
        ))
    };
    match (parse(&tag), parse(own)) {
        (Some(a), Some(b)) => a.0 == b.0 && (a.1, a.2) <= (b.1, b.2) && (a.3 == b.3 || a.3 == "universal2"),
        _ => tag == own,
    }
}
