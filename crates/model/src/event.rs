//! Progress, told sideways while work goes on. No code reads it back.

use crate::Problem;

/// What kind of work a piece of progress belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Resolve,
    Download,
    Build,
    Link,
}

/// What `done` and `total` count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Packages,
    Bytes,
    Files,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    Progress {
        phase: Phase,
        name: Option<String>,
        done: u64,
        total: Option<u64>,
        unit: Unit,
    },
    /// Something worth knowing that is no failure, for instance a fall back to a slower way.
    Note {
        code: &'static str,
        message: String,
    },
    /// Something that a person should hear of although the work goes on.
    Warning(Box<Problem>),
}

/// Where events go. Called from any thread; must be quick.
pub type Emit<'a> = &'a (dyn Fn(Event) + Send + Sync);

/// For callers that do not care.
pub fn silent(_: Event) {}
