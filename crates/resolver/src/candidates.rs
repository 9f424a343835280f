//! Which version of a project to try next.

use crate::facts::{File, Page, RequiresPython};
use crate::rules::Rules;
use crate::wheel_marker::{Certainty, WheelMarkers};
use crate::{Inputs, Mode, Preference, Prereleases, Target, Why};
use pubgrub::Ranges;
use pybun_model::WheelName;
use rustc_hash::FxHashMap;
use std::str::FromStr;
use std::sync::Arc;
use uv_normalize::PackageName;
use uv_pep440::{LowerBound, Version};
use uv_pep508::MarkerTree;

pub(crate) enum Candidate {
    Version(Version),
    /// The best version of the range cannot be used at all.
    Unusable(Version, Why),
    /// Usable, but only on newer Pythons than the oldest of this fork.
    NeedsPython(Version, Arc<RequiresPython>),
    None,
}

/// What the index says about one version, for one target.
enum Usable {
    Yes(Option<Arc<RequiresPython>>),
    No(Why),
}

pub(crate) struct Select<'a> {
    pub(crate) inputs: &'a Inputs,
    pub(crate) rules: &'a Rules,
    pub(crate) python: Arc<crate::python::Python>,
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
            Mode::LowestDirect => self.rules.is_direct(name, self.environment),
        };
        let binary_first = if self.inputs.prefer_binary { [true, false] } else { [false, false] };
        for (wanted, binary) in stable_first.iter().flat_map(|wanted| binary_first.map(|binary| (wanted, binary))) {
            let fits = |i: &usize| {
                wanted.is_none_or(|pre| page.versions[*i].any_prerelease() == pre)
                    && (!binary || self.has_wheel(name, page.files(*i)))
            };
            let mut inside = page.inside(range).flatten();
            let found = if lowest { inside.find(fits) } else { inside.rev().find(fits) };
            let Some(i) = found else { continue };
            return self.candidate(name, page, i);
        }
        Candidate::None
    }

    fn has_wheel(&self, name: &PackageName, files: &[File]) -> bool {
        let target = (&self.rules.oldest, self.python.newest_minor);
        let usable = |file: &File| !file.yanked && fits(file, &self.inputs.target, target) == Some(true);
        !self.inputs.no_binary.has(name) && files.iter().any(usable)
    }

    fn candidate(&self, name: &PackageName, page: &Page, i: usize) -> Candidate {
        let version = page.versions[i].clone();
        match self.usable(name, &version, page.files(i)) {
            Usable::No(why) => Candidate::Unusable(version, why),
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
            let here = |p: &Preference| !self.rules.joins.is_disjoint(p.marker, self.environment);
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
        let no_binary = self.inputs.no_binary.has(name);
        let no_build = self.inputs.no_build.has(name);
        let mut why = Why::NoFiles;
        let mut source = None;
        let mut wheel: Option<&File> = None;
        for file in files {
            if file.yanked && !self.takes_yanked(name, version) {
                why = Why::Yanked;
            } else if let Some(fits) = fits(file, &self.inputs.target, (&self.rules.oldest, self.python.newest_minor)) {
                if no_binary {
                    why = Why::OnlyWheels;
                } else if !fits {
                    why = Why::NoWheel;
                } else if wheel.is_none_or(|best| self.older_python(file, best)) {
                    wheel = Some(file);
                }
            } else if no_build {
                why = Why::OnlySource;
            } else {
                source = Some(file);
            }
        }
        match wheel.or(source) {
            Some(file) => Usable::Yes(file.requires_python.clone()),
            None => Usable::No(why),
        }
    }

    fn takes_yanked(&self, name: &PackageName, version: &Version) -> bool {
        self.rules.pins(name, version)
            || self.inputs.preferences.get(name).is_some_and(|all| all.iter().any(|p| p.version == *version))
    }

    /// Where some file of a version can be installed.
    pub(crate) fn cover(&self, name: &PackageName, page: &Page, version: &Version) -> MarkerTree {
        let Some(i) = page.position(version) else { return MarkerTree::TRUE };
        let (no_binary, no_build) = (self.inputs.no_binary.has(name), self.inputs.no_build.has(name));
        let joins = &self.rules.joins;
        let mut markers = WheelMarkers::new(Certainty::Sure);
        let usable = page.files(i).iter().filter(|file| {
            let forbidden = if file.filename.ends_with(".whl") { no_binary } else { no_build };
            !forbidden && (!file.yanked || self.takes_yanked(name, version))
        });
        joins.any(usable.map(|file| markers.of(&file.filename)))
    }

    /// Files of one version can state different bounds; take one that the Pythons here satisfy.
    fn older_python(&self, file: &File, best: &File) -> bool {
        let ok = |f: &File| f.requires_python.as_ref().is_none_or(|wants| self.python.allowed_by(wants));
        ok(file) && !ok(best)
    }
}

/// Can some interpreter of the target use it? `None` for what is no wheel.
fn fits(file: &File, target: &Target, (oldest, newest): (&LowerBound, Option<u64>)) -> Option<bool> {
    let pythons = file.pythons.as_ref()?;
    Some(match target {
        Target::Machine { tags, .. } => {
            WheelName::from_str(&file.filename).is_ok_and(|wheel| tags.rank(&wheel).is_some())
        }
        Target::Universal => pythons.fit(oldest, newest),
    })
}
