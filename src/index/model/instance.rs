//! Instances of the model: one that writes, those that follow, those that stand still.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
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
    /// Whether it refuses to settle for good.
    failed: AtomicBool,
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
        let failed = AtomicBool::new(false);
        Self { inner: Arc::new(Primary { failed, backend, path, database, options }) }
    }

    fn view(&self) -> View {
        locked(&self.inner.database).view.clone()
    }

    fn sticky(&self) -> IndexError {
        IndexError { sticky: true, ..refused(&self.inner.path, "it stopped writing (injected)") }
    }

    /// Settles as [`IndexPrimary::settle`] does, but for that a loss may take it away, each family
    /// for itself, until [`ModelPrimary::force`].
    ///
    /// # Errors
    /// As [`IndexPrimary::settle`].
    ///
    /// # Panics
    /// Where a key exists with another value.
    pub fn settle_unforced(&self, runs: SortedRuns) -> Result<(), IndexError> {
        let Primary { failed, path, database, options, .. } = &*self.inner;
        let mut database = locked(database);
        let fault = database.faults.settle.pop_front();
        if database.removed {
            return Err(refused(path, "the database was removed"));
        }
        if failed.load(Ordering::Relaxed) {
            return Err(self.sticky());
        }
        let after = settled(&database.view, &runs, options.trimmed.as_ref());
        let (families, outcome) = match fault {
            None => (Family::ALL.to_vec(), Ok(())),
            Some(SettleFault::Refused) => {
                (Vec::new(), Err(refused(path, "no space left (injected)")))
            }
            Some(SettleFault::Uneven(families)) => {
                (families, Err(refused(path, "failed between two families (injected)")))
            }
            Some(SettleFault::StickyError) => {
                failed.store(true, Ordering::Relaxed);
                (Vec::new(), Err(self.sticky()))
            }
        };
        database.apply(after, runs, &families);
        outcome
    }

    /// The next settling shows this fault.
    pub fn inject(&self, fault: SettleFault) {
        locked(&self.inner.database).faults.settle.push_front(fault);
    }

    /// What was settled so far no loss takes away any more.
    pub fn force(&self) {
        let mut database = locked(&self.inner.database);
        database.forced = database.view.clone();
        database.unforced.clear();
    }

    /// The process is gone: of what was settled and not forced each family keeps as many of the
    /// oldest settlings as `kept` says, given how many there are. How many are gone, families
    /// counted one by one.
    pub fn lose_unforced(&self, kept: impl FnMut(usize) -> usize) -> usize {
        locked(&self.inner.database).lose_unforced(kept)
    }
}

impl IndexPrimary for ModelPrimary {
    /// # Panics
    /// Where a key exists with another value.
    async fn settle(&self, runs: SortedRuns) -> Result<(), IndexError> {
        self.settle_unforced(runs)?;
        self.force();
        Ok(())
    }

    async fn expect_more(&self, _is_more: bool) -> Result<(), IndexError> {
        Ok(())
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
    /// What single keys are read from, where that is older.
    older: Option<View>,
    failed: bool,
    /// Whether it says `Ok` and moves nothing for good.
    stuck: bool,
    /// How many of its next catch-ups fail.
    failing: u32,
}

impl State {
    fn new(view: View) -> Self {
        Self { view, older: None, failed: false, stuck: false, failing: 0 }
    }
}

impl ModelSecondary {
    pub(super) fn new(path: &Path, database: Shared) -> Self {
        let view = locked(&database).view.clone();
        let state = Mutex::new(State::new(view));
        Self { inner: Arc::new(Secondary { path: path.to_owned(), database, state }) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn view(&self) -> View {
        self.state().view.clone()
    }

    /// The next catch-up shows this fault.
    pub fn inject(&self, fault: CatchUpFault) {
        locked(&self.inner.database).faults.catch_up.push_front(fault);
    }

    /// What single keys are read from.
    fn key_view(&self) -> View {
        let state = self.state();
        state.older.as_ref().unwrap_or(&state.view).clone()
    }

    fn failed(&self, what: &str, sticky: bool) -> IndexError {
        IndexError { sticky, ..refused(&self.inner.path, what) }
    }
}

impl IndexSecondary for ModelSecondary {
    async fn catch_up(&self) -> Result<(), IndexError> {
        let mut state = self.state();
        let mut database = locked(&self.inner.database);
        let fault = database.faults.catch_up.pop_front();
        if state.failed {
            return Err(self.failed("corruption (injected)", true));
        }
        if database.removed {
            return Err(self.failed("the database was removed", true));
        }
        if let Some(left) = state.failing.checked_sub(1) {
            state.failing = left;
            return Err(self.failed("cannot read (injected)", false));
        }
        if state.stuck {
            return Ok(());
        }
        match fault {
            None => {
                state.view = database.view.clone();
                state.older = None;
            }
            Some(CatchUpFault::StaleOk) => {}
            Some(CatchUpFault::StaleUntilOpenedAnew) => state.stuck = true,
            Some(CatchUpFault::StaleGets) => {
                let before = std::mem::replace(&mut state.view, database.view.clone());
                state.older.get_or_insert(before);
            }
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
            Some(CatchUpFault::Unreadable) => {
                state.failing = 1;
                return Err(self.failed("cannot read (injected)", false));
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

/// All instances read alike: one state, taken at the call; what `$keys` says for single keys.
macro_rules! reads {
    ($instance:ty, $keys:ident) => {
        impl IndexRead for $instance {
            async fn get(&self, family: Family, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
                Ok(self.$keys()[family as usize].get(key).map(<[u8]>::to_vec))
            }

            async fn multi_get(
                &self,
                family: Family,
                keys: &[Vec<u8>],
            ) -> Result<Vec<Option<Vec<u8>>>, IndexError> {
                let view = &self.$keys()[family as usize];
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

reads!(ModelPrimary, view);
reads!(ModelSecondary, key_view);
reads!(ModelFrozen, view);
