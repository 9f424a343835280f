use crate::Fact;

/// What is ready, for which inputs, and what to execute then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// The PyBun that decided; another version decides anew.
    pub version: String,
    pub kind: Kind,
    /// The project's root, the script's absolute path, or the tool's key: what the stamp speaks about.
    pub subject: String,
    /// The root of the project whose own configuration counted for a script or tool; none for a project stamp.
    pub configured_by: Option<String>,
    /// `env::digest` of the environment in which it was decided.
    pub env: String,
    /// Seconds since the Unix epoch after which it is to be decided again.
    pub expires: Option<u64>,
    /// Absolute paths with what was seen there, in the order in which they are worth checking.
    pub facts: Vec<(String, Fact)>,
    /// The same of the user's own configuration. It has no path here: a stamp of root's counts for others too, each with a
    /// configuration of their own.
    pub user_config: Fact,
    /// Of the stamp's own file. Where it is another one now, a whole file system was copied (an image, a backup).
    pub inode: u64,
    pub command: Command,
    /// What an `install` without arguments answers when there is nothing to do; none when it must not be short-cut.
    pub settled: Option<Settled>,
    /// The same for `lock`.
    pub locked: Option<Settled>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Project,
    Script,
    Tool,
}

/// A program with its leading arguments and what it changes in the environment variables it inherits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Command {
    /// Absolute path: the environment's Python, or the tool itself.
    pub program: String,
    pub args: Vec<String>,
    pub set: Vec<(String, String)>,
    pub unset: Vec<String>,
    /// A directory to put before everything in `PATH`.
    pub path_prefix: Option<String>,
}

/// The answer of a command that had nothing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// What the text format prints on stdout, with its last newline.
    pub text: String,
    /// The envelope's `result`, as JSON.
    pub result: String,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Project => "project",
            Kind::Script => "script",
            Kind::Tool => "tool",
        }
    }

    pub fn from_name(name: &str) -> Option<Kind> {
        [Kind::Project, Kind::Script, Kind::Tool].into_iter().find(|kind| kind.name() == name)
    }
}
