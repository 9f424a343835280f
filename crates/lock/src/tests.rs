use super::*;
use proptest::prelude::*;
use pybun_model::{Architecture, Libc, MarkerTree, Platform, PythonTag, Sha256, Tags};

fn lock() -> Lock {
    let root = Root { kind: RootKind::Project, requirements: vec!["a[x]>=1".parse().unwrap()] };
    Lock {
        inputs: Inputs { requires_python: Some(">=3.9".parse().unwrap()), ..Inputs::of(vec![root]) },
        packages: vec![Package {
            name: "a".parse().unwrap(),
            version: "1.0".parse().unwrap(),
            source: Source::INDEX,
            marker: "sys_platform == 'win32'".parse().unwrap(),
            dependencies: vec![Dependency {
                because_of: Some("x".parse().unwrap()),
                package: 0,
                extra: None,
                marker: "python_full_version < '3.10'".parse().unwrap(),
            }],
            files: vec![File {
                filename: "a-1.0-py3-none-any.whl".into(),
                sha256: Some(Sha256([7; 32])),
                size: Some(10),
                storage: None,
            }],
        }],
        forks: Vec::new(),
    }
}

/// Every field holds something.
fn full_lock() -> Lock {
    let mut lock = lock();
    let name = |text: &str| text.parse().unwrap();
    lock.inputs.roots.push(Root {
        kind: RootKind::Group("dev".parse().unwrap()),
        requirements: vec!["b @ https://h.example/b-1.tar.gz#subdirectory=d".parse().unwrap()],
    });
    lock.forks = vec!["sys_platform == 'win32'".parse().unwrap(), "sys_platform != 'win32'".parse().unwrap()];
    lock.inputs.constraints = vec!["c<2".parse().unwrap()];
    lock.inputs.overrides = vec!["d==3 ; os_name == 'nt'".parse().unwrap()];
    lock.inputs.excludes = vec![name("e")];
    lock.inputs.environments = vec![MarkerTree::TRUE, "sys_platform == 'linux'".parse().unwrap()];
    lock.inputs.required_environments = vec!["sys_platform == 'darwin'".parse().unwrap()];
    lock.inputs.conflicts =
        vec![vec![RootKind::Extra("cpu".parse().unwrap()), RootKind::Group("gpu".parse().unwrap())]];
    lock.inputs.exclude_newer = Some("2026-01-01T00:00:00Z".to_owned());
    lock.inputs.no_binary = Names::All;
    lock.inputs.no_build = Names::Only([name("f")].into());
    lock.inputs.prefer_binary = true;
    lock.inputs.sources = [(name("g"), Assigned::Index("inner".to_owned())), (name("h"), Assigned::Editable)].into();
    let sources = [
        Source::Index { name: Some("inner".to_owned()) },
        Source::Url("https://h.example/b-1.tar.gz#subdirectory=d".to_owned()),
        Source::Git {
            url: "https://h.example/r".to_owned(),
            commit: "0".repeat(40),
            reference: Some("v1".to_owned()),
            subdirectory: Some("d".to_owned()),
        },
        Source::Directory { path: "../h".to_owned(), editable: true, metadata: Some(Sha256([1; 32])) },
        Source::Path("wheels/i-1-py3-none-any.whl".to_owned()),
    ];
    let package = lock.packages[0].clone();
    lock.packages.extend(sources.map(|source| Package { source, ..package.clone() }));
    lock
}

#[test]
fn what_is_written_is_read() {
    for lock in [lock(), full_lock()] {
        let bytes = encode(&lock);
        assert_eq!(decode(&bytes).unwrap(), lock);
        assert_eq!(encode(&decode(&bytes).unwrap()), bytes);
        assert_eq!(older_format(&bytes), None);
    }
}

