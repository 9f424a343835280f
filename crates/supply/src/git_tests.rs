use super::*;
use std::process::Command;

/// A repository on this disk, and a data directory.
struct Sandbox {
    temp: tempfile::TempDir,
}

impl Sandbox {
    fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        std::fs::create_dir(temp.path().join("repo")).unwrap();
        let sandbox = Self { temp };
        sandbox.git("repo", &["init", "--quiet", "--initial-branch=main"]);
        sandbox
    }

    fn at(&self, name: &str) -> PathBuf {
        self.temp.path().join(name)
    }

    fn git(&self, directory: &str, args: &[&str]) -> String {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=t", "-c", "user.email=t@h.example", "-c", "protocol.file.allow=always"]);
        command.args(args).current_dir(self.at(directory)).env("GIT_CONFIG_GLOBAL", "/dev/null");
        let output = command.output().expect("git is needed for this test");
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Writes a file and commits everything.
    fn commit(&self, directory: &str, file: &str, text: &str) -> String {
        std::fs::write(self.at(directory).join(file), text).unwrap();
        self.git(directory, &["add", "--all"]);
        self.git(directory, &["commit", "--quiet", "--message", "x"]);
        self.git(directory, &["rev-parse", "HEAD"])
    }

    fn repository(&self, tail: &str) -> Repository {
        let url = format!("git+file://{}{tail}", self.at("repo").display());
        Repository::parse(&name(), &url).unwrap().unwrap()
    }

    async fn checkout(&self, tail: &str, locked: Option<&str>) -> Result<Checkout, Problem> {
        let git = Git { cache_dir: &self.at("data"), offline: false };
        git.checkout(&name(), &self.repository(tail), locked).await
    }
}

fn name() -> PackageName {
    "a".parse().unwrap()
}

fn text(checkout: &Checkout, file: &str) -> String {
    std::fs::read_to_string(checkout.directory.join(file)).unwrap()
}

#[tokio::test]
async fn every_kind_of_reference_leads_to_its_commit() {
    let sandbox = Sandbox::new();
    let first = sandbox.commit("repo", "f", "1");
    sandbox.git("repo", &["tag", "light"]);
    sandbox.git("repo", &["tag", "--annotate", "--message", "x", "v1"]);
    sandbox.git("repo", &["branch", "topic/x"]);
    let second = sandbox.commit("repo", "f", "2");
    for (tail, commit) in [
        ("".to_owned(), &second),
        ("@main".to_owned(), &second),
        ("@light".to_owned(), &first),
        ("@v1".to_owned(), &first),
        ("@refs/tags/v1".to_owned(), &first),
        ("@topic%2Fx".to_owned(), &first),
        (format!("@{first}"), &first),
        (format!("@{}", &first[..8]), &first),
    ] {
        let checkout = sandbox.checkout(&tail, None).await.unwrap();
        assert_eq!(&checkout.commit, commit, "{tail}");
        assert_eq!(text(&checkout, "f"), if *commit == first { "1" } else { "2" });
    }
    let unknown = sandbox.checkout("@nowhere", None).await.unwrap_err();
    assert_eq!(unknown.code, "git/no-such-reference");
}

#[tokio::test]
async fn a_branch_moves_and_a_locked_commit_stays_without_the_remote() {
    let sandbox = Sandbox::new();
    let first = sandbox.commit("repo", "f", "1");
    assert_eq!(sandbox.checkout("@main", None).await.unwrap().commit, first);
    let second = sandbox.commit("repo", "f", "2");
    assert_eq!(sandbox.checkout("@main", None).await.unwrap().commit, second);
    assert_eq!(sandbox.checkout("@main", Some(&first)).await.unwrap().commit, first);
    std::fs::rename(sandbox.at("repo"), sandbox.at("gone")).unwrap();
    assert_eq!(text(&sandbox.checkout("@main", Some(&second)).await.unwrap(), "f"), "2");
    assert_eq!(sandbox.checkout(&format!("@{first}"), None).await.unwrap().commit, first);
    assert_eq!(sandbox.checkout("@main", None).await.unwrap_err().code, "git/failed");
    // The bare repository is enough to make a checkout again.
    std::fs::remove_dir_all(sandbox.at("data/git/v1/checkouts")).unwrap();
    assert_eq!(text(&sandbox.checkout("@main", Some(&first)).await.unwrap(), "f"), "1");
}

