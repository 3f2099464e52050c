//! What can go wrong, and what the caller can do about it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::types::{Position, Sequence};

/// Result of a call of the engine.
pub type StorageResult<T> = Result<T, StorageError>;

/// What the caller can do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The call was wrong: change it. Nothing was changed by it.
    Caller,
    /// The thing asked for is not there.
    NotFound,
    /// It may work later, or when the cause named is removed.
    Retry,
    /// What is on disk is not what was written there.
    Corrupt,
    /// The handle is of no use any more: close it, open again and let recovery decide.
    Poisoned,
    /// The handle was closed.
    Closed,
}

/// An error of the engine. The text names the thing that is wrong and the remedy.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// An argument or a setting is not valid.
    #[error("{field} = {value} is not valid: {remedy}")]
    Invalid {
        /// The argument or setting.
        field: &'static str,
        /// What was given.
        value: String,
        /// What is allowed.
        remedy: String,
    },
    /// A setting differs from the one that the directory was made with.
    #[error(
        "{field} was {stored} when {path:?} was made and is given as {given}: \
         pass {stored}, or use another directory"
    )]
    ConfigMismatch {
        /// The setting.
        field: &'static str,
        /// The directory.
        path: PathBuf,
        /// Its value in the directory.
        stored: String,
        /// Its value in this call.
        given: String,
    },
    /// The directory was written by a newer format.
    #[error("{path:?} has format {found}, this build reads up to {supported}: use a newer duolog")]
    NewerFormat {
        /// The file.
        path: PathBuf,
        /// The version found.
        found: u32,
        /// The newest that this build knows.
        supported: u32,
    },
    /// A topic, partition, message or file is not there.
    #[error("{what} not found: {remedy}")]
    NotFound {
        /// The thing.
        what: String,
        /// What to do.
        remedy: &'static str,
    },
    /// A topic of that name exists already.
    #[error("{0} exists already: open it, or choose another name")]
    Exists(String),
    /// The position is not one that may be committed; holds why.
    #[error("offset mismatch: {0}")]
    OffsetMismatch(String),
    /// The position belongs to a part of the log that was lost.
    #[error(
        "position {given} was lost; positions from {earliest} up to {next} are valid: \
         choose one of them, or reset the group"
    )]
    PositionLost {
        /// What was asked for.
        given: Position,
        /// The oldest valid position, inclusive.
        earliest: Position,
        /// The end of the valid positions, exclusive.
        next: Position,
    },
    /// The position was dropped by retention.
    #[error(
        "sequence {given} was trimmed, the log begins at {log_start}: \
         go on from the earliest or the latest message"
    )]
    Trimmed {
        /// What was asked for.
        given: Sequence,
        /// The first sequence that is kept.
        log_start: Sequence,
    },
    /// Another writer, or another owner of the group, holds the lock.
    #[error("{0:?} is held by another writer or owner: close that one first")]
    Locked(PathBuf),
    /// Writers wait for the index and the limit is reached; nothing was appended.
    #[error(
        "the tail is at its bound of {bound} for {waited_us} us: \
         settling is too slow or fails ({cause}); append again later"
    )]
    Backpressure {
        /// The bound, with its unit.
        bound: String,
        /// How long the call waited.
        waited_us: u64,
        /// What settling says.
        cause: String,
    },
    /// The handle does not write any more until it is resumed.
    #[error("the writer is read-only since: {cause}. Remove the cause, then call resume")]
    ReadOnly {
        /// The first failure.
        cause: String,
    },
    /// A failed fsync made the handle useless: what it wrote may be lost although later calls
    /// would succeed (the kernel drops the dirty pages).
    #[error("poisoned by a failed fsync: {cause}. Close, open again and let recovery decide")]
    Poisoned {
        /// The failed call.
        cause: String,
    },
    /// The handle was closed.
    #[error("{0} is closed: open it again")]
    Closed(&'static str),
    /// What is on disk is not what was written.
    #[error("{path:?} is corrupt at byte {offset}: {what}")]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// The first byte of what is wrong.
        offset: u64,
        /// What is wrong.
        what: String,
    },
    /// A call of the operating system failed.
    #[error("{action} {path:?}: {source}{}", io_remedy(source.kind()))]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// The index failed.
    #[error("index {path:?}: {what}")]
    Index {
        /// Its directory.
        path: PathBuf,
        /// What it said.
        what: String,
    },
    /// A limit of the process would be passed.
    #[error("{what} would pass the limit of {limit}: {remedy}")]
    Exhausted {
        /// The resource.
        what: &'static str,
        /// The limit.
        limit: u64,
        /// What to do.
        remedy: &'static str,
    },
}

/// What to do, where the system's own words do not tell it.
fn io_remedy(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::PermissionDenied => {
            "; give this user read and write permission there, or use another directory"
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "; free space on its disk",
        io::ErrorKind::FileTooLarge => "; raise the process's limit of file size",
        io::ErrorKind::ReadOnlyFilesystem => "; mount it for writing, or use another directory",
        _ => "",
    }
}

impl StorageError {
    /// What the caller can do about it.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Invalid { .. }
            | Self::ConfigMismatch { .. }
            | Self::NewerFormat { .. }
            | Self::Exists(_)
            | Self::OffsetMismatch(_)
            | Self::PositionLost { .. }
            | Self::Trimmed { .. } => ErrorKind::Caller,
            Self::NotFound { .. } => ErrorKind::NotFound,
            Self::Locked(_)
            | Self::Backpressure { .. }
            | Self::ReadOnly { .. }
            | Self::Io { .. }
            | Self::Index { .. }
            | Self::Exhausted { .. } => ErrorKind::Retry,
            Self::Corrupt { .. } => ErrorKind::Corrupt,
            Self::Poisoned { .. } => ErrorKind::Poisoned,
            Self::Closed(_) => ErrorKind::Closed,
        }
    }

    /// Wraps what the operating system said of `action` on `path`.
    pub fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source: Arc::new(source) }
    }
}
