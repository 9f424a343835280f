//! Repositories that requirements name, fetched by the user's own `git`, which knows their keys and proxies.
//!
//! `git/v1/repositories/<key>` is a bare repository per URL, `git/v1/checkouts/<key>/<commit>` a tree with its submodules.
//! A repository is hostile: no hook of it runs, no transport that executes something is allowed, nobody is asked for a
//! password, and what it names never becomes an option.

use crate::submodules;
use pybun_model::{PackageName, Problem, without_credentials};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use url::Url;

/// What a `git+…` URL says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Repository {
    /// Without `git+`, revision and fragment; may hold credentials.
    pub url: Url,
    /// Branch, tag or commit.
    pub reference: Option<String>,
    pub subdirectory: Option<String>,
}

/// A checkout of one commit.
#[derive(Clone, Debug)]
pub(crate) struct Checkout {
    pub directory: PathBuf,
    pub commit: String,
}

/// How to get at repositories.
pub(crate) struct Git<'a> {
    pub cache_dir: &'a Path,
    pub offline: bool,
}

/// The schemes that are allowed, and what git calls them.
const SCHEMES: [&str; 5] = ["https", "http", "ssh", "git", "file"];
const MAX_STDERR: usize = 2000;

impl Repository {
    /// Reads `git+https://host/path@reference#subdirectory=…`; `None` for what does not begin with `git+`.
    pub fn parse(name: &PackageName, text: &str) -> Option<Result<Self, Problem>> {
        let rest = text.strip_prefix("git+")?;
        let refused = |why: &str| {
            Problem::new("git/refused", format!("the repository of `{name}` is not used: {why}"))
                .hint("Write it as in `git+https://host/owner/repository@v1.0#subdirectory=python`")
                .with("package", name.as_ref())
        };
        Some(parse_rest(rest).map_err(|why| refused(&why)))
    }

    /// Two URLs that differ only in credentials lead to one repository.
    pub fn public_url(&self) -> String {
        without_credentials(&self.url).into()
    }
}

fn parse_rest(rest: &str) -> Result<Repository, String> {
    let mut url = Url::parse(rest).map_err(|error| error.to_string())?;
    if !SCHEMES.contains(&url.scheme()) {
        return Err(format!("`{}` is none of the transports {}", url.scheme(), SCHEMES.join(", ")));
    }
    let mut subdirectory = None;
    for part in url.fragment().unwrap_or_default().split('&') {
        if let Some(value) = part.strip_prefix("subdirectory=") {
            subdirectory = Some(crate::direct::decoded(value));
        }
    }
    url.set_fragment(None);
    let path = url.path().to_owned();
    let (path, reference) = match path.rsplit_once('@') {
        Some((path, reference)) => (path.to_owned(), Some(crate::direct::decoded(reference))),
        None => (path, None),
    };
    url.set_path(&path);
    check_place(&url, &path)?;
    if let Some(reference) = reference.as_deref().filter(|reference| !is_reference(reference)) {
        return Err(format!("`{}` is no branch, tag or commit", reference.escape_debug()));
    }
    Ok(Repository { url, reference, subdirectory })
}

/// git decodes a URL before it uses its parts, so that they are looked at decoded.
fn check_place(url: &Url, path: &str) -> Result<(), String> {
    let decoded = crate::direct::decoded;
    let host = decoded(url.host_str().unwrap_or_default());
    let is_host = |c: char| c.is_alphanumeric() || "-._:[]".contains(c);
    let named = [&host, &decoded(url.username()), &decoded(path)];
    let secret = decoded(url.password().unwrap_or_default());
    if named.into_iter().chain([&secret]).any(|part| part.contains(char::is_control)) {
        return Err("its URL has control characters".to_owned());
    }
    if named.iter().any(|part| is_option(part.trim_start_matches('/'))) || !host.chars().all(is_host) {
        return Err("its URL could be read as an option".to_owned());
    }
    // On this machine there is no other host.
    let odd_host = if url.scheme() == "file" { !host.is_empty() } else { host.is_empty() };
    if odd_host || path.trim_matches('/').is_empty() {
        return Err("its URL names no repository".to_owned());
    }
    Ok(())
}

