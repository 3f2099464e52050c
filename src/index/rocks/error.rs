//! What RocksDB says, in the words of the seam.

use std::path::Path;

use rocksdb::{Error, ErrorKind};

use crate::io::IndexError;

/// What an instance was doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doing {
    Open,
    Read,
    Settle,
    CatchUp,
    Compact,
    Checkpoint,
}

impl Doing {
    fn words(self) -> &'static str {
        match self {
            Doing::Open => "cannot open",
            Doing::Read => "cannot read",
            Doing::Settle => "cannot settle",
            Doing::CatchUp => "cannot catch up",
            Doing::Compact => "cannot wait for compaction",
            Doing::Checkpoint => "cannot make a checkpoint",
        }
    }
}

/// `error`, met in the database at `path`. Sticky is all but what RocksDB calls passing: after a
/// failed write it refuses further ones, and a secondary keeps the first error that it met in a
/// file and says it again. An opening has left no instance that could.
pub(super) fn translated(path: &Path, doing: Doing, error: &Error) -> IndexError {
    let text = error.to_string();
    let passing = matches!(
        error.kind(),
        ErrorKind::TryAgain
            | ErrorKind::Busy
            | ErrorKind::TimedOut
            | ErrorKind::Incomplete
            | ErrorKind::Aborted
            | ErrorKind::InvalidArgument
    );
    let remedy = match error.kind() {
        _ if is_lock_held(&text) => "another primary has it: close that one first",
        ErrorKind::Corruption => "a file is not as it was written: open anew, or rebuild it",
        ErrorKind::IOError if text.contains("No space left") => "free space, then open anew",
        _ if passing => "try again",
        _ => "open anew",
    };
    IndexError {
        path: path.to_owned(),
        what: format!("{}: {text}; {remedy}", doing.words()),
        sticky: doing != Doing::Open && doing != Doing::Checkpoint && !passing,
    }
}

/// An error of the seam itself.
pub(super) fn refused(path: &Path, what: impl Into<String>) -> IndexError {
    IndexError { path: path.to_owned(), what: what.into(), sticky: false }
}

/// The call was given to threads that ended before it did.
pub(super) fn abandoned(path: &Path) -> IndexError {
    refused(path, "the threads that call RocksDB ended: open the log anew")
}

fn is_lock_held(text: &str) -> bool {
    text.contains("lock hold by current process") || text.contains("While lock file")
}
