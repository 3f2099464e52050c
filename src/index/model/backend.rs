//! The "disk" of the model: databases by directory, shared by all clones of the backend.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::fault::{CatchUpFault, Faults, SettleFault};
use super::instance::{ModelFrozen, ModelPrimary, ModelSecondary};
use super::view::{FamilyView, View};
use crate::io::{Family, IndexBackend, IndexError, IndexOptions, SortedRun, SortedRuns};

/// Index databases in memory, by directory. Clones share them; they outlive every instance and
/// end with the last clone. Touches no file. Every call is ready at its first poll.
#[derive(Clone, Default)]
pub struct ModelBackend {
    disk: Arc<Mutex<BTreeMap<PathBuf, Shared>>>,
}

/// A database that instances hold.
pub(super) type Shared = Arc<Mutex<Database>>;

/// One database.
#[derive(Default)]
pub(super) struct Database {
    /// What has been settled.
    pub(super) view: View,
    /// What of that is on disk, and what was settled since, in order.
    pub(super) forced: View,
    pub(super) unforced: Vec<[Arc<SortedRun>; 4]>,
    /// What the newest settling brought.
    pub(super) newest: [Arc<SortedRun>; 4],
    pub(super) has_primary: bool,
    pub(super) removed: bool,
    pub(super) faults: Faults,
}

impl Database {
    /// Shows `after`, the state with `runs`, in these families.
    pub(super) fn apply(&mut self, after: View, runs: SortedRuns, families: &[Family]) {
        if families.is_empty() {
            return;
        }
        let mut unforced = <[Arc<SortedRun>; 4]>::default();
        for (family, (state, run)) in Family::ALL.into_iter().zip(after.into_iter().zip(runs)) {
            if families.contains(&family) {
                let run = Arc::new(run);
                unforced[family as usize] = run.clone();
                self.view[family as usize] = state;
                self.newest[family as usize] = run;
            }
        }
        self.unforced.push(unforced);
    }

    /// See [`ModelPrimary::lose_unforced`].
    pub(super) fn lose_unforced(&mut self, mut kept: impl FnMut(usize) -> usize) -> usize {
        let unforced = std::mem::take(&mut self.unforced);
        let mut lost = 0;
        for family in Family::ALL {
            let runs: Vec<_> = unforced.iter().map(|runs| &runs[family as usize]).collect();
            let runs: Vec<_> = runs.into_iter().filter(|run| !run.is_empty()).collect();
            let left = if runs.is_empty() { 0 } else { kept(runs.len()) };
            if left == runs.len() {
                continue;
            }
            lost += runs.len() - left;
            let forced = self.forced[family as usize].clone();
            let with = |view: FamilyView, run: &&Arc<SortedRun>| view.with(family, run, None);
            self.view[family as usize] = runs[..left].iter().fold(forced, with);
            self.newest[family as usize] = Arc::default();
        }
        self.forced = self.view.clone();
        lost
    }
}

impl ModelBackend {
    /// The next catch-up of a secondary of `directory` that has no earlier fault to show shows
    /// this one. Nothing where there is no such database.
    pub fn inject_catch_up(&self, directory: &Path, fault: CatchUpFault) {
        if let Some(database) = self.find(directory) {
            locked(&database).faults.catch_up.push_back(fault);
        }
    }

    /// As [`ModelBackend::inject_catch_up`], for the next settling.
    pub fn inject_settle(&self, directory: &Path, fault: SettleFault) {
        if let Some(database) = self.find(directory) {
            locked(&database).faults.settle.push_back(fault);
        }
    }

    /// Where there are databases, ascending.
    pub fn directories(&self) -> Vec<PathBuf> {
        self.disk().keys().cloned().collect()
    }

    /// Removes the databases at and below `directory`. Instances still held answer reads as
    /// before and refuse everything else.
    pub fn remove(&self, directory: &Path) {
        self.disk().retain(|path, database| {
            let kept = !path.starts_with(directory);
            if !kept {
                locked(database).removed = true;
            }
            kept
        });
    }

    /// Renames the databases at and below `from`, as a rename of the directory would.
    pub fn rename(&self, from: &Path, to: &Path) {
        let mut disk = self.disk();
        let moved: Vec<PathBuf> =
            disk.keys().filter(|path| path.starts_with(from)).cloned().collect();
        for path in moved {
            let below = path.strip_prefix(from).expect("it starts with `from`");
            let target = if below.as_os_str().is_empty() { to.to_owned() } else { to.join(below) };
            let database = disk.remove(&path).expect("it was listed under this lock");
            disk.insert(target, database);
        }
    }

    /// A database that shows `view`, where there is none in `directory`.
    pub(super) fn insert(&self, directory: &Path, view: View) -> Result<(), IndexError> {
        let mut disk = self.disk();
        if disk.contains_key(directory) {
            return Err(refused(directory, "there is a database already"));
        }
        let database = Database { forced: view.clone(), view, ..Database::default() };
        disk.insert(directory.to_owned(), Arc::new(Mutex::new(database)));
        Ok(())
    }

    fn disk(&self) -> MutexGuard<'_, BTreeMap<PathBuf, Shared>> {
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, directory: &Path) -> Option<Shared> {
        self.disk().get(directory).cloned()
    }

    fn existing(&self, directory: &Path) -> Result<Shared, IndexError> {
        self.find(directory).ok_or_else(|| refused(directory, "there is no database"))
    }
}

impl IndexBackend for ModelBackend {
    type Primary = ModelPrimary;
    type Secondary = ModelSecondary;
    type Frozen = ModelFrozen;

    async fn open_primary(
        &self,
        directory: &Path,
        options: IndexOptions,
    ) -> Result<ModelPrimary, IndexError> {
        let shared = Arc::clone(self.disk().entry(directory.to_owned()).or_default());
        let mut database = locked(&shared);
        if database.has_primary {
            return Err(refused(directory, "another primary has it"));
        }
        database.has_primary = true;
        drop(database);
        Ok(ModelPrimary::new(self.clone(), directory, shared, options))
    }

    async fn open_secondary(
        &self,
        directory: &Path,
        _private: &Path,
    ) -> Result<ModelSecondary, IndexError> {
        Ok(ModelSecondary::new(directory, self.existing(directory)?))
    }

    async fn open_frozen(&self, directory: &Path) -> Result<ModelFrozen, IndexError> {
        let view = locked(&self.existing(directory)?).view.clone();
        Ok(ModelFrozen::new(view))
    }

    async fn file_count(&self, directory: &Path) -> Result<u64, IndexError> {
        let shared = self.existing(directory)?;
        let runs = locked(&shared).view.iter().map(FamilyView::run_count).sum::<usize>();
        Ok(runs as u64)
    }
}

pub(super) fn locked(shared: &Shared) -> MutexGuard<'_, Database> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn refused(path: &Path, what: &str) -> IndexError {
    IndexError { path: path.to_owned(), what: what.to_owned(), sticky: false }
}
