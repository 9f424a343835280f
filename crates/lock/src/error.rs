//! Why bytes are no lock.

/// Each variant is a problem code of its own: a person mends each in another way.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the file is not a PyBun lock")]
    NotALock { conflicted: bool },
    #[error("the lock ends after {found} of {expected} bytes")]
    Truncated { expected: u64, found: u64 },
    #[error("the lock is damaged: {0}")]
    Corrupt(String),
    #[error("the lock has format {found}, and this PyBun knows formats up to {known}")]
    NewerFormat { found: u32, known: u32 },
}
