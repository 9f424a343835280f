use std::ffi::{OsStr, OsString};

use pybun_stamp::ToolRequest;

/// What a command line asks for, as far as the launcher may answer it.
#[derive(Debug, PartialEq, Eq)]
pub enum Route {
    Version,
    Install(Plain),
    Lock(Plain),
    /// The target and the arguments behind it, which belong to the program.
    Run(Target, Vec<OsString>),
    Tool(ToolRequest, Vec<OsString>),
    Cli,
}

/// A command without arguments of its own.
#[derive(Debug, PartialEq, Eq)]
pub struct Plain {
    pub json: bool,
    pub quiet: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Target {
    /// `-m name`, `-c code` or `-`: arguments for Python.
    Python(Vec<OsString>),
    /// A file or a console script, as typed.
    Named(OsString),
}

/// Reads the command line, without the program's own name. Every option it does not know leads to the CLI.
pub fn route(args: &[OsString]) -> Route {
    let Some((command, rest)) = args.split_first() else { return Route::Cli };
    let route = match command.to_str() {
        Some("--version" | "-V" | "version") if rest.is_empty() => Some(Route::Version),
        Some("install") => plain_command(rest).map(Route::Install),
        Some("lock") => plain_command(rest).map(Route::Lock),
        Some("run") => run(rest),
        Some("x") => tool(rest),
        _ => None,
    };
    route.unwrap_or(Route::Cli)
}

fn plain_command(mut args: &[OsString]) -> Option<Plain> {
    let mut plain = Plain { json: false, quiet: false };
    while let Some(option) = Words::next(&mut args)? {
        match option {
            Word::Quiet => plain.quiet = true,
            Word::Format(json) => plain.json = json,
            Word::Option(..) | Word::Other(_) => return None,
        }
    }
    Some(plain)
}

fn run(mut args: &[OsString]) -> Option<Route> {
    loop {
        let target = match Words::next(&mut args)?? {
            Word::Quiet | Word::Format(false) => continue,
            Word::Format(true) | Word::Option(..) => return None,
            Word::Other(word) => word,
        };
        return match target.to_str() {
            Some("--") => {
                let (target, rest) = args.split_first()?;
                Some(Route::Run(named(target)?, rest.to_vec()))
            }
            Some(option @ ("-m" | "-c")) => {
                let (value, rest) = args.split_first()?;
                Some(Route::Run(Target::Python(vec![option.into(), value.clone()]), rest.to_vec()))
            }
            Some("-") => Some(Route::Run(Target::Python(vec!["-".into()]), args.to_vec())),
            _ => Some(Route::Run(named(target)?, args.to_vec())),
        };
    }
}

fn tool(mut args: &[OsString]) -> Option<Route> {
    let mut request = ToolRequest::default();
    loop {
        match Words::next(&mut args)?? {
            Word::Quiet | Word::Format(false) => {}
            Word::Format(true) => return None,
            Word::Option("--from", value) => request.from = Some(value),
            Word::Option("--with", value) => request.with.push(value),
            Word::Option("--python", value) => request.python = Some(value),
            Word::Option("--index-url", value) => request.index_url = Some(value),
            Word::Option("--extra-index-url", value) => request.extra_index_urls.push(value),
            Word::Option(..) => return None,
            Word::Other(word) => {
                let command = if word == "--" { Words::take(&mut args)? } else { word };
                request.command = plain(command)?.to_owned();
                // As the CLI does: one `--` in front of the tool's own arguments is ours.
                let rest = args.strip_prefix(&[OsString::from("--")]).unwrap_or(args);
                return Some(Route::Tool(request, rest.to_vec()));
            }
        }
    }
}

fn named(word: &OsStr) -> Option<Target> {
    plain(word).map(|_| Target::Named(word.to_owned()))
}

/// The word as text, unless it is empty or an option.
fn plain(word: &OsStr) -> Option<&str> {
    word.to_str().filter(|text| !text.is_empty() && !text.starts_with('-'))
}

enum Word<'a> {
    Quiet,
    /// True for JSON.
    Format(bool),
    Option(&'static str, String),
    Other(&'a OsStr),
}

/// Options of which the launcher knows that, and how, they take a value.
const VALUED: [&str; 6] = ["--format", "--from", "--with", "--python", "--index-url", "--extra-index-url"];

struct Words;

impl Words {
    /// The next word; `Some(None)` at the end, `None` for what only the CLI understands.
    fn next<'a>(args: &mut &'a [OsString]) -> Option<Option<Word<'a>>> {
        let Some((word, rest)) = args.split_first() else { return Some(None) };
        *args = rest;
        let Some(text) = word.to_str() else { return Some(Some(Word::Other(word))) };
        if matches!(text, "--quiet" | "-q") {
            return Some(Some(Word::Quiet));
        }
        let (name, attached) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (text, None),
        };
        let Some(name) = VALUED.into_iter().find(|known| *known == name) else {
            return Some(Some(Word::Other(word)));
        };
        let value = match attached {
            Some(value) => value,
            None => Words::take(args)?.to_str()?,
        };
        Some(Some(match (name, value) {
            ("--format", "json") => Word::Format(true),
            ("--format", "text") => Word::Format(false),
            ("--format", _) => return None,
            _ => Word::Option(name, value.to_owned()),
        }))
    }

    fn take<'a>(args: &mut &'a [OsString]) -> Option<&'a OsStr> {
        let (word, rest) = args.split_first()?;
        *args = rest;
        Some(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Route {
        route(&words(line))
    }

    fn words(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
    }

    fn run(target: Target, rest: &str) -> Route {
        Route::Run(target, words(rest))
    }

    #[test]
    fn version_alone() {
        for line in ["--version", "-V", "version"] {
            assert_eq!(of(line), Route::Version);
        }
        assert_eq!(of("--version --format=json"), Route::Cli);
    }

    #[test]
    fn install_and_lock_without_arguments() {
        assert_eq!(of("lock --format=json"), Route::Lock(Plain { json: true, quiet: false }));
        assert_eq!(of("install"), Route::Install(Plain { json: false, quiet: false }));
        assert_eq!(of("install -q --format json"), Route::Install(Plain { json: true, quiet: true }));
        assert_eq!(of("install --format=text"), Route::Install(Plain { json: false, quiet: false }));
        for line in [
            "install flask",
            "lock --check",
            "install --verify",
            "install --format",
            "install --format=yaml",
            "install --from a",
        ] {
            assert_eq!(of(line), Route::Cli, "{line}");
        }
    }

    #[test]
    fn run_gives_what_follows_to_the_program() {
        let named = |name: &str| Target::Named(name.into());
        assert_eq!(of("run a.py --format=json -q"), run(named("a.py"), "--format=json -q"));
        assert_eq!(of("run -q -- a.py -- x"), run(named("a.py"), "-- x"));
        assert_eq!(of("run -m http.server 80"), run(Target::Python(words("-m http.server")), "80"));
        assert_eq!(of("run -c pass x"), run(Target::Python(words("-c pass")), "x"));
        assert_eq!(of("run - x"), run(Target::Python(words("-")), "x"));
        for line in
            ["run", "run --", "run -m", "run --format=json a.py", "run --python 3.12 a.py", "run -u a.py", "run -- -x"]
        {
            assert_eq!(of(line), Route::Cli, "{line}");
        }
    }

    #[test]
    fn tools_by_request() {
        let request = ToolRequest {
            command: "http".into(),
            from: Some("httpie".into()),
            with: vec!["a".into(), "b".into()],
            ..ToolRequest::default()
        };
        assert_eq!(of("x --from httpie --with=a --with b http --with c"), Route::Tool(request, words("--with c")));
        let ruff = ToolRequest { command: "ruff".into(), ..ToolRequest::default() };
        assert_eq!(of("x -- ruff check ."), Route::Tool(ruff.clone(), words("check .")));
        assert_eq!(of("x ruff -- check -- ."), Route::Tool(ruff, words("check -- .")));
        for line in ["x", "x --from", "x --from a", "x --offline ruff", "x --format=json ruff", "x --"] {
            assert_eq!(of(line), Route::Cli, "{line}");
        }
    }

    #[test]
    fn everything_else_is_the_clis() {
        for line in ["", "add flask", "--quiet install", "--help", "run2"] {
            assert_eq!(of(line), Route::Cli, "{line}");
        }
    }
}
