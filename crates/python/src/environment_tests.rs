//! With the interpreters of this machine: at least one is required.

use super::*;
use crate::{Choice, Search, Wanted, choose, find, own_environment, read_environment};
use pybun_model::Problem;
use std::path::PathBuf;
use std::process::Command;

struct Sandbox {
    temp: tempfile::TempDir,
    search: Search,
}

fn sandbox() -> Sandbox {
    let temp = tempfile::tempdir().unwrap();
    let environment =
        ["PATH", "HOME", "PYENV_ROOT"].iter().filter_map(|name| Some((name.to_string(), std::env::var(name).ok()?)));
    let root = fs::canonicalize(temp.path()).unwrap();
    let own = ("PYBUN_HOME".to_owned(), root.join("home").display().to_string());
    let environment = environment.chain([own]).collect();
    let search = Search { cwd: root.join("work"), cache_dir: root.join("cache"), environment };
    Sandbox { temp, search }
}

impl Sandbox {
    fn path(&self, name: &str) -> PathBuf {
        fs::canonicalize(self.temp.path()).unwrap().join(name)
    }

    fn ensure(&self, root: &Path, interpreter: &Interpreter) -> Result<Environment, Error> {
        ensure_environment(root, interpreter, &self.search)
    }

    fn python(&self) -> Interpreter {
        choose(&self.search, Wanted::default()).unwrap().interpreter
    }
}

fn run(program: &Path, args: &[&str]) -> String {
    let output = Command::new(program).args(args).env_remove("VIRTUAL_ENV").env_remove("PYTHONPATH").output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

const FACTS: &str = "import sys, sysconfig, json; print(json.dumps([sys.prefix, sys.base_prefix, \
    sysconfig.get_path('purelib'), sysconfig.get_path('platlib'), sysconfig.get_path('scripts'), \
    '.'.join(map(str, sys.version_info[:3]))]))";

#[test]
fn every_interpreter_of_the_machine_makes_a_working_environment() {
    let sandbox = sandbox();
    let found = find(&sandbox.search).interpreters;
    assert!(!found.is_empty(), "this test needs a Python on PATH");
    for (i, interpreter) in found.iter().enumerate() {
        let root = sandbox.path(&format!("env {i}"));
        let environment = sandbox.ensure(&root, interpreter).unwrap();
        assert!(environment.created);
        let facts: Vec<String> = serde_json::from_str(&run(&environment.python, &["-c", FACTS])).unwrap();
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        assert_eq!(facts[0], text(&root), "{interpreter:?}");
        assert_eq!(facts[1], text(&interpreter.base_prefix));
        assert_eq!(facts[2], text(&environment.purelib));
        assert_eq!(facts[4], text(&environment.scripts));
        assert_eq!(fs::canonicalize(&facts[3]).unwrap(), fs::canonicalize(&environment.platlib).unwrap());
        assert_eq!(facts[5], interpreter.version.to_string());
        let again = read_environment(&root, &sandbox.search).unwrap();
        assert_eq!((again.purelib, again.python), (environment.purelib, environment.python));
        assert_eq!(again.interpreter.base_executable, interpreter.base_executable);
    }
}

#[test]
fn an_environment_made_from_an_environment_has_the_same_base() {
    let sandbox = sandbox();
    let first = sandbox.ensure(&sandbox.path("a"), &sandbox.python()).unwrap();
    let wanted = Wanted { request: first.python.to_str(), ..Wanted::default() };
    let Choice { interpreter, .. } = choose(&sandbox.search, wanted).unwrap();
    assert!(interpreter.is_environment());
    let second = sandbox.ensure(&sandbox.path("b"), &interpreter).unwrap();
    let prefix = run(&second.python, &["-c", "import sys; print(sys.prefix)"]);
    assert_eq!(Path::new(&prefix), second.root);
    assert_eq!(second.interpreter.base_executable, first.interpreter.base_executable);
}

#[test]
fn is_kept_while_its_interpreter_is_the_same() {
    let sandbox = sandbox();
    let python = sandbox.python();
    let root = sandbox.path("project/.pybun/venv");
    assert!(sandbox.ensure(&root, &python).unwrap().created);
    fs::write(root.join("mine"), "").unwrap();
    assert!(!sandbox.ensure(&root, &python).unwrap().created);
    assert!(root.join("mine").exists());
    // The interpreter is gone.
    fs::remove_file(root.join("bin/python")).unwrap();
    std::os::unix::fs::symlink("/nowhere/python", root.join("bin/python")).unwrap();
    let problem = Problem::from(read_environment(&root, &sandbox.search).unwrap_err());
    assert_eq!(problem.code, "environment/broken");
    assert!(sandbox.ensure(&root, &python).unwrap().created);
    assert!(!root.join("mine").exists());
    let left: Vec<_> = fs::read_dir(root.parent().unwrap()).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left, ["venv"], "nothing temporary stays");
    let config = Config::read(&root).unwrap();
    assert_eq!(config.get("prompt"), Some("project"));
    assert_eq!(config.get("include-system-site-packages"), Some("false"));
    assert_eq!(config.get(PYBUN_KEY), Some(env!("CARGO_PKG_VERSION")));
}

