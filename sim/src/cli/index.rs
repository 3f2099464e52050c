//! Where a simulated run has the files of its index.

use std::io;
use std::path::{Path, PathBuf};

use crate::plan::IndexKind;
use crate::world::SimIndexKind;

use super::Failure;
use super::exit::Exit;

/// A build without RocksDB was to run on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "this build has no RocksDB: run cargo setup, build without --no-default-features, or take \
     --index model"
)]
pub(super) struct NoRocks;

impl From<NoRocks> for Failure {
    fn from(error: NoRocks) -> Self {
        Self::new(Exit::Environment, error)
    }
}

/// Whether this build can run on `index`.
///
/// # Errors
/// Where it cannot.
pub(super) fn check(index: IndexKind) -> Result<(), NoRocks> {
    if index == IndexKind::Rocks && !cfg!(feature = "rocks") { Err(NoRocks) } else { Ok(()) }
}

/// The index of a simulated world, with its files below `directory` where it has some.
///
/// # Errors
/// Where this build has no such index.
pub(super) fn below(directory: &Path, index: IndexKind) -> Result<SimIndexKind, NoRocks> {
    match index {
        IndexKind::Model => Ok(SimIndexKind::Model),
        #[cfg(feature = "rocks")]
        IndexKind::Rocks => Ok(SimIndexKind::Rocks(directory.to_owned())),
        #[cfg(not(feature = "rocks"))]
        IndexKind::Rocks => {
            let _ = directory;
            Err(NoRocks)
        }
    }
}

/// In memory where the machine has that: forcing files costs nothing there.
const IN_MEMORY: &str = "/dev/shm";

/// A directory for real files of simulated runs; removed when this drops.
pub(super) struct IndexDirectory {
    path: PathBuf,
}

impl IndexDirectory {
    /// A new one.
    ///
    /// # Errors
    /// Where none can be made, with the place.
    pub(super) fn create() -> Result<Self, Failure> {
        let fallback = std::env::temp_dir();
        let made = Self::create_below(Path::new(IN_MEMORY));
        made.or_else(|_| Self::create_below(&fallback)).map_err(|error| {
            let what = format!("no directory for the index in {}: {error}", fallback.display());
            Failure::new(Exit::Environment, what)
        })
    }

    fn create_below(below: &Path) -> io::Result<Self> {
        let process = std::process::id();
        let mut number = 0u64;
        loop {
            let path = below.join(format!("duolog-index-{process}-{number}"));
            match std::fs::create_dir(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
                made => return made.map(|()| Self { path }),
            }
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for IndexDirectory {
    fn drop(&mut self) {
        // What stays is in the way of nobody: the next one takes another number.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// Says no to `index` on threads, where there is nothing to choose.
///
/// # Errors
/// As the command line of a run says it.
pub(super) fn only_simulated(index: Option<IndexKind>) -> Result<(), Failure> {
    match index {
        None => Ok(()),
        Some(_) => {
            let what = "--index is for --mode sim: on threads the index is the one built in";
            Err(Failure::new(Exit::Usage, what))
        }
    }
}

#[cfg(test)]
mod tests;
