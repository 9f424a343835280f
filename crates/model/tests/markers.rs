//! Environment markers (PEP 508): the rules of the specification by hand, and hundreds more as pypa/packaging evaluates.

use pybun_model::{MarkerEnvironment, Requirement};
use std::collections::BTreeMap;

const TABLE: &str = include_str!("../../../tests/pep/markers.txt");

/// Where the answer is another than packaging's, and what ours is; docs/compatibility.md says why.
const OTHERWISE: &[(&str, &str)] = &[
    // Not a version on one side: compared as strings, says the specification; packaging finds nothing equal or unequal.
    ("platform_release != '10'", "1d"),
    // A list of versions is understood as a list, and what is none of the two says nothing and holds.
    ("python_version not in '3.8, 3.9'", "1f"),
    ("'3.9' in python_version", "1f"),
    // Turned round it would be `3.10 ~= python_version`; read as `python_version ~= 3.10`.
    ("'3.10' ~= python_version", "1c"),
    // Only the release of a Python counts, on both sides.
    ("python_full_version == '3.10.0rc1'", "4"),
    ("python_version === '3.9'", "-"),
    ("python_full_version === '3.9.1'", "-"),
    // Says nothing and is ignored; packaging cannot evaluate it.
    ("'a' == 'a'", "1f"),
    // As the user's own text it is refused; in metadata it is repaired.
    ("(python_version<'3.10')and(os_name=='posix')", "-"),
];

fn environments() -> Vec<MarkerEnvironment> {
    TABLE.lines().skip(1).take(5).map(|line| serde_json::from_str(line).expect("the oracle writes JSON")).collect()
}

fn required(marker: &str) -> Result<Requirement, String> {
    format!("a ; {marker}").parse().map_err(|error: uv_pep508::Pep508Error| error.to_string())
}

#[test]
fn markers_as_packaging_evaluates_them() {
    let environments = environments();
    let mut otherwise: BTreeMap<&str, &str> = OTHERWISE.iter().copied().collect();
    let mut wrong = Vec::new();
    let mut known = 0;
    for line in TABLE.lines().skip(6) {
        let (text, truth) = line.split_once('\t').unwrap();
        let text: String = serde_json::from_str(text).unwrap();
        let truth = otherwise.remove(text.as_str()).unwrap_or(truth);
        let ours = match required(&text) {
            Err(_) => "-".to_owned(),
            Ok(requirement) => {
                let holds = |(at, environment)| u32::from(requirement.evaluate_markers(environment, &[])) << at;
                format!("{:x}", environments.iter().enumerate().map(holds).sum::<u32>())
            }
        };
        known += 1;
        if ours != truth {
            wrong.push(format!("{text}: {ours} and not {truth}"));
        }
    }
    assert!(known > 400);
    assert_eq!(wrong, Vec::<String>::new());
    assert!(otherwise.is_empty(), "not in the table: {otherwise:?}");
}

/// The first environment of the table: PyPy 3.8 on x86-64 Linux; the second: CPython 3.9 on Windows.
#[test]
fn markers_by_the_words_of_the_specification() {
    let environments = environments();
    for (marker, on_linux, on_windows) in [
        // Every variable.
        ("os_name == 'posix'", true, false),
        ("sys_platform == 'win32'", false, true),
        ("platform_machine == 'AMD64'", false, true),
        ("platform_python_implementation == 'PyPy'", true, false),
        ("platform_release == '10'", false, true),
        ("platform_system == 'Linux'", true, false),
        ("platform_version == '10.0.19045'", false, true),
        ("python_version == '3.9'", false, true),
        ("python_full_version == '3.8.20'", true, false),
        ("implementation_name == 'cpython'", false, true),
        ("implementation_version == '7.3.11'", true, false),
        // "any version comparison uses the rules of version specifiers": 3.10 is newer than 3.9.
        ("python_version < '3.10'", true, true),
        ("python_full_version >= '3.9'", false, true),
        ("python_version ~= '3.8'", true, true),
        ("python_version == '3.*'", true, true),
        // Either side may be the variable.
        ("'3.9' <= python_version", false, true),
        ("'win32' == sys_platform", false, true),
        // `in` and `not in` look for a part of the text.
        ("sys_platform in 'linux darwin'", true, false),
        ("'win' not in sys_platform", true, false),
        // `and` binds tighter than `or`; parentheses bind tightest.
        ("os_name == 'posix' or os_name == 'nt' and python_version < '3.9'", true, false),
        ("(os_name == 'posix' or os_name == 'nt') and python_version >= '3.9'", false, true),
        ("os_name == 'nt' and python_version < '3.9' or os_name == 'posix'", true, false),
        // An extra that nobody asks for.
        ("extra == 'x'", false, false),
        ("extra == 'x' or os_name == 'nt'", false, true),
    ] {
        let requirement = required(marker).unwrap();
        let holds = |at: usize| requirement.evaluate_markers(&environments[at], &[]);
        assert_eq!((holds(0), holds(1)), (on_linux, on_windows), "{marker}");
    }
}

#[test]
fn an_extra_by_any_spelling() {
    let environments = environments();
    let requirement = required("extra == 'A.b_C'").unwrap();
    assert!(requirement.evaluate_markers(&environments[0], &["a-b-c".parse().unwrap()]));
    assert!(!requirement.evaluate_markers(&environments[0], &["a".parse().unwrap()]));
}