#[test]
fn one_interpreter_sees_which_markers_hold_and_what_fits() {
    let mut lock = full_lock();
    lock.packages[0].marker = "extra == 'pybun-extra-cpu'".parse().unwrap();
    let file = lock.packages[0].files[0].clone();
    for name in ["a-1.0-cp39-cp39-win_amd64.whl", "a-1.0.tar.gz"] {
        lock.packages[0].files.push(File { filename: name.into(), ..file.clone() });
    }
    let markers = serde_json::from_value(serde_json::json!({
        "implementation_name": "cpython", "implementation_version": "3.9.1", "os_name": "posix",
        "platform_machine": "x86_64", "platform_python_implementation": "CPython", "platform_release": "6",
        "platform_system": "Linux", "platform_version": "1", "python_full_version": "3.9.1",
        "python_version": "3.9", "sys_platform": "linux",
    }));
    let python = PythonTag { implementation: "cp".into(), major: 3, minor: 9, free_threaded: false };
    let libc = Libc::Glibc { major: 2, minor: 36 };
    let tags = Tags::new(&python, &Platform::Linux { architecture: Architecture::X86_64, libc });
    let bytes = encode(&lock);
    let opened = open(&bytes).unwrap();
    assert_eq!(*opened.inputs(), lock.inputs);
    let here = opened.here(Here { markers: &markers.unwrap(), tags: &tags }).unwrap();
    let names: Vec<&str> = here.packages[0].files.iter().map(|file| &*file.filename).collect();
    assert_eq!(names, ["a-1.0-py3-none-any.whl", "a-1.0.tar.gz"]);
    let mut expected = lock;
    expected.packages[0].files.remove(1);
    expected.forks.clear();
    for package in &mut expected.packages[1..] {
        package.marker = MarkerTree::FALSE;
    }
    for package in &mut expected.packages {
        package.dependencies[0].marker = MarkerTree::TRUE;
    }
    assert_eq!(here, expected);
}

#[test]
#[cfg(unix)]
fn what_is_relative_to_the_project_is_read() {
    let root = std::path::Path::new("/home/me/project");
    let requirements = vec!["a @ file:///home/me/a#x=y".parse().unwrap()];
    let inputs = Inputs::of(vec![Root { kind: RootKind::Project, requirements }]);
    let lock = Lock { inputs, packages: Vec::new(), forks: Vec::new() }.portable(root);
    let read = decode(&encode(&lock)).unwrap();
    assert_eq!(read, lock);
    assert_eq!(read.inputs.roots[0].requirements[0].to_string(), "a @ project:../a#x=y");
}

#[test]
fn every_truncation_is_noticed() {
    let bytes = encode(&full_lock());
    for end in 0..bytes.len() {
        assert!(matches!(decode(&bytes[..end]), Err(Error::Truncated { .. })), "{end}");
    }
}

#[test]
fn every_flipped_bit_is_noticed() {
    let bytes = encode(&full_lock());
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(decode(&flipped).is_err(), "bit {bit}");
    }
}

#[test]
fn other_files_are_told_apart() {
    assert!(matches!(decode(b"<<<<<<< HEAD\n"), Err(Error::NotALock { conflicted: true })));
    assert!(matches!(decode(b"{}"), Err(Error::NotALock { conflicted: false })));
    let mut newer = encode(&lock());
    newer[8] = 9;
    assert!(matches!(decode(&newer), Err(Error::NewerFormat { found: 9, .. })));
    let mut longer = encode(&lock());
    longer.push(0);
    assert!(matches!(decode(&longer), Err(Error::Corrupt(_))));
}

#[test]
fn a_body_with_a_right_checksum_and_wrong_content_is_corrupt() {
    for format in [v1::VERSION, v2::VERSION] {
        assert!(matches!(decode(&framed(format, &[0xff; 40])), Err(Error::Corrupt(_))));
    }
    assert!(matches!(decode(&framed(0, &[])), Err(Error::Corrupt(_))));
}

#[test]
fn every_difference_of_the_inputs_is_said() {
    let (before, after) = (lock().inputs, full_lock().inputs);
    assert!(before.differences(&before).is_empty() && after.differences(&after).is_empty());
    let said = before.differences(&after).join("\n");
    for what in [
        "the group `dev` now requires b",
        "constraints now requires c",
        "overrides now requires d",
        "`excludes`",
        "`environments`",
        "`required-environments`",
        "`conflicts`",
        "`exclude-newer` was not set when it was locked and is 2026-01-01T00:00:00Z now",
        "`no-binary`",
        "`only-binary`",
        "`prefer-binary`",
        "source of `g`",
        "source of `h`",
    ] {
        assert!(said.contains(what), "{what}: {said}");
    }
}

fn a_name() -> impl Strategy<Value = String> {
    "[a-z]([a-z0-9-]{0,6}[a-z0-9])?".prop_filter("no doubled dashes", |name| !name.contains("--"))
}

