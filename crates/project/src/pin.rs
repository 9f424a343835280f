//! `.python-version`: the Python that a directory asks for.

use crate::{Me, owned};
use std::path::Path;

/// A longer file names no version.
const MAX_BYTES: u64 = 4096;

/// The text of the nearest `.python-version` that says something, from `start` upwards. Others' files and what is no text
/// are passed over: a directory above may be anybody's.
pub fn find_pin(start: &Path, me: &Me) -> Option<String> {
    start.ancestors().find_map(|directory| {
        let bytes = owned::read(&directory.join(".python-version"), MAX_BYTES, me).ok()??;
        String::from_utf8(bytes).ok().filter(|text| !text.trim().is_empty())
    })
}
