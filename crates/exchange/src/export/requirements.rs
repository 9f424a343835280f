//! A requirements file that pip and others install exactly.

use super::{Exported, Shipped, passed_on, shipment};
use crate::Graph;
use pybun_lock::Source;
use pybun_model::{MarkerTree, Problem, harmless, is_harmful};

/// A text of the lock that readers of requirements files would take for more than it is.
#[derive(Debug, thiserror::Error)]
#[error("`{}` of `{package}` cannot be said in a requirements file: {why}", harmless(text))]
pub struct Unwritable {
    package: String,
    text: String,
    why: &'static str,
}

impl From<&Unwritable> for Problem {
    fn from(error: &Unwritable) -> Self {
        Problem::new("exchange/unwritable", error.to_string())
            .hint("Give what it names another name, or export to `pylock`, which can say it")
            .with("package", error.package.as_str())
    }
}

/// Every package with its version, marker and, unless `hashes` is false, the digests of its files.
pub fn requirements(graph: &Graph, hashes: bool) -> Result<Exported, Unwritable> {
    let mut out = Exported { text: "# Made by `pybun export --to requirements`.\n".to_owned(), lost: Vec::new() };
    let environments = environments(graph);
    for shipped in shipment(graph) {
        let marker = graph.joins.and(shipped.marker, environments);
        if marker.is_false() {
            continue;
        }
        let (what, hashable) = target(&shipped, &mut out.lost);
        let marker = graph.text(marker).map(|marker| format!(" ; {marker}")).unwrap_or_default();
        let line = format!("{}{marker}", what.strip_prefix(EDITABLE).unwrap_or(&what));
        let is_path = matches!(shipped.package.source, Source::Directory { .. } | Source::Path(_));
        let marker_in_path = (is_path && what.contains(';')).then_some("a part of it would be a marker");
        if let Some(why) = marker_in_path.or_else(|| more_than_it_is(&line)) {
            return Err(Unwritable { package: shipped.package.name.to_string(), text: line, why });
        }
        out.text.push_str(&format!("{what}{marker}"));
        if hashes {
            let mut digests: Vec<String> =
                shipped.package.files.iter().filter_map(|file| file.sha256).map(|digest| digest.to_string()).collect();
            digests.sort();
            digests.dedup();
            if !hashable || digests.is_empty() {
                out.lost.push(format!(
                    "{what} has no hash, and pip takes no file in which only some have one; `--no-hashes` writes none"
                ));
            } else {
                for digest in digests {
                    out.text.push_str(&format!(" \\\n    --hash=sha256:{digest}"));
                }
            }
        }
        out.text.push('\n');
    }
    Ok(out)
}

/// Readers of requirements files cut at line ends, continue a line behind a backslash, take ` -` for an option and ` #` for a
/// comment, also between quotes, and put variables of the environment in.
fn more_than_it_is(line: &str) -> Option<&'static str> {
    let after_space = |what: char| {
        line.match_indices(char::is_whitespace).any(|(at, space)| line[at + space.len()..].starts_with(what))
    };
    if line.contains(is_harmful) {
        return Some("it would begin a new line, or has another control character");
    }
    if line.starts_with('-') || after_space('-') {
        return Some("a part of it would be an option");
    }
    if line.starts_with('#') || after_space('#') {
        return Some("a part of it would be a comment");
    }
    if line.contains("${") {
        return Some("a part of it would be a variable of the environment");
    }
    line.ends_with('\\').then_some("it would go on in the next line")
}

/// Where the lock holds: markers in it say nothing of that, and whoever reads the file does not know.
fn environments(graph: &Graph) -> MarkerTree {
    match &graph.lock.inputs.environments[..] {
        [] => MarkerTree::TRUE,
        stated => graph.joins.any(stated.iter().copied()),
    }
}

/// How pip is told of a package, and whether it can check digests of it.
fn target(shipped: &Shipped, lost: &mut Vec<String>) -> (String, bool) {
    let package = shipped.package;
    match &package.source {
        Source::Index { .. } => (format!("{}=={}", package.name, package.version), true),
        Source::Url(url) => (format!("{} @ {}", package.name, escaped(&passed_on(url, package, lost))), true),
        Source::Git { url, commit, subdirectory, .. } => {
            let url = passed_on(url, package, lost);
            let subdirectory = subdirectory.as_ref().map(|path| format!("#subdirectory={path}")).unwrap_or_default();
            (format!("{} @ git+{}", package.name, escaped(&format!("{url}@{commit}{subdirectory}"))), false)
        }
        Source::Directory { path, editable, .. } => {
            (format!("{}{}", if *editable { EDITABLE } else { "" }, dotted(path)), false)
        }
        Source::Path(path) => (dotted(path), true),
    }
}

const EDITABLE: &str = "-e ";

/// A URL with the escapes that it should have: one with a space in it would end there.
fn escaped(url: &str) -> String {
    let mut out = String::with_capacity(url.len());
    for c in url.chars() {
        if c.is_ascii_graphic() && !matches!(c, '"' | '<' | '>' | '\\' | '`' | '{' | '}') {
            out.push(c);
        } else {
            let mut bytes = [0; 4];
            c.encode_utf8(&mut bytes).bytes().for_each(|byte| out.push_str(&format!("%{byte:02X}")));
        }
    }
    out
}