fn a_marker() -> impl Strategy<Value = MarkerTree> {
    prop_oneof![
        Just(MarkerTree::TRUE),
        "[a-z]{1,8}".prop_map(|platform| format!("sys_platform == '{platform}'").parse().unwrap()),
        (6_u8..15).prop_map(|minor| format!("python_full_version < '3.{minor}'").parse().unwrap()),
        a_name().prop_map(|name| format!("extra == 'pybun-extra-{name}'").parse().unwrap()),
    ]
}

fn a_source() -> impl Strategy<Value = Source> {
    let text = || "[ -~é]{0,20}".prop_map(String::from);
    prop_oneof![
        proptest::option::of(text()).prop_map(|name| Source::Index { name }),
        text().prop_map(Source::Url),
        (text(), text(), proptest::option::of(text()), proptest::option::of(text()))
            .prop_map(|(url, commit, reference, subdirectory)| Source::Git { url, commit, reference, subdirectory }),
        (text(), any::<bool>(), proptest::option::of(any::<[u8; 32]>())).prop_map(|(path, editable, metadata)| {
            Source::Directory { path, editable, metadata: metadata.map(Sha256) }
        }),
        text().prop_map(Source::Path),
    ]
}

fn a_kind() -> impl Strategy<Value = RootKind> {
    prop_oneof![
        Just(RootKind::Project),
        a_name().prop_map(|name| RootKind::Extra(name.parse().unwrap())),
        a_name().prop_map(|name| RootKind::Group(name.parse().unwrap())),
    ]
}

fn some_names() -> impl Strategy<Value = Names> {
    let only = proptest::collection::btree_set(a_name().prop_map(|name| name.parse().unwrap()), 0..4);
    prop_oneof![Just(Names::All), only.prop_map(Names::Only)]
}

prop_compose! {
    fn a_package(count: u32)(
        name in a_name(),
        version in "[0-9]{1,4}(\\.[0-9]{1,3}){0,3}",
        source in a_source(),
        marker in a_marker(),
        edges in proptest::collection::vec((proptest::option::of(a_name()), 0..count, a_marker()), 0..4),
        files in proptest::collection::vec(
            ("[a-z0-9._+-]{1,20}", proptest::option::of(any::<[u8; 32]>()), proptest::option::of(any::<u64>())), 0..4),
    ) -> Package {
        Package {
            name: name.parse().unwrap(),
            version: version.parse().unwrap(),
            source,
            marker,
            dependencies: edges.into_iter().map(|(extra, package, marker)| Dependency {
                because_of: extra.as_ref().map(|name| name.parse().unwrap()),
                package,
                extra: extra.map(|name| name.parse().unwrap()),
                marker,
            }).collect(),
            files: files.into_iter().map(|(filename, digest, size)| File {
                filename: filename.into(),
                sha256: digest.map(Sha256),
                size,
                storage: digest,
            }).collect(),
        }
    }
}

prop_compose! {
    fn a_lock()(
        packages in (1_u32..6).prop_flat_map(|count| proptest::collection::vec(a_package(count), count as usize)),
        names in proptest::collection::vec(a_name(), 0..4),
        markers in proptest::collection::vec(a_marker(), 0..3),
        conflicts in proptest::collection::vec(proptest::collection::vec(a_kind(), 0..3), 0..3),
        roots in proptest::collection::vec((a_kind(), proptest::collection::vec(a_name(), 0..3)), 0..4),
        exclude_newer in proptest::option::of("[0-9A-Z: -]{1,20}"),
        (no_binary, no_build, prefer_binary) in (some_names(), some_names(), any::<bool>()),
        assigned in proptest::collection::btree_map(a_name(), proptest::option::of("[a-z]{1,5}"), 0..3),
    ) -> Lock {
        let requirement = |name: &String| format!("{name}>=1 ; sys_platform != '{name}'").parse().unwrap();
        let root = |(kind, names): (RootKind, Vec<String>)| {
            Root { kind, requirements: names.iter().map(requirement).collect() }
        };
        let assign = |index: Option<String>| index.map_or(Assigned::Editable, Assigned::Index);
        let forks = markers.clone();
        let inputs = Inputs {
            constraints: names.iter().map(requirement).collect(),
            excludes: names.iter().map(|name| name.parse().unwrap()).collect(),
            environments: markers.clone(),
            required_environments: markers,
            conflicts,
            exclude_newer,
            no_binary,
            no_build,
            prefer_binary,
            sources: assigned.into_iter().map(|(name, index)| (name.parse().unwrap(), assign(index))).collect(),
            ..Inputs::of(roots.into_iter().map(root).collect())
        };
        Lock { inputs, packages, forks }
    }
}

