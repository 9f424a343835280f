//! `pylock.toml` (PEP 751).

use super::{Exported, Shipped, passed_on, shipment};
use crate::{Graph, toml_text as text};
use pybun_lock::{File, Source};
use pybun_model::Distribution;
use std::fmt::Write;

/// Is this a name that a lock of PEP 751 may have: `pylock.toml` or `pylock.<name>.toml`, the name without a dot?
pub fn is_pylock_name(name: &str) -> bool {
    let Some(rest) = name.strip_prefix("pylock.") else { return false };
    rest == "toml" || rest.strip_suffix(".toml").is_some_and(|name| !name.is_empty() && !name.contains('.'))
}

/// The lock as PEP 751 has it. It wants to know where each file is: `url` tells it by the position of the package and
/// the file, and `to_project` is the way from the directory of the `pylock.toml` to the project, empty when that is
/// the same: paths are relative to the file.
pub fn pylock(graph: &Graph, to_project: &str, url: &dyn Fn(u32, &File) -> Option<String>) -> Exported {
    let mut out = Exported::default();
    let inputs = &graph.lock.inputs;
    out.text.push_str("lock-version = \"1.0\"\n");
    if !inputs.environments.is_empty() {
        let markers = inputs.environments.iter().filter_map(|marker| graph.text(*marker));
        let markers: Vec<String> = markers.map(|marker| text(&marker)).collect();
        line(&mut out.text, "environments", &format!("[{}]", markers.join(", ")));
    }
    if let Some(python) = &inputs.requires_python {
        line(&mut out.text, "requires-python", &text(&python.to_string()));
    }
    out.text.push_str("extras = []\ndependency-groups = []\ndefault-groups = []\ncreated-by = \"pybun\"\n");
    for shipped in shipment(graph) {
        package(graph, &shipped, &At { to_project, url }, &mut out);
    }
    out
}

/// Where things are.
struct At<'a> {
    to_project: &'a str,
    url: &'a dyn Fn(u32, &File) -> Option<String>,
}

fn package(graph: &Graph, shipped: &Shipped, at: &At, out: &mut Exported) {
    let package = shipped.package;
    let toml = &mut out.text;
    toml.push_str("\n[[packages]]\n");
    line(toml, "name", &text(package.name.as_ref()));
    // A source tree may be another version tomorrow.
    if !matches!(package.source, Source::Git { .. } | Source::Directory { .. }) {
        line(toml, "version", &text(&package.version.to_string()));
    }
    if let Some(marker) = graph.text(shipped.marker) {
        line(toml, "marker", &text(&marker));
    }
    if !shipped.needs.is_empty() {
        let needs: Vec<String> = shipped.needs.iter().map(|position| reference(graph, *position)).collect();
        line(toml, "dependencies", &format!("[{}]", needs.join(", ")));
    }
    match &package.source {
        Source::Index { .. } => files(shipped, at.url, out),
        Source::Url(url) => {
            let url = passed_on(url, package, &mut out.lost);
            let (bare, fragment) = url.split_once('#').unwrap_or((&url, ""));
            let subdirectory = fragment.split('&').find_map(|part| part.strip_prefix("subdirectory="));
            let place = format!("url = {}", text(bare));
            archive(shipped, &place, subdirectory, out);
        }
        Source::Path(path) => {
            archive(shipped, &format!("path = {}", text(&rebased(at.to_project, path))), None, out);
        }
        Source::Git { url, commit, reference, subdirectory } => {
            let url = passed_on(url, package, &mut out.lost);
            let mut fields = vec!["type = \"git\"".to_owned(), format!("url = {}", text(&url))];
            fields.extend(reference.as_ref().map(|name| format!("requested-revision = {}", text(name))));
            fields.push(format!("commit-id = {}", text(commit)));
            fields.extend(subdirectory.as_ref().map(|path| format!("subdirectory = {}", text(path))));
            line(&mut out.text, "vcs", &format!("{{ {} }}", fields.join(", ")));
        }
        Source::Directory { path, editable, .. } => {
            let editable = if *editable { ", editable = true" } else { "" };
            let path = rebased(at.to_project, path);
            line(&mut out.text, "directory", &format!("{{ path = {}{editable} }}", text(&path)));
        }
    }
}