#[tokio::test]
async fn submodules_come_along_and_hooks_do_not_run() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.at("inner")).unwrap();
    sandbox.git("inner", &["init", "--quiet", "--initial-branch=main"]);
    sandbox.commit("inner", "g", "inner");
    sandbox.commit("repo", "f", "1");
    sandbox.git("repo", &["submodule", "--quiet", "add", "../inner", "sub"]);
    sandbox.commit("repo", "f", "2");
    let checkout = sandbox.checkout("", None).await.unwrap();
    assert_eq!(text(&checkout, "sub/g"), "inner");
    // Runs whenever a reference moves, as a fetch makes them do.
    let bare = std::fs::read_dir(sandbox.at("data/git/v1/repositories")).unwrap().flatten();
    let bare = bare.map(|entry| entry.path()).find(|path| path.is_dir()).unwrap();
    std::fs::create_dir_all(bare.join("hooks")).unwrap();
    let (hook, witness) = (bare.join("hooks/reference-transaction"), sandbox.at("ran"));
    std::fs::write(&hook, format!("#!/bin/sh\ntouch '{}'\n", witness.display())).unwrap();
    #[cfg(unix)]
    std::fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let next = sandbox.commit("repo", "f", "3");
    assert_eq!(sandbox.checkout("@main", None).await.unwrap().commit, next);
    assert!(!witness.exists());
}

#[tokio::test]
async fn submodules_are_looked_at_before_git_follows_them() {
    let sandbox = Sandbox::new();
    let inner = sandbox.at("inner");
    std::fs::create_dir(&inner).unwrap();
    sandbox.git("inner", &["init", "--quiet", "--initial-branch=main"]);
    let gitmodules = |url: &str| format!("[submodule \"m\"]\n\tpath = m\n\turl = {url}\n");
    // Below the one that the repository has itself.
    let ran = sandbox.at("ran");
    for url in [format!("ext::sh -c touch% {}", ran.display()), "ssh://%2doProxyCommand=x/a".to_owned()] {
        let at = sandbox.commit("inner", ".gitmodules", &gitmodules(&url));
        sandbox.git("inner", &["update-index", "--add", "--cacheinfo", &format!("160000,{at},m")]);
        sandbox.git("inner", &["commit", "--quiet", "--message", "x"]);
        let head = sandbox.git("inner", &["rev-parse", "HEAD"]);
        sandbox.commit("repo", ".gitmodules", &gitmodules("../inner"));
        sandbox.git("repo", &["update-index", "--add", "--cacheinfo", &format!("160000,{head},m")]);
        sandbox.git("repo", &["commit", "--quiet", "--message", "x"]);
        let problem = sandbox.checkout("", None).await.unwrap_err();
        assert_eq!(problem.code, "git/refused", "{problem:?}");
        assert!(problem.hint.is_some() && !ran.exists());
    }
}

#[tokio::test]
async fn sixteen_at_once_make_one_checkout() {
    let sandbox = std::sync::Arc::new(Sandbox::new());
    let commit = sandbox.commit("repo", "f", "1");
    let all = (0..16).map(|_| {
        let sandbox = sandbox.clone();
        tokio::spawn(async move { sandbox.checkout("@main", None).await.unwrap().commit })
    });
    for one in all.collect::<Vec<_>>() {
        assert_eq!(one.await.unwrap(), commit);
    }
    let key = std::fs::read_dir(sandbox.at("data/git/v1/checkouts")).unwrap().next().unwrap().unwrap().path();
    assert_eq!(std::fs::read_dir(key).unwrap().count(), 1);
}

