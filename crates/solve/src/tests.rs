//! The loop over an index in memory.

use crate::{Fixes, Future, Request, Source, Target, Upgrade, solve};
use pybun_lock::{Inputs, Root, RootKind};
use pybun_model::{
    Architecture, CoreMetadata, Event, IndexFile, Libc, PackageName, Platform, Problem, ProjectPage, PythonTag, Tags,
    silent,
};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// Projects by name: each release's version and requirements. Metadata of the releases in `lost` cannot be had.
struct World {
    releases: Vec<(&'static str, &'static str, &'static [&'static str])>,
    lost: Vec<(&'static str, &'static str)>,
}

impl Source for World {
    fn page<'a>(&'a self, name: &'a PackageName) -> Future<'a, Option<Arc<ProjectPage>>> {
        let files: Vec<_> = self
            .releases
            .iter()
            .filter(|(of, ..)| *of == name.as_ref())
            .map(|(of, version, _)| json!({ "filename": format!("{of}-{version}-py3-none-any.whl"), "url": "x.whl", "hashes": {} }))
            .collect();
        let text = json!({ "name": name.as_ref(), "files": files }).to_string();
        let base = "http://index/simple/".parse().unwrap();
        let page = ProjectPage::from_json(name, text.as_bytes(), &base).unwrap();
        Box::pin(async move { Ok((!page.files.is_empty()).then(|| Arc::new(page))) })
    }

    fn metadata<'a>(&'a self, file: &'a IndexFile) -> Future<'a, CoreMetadata> {
        let mut parts = file.filename.split('-');
        let (name, version) = (parts.next().unwrap(), parts.next().unwrap());
        let lost = self.lost.contains(&(name, version));
        let release = self.releases.iter().find(|(of, is, _)| (*of, *is) == (name, version)).unwrap();
        let requires: String = release.2.iter().map(|text| format!("Requires-Dist: {text}\n")).collect();
        let text = format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{requires}");
        Box::pin(async move {
            if lost {
                Err(Problem::new("fetch/offline", "not in the cache")
                    .with("missing", vec![format!("{name} {version}")]))
            } else {
                Ok(CoreMetadata::parse(text.as_bytes()).unwrap())
            }
        })
    }

    fn direct<'a>(&'a self, _: &'a crate::Wanted) -> Future<'a, crate::Direct> {
        Box::pin(async { Err(Problem::new("fetch/unreachable", "there are no URLs here")) })
    }
}

async fn resolved(world: World, requirements: &[&str]) -> Result<Vec<String>, String> {
    let lock =
        solve(&request(requirements), Arc::new(world), &silent).await.map_err(|problem| problem.code.to_string())?;
    Ok(lock.packages.iter().map(|package| format!("{}=={}", package.name, package.version)).collect())
}

fn request(requirements: &[&str]) -> Request {
    let python = PythonTag { implementation: "cp".into(), major: 3, minor: 11, free_threaded: false };
    let libc = Libc::Glibc { major: 2, minor: 36 };
    let markers = json!({
        "implementation_name": "cpython", "implementation_version": "3.11.7", "os_name": "posix",
        "platform_machine": "x86_64", "platform_python_implementation": "CPython", "platform_release": "6",
        "platform_system": "Linux", "platform_version": "1", "python_full_version": "3.11.7",
        "python_version": "3.11", "sys_platform": "linux",
    });
    Request {
        inputs: Inputs {
            requires_python: Some(">=3.11".parse().unwrap()),
            ..Inputs::of(vec![Root {
                kind: RootKind::Project,
                requirements: requirements.iter().map(|text| text.parse().unwrap()).collect(),
            }])
        },
        target: Target::Universal,
        markers: serde_json::from_value(markers).unwrap(),
        tags: Arc::new(Tags::new(&python, &Platform::Linux { architecture: Architecture::X86_64, libc })),
        hashes: BTreeMap::new(),
        previous: None,
        upgrade: Upgrade::Nothing,
        fixes: Fixes::No,
        cutoff: None,
        own: None,
    }
}

/// What is asked for ahead of its need may turn out to be of no use: then it may also fail.
#[tokio::test]
async fn a_failure_of_something_unneeded_is_none() {
    let world =
        World { releases: vec![("z", "1", &[]), ("z", "2", &[]), ("a", "1", &["z<2"])], lost: vec![("z", "2")] };
    assert_eq!(resolved(world, &["a", "z"]).await, Ok(vec!["a==1".to_owned(), "z==1".to_owned()]));
}

#[tokio::test]
async fn a_failure_of_something_needed_ends_the_resolution() {
    let world = World { releases: vec![("a", "1", &[]), ("b", "1", &["a"])], lost: vec![("a", "1")] };
    assert_eq!(resolved(world, &["b"]).await, Err("fetch/offline".to_owned()));
}

#[tokio::test]
async fn a_failure_names_all_that_is_missing_and_who_asked_for_it() {
    let world = World {
        releases: vec![
            ("a", "1", &[]),
            ("b", "1", &["mid>=1", "x"]),
            ("mid", "1", &["a<2 ; python_version > '3'"]),
            ("x", "1", &[]),
        ],
        lost: vec![("a", "1"), ("x", "1")],
    };
    let problem = solve(&request(&["b"]), Arc::new(world), &silent).await.unwrap_err();
    assert_eq!(problem.code, "fetch/offline");
    assert_eq!(problem.context["missing"], json!(["a 1", "x 1"]));
    let known = [("x", json!(["your project", "b 1", "x"])), ("a", json!(["your project", "b 1", "mid 1", "a<2"]))];
    let package = problem.context["package"].as_str().unwrap();
    assert!(
        known.iter().any(|(name, chain)| *name == package && problem.context["required_by"] == *chain),
        "{problem:?}"
    );
    assert!(problem.message.contains("asked for by: your project -> b 1 -> "), "{}", problem.message);
}

/// What the index has under the project's own name is another's, or an older state of the same.
#[tokio::test]
async fn whoever_requires_the_project_itself_has_it() {
    let world =
        World { releases: vec![("me", "9", &["other"]), ("b", "1", &["me[x]>=2"]), ("other", "1", &[])], lost: vec![] };
    let request = Request { own: Some("me".parse().unwrap()), ..request(&["b"]) };
    let lock = solve(&request, Arc::new(world), &silent).await.unwrap();
    let names: Vec<_> = lock.packages.iter().map(|package| package.name.to_string()).collect();
    assert_eq!(names, ["b"]);
}

#[tokio::test]
async fn an_extra_that_a_release_does_not_have_is_told() {
    let world = World { releases: vec![("a", "1", &["b[quiet]"]), ("b", "1", &[])], lost: vec![] };
    let told = Mutex::new(Vec::new());
    let emit = |event| {
        if let Event::Warning(problem) = event {
            told.lock().unwrap().push((problem.code.to_string(), problem.message));
        }
    };
    solve(&request(&["a[fast]"]), Arc::new(world), &emit).await.unwrap();
    let expected = ("resolve/unknown-extra".to_owned(), "a 1 has no extra `fast`".to_owned());
    assert_eq!(*told.lock().unwrap(), [expected]);
}
