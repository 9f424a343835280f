//! What the probe tells, as it is written down in the cache.

use crate::OLDEST;
use pybun_model::{Architecture, Libc, MarkerEnvironment, Platform, PythonTag, Version};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::str::FromStr;

/// An old Python tells its version only.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Report {
    pub version: String,
    #[serde(flatten)]
    pub facts: Option<Facts>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Facts {
    pub base_executable: PathBuf,
    pub prefix: PathBuf,
    pub base_prefix: PathBuf,
    pub implementation: String,
    pub markers: MarkerEnvironment,
    pub free_threaded: bool,
    pub debug: bool,
    pub pointer_bits: u32,
    pub libc: Option<(String, String)>,
    pub macos: Option<String>,
    pub stdlib: PathBuf,
    pub extension_suffix: Option<String>,
    pub paths: PathFacts,
    pub layout: LayoutFacts,
    pub externally_managed: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PathFacts {
    pub purelib: PathBuf,
    pub platlib: PathBuf,
    pub scripts: PathBuf,
    pub data: PathBuf,
    pub headers: PathBuf,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct LayoutFacts {
    pub purelib: PathBuf,
    pub platlib: PathBuf,
    pub scripts: PathBuf,
}

/// Everything of a usable interpreter, or why it is not usable.
pub(crate) struct Understood {
    pub version: Version,
    pub tag: PythonTag,
    pub platform: Platform,
    pub facts: Facts,
}

impl Report {
    pub fn understand(self) -> Result<Understood, String> {
        let version =
            Version::from_str(&self.version).map_err(|_| format!("it says to be version `{}`", self.version))?;
        let (major, minor) = release(&version);
        let too_old = format!("Python {version} is older than {}.{}", OLDEST.0, OLDEST.1);
        let facts = self.facts.filter(|_| (major, minor) >= OLDEST).ok_or(too_old)?;
        let implementation = match facts.implementation.as_str() {
            "cpython" => "cp",
            "pypy" => "pp",
            other => return Err(format!("its implementation `{other}` is not supported")),
        };
        let small = |number: u64| u8::try_from(number).map_err(|_| format!("it says to be version `{version}`"));
        let tag = PythonTag {
            implementation: implementation.into(),
            major: small(major)?,
            minor: small(minor)?,
            free_threaded: facts.free_threaded,
        };
        let platform = platform(&facts)?;
        Ok(Understood { version, tag, platform, facts })
    }
}

/// Major and minor.
pub(crate) fn release(version: &Version) -> (u64, u64) {
    let release = version.release();
    (release.first().copied().unwrap_or(0), release.get(1).copied().unwrap_or(0))
}

fn platform(facts: &Facts) -> Result<Platform, String> {
    let machine = facts.markers.platform_machine();
    let architecture = architecture(machine, facts.pointer_bits);
    let architecture = architecture.ok_or_else(|| format!("its architecture `{machine}` is not supported"))?;
    match facts.markers.sys_platform() {
        "linux" => {
            let (name, version) = facts.libc.as_ref().ok_or("its C library is unknown")?;
            let (major, minor) = numbers(version).ok_or_else(|| format!("its {name} has the version `{version}`"))?;
            let libc = match name.as_str() {
                "glibc" => Libc::Glibc { major, minor },
                "musl" => Libc::Musl { major, minor },
                other => return Err(format!("its C library `{other}` is not supported")),
            };
            Ok(Platform::Linux { architecture, libc })
        }
        "darwin" => {
            let version = facts.macos.as_deref().and_then(numbers);
            let (major, minor) = version.ok_or("its version of macOS is unknown")?;
            Ok(Platform::MacOs { architecture, major, minor })
        }
        "win32" => Ok(Platform::Windows { architecture }),
        other => Err(format!("its platform `{other}` is not supported")),
    }
}

/// A 32-bit interpreter runs on a 64-bit kernel, which names itself.
fn architecture(machine: &str, pointer_bits: u32) -> Option<Architecture> {
    let narrow = pointer_bits == 32;
    Some(match machine.to_ascii_lowercase().as_str() {
        "x86_64" | "amd64" if narrow => Architecture::X86,
        "x86_64" | "amd64" => Architecture::X86_64,
        "i386" | "i486" | "i586" | "i686" | "x86" => Architecture::X86,
        "aarch64" | "arm64" if narrow => Architecture::Armv7l,
        "aarch64" | "arm64" => Architecture::Aarch64,
        "armv7l" | "armv8l" => Architecture::Armv7l,
        "ppc64le" => Architecture::Ppc64le,
        "s390x" => Architecture::S390x,
        "riscv64" => Architecture::Riscv64,
        _ => return None,
    })
}

/// The first two numbers of a dotted version.
fn numbers(text: &str) -> Option<(u16, u16)> {
    let mut parts = text.split('.');
    let major = parts.next()?.parse().ok()?;
    let minor = parts.next().map_or(Some(0), |part| {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        part[..digits].parse().ok()
    })?;
    Some((major, minor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_versions_of_libraries_and_systems() {
        assert_eq!(numbers("2.36"), Some((2, 36)));
        assert_eq!(numbers("2.31-13+deb11"), Some((2, 31)));
        assert_eq!(numbers("14"), Some((14, 0)));
        assert_eq!(numbers("x"), None);
    }

    #[test]
    fn a_narrow_interpreter_is_not_the_kernel() {
        assert_eq!(architecture("x86_64", 32), Some(Architecture::X86));
        assert_eq!(architecture("AMD64", 64), Some(Architecture::X86_64));
        assert_eq!(architecture("aarch64", 32), Some(Architecture::Armv7l));
        assert_eq!(architecture("alpha", 64), None);
    }

    #[test]
    fn an_old_python_says_so() {
        let report = Report { version: "2.7.18".to_owned(), facts: None };
        assert_eq!(report.understand().err().as_deref(), Some("Python 2.7.18 is older than 3.8"));
    }
}
