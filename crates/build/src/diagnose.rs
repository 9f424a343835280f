//! Recognises in the output of a failed build what is missing on the machine.

use crate::system_packages::{LIBRARIES, Package, TOOLS};
use std::path::Path;

/// What to do about a failed build.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Advice {
    pub missing: String,
    pub hint: String,
    /// Empty when no single command mends it.
    pub command: Vec<String>,
}

/// `log` is the end of the output, `python` the version that the build was for.
pub(crate) fn diagnose(log: &str, python: &str) -> Option<Advice> {
    diagnose_on(log, python, Manager::of_this_machine())
}

/// Who installs system packages here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manager {
    Apt,
    Dnf,
    Apk,
    Brew,
    Unknown,
}

impl Manager {
    fn of_this_machine() -> Self {
        if cfg!(target_os = "macos") {
            return Self::Brew;
        }
        let known = [("/usr/bin/apt-get", Self::Apt), ("/usr/bin/dnf", Self::Dnf), ("/sbin/apk", Self::Apk)];
        known.into_iter().find(|(path, _)| Path::new(path).exists()).map_or(Self::Unknown, |(_, manager)| manager)
    }

    fn install(self, package: &str) -> Vec<String> {
        let words: &[&str] = match self {
            Self::Apt => &["apt-get", "install", "-y"],
            Self::Dnf => &["dnf", "install", "-y"],
            Self::Apk => &["apk", "add"],
            Self::Brew => &["brew", "install"],
            Self::Unknown => return Vec::new(),
        };
        words.iter().copied().chain(package.split(' ')).map(str::to_owned).collect()
    }
}

fn diagnose_on(log: &str, python: &str, manager: Manager) -> Option<Advice> {
    let says = |texts: &[&str]| texts.iter().any(|text| log.contains(text));
    if log.contains("Python.h: No such file") || log.contains("'Python.h' file not found") {
        return Some(python_headers(python, manager));
    }
    if let Some(library) = missing_header(log).or_else(|| missing_library(log)) {
        let known = LIBRARIES.iter().find(|(starts, _)| library.is_one_of(starts));
        return Some(match known {
            Some((_, package)) => advice(package, &library.to_string(), manager),
            None => Advice {
                missing: library.to_string(),
                hint: format!("install the system package that brings {library} with its development files"),
                command: Vec::new(),
            },
        });
    }
    if says(&RUST) {
        return Some(Advice {
            missing: "Rust".to_owned(),
            hint: "it needs the Rust compiler: install it from https://rustup.rs, or with the command of this system"
                .to_owned(),
            command: manager.install(match manager {
                Manager::Apt => "cargo rustc",
                Manager::Dnf | Manager::Apk => "cargo rust",
                Manager::Brew => "rust",
                Manager::Unknown => "",
            }),
        });
    }
    if says(&["Microsoft Visual C++ 14.0 or greater is required"]) {
        return Some(Advice {
            missing: "Microsoft Visual C++".to_owned(),
            hint: "install the C++ workload of the Visual Studio Build Tools".to_owned(),
            command: ["winget", "install", "Microsoft.VisualStudio.2022.BuildTools"].map(str::to_owned).to_vec(),
        });
    }
    if let Some((_, package)) = TOOLS.iter().find(|(texts, _)| says(texts)) {
        return Some(advice(package, package.missing, manager));
    }
    python_module(log)
}

const RUST: [&str; 6] = [
    "Cargo, the Rust package manager, is not installed",
    "can't find Rust compiler",
    "rustc, the rust compiler, is not installed",
    "Rust toolchain",
    "cargo: not found",
    "directory: 'cargo'",
];

fn advice(package: &Package, missing: &str, manager: Manager) -> Advice {
    let name = match manager {
        Manager::Apt | Manager::Unknown => package.apt,
        Manager::Dnf => package.dnf,
        Manager::Apk => package.apk,
        Manager::Brew => package.brew,
    };
    let command = if name.is_empty() { Vec::new() } else { manager.install(name) };
    let hint = match (command.is_empty(), manager) {
        (false, _) => format!("it needs {missing}: install it with `{}`", command.join(" ")),
        (true, Manager::Unknown) => format!(
            "it needs {missing}: install `{}` (Debian), `{}` (Fedora) or what your system calls it",
            package.apt, package.dnf
        ),
        (true, _) => format!("it needs {missing}, which this system does not have"),
    };
    Advice { missing: missing.to_owned(), hint, command }
}

fn python_headers(python: &str, manager: Manager) -> Advice {
    let minor: String = python.split('.').take(2).collect::<Vec<_>>().join(".");
    let package = match manager {
        Manager::Apt | Manager::Unknown => format!("python{minor}-dev"),
        Manager::Dnf => "python3-devel".to_owned(),
        Manager::Apk => "python3-dev".to_owned(),
        Manager::Brew => format!("python@{minor}"),
    };
    let command = manager.install(&package);
    Advice {
        missing: "Python.h".to_owned(),
        hint: format!("it needs the C headers of Python {minor}: install `{package}`"),
        command,
    }
}

enum Library<'a> {
    Header(&'a str),
    Linked(&'a str),
}

impl Library<'_> {
    fn is_one_of(&self, starts: &[&str]) -> bool {
        match self {
            Self::Header(path) => starts.iter().any(|start| start.contains(['.', '/']) && path.starts_with(start)),
            Self::Linked(name) => starts.contains(name),
        }
    }
}

