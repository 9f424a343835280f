use std::fmt::Write;
use std::str::{FromStr, Lines};

use thiserror::Error;

use crate::{Command, Fact, Kind, Settled, Stamp};

/// A larger file is not a stamp.
pub const MAX_BYTES: usize = 256 << 10;

const FORMAT: &str = "2";
const MAX_LINES: usize = 512;

/// Why a text is not a stamp of this format.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum BadStamp {
    #[error("longer than {MAX_BYTES} bytes or {MAX_LINES} lines")]
    TooLong,
    #[error("not the text of a stamp")]
    NotAStamp,
    #[error("a stamp of format {0}")]
    OtherFormat(String),
    #[error("cut off or altered")]
    Damaged,
    #[error("no `{0}` line")]
    Missing(&'static str),
    #[error("line {0} is not understood")]
    BadLine(usize),
}

impl Stamp {
    /// The text form: one fact a line, `end` with a checksum last, so that a part of it is never taken for the whole.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        let mut line = |name: &str, value: &str| {
            writeln!(text, "{name} {}", escape(value)).expect("writing to a String does not fail");
        };
        line("pybun-stamp", &format!("{FORMAT} {}", self.version));
        line("kind", self.kind.name());
        line("subject", &self.subject);
        self.configured_by.iter().for_each(|root| line("configured-by", root));
        line("env", &self.env);
        self.expires.iter().for_each(|expires| line("expires", &expires.to_string()));
        line("self", &self.inode.to_string());
        let own = [("user-", "", &self.user_config)];
        let facts = self.facts.iter().map(|(path, fact)| ("", path.as_str(), fact));
        for (whose, path, fact) in own.into_iter().chain(facts) {
            match fact {
                Fact::Absent => line(&format!("{whose}absent"), path),
                Fact::File { size, mtime_ns, inode } => {
                    line(&format!("{whose}file"), &format!("{size} {mtime_ns} {inode} {path}"));
                }
                Fact::Directory { mtime_ns, inode } => {
                    line(&format!("{whose}directory"), &format!("{mtime_ns} {inode} {path}"));
                }
            }
        }
        line("program", &self.command.program);
        self.command.args.iter().for_each(|arg| line("argument", arg));
        self.command.set.iter().for_each(|(name, value)| line("set", &format!("{name}={value}")));
        self.command.unset.iter().for_each(|name| line("unset", name));
        self.command.path_prefix.iter().for_each(|directory| line("path-prefix", directory));
        if let Some(settled) = &self.settled {
            line("settled-text", &settled.text);
            line("settled-result", &settled.result);
        }
        if let Some(locked) = &self.locked {
            line("locked-text", &locked.text);
            line("locked-result", &locked.result);
        }
        let end = checksum(&text);
        text + "end " + &end + "\n"
    }
}

/// Reads a stamp's text back. Whatever the bytes are, this ends quickly with a value or an error.
pub fn parse(bytes: &[u8]) -> Result<Stamp, BadStamp> {
    if bytes.len() > MAX_BYTES {
        return Err(BadStamp::TooLong);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| BadStamp::NotAStamp)?;
    let head = text.strip_prefix("pybun-stamp ").ok_or(BadStamp::NotAStamp)?.lines().next().unwrap_or_default();
    let (format, version) = head.split_once(' ').ok_or(BadStamp::Damaged)?;
    if format != FORMAT {
        return Err(BadStamp::OtherFormat(format.chars().take(16).collect()));
    }
    let (body, end) = text.rsplit_once("\nend ").ok_or(BadStamp::Damaged)?;
    let body = &text[..body.len() + 1];
    if end.strip_suffix('\n') != Some(checksum(body).as_str()) {
        return Err(BadStamp::Damaged);
    }
    if body.lines().count() > MAX_LINES {
        return Err(BadStamp::TooLong);
    }
    read_body(unescape(version).ok_or(BadStamp::BadLine(1))?, body.lines())
}

#[derive(Default)]
struct Parts {
    kind: Option<String>,
    subject: Option<String>,
    configured_by: Option<String>,
    env: Option<String>,
    expires: Option<String>,
    program: Option<String>,
    path_prefix: Option<String>,
    settled_text: Option<String>,
    settled_result: Option<String>,
    locked_text: Option<String>,
    locked_result: Option<String>,
    facts: Vec<(String, Fact)>,
    user_config: Option<Fact>,
    inode: Option<String>,
    command: Command,
}

