//! `[tool.pybun.sources]`: where a requirement comes from that names only a project.

use pybun_model::{Requirement, VerbatimUrl, VersionOrUrl};
use std::path::Path;
use url::Url;

/// One entry that is no index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// The URL of a repository, with or without `git+`, or `user@host:path` as git writes it.
    pub git: Option<String>,
    /// Absolute; of a directory, a wheel or an sdist.
    pub path: Option<String>,
    /// Of a wheel or an sdist.
    pub url: Option<String>,
    /// Tag, branch or commit.
    pub reference: Option<String>,
    pub subdirectory: Option<String>,
}

impl Source {
    /// The requirement with its place in the place of its versions.
    pub fn assign(&self, requirement: &Requirement) -> Result<Requirement, String> {
        let url = self.to_url()?;
        let version_or_url = Some(VersionOrUrl::Url(VerbatimUrl::from(url)));
        Ok(Requirement { version_or_url, ..requirement.clone() })
    }

    /// `git+…@reference#subdirectory=…`, or a URL with a fragment.
    pub fn to_url(&self) -> Result<Url, String> {
        let mut url = match (&self.git, &self.path, &self.url) {
            (Some(git), None, None) => self.git_url(git)?,
            (None, Some(path), None) => {
                Url::from_file_path(Path::new(path)).map_err(|()| format!("`{path}` is no absolute path"))?
            }
            (None, None, Some(url)) => Url::parse(url).map_err(|error| format!("its `url` is none: {error}"))?,
            _ => return Err("has to have exactly one of `git`, `path`, `url` and `index`".to_owned()),
        };
        if let Some(subdirectory) = &self.subdirectory {
            let before = url.fragment().filter(|fragment| !fragment.is_empty());
            let before = before.map(|fragment| format!("{fragment}&")).unwrap_or_default();
            url.set_fragment(Some(&format!("{before}subdirectory={subdirectory}")));
        }
        Ok(url)
    }

    fn git_url(&self, text: &str) -> Result<Url, String> {
        let plain = text.strip_prefix("git+").unwrap_or(text);
        let url = match plain.split_once(':') {
            // `git@host:owner/name`; a scheme is followed by two slashes.
            Some((host, path)) if !path.starts_with("//") && host.contains('@') && !host.contains('/') => {
                format!("ssh://{host}/{}", path.trim_start_matches('/'))
            }
            _ => plain.to_owned(),
        };
        let mut url = Url::parse(&format!("git+{url}")).map_err(|error| format!("its `git` is no URL: {error}"))?;
        if let Some(reference) = &self.reference {
            let path = format!("{}@{reference}", url.path());
            url.set_path(&path);
        }
        Ok(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assigned(source: Source, requirement: &str) -> String {
        source.assign(&requirement.parse().unwrap()).unwrap().displayable_with_credentials().to_string()
    }

    #[test]
    fn a_source_takes_the_place_of_versions() {
        let text = |text: &str| Some(text.to_owned());
        let git = |url: &str| Source { git: text(url), ..Source::default() };
        for (source, expected) in [
            (git("https://h.example/o/r"), "a[x] @ git+https://h.example/o/r ; os_name == 'nt'"),
            (git("git@h.example:o/r.git"), "a[x] @ git+ssh://git@h.example/o/r.git ; os_name == 'nt'"),
            (git("git+ssh://git@h.example/o/r"), "a[x] @ git+ssh://git@h.example/o/r ; os_name == 'nt'"),
            (
                Source { reference: text("v1"), subdirectory: text("d/e"), ..git("https://t:s@h.example/o/r") },
                "a[x] @ git+https://t:s@h.example/o/r@v1#subdirectory=d/e ; os_name == 'nt'",
            ),
            (
                Source { url: text("https://h.example/a.zip#sha256=0"), subdirectory: text("d"), ..Source::default() },
                "a[x] @ https://h.example/a.zip#sha256=0&subdirectory=d ; os_name == 'nt'",
            ),
        ] {
            assert_eq!(assigned(source, "a[x]>=1 ; os_name == 'nt'"), expected);
        }
    }

    #[test]
    #[cfg(unix)]
    fn a_path_becomes_a_url() {
        let source = Source { path: Some("/w/a b".to_owned()), ..Source::default() };
        assert_eq!(assigned(source, "a"), "a @ file:///w/a%20b");
    }

    #[test]
    fn one_place_has_to_be_named() {
        let requirement = "a".parse().unwrap();
        assert!(Source::default().assign(&requirement).is_err());
        let both = Source { git: Some("x".to_owned()), path: Some("/x".to_owned()), ..Source::default() };
        assert!(both.assign(&requirement).is_err());
    }
}