impl std::fmt::Display for Library<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Header(path) => write!(f, "the header `{path}`"),
            Self::Linked(name) => write!(f, "the library `lib{name}`"),
        }
    }
}

/// `fatal error: x.h: No such file or directory` (gcc), `fatal error: 'x.h' file not found` (clang).
fn missing_header(log: &str) -> Option<Library<'_>> {
    log.lines().find_map(|line| {
        let (_, rest) = line.split_once("fatal error: ")?;
        let gcc = rest.split_once(": No such file or directory").map(|(path, _)| path);
        let clang = || rest.strip_prefix('\'')?.split_once("' file not found").map(|(path, _)| path);
        gcc.or_else(clang).map(Library::Header)
    })
}

/// `cannot find -lx` (GNU ld), `library not found for -lx` (macOS).
fn missing_library(log: &str) -> Option<Library<'_>> {
    let markers = ["cannot find -l", "library not found for -l", "unable to find library -l"];
    let rest = markers.iter().find_map(|marker| log.split_once(marker).map(|(_, rest)| rest))?;
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"_-+.".contains(c)).unwrap_or(rest.len());
    Some(Library::Linked(&rest[..end]))
}

/// A module that the build needed and nobody declared.
fn python_module(log: &str) -> Option<Advice> {
    let (_, rest) = log.rsplit_once("ModuleNotFoundError: No module named '")?;
    let module = rest.split('\'').next()?.split('.').next()?;
    let hint = match module {
        "distutils" | "imp" | "asynchat" | "asyncore" | "smtpd" => {
            format!("it uses `{module}`, which newer Pythons do not have: try a newer version of it, or --python 3.11")
        }
        "pkg_resources" => {
            "it uses `pkg_resources`, which newer versions of setuptools do not have: try a newer version of it"
                .to_owned()
        }
        _ => format!(
            "its build uses the module `{module}` and does not declare that: try another version, or tell its authors"
        ),
    };
    Some(Advice { missing: format!("the module `{module}`"), hint, command: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(log: &str) -> String {
        diagnose_on(log, "3.11.2", Manager::Apt).unwrap().missing
    }

    fn command(log: &str, manager: Manager) -> String {
        diagnose_on(log, "3.11.2", manager).unwrap().command.join(" ")
    }

    #[test]
    fn recognises_headers_and_libraries() {
        let python = "src/x.c:1:10: fatal error: Python.h: No such file or directory\ncompilation terminated.";
        assert_eq!(command(python, Manager::Apt), "apt-get install -y python3.11-dev");
        assert_eq!(command(python, Manager::Dnf), "dnf install -y python3-devel");
        let header = "psycopg/psycopg.h:35:10: fatal error: libpq-fe.h: No such file or directory";
        assert_eq!(command(header, Manager::Apt), "apt-get install -y libpq-dev");
        assert_eq!(command(header, Manager::Apk), "apk add libpq-dev");
        let clang = "x.c:3:10: fatal error: 'openssl/ssl.h' file not found";
        assert_eq!(command(clang, Manager::Brew), "brew install openssl");
        assert_eq!(
            command("/usr/bin/ld: cannot find -lz: No such file", Manager::Apt),
            "apt-get install -y zlib1g-dev"
        );
        assert_eq!(
            missing("x.c:3: fatal error: acme/rocket.h: No such file or directory"),
            "the header `acme/rocket.h`"
        );
        assert_eq!(command("x.c:3: fatal error: acme.h: No such file or directory", Manager::Apt), "");
    }

    #[test]
    fn recognises_tools() {
        for (log, tool) in [
            ("error: command 'gcc' failed: No such file or directory", "a C compiler"),
            ("error: command '/usr/bin/x86_64-linux-gnu-gcc' failed: No such file or directory", "a C compiler"),
            ("../meson.build:1:0: ERROR: Unknown compiler(s): [['cc'], ['gcc']]", "a C compiler"),
            ("../meson.build:1:0: ERROR: Unknown compiler(s): [['gfortran'], ['flang']]", "a Fortran compiler"),
            ("Cargo, the Rust package manager, is not installed or is not on PATH.", "Rust"),
            ("error: can't find Rust compiler", "Rust"),
            ("RuntimeError: CMake must be installed to build the following extensions: x", "CMake"),
            ("FileNotFoundError: [Errno 2] No such file or directory: 'cmake'", "CMake"),
            ("Error: pg_config executable not found.", "the PostgreSQL client library"),
            ("ModuleNotFoundError: No module named 'distutils'", "the module `distutils`"),
            ("ModuleNotFoundError: No module named 'numpy.core'", "the module `numpy`"),
        ] {
            assert_eq!(missing(log), tool, "{log}");
        }
        assert_eq!(diagnose_on("SyntaxError: invalid syntax", "3.11.2", Manager::Apt), None);
    }

    #[test]
    fn tells_more_names_where_the_system_is_unknown() {
        let advice =
            diagnose_on("x: fatal error: ffi.h: No such file or directory", "3.11.2", Manager::Unknown).unwrap();
        assert!(
            advice.command.is_empty() && advice.hint.contains("libffi-dev") && advice.hint.contains("libffi-devel")
        );
    }
}
