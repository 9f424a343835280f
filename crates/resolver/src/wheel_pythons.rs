//! For which CPythons a wheel's tags are. Source: platform compatibility tags specification.

use crate::wheel_marker::tags;
use std::ops::Bound;
use uv_pep440::LowerBound;

/// What the tags of one wheel come to, of which an index has many: one number for each tag.
#[derive(Clone, Debug)]
pub(crate) struct WheelPythons(Box<[Tag]>);

#[derive(Clone, Copy, Debug)]
struct Tag {
    /// Of Python 3; `None` for every one.
    minor: Option<u64>,
    /// Newer ones take it as well.
    and_newer: bool,
}

impl WheelPythons {
    /// `None` for what is no wheel.
    pub(crate) fn of(filename: &str) -> Option<Self> {
        // This runs for every file of every candidate, so the name is cut and not parsed.
        let mut parts = tags(filename)?.split('-');
        let (python, abi) = (parts.next()?, parts.next()?);
        let tag = |tag: &str| match tag.split_at_checked(2)? {
            ("py", version) => version.starts_with('3').then(|| Tag { minor: minor(version), and_newer: true }),
            ("cp", version) => {
                Some(Tag { minor: Some(minor(version)?), and_newer: abi.split('.').any(|abi| abi == "abi3") })
            }
            _ => None,
        };
        Some(Self(python.split('.').filter_map(tag).collect()))
    }

    /// Can some CPython of the target use it? A fork for the newest Pythons takes wheels for older ones as well, as long
    /// as the whole resolution is for those: of a Python that is too new for any wheel yet, nothing better can be said. A
    /// wheel for newer Pythons than those of the fork is nobody's. Any platform is somebody's.
    pub(crate) fn fit(&self, oldest: &LowerBound, newest: Option<u64>) -> bool {
        let oldest = match &**oldest {
            Bound::Unbounded => 0,
            Bound::Included(version) | Bound::Excluded(version) => version.release().get(1).copied().unwrap_or(0),
        };
        self.0.iter().any(|tag| {
            tag.minor
                .is_none_or(|minor| (tag.and_newer || minor >= oldest) && newest.is_none_or(|newest| minor <= newest))
        })
    }
}

fn minor(tag: &str) -> Option<u64> {
    tag.strip_prefix('3').filter(|minor| !minor.is_empty()).and_then(|minor| minor.parse().ok())
}
