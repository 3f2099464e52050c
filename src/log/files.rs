//! Open files that the sessions of a process read from.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{StorageError, StorageResult};
use crate::io::{OpenMode, World};

/// Most files that are kept open between reads; one process may use many more partitions than
/// it may open files.
const KEPT_COUNT_MAX: usize = 96;

/// Read handles by path, the least recently used one let go first. One a process, in the world's
/// registry: the bound is the process's.
pub struct ReadFiles<W: World> {
    /// Least recently used first.
    kept: Mutex<VecDeque<(PathBuf, W::File)>>,
}

impl<W: World> ReadFiles<W> {
    /// The process's cache.
    pub fn of(world: &W) -> Arc<Self> {
        world.registry().get_or_insert("read-files", Path::new(""), || Self {
            kept: Mutex::new(VecDeque::new()),
        })
    }

    /// The file at `path`, opened to read where it is not kept.
    pub async fn open(&self, world: &W, path: &Path) -> StorageResult<W::File> {
        if let Some(file) = self.take_up(path) {
            return Ok(file);
        }
        let file = world
            .open(path, OpenMode::Read)
            .await
            .map_err(|e| StorageError::io("open", path, e))?;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_COUNT_MAX {
            kept.pop_front();
        }
        kept.push_back((path.to_owned(), file.clone()));
        Ok(file)
    }

    /// Lets go of what lies in `directory`, so that removed files free their space.
    pub fn forget(&self, directory: &Path) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(path, _)| !path.starts_with(directory));
    }

    fn take_up(&self, path: &Path) -> Option<W::File> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let index = kept.iter().rposition(|(kept_path, _)| kept_path == path)?;
        let entry = kept.remove(index)?;
        let file = entry.1.clone();
        kept.push_back(entry);
        Some(file)
    }
}
