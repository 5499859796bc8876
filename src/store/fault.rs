//! What SQLite says, as kinds of ours: full, broken, busy, or a plain failure; and constraints as refusals, by column.

use rusqlite::ErrorCode;

use crate::domain::refusal::Refusal;
use crate::error::Error;

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::SystemIoFailure | ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Broken(error.into())
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::OperationInterrupted) => Self::Timeout,
            _ => Self::Database(error.into()),
        }
    }
}

/// A constraint that a caller may run into becomes the refusal it stands for.
pub(super) trait OnUnique<T> {
    /// Refused as told if the unique `column` ("table.column") is in the way.
    fn on_unique(self, column: &str, refusal: impl FnOnce() -> Refusal) -> Result<T, Error>;
}

impl<T> OnUnique<T> for rusqlite::Result<T> {
    fn on_unique(self, column: &str, refusal: impl FnOnce() -> Refusal) -> Result<T, Error> {
        self.map_err(|error| match &error {
            rusqlite::Error::SqliteFailure(cause, Some(message))
                if cause.code == ErrorCode::ConstraintViolation
                    && message.strip_prefix("UNIQUE constraint failed: ") == Some(column) =>
            {
                Error::Refused(refusal())
            }
            _ => Error::from(error),
        })
    }
}
