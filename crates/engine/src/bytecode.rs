//! When the bytecode of an environment is made: while the command waits, by a process of its own, or never.

use pybun_install::{Late, LinkMode, Program, ProgramKind, Store};
use pybun_python::Environment;
use pybun_supply::layout_of;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What the program of this crate is asked for by those who do not wait.
pub const VERB: &str = "bytecode";
/// By another process that it starts.
pub const APART: &str = "--apart";

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compile {
    Never,
    #[default]
    Background,
    /// As a part of the installation.
    Always,
}

impl std::str::FromStr for Compile {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Ok(match text.to_ascii_lowercase().as_str() {
            "never" | "0" | "false" | "no" | "off" => Self::Never,
            "background" => Self::Background,
            "always" | "1" | "true" | "yes" | "on" => Self::Always,
            _ => return Err(()),
        })
    }
}

impl Compile {
    /// Whoever forbids Python to write bytecode wants none of ours either. A machine that runs one job and is thrown away
    /// gains nothing from what comes after its commands.
    pub fn here<'a>(self, variable: impl Fn(&str) -> Option<&'a str>) -> Self {
        let is_set = |name| variable(name).is_some_and(|value| !value.is_empty());
        let in_ci = || is_set("CI") && !matches!(variable("CI"), Some("0" | "false"));
        match self {
            _ if is_set("PYTHONDONTWRITEBYTECODE") => Self::Never,
            Self::Background if in_ci() => Self::Never,
            other => other,
        }
    }
}

/// What is to become of an environment that an installation has just changed.
pub struct Afterwards<'a> {
    pub environment: &'a Environment,
    pub cache_dir: &'a Path,
    pub link: LinkMode,
}

impl Afterwards<'_> {
    /// Starts a process that completes the environment's bytecode. Whatever goes wrong, the environment is as good as it
    /// was.
    pub fn complete_later(&self, engine: &Path) {
        if !self.is_plain() {
            let _ = self.command(engine, None).spawn();
        }
    }

    /// The same when a program starts next, with what the store has linked before, and beginning with what the program is
    /// to import.
    pub fn complete_beside(&self, engine: &Path, program: Option<&Program>) {
        if self.is_plain() {
            return;
        }
        let (store, layout) = (Store::open(self.cache_dir), layout_of(self.environment));
        let _ = pybun_install::link_bytecode(&Late { store: &store, layout: &layout, link: self.link });
        // That process is to be no child of this one, which becomes a program of the user's that may wait for all of its
        // own: it starts another one and ends.
        let mut command = self.command(engine, Some(APART));
        if let Some(Program { kind, value, directory }) = program {
            command.arg(kind.as_str()).arg(value).arg(directory);
        }
        let _ = command.status();
    }

    /// A plain directory is to be carried elsewhere, and whole when the command ends.
    fn is_plain(&self) -> bool {
        self.environment.purelib == self.environment.root
    }

    fn command(&self, engine: &Path, option: Option<&str>) -> Command {
        let mut command = Command::new(engine);
        command.arg(VERB).args(option);
        command.arg(self.link.as_str()).arg(self.cache_dir).arg(&self.environment.root);
        detach(&mut command);
        command
    }
}

/// More than fits in an argument of another process is compiled by nobody but the program.
const MAX_CODE: usize = 64 << 10;

/// What an interpreter of the environment will run, when that is what `program` is or what its first line says.
pub fn program_of(program: &Path, args: &[String], cwd: &Path) -> Option<Program> {
    let name = program.file_name()?.to_str()?;
    let file = |path: PathBuf| {
        let directory = if path.is_dir() { path.clone() } else { path.parent()?.to_owned() };
        Some(Program { kind: ProgramKind::File, value: path.into(), directory })
    };
    if !name.starts_with("python") {
        return file(cwd.join(program));
    }
    let mut args = args.iter().map(String::as_str);
    let asked = |kind, value: &str| Some(Program { kind, value: value.into(), directory: cwd.to_owned() });
    loop {
        match args.next()? {
            "-m" => return asked(ProgramKind::Module, args.next()?),
            "-c" => return asked(ProgramKind::Code, args.next().filter(|code| code.len() <= MAX_CODE)?),
            "-X" | "-W" => drop(args.next()),
            "-" => return None,
            option if option.starts_with('-') => {}
            path => return file(cwd.join(path)),
        }
    }
}

/// It keeps no terminal, no directory and no pipe, and what ends this command does not end it.
pub fn detach(command: &mut Command) {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0).current_dir("/");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(asked: &str, variables: &[(&str, &'static str)], expected: Compile) {
        let variable = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        assert_eq!(asked.parse::<Compile>().unwrap().here(variable), expected, "{asked} with {variables:?}");
    }

    #[test]
    fn the_surroundings_have_a_say() {
        check("background", &[], Compile::Background);
        check("background", &[("CI", "true")], Compile::Never);
        check("background", &[("CI", "")], Compile::Background);
        check("background", &[("CI", "false")], Compile::Background);
        check("1", &[("CI", "true")], Compile::Always);
        check("always", &[("PYTHONDONTWRITEBYTECODE", "1")], Compile::Never);
        check("background", &[("PYTHONDONTWRITEBYTECODE", "x")], Compile::Never);
        check("Off", &[], Compile::Never);
        assert!("sometimes".parse::<Compile>().is_err());
    }

    #[track_caller]
    fn check_program(command: &[&str], expected: Option<(ProgramKind, &str, &str)>) {
        let args: Vec<String> = command[1..].iter().map(ToString::to_string).collect();
        let found = program_of(Path::new(command[0]), &args, Path::new("/here"));
        let expected =
            expected.map(|(kind, value, directory)| Program { kind, value: value.into(), directory: directory.into() });
        assert_eq!(found, expected, "{command:?}");
    }

    #[test]
    fn programs_of_command_lines() {
        use ProgramKind::{Code, File, Module};
        check_program(&["/env/bin/python", "a/b.py", "-c", "x"], Some((File, "/here/a/b.py", "/here/a")));
        check_program(&["/env/bin/python3", "-X", "dev", "-I", "-m", "x.y", "z"], Some((Module, "x.y", "/here")));
        check_program(&["/env/bin/python", "-c", "import x"], Some((Code, "import x", "/here")));
        check_program(&["/env/bin/black", "a.py"], Some((File, "/env/bin/black", "/env/bin")));
        check_program(&["/env/bin/python"], None);
        check_program(&["/env/bin/python", "-", "a.py"], None);
        check_program(&["/env/bin/python", "-m"], None);
        check_program(&["/env/bin/python", "-c", &"x".repeat(MAX_CODE + 1)], None);
    }
}
