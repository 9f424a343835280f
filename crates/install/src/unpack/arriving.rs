//! A wheel on its way into the store.

use super::early::Early;
use super::{Into, Unpacked, unpack};
use crate::Error;
use crate::contents::Known;
use crate::store::{Store, Stored, Unpacking, remove_tree};
use pybun_model::{Emit, Sha256, WheelName};
use std::path::{Path, PathBuf};

/// What was not finished when it is dropped is thrown away.
pub struct Arriving {
    store: Store,
    name: WheelName,
    directory: PathBuf,
    known: Known,
    early: Early,
}

impl Arriving {
    pub(crate) fn begin(store: &Store, name: &WheelName) -> Result<Self, Error> {
        let known = Known::of(store, &name.name);
        let directory = store.temporary()?;
        Ok(Self { store: store.clone(), name: name.clone(), directory, known, early: Early::default() })
    }

    /// Unpacks what is whole of the first `arrived` bytes of the file at `path`, which only grows.
    pub fn advance(&mut self, path: &Path, arrived: u64) {
        self.early.advance(path, arrived, &self.known, &self.directory);
    }

    /// The file did not only grow.
    pub fn distrust(&mut self) {
        self.early.distrust();
    }

    /// Unpacks the rest of the wheel at `path`, whose digest the caller has computed, unless the store has it meanwhile.
    pub fn finish(
        &mut self,
        path: &Path,
        sha256: Sha256,
        unpacking: Unpacking,
        emit: Emit<'_>,
    ) -> Result<Stored, Error> {
        if self.store.has(&sha256) {
            return Ok(Stored { sha256, reused: true, files: 0, bytes: 0 });
        }
        let Unpacking { threads, check_record } = unpacking;
        let early = std::mem::take(&mut self.early);
        let into = Into { directory: &self.directory, known: &self.known, early, threads, check_record };
        let Unpacked { files, bytes } = unpack(path, &self.name, &sha256, into, emit)?;
        self.store.publish(&self.directory, &sha256, &self.name.name)?;
        Ok(Stored { sha256, reused: false, files, bytes })
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        // It is gone when it was published; what cannot be removed now is removed as stale later.
        let _ = remove_tree(&self.directory);
    }
}
