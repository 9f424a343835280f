//! The command line, as far as it is understood here.

use std::ffi::OsString;

pub struct Options {
    pub command: Command,
    pub json: bool,
    pub quiet: bool,
    /// Progress is not to be shown.
    pub no_progress: bool,
    pub offline: bool,
    pub python: Option<String>,
    pub index_url: Option<String>,
    pub cache_dir: Option<String>,
    pub link_mode: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Command {
    Lock,
    Install,
}

impl Options {
    /// `None` for whatever else the CLI understands, and for what it does not.
    pub fn read(args: &[OsString]) -> Option<Self> {
        let mut command = None;
        let mut options = Self {
            command: Command::Lock,
            json: false,
            quiet: false,
            no_progress: false,
            offline: false,
            python: None,
            index_url: None,
            cache_dir: None,
            link_mode: None,
        };
        let mut words = args.iter().map(|arg| arg.to_str());
        while let Some(word) = words.next() {
            let word = word?;
            let (name, attached) = match word.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name, Some(value)),
                _ => (word, None),
            };
            let is_flag = attached.is_none();
            let mut value = || {
                let value = attached.or_else(|| words.next().flatten());
                value.filter(|value| !value.is_empty() && !value.starts_with('-'))
            };
            match name {
                "lock" if is_flag && command.is_none() => command = Some(Command::Lock),
                "install" if is_flag && command.is_none() => command = Some(Command::Install),
                "-q" | "--quiet" if is_flag => options.quiet = true,
                "--offline" if is_flag => options.offline = true,
                "--no-progress" if is_flag => options.no_progress = true,
                "--format" => match value()? {
                    "json" => options.json = true,
                    "text" => options.json = false,
                    _ => return None,
                },
                "--python" | "-p" => options.python = Some(value()?.to_owned()),
                "--index-url" => options.index_url = Some(value()?.to_owned()),
                "--cache-dir" => options.cache_dir = Some(value()?.to_owned()),
                "--link-mode" => options.link_mode = Some(value()?.to_owned()),
                _ => return None,
            }
        }
        options.command = command?;
        // `lock` has no such option.
        if options.link_mode.is_some() && options.command == Command::Lock {
            return None;
        }
        Some(options)
    }

    /// Something typed decided that no stamp speaks of.
    pub fn is_steered(&self) -> bool {
        self.python.is_some() || self.index_url.is_some() || self.cache_dir.is_some() || self.link_mode.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<Options> {
        Options::read(&line.split_whitespace().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn common_options_stand_anywhere() {
        let options = read("--offline lock --format=json -q").unwrap();
        assert!(options.command == Command::Lock && options.offline && options.json && options.quiet);
        let options = read("install --python 3.12 --cache-dir=/c").unwrap();
        assert!(options.command == Command::Install && options.is_steered());
        assert!(read("install --link-mode tree").unwrap().is_steered());
        assert_eq!((options.python.as_deref(), options.cache_dir.as_deref()), (Some("3.12"), Some("/c")));
    }

    #[test]
    fn everything_else_is_the_clis() {
        for line in [
            "",
            "--offline",
            "add x",
            "lock --check",
            "lock file",
            "lock install",
            "install -r a.txt",
            "install --format",
            "install --format=yaml",
            "install --cache-dir=",
            "lock --offline=1",
            "lock --python --offline",
            "lock --help",
            "lock --",
            "lock --link-mode=tree",
        ] {
            assert!(read(line).is_none(), "{line}");
        }
    }
}
