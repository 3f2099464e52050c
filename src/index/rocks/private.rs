//! The directories that secondaries have for themselves, beside the database.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// The file in a private directory that its owner holds locked. Who gets the lock knows that the
/// owner is dead.
const OWNER: &str = "OWNER";

/// What stands between the name of a database and the number of a private directory beside it.
const READER: &str = ".reader-";

/// How many hexadecimal digits that number has.
const DIGITS: usize = 16;

/// A private directory; removed when this drops.
pub(super) struct Private {
    path: PathBuf,
    /// Locked; there where the file could be made.
    _owner: Option<File>,
}

impl Private {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn create(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        // Locked before it has its name: who finds it there, finds it locked.
        let unnamed = path.with_added_extension("owner");
        let owner = File::create(&unnamed)?;
        owner.try_lock().map_err(io::Error::from)?;
        fs::rename(&unnamed, path.join(OWNER))?;
        Ok(Self { path: path.to_owned(), _owner: Some(owner) })
    }

    /// One that nobody sweeps, since it could not be locked.
    pub(super) fn unlocked(path: &Path, error: &io::Error) -> Self {
        tracing::warn!(?path, %error, "a reader's own directory stays after a kill");
        Self { path: path.to_owned(), _owner: None }
    }

    /// Removes the private directories beside `database` whose owners died. All that lies there
    /// must be the engine's.
    pub(super) fn sweep(database: &Path) {
        sweep_where(database, |_| true);
    }

    /// As [`Private::sweep`] where others keep files beside `database`: only names that
    /// [`Private::beside`] gives are looked at.
    pub(super) fn sweep_beside(database: &Path) {
        let Some(prefix) = database.file_name().map(|name| name.display().to_string() + READER)
        else {
            return;
        };
        sweep_where(database, |name| {
            let digits = name.strip_prefix(&prefix).unwrap_or_default();
            digits.len() == DIGITS && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
        });
    }

    /// A place beside `database`, another one for each number.
    pub(super) fn beside(database: &Path, number: u64) -> PathBuf {
        let mut name = database.as_os_str().to_owned();
        name.push(format!("{READER}{number:0DIGITS$x}"));
        PathBuf::from(name)
    }
}

fn sweep_where(database: &Path, may_be_private: impl Fn(&str) -> bool) {
    let entries = database.parent().map(fs::read_dir).into_iter().flatten();
    for entry in entries.flatten().flatten() {
        let path = entry.path();
        if !may_be_private(&entry.file_name().display().to_string()) {
            continue;
        }
        match is_abandoned(&path) {
            Ok(true) => remove(&path),
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(?path, %error, "whether it is used is not known, so it stays");
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
