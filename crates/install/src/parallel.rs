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
    let take = |_| Some(next.fetch_add(1, Ordering::Relaxed)).filter(|index| *index < items.len());
    let stop = || next.store(items.len(), Ordering::Relaxed);
    run(threads, take, stop, state, |state, index| work(state, &items[index]))
}

/// The same with half of the threads beginning at the last item, so that neighbours are seldom done at the same time:
/// work in one directory waits for other work there.
pub(crate) fn for_each_apart<T: Sync, E: Send>(
    threads: usize,
    items: &[T],
    work: impl Fn(&T) -> Result<(), E> + Sync,
) -> Result<(), E> {
    let threads = threads.min(items.len());
    if threads <= 1 {
        return items.iter().try_for_each(work);
    }
    let left = Mutex::new(0..items.len());
    let hold = || left.lock().expect("no thread panics while it holds this lock");
    let take = |thread: usize| if thread.is_multiple_of(2) { hold().next() } else { hold().next_back() };
    run(threads, take, || *hold() = 0..0, || (), |(), index| work(&items[index]))
}

/// Each thread works on what `take` gives it, until there is nothing or an error.
fn run<S, E: Send>(
    threads: usize,
    take: impl Fn(usize) -> Option<usize> + Sync,
    stop: impl Fn() + Sync,
    state: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, usize) -> Result<(), E> + Sync,
) -> Result<(), E> {
    let first_error: Mutex<Option<(usize, E)>> = Mutex::new(None);
    let run = |thread: usize| {
        let mut state = state();
        while let Some(index) = take(thread) {
            if let Err(error) = work(&mut state, index) {
                stop();
                let mut slot = first_error.lock().expect("no thread panics while it holds this lock");
                if slot.as_ref().is_none_or(|(other, _)| index < *other) {
                    *slot = Some((index, error));
                }
                return;
            }
        }
    };
    std::thread::scope(|scope| {
        for thread in 1..threads {
            scope.spawn(move || run(thread));
        }
        run(0);
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
    fn does_each_once_from_both_ends() {
        let items: Vec<usize> = (0..1000).collect();
        for threads in [0, 1, 2, 7] {
            let done: Vec<AtomicUsize> = items.iter().map(|_| AtomicUsize::new(0)).collect();
            let add = |n: &usize| {
                done[*n].fetch_add(1, Ordering::Relaxed);
                Ok::<_, ()>(())
            };
            for_each_apart(threads, &items, add).unwrap();
            assert!(done.into_iter().all(|count| count.into_inner() == 1), "{threads} threads");
            assert_eq!(for_each_apart(threads, &items, |n| if *n < 999 { Ok(()) } else { Err(*n) }), Err(999));
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
