//! Why versions of a project cannot be used.

use std::fmt;
use uv_normalize::PackageName;
use uv_pep440::VersionSpecifiers;
use uv_pep508::MarkerTree;

/// Reads as what follows the name of a project or a version: "b 1.0 *was yanked*".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// No index has the project.
    NotFound,
    /// Its index holds it back (PEP 792).
    Quarantined,
    /// There is a version and no file of it, or a project without any.
    NoFiles,
    Yanked,
    /// Everything of it was uploaded after the moment that counts (`exclude-newer`).
    TooNew,
    /// Wheels for other platforms or Pythons, and no sdist.
    NoWheel,
    /// Only wheels, and they are not allowed.
    OnlyWheels,
    /// Only sdists, and building is not allowed.
    OnlySource,
    NeedsPython(VersionSpecifiers),
    /// Its metadata says nothing that can be read.
    BadMetadata(String),
    /// It has to run in an environment for which it has neither wheel nor sdist.
    NoWheelFor(MarkerTree),
    /// It requires something from a URL, and what comes from an index may name only URLs that you name too.
    NeedsUrl {
        requirement: String,
    },
    /// It requires something from a URL that has to come from somewhere else in the same environments.
    SeveralSources {
        name: PackageName,
        /// Without credentials.
        url: String,
        /// The other URL; `None` for an index.
        other: Option<String>,
    },
    /// It states a requirement that no version can satisfy.
    Impossible {
        requirement: String,
    },
    /// It requires another version of itself.
    Itself {
        requirement: String,
    },
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::NotFound => f.write_str("is on none of the configured indexes"),
            Why::Quarantined => f.write_str("is in quarantine, and its index offers no files of it"),
            Why::NoFiles => f.write_str("has no usable files"),
            Why::TooNew => f.write_str("has no file that was uploaded before the time that `exclude-newer` states"),
            Why::Yanked => f.write_str("was yanked"),
            Why::NoWheel => f.write_str("has no wheel for this platform and Python, and no sdist"),
            Why::OnlyWheels => f.write_str("has only wheels, and wheels are not allowed"),
            Why::OnlySource => f.write_str("has only source files, and building is not allowed"),
            Why::NeedsPython(specifiers) => write!(f, "needs Python {specifiers}"),
            Why::BadMetadata(message) => write!(f, "has metadata that cannot be read ({message})"),
            Why::NoWheelFor(marker) => {
                write!(f, "has no sdist and no wheel for `{}`", marker.try_to_string().unwrap_or_default())
            }
            Why::SeveralSources { name, url, other: Some(other) } => {
                write!(f, "needs {name} from {url}, and it is needed from {other} as well")
            }
            Why::SeveralSources { name, url, other: None } => {
                write!(f, "needs {name} from {url}, and it comes from an index already")
            }
            Why::NeedsUrl { requirement } => {
                write!(f, "needs {requirement}, and only your own requirements may name URLs")
            }
            Why::Impossible { requirement } => write!(f, "needs {requirement}, which no version can satisfy"),
            Why::Itself { requirement } => write!(f, "needs another version of itself ({requirement})"),
        }
    }
}
