//! Where an environment keeps what a wheel brings, and the kinds of content that a wheel tells apart.

use crate::Error;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Component, Path, PathBuf};

/// The directories of one environment, absolute. They need not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    pub purelib: PathBuf,
    pub platlib: PathBuf,
    pub scripts: PathBuf,
    pub data: PathBuf,
    /// Below it every distribution has its own directory, for instance `<prefix>/include/site/python3.12`.
    pub headers: PathBuf,
    /// The environment's interpreter, as the first line of scripts names it.
    pub python: PathBuf,
    /// Everything of the environment lies below.
    pub prefix: PathBuf,
}

/// The kinds of content. Source: binary distribution format, "The .data directory".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum Scheme {
    Purelib,
    Platlib,
    Scripts,
    Data,
    Headers,
}

impl Scheme {
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "purelib" => Self::Purelib,
            "platlib" => Self::Platlib,
            "scripts" => Self::Scripts,
            "data" => Self::Data,
            "headers" => Self::Headers,
            _ => return None,
        })
    }
}

impl Layout {
    /// The directory for one kind of content of the distribution `name`.
    pub(crate) fn directory(&self, scheme: Scheme, name: &str) -> PathBuf {
        match scheme {
            Scheme::Purelib => self.purelib.clone(),
            Scheme::Platlib => self.platlib.clone(),
            Scheme::Scripts => self.scripts.clone(),
            Scheme::Data => self.data.clone(),
            Scheme::Headers => self.headers.join(name),
        }
    }

    /// Refuses an environment in which one of these directories is a link that leads out of it: what is written or removed there
    /// would be somebody's own files.
    pub(crate) fn check_bounds(&self) -> Result<(), Error> {
        let Ok(bounds) = fs::canonicalize(&self.prefix) else { return Ok(()) };
        for directory in [&self.purelib, &self.platlib, &self.scripts, &self.data, &self.headers] {
            if !directory.starts_with(&self.prefix) {
                continue;
            }
            let there = directory.ancestors().find(|path| path.symlink_metadata().is_ok()).unwrap_or(&self.prefix);
            // A link that leads nowhere would be followed when the directory is made.
            if !fs::canonicalize(there).is_ok_and(|real| real.starts_with(&bounds)) {
                return Err(Error::PathTraversal {
                    subject: self.prefix.display().to_string(),
                    path: there.display().to_string(),
                    why: "is a link that leads out of the environment",
                });
            }
        }
        Ok(())
    }

    /// Its library is the whole of it: a directory that is to be carried elsewhere, and no environment.
    pub(crate) fn is_plain(&self) -> bool {
        self.purelib == self.prefix
    }

    /// Those that hold `.dist-info` directories.
    pub(crate) fn libraries(&self) -> Vec<&Path> {
        let mut libraries = vec![self.purelib.as_path()];
        if self.platlib != self.purelib {
            libraries.push(&self.platlib);
        }
        libraries
    }

    /// `directory` as RECORD writes it in a file of `library`: relative with `/` and a final `/` when both belong to
    /// the environment (empty for the same directory), absolute otherwise.
    pub(crate) fn record_prefix(&self, library: &Path, directory: &Path) -> String {
        let inside = library.starts_with(&self.prefix) && directory.starts_with(&self.prefix);
        let mut text = if inside { relative(library, directory) } else { absolute(directory) };
        if !text.is_empty() && !text.ends_with('/') {
            text.push('/');
        }
        text
    }

    /// `path` of `directory` as `record_prefix` writes directories, where it shares more with `library` than `directory`
    /// does: then there is a shorter way than through `directory`.
    pub(crate) fn record_inside(&self, library: &Path, directory: &Path, path: &str) -> Option<String> {
        let shared = library.strip_prefix(directory).ok()?.components().next()?;
        let shares = Path::new(path).components().next() == Some(shared);
        shares.then(|| self.record_prefix(library, &directory.join(path)))
    }
}

fn absolute(path: &Path) -> String {
    let text = path.to_string_lossy();
    if cfg!(windows) { text.replace('\\', "/") } else { text.into_owned() }
}

/// Both share a prefix.
fn relative(from: &Path, to: &Path) -> String {
    let from: Vec<Component<'_>> = from.components().collect();
    let to: Vec<Component<'_>> = to.components().collect();
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..".to_owned(), from.len() - shared);
    let down = to[shared..].iter().map(|component| component.as_os_str().to_string_lossy().into_owned());
    up.chain(down).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_places_relative_inside_and_absolute_outside() {
        let prefix = PathBuf::from("/v");
        let layout = Layout {
            purelib: prefix.join("lib/python3.12/site-packages"),
            platlib: prefix.join("lib64/python3.12/site-packages"),
            scripts: prefix.join("bin"),
            data: prefix.clone(),
            headers: prefix.join("include"),
            python: prefix.join("bin/python"),
            prefix,
        };
        let from = &layout.purelib;
        assert_eq!(layout.record_prefix(from, from), "");
        assert_eq!(layout.record_prefix(from, &layout.scripts), "../../../bin/");
        assert_eq!(layout.record_prefix(from, &layout.data), "../../../");
        assert_eq!(layout.record_prefix(from, &layout.platlib), "../../../lib64/python3.12/site-packages/");
        assert_eq!(layout.record_prefix(from, Path::new("/usr/bin")), "/usr/bin/");
        assert_eq!(layout.record_inside(from, &layout.data, "lib"), Some("../../".to_owned()));
        assert_eq!(layout.record_inside(from, &layout.data, "lib/python3.12/site-packages"), Some(String::new()));
        assert_eq!(layout.record_inside(from, &layout.data, "share/lib"), None);
        assert_eq!(layout.libraries().len(), 2);
        assert_eq!(layout.directory(Scheme::Headers, "greenlet"), Path::new("/v/include/greenlet"));
    }
}
