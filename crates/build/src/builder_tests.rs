//! Whole builds with a backend that lies in the source tree (`backend-path`), so that nothing is downloaded.

use super::*;
use crate::fingerprint;
use pybun_model::{Problem, Requirement, silent};
use pybun_python::{Environment, Search, Wanted, choose};
use std::fs;
use std::pin::Pin;
use std::sync::Mutex;

const BACKEND: &str = r#"
import os, sys, zipfile

def get_requires_for_build_wheel(config_settings=None):
    print("asked for requirements")
    sys.argv = ["setup.py"]
    os.chdir("/")
    return ["extra-tool>=1"]

def build_wheel(directory, config_settings=None, metadata_directory=None):
    assert os.environ["VIRTUAL_ENV"] == sys.prefix, sys.prefix
    assert os.environ["PATH"].startswith(sys.prefix), os.environ["PATH"]
    assert "PYTHONPATH" not in os.environ and os.environ["KEPT"] == "yes"
    assert os.path.isfile("pyproject.toml")
    if os.path.exists("FAIL"):
        print("x.c:1:10: fatal error: ffi.h: No such file or directory", file=sys.stderr)
        raise RuntimeError("compiling failed")
    if os.path.exists("DIE"):
        os._exit(7)
    name = "demo-1.0%s-py3-none-any.whl" % (config_settings or {}).get("local", "")
    with zipfile.ZipFile(os.path.join(directory, name), "w") as wheel:
        text = "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\nRequires-Dist: six\n\n"
        wheel.writestr("demo-1.0.dist-info/METADATA", text)
    return name
"#;

const EDITABLE: &str = r#"
def build_editable(directory, config_settings=None, metadata_directory=None):
    return build_wheel(directory, config_settings)
"#;

const METADATA: &str = r#"
def prepare_metadata_for_build_wheel(directory, config_settings=None):
    os.mkdir(os.path.join(directory, "demo-1.0.dist-info"))
    with open(os.path.join(directory, "demo-1.0.dist-info", "METADATA"), "w") as file:
        file.write("Metadata-Version: 2.1\nName: demo\nVersion: 1.0\nRequires-Dist: from-hook\n\n")
    return "demo-1.0.dist-info"
"#;

const MANIFEST: &str = "[build-system]\nrequires = ['tool']\nbuild-backend = 'own'\nbackend-path = ['_build']\n";

#[derive(Default)]
struct Recorder {
    calls: Mutex<Vec<(Vec<String>, Vec<String>)>>,
    answer: Option<Problem>,
}

impl Provision for Recorder {
    fn provision<'a>(
        &'a self,
        requires: &'a [Requirement],
        environment: &'a Environment,
        chain: &'a Chain,
    ) -> Pin<Box<dyn Future<Output = Result<(), Problem>> + Send + 'a>> {
        assert!(environment.purelib.is_dir());
        let names = requires.iter().map(ToString::to_string).collect();
        self.calls.lock().unwrap().push((names, chain.names().to_vec()));
        Box::pin(async { self.answer.clone().map_or(Ok(()), Err) })
    }
}

struct Sandbox {
    temp: tempfile::TempDir,
    interpreter: Interpreter,
    variables: BTreeMap<String, String>,
    settings: Map<String, Value>,
    recorder: Recorder,
    chain: Chain,
    cache: PathBuf,
    places: Sha256,
}

impl Sandbox {
    fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(temp.path()).unwrap();
        let mut variables: BTreeMap<String, String> =
            ["PATH", "HOME"].iter().filter_map(|name| Some((name.to_string(), std::env::var(name).ok()?))).collect();
        let search = Search { cwd: root.clone(), cache_dir: root.join("cache"), environment: variables.clone() };
        let interpreter = choose(&search, Wanted::default()).unwrap().interpreter;
        variables.extend([("KEPT", "yes"), ("PYTHONPATH", "/evil")].map(|(a, b)| (a.to_owned(), b.to_owned())));
        Self {
            temp,
            interpreter,
            variables,
            settings: Map::new(),
            recorder: Recorder::default(),
            chain: Chain::default(),
            cache: root.join("cache"),
            places: Sha256([1; 32]),
        }
    }

    fn builder(&self) -> Builder<'_> {
        Builder {
            cache_dir: &self.cache,
            interpreter: &self.interpreter,
            provision: &self.recorder,
            variables: &self.variables,
            config_settings: &self.settings,
            places: self.places,
            chain: &self.chain,
            emit: &silent,
        }
    }

    /// A project with the backend in it.
    fn project(&self, backend: &str, more: &[&str]) -> PathBuf {
        let root = fs::canonicalize(self.temp.path()).unwrap().join("demo-1.0");
        fs::create_dir_all(root.join("_build")).unwrap();
        fs::write(root.join("pyproject.toml"), MANIFEST).unwrap();
        fs::write(root.join("_build/own.py"), backend).unwrap();
        more.iter().for_each(|name| fs::write(root.join(name), "").unwrap());
        root
    }

    fn sdist(&self, backend: &str, more: &[&str]) -> PathBuf {
        let root = self.project(backend, more);
        let path = self.temp.path().join("demo-1.0.tar.gz");
        let gzip = flate2::write::GzEncoder::new(fs::File::create(&path).unwrap(), flate2::Compression::fast());
        let mut tar = tar::Builder::new(gzip);
        tar.append_dir_all("demo-1.0", &root).unwrap();
        tar.into_inner().unwrap().finish().unwrap();
        path
    }

    fn nothing_is_left(&self) {
        let scratch: Vec<_> = fs::read_dir(self.cache.join("build/v1/tmp")).unwrap().flatten().collect();
        assert!(scratch.is_empty(), "{scratch:?}");
    }
}

