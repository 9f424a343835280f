//! Markers within their bounds say what the parser says.

use super::*;
use proptest::prelude::*;

fn many(count: usize, join: &str, one: impl Fn(usize) -> String) -> String {
    (0..count).map(one).collect::<Vec<_>>().join(join)
}

/// Reads with our reader what the parser would be given.
fn read(text: &str) -> MarkerTree {
    read_joined(text, Bounds { comparisons: 100, ..PUBLISHED }, Diagrams(&Joins::default())).unwrap().unwrap()
}

fn locked_marker(text: &str) -> Result<MarkerTree, String> {
    super::locked_marker(text, &Joins::default())
}

#[test]
fn reads_as_the_parser_does() {
    for text in [
        "os_name == 'nt'",
        "(os_name == 'nt')",
        "os_name=='a or b' or 'and ' in sys_platform and extra == \"x\"",
        "( ( os_name == 'or' ) and (sys_platform == 'and') ) or platform_machine != 'word'",
        "python_version not in '2.7, 3.0' and platform_release ~= '5.0' or '3' <= python_version",
        "python_version > '3' and 'a' == 'b' or os_name == 'x'",
        "'a' == 'b' or os_name == 'x'",
        "os_name == \"it's\" and os.name == 'x'",
    ] {
        assert_eq!(read(text), MarkerTree::from_str(text).unwrap(), "{text}");
    }
    let long = many(40, " or ", |i| format!("(platform_machine == 'm{i}' and extra == 'e')"));
    assert_eq!(locked_marker(&long).unwrap(), MarkerTree::from_str(&long).unwrap());
    let whole = format!("a[x]>=1;{long}");
    assert_eq!(requirement(&whole).unwrap(), Requirement::from_str(&whole).unwrap());
    let url = format!("a @ https://h.example/a;b.whl ; {long}");
    assert_eq!(requirement(&url).unwrap(), Requirement::from_str(&url).unwrap());
}

fn environment(python: &str, os: &str, platform: &str, system: &str, machine: &str) -> MarkerEnvironment {
    serde_json::from_value(serde_json::json!({
        "implementation_name": "cpython", "implementation_version": python, "os_name": os,
        "platform_machine": machine, "platform_python_implementation": "CPython", "platform_release": "6.1",
        "platform_system": system, "platform_version": "1", "python_full_version": python,
        "python_version": python.rsplit_once('.').unwrap().0, "sys_platform": platform,
    }))
    .unwrap()
}

const COMPARISONS: [&str; 10] = [
    "python_full_version < '3.9'",
    "python_full_version == '3.12.*'",
    "python_full_version >= '3.11.4'",
    "sys_platform == 'win32'",
    "sys_platform != 'linux'",
    "os_name == 'nt'",
    "platform_machine in 'x86_64 arm64'",
    "'arm' in platform_machine",
    "implementation_name != 'pypy'",
    "platform_system < 'M'",
];

proptest! {
    #[test]
    fn comparisons_one_by_one_say_what_the_diagram_says(
        chosen in prop::collection::vec((0..COMPARISONS.len(), any::<bool>(), any::<bool>()), 1..7)
    ) {
        let mut text = COMPARISONS[chosen[0].0].to_owned();
        for (index, and, first) in &chosen[1..] {
            let (word, other) = (if *and { "and" } else { "or" }, COMPARISONS[*index]);
            text = if *first { format!("({text}) {word} {other}") } else { format!("{other} {word} ({text})") };
        }
        let marker = locked_marker(&text).unwrap();
        // As a lock has it.
        let Some(text) = marker.try_to_string() else { return Ok(()) };
        for environment in [
            environment("3.8.2", "posix", "linux", "Linux", "x86_64"),
            environment("3.12.0", "posix", "darwin", "Darwin", "arm64"),
            environment("3.11.4", "nt", "win32", "Windows", "AMD64"),
        ] {
            let holds = locked_marker_holds(&text, &environment);
            prop_assert_eq!(holds, Ok(Some(marker.evaluate(&environment, &[]))), "{}", text);
        }
    }
}

