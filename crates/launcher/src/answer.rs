use std::ffi::{OsStr, OsString};
use std::io::{Write, stderr, stdout};
use std::process::ExitCode;

use pybun_stamp::Settled;

use crate::VERSION;
use crate::route::Plain;

/// A problem that the launcher itself must tell, because the CLI cannot be started.
pub struct Problem {
    pub code: &'static str,
    pub message: String,
    pub hint: &'static str,
}

pub fn version() -> ExitCode {
    print(&format!("pybun {VERSION}\n"))
}

/// The answer of a command that has nothing to do, in the format that was asked for.
pub fn settled(command: &str, asked: &Plain, settled: &Settled) -> ExitCode {
    match (asked.json, asked.quiet) {
        (true, _) => print(&envelope(command, 0, &settled.result, "")),
        (false, true) => ExitCode::SUCCESS,
        (false, false) => print(&settled.text),
    }
}

/// Tells the problem as the CLI would, by the format that `args` ask for; exit code 1.
pub fn problem(args: &[OsString], problem: &Problem) -> ExitCode {
    let Problem { code, message, hint } = problem;
    if asks_for_json(args) {
        let command = args.iter().filter_map(|arg| arg.to_str()).find(|arg| !arg.starts_with('-')).unwrap_or_default();
        let step = code.split('/').next().unwrap_or_default();
        let diagnostic = format!(
            r#"{{"level":"error","code":{},"error_type":{},"message":{},"hint":{}}}"#,
            json(code),
            json(step),
            json(message),
            json(hint)
        );
        print(&envelope(command, 1, "null", &diagnostic));
    } else {
        // A closed stderr leaves nobody to tell.
        let _ = stderr().write_all(format!("error: {message} [{code}]\n  hint: {hint}\n").as_bytes());
    }
    ExitCode::from(1)
}

/// Options behind a `--` or behind the target of `run` and `x` are the program's, but asking for JSON there as well
/// costs a reader nothing.
fn asks_for_json(args: &[OsString]) -> bool {
    let own = args.split(|arg| arg == "--").next().unwrap_or_default();
    own.iter().any(|arg| arg == "--format=json")
        || own.windows(2).any(|pair| pair == [OsStr::new("--format"), OsStr::new("json")])
}

fn envelope(command: &str, exit_code: u8, result: &str, diagnostic: &str) -> String {
    let status = if exit_code == 0 { "ok" } else { "error" };
    format!(
        concat!(
            r#"{{"version":1,"command":{},"status":"{}","exit_code":{},"duration_ms":0,"#,
            r#""result":{},"events":[],"diagnostics":[{}]}}"#,
            "\n"
        ),
        json(command),
        status,
        exit_code,
        result,
        diagnostic
    )
}

fn json(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for char in text.chars() {
        match char {
            '"' | '\\' => quoted.extend(['\\', char]),
            '\0'..='\x1f' => quoted.push_str(&format!("\\u{:04x}", u32::from(char))),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// A reader that has gone away is no failure of ours.
fn print(text: &str) -> ExitCode {
    let mut out = stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    ExitCode::SUCCESS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
    }

    #[test]
    fn json_is_asked_for_before_the_separator() {
        assert!(asks_for_json(&words("add flask --format=json")));
        assert!(asks_for_json(&words("--format json add")));
        assert!(!asks_for_json(&words("run -- a.py --format=json")));
        assert!(!asks_for_json(&words("add --format text")));
    }

    #[test]
    fn text_is_quoted_as_json() {
        assert_eq!(json("a\"b\\c\n\u{e9}"), "\"a\\\"b\\\\c\\u000a\u{e9}\"");
    }
}
