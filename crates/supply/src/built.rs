//! Wheels and metadata that have to be built.

use crate::Supply;
use pybun_model::{CoreMetadata, IndexFile, Problem, Sha256};

impl Supply {
    pub(crate) async fn built_metadata(&self, file: &IndexFile) -> Result<CoreMetadata, Problem> {
        Err(Problem::new("build/unavailable", format!("{} must be built", file.filename)))
    }

    pub(crate) async fn built_wheel(&self, file: &IndexFile) -> Result<(Sha256, u64), Problem> {
        Err(Problem::new("build/unavailable", format!("{} must be built", file.filename)))
    }
}