proptest! {
    #[test]
    fn any_lock_is_read_as_it_was_written(lock in a_lock()) {
        let bytes = encode(&lock);
        let read = decode(&bytes).unwrap();
        prop_assert_eq!(&read, &lock);
        prop_assert_eq!(encode(&read), bytes);
    }

    #[test]
    fn any_damage_is_noticed(lock in a_lock(), at in any::<prop::sample::Index>(), bit in 0_u32..8, cut in any::<bool>()) {
        let mut bytes = encode(&lock);
        let at = at.index(bytes.len());
        if cut {
            bytes.truncate(at);
        } else {
            bytes[at] ^= 1_u8 << bit;
        }
        prop_assert!(decode(&bytes).is_err());
    }

    #[test]
    fn inputs_are_the_same_in_any_order(lock in a_lock(), seed in any::<u64>()) {
        let mut other = lock.inputs.clone();
        if seed % 2 == 0 {
            other.roots.reverse();
        }
        other.excludes.reverse();
        other.constraints.reverse();
        other.environments.reverse();
        other.conflicts.reverse();
        let kinds: std::collections::BTreeSet<_> = other.roots.iter().map(|root| &root.kind).collect();
        prop_assume!(kinds.len() == other.roots.len());
        prop_assert_eq!(other.sorted(), lock.inputs.sorted());
    }

    #[test]
    fn no_body_panics(body in proptest::collection::vec(proptest::num::u8::ANY, 0..400)) {
        let _ = v1::decode(&body);
        let _ = v2::open(&body).and_then(v2::Opened::whole);
    }
}

/// A lock is binary: no review would show a line that is hidden in it.
#[test]
fn no_text_holds_what_starts_a_line_or_is_obeyed() {
    let change: [fn(&mut Lock, &str); 9] = [
        |lock, text| lock.packages[0].source = Source::Index { name: Some(text.to_owned()) },
        |lock, text| lock.packages[0].source = Source::Url(text.to_owned()),
        |lock, text| lock.packages[0].source = Source::Path(text.to_owned()),
        |lock, text| {
            lock.packages[0].source = Source::Directory { path: text.to_owned(), editable: true, metadata: None };
        },
        |lock, text| {
            let (url, commit) = (text.to_owned(), "0".repeat(40));
            lock.packages[0].source = Source::Git { url, commit, reference: None, subdirectory: None };
        },
        |lock, text| {
            let (url, commit) = ("https://h".to_owned(), text.to_owned());
            lock.packages[0].source = Source::Git { url, commit, reference: None, subdirectory: Some(text.to_owned()) };
        },
        |lock, text| lock.packages[0].files[0].filename = format!("a-1.0{text}.tar.gz").into(),
        |lock, text| lock.inputs.exclude_newer = Some(text.to_owned()),
        |lock, text| {
            lock.inputs.sources = [("g".parse().unwrap(), Assigned::Index(text.to_owned()))].into();
        },
    ];
    let one_marker = |text: &str| {
        let mut lock = lock();
        lock.packages[0].marker = format!("platform_version != '{text}'").parse().unwrap();
        lock
    };
    for c in
        ['\0', '\n', '\r', '\t', '\x1b', '\x7f', '\u{85}', '\u{9b}', '\u{2028}', '\u{2029}', '\u{202e}', '\u{2066}']
    {
        let text = format!("x{c}--index-url y");
        let mut locks: Vec<Lock> = change
            .iter()
            .map(|change| {
                let mut lock = lock();
                change(&mut lock, &text);
                lock
            })
            .collect();
        locks.push(one_marker(&text));
        for lock in locks {
            let bytes = encode(&lock);
            assert!(matches!(decode(&bytes), Err(Error::Corrupt(_))), "{lock:?}");
        }
    }
    decode(&encode(&one_marker("#1 é 日本"))).unwrap();
}

/// Every command that looks whether a lock is still right compares them.
#[test]
fn twenty_thousand_extras_are_compared_in_time() {
    let root = |i: usize| Root {
        kind: RootKind::Extra(format!("e{i}").parse().unwrap()),
        requirements: vec!["a".parse().unwrap()],
    };
    let many = Inputs::of((0..20_000).map(root).collect()).sorted();
    assert_eq!(many.differences(&many), Vec::<String>::new());
    assert_eq!(many.differences(&Inputs::of((0..19_999).map(root).collect()).sorted()).len(), 1);
}
