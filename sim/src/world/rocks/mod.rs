//! RocksDB as the index of a simulated machine: real files in a directory of the run, every call
//! made on the simulation's one thread, nothing going on between calls. What calls of other
//! threads would do meanwhile is a step here: files are merged behind settlings that a stream of
//! the seed picks.

// RocksDB keeps real files, so what is done about them is done with real calls.
#![allow(clippy::disallowed_methods)]

mod database;
mod instance;
mod left;
mod power;
mod stage;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use duolog::index::rocks::{Background, RocksBackend, RocksOptions};
use duolog::index::rocks::{RocksFrozen, RocksPrimary, RocksSecondary};
use duolog::io::{IndexBackend, IndexError, IndexOptions};

use super::databases::IndexLoss;
use crate::seed::{Stream, salt};

use self::database::Database;
use self::instance::Kept;

const CACHE_BYTES: usize = 4 << 20;

/// How large a MANIFEST becomes; small ones are rolled amid settlings.
const MANIFEST_BYTES: [usize; 3] = [1 << 10, 8 << 10, 4 << 20];

/// One settling in so many is followed by a merge of all files.
const MERGE_OF: u64 = 8;

/// The databases of a simulation, by their paths on its disk.
#[derive(Clone)]
pub struct RocksDatabases {
    inner: Arc<Inner>,
}

struct Inner {
    /// Real; everything lies below it.
    root: PathBuf,
    backend: RocksBackend,
    state: Mutex<State>,
}

struct State {
    databases: BTreeMap<PathBuf, Arc<Database>>,
    /// Numbers real directories.
    made_count: u64,
    steps: Stream,
    power: Stream,
    loss: IndexLoss,
}

impl RocksDatabases {
    /// None yet; their files will lie below `root`, which exists.
    pub(super) fn new(root: &Path, seed: u64) -> Self {
        let mut steps = Stream::new(seed, salt::INDEX_STEPS);
        let options = RocksOptions {
            cache_bytes: CACHE_BYTES,
            background: Background::Rests,
            manifest_max_bytes: *steps.pick(&MANIFEST_BYTES),
            ..RocksOptions::default()
        };
        let backend = RocksBackend::new(options, Arc::new(|job| job()));
        let state = State {
            databases: BTreeMap::new(),
            made_count: 0,
            steps,
            power: Stream::new(seed, salt::INDEX_POWER),
            loss: IndexLoss::default(),
        };
        Self { inner: Arc::new(Inner { root: root.to_owned(), backend, state: Mutex::new(state) }) }
    }

    pub(super) fn directories(&self) -> Vec<PathBuf> {
        self.state().databases.keys().cloned().collect()
    }

    pub(super) fn remove(&self, directory: &Path) {
        self.state().databases.retain(|path, database| {
            let stays = !path.starts_with(directory);
            if !stays {
                database.remove();
            }
            stays
        });
    }

    pub(super) fn rename(&self, from: &Path, to: &Path) {
        let mut state = self.state();
        let moved: Vec<PathBuf> =
            state.databases.keys().filter(|path| path.starts_with(from)).cloned().collect();
        for path in moved {
            let database = state.databases.remove(&path).expect("it was listed under this lock");
            let below = path.strip_prefix(from).expect("it starts with `from`");
            let target = if below.as_os_str().is_empty() { to.to_owned() } else { to.join(below) };
            state.databases.insert(target, database);
        }
    }

    pub(super) fn cut_power(&self) -> IndexLoss {
        let mut state = self.state();
        let State { databases, power, loss: sum, .. } = &mut *state;
        let mut loss = IndexLoss::default();
        databases.values().for_each(|database| database.cut_power(power, &mut loss));
        sum.add(&loss);
        loss
    }

    pub(super) fn loss(&self) -> IndexLoss {
        self.state().loss
    }

    /// Whether files are merged now.
    fn merges(&self) -> bool {
        self.state().steps.chance(1, MERGE_OF)
    }

    /// The database in `directory`; one without files where there is none.
    fn database(&self, directory: &Path) -> Arc<Database> {
        let mut state = self.state();
        let (root, number) = (&self.inner.root, state.made_count + 1);
        if let Some(database) = state.databases.get(directory) {
            return database.clone();
        }
        state.made_count = number;
        let database = Arc::new(Database::new(root.join(format!("{number:04}"))));
        state.databases.insert(directory.to_owned(), database.clone());
        database
    }

    fn existing(&self, directory: &Path) -> Result<Arc<Database>, IndexError> {
        self.state().databases.get(directory).cloned().ok_or_else(|| IndexError {
            path: directory.to_owned(),
            what: "there is no database".to_owned(),
            sticky: false,
        })
    }

    /// A real directory for a secondary's own files.
    fn private(&self) -> PathBuf {
        let mut state = self.state();
        state.made_count += 1;
        self.inner.root.join(format!("private-{:04}", state.made_count))
    }

    fn keep<I>(&self, told: &Path, database: &Arc<Database>, instance: I) -> Kept<I> {
        Kept::new(self.clone(), told, database.clone(), instance)
    }

    /// The error without the names of real directories, which differ from run to run.
    fn told(&self, error: IndexError, told: &Path, database: &Database) -> IndexError {
        let name = |path: &Path| path.display().to_string();
        let what = error.what.replace(&name(database.live()), &name(told));
        let what = what.replace(&name(&self.inner.root), "");
        IndexError { path: told.to_owned(), what, ..error }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl IndexBackend for RocksDatabases {
    type Primary = Kept<RocksPrimary>;
    type Secondary = Kept<RocksSecondary>;
    type Frozen = Kept<RocksFrozen>;

    async fn open_primary(
        &self,
        directory: &Path,
        options: IndexOptions,
    ) -> Result<Self::Primary, IndexError> {
        let database = self.database(directory);
        database.begin();
        let opened = self.inner.backend.open_primary(database.live(), options).await;
        database.changed();
        let opened = opened.map_err(|error| self.told(error, directory, &database))?;
        Ok(self.keep(directory, &database, opened))
    }

    async fn open_secondary(
        &self,
        directory: &Path,
        _private: &Path,
    ) -> Result<Self::Secondary, IndexError> {
        let database = self.existing(directory)?;
        let opened = self.inner.backend.open_secondary(database.live(), &self.private()).await;
        let opened = opened.map_err(|error| self.told(error, directory, &database))?;
        Ok(self.keep(directory, &database, opened))
    }

    async fn open_frozen(&self, directory: &Path) -> Result<Self::Frozen, IndexError> {
        let database = self.existing(directory)?;
        let opened = self.inner.backend.open_frozen(database.live()).await;
        let opened = opened.map_err(|error| self.told(error, directory, &database))?;
        Ok(self.keep(directory, &database, opened))
    }

    async fn file_count(&self, directory: &Path) -> Result<u64, IndexError> {
        let database = self.existing(directory)?;
        let count = self.inner.backend.file_count(database.live()).await;
        count.map_err(|error| self.told(error, directory, &database))
    }
}
