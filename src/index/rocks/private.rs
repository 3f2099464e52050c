//! The directories that secondaries have for themselves, beside the database.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// The file in a private directory that its owner holds locked. Who gets the lock knows that the
/// owner is dead.
const OWNER: &str = "OWNER";

/// A private directory; removed when this drops.
pub(super) struct Private {
    path: PathBuf,
    _owner: File,
}

impl Private {
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        // Locked before it has its name: who finds it there, finds it locked.
        let unnamed = path.with_added_extension("owner");
        let owner = File::create(&unnamed)?;
        owner.try_lock().map_err(io::Error::from)?;
        fs::rename(&unnamed, path.join(OWNER))?;
        Ok(Self { path: path.to_owned(), _owner: owner })
    }

    /// Removes the private directories beside `database` whose owners died.
    pub(super) fn sweep(database: &Path) {
        let entries = database.parent().map(fs::read_dir).into_iter().flatten();
        for path in entries.flatten().flatten().map(|entry| entry.path()) {
            match is_abandoned(&path) {
                Ok(true) => remove(&path),
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(?path, %error, "whether it is used is not known, so it stays");
                }
            }
        }
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

/// What cannot be removed takes space and does no other harm.
fn remove(path: &Path) {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(?path, %error, "a secondary's own directory stays");
        }
        _ => {}
    }
}

fn is_abandoned(path: &Path) -> io::Result<bool> {
    match File::open(path.join(OWNER)) {
        // No private directory, or one that is removed at this moment.
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            Ok(false)
        }
        Err(error) => Err(error),
        Ok(owner) => match owner.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error),
        },
    }
}
