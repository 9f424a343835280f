//! Texts of a lock. It is binary, so that no review shows what is in it: what others would read as a line of its own, or a
//! terminal would obey, is in no lock.

use crate::Error;
use pybun_model::first_harmful;

/// The text itself, or which harmful character it has.
pub(crate) fn plain<T: AsRef<str>>(what: &str, text: T) -> Result<T, Error> {
    match first_harmful(text.as_ref()) {
        None => Ok(text),
        Some(found) => Err(Error::Corrupt(format!("{what} has the control character U+{:04X}", u32::from(found)))),
    }
}
