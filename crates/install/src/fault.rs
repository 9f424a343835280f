//! Places where the tests of this crate let the file system fail or the process end.

/// Before every change of an environment. Outside of this crate's tests it is nothing.
#[cfg(not(test))]
#[inline(always)]
pub(crate) fn point() -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
pub(crate) use planned::{Fault, plan, point};

#[cfg(test)]
mod planned {
    use std::cell::Cell;
    use std::io;

    #[derive(Clone, Copy, Debug, PartialEq)]
    pub(crate) enum Fault {
        /// The call fails as with a full disk.
        DiskFull,
        /// Nothing after it is done: as when the process is killed.
        Kill,
    }

    thread_local! {
        static PLAN: Cell<Option<(usize, Fault)>> = const { Cell::new(None) };
    }

    /// Lets the point after `calls` others fail, once, on this thread. Says whether the earlier plan is still pending.
    pub(crate) fn plan(next: Option<(usize, Fault)>) -> bool {
        PLAN.replace(next).is_some()
    }

    pub(crate) fn point() -> io::Result<()> {
        match PLAN.get() {
            None => Ok(()),
            Some((0, fault)) => {
                PLAN.set(None);
                match fault {
                    Fault::DiskFull => Err(io::ErrorKind::StorageFull.into()),
                    Fault::Kill => std::panic::resume_unwind(Box::new(Fault::Kill)),
                }
            }
            Some((calls, fault)) => {
                PLAN.set(Some((calls - 1, fault)));
                Ok(())
            }
        }
    }
}
