//! When the bytecode of an environment is made: while the command waits, by a process of its own, or never.

use pybun_install::{Late, LinkMode, Store};
use pybun_python::Environment;
use pybun_supply::layout_of;
use std::path::Path;
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
    /// A program starts in it next.
    pub starts_program: bool,
}

/// Starts a process that completes the environment's bytecode. What the store has is linked before, when a program starts
/// next. Whatever goes wrong, the environment is as good as it was.
pub fn complete_later(engine: &Path, after: &Afterwards<'_>) {
    // A plain directory is to be carried elsewhere, and whole when the command ends.
    if after.environment.purelib == after.environment.root {
        return;
    }
    if after.starts_program {
        let (store, layout) = (Store::open(after.cache_dir), layout_of(after.environment));
        let _ = pybun_install::link_bytecode(&Late { store: &store, layout: &layout, link: after.link });
    }
    let mut command = Command::new(engine);
    command.arg(VERB);
    // That process is to be no child of this one, which becomes a program of the user's that may wait for all of its own:
    // it starts another one and ends.
    let apart = after.starts_program;
    if apart {
        command.arg(APART);
    }
    command.arg(after.link.as_str()).arg(after.cache_dir).arg(&after.environment.root);
    detach(&mut command);
    let _ = if apart { command.status().map(drop) } else { command.spawn().map(drop) };
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
}
