//! Instances of the model: one that writes, those that follow, those that stand still.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::backend::{ModelBackend, Shared, locked, refused};
use super::fault::{CatchUpFault, SettleFault};
use super::view::{Entry, View, settled};
use crate::io::{
    Family, IndexError, IndexOptions, IndexPrimary, IndexRead, IndexSecondary, SortedRuns,
};

/// The instance of a model database that writes; another is refused until it drops.
#[derive(Clone)]
pub struct ModelPrimary {
    inner: Arc<Primary>,
}

struct Primary {
    backend: ModelBackend,
    path: PathBuf,
    database: Shared,
    options: IndexOptions,
}

impl Drop for Primary {
    fn drop(&mut self) {
        locked(&self.database).has_primary = false;
    }
}

impl ModelPrimary {
    pub(super) fn new(
        backend: ModelBackend,
        path: &Path,
        database: Shared,
        options: IndexOptions,
    ) -> Self {
        let path = path.to_owned();
        Self { inner: Arc::new(Primary { backend, path, database, options }) }
    }

    fn view(&self) -> View {
        locked(&self.inner.database).view.clone()
    }
}

impl IndexPrimary for ModelPrimary {
    /// # Panics
    /// Where a key exists with another value.
    async fn settle(&self, runs: SortedRuns) -> Result<(), IndexError> {
        let Primary { path, database, options, .. } = &*self.inner;
        let mut database = locked(database);
        if database.removed {
            return Err(refused(path, "the database was removed"));
        }
        let after = settled(&database.view, &runs, options.trimmed.as_ref());
        match database.faults.settle.pop_front() {
            None => {
                database.view = after;
                database.newest = runs.map(Arc::new);
                Ok(())
            }
            Some(SettleFault::Refused) => Err(refused(path, "no space left (injected)")),
            Some(SettleFault::Uneven(families)) => {
                for (family, (state, run)) in Family::ALL.iter().zip(after.into_iter().zip(runs)) {
                    if families.contains(family) {
                        database.view[*family as usize] = state;
                        database.newest[*family as usize] = Arc::new(run);
                    }
                }
                Err(refused(path, "failed between two families (injected)"))
            }
        }
    }

    async fn compact(&self) -> Result<(), IndexError> {
        let trimmed = self.inner.options.trimmed.as_ref();
        let mut database = locked(&self.inner.database);
        let compacted =
            Family::ALL.map(|family| database.view[family as usize].compacted(family, trimmed));
        database.view = compacted;
        Ok(())
    }

    async fn checkpoint(&self, target: &Path) -> Result<(), IndexError> {
        self.inner.backend.insert(target, self.view())
    }
}

/// An instance of a model database that shows what its last catch-up reached.
#[derive(Clone)]
pub struct ModelSecondary {
    inner: Arc<Secondary>,
}

struct Secondary {
    path: PathBuf,
    database: Shared,
    state: Mutex<State>,
}

struct State {
    view: View,
    failed: bool,
}

impl ModelSecondary {
    pub(super) fn new(path: &Path, database: Shared) -> Self {
        let view = locked(&database).view.clone();
        let state = Mutex::new(State { view, failed: false });
        Self { inner: Arc::new(Secondary { path: path.to_owned(), database, state }) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn view(&self) -> View {
        self.state().view.clone()
    }

    fn failed(&self, what: &str, sticky: bool) -> IndexError {
        IndexError { sticky, ..refused(&self.inner.path, what) }
    }
}

impl IndexSecondary for ModelSecondary {
    async fn catch_up(&self) -> Result<(), IndexError> {
        let mut state = self.state();
        if state.failed {
            return Err(self.failed("corruption (injected)", true));
        }
        let mut database = locked(&self.inner.database);
        if database.removed {
            return Err(self.failed("the database was removed", true));
        }
        match database.faults.catch_up.pop_front() {
            None => state.view = database.view.clone(),
            Some(CatchUpFault::StaleOk) => {}
            Some(CatchUpFault::PartialFamilies(families)) => {
                for family in families {
                    state.view[family as usize] = database.view[family as usize].clone();
                }
            }
            Some(CatchUpFault::NewestOnly) => {
                for family in Family::ALL {
                    let newest = Arc::clone(&database.newest[family as usize]);
                    let view = &mut state.view[family as usize];
                    *view = view.stacked(family, newest, None);
                }
            }
            Some(CatchUpFault::TryAgain) => {
                return Err(self.failed("try again (injected)", false));
            }
            Some(CatchUpFault::StickyError) => {
                state.failed = true;
                return Err(self.failed("corruption (injected)", true));
            }
        }
        Ok(())
    }
}

/// An instance of a model database that shows the state at its opening for ever.
#[derive(Clone)]
pub struct ModelFrozen {
    view: Arc<View>,
}

impl ModelFrozen {
    pub(super) fn new(view: View) -> Self {
        Self { view: Arc::new(view) }
    }

    fn view(&self) -> Arc<View> {
        Arc::clone(&self.view)
    }
}

/// All instances read alike: one state, taken at the call.
macro_rules! reads {
    ($instance:ty) => {
        impl IndexRead for $instance {
            async fn get(&self, family: Family, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
                Ok(self.view()[family as usize].get(key).map(<[u8]>::to_vec))
            }

            async fn multi_get(
                &self,
                family: Family,
                keys: &[Vec<u8>],
            ) -> Result<Vec<Option<Vec<u8>>>, IndexError> {
                let view = &self.view()[family as usize];
                Ok(keys.iter().map(|key| view.get(key).map(<[u8]>::to_vec)).collect())
            }

            async fn last_in(
                &self,
                family: Family,
                range: Range<&[u8]>,
            ) -> Result<Option<Entry>, IndexError> {
                Ok(self.view()[family as usize].last_in(range))
            }

            async fn scan(
                &self,
                family: Family,
                range: Range<&[u8]>,
                limit: usize,
            ) -> Result<Vec<Entry>, IndexError> {
                Ok(self.view()[family as usize].scan(range, limit))
            }
        }
    };
}

reads!(ModelPrimary);
reads!(ModelSecondary);
reads!(ModelFrozen);
