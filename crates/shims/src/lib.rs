//! The Python files that PyBun ships, as embedded text.

/// Prints the facts of an interpreter as one line of JSON; run with `-I -S -B -c`.
pub const PROBE: &str = include_str!("../py/probe.py");

/// Calls one hook of a build backend; run as a file with the paths of a request and an answer.
pub const BUILD_RUNNER: &str = include_str!("../py/build_runner.py");
