//! `.netrc`: which name and password a host takes (the format of ftp(1), as curl and pip read it).

use std::collections::HashMap;

/// Entries by host. Never printed: it has no `Debug`.
#[derive(Default)]
pub(crate) struct Netrc {
    machines: HashMap<String, Login>,
    default: Option<Login>,
}

#[derive(Clone, Default)]
pub(crate) struct Login {
    pub(crate) name: String,
    pub(crate) password: String,
}

impl Netrc {
    /// Reads what can be understood. `macdef` blocks and comments are skipped; the first entry of a host counts.
    pub(crate) fn parse(text: &str) -> Self {
        let mut netrc = Self::default();
        let mut tokens = tokens(text).into_iter().peekable();
        while let Some(token) = tokens.next() {
            let host = match token.as_str() {
                "machine" => match tokens.next() {
                    Some(host) => Some(host.to_ascii_lowercase()),
                    None => break,
                },
                "default" => None,
                _ => continue,
            };
            let mut login = Login::default();
            while let Some(key) = tokens.next_if(|token| !matches!(token.as_str(), "machine" | "default")) {
                let value =
                    |tokens: &mut std::iter::Peekable<std::vec::IntoIter<String>>| tokens.next().unwrap_or_default();
                match key.as_str() {
                    "login" | "user" => login.name = value(&mut tokens),
                    "password" => login.password = value(&mut tokens),
                    "account" => drop(value(&mut tokens)),
                    _ => {}
                }
            }
            match host {
                Some(host) => drop(netrc.machines.entry(host).or_insert(login)),
                None => netrc.default = netrc.default.or(Some(login)),
            }
        }
        netrc
    }

    pub(crate) fn machine(&self, host: &str) -> Option<&Login> {
        self.machines.get(&host.to_ascii_lowercase())
    }

    pub(crate) fn default_login(&self) -> Option<&Login> {
        self.default.as_ref()
    }
}

/// Words, quoted or not; comments start a word with `#`; a `macdef` lasts until an empty line.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut in_macro = false;
    for line in text.lines() {
        if in_macro {
            in_macro = !line.trim().is_empty();
            continue;
        }
        let mut rest = line.trim();
        while !rest.is_empty() {
            // A password may contain or start with `#`, so a comment is one only where a key is expected.
            let expects_value =
                matches!(tokens.last().map(String::as_str), Some("login" | "user" | "password" | "account"));
            if rest.starts_with('#') && !expects_value {
                break;
            }
            let (token, after) = next_token(rest);
            if token == "macdef" && !expects_value {
                in_macro = true;
                break;
            }
            tokens.push(token);
            rest = after.trim_start();
        }
    }
    tokens
}

fn next_token(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut token = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return (token, &quoted[at + 1..]),
            '\\' => token.extend(characters.next().map(|(_, escaped)| escaped)),
            _ => token.push(c),
        }
    }
    (token, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(netrc: &Netrc, host: &str) -> Option<(String, String)> {
        netrc.machine(host).map(|login| (login.name.clone(), login.password.clone()))
    }

    #[test]
    fn reads_machines_and_the_default() {
        let netrc = Netrc::parse(
            "# comment\nmachine Index.Example login me password s#cret\nmacdef init\nmachine no login no\n\n\
             machine b\n  login \"a b\"\n  account x\n  password \"q\\\"q\"\nmachine b login other password other\n\
             default login anonymous password guest",
        );
        assert_eq!(of(&netrc, "index.example"), Some(("me".into(), "s#cret".into())));
        assert_eq!(of(&netrc, "b"), Some(("a b".into(), "q\"q".into())));
        assert_eq!(of(&netrc, "no"), None);
        assert_eq!(netrc.default_login().unwrap().name, "anonymous");
    }

    #[test]
    fn survives_broken_files() {
        for text in ["machine", "login", "machine a login", "machine a password \"x", "default default", "macdef"] {
            Netrc::parse(text);
        }
        assert_eq!(of(&Netrc::parse("machine a password #p"), "a"), Some((String::new(), "#p".into())));
    }
}
