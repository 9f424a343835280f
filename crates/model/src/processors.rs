//! How many threads are of use at a time.

use std::sync::OnceLock;

/// The logical CPUs that this process may use, at least one. Asked once: the answer is read from several files.
pub fn processors() -> usize {
    static COUNT: OnceLock<usize> = OnceLock::new();
    *COUNT.get_or_init(|| std::thread::available_parallelism().map_or(1, usize::from))
}
