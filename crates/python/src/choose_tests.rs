//! Who may choose what. With the interpreters of this machine: at least one is required.

use super::*;
use crate::Ignored;
use pybun_model::Problem;
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// A directory as a clone could be, whose programs tell when they are run.
struct Clone {
    temp: tempfile::TempDir,
    search: Search,
}

impl Clone {
    fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(temp.path()).unwrap();
        fs::create_dir_all(root.join("work/bin")).unwrap();
        let variables =
            ["HOME", "PYENV_ROOT"].iter().filter_map(|name| Some((name.to_string(), std::env::var(name).ok()?)));
        let mut environment: std::collections::BTreeMap<_, _> = variables.collect();
        let path = format!("{}:{}", std::env::var("PATH").unwrap(), root.join("work/tools").display());
        environment.insert("PATH".to_owned(), path);
        let clone =
            Self { search: Search { cwd: root.join("work"), cache_dir: root.join("cache"), environment }, temp };
        for name in ["evil", "bin/python", "tools/deploy"] {
            clone.program(name);
        }
        clone
    }

    fn program(&self, name: &str) {
        let path = self.search.cwd.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, format!("#!/bin/sh\ntouch '{}'\nexit 1\n", self.mark().display())).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn mark(&self) -> PathBuf {
        self.temp.path().join("ran")
    }

    fn choose(&self, wanted: Wanted) -> Result<Choice, Error> {
        choose(&self.search, wanted)
    }
}

fn programs(clone: &Clone) -> [String; 7] {
    let absolute = clone.search.cwd.join("evil").display().to_string();
    [absolute, "./evil".into(), ".".into(), "../work/evil".into(), "bin/python".into(), "deploy".into(), "evil".into()]
}

#[test]
fn a_pin_names_no_program_and_the_choice_goes_on_without_it() {
    let clone = Clone::new();
    let usual = clone.choose(Wanted::default()).unwrap().interpreter.path;
    for text in programs(&clone) {
        let choice = clone.choose(Wanted { pin: Some(&text), ..Wanted::default() }).unwrap();
        assert_eq!((choice.interpreter.path, choice.ignored), (usual.clone(), Some(Ignored)));
    }
    assert!(!clone.mark().exists(), "a program of the repository was executed");
}

#[test]
fn the_configuration_of_a_project_names_no_program() {
    let clone = Clone::new();
    for text in programs(&clone) {
        let error = clone.choose(Wanted { project: Some(&text), ..Wanted::default() }).unwrap_err();
        let problem = Problem::from(error);
        assert_eq!((problem.code, &problem.context["request"]), ("python/not-for-projects", &text.into()));
        assert!(problem.hint.is_some());
    }
    assert!(!clone.mark().exists(), "a program of the repository was executed");
}

#[test]
fn a_person_may_name_any_program() {
    let clone = Clone::new();
    for text in ["./evil", "deploy"] {
        assert!(clone.choose(Wanted { request: Some(text), ..Wanted::default() }).is_err());
        assert!(clone.mark().exists(), "{text} was not tried");
        fs::remove_file(clone.mark()).unwrap();
    }
}

#[test]
fn relative_places_of_the_environment_do_not_lead_into_the_clone() {
    let mut clone = Clone::new();
    clone.program("versions/3.12.1/bin/python");
    clone.program("venv/bin/python");
    clone.search.environment.extend([
        ("VIRTUAL_ENV".to_owned(), "venv".to_owned()),
        ("CONDA_PREFIX".to_owned(), "./venv".to_owned()),
        ("PYENV_ROOT".to_owned(), ".".to_owned()),
    ]);
    let here = std::env::current_dir().unwrap();
    let inside = |path: &Path| path.starts_with(&clone.search.cwd) || path.starts_with(&here) || path.is_relative();
    let Found { interpreters, skipped } = find(&clone.search);
    assert!(interpreters.iter().all(|one| !inside(&one.path)) && skipped.iter().all(|one| !inside(&one.path)));
}

#[test]
fn pyenvs_own_environment_is_followed_where_its_shims_are_in_use_and_none_outside_of_it() {
    let mut clone = Clone::new();
    let real = clone.choose(Wanted::default()).unwrap().interpreter.path;
    let root = fs::canonicalize(clone.temp.path()).unwrap().join("pyenv");
    for directory in ["shims", "bin", "versions/mine/bin"] {
        fs::create_dir_all(root.join(directory)).unwrap();
    }
    std::os::unix::fs::symlink(real, root.join("versions/mine/bin/python")).unwrap();
    let evil = clone.search.cwd.join("evil");
    for outside in ["bin/python", "python"] {
        fs::copy(&evil, root.join(outside)).unwrap();
    }
    let path = format!("{}:{}", root.join("shims").display(), clone.search.environment["PATH"]);
    clone.search.environment.extend([("PATH".to_owned(), path), ("PYENV_ROOT".to_owned(), root.display().to_string())]);
    let pin = |text: &str| {
        fs::write(clone.search.cwd.join(".python-version"), text).unwrap();
        clone.choose(Wanted { pin: Some(text), ..Wanted::default() }).unwrap()
    };
    let choice = pin("mine");
    assert!(choice.interpreter.path.starts_with(root.join("versions/mine")));
    assert_eq!(choice.ignored, None);
    for text in ["..", "../../bin", ".", "mine/../../../work", "mine/.."] {
        assert_eq!(pin(text).ignored, Some(Ignored), "{text}");
    }
    assert!(!clone.mark().exists(), "something outside of pyenv's versions was executed");
}