fn read_body(version: String, lines: Lines) -> Result<Stamp, BadStamp> {
    let mut parts = Parts::default();
    for (index, line) in lines.enumerate().skip(1) {
        read_line(&mut parts, line).ok_or(BadStamp::BadLine(index + 1))?;
    }
    let kind = parts.kind.ok_or(BadStamp::Missing("kind"))?;
    let expires = parts.expires.map(|text| text.parse().map_err(|_| BadStamp::Missing("expires"))).transpose()?;
    let program = parts.program.ok_or(BadStamp::Missing("program"))?;
    let inode = parts.inode.and_then(|text| text.parse().ok()).ok_or(BadStamp::Missing("self"))?;
    Ok(Stamp {
        version,
        kind: Kind::from_name(&kind).ok_or(BadStamp::Missing("kind"))?,
        subject: parts.subject.ok_or(BadStamp::Missing("subject"))?,
        configured_by: parts.configured_by,
        env: parts.env.ok_or(BadStamp::Missing("env"))?,
        expires,
        facts: parts.facts,
        user_config: parts.user_config.ok_or(BadStamp::Missing("user"))?,
        inode,
        command: Command { program, path_prefix: parts.path_prefix, ..parts.command },
        settled: both(parts.settled_text, parts.settled_result, "settled")?,
        locked: both(parts.locked_text, parts.locked_result, "locked")?,
    })
}

/// An answer is its text and its result, or not there at all.
fn both(text: Option<String>, result: Option<String>, what: &'static str) -> Result<Option<Settled>, BadStamp> {
    match (text, result) {
        (Some(text), Some(result)) => Ok(Some(Settled { text, result })),
        (None, None) => Ok(None),
        (Some(_), None) | (None, Some(_)) => Err(BadStamp::Missing(what)),
    }
}

fn read_line(parts: &mut Parts, line: &str) -> Option<()> {
    let (name, value) = line.split_once(' ')?;
    let value = unescape(value)?;
    match name {
        "kind" => once(&mut parts.kind, value),
        "subject" => once(&mut parts.subject, value),
        "configured-by" => once(&mut parts.configured_by, value),
        "env" => once(&mut parts.env, value),
        "expires" => once(&mut parts.expires, value),
        "program" => once(&mut parts.program, value),
        "path-prefix" => once(&mut parts.path_prefix, value),
        "settled-text" => once(&mut parts.settled_text, value),
        "settled-result" => once(&mut parts.settled_result, value),
        "locked-text" => once(&mut parts.locked_text, value),
        "locked-result" => once(&mut parts.locked_result, value),
        "self" => once(&mut parts.inode, value),
        "absent" | "file" | "directory" => {
            let (path, fact) = read_fact(name, &value)?;
            push(&mut parts.facts, (path.to_owned(), fact))
        }
        "user-absent" | "user-file" | "user-directory" => {
            let (_, fact) = read_fact(name.strip_prefix("user-")?, &value)?;
            once(&mut parts.user_config, fact)
        }
        "argument" => push(&mut parts.command.args, value),
        "set" => {
            let (name, value) = value.split_once('=').filter(|(name, _)| !name.is_empty())?;
            push(&mut parts.command.set, (name.to_owned(), value.to_owned()))
        }
        "unset" => push(&mut parts.command.unset, Some(value).filter(|name| !name.is_empty() && !name.contains('='))?),
        _ => None,
    }
}

/// A path, and what was seen there.
fn read_fact<'v>(kind: &str, value: &'v str) -> Option<(&'v str, Fact)> {
    match kind {
        "absent" => Some((value, Fact::Absent)),
        "file" => {
            let (size, rest) = number(value)?;
            let (mtime_ns, rest) = number(rest)?;
            let (inode, path) = number(rest)?;
            Some((path, Fact::File { size, mtime_ns, inode }))
        }
        "directory" => {
            let (mtime_ns, rest) = number(value)?;
            let (inode, path) = number(rest)?;
            Some((path, Fact::Directory { mtime_ns, inode }))
        }
        _ => None,
    }
}

fn once<T>(slot: &mut Option<T>, value: T) -> Option<()> {
    match slot.replace(value) {
        None => Some(()),
        Some(_) => None,
    }
}

fn push<T>(list: &mut Vec<T>, value: T) -> Option<()> {
    list.push(value);
    Some(())
}

fn number<N: FromStr>(text: &str) -> Option<(N, &str)> {
    let (number, rest) = text.split_once(' ')?;
    Some((number.parse().ok()?, rest))
}

fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r")
}

/// None for an escape that `escape` does not write and for NUL, which no path, argument or variable can hold.
fn unescape(value: &str) -> Option<String> {
    let mut text = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(char) = chars.next() {
        match char {
            '\\' => text.push(match chars.next()? {
                '\\' => '\\',
                'n' => '\n',
                'r' => '\r',
                _ => return None,
            }),
            '\0' | '\r' => return None,
            other => text.push(other),
        }
    }
    Some(text)
}

