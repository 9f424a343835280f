//! A requirements file that pip and others install exactly.

use super::{Exported, Shipped, shipment};
use crate::Graph;
use pybun_lock::Source;
use pybun_model::MarkerTree;

/// Every package with its version, marker and, unless `hashes` is false, the digests of its files.
pub fn requirements(graph: &Graph, hashes: bool) -> Exported {
    let mut out = Exported { text: "# Made by `pybun export --to requirements`.\n".to_owned(), lost: Vec::new() };
    let environments = environments(graph);
    for shipped in shipment(graph) {
        let marker = graph.joins.and(shipped.marker, environments);
        if marker.is_false() {
            continue;
        }
        let (what, hashable) = target(&shipped);
        let marker = graph.text(marker).map(|marker| format!(" ; {marker}")).unwrap_or_default();
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
    out
}

/// Where the lock holds: markers in it say nothing of that, and whoever reads the file does not know.
fn environments(graph: &Graph) -> MarkerTree {
    match &graph.lock.inputs.environments[..] {
        [] => MarkerTree::TRUE,
        stated => graph.joins.any(stated.iter().copied()),
    }
}

/// How pip is told of a package, and whether it can check digests of it.
fn target(shipped: &Shipped) -> (String, bool) {
    let package = shipped.package;
    match &package.source {
        Source::Index { .. } => (format!("{}=={}", package.name, package.version), true),
        Source::Url(url) => (format!("{} @ {url}", package.name), true),
        Source::Git { url, commit, subdirectory, .. } => {
            let subdirectory = subdirectory.as_ref().map(|path| format!("#subdirectory={path}")).unwrap_or_default();
            (format!("{} @ git+{url}@{commit}{subdirectory}", package.name), false)
        }
        Source::Directory { path, editable, .. } => {
            (format!("{}{}", if *editable { "-e " } else { "" }, dotted(path)), false)
        }
        Source::Path(path) => (dotted(path), true),
    }
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
            requirements(&Graph::new(&lock, &scope), false).text
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
        let out = requirements(&Graph::new(&lock, &scope), true);
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
}
