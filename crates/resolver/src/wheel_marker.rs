//! The environments that a wheel's tags speak of, as a marker. The idea is uv's (`implied_markers`).
//!
//! Source: platform compatibility tags specification; the values of `platform.machine()`.

use pybun_model::Joins;
use rustc_hash::FxHashMap;
use uv_pep440::{Operator, Version, VersionSpecifier};
use uv_pep508::{MarkerExpression, MarkerOperator, MarkerTree, MarkerValueString, MarkerValueVersion};

/// How sure one must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// Where the wheel runs for sure.
    Sure,
    /// Where it might run: foreign tags, and a 32-bit Python on a machine that calls itself a 64-bit one.
    Possible,
}

/// Remembers what tags come to: the files of a project repeat few of them.
pub struct WheelMarkers {
    certainty: Certainty,
    platforms: FxHashMap<Box<str>, MarkerTree>,
    pythons: FxHashMap<(Box<str>, Box<str>), MarkerTree>,
    /// By tags: whether the wheel can be used somewhere in a part of the universe.
    somewhere: FxHashMap<MarkerTree, FxHashMap<Box<str>, bool>>,
}

impl WheelMarkers {
    pub fn new(certainty: Certainty) -> Self {
        Self {
            certainty,
            platforms: FxHashMap::default(),
            pythons: FxHashMap::default(),
            somewhere: FxHashMap::default(),
        }
    }

    /// Where a file can be used: everywhere, unless it is a wheel that says otherwise.
    pub fn of(&mut self, filename: &str) -> MarkerTree {
        match tags(filename) {
            None => MarkerTree::TRUE,
            Some(tags) => self.of_tags(tags),
        }
    }

    /// Can a file be used somewhere in `part`?
    pub fn reach(&mut self, filename: &str, part: MarkerTree, joins: &Joins) -> bool {
        let Some(tags) = tags(filename) else { return !part.is_false() };
        if let Some(known) = self.somewhere.get(&part).and_then(|known| known.get(tags)) {
            return *known;
        }
        let reaches = !joins.is_disjoint(self.of_tags(tags), part);
        self.somewhere.entry(part).or_default().insert(tags.into(), reaches);
        reaches
    }

    fn of_tags(&mut self, tags: &str) -> MarkerTree {
        let mut parts = tags.split('-');
        let (Some(python), Some(abi), Some(platform)) = (parts.next(), parts.next(), parts.next()) else {
            return MarkerTree::FALSE;
        };
        self.platform(platform).and(self.python(python, abi))
    }

    fn platform(&mut self, tags: &str) -> MarkerTree {
        if let Some(known) = self.platforms.get(tags) {
            return *known;
        }
        let marker = any(tags.split('.').map(|tag| platform(tag, self.certainty)));
        self.platforms.insert(tags.into(), marker);
        marker
    }

    fn python(&mut self, pythons: &str, abis: &str) -> MarkerTree {
        let key = (pythons.into(), abis.into());
        if let Some(known) = self.pythons.get(&key) {
            return *known;
        }
        let pairs = pythons.split('.').flat_map(|python| abis.split('.').map(move |abi| (python, abi)));
        let marker = any(pairs.map(|(tag, abi)| python(tag, abi, self.certainty)));
        self.pythons.insert(key, marker);
        marker
    }
}

/// `a-1-py3-none-any.whl` -> `py3-none-any`; what is no wheel has none, and a wheel without them has empty ones.
pub(crate) fn tags(filename: &str) -> Option<&str> {
    let stem = filename.strip_suffix(".whl")?;
    let start = stem.bytes().enumerate().rev().filter(|(_, byte)| *byte == b'-').nth(2);
    Some(start.map_or("", |(at, _)| &stem[at + 1..]))
}

fn any(markers: impl Iterator<Item = MarkerTree>) -> MarkerTree {
    markers.fold(MarkerTree::FALSE, MarkerTree::or)
}

fn unknown(certainty: Certainty) -> MarkerTree {
    match certainty {
        Certainty::Sure => MarkerTree::FALSE,
        Certainty::Possible => MarkerTree::TRUE,
    }
}

fn platform(tag: &str, certainty: Certainty) -> MarkerTree {
    let possible = certainty == Certainty::Possible;
    let on = |system: &str, machines: &[&str]| {
        string(MarkerValueString::SysPlatform, system)
            .and(any(machines.iter().map(|machine| string(MarkerValueString::PlatformMachine, machine))))
    };
    match tag {
        "any" => MarkerTree::TRUE,
        // Emulated Pythons of Windows do not agree on what the machine is called.
        "win32" | "win_amd64" | "win_arm64" if possible => string(MarkerValueString::SysPlatform, "win32"),
        "win32" => on("win32", &["x86"]),
        "win_amd64" => on("win32", &["AMD64"]),
        "win_arm64" => on("win32", &["ARM64"]),
        _ => match tag.split_once('_').unwrap_or((tag, "")) {
            ("macosx", rest) => on("darwin", mac_machines(after_version(rest))),
            ("manylinux1" | "manylinux2010" | "manylinux2014" | "linux", machine) => {
                on("linux", linux_machines(&machine, possible))
            }
            ("manylinux" | "musllinux", rest) => on("linux", linux_machines(&after_version(rest), possible)),
            ("android", _) => string(MarkerValueString::SysPlatform, "android"),
            ("ios", _) => string(MarkerValueString::SysPlatform, "ios"),
            ("emscripten" | "pyodide" | "wasm32", _) => string(MarkerValueString::SysPlatform, "emscripten"),
            _ => unknown(certainty),
        },
    }
}

