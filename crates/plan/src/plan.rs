//! The difference between what is wanted and what is installed.

use crate::Chosen;
use pybun_lock::{Package, Source};
use pybun_model::{PackageName, Sha256, Version};
use rustc_hash::FxHashMap;

/// A distribution that an environment has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    pub name: PackageName,
    pub version: Version,
    /// The wheel it was linked from, when PyBun installed it.
    pub wheel: Option<Sha256>,
    /// Where it was installed from when not from an index (PEP 610).
    pub direct: Option<Origin>,
    /// False when an installation was interrupted.
    pub complete: bool,
}

/// What `direct_url.json` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    pub url: String,
    pub subdirectory: Option<String>,
    pub commit: Option<String>,
    pub editable: bool,
}

/// What an installation of a package that is from no index says of its origin, and, where that is known without a build, the
/// wheel that its source comes to now.
pub type OriginOf<'a> = &'a dyn Fn(&Package) -> Option<(Origin, Option<Sha256>)>;

#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Replace everything, also what is there already.
    pub reinstall: bool,
    /// Leave installed what the lock does not know.
    pub keep_extraneous: bool,
}

#[derive(Clone, Debug)]
pub enum Op<'a> {
    Keep {
        chosen: Chosen<'a>,
    },
    Install {
        chosen: Chosen<'a>,
    },
    /// Remove `from`, then install.
    Replace {
        chosen: Chosen<'a>,
        from: Installed,
    },
    Remove {
        installed: Installed,
    },
}

/// Steps by name: what to do with every package that is wanted or installed.
#[derive(Clone, Debug, Default)]
pub struct Plan<'a> {
    pub ops: Vec<Op<'a>>,
}

impl Plan<'_> {
    /// Nothing would change.
    pub fn is_settled(&self) -> bool {
        self.ops.iter().all(|op| matches!(op, Op::Keep { .. }))
    }
}

/// Compares `chosen` (by name) with `installed`. `protected` names are never removed: the project itself, and
/// what bootstraps an environment.
pub fn plan<'a>(
    chosen: Vec<Chosen<'a>>,
    installed: &[Installed],
    protected: &[PackageName],
    origin: OriginOf<'_>,
    options: Options,
) -> Plan<'a> {
    let mut present: FxHashMap<&PackageName, Vec<&Installed>> = FxHashMap::default();
    for distribution in installed {
        present.entry(&distribution.name).or_default().push(distribution);
    }
    let mut ops = Vec::new();
    for chosen in chosen {
        match present.remove(&chosen.package.name).unwrap_or_default()[..] {
            [] => ops.push(Op::Install { chosen }),
            [one] if !options.reinstall && is_same(&chosen, one, origin(chosen.package)) => {
                ops.push(Op::Keep { chosen })
            }
            // Several distributions of one name are what an interrupted upgrade by another tool leaves.
            [first, ref others @ ..] => {
                ops.extend(others.iter().map(|other| Op::Remove { installed: (*other).clone() }));
                ops.push(Op::Replace { chosen, from: first.clone() });
            }
        }
    }
    if !options.keep_extraneous {
        let mut rest: Vec<_> = present.into_values().flatten().filter(|one| !protected.contains(&one.name)).collect();
        rest.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
        ops.extend(rest.into_iter().map(|one| Op::Remove { installed: one.clone() }));
    }
    Plan { ops }
}

/// Is what is installed the very thing that the lock wants? A distribution that another tool installed is
/// taken by its name and version.
fn is_same(chosen: &Chosen, installed: &Installed, origin: Option<(Origin, Option<Sha256>)>) -> bool {
    let (origin, built) = origin.unzip();
    let content = match (&chosen.package.source, installed.wheel, built.flatten()) {
        // What lies in a directory changes without a word.
        (Source::Directory { .. }, have, now) => now.is_some() && have == now,
        (_, Some(have), _) => match (chosen.file.sha256, &chosen.wheel) {
            (Some(want), Some(_)) => have == want,
            _ => true,
        },
        _ => true,
    };
    installed.complete && installed.version == chosen.package.version && installed.direct == origin && content
}
