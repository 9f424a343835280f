//! What a repository says of its submodules (`.gitmodules`), looked at before git follows it.
//!
//! Newer versions of git refuse the worst of it themselves; that is not relied on.

use crate::git::{Repository, is_option};
use pybun_model::PackageName;

/// As many as no repository has that is meant well.
pub(crate) const MAX_SUBMODULES: usize = 500;
pub(crate) const MAX_DEPTH: usize = 10;

/// Where the submodules of one tree lie in it; or why they are not fetched. `listing` is what
/// `git config --null --list --file .gitmodules` prints. Only a repository of this machine (`local`) may name others here.
pub(crate) fn paths(name: &PackageName, listing: &str, local: bool) -> Result<Vec<String>, String> {
    let mut paths = Vec::new();
    for entry in listing.split('\0').filter(|entry| !entry.is_empty()) {
        let (key, value) = entry.split_once('\n').unwrap_or((entry, ""));
        let Some((module, setting)) = key.strip_prefix("submodule.").and_then(|key| key.rsplit_once('.')) else {
            continue;
        };
        let bad = |what: &str| Err(format!("its submodule `{}` {what}", module.escape_debug()));
        if !is_plain_path(module) {
            return bad("has a name that leads elsewhere");
        }
        match setting {
            "url" if !is_url(name, value, local) => return bad("has a URL that is not used"),
            "path" if !is_plain_path(value) => return bad("has a path that leads elsewhere"),
            "update" if !matches!(value, "checkout" | "rebase" | "merge" | "none") => {
                return bad("is to be updated by a command");
            }
            "path" => paths.push(value.to_owned()),
            _ => {}
        }
    }
    if paths.len() > MAX_SUBMODULES { Err("it has too many submodules".to_owned()) } else { Ok(paths) }
}

/// Inside of the tree, and no option.
fn is_plain_path(path: &str) -> bool {
    let fine = |part: &str| !matches!(part, "" | "." | "..") && !part.eq_ignore_ascii_case(".git");
    !is_option(path) && !path.contains(|c: char| c.is_control() || c == '\\') && path.split('/').all(fine)
}

fn is_url(name: &PackageName, url: &str, local: bool) -> bool {
    if url.contains(char::is_control) || is_option(url) {
        return false;
    }
    // Relative to where the parent came from, whose host enough `..` take away.
    if url.starts_with("./") || url.starts_with("../") {
        let url = crate::direct::decoded(url);
        return !url.contains("::") && !url.contains(char::is_control) && !url.split('/').any(is_option);
    }
    if url.contains("://") {
        let repository = Repository::parse(name, &format!("git+{url}"));
        return matches!(repository, Some(Ok(Repository { url, .. })) if local || url.scheme() != "file");
    }
    if url.starts_with('/') {
        return local;
    }
    // `user@host:path`, another way to write ssh.
    match url.split_once(':') {
        Some((host, path)) if !path.starts_with(':') => {
            let repository = Repository::parse(name, &format!("git+ssh://{host}/{}", path.trim_start_matches('/')));
            !host.contains('/') && matches!(repository, Some(Ok(_)))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(lines: &[(&str, &str)], local: bool) -> Result<Vec<String>, String> {
        let listing: String = lines.iter().map(|(key, value)| format!("{key}\n{value}\0")).collect();
        paths(&"a".parse().unwrap(), &listing, local)
    }

    #[test]
    fn usual_ones_are_followed() {
        for url in [
            "https://h.example/o/r.git",
            "../inner",
            "./inner.git",
            "git@h.example:o/r.git",
            "h.example:r",
            "ssh://git@h.example:22/o/r",
            "git://h.example/r",
        ] {
            let lines =
                [("submodule.lib/x.path", "lib/x"), ("submodule.lib/x.url", url), ("submodule.lib/x.branch", "m")];
            assert_eq!(of(&lines, false), Ok(vec!["lib/x".to_owned()]), "{url}");
        }
        assert!(
            of(&[("submodule.x.url", "/srv/r"), ("submodule.x.update", "none"), ("core.bare", "true")], true).is_ok()
        );
    }

    #[test]
    fn what_leads_elsewhere_or_executes_is_refused() {
        for url in [
            "ext::sh -c touch% x",
            "fd::17",
            "git-remote-ext::x",
            "file:///srv/private",
            "/srv/private",
            "-u./evil",
            "--upload-pack=touch x",
            "ssh://-oProxyCommand=x/a",
            "ssh://%2doProxyCommand=x/a",
            "-oProxyCommand=x:a",
            "git@-oProxyCommand=x:a",
            "a\nb",
            "./x::y",
            "../../../-oProxyCommand=x/a",
            "../../../%2doProxyCommand=x/a",
            "../x%0ay",
            "private",
            "x/y:z",
            "",
        ] {
            assert!(of(&[("submodule.x.url", url)], false).is_err(), "{url:?}");
        }
        for (key, value) in [
            ("submodule.x.update", "!touch x"),
            ("submodule.../../x.path", "m"),
            ("submodule.-x.path", "m"),
            ("submodule.x.path", "../m"),
            ("submodule.x.path", "/m"),
            ("submodule.x.path", ".git/hooks"),
            ("submodule.x.path", "a/.GIT"),
            ("submodule.x.path", "-m"),
        ] {
            assert!(of(&[(key, value)], true).is_err(), "{key} {value}");
        }
    }
}