/// `2_17_x86_64` -> `x86_64`
fn after_version(rest: &str) -> &str {
    rest.splitn(3, '_').nth(2).unwrap_or("")
}

fn mac_machines(format: &str) -> &[&str] {
    match format {
        "arm64" => &["arm64"],
        "universal2" => &["arm64", "x86_64"],
        "x86_64" => &["x86_64"],
        "intel" | "fat32" | "universal" => &["x86_64", "i386"],
        "fat64" => &["x86_64"],
        "i386" | "fat" => &["i386"],
        _ => &[],
    }
}

fn linux_machines<'a>(machine: &'a &'a str, possible: bool) -> &'a [&'a str] {
    match *machine {
        "i686" if possible => &["i686", "i586", "i486", "i386", "x86_64"],
        "armv7l" if possible => &["armv7l", "armv8l", "aarch64"],
        "armv6l" if possible => &["armv6l", "armv7l", "armv8l", "aarch64"],
        "" => &[],
        _ => std::slice::from_ref(machine),
    }
}

fn python(tag: &str, abi: &str, certainty: Certainty) -> MarkerTree {
    let Some((implementation, version)) = tag.split_at_checked(2) else { return unknown(certainty) };
    let (major, minor) = match version.split_at_checked(1) {
        Some((major, minor)) => (major.parse::<u64>(), if minor.is_empty() { None } else { minor.parse::<u64>().ok() }),
        None => return unknown(certainty),
    };
    let Ok(major) = major else { return unknown(certainty) };
    let from = |minor| {
        let this_or_newer = python_is(Operator::GreaterThanEqual, [major, minor]);
        // Nobody says that a Python 4 could not use what is for Python 3.
        if major == 2 { this_or_newer.and(python_is(Operator::LessThan, [3])) } else { this_or_newer }
    };
    let implemented_in = |name| string(MarkerValueString::PlatformPythonImplementation, name);
    match (implementation, minor) {
        ("py", minor) => from(minor.unwrap_or(0)),
        ("cp", None) => from(0).and(implemented_in("CPython")),
        ("cp", Some(minor)) if matches!(abi, "abi3" | "abi3t") => from(minor).and(implemented_in("CPython")),
        ("cp", Some(minor)) => python_is(Operator::EqualStar, [major, minor]).and(implemented_in("CPython")),
        ("pp", None) => from(0).and(implemented_in("PyPy")),
        ("pp", Some(minor)) => python_is(Operator::EqualStar, [major, minor]).and(implemented_in("PyPy")),
        _ => unknown(certainty),
    }
}

fn python_is<const N: usize>(operator: Operator, release: [u64; N]) -> MarkerTree {
    let specifier = VersionSpecifier::from_version(operator, Version::new(release)).expect("releases take these");
    MarkerTree::expression(MarkerExpression::Version { key: MarkerValueVersion::PythonFullVersion, specifier })
}

fn string(key: MarkerValueString, value: &str) -> MarkerTree {
    MarkerTree::expression(MarkerExpression::String { key, operator: MarkerOperator::Equal, value: value.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(tags: &str, certainty: Certainty) -> String {
        let marker = WheelMarkers::new(certainty).of(&format!("a-1-{tags}.whl"));
        if marker.is_false() { "never".into() } else { marker.try_to_string().unwrap_or("always".into()) }
    }

    fn same(tags: &str, marker: &str) {
        let expected: MarkerTree = marker.parse().unwrap();
        assert_eq!(WheelMarkers::new(Certainty::Sure).of(&format!("a-1-{tags}.whl")), expected, "{tags}");
    }

    #[test]
    fn tags_say_where_a_wheel_runs() {
        let three = "python_full_version >= '3'";
        same("py3-none-any", three);
        same("py2.py3-none-any", "python_full_version >= '2'");
        same("py3-none-win_amd64", &format!("{three} and sys_platform == 'win32' and platform_machine == 'AMD64'"));
        same(
            "cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64",
            "python_full_version >= '3.11' and python_full_version < '3.12' and sys_platform == 'linux' \
             and platform_machine == 'x86_64' and platform_python_implementation == 'CPython'",
        );
        same(
            "cp38-abi3-macosx_11_0_universal2",
            "python_full_version >= '3.8' and sys_platform == 'darwin' \
             and (platform_machine == 'arm64' or platform_machine == 'x86_64') \
             and platform_python_implementation == 'CPython'",
        );
        same(
            "pp310-pypy310_pp73-musllinux_1_2_aarch64",
            "python_full_version >= '3.10' and python_full_version < '3.11' and sys_platform == 'linux' \
             and platform_machine == 'aarch64' and platform_python_implementation == 'PyPy'",
        );
    }

    #[test]
    fn what_nobody_knows_is_never_sure_and_always_possible() {
        for tags in ["jy27-none-any", "py3-none-haiku_1_x86_64", "x-y-z"] {
            assert_eq!(text(tags, Certainty::Sure), "never", "{tags}");
            assert_ne!(text(tags, Certainty::Possible), "never", "{tags}");
        }
        assert_eq!(WheelMarkers::new(Certainty::Sure).of("a-1.tar.gz"), MarkerTree::TRUE);
        assert_eq!(WheelMarkers::new(Certainty::Sure).of("x.whl"), MarkerTree::FALSE);
    }
}