pub(crate) fn is_option(text: &str) -> bool {
    text.starts_with('-')
}

/// As `git check-ref-format` has it, and no revision that is an expression.
fn is_reference(text: &str) -> bool {
    let odd = |c: char| c.is_control() || c.is_whitespace() || "~^:?*[\\".contains(c);
    let fine = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock");
    !is_option(text)
        && !text.starts_with('+')
        && !text.contains(odd)
        && !text.contains("..")
        && !text.contains("@{")
        && text.split('/').all(fine)
}

impl Git<'_> {
    /// A checkout of `locked`, when that is given, else of what the reference stands for now.
    pub async fn checkout(
        &self,
        name: &PackageName,
        repository: &Repository,
        locked: Option<&str>,
    ) -> Result<Checkout, Problem> {
        let key = &key_of(&repository.public_url());
        let exact = locked.or(repository.reference.as_deref().filter(|reference| is_commit(reference)));
        let at = |commit: &str| self.root().join("checkouts").join(key).join(commit);
        if let Some(commit) = exact.map(str::to_ascii_lowercase).filter(|commit| at(commit).is_dir()) {
            return Ok(Checkout { directory: at(&commit), commit });
        }
        let bare = self.root().join("repositories").join(key);
        let work = Work { git: self, name, repository, bare: &bare };
        std::fs::create_dir_all(&bare).map_err(|error| work.failed("make a directory for", &error.to_string()))?;
        // Two processes do not fetch into one repository at a time.
        let path = bare.with_extension("lock");
        let guard = tokio::task::spawn_blocking(move || -> std::io::Result<std::fs::File> {
            let file = std::fs::File::options().create(true).truncate(false).write(true).open(path)?;
            file.lock()?;
            Ok(file)
        });
        let _guard = guard.await.ok().and_then(Result::ok);
        let commit = work.commit(exact).await?;
        let directory = at(&commit);
        if !directory.is_dir() {
            work.check_out(&commit, &directory).await?;
        }
        Ok(Checkout { directory, commit })
    }

    fn root(&self) -> PathBuf {
        self.cache_dir.join("git").join("v1")
    }
}

/// One repository at work.
struct Work<'a> {
    git: &'a Git<'a>,
    name: &'a PackageName,
    repository: &'a Repository,
    bare: &'a Path,
}

