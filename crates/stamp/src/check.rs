use thiserror::Error;

use crate::inputs::required_of_project;
use crate::{Fact, Kind, Stamp};

/// What the reader of a stamp sees around it.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    pub version: &'a str,
    pub kind: Kind,
    pub subject: &'a str,
    pub configured_by: Option<&'a str>,
    /// `env::digest` of the reader's own environment.
    pub env: &'a str,
    /// Seconds since the Unix epoch.
    pub now: u64,
    /// The reader's own configuration.
    pub user_config: Fact,
    /// Of the file that the stamp was read from.
    pub inode: u64,
}

/// Why a stamp does not hold.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum Stale {
    #[error("written by PyBun {0}")]
    Version(String),
    #[error("it speaks about {0}")]
    Subject(String),
    #[error("decided under another project's configuration")]
    Configuration,
    #[error("environment variables differ")]
    Env,
    #[error("too old")]
    Expired,
    #[error("the user's configuration has changed")]
    UserConfiguration,
    #[error("it does not speak about {0}")]
    Incomplete(String),
    #[error("{0} has changed")]
    Changed(String),
}

impl Stamp {
    /// Whether everything recorded still holds. `fact` is asked at most once per recorded path, cheapest refusals first;
    /// it answers none where nothing can be known.
    pub fn check(&self, seen: Seen, mut fact: impl FnMut(&str) -> Option<Fact>) -> Result<(), Stale> {
        if self.version != seen.version {
            return Err(Stale::Version(self.version.clone()));
        }
        if self.kind != seen.kind || self.subject != seen.subject {
            return Err(Stale::Subject(format!("{} {}", self.kind.name(), self.subject)));
        }
        if self.configured_by.as_deref() != seen.configured_by {
            return Err(Stale::Configuration);
        }
        if self.env != seen.env {
            return Err(Stale::Env);
        }
        if self.expires.is_some_and(|expires| seen.now >= expires) {
            return Err(Stale::Expired);
        }
        self.check_complete()?;
        let carried = self.inode != seen.inode;
        if !seen.user_config.agrees(self.user_config, carried) {
            return Err(Stale::UserConfiguration);
        }
        for (path, recorded) in &self.facts {
            if !fact(path).is_some_and(|now| now.agrees(*recorded, carried)) {
                return Err(Stale::Changed(path.clone()));
            }
        }
        Ok(())
    }

    /// One that watches too little vouches for nothing.
    fn check_complete(&self) -> Result<(), Stale> {
        let required: Vec<String> = match self.kind {
            Kind::Project => required_of_project(&self.subject).to_vec(),
            Kind::Script => vec![self.subject.clone()],
            Kind::Tool => Vec::new(),
        };
        if let Some(missing) = required.into_iter().find(|path| self.recorded(path).is_none()) {
            return Err(Stale::Incomplete(missing));
        }
        let first_is_file = matches!(self.facts.first(), Some((_, Fact::File { .. })));
        if self.kind != Kind::Tool && !first_is_file {
            return Err(Stale::Incomplete(self.subject.clone()));
        }
        if !matches!(self.recorded(&self.command.program), Some(Fact::File { .. })) {
            return Err(Stale::Incomplete(self.command.program.clone()));
        }
        if !self.facts.iter().any(|(_, fact)| matches!(fact, Fact::Directory { .. })) {
            return Err(Stale::Incomplete("its environment's packages".to_owned()));
        }
        Ok(())
    }

    fn recorded(&self, path: &str) -> Option<Fact> {
        self.facts.iter().find(|(recorded, _)| recorded == path).map(|(_, fact)| *fact)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Command, Environment, project_inputs};

    const SEEN: Seen = Seen {
        version: "0.1.0",
        kind: Kind::Project,
        subject: "/p",
        configured_by: None,
        env: "e",
        now: 10,
        user_config: Fact::Absent,
        inode: 7,
    };

    fn there(path: &str) -> Option<Fact> {
        Some(match path {
            _ if path.ends_with("site-packages") => Fact::Directory { mtime_ns: 5, inode: 6 },
            _ if path.ends_with("config.toml") => Fact::Absent,
            _ => Fact::File { size: path.len() as u64, mtime_ns: 1, inode: 2 },
        })
    }

