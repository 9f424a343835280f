use std::io;
use thiserror::Error as ThisError;

/// Why a file was not read or written.
#[derive(Debug, ThisError)]
pub enum Error {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("it is a symbolic link")]
    Link,
    #[error("it is no regular file")]
    NotRegular,
    #[error("it is longer than {0} bytes")]
    TooLong(u64),
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Io(error) => error,
            Error::Link | Error::NotRegular | Error::TooLong(_) => Self::other(error.to_string()),
        }
    }
}

impl Error {
    /// Nothing is there.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Io(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory))
    }
}
