//! Unpacking a wheel while it arrives, whenever a processor is free.

use pybun_fetch::Arrival;
use pybun_install::{Arriving, Error, Store, Stored, Unpacking};
use pybun_model::{Sha256, WheelName};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use tokio::sync::Semaphore;

/// So much must have arrived since the last time: starting is not free, and small wheels are unpacked in one go.
const STEP: u64 = 1 << 20;

/// One wheel on its way.
#[derive(Clone)]
pub(crate) struct Early(Arc<Shared>);

struct Shared {
    store: Store,
    name: WheelName,
    /// Nothing before the first job.
    arriving: Mutex<Option<Arriving>>,
    /// The processors that are free.
    processors: Arc<Semaphore>,
    landed: AtomicU64,
    /// How far the last job was told to go.
    begun: AtomicU64,
    is_restarted: AtomicBool,
}

impl Early {
    pub fn new(store: &Store, name: &WheelName, processors: Arc<Semaphore>) -> Self {
        Self(Arc::new(Shared {
            store: store.clone(),
            name: name.clone(),
            arriving: Mutex::new(None),
            processors,
            landed: AtomicU64::new(0),
            begun: AtomicU64::new(0),
            is_restarted: AtomicBool::new(false),
        }))
    }

    /// Waits for what is being unpacked, and does the rest.
    pub fn finish(self, path: &Path, sha256: Sha256, unpacking: Unpacking) -> Result<Stored, Error> {
        let shared = self.0;
        // A job that has not begun yet finds nothing to do.
        shared.landed.store(0, Ordering::Release);
        let begun = shared.arriving.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut arriving = begun.map_or_else(|| shared.store.begin(&shared.name), Ok)?;
        if shared.is_restarted.load(Ordering::Acquire) {
            arriving.distrust();
        }
        arriving.finish(path, sha256, unpacking, &pybun_model::silent)
    }
}

impl Shared {
    /// As far as the file has come, also meanwhile.
    fn advance(&self, path: &Path) {
        let mut arriving = self.arriving.lock().unwrap_or_else(PoisonError::into_inner);
        let mut done = 0;
        loop {
            let landed = self.landed.load(Ordering::Acquire);
            if landed <= done || self.is_restarted.load(Ordering::Acquire) {
                return;
            }
            if arriving.is_none() {
                // What is wrong with the store is met again at the end, and told.
                *arriving = self.store.begin(&self.name).ok();
            }
            let Some(arriving) = arriving.as_mut() else { return };
            arriving.advance(path, landed);
            done = landed;
        }
    }
}

impl Arrival for Early {
    fn landed(&self, path: &Path, bytes: u64) {
        let shared = &self.0;
        shared.landed.store(bytes, Ordering::Release);
        if bytes < shared.begun.load(Ordering::Relaxed) + STEP || shared.is_restarted.load(Ordering::Relaxed) {
            return;
        }
        if matches!(shared.arriving.try_lock(), Err(TryLockError::WouldBlock)) {
            return;
        }
        let Ok(processor) = shared.processors.clone().try_acquire_owned() else { return };
        shared.begun.store(bytes, Ordering::Relaxed);
        let (shared, path) = (shared.clone(), path.to_owned());
        tokio::task::spawn_blocking(move || {
            shared.advance(&path);
            // Whoever gets the processor finds nothing left of what nobody wants any more.
            drop(shared);
            drop(processor);
        });
    }

    fn restarted(&self) {
        self.0.is_restarted.store(true, Ordering::Release);
    }
}