/// A path that nobody takes for a name.
fn dotted(path: &str) -> String {
    let is_path = path.starts_with(['.', '/']) || path.as_bytes().get(1) == Some(&b':');
    if is_path { path.to_owned() } else { format!("./{path}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scope;
    use crate::samples::{group, lock};
    use pybun_lock::RootKind;

    #[test]
    fn a_lock_for_some_environments_says_so_of_each_package() {
        let roots: (RootKind, &[&str]) = (RootKind::Project, &["a", "b ; python_version < '3.12'", "c"]);
        let mut lock = lock(&[roots], &[("a 1", &[]), ("b 1", &[]), ("c 1", &[])]);
        lock.packages[2].marker = "sys_platform == 'win32'".parse().unwrap();
        lock.inputs.roots[0].requirements[2].marker = "sys_platform == 'win32'".parse().unwrap();
        let scope = Scope { roots: vec![RootKind::Project], ..Scope::default() };
        let mut text = |environments: &[&str]| {
            lock.inputs.environments = environments.iter().map(|text| text.parse().unwrap()).collect();
            requirements(&Graph::new(&lock, &scope), false).unwrap().text
        };
        assert_eq!(
            text(&["sys_platform == 'linux'"]),
            "# Made by `pybun export --to requirements`.
a==1 ; sys_platform == 'linux'
b==1 ; python_full_version < '3.12' and sys_platform == 'linux'
"
        );
        let two = text(&["sys_platform == 'linux'", "sys_platform == 'darwin'"]);
        assert!(two.contains("a==1 ; sys_platform == 'darwin' or sys_platform == 'linux'\n"), "{two}");
    }

    #[test]
    fn names_versions_markers_and_hashes() {
        let mut lock = lock(
            &[(RootKind::Project, &["a", "d", "e", "f"]), (group("dev"), &["c"])],
            &[
                ("a 1", &["b ; sys_platform == 'win32'"]),
                ("b 2+local", &[]),
                ("c 3", &[]),
                ("d 1", &[]),
                ("e 1", &[]),
                ("f 1", &[]),
            ],
        );
        lock.packages[3].source = Source::Git {
            url: "https://host/d".into(),
            commit: "0123".into(),
            reference: Some("main".into()),
            subdirectory: Some("py".into()),
        };
        lock.packages[4].source = Source::Directory { path: "libs/e".into(), editable: true, metadata: None };
        lock.packages[5].source = Source::Url("https://host/f-1-py3-none-any.whl".into());
        let scope = Scope { roots: vec![RootKind::Project], ..Scope::default() };
        let out = requirements(&Graph::new(&lock, &scope), true).unwrap();
        let hash = "07".repeat(32);
        let expected = format!(
            "# Made by `pybun export --to requirements`.
a==1 \\
    --hash=sha256:{hash}
b==2+local ; sys_platform == 'win32' \\
    --hash=sha256:{hash}
d @ git+https://host/d@0123#subdirectory=py
-e ./libs/e
f @ https://host/f-1-py3-none-any.whl \\
    --hash=sha256:{hash}
"
        );
        assert_eq!(out.text, expected);
        assert_eq!(out.lost.len(), 2);
    }
    #[test]
    fn no_text_of_a_lock_is_more_than_it_is() {
        let one = |source: Source| {
            let mut lock = lock(&[(RootKind::Project, &["a"])], &[("a 1", &[])]);
            lock.packages[0].source = source;
            let scope = Scope { roots: vec![RootKind::Project], ..Scope::default() };
            requirements(&Graph::new(&lock, &scope), false)
                .map(|out| out.text.lines().skip(1).collect::<Vec<_>>().join("|"))
        };
        for text in
            ["\n--index-url x", "\r-r x", "\u{2028}-e x", "\u{85}x", " --hash=x", " #x", "\t-c x", " ${HOME} \\", "; x"]
        {
            let url = one(Source::Url(format!("https://h/{text}"))).unwrap();
            assert!(
                url.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') && url.split(' ').count() == 3,
                "{url}"
            );
            let git = |url: &str, commit: &str, subdirectory: &str| Source::Git {
                url: url.into(),
                commit: commit.into(),
                reference: None,
                subdirectory: Some(subdirectory.into()),
            };
            for source in [git(text, "", ""), git("", text, ""), git("", "", text)] {
                let git = one(source).unwrap();
                assert!(!git.contains("${") && git.split_whitespace().count() == 3, "{git}");
            }
            for path in [format!("d{text}"), text.to_owned()] {
                let editable = Source::Directory { path: path.clone(), editable: true, metadata: None };
                assert!(one(editable).is_err(), "{path:?}");
                assert!(one(Source::Path(path)).is_err());
            }
        }
        assert_eq!(one(Source::Path("my libs/é".into())).unwrap(), "./my libs/é");
        assert_eq!(one(Source::Url("https://h/a b?x=1&token=s#y".into())).unwrap(), "a @ https://h/a%20b?x=1#y");
    }
}
