//! Which wheels an interpreter on a platform can use, and which of them is best.
//!
//! Source: platform compatibility tags specification; PEP 425, 600 (manylinux), 656 (musllinux).

use crate::WheelName;
use rustc_hash::FxHashMap;

/// What kind of machine an interpreter runs on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Platform {
    Linux { architecture: Architecture, libc: Libc },
    MacOs { architecture: Architecture, major: u16, minor: u16 },
    Windows { architecture: Architecture },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Architecture {
    X86_64,
    Aarch64,
    X86,
    Armv7l,
    Ppc64le,
    S390x,
    Riscv64,
}

/// The C library and its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Libc {
    Glibc { major: u16, minor: u16 },
    Musl { major: u16, minor: u16 },
}

/// The implementation, version and ABI of an interpreter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PythonTag {
    /// `cp` for CPython, `pp` for PyPy.
    pub implementation: Box<str>,
    pub major: u8,
    pub minor: u8,
    /// Built without the global interpreter lock (PEP 703): its ABI is `cp313t`, and abi3 wheels do not fit.
    pub free_threaded: bool,
}

/// How good a wheel is for an interpreter; the smaller the better.
pub type TagRank = u32;

/// The tags an interpreter takes, from the best to the worst: for each Python with an ABI every platform, then for those
/// without an ABI no platform. There are a thousand together, and few of each.
#[derive(Clone, Debug)]
pub struct Tags {
    platforms: Vec<String>,
    /// Positions in `platforms`.
    platform_ranks: FxHashMap<Box<str>, TagRank>,
    /// Pythons with their ABIs (`cp311-cp311`), in this order.
    pairs: Vec<Box<str>>,
    /// What each pair adds to the position of a platform.
    pair_ranks: FxHashMap<Box<str>, TagRank>,
    /// Of `none` and `any`, by Python.
    any_ranks: FxHashMap<Box<str>, TagRank>,
}

impl Tags {
    pub fn new(python: &PythonTag, platform: &Platform) -> Self {
        let platforms = platform_tags(platform);
        let PythonTag { implementation, major, minor, free_threaded } = python;
        let own = format!("{implementation}{major}{minor}");
        let cpython = &**implementation == "cp";
        let abi = match (cpython, *major, *minor) {
            (true, 3, ..=7) => format!("{own}m"),
            (true, ..) if *free_threaded => format!("{own}t"),
            (true, ..) => own.clone(),
            (false, ..) => format!("{implementation}py{major}{minor}_pp73").replacen("pppy", "pypy", 1),
        };
        let mut pairs = vec![pair(&own, &abi)];
        if cpython && !free_threaded {
            pairs.push(pair(&own, "abi3"));
        }
        pairs.push(pair(&own, "none"));
        if cpython && !free_threaded {
            pairs.extend((2..*minor).rev().map(|older| pair(&format!("cp{major}{older}"), "abi3")));
        }
        let pure = [format!("py{major}{minor}"), format!("py{major}")];
        let older = (0..*minor).rev().map(|older| format!("py{major}{older}"));
        let pure: Vec<String> = pure.into_iter().chain(older).collect();
        pairs.extend(pure.iter().map(|tag| pair(tag, "none")));
        let width = platforms.len() as TagRank;
        let with_platform = width * pairs.len() as TagRank;
        Self {
            platform_ranks: (0..).zip(&platforms).map(|(rank, tag)| (tag.as_str().into(), rank)).collect(),
            pair_ranks: (0..).zip(&pairs).map(|(rank, pair)| (pair.clone(), rank * width)).collect(),
            any_ranks: (with_platform..)
                .zip([own].into_iter().chain(pure))
                .map(|(rank, tag)| (tag.into(), rank))
                .collect(),
            platforms,
            pairs,
        }
    }

    /// The tag that fits best, as file names have it.
    pub fn best(&self) -> Option<String> {
        Some(format!("{}-{}", self.pairs.first()?, self.platforms.first()?))
    }

    /// The rank of the best tag of `wheel`, or `None` when the wheel cannot be used.
    pub fn rank(&self, wheel: &WheelName) -> Option<TagRank> {
        self.rank_of([&wheel.python, &wheel.abi, &wheel.platform])
    }

    /// The same for the name of a file, of which only the end is looked at.
    pub fn rank_of_file(&self, filename: &str) -> Option<TagRank> {
        let (rest, platform) = filename.strip_suffix(".whl")?.rsplit_once('-')?;
        let (rest, abi) = rest.rsplit_once('-')?;
        let python = rest.rsplit_once('-').map_or(rest, |(_, python)| python);
        self.rank_of([python, abi, platform])
    }

    fn rank_of(&self, [python, abi, platform]: [&str; 3]) -> Option<TagRank> {
        // Most wheels are for other platforms, and the rest of their names need not be looked at.
        let (mut best_platform, mut is_any) = (None, false);
        for tag in platform.split('.') {
            is_any |= tag == "any";
            best_platform = best_platform.into_iter().chain(self.platform_ranks.get(tag).copied()).min();
        }
        let any = match is_any && abi.split('.').any(|tag| tag == "none") {
            true => python.split('.').filter_map(|tag| self.any_ranks.get(tag).copied()).min(),
            false => None,
        };
        let Some(best_platform) = best_platform else { return any };
        let pairs = python.split('.').flat_map(|python| abi.split('.').map(move |abi| pair(python, abi)));
        let best_pair = pairs.filter_map(|pair| self.pair_ranks.get(&pair)).min();
        best_pair.map(|pair| pair + best_platform).into_iter().chain(any).min()
    }
}

fn pair(python: &str, abi: &str) -> Box<str> {
    [python, "-", abi].concat().into()
}