#[test]
fn extras_have_a_say_that_no_environment_knows() {
    let environment = environment("3.12.0", "posix", "linux", "Linux", "x86_64");
    assert_eq!(locked_marker_holds("os_name == 'nt' or extra == 'x'", &environment), Ok(None));
    assert!(locked_marker_holds("os_name == 'nt' nor", &environment).is_err());
}

#[test]
fn a_quote_in_a_value_cannot_be_written() {
    assert!(requirement("a ; os_name == \"it's\"").is_err());
    assert!(requirement("a ; os_name == 'x' and sys_platform == \"y\"").is_ok());
    assert!(requirement("a ; os_name == 'a\"b'").is_ok_and(|read| requirement(&read.to_string()) == Ok(read)));
}

#[test]
fn errors_are_errors() {
    let many = many(20, " or ", |i| format!("os_name == 'n{i}'"));
    for tail in ["(", ")", " or", " or ", " and ()", " or (os_name == 'x'", " x", " or os_name", " or 'x"] {
        assert!(locked_marker(&format!("{many}{tail}")).is_err(), "{tail}");
        assert!(requirement(&format!("a;{many}{tail}")).is_err(), "{tail}");
    }
}

#[test]
fn nesting_ends_in_a_sentence() {
    for depth in [65, 1_000, 10_000] {
        let text = format!("a ; {}os_name == 'x'{}", "(".repeat(depth), ")".repeat(depth));
        assert_eq!(requirement(&text).unwrap_err(), "its marker is nested deeper than 64 parentheses");
        let open = format!("a ; {}", "(".repeat(depth));
        assert_eq!(requirement(&open).unwrap_err(), "its marker is nested deeper than 64 parentheses");
    }
    let text = format!("a ; {}os_name == 'x'{}", "(".repeat(60), ")".repeat(60));
    assert!(requirement(&text).is_ok());
    assert!(requirement(&"(".repeat(20_000)).is_err());
}

#[test]
fn diagrams_that_would_fill_the_memory_are_refused() {
    let apart = many(30, " and ", |i| format!("(extra == 'a{i}' or extra == 'z{i}')"));
    let together = many(30, " and ", |i| format!("(extra == 'e{i}a' or extra == 'e{i}b')"));
    for marker in [apart, together] {
        assert_eq!(requirement(&format!("a ; {marker}")).unwrap_err(), TOO_COMPLICATED);
    }
    let long = many(600, " or ", |i| format!("extra == 'e{i}'"));
    assert_eq!(requirement(&format!("a ; {long}")).unwrap_err(), TOO_COMPLICATED);
    let widest = many(60, " or ", |i| format!("extra == 'e{i}'"));
    assert!(requirement(&format!("a ; {widest}")).unwrap().to_string().len() > widest.len());
}

#[test]
fn absurd_sizes_are_refused() {
    let extras = many(100_000, ",", |i| format!("e{i}"));
    assert_eq!(requirement(&format!("a[{extras}]")).unwrap_err(), "it is longer than 32768 bytes");
    assert!(requirement(&format!("a=={}", "1".repeat(30_000))).is_err());
    assert!(requirement(&format!("a=={}1", "1.".repeat(15_000))).is_ok());
}

/// Sixty comparisons each, of variables that no other marker of them speaks of.
fn bombs(count: usize, comparison: &str, join: &str) -> Vec<MarkerTree> {
    let value = |one: usize, i: usize| (one * 7919 + i * 104_729) % 99_991;
    let text = |one| many(60, join, |i| comparison.replace('#', &value(one, i).to_string()));
    (0..count).map(|one| requirement(&format!("a ; {}", text(one))).unwrap().marker).collect()
}

#[test]
fn small_diagrams_do_not_join_to_one_that_fills_the_memory() {
    for (comparison, join) in [
        ("'#' not in platform_version", " and "),
        ("'#' in platform_version", " or "),
        ("platform_version not in 'a#b'", " and "),
        ("extra != 'e#'", " and "),
    ] {
        let bombs = bombs(20, comparison, join);
        assert_eq!(Joins::within(|joins| joins.any(bombs.clone())), Err(TooComplicated), "{comparison}");
        let apart = Joins::within(|joins| joins.any(bombs.iter().map(|bomb| bomb.negate())));
        assert!(apart.is_err() || apart.is_ok_and(|marker| marker.is_true()), "{comparison}");
    }
}