    fn stamp() -> Stamp {
        let environment = Environment {
            root: "/p/.pybun/venv",
            python: "/p/.pybun/venv/bin/python",
            site_packages: "/site-packages",
        };
        Stamp {
            version: "0.1.0".into(),
            kind: Kind::Project,
            subject: "/p".into(),
            configured_by: None,
            env: "e".into(),
            expires: None,
            facts: project_inputs("/p", environment)
                .into_iter()
                .map(|path| (path.clone(), there(&path).unwrap()))
                .collect(),
            command: Command { program: "/p/.pybun/venv/bin/python".into(), ..Command::default() },
            user_config: Fact::Absent,
            inode: 7,
            settled: None,
            locked: None,
        }
    }

    #[test]
    fn holds_while_nothing_changes() {
        assert_eq!(stamp().check(SEEN, there), Ok(()));
    }

    #[test]
    fn every_recorded_path_counts() {
        let stamp = stamp();
        for (changed, _) in &stamp.facts {
            for now in [Some(Fact::Absent), Some(Fact::File { size: 0, mtime_ns: 9, inode: 9 }), None] {
                if now == there(changed) {
                    continue;
                }
                let answer = stamp.check(SEEN, |path| if path == changed { now } else { there(path) });
                assert_eq!(answer, Err(Stale::Changed(changed.clone())));
            }
        }
    }

    #[test]
    fn everything_around_it_counts() {
        let stamp = Stamp { expires: Some(20), ..stamp() };
        let refused = |seen: Seen| stamp.check(seen, |_| panic!("refused before any look")).unwrap_err();
        assert_eq!(refused(Seen { version: "0.2.0", ..SEEN }), Stale::Version("0.1.0".into()));
        assert_eq!(refused(Seen { subject: "/q", ..SEEN }), Stale::Subject("project /p".into()));
        assert_eq!(refused(Seen { configured_by: Some("/q"), ..SEEN }), Stale::Configuration);
        assert_eq!(refused(Seen { env: "f", ..SEEN }), Stale::Env);
        assert_eq!(refused(Seen { now: 20, ..SEEN }), Stale::Expired);
        let configured = Fact::File { size: 1, mtime_ns: 1, inode: 1 };
        assert_eq!(refused(Seen { user_config: configured, ..SEEN }), Stale::UserConfiguration);
        assert_eq!(stamp.check(Seen { now: 19, ..SEEN }, there), Ok(()));
    }

    #[test]
    fn a_stamp_that_was_copied_with_its_file_system_holds_without_inodes() {
        let elsewhere = |path: &str| match there(path)? {
            Fact::File { size, mtime_ns, .. } => Some(Fact::File { size, mtime_ns, inode: 99 }),
            Fact::Directory { mtime_ns, .. } => Some(Fact::Directory { mtime_ns, inode: 99 }),
            Fact::Absent => Some(Fact::Absent),
        };
        assert_eq!(stamp().check(Seen { inode: 8, ..SEEN }, elsewhere), Ok(()));
        assert!(stamp().check(SEEN, elsewhere).is_err(), "the stamp itself stayed where it was");
    }

    #[test]
    fn a_stamp_that_watches_too_little_is_not_believed() {
        let whole = stamp();
        for path in ["/p/pyproject.toml", "/p/pybun.lockb", "/p/.pybun/config.toml", "/p/.pybun/venv/bin/python"] {
            let facts = whole.facts.iter().filter(|(recorded, _)| recorded != path).cloned().collect();
            let answer = Stamp { facts, ..whole.clone() }.check(SEEN, there);
            assert_eq!(answer, Err(Stale::Incomplete(path.into())));
        }
        let facts = whole.facts.iter().filter(|(path, _)| !path.ends_with("site-packages")).cloned().collect();
        let answer = Stamp { facts, ..whole.clone() }.check(SEEN, there);
        assert_eq!(answer, Err(Stale::Incomplete("its environment's packages".into())));
    }
}