fn described<'a>(path: &'a Path, name: &'a PackageName, version: &'a Version) -> Sdist<'a> {
    Sdist {
        path,
        filename: "demo-1.0.tar.gz",
        sha256: Sha256([7; 32]),
        name,
        version: Some(version),
        subdirectory: None,
    }
}

macro_rules! sdist {
    ($path:expr) => {
        described(&$path, &"demo".parse().unwrap(), &"1.0".parse().unwrap())
    };
}

#[tokio::test]
async fn builds_a_wheel_once() {
    let sandbox = Sandbox::new();
    let path = sandbox.sdist(BACKEND, &[]);
    let wheel = sandbox.builder().wheel(&sdist!(path)).await.unwrap();
    assert!(wheel.path.starts_with(&sandbox.cache) && wheel.path.is_file());
    let chain = vec!["demo 1.0".to_owned()];
    let calls = sandbox.recorder.calls.lock().unwrap().clone();
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(calls, [(names(&["tool"]), chain.clone()), (names(&["tool", "extra-tool>=1"]), chain)]);
    fs::remove_file(&path).unwrap();
    assert_eq!(sandbox.builder().wheel(&sdist!(path)).await.unwrap().path, wheel.path, "from the cache");
    assert_eq!(sandbox.recorder.calls.lock().unwrap().len(), 2);
    sandbox.nothing_is_left();
    assert_eq!(fs::read_dir(sandbox.cache.join("logs")).unwrap().count(), 0);
}

#[tokio::test]
async fn settings_reach_the_backend_and_have_their_own_results() {
    let mut sandbox = Sandbox::new();
    let path = sandbox.sdist(BACKEND, &[]);
    let plain = sandbox.builder().wheel(&sdist!(path)).await.unwrap();
    sandbox.settings.insert("local".to_owned(), "+cpu".into());
    let local = sandbox.builder().wheel(&sdist!(path)).await.unwrap();
    assert_ne!(plain.path, local.path);
    assert_eq!(local.name.version.to_string(), "1.0+cpu");
}

#[tokio::test]
async fn finds_metadata_by_hook_or_by_building() {
    for (backend, expected) in [(BACKEND.to_owned(), "six"), (format!("{BACKEND}{METADATA}"), "from-hook")] {
        let sandbox = Sandbox::new();
        let path = sandbox.sdist(&backend, &[]);
        let metadata = sandbox.builder().metadata(&sdist!(path)).await.unwrap();
        assert_eq!(metadata.requires_dist[0].name.as_ref(), expected);
        assert!(sandbox.builder().cached_metadata(&Sha256([7; 32])).is_some());
        assert_eq!(sandbox.builder().cached_wheel(&Sha256([7; 32])).is_some(), expected == "six");
        sandbox.nothing_is_left();
    }
}

#[tokio::test]
async fn a_failure_tells_the_reason_the_log_and_what_is_missing() {
    let sandbox = Sandbox::new();
    let path = sandbox.sdist(BACKEND, &["FAIL"]);
    let problem = Problem::from(sandbox.builder().wheel(&sdist!(path)).await.unwrap_err());
    assert_eq!(problem.code, "build/failed");
    assert!(
        problem.message.contains("demo 1.0") && problem.message.contains("compiling failed"),
        "{}",
        problem.message
    );
    assert!(problem.hint.unwrap().contains("ffi.h"));
    let log = fs::read_to_string(problem.context["log"].as_str().unwrap()).unwrap();
    assert!(log.contains("asked for requirements") && log.contains("RuntimeError: compiling failed"), "{log}");
    assert!(problem.context["tail"].as_array().unwrap().iter().any(|line| line == "RuntimeError: compiling failed"));
    sandbox.nothing_is_left();
}