/// A path of the project as seen from elsewhere; an absolute one is the same everywhere.
fn rebased(to_project: &str, path: &str) -> String {
    let is_absolute = |path: &str| path.starts_with('/') || path.as_bytes().get(1) == Some(&b':');
    if to_project.is_empty() || is_absolute(path) {
        return path.to_owned();
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in to_project.split('/').chain(path.split('/')) {
        match part {
            "." => {}
            ".." if parts.last().is_some_and(|last| !matches!(*last, ".." | "")) => drop(parts.pop()),
            // The first is empty where the way begins at the root.
            "" if !parts.is_empty() => {}
            part => parts.push(part),
        }
    }
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}

/// Enough of another package to find it in the file.
fn reference(graph: &Graph, position: u32) -> String {
    let target = &graph.lock.packages[position as usize];
    let several = graph.named(&target.name).len() > 1;
    let tree = matches!(target.source, Source::Git { .. } | Source::Directory { .. });
    let version =
        if several && !tree { format!(", version = {}", text(&target.version.to_string())) } else { String::new() };
    format!("{{ name = {}{version} }}", text(target.name.as_ref()))
}

fn files(shipped: &Shipped, url: &dyn Fn(u32, &File) -> Option<String>, out: &mut Exported) {
    let package = shipped.package;
    let (mut wheels, mut sdist) = (Vec::new(), None);
    for file in &package.files {
        let Some(digest) = file.sha256 else {
            out.lost.push(format!("{} has no SHA-256, and a pylock.toml has no file without", file.filename));
            continue;
        };
        let Some(url) = url(shipped.position, file) else {
            out.lost.push(format!("{} is on no index, so that it cannot be told where it is", file.filename));
            continue;
        };
        let size = file.size.map(|size| format!(", size = {size}")).unwrap_or_default();
        let entry = format!(
            "{{ name = {}, url = {}{size}, hashes = {{ sha256 = \"{digest}\" }} }}",
            text(&file.filename),
            text(&url)
        );
        match Distribution::parse(&file.filename, &package.name) {
            Ok(Distribution::Wheel(_)) => wheels.push(entry),
            // PEP 751 has room for one sdist; the first is a `.tar.gz` where there are several.
            Ok(Distribution::Sdist(_)) if sdist.is_none() => sdist = Some(entry),
            Ok(Distribution::Sdist(_)) | Err(_) => {
                out.lost.push(format!("{} is one sdist too many", file.filename));
            }
        }
    }
    if wheels.is_empty() && sdist.is_none() {
        out.lost.push(format!("{} {} has no file that can be installed", package.name, package.version));
    }
    if let Some(sdist) = sdist {
        line(&mut out.text, "sdist", &sdist);
    }
    if !wheels.is_empty() {
        out.text.push_str("wheels = [\n");
        for wheel in wheels {
            let _ = writeln!(out.text, "    {wheel},");
        }
        out.text.push_str("]\n");
    }
}

fn archive(shipped: &Shipped, place: &str, subdirectory: Option<&str>, out: &mut Exported) {
    let file = shipped.package.files.first();
    let Some(digest) = file.and_then(|file| file.sha256) else {
        out.lost.push(format!("{} has no SHA-256, and a pylock.toml has no archive without", shipped.package.name));
        return;
    };
    let size = file.and_then(|file| file.size).map(|size| format!(", size = {size}")).unwrap_or_default();
    let subdirectory = subdirectory.map(|path| format!(", subdirectory = {}", text(path))).unwrap_or_default();
    line(&mut out.text, "archive", &format!("{{ {place}{size}{subdirectory}, hashes = {{ sha256 = \"{digest}\" }} }}"));
}

fn line(toml: &mut String, key: &str, value: &str) {
    let _ = writeln!(toml, "{key} = {value}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scope;
    use crate::samples::lock;
    use pybun_lock::RootKind;

    #[test]
    fn file_names() {
        for good in ["pylock.toml", "pylock.prod.toml"] {
            assert!(is_pylock_name(good), "{good}");
        }
        for bad in ["lock.toml", "pylock.a.b.toml", "pylock..toml", "Pylock.toml", "pylock.toml.txt", "pylock."] {
            assert!(!is_pylock_name(bad), "{bad}");
        }
    }

    #[test]
    fn paths_are_relative_to_the_file() {
        for (to_project, path, expected) in [
            ("", "libs/c", "libs/c"),
            ("..", "libs/c", "../libs/c"),
            ("..", "../c", "../../c"),
            ("demo", "../c", "c"),
            ("demo", "..", "."),
            ("../../demo", "./c", "../../demo/c"),
            ("..", "/srv/c", "/srv/c"),
            ("..", "C:/c", "C:/c"),
            ("/srv/demo", "../c", "/srv/c"),
        ] {
            assert_eq!(rebased(to_project, path), expected, "{to_project} {path}");
        }
    }

    #[test]
    fn each_file_has_a_place_and_a_hash() {
        let mut lock = lock(
            &[(RootKind::Project, &["a", "c"])],
            &[("a 1", &["b ; os_name == \"nt\""]), ("b 2", &[]), ("c 1", &[])],
        );
        lock.packages[2].source = Source::Directory { path: "../c \"x\"".into(), editable: true, metadata: None };
        let scope = Scope { roots: vec![RootKind::Project], ..Scope::default() };
        let url = |position: u32, file: &File| (position == 0).then(|| format!("https://host/{}", file.filename));
        let out = pylock(&Graph::new(&lock, &scope), "", &url);
        let hash = "07".repeat(32);
        let expected = format!(
            r#"lock-version = "1.0"
requires-python = ">=3.9"
extras = []
dependency-groups = []
default-groups = []
created-by = "pybun"

[[packages]]
name = "a"
version = "1"
dependencies = [{{ name = "b" }}]
wheels = [
    {{ name = "a-1-py3-none-any.whl", url = "https://host/a-1-py3-none-any.whl", size = 10, hashes = {{ sha256 = "{hash}" }} }},
]

[[packages]]
name = "b"
version = "2"
marker = "os_name == 'nt'"

[[packages]]
name = "c"
directory = {{ path = "../c \"x\"", editable = true }}
"#
        );
        assert_eq!(out.text, expected);
        assert_eq!(out.lost.len(), 2, "{:?}", out.lost);
    }
}