/// The platform tags from the most to the least specific, without `any`.
fn platform_tags(platform: &Platform) -> Vec<String> {
    match platform {
        Platform::Linux { architecture, libc } => linux_tags(*architecture, *libc),
        Platform::MacOs { architecture, major, minor } => macos_tags(*architecture, *major, *minor),
        Platform::Windows { architecture } => vec![
            match architecture {
                Architecture::X86_64 => "win_amd64",
                Architecture::Aarch64 => "win_arm64",
                _ => "win32",
            }
            .to_owned(),
        ],
    }
}

fn linux_tags(architecture: Architecture, libc: Libc) -> Vec<String> {
    let arch = architecture.linux_name();
    let mut tags = Vec::new();
    match libc {
        Libc::Glibc { major, minor } => {
            let oldest = if matches!(architecture, Architecture::X86_64 | Architecture::X86) { 5 } else { 17 };
            let newest = if major == 2 { minor } else { 0 };
            for minor in (oldest..=newest).rev() {
                tags.push(format!("manylinux_2_{minor}_{arch}"));
                let legacy = match minor {
                    17 => Some("manylinux2014"),
                    12 => Some("manylinux2010"),
                    5 => Some("manylinux1"),
                    _ => None,
                };
                tags.extend(legacy.map(|name| format!("{name}_{arch}")));
            }
        }
        Libc::Musl { major, minor } => {
            tags.extend((0..=minor).rev().map(|minor| format!("musllinux_{major}_{minor}_{arch}")));
        }
    }
    tags.push(format!("linux_{arch}"));
    tags
}

fn macos_tags(architecture: Architecture, major: u16, minor: u16) -> Vec<String> {
    let arm = architecture == Architecture::Aarch64;
    let arch = if arm { "arm64" } else { "x86_64" };
    let mut tags = Vec::new();
    let mut add = |major: u16, minor: u16| {
        tags.push(format!("macosx_{major}_{minor}_{arch}"));
        tags.push(format!("macosx_{major}_{minor}_universal2"));
        if !arm {
            tags.extend(["intel", "fat64", "fat32", "universal"].map(|fat| format!("macosx_{major}_{minor}_{fat}")));
        }
    };
    for major in (11..=major).rev() {
        add(major, 0);
    }
    if !arm {
        let newest = if major == 10 { minor } else { 16 };
        for minor in (4..=newest).rev() {
            add(10, minor);
        }
    } else {
        // universal2 wheels built for 10.x run on arm64 as well.
        tags.extend((4..=16).rev().map(|minor| format!("macosx_10_{minor}_universal2")));
    }
    tags
}

impl Architecture {
    /// As `platform.machine()` and wheel tags of Linux write it.
    pub fn linux_name(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Aarch64 => "aarch64",
            Self::X86 => "i686",
            Self::Armv7l => "armv7l",
            Self::Ppc64le => "ppc64le",
            Self::S390x => "s390x",
            Self::Riscv64 => "riscv64",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(minor: u8, free_threaded: bool) -> Tags {
        let python = PythonTag { implementation: "cp".into(), major: 3, minor, free_threaded };
        let libc = Libc::Glibc { major: 2, minor: 36 };
        Tags::new(&python, &Platform::Linux { architecture: Architecture::X86_64, libc })
    }

    fn rank(tags: &Tags, name: &str) -> Option<TagRank> {
        let file = format!("a-1-{name}.whl");
        let rank = tags.rank(&file.parse().unwrap());
        assert_eq!(tags.rank_of_file(&file), rank);
        rank
    }

    #[test]
    fn prefers_the_most_specific() {
        let tags = tags(11, false);
        let order = [
            "cp311-cp311-manylinux_2_28_x86_64",
            "cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64",
            "cp311-cp311-manylinux1_x86_64",
            "cp311-abi3-manylinux2014_x86_64",
            "cp38-abi3-manylinux2014_x86_64",
            "py3-none-manylinux2014_x86_64",
            "py2.py3-none-any",
        ];
        let ranks: Vec<_> = order.iter().map(|name| rank(&tags, name).unwrap()).collect();
        assert!(ranks.is_sorted(), "{ranks:?}");
    }

    #[test]
    fn refuses_what_does_not_fit() {
        let tags = tags(11, false);
        for name in [
            "cp312-cp312-manylinux_2_17_x86_64",
            "cp312-abi3-manylinux_2_17_x86_64",
            "cp311-cp311-manylinux_2_37_x86_64",
            "cp311-cp311-musllinux_1_1_x86_64",
            "cp311-cp311-win_amd64",
            "py2-none-any",
            "py312-none-any",
        ] {
            assert_eq!(rank(&tags, name), None, "{name}");
        }
    }

    #[test]
    fn free_threaded_takes_no_abi3() {
        let tags = tags(13, true);
        assert!(rank(&tags, "cp313-cp313t-manylinux_2_17_x86_64").is_some());
        assert_eq!(rank(&tags, "cp313-cp313-manylinux_2_17_x86_64"), None);
        assert_eq!(rank(&tags, "cp38-abi3-manylinux_2_17_x86_64"), None);
    }

    #[test]
    fn arm_macs_take_universal_wheels() {
        let python = PythonTag { implementation: "cp".into(), major: 3, minor: 12, free_threaded: false };
        let platform = Platform::MacOs { architecture: Architecture::Aarch64, major: 14, minor: 2 };
        let tags = Tags::new(&python, &platform);
        for name in ["cp312-cp312-macosx_11_0_arm64", "cp312-cp312-macosx_10_13_universal2", "py3-none-any"] {
            assert!(rank(&tags, name).is_some(), "{name}");
        }
        assert_eq!(rank(&tags, "cp312-cp312-macosx_10_13_x86_64"), None);
        assert_eq!(rank(&tags, "cp312-cp312-macosx_15_0_arm64"), None);
    }
}