impl Work<'_> {
    /// The commit to use, which the bare repository has afterwards.
    async fn commit(&self, exact: Option<&str>) -> Result<String, Problem> {
        if !self.bare.join("HEAD").is_file() {
            self.run(self.bare, &["init", "--quiet", "--bare", "--template=", "."]).await?;
        }
        if let Some(exact) = exact {
            if let Some(commit) = self.known(exact).await? {
                return Ok(commit);
            }
            self.online()?;
            // Servers may refuse to hand out a commit by its name; it is then looked for in everything they have.
            let by_name = self.run(self.bare, &["fetch", "--quiet", "--force", "--", &self.url(), exact]).await;
            if by_name.is_err() {
                self.fetch_everything().await?;
            }
            return self.known(exact).await?.ok_or_else(|| self.no_reference(exact));
        }
        self.online()?;
        let wanted = self.repository.reference.as_deref();
        let advertised = self.run(self.bare, &["ls-remote", "--", &self.url()]).await?;
        match advertised_commit(&advertised, wanted) {
            Some((reference, commit)) => {
                if self.known(&commit).await?.is_none() {
                    let into = format!("+{reference}:refs/pybun/{}", reference.trim_start_matches("refs/"));
                    self.run(self.bare, &["fetch", "--quiet", "--force", "--", &self.url(), &into]).await?;
                }
                self.known(&commit).await?.ok_or_else(|| self.no_reference(&commit))
            }
            None => {
                let wanted = wanted.unwrap_or("HEAD");
                let short = wanted.len() >= 4 && wanted.bytes().all(|byte| byte.is_ascii_hexdigit());
                if !short {
                    return Err(self.no_reference(wanted));
                }
                if self.known(wanted).await?.is_none() {
                    self.fetch_everything().await?;
                }
                self.known(wanted).await?.ok_or_else(|| self.no_reference(wanted))
            }
        }
    }

    async fn fetch_everything(&self) -> Result<(), Problem> {
        let heads = "+refs/heads/*:refs/pybun/heads/*";
        self.run(self.bare, &["fetch", "--quiet", "--force", "--tags", "--", &self.url(), heads]).await.map(drop)
    }

    /// The full name of a commit that is there already.
    async fn known(&self, commit: &str) -> Result<Option<String>, Problem> {
        let name = format!("{commit}^{{commit}}");
        match self.run(self.bare, &["rev-parse", "--quiet", "--verify", &name]).await {
            Ok(text) => Ok(Some(text.lines().last().unwrap_or_default().trim().to_owned())),
            Err(problem) if problem.code == "git/missing" => Err(problem),
            Err(_) => Ok(None),
        }
    }

    /// Makes the tree beside its place and moves it there when it is whole.
    async fn check_out(&self, commit: &str, directory: &Path) -> Result<(), Problem> {
        let parent = directory.parent().expect("checkouts have a parent");
        let failed = |error: std::io::Error| self.failed("make a directory for", &error.to_string());
        std::fs::create_dir_all(parent).map_err(failed)?;
        let temporary = parent.join(format!("{commit}.{}.tmp", std::process::id()));
        let clean = || drop(std::fs::remove_dir_all(&temporary));
        clean();
        let made = self.make_tree(commit, &temporary).await;
        let placed = made.and_then(|()| std::fs::rename(&temporary, directory).map_err(failed));
        if placed.is_err() {
            clean();
            if directory.is_dir() {
                return Ok(());
            }
        }
        placed
    }

    async fn make_tree(&self, commit: &str, tree: &Path) -> Result<(), Problem> {
        let mut clone: Vec<OsString> =
            ["clone", "--quiet", "--local", "--no-checkout", "--template=", "--"].map(OsString::from).into();
        clone.extend([self.bare.into(), tree.into()]);
        self.run_any(self.bare, clone).await?;
        // A submodule may be named relative to the place that its parent came from.
        self.run(tree, &["remote", "set-url", "origin", &self.repository.public_url()]).await?;
        self.run(tree, &["checkout", "--quiet", "--force", "--detach", commit]).await?;
        self.fetch_submodules(tree).await
    }

    /// One level after the other, each looked at before git follows it.
    async fn fetch_submodules(&self, tree: &Path) -> Result<(), Problem> {
        let refused = |why: &str| {
            self.problem("git/refused", format!("{} is not used: {why}", self.what()))
                .hint("Ask its authors to correct `.gitmodules`, or name another commit")
        };
        let mut level = vec![tree.to_owned()];
        for depth in 0.. {
            level.retain(|tree| tree.join(".gitmodules").symlink_metadata().is_ok());
            if level.is_empty() {
                return Ok(());
            }
            if depth == submodules::MAX_DEPTH || level.len() > submodules::MAX_SUBMODULES {
                return Err(refused("its submodules have no end"));
            }
            self.online()?;
            let mut next = Vec::new();
            for parent in level {
                if !parent.join(".gitmodules").symlink_metadata().is_ok_and(|metadata| metadata.is_file()) {
                    return Err(refused("its `.gitmodules` is no file"));
                }
                let list = ["config", "--null", "--list", "--no-includes", "--file", ".gitmodules"];
                let listing = self.run(&parent, &list).await?;
                let local = self.repository.url.scheme() == "file";
                let paths = submodules::paths(self.name, &listing, local).map_err(|why| refused(&why))?;
                self.run(&parent, &["submodule", "--quiet", "update", "--init", "--force"]).await?;
                for path in paths {
                    // One that is not checked out, or that a link took the place of, has none of its own.
                    let within = std::fs::canonicalize(parent.join(path)).ok().filter(|path| path.starts_with(&parent));
                    next.extend(within);
                }
            }
            level = next;
        }
        Ok(())
    }

    /// What git is told; credentials travel beside it.
    fn url(&self) -> String {
        self.repository.public_url()
    }

    async fn run(&self, at: &Path, args: &[&str]) -> Result<String, Problem> {
        self.run_any(at, args.iter().map(OsString::from).collect()).await
    }

    async fn run_any(&self, at: &Path, args: Vec<OsString>) -> Result<String, Problem> {
        let path = std::env::var_os("PATH");
        let active = std::env::var_os("VIRTUAL_ENV");
        let program = pybun_programs::find("git", path.as_deref(), active.as_deref()).ok_or_else(|| self.missing())?;
        let mut command = tokio::process::Command::new(program);
        let verb = args.first().map(|verb| verb.to_string_lossy().into_owned()).unwrap_or_default();
        // Hooks are looked for where there are none, so that nothing of a repository or of a template runs.
        for setting in ["core.hooksPath=/dev/null", "core.fsmonitor=false", "advice.detachedHead=false"] {
            command.args(["-c", setting]);
        }
        command.args(args).current_dir(at).stdin(Stdio::null()).kill_on_drop(true);
        // git looks for ssh and others there, and may stand in the tree of the repository.
        command.env("PATH", pybun_programs::absolute(path.as_deref()));
        for (name, value) in self.variables(&verb) {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let output = command.output().await.map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => self.missing(),
            _ => self.failed("start git for", &error.to_string()),
        })?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(self.failed(&format!("`git {verb}`"), &String::from_utf8_lossy(&output.stderr)))
    }

    fn variables(&self, verb: &str) -> Vec<(String, Option<String>)> {
        let url = &self.repository.url;
        let protocols = match (verb, url.scheme()) {
            // Out of our own repository.
            ("clone", _) => "file",
            (_, "file") => "file:https:http:ssh:git",
            // A submodule could name anything on this machine.
            _ => "https:http:ssh:git",
        };
        let mut variables: Vec<(String, Option<String>)> = [
            ("GIT_ALLOW_PROTOCOL", Some(protocols)),
            ("GIT_TERMINAL_PROMPT", Some("0")),
            ("GIT_ASKPASS", Some("true")),
            ("SSH_ASKPASS", Some("true")),
            ("LC_ALL", Some("C")),
            ("GIT_DIR", None),
            ("GIT_WORK_TREE", None),
            ("GIT_INDEX_FILE", None),
            ("GIT_OBJECT_DIRECTORY", None),
            ("GIT_ALTERNATE_OBJECT_DIRECTORIES", None),
            ("GIT_COMMON_DIR", None),
            ("GIT_NAMESPACE", None),
            ("GIT_CEILING_DIRECTORIES", self.git.cache_dir.to_str()),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.map(str::to_owned)))
        .collect();
        let chosen = |name: &str| std::env::var_os(name).is_some();
        if url.scheme() == "ssh" && !chosen("GIT_SSH_COMMAND") && !chosen("GIT_SSH") {
            variables.push(("GIT_SSH_COMMAND".to_owned(), Some("ssh -o BatchMode=yes".to_owned())));
        }
        if !secrets(url).is_empty() && url.scheme() != "ssh" {
            let mut base = url.clone();
            base.set_path("/");
            let mut public = base.clone();
            let _ = public.set_username("");
            let _ = public.set_password(None);
            // Neither on a command line nor on a disk.
            let pairs = [
                ("GIT_CONFIG_COUNT", "1".to_owned()),
                ("GIT_CONFIG_KEY_0", format!("url.{base}.insteadOf")),
                ("GIT_CONFIG_VALUE_0", public.into()),
            ];
            variables.extend(pairs.map(|(name, value)| (name.to_owned(), Some(value))));
        }
        variables
    }

    fn online(&self) -> Result<(), Problem> {
        if self.git.offline && self.repository.url.scheme() != "file" { Err(self.offline()) } else { Ok(()) }
    }

    fn offline(&self) -> Problem {
        self.problem("git/offline", format!("{} is not in the cache, and the network is off", self.what()))
            .hint("Run the command once without --offline")
    }

    fn missing(&self) -> Problem {
        self.problem("git/missing", format!("{} is needed, and there is no `git` on the PATH", self.what()))
            .hint("Install git, or name an archive of the repository by its URL")
    }

    fn no_reference(&self, reference: &str) -> Problem {
        self.problem("git/no-such-reference", format!("{} has no branch, tag or commit `{reference}`", self.what()))
            .hint("See `git ls-remote` for what it has")
            .with("reference", reference)
    }

    fn failed(&self, action: &str, why: &str) -> Problem {
        let mut why = why.trim().to_owned();
        for secret in secrets(&self.repository.url) {
            why = why.replace(&secret, "****");
        }
        let start = why.char_indices().rev().nth(MAX_STDERR).map_or(0, |(at, _)| at);
        let why = &why[start..];
        let last = why.lines().rfind(|line| line.starts_with("fatal:") || line.starts_with("error:"));
        let short = last.or(why.lines().last()).unwrap_or("it does not say why");
        self.problem("git/failed", format!("{action} failed with {}: {short}", self.what()))
            .hint(
                "Try the same with git itself; PyBun asks for no password and uses the keys and helpers that git knows",
            )
            .with("output", why)
    }

    fn problem(&self, code: &'static str, message: String) -> Problem {
        Problem::new(code, message).with("package", self.name.as_ref()).with("url", self.repository.public_url())
    }

    fn what(&self) -> String {
        format!("the repository {} of `{}`", self.repository.public_url(), self.name)
    }
}

