//! Exclusive locks, by `flock`: they belong to the open file, so that a second one is refused in
//! the same process too, and they end with the process, however it ends.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::file;
use crate::io::OpenMode;

/// A lock of [`super::Real`]; held until it drops.
#[derive(Debug)]
pub struct RealLock {
    file: fs::File,
}

impl Drop for RealLock {
    fn drop(&mut self) {
        // Closing would do, were it not for a child process between its fork and its exec: it
        // shares the open file, and with it the lock, for that moment.
        let _ = flock(&self.file, FlockOperation::Unlock);
    }
}

pub(super) fn take(path: &Path) -> io::Result<Option<RealLock>> {
    loop {
        let file = file::open(path, OpenMode::Create)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Ok(None),
            Err(Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        }
        let lock = RealLock { file };
        if is_at(&lock.file, path)? {
            return Ok(Some(lock));
        }
        // Removed or replaced between opening and locking: a lock of that file protects nothing.
    }
}

fn is_at(file: &fs::File, path: &Path) -> io::Result<bool> {
    let held = file.metadata()?;
    match fs::metadata(path) {
        Ok(found) => Ok((held.dev(), held.ino()) == (found.dev(), found.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