#[test]
fn what_could_be_an_option_or_a_command_is_refused() {
    for text in [
        "git+ext::sh -c touch% /tmp/x",
        "git+https://h.example/a@--upload-pack=x",
        "git+https://h.example/a@",
        "git+https://h.example/a@x..y",
        "git+https://h.example/a@x%20y",
        "git+ssh://-oProxyCommand=x/a",
        "git+ssh://-x@h.example/a",
        "git+fd::17",
        "git+ssh://%2doProxyCommand=x/a",
        "git+ssh://%2DoProxyCommand%3Dx@h.example/a",
        "git+ssh://h.example:22@%2dx/a",
        "git+ssh://h%0aost/a",
        "git+ssh://h%20ost/a",
        "git+ssh://h;id/a",
        "git+ssh:///a",
        "git+git://h.example/a%0d%0ahost=b",
        "git+git://h.example/%2dx",
        "git+git://%2dx/y",
        "git+file://-x/y",
        "git+file://h.example/y",
        "git+file:///-x",
        "git+file:////%2dx/y",
        "git+https://h.example/a@%2d%2dupload-pack=x",
        "git+https://h.example/a@+main",
        "git+https://h.example/a@main%00",
        "git+https://h.example/a@HEAD~1",
        "git+https://h.example/a@x%40{1}",
        "git+https://h.example/a@refs//x",
        "git+https://h.example/a@a/.lock",
        "git+https://h.example/",
        "git+https://h.example",
        "git+x",
    ] {
        let problem = Repository::parse(&name(), text).unwrap().unwrap_err();
        assert_eq!(problem.code, "git/refused", "{text}");
    }
    assert!(Repository::parse(&name(), "https://h.example/a").is_none());
    for text in [
        "git+https://me:-p%2dw@h.example/o/-r.git@v1-rc.1",
        "git+ssh://git@h.example:2222/~me/r.git@feature/x-y",
        "git+ssh://git@[::1]/r",
        "git+file:///srv/r@0123456789012345678901234567890123456789",
        "git+http://127.0.0.1:80/r@1.0",
    ] {
        assert!(Repository::parse(&name(), text).unwrap().is_ok(), "{text}");
    }
}

#[test]
fn a_url_is_taken_apart() {
    let text = "git+https://token@h.example/o/r.git@v1.0#egg=a&subdirectory=sub/dir";
    let repository = Repository::parse(&name(), text).unwrap().unwrap();
    assert_eq!(repository.url.as_str(), "https://token@h.example/o/r.git");
    assert_eq!(repository.public_url(), "https://h.example/o/r.git");
    assert_eq!(repository.reference.as_deref(), Some("v1.0"));
    assert_eq!(repository.subdirectory.as_deref(), Some("sub/dir"));
    let ssh = Repository::parse(&name(), "git+ssh://git@h.example/o/r.git").unwrap().unwrap();
    assert_eq!((ssh.public_url().as_str(), ssh.reference), ("ssh://git@h.example/o/r.git", None));
}

#[tokio::test]
async fn credentials_are_told_to_git_alone() {
    let temp = tempfile::tempdir().unwrap();
    // Nobody listens there.
    let url = "git+http://me:s3cret@127.0.0.1:9/o/r.git";
    let repository = Repository::parse(&name(), url).unwrap().unwrap();
    let git = Git { cache_dir: temp.path(), offline: false };
    let problem = git.checkout(&name(), &repository, None).await.unwrap_err();
    assert_eq!(problem.code, "git/failed");
    assert!(!format!("{problem:?}").contains("s3cret"), "{problem:?}");
    let offline = Git { cache_dir: temp.path(), offline: true };
    assert_eq!(offline.checkout(&name(), &repository, None).await.unwrap_err().code, "git/offline");
    for entry in walk(temp.path()) {
        let bytes = std::fs::read(&entry).unwrap_or_default();
        assert!(!String::from_utf8_lossy(&bytes).contains("s3cret"), "{}", entry.display());
    }
}

fn walk(directory: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap().flatten() {
        if entry.path().is_dir() { out.extend(walk(&entry.path())) } else { out.push(entry.path()) }
    }
    out
}