#[test]
fn a_spent_budget_ends_the_work() {
    let bombs = bombs(20, "'#' not in platform_version", " and ");
    let joins = Joins::default();
    assert!(!joins.is_over());
    joins.any(bombs.clone());
    assert!(joins.is_over());
    assert!(joins.and(bombs[0], bombs[1]).is_false() && joins.is_disjoint(bombs[0], bombs[1]));
    assert_eq!(joins.or(bombs[0], bombs[1]), bombs[0]);
    assert!(requirement_of("a ; os_name == 'x'", &joins).is_ok(), "what needs no joins is read");
}

/// Their comparison walks every way through both, unless it goes by a join.
#[test]
fn markers_with_many_ways_through_them_are_compared_in_time() {
    let of = |name: &str| many(10, " and ", |i| format!("('{i}{name}x' in os_name or '{i}{name}y' in os_name)"));
    let read = |text: String| locked_marker(&text).unwrap();
    let a = read(format!("{} and extra == 'x'", of("a")));
    let b = read(format!("{} and extra != 'x'", of("b")));
    assert_eq!(Joins::within(|joins| joins.is_disjoint(a, b)), Ok(true));
}

#[test]
fn deep_diagrams_fit_the_stack_of_a_thread() {
    let deep = |from: usize, count| locked_marker(&many(count, " and ", |i| format!("'{:05}' in os_name", from + i)));
    assert_eq!(deep(0, 450), Err(TOO_COMPLICATED.to_owned()));
    let joined = |parts: usize| {
        Joins::within(|joins| (0..parts).fold(MarkerTree::TRUE, |all, i| joins.and(all, deep(i * 80, 80).unwrap())))
    };
    assert_eq!(joined(20), Err(TooComplicated));
    let joined = joined(5).unwrap();
    assert!(Joins::default().is_lockable(joined));
    assert_eq!(locked_marker(&joined.try_to_string().unwrap()), Ok(joined));
}

proptest! {
    #[test]
    fn joins_say_what_the_diagrams_say(
        chosen in prop::collection::vec((0..COMPARISONS.len(), any::<bool>()), 1..9)
    ) {
        let one = |(index, positive): &(usize, bool)| {
            let marker = MarkerTree::from_str(COMPARISONS[*index]).unwrap();
            if *positive { marker } else { marker.negate() }
        };
        let joins = Joins::default();
        let mut all = one(&chosen[0]);
        for next in &chosen[1..] {
            let marker = one(next);
            prop_assert_eq!(joins.and(all, marker), all.and(marker));
            prop_assert_eq!(joins.or(all, marker), all.or(marker));
            prop_assert_eq!(joins.is_disjoint(all, marker), all.is_disjoint(marker));
            let both = all.and(marker);
            let expected = if both.is_false() { both } else { both.restrict(marker) };
            prop_assert_eq!(joins.within_universe(all, marker), expected);
            all = if next.1 { all.and(marker) } else { all.or(marker) };
        }
        prop_assert!(!joins.is_over());
    }
}

/// Each is one comparison, and an arrow for each version.
#[test]
fn long_lists_of_versions_are_refused() {
    let list = |count: usize| many(count, " ", |i| format!("3.{i}"));
    for key in ["python_version", "python_full_version", "implementation_version"] {
        let text = format!("a ; {key} not in '{}'", list(3_000));
        assert_eq!(requirement(&text).unwrap_err(), TOO_COMPLICATED);
        assert!(requirement(&format!("a ; {key} in '{}'", list(100))).is_ok());
    }
}

#[test]
fn more_specifiers_than_anybody_writes_are_refused() {
    let text = |count: usize| format!("a {}", many(count, ",", |i| format!("!=1.{i}")));
    assert!(requirement(&text(200)).is_ok());
    assert_eq!(requirement(&text(201)).unwrap_err(), "it has more than 200 version specifiers");
}