#[test]
fn one_that_was_moved_or_copied_is_made_again() {
    let sandbox = sandbox();
    let python = sandbox.python();
    let (first, second) = (sandbox.path("first"), sandbox.path("second"));
    assert!(sandbox.ensure(&first, &python).unwrap().created);
    std::os::unix::fs::symlink(first.parent().unwrap(), sandbox.path("another way")).unwrap();
    fs::rename(&first, &second).unwrap();
    assert!(sandbox.ensure(&second, &python).unwrap().created);
    assert!(fs::read_to_string(second.join("bin/activate")).unwrap().contains(second.to_str().unwrap()));
    assert!(!sandbox.ensure(&second, &python).unwrap().created);
    fs::rename(&second, &first).unwrap();
    assert!(sandbox.ensure(&first, &python).unwrap().created);
    assert!(!sandbox.ensure(&sandbox.path("another way/first"), &python).unwrap().created, "it is the same directory");
}

#[test]
fn what_pybun_did_not_make_is_moved_aside() {
    let sandbox = sandbox();
    let python = sandbox.python();
    let root = sandbox.path("data");
    fs::create_dir(&root).unwrap();
    assert!(sandbox.ensure(&root, &python).unwrap().created, "an empty directory may be used");
    let aside = |name: &str| sandbox.path(name);
    // As a repository could bring them: other files, an environment of another tool, a copy of PyBun's, links.
    type Make = fn(&Sandbox, &Path);
    let kinds: [(&str, Make); 5] = [
        ("files", |_, root| {
            fs::create_dir(root).unwrap();
            fs::write(root.join("thesis.tex"), "x").unwrap();
        }),
        ("foreign", |sandbox, root| {
            make_environment(root, &sandbox.python()).unwrap();
        }),
        ("copied", |sandbox, root| {
            let from = sandbox.path("data");
            assert!(Command::new("cp").arg("-a").args([&from, root]).status().unwrap().success());
        }),
        ("link", |sandbox, root| std::os::unix::fs::symlink(sandbox.path("data"), root).unwrap()),
        ("file", |_, root| fs::write(root, "x").unwrap()),
    ];
    for (name, make) in kinds {
        let root = sandbox.path(name);
        make(&sandbox, &root);
        assert_eq!(Problem::from(own_environment(&root, &sandbox.search).unwrap_err()).code, "environment/not-ours");
        let environment = sandbox.ensure(&root, &python).unwrap();
        assert!(environment.created, "{name}");
        assert_eq!(environment.moved_aside, Some(aside(&format!("{name}.aside-1"))), "{name}");
        assert!(own_environment(&root, &sandbox.search).is_ok());
    }
    let tool = sandbox.search.cache_dir.join("envs/tools/key");
    make_environment(&tool, &python).unwrap();
    let made = sandbox.ensure(&tool, &python).unwrap();
    assert_eq!((made.created, made.moved_aside), (true, None), "in the data directory");
    assert!(aside("files.aside-1").join("thesis.tex").exists() && aside("link.aside-1").is_symlink());
    assert!(own_environment(&root, &sandbox.search).is_ok(), "the environment behind the link is as it was");
    assert_eq!(
        Problem::from(read_environment(&sandbox.path("none"), &sandbox.search).unwrap_err()).code,
        "environment/missing"
    );
    let problem = Problem::from(sandbox.ensure(&sandbox.path("file.aside-1/venv"), &python).unwrap_err());
    assert_eq!(problem.code, "environment/cannot-write");
}

#[test]
fn it_is_known_by_its_directory_its_place_and_its_interpreter() {
    let sandbox = sandbox();
    let python = sandbox.python();
    let root = sandbox.path("venv");
    let is_own = || crate::is_own(&root, &sandbox.search);
    assert!(!is_own());
    sandbox.ensure(&root, &python).unwrap();
    assert!(is_own());
    // A copy that was put back, and one as a checkout makes it.
    let copy = |how: &str| {
        fs::rename(&root, sandbox.path("other")).unwrap();
        assert!(Command::new("cp").arg(how).args([sandbox.path("other"), root.clone()]).status().unwrap().success());
    };
    copy("-a");
    assert!(is_own());
    fs::remove_dir_all(sandbox.path("other")).unwrap();
    copy("-r");
    assert!(!is_own());
    fs::remove_dir_all(&root).unwrap();
    fs::rename(sandbox.path("other"), &root).unwrap();
    assert!(is_own());
    let link = root.join("bin/python");
    fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink("/bin/true", &link).unwrap();
    assert!(!is_own());
}