/// The reference and commit that the remote has for a name; `None` stands for its default branch.
fn advertised_commit(advertised: &str, wanted: Option<&str>) -> Option<(String, String)> {
    let lines: Vec<(&str, &str)> = advertised.lines().filter_map(|line| line.split_once('\t')).collect();
    let find = |reference: &str| {
        let commit = |name: &str| lines.iter().find(|(_, of)| *of == name).map(|(commit, _)| (*commit).to_owned());
        // An annotated tag leads to its commit.
        let commit = commit(&format!("{reference}^{{}}")).or_else(|| commit(reference))?;
        is_commit(&commit).then(|| (reference.to_owned(), commit))
    };
    match wanted {
        None => find("HEAD"),
        Some(wanted) if wanted.starts_with("refs/") => find(wanted),
        Some(wanted) => find(&format!("refs/heads/{wanted}")).or_else(|| find(&format!("refs/tags/{wanted}"))),
    }
}

/// A full name, of SHA-1 or SHA-256.
pub(crate) fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What must not be shown: in the form of the URL and as meant.
fn secrets(url: &Url) -> Vec<String> {
    let mut out = Vec::new();
    let user = if url.scheme() == "ssh" { "" } else { url.username() };
    for part in [url.password().unwrap_or_default(), user] {
        if !part.is_empty() {
            out.extend([part.to_owned(), crate::direct::decoded(part)]);
        }
    }
    out
}

fn key_of(text: &str) -> String {
    pybun_build::digest_of(&["git", text.trim_end_matches('/').trim_end_matches(".git")]).to_string()[..32].to_owned()
}

#[cfg(test)]
#[path = "git_tests.rs"]
mod tests;
