//! One Python executable and what is known of it.

use crate::facts::Understood;
use pybun_model::{MarkerEnvironment, Platform, PythonTag, Tags, Version};
use std::path::{Path, PathBuf};

#[derive(Clone, Debug)]
pub struct Interpreter {
    /// As it was found; not resolved through symbolic links.
    pub path: PathBuf,
    /// What environments made from it link to: the executable of `base_prefix`.
    pub base_executable: PathBuf,
    pub prefix: PathBuf,
    pub base_prefix: PathBuf,
    pub version: Version,
    /// `cpython` or `pypy`.
    pub implementation: String,
    pub markers: MarkerEnvironment,
    pub tag: PythonTag,
    pub platform: Platform,
    pub origin: Origin,
    pub debug: bool,
    pub stdlib: PathBuf,
    /// For instance `.cpython-312-x86_64-linux-gnu.so`.
    pub extension_suffix: Option<String>,
    /// Where this interpreter itself installs.
    pub paths: Paths,
    /// Where an environment made from it installs, relative to the environment's root.
    pub layout: Layout,
    /// The distributor's words to those who install into it (PEP 668).
    pub externally_managed: Option<String>,
}

/// Where an interpreter was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Named by its path.
    Given,
    /// The active virtual or conda environment.
    Venv,
    /// PyBun's own directory.
    Managed,
    Path,
    Pyenv,
}

/// Directories that packages are installed into, absolute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    pub purelib: PathBuf,
    pub platlib: PathBuf,
    pub scripts: PathBuf,
    pub data: PathBuf,
    /// Below it every distribution has its own directory.
    pub headers: PathBuf,
}

/// `purelib`, `platlib` and `scripts` relative to the root of an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    pub purelib: PathBuf,
    pub platlib: PathBuf,
    pub scripts: PathBuf,
}

impl Interpreter {
    pub(crate) fn new(path: PathBuf, origin: Origin, understood: Understood) -> Self {
        let Understood { version, tag, platform, facts } = understood;
        let paths = facts.paths;
        let layout = facts.layout;
        Self {
            path,
            base_executable: facts.base_executable,
            prefix: facts.prefix,
            base_prefix: facts.base_prefix,
            version,
            implementation: facts.implementation,
            markers: of_release(facts.markers),
            tag,
            platform,
            origin,
            debug: facts.debug,
            stdlib: facts.stdlib,
            extension_suffix: facts.extension_suffix,
            paths: Paths {
                purelib: paths.purelib,
                platlib: paths.platlib,
                scripts: paths.scripts,
                data: paths.data,
                headers: paths.headers,
            },
            layout: Layout { purelib: layout.purelib, platlib: layout.platlib, scripts: layout.scripts },
            externally_managed: facts.externally_managed,
        }
    }

    /// The tags of the wheels it takes.
    pub fn tags(&self) -> Tags {
        Tags::new(&self.tag, &self.platform)
    }

    /// Is it the interpreter of a virtual environment?
    pub fn is_environment(&self) -> bool {
        self.prefix != self.base_prefix
    }

    /// The platform in one word, for people: `linux-x86_64-glibc2.36`.
    pub fn platform_name(&self) -> String {
        use pybun_model::Libc;
        match &self.platform {
            Platform::Linux { architecture, libc } => {
                let libc = match libc {
                    Libc::Glibc { major, minor } => format!("glibc{major}.{minor}"),
                    Libc::Musl { major, minor } => format!("musl{major}.{minor}"),
                };
                format!("linux-{}-{libc}", architecture.linux_name())
            }
            Platform::MacOs { architecture, major, minor } => {
                format!("macos{major}.{minor}-{}", architecture.linux_name())
            }
            Platform::Windows { architecture } => format!("windows-{}", architecture.linux_name()),
        }
    }

    /// The interpreter of the environment at `root` that was made from this one.
    pub(crate) fn inside(&self, root: &Path) -> Self {
        let scripts = root.join(&self.layout.scripts);
        let headers = root.join("include").join("site").join(format!("python{}.{}", self.tag.major, self.tag.minor));
        Self {
            path: scripts.join(executable_name()),
            prefix: root.to_owned(),
            paths: Paths {
                purelib: root.join(&self.layout.purelib),
                platlib: root.join(&self.layout.platlib),
                scripts,
                data: root.to_owned(),
                headers,
            },
            origin: Origin::Venv,
            externally_managed: None,
            ..self.clone()
        }
    }
}

impl Origin {
    /// As written on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Given | Self::Path => "path",
            Self::Venv => "venv",
            Self::Managed => "managed",
            Self::Pyenv => "pyenv",
        }
    }
}

/// Markers compare `python_version` by way of `python_full_version`, where 3.14.0rc1 comes before 3.14 although its
/// `python_version` is 3.14: a release candidate counts as the release that it is a candidate of.
fn of_release(markers: MarkerEnvironment) -> MarkerEnvironment {
    let release = markers.python_full_version().version.only_release();
    markers.with_python_full_version(release)
}

pub(crate) fn executable_name() -> &'static str {
    if cfg!(windows) { "python.exe" } else { "python" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pybun_model::Requirement;

    #[test]
    fn a_release_candidate_is_of_its_version() {
        let candidate = serde_json::json!({
            "implementation_name": "cpython", "implementation_version": "3.14.0rc1", "os_name": "posix",
            "platform_machine": "x86_64", "platform_python_implementation": "CPython", "platform_release": "6",
            "platform_system": "Linux", "platform_version": "1", "python_full_version": "3.14.0rc1",
            "python_version": "3.14", "sys_platform": "linux",
        });
        let markers = of_release(serde_json::from_value(candidate).unwrap());
        for (marker, holds) in [
            ("python_version >= '3.14'", true),
            ("python_version == '3.14'", true),
            ("python_version < '3.14'", false),
            ("python_version == '3.13'", false),
            ("python_full_version < '3.14.0'", false),
        ] {
            let requirement: Requirement = format!("a ; {marker}").parse().unwrap();
            assert_eq!(requirement.evaluate_markers(&markers, &[]), holds, "{marker}");
        }
    }
}
