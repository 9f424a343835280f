//! One loop on several threads.

use pybun_model::processors;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Threads that compute: unpack, hash, compile. PYBUN_CPU_THREADS, else one for each logical CPU.
pub fn cpu_threads() -> usize {
    asked("PYBUN_CPU_THREADS").unwrap_or_else(processors)
}

/// Threads that mostly wait for the file system: link, remove, compare. PYBUN_IO_THREADS, else one for each logical
/// CPU, for linking is the kernel's work.
pub fn io_threads() -> usize {
    asked("PYBUN_IO_THREADS").unwrap_or_else(processors)
}

/// Downloads at a time: PYBUN_IO_THREADS, else `usual`, for they wait for the network and not for a CPU.
pub fn downloads(usual: usize) -> usize {
    asked("PYBUN_IO_THREADS").unwrap_or(usual)
}

/// What the variable says; nothing when it is no number from 1 to 256.
fn asked(variable: &str) -> Option<usize> {
    std::env::var(variable).ok()?.trim().parse().ok().filter(|count| (1..=256).contains(count))
}

/// Calls `work` for every item, in the order of the items as far as threads allow, each thread with its own state.
/// After an error no further item is begun; of several errors the one of the first item is returned.
pub(crate) fn for_each<T: Sync, S, E: Send>(
    threads: usize,
    items: &[T],
    state: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, &T) -> Result<(), E> + Sync,
) -> Result<(), E> {
    let threads = threads.min(items.len());
    if threads <= 1 {
        let mut state = state();
        return items.iter().try_for_each(|item| work(&mut state, item));
    }
    let next = AtomicUsize::new(0);
    let first_error: Mutex<Option<(usize, E)>> = Mutex::new(None);
    let run = || {
        let mut state = state();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else { return };
            if let Err(error) = work(&mut state, item) {
                next.store(items.len(), Ordering::Relaxed);
                let mut slot = first_error.lock().expect("no thread panics while it holds this lock");
                if slot.as_ref().is_none_or(|(other, _)| index < *other) {
                    *slot = Some((index, error));
                }
                return;
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(run);
        }
        run();
    });
    match first_error.into_inner().expect("no thread panics while it holds this lock") {
        Some((_, error)) => Err(error),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn does_each_once_on_any_number_of_threads() {
        let items: Vec<usize> = (0..1000).collect();
        for threads in [0, 1, 2, 7] {
            let sum = AtomicUsize::new(0);
            let add = |_: &mut (), n: &usize| {
                sum.fetch_add(*n, Ordering::Relaxed);
                Ok::<_, ()>(())
            };
            for_each(threads, &items, || (), add).unwrap();
            assert_eq!(sum.into_inner(), 499_500, "{threads} threads");
        }
    }

    #[test]
    fn stops_at_an_error() {
        let items: Vec<usize> = (0..100_000).collect();
        let done = AtomicUsize::new(0);
        let work = |_: &mut (), n: &usize| {
            done.fetch_add(1, Ordering::Relaxed);
            if *n == 5 { Err(*n) } else { Ok(()) }
        };
        assert_eq!(for_each(2, &items, || (), work), Err(5));
        assert!(done.into_inner() < items.len());
    }
}