#[test]
fn without_a_place_for_its_record_none_is_made() {
    let mut sandbox = sandbox();
    let root = sandbox.path("venv");
    fs::write(sandbox.path("file"), "").unwrap();
    sandbox.search.environment.insert("PYBUN_HOME".to_owned(), sandbox.path("file").display().to_string());
    let problem = Problem::from(sandbox.ensure(&root, &sandbox.python()).unwrap_err());
    assert_eq!(problem.code, "environment/no-state");
    assert!(!root.exists());
}

#[test]
fn activates_in_bash_and_leaves_again() {
    let sandbox = sandbox();
    let root = sandbox.path("it's $HOME `x`/venv");
    let environment = sandbox.ensure(&root, &sandbox.python()).unwrap();
    let script = r#"
        set -eu
        before="$PATH"
        PS1='$ '
        . "$1/bin/activate"
        . "$1/bin/activate"
        python -c 'import sys; print(sys.prefix)'
        echo "$VIRTUAL_ENV|$VIRTUAL_ENV_PROMPT|${PYTHONHOME-none}|$PS1"
        deactivate
        [ "$PATH" = "$before" ] && echo "${VIRTUAL_ENV-none}|$PYTHONHOME|$PS1"
    "#;
    let output = Command::new("bash")
        .args(["-c", script, "bash", root.to_str().unwrap()])
        .env("PYTHONHOME", "/nowhere")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let root = environment.root.display();
    let expected = format!("{root}\n{root}|it's $HOME `x`|none|(it's $HOME `x`) $ \nnone|/nowhere|$ \n");
    assert_eq!(text, expected, "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_warm_choice_starts_no_process() {
    let sandbox = sandbox();
    let python = sandbox.python();
    // A copy of the cache answers for an executable that would fail if it was run.
    let fake = sandbox.path("python3");
    fs::write(&fake, "#!/bin/sh\nexit 3\n").unwrap();
    fs::set_permissions(&fake, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let wanted = || Wanted { request: fake.to_str(), ..Wanted::default() };
    assert_eq!(Problem::from(choose(&sandbox.search, wanted()).unwrap_err()).code, "python/broken");
    let forwards = format!("#!/bin/sh\nexec '{}' \"$@\"\n", python.path.display());
    fs::write(&fake, forwards).unwrap();
    let version = choose(&sandbox.search, wanted()).unwrap().interpreter.version;
    assert_eq!(version, python.version);
    let time = fs::metadata(&fake).unwrap().modified().unwrap();
    let size = fs::metadata(&fake).unwrap().len() as usize;
    fs::write(&fake, format!("{:size$}", "#!/bin/sh\nexit 3\n")).unwrap();
    fs::File::options().write(true).open(&fake).unwrap().set_modified(time).unwrap();
    assert_eq!(choose(&sandbox.search, wanted()).unwrap().interpreter.version, version, "remembered");
    fs::write(&fake, "#!/bin/sh\nexit 3\n").unwrap();
    assert!(choose(&sandbox.search, wanted()).is_err(), "the file is another one");
}

#[test]
fn tells_what_was_found_when_nothing_fits() {
    let sandbox = sandbox();
    let problem =
        Problem::from(choose(&sandbox.search, Wanted { request: Some("3.99"), ..Wanted::default() }).unwrap_err());
    assert_eq!(problem.code, "python/not-found");
    assert!(problem.hint.unwrap().starts_with("found: 3."), "{:?}", problem.context);
    assert!(problem.fix.unwrap().command.iter().any(|word| word.contains("3.99")));
    let python = sandbox.python();
    let requires = ">=3.99".parse().unwrap();
    let pin = format!("{}.{}\n", python.tag.major, python.tag.minor);
    let wanted = Wanted { pin: Some(&pin), requires_python: Some(&requires), ..Wanted::default() };
    let problem = Problem::from(choose(&sandbox.search, wanted).unwrap_err());
    assert_eq!((problem.code, &problem.context["asked_by"]), ("python/incompatible", &".python-version".into()));
    let wanted = Wanted { requires_python: Some(&requires), ..Wanted::default() };
    assert_eq!(Problem::from(choose(&sandbox.search, wanted).unwrap_err()).code, "python/not-found");
    let wanted = Wanted { request: Some("/nowhere/python"), ..Wanted::default() };
    assert_eq!(Problem::from(choose(&sandbox.search, wanted).unwrap_err()).code, "python/broken");
}