#[tokio::test]
async fn a_backend_that_dies_or_lies_is_a_problem() {
    let sandbox = Sandbox::new();
    let path = sandbox.sdist(BACKEND, &["DIE"]);
    let problem = Problem::from(sandbox.builder().wheel(&sdist!(path)).await.unwrap_err());
    assert!(problem.message.contains("without an answer"), "{}", problem.message);
    for (backend, code) in [
        (BACKEND.replace("demo-1.0%s", "other-1.0%s"), "build/bad-answer"),
        (BACKEND.replace("return name", "return '../' + name"), "build/bad-answer"),
        (BACKEND.replace("py3-none-any", "cp27-cp27m-win32"), "build/bad-answer"),
        ("syntax error".to_owned(), "build/bad-backend"),
        (BACKEND.replace("extra-tool>=1", "not a requirement"), "build/invalid-requirement"),
    ] {
        let sandbox = Sandbox::new();
        let path = sandbox.sdist(&backend, &[]);
        let problem = Problem::from(sandbox.builder().wheel(&sdist!(path)).await.unwrap_err());
        assert_eq!(problem.code, code, "{}", problem.message);
    }
}

#[tokio::test]
async fn what_one_index_supplied_is_not_used_where_others_are_asked() {
    let mut sandbox = Sandbox::new();
    let path = sandbox.sdist(BACKEND, &[]);
    let key = Sha256([7; 32]);
    sandbox.builder().wheel(&sdist!(path)).await.unwrap();
    sandbox.builder().metadata(&sdist!(path)).await.unwrap();
    let calls = |sandbox: &Sandbox| sandbox.recorder.calls.lock().unwrap().len();
    let first = calls(&sandbox);
    sandbox.builder().wheel(&sdist!(path)).await.unwrap();
    assert_eq!(calls(&sandbox), first, "the same places");
    sandbox.places = Sha256([2; 32]);
    assert!(sandbox.builder().cached_wheel(&key).is_none() && sandbox.builder().cached_metadata(&key).is_none());
    sandbox.builder().wheel(&sdist!(path)).await.unwrap();
    assert!(calls(&sandbox) > first, "other places");
    let root = sandbox.project(BACKEND, &[]);
    sandbox.builder().tree_wheel(&root, &key).await.unwrap();
    let known = |places| crate::cached_tree_wheel(&sandbox.cache, &sandbox.interpreter, places, &key).is_some();
    assert_eq!([known(Sha256([2; 32])), known(Sha256([3; 32]))], [true, false]);
}

#[tokio::test]
async fn editable_wheels_need_the_hook() {
    let sandbox = Sandbox::new();
    let root = sandbox.project(&format!("{BACKEND}{EDITABLE}"), &[]);
    let wheel = sandbox.builder().editable(&root).await.unwrap();
    assert!(wheel.path.is_file());
    drop(wheel);
    sandbox.nothing_is_left();
    let root = sandbox.project(BACKEND, &[]);
    let problem = Problem::from(sandbox.builder().editable(&root).await.unwrap_err());
    assert_eq!((problem.code, problem.hint.is_some()), ("build/no-editable", true));
    assert_eq!(fs::read_dir(sandbox.cache.join("logs")).unwrap().count(), 0);
}

#[tokio::test]
async fn a_setup_py_with_an_old_backend_is_linked_all_the_same() {
    let sandbox = Sandbox::new();
    let root = sandbox.project(&format!("{BACKEND}{METADATA}"), &["setup.py"]);
    let key = fingerprint(&root, true).unwrap();
    let wheel = sandbox.builder().tree_editable(&root, &key).await.unwrap();
    let mut archive = zip::ZipArchive::new(fs::File::open(&wheel.path).unwrap()).unwrap();
    let pth = archive.by_name("__editable__.demo-1.0.pth").unwrap();
    assert_eq!(std::io::read_to_string(pth).unwrap(), format!("{}\n", root.display()));
    let calls = sandbox.recorder.calls.lock().unwrap().len();
    // Nothing is asked again while the manifests stay.
    assert_eq!(sandbox.builder().tree_editable(&root, &key).await.unwrap().path, wheel.path);
    assert_eq!(sandbox.recorder.calls.lock().unwrap().len(), calls);
}

#[tokio::test]
async fn requirements_that_are_missing_or_wait_for_this_build_are_problems() {
    let mut sandbox = Sandbox::new();
    let path = sandbox.sdist(BACKEND, &[]);
    sandbox.recorder.answer = Some(Problem::new("resolve/no-solution", "no tool").hint("look"));
    let problem = Problem::from(sandbox.builder().wheel(&sdist!(path)).await.unwrap_err());
    assert_eq!((problem.code, problem.hint.as_deref()), ("build/requirements", Some("look")));
    assert_eq!(problem.context["cause"], "resolve/no-solution");
    sandbox.chain = Chain::default().with("demo 1.0").unwrap().with("tool 2").unwrap();
    let problem = Problem::from(sandbox.builder().wheel(&sdist!(path)).await.unwrap_err());
    assert_eq!(problem.code, "build/cycle");
    assert_eq!(problem.context["chain"], serde_json::json!(["demo 1.0", "tool 2", "demo 1.0"]));
}
