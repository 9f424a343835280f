//! A lock that means the same on every machine: paths relative to the project, URLs without credentials.

use crate::{Inputs, Lock, Source};
use pybun_model::{Requirement, VerbatimUrl, VersionOrUrl, without_credentials};
use std::path::{Path, PathBuf};
use url::Url;

/// The scheme of URLs that are relative to the project, `project:../name`.
const SCHEME: &str = "project";

impl Lock {
    /// The same lock as it is written down for the project at `root`, which is absolute.
    #[must_use]
    pub fn portable(mut self, root: &Path) -> Self {
        self.inputs = self.inputs.portable(root);
        for package in &mut self.packages {
            match &mut package.source {
                Source::Index { .. } => {}
                Source::Directory { path, .. } | Source::Path(path) => {
                    if let Some(relative) = relative_path(root, Path::new(&*path)) {
                        *path = relative;
                    }
                }
                Source::Url(text) | Source::Git { url: text, .. } => {
                    if let Ok(url) = Url::parse(text)
                        && let bare = without_credentials(&url)
                        && bare != url
                    {
                        *text = bare.into();
                    }
                }
            }
        }
        self
    }
}

impl Inputs {
    /// The same inputs as they are written down for the project at `root`, which is absolute.
    #[must_use]
    pub fn portable(mut self, root: &Path) -> Self {
        let of_roots = self.roots.iter_mut().flat_map(|root| &mut root.requirements);
        for requirement in of_roots.chain(&mut self.constraints).chain(&mut self.overrides) {
            portable_requirement(requirement, root);
        }
        self.sorted()
    }
}

fn portable_requirement(requirement: &mut Requirement, root: &Path) {
    let Some(VersionOrUrl::Url(url)) = &requirement.version_or_url else { return };
    let url: Url = url.to_url().into();
    let bare = || Some(without_credentials(&url)).filter(|bare| *bare != url);
    if let Some(portable) = relative_url(root, &url).or_else(bare) {
        requirement.version_or_url = Some(VersionOrUrl::Url(VerbatimUrl::from(portable)));
    }
}

/// `file:` URLs only; the fragment is kept.
fn relative_url(root: &Path, url: &Url) -> Option<Url> {
    let path = (url.scheme() == "file").then(|| url.to_file_path().ok()).flatten()?;
    let relative = relative_path(root, &path)?;
    // Encodes what a path may hold and a URL may not.
    let encoded = Url::from_file_path(Path::new("/").join(relative.replace("../", "\u{0}/"))).ok()?;
    let path = encoded.path().trim_start_matches('/').replace("%00/", "../");
    let fragment = url.fragment().map(|fragment| format!("#{fragment}")).unwrap_or_default();
    Url::parse(&format!("{SCHEME}:{path}{fragment}")).ok()
}

/// The path from `root` to `path`, with `/`. `None` where both share nothing but the file system: an absolute path is
/// then what was meant.
fn relative_path(root: &Path, path: &Path) -> Option<String> {
    if !path.is_absolute() {
        return None;
    }
    let (root, path): (Vec<_>, Vec<_>) = (names(root), names(path));
    let shared = root.iter().zip(&path).take_while(|(a, b)| a == b).count();
    if shared < 2.min(root.len()) {
        return None;
    }
    let mut out: Vec<&str> = vec![".."; root.len() - shared];
    out.extend(path[shared..].iter().map(String::as_str));
    Some(if out.is_empty() { ".".to_owned() } else { out.join("/") })
}

fn names(path: &Path) -> Vec<String> {
    path.components().map(|component| component.as_os_str().to_string_lossy().into_owned()).collect()
}

/// The directory or file that a lock of the project at `root` names.
pub fn absolute(root: &Path, path: &str) -> PathBuf {
    let mut out = root.to_owned();
    for name in Path::new(path).components() {
        match name {
            std::path::Component::ParentDir => drop(out.pop()),
            std::path::Component::CurDir => {}
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use crate::{Root, RootKind};

    fn portable(text: &str) -> String {
        let requirements = vec![text.parse().unwrap()];
        let inputs = Inputs::of(vec![Root { kind: RootKind::Project, requirements }]);
        let inputs = inputs.portable(Path::new("/home/me/code/project"));
        inputs.roots[0].requirements[0].displayable_with_credentials().to_string()
    }

    #[test]
    fn paths_are_relative_and_credentials_gone() {
        for (text, expected) in [
            ("a @ file:///home/me/code/a", "a @ project:../a"),
            ("a @ file:///home/me/code/project/sub/a%20b", "a @ project:sub/a%20b"),
            ("a @ file:///home/me/x/a-1.zip#subdirectory=d", "a @ project:../../x/a-1.zip#subdirectory=d"),
            ("a @ file:///opt/wheels/a", "a @ file:///opt/wheels/a"),
            ("a @ https://me:secret@h.example/a-1.tar.gz", "a @ https://h.example/a-1.tar.gz"),
            ("a @ git+https://token@h.example/a@v1", "a @ git+https://h.example/a@v1"),
            ("a @ git+file:///home/me/code/r@v1", "a @ git+file:///home/me/code/r@v1"),
            ("a @ git+ssh://git@h.example/a", "a @ git+ssh://git@h.example/a"),
            ("a[x]>=1 ; os_name == 'nt'", "a[x]>=1 ; os_name == 'nt'"),
        ] {
            assert_eq!(portable(text), expected);
        }
    }

    #[test]
    fn relative_paths_lead_back() {
        let root = Path::new("/home/me/code/project");
        for path in ["/home/me/code/a", "/home/me/code/project", "/home/me/code/project/x/y", "/opt/x"] {
            let relative = relative_path(root, Path::new(path)).unwrap_or(path.to_owned());
            assert_eq!(absolute(root, &relative), Path::new(path), "{relative}");
        }
    }
}