/// `body` with the line that says it is whole.
#[cfg(any(test, feature = "fuzz"))]
pub(crate) fn sealed(body: &str) -> String {
    let body = body.trim_end_matches('\n').to_owned() + "\n";
    let end = checksum(&body);
    body + "end " + &end + "\n"
}

fn checksum(body: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(body.as_bytes());
    crate::key::short(&hasher)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::*;

    use super::*;

    prop_compose! {
        fn fact()(which in 0..3, size: u64, mtime_ns: i64, inode: u64) -> Fact {
            match which {
                0 => Fact::Absent,
                1 => Fact::File { size, mtime_ns, inode },
                _ => Fact::Directory { mtime_ns, inode },
            }
        }
    }

    prop_compose! {
        fn command()(
            program in "[^\0]{0,30}",
            args in vec("[^\0]{0,20}", 0..4),
            set in vec(("[A-Z_]{1,8}", "[^\0]{0,20}"), 0..4),
            unset in vec("[A-Z_]{1,8}", 0..3),
            path_prefix in option::of("[^\0]{0,20}"),
        ) -> Command {
            Command { program, args, set, unset, path_prefix }
        }
    }

    prop_compose! {
        fn stamp()(
            version in "[0-9a-z.]{1,10}",
            kind in prop_oneof![Just(Kind::Project), Just(Kind::Script), Just(Kind::Tool)],
            subject in "[^\0]{0,30}",
            configured_by in option::of("[^\0]{0,30}"),
            env in "[0-9a-f]{32}",
            expires: Option<u64>,
            facts in vec(("[^\0]{0,30}", fact()), 0..8),
            user_config in fact(),
            inode: u64,
            command in command(),
            settled in option::of(("[^\0]{0,60}", "[^\0]{0,60}")),
            locked in option::of(("[^\0]{0,60}", "[^\0]{0,60}")),
        ) -> Stamp {
            let answer = |(text, result)| Settled { text, result };
            let (settled, locked) = (settled.map(answer), locked.map(answer));
            Stamp { version, kind, subject, configured_by, env, expires, facts, user_config, inode, command, settled, locked }
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(stamp in stamp()) {
            prop_assert_eq!(parse(stamp.to_text().as_bytes()), Ok(stamp));
        }

        #[test]
        fn a_part_is_never_the_whole(stamp in stamp(), cut in 0.0..1.0) {
            let text = stamp.to_text();
            let at = (text.len() as f64 * cut) as usize;
            prop_assert!(parse(&text.as_bytes()[..at]).is_err());
        }

        #[test]
        fn an_altered_byte_is_noticed(stamp in stamp(), at: prop::sample::Index, flip in 1u8..) {
            let mut bytes = stamp.to_text().into_bytes();
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            prop_assert!(parse(&bytes).is_err());
        }

        #[test]
        fn any_bytes_end_in_an_answer(bytes in vec(any::<u8>(), 0..400)) {
            prop_assert!(parse(&bytes).is_err());
        }

        /// With a right checksum the lines themselves are reached.
        #[test]
        fn any_lines_end_in_an_answer(lines in vec("(kind|file|directory|absent|set|unset|expires|x)? ?[ -~\0\\\\é]{0,20}", 0..12)) {
            let body = format!("pybun-stamp 2 0\n{}\n", lines.join("\n"));
            let _ = parse(format!("{body}end {}\n", checksum(&body)).as_bytes());
        }
    }

    fn error_of(text: &str) -> BadStamp {
        parse(text.as_bytes()).unwrap_err()
    }

    #[test]
    fn says_what_is_wrong() {
        assert_eq!(error_of("hello"), BadStamp::NotAStamp);
        assert_eq!(error_of("pybun-stamp 3 9.0.0\nend x\n"), BadStamp::OtherFormat("3".into()));
        assert_eq!(error_of("pybun-stamp 2 0.1.0\nkind tool\n"), BadStamp::Damaged);
        let closed = |body: &str| error_of(&format!("{body}end {}\n", checksum(body)));
        assert_eq!(closed("pybun-stamp 2 0.1.0\nkind tool\n"), BadStamp::Missing("program"));
        assert_eq!(closed("pybun-stamp 2 0.1.0\nkind tool\nkind tool\n"), BadStamp::BadLine(3));
        assert_eq!(closed("pybun-stamp 2 0.1.0\nsurprise 1\n"), BadStamp::BadLine(2));
        assert_eq!(parse(&vec![b'x'; MAX_BYTES + 1]), Err(BadStamp::TooLong));
        assert_eq!(closed(&format!("pybun-stamp 2 0\n{}", "absent /\n".repeat(MAX_LINES))), BadStamp::TooLong);
    }
}
