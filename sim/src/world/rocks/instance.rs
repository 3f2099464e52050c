//! Instances of RocksDB that a simulation keeps.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use duolog::index::model::{CatchUpFault, SettleFault};
use duolog::index::rocks::{RocksFrozen, RocksPrimary, RocksSecondary};
use duolog::io::{Family, IndexError, IndexPrimary, IndexRead, IndexSecondary, SortedRuns};

use super::RocksDatabases;
use super::database::Database;
use crate::world::databases::{Following, Instance, Settling};

/// An instance, and the database that it is one of.
#[derive(Clone)]
pub struct Kept<I> {
    databases: RocksDatabases,
    /// What the simulated process calls the database.
    told: PathBuf,
    database: Arc<Database>,
    instance: I,
}

impl<I> Kept<I> {
    pub(super) fn new(
        databases: RocksDatabases,
        told: &Path,
        database: Arc<Database>,
        instance: I,
    ) -> Self {
        Self { databases, told: told.to_owned(), database, instance }
    }

    fn answer<T>(&self, result: Result<T, IndexError>) -> Result<T, IndexError> {
        result.map_err(|error| self.databases.told(error, &self.told, &self.database))
    }
}

impl Instance for Kept<RocksPrimary> {
    fn returned(&self) {
        self.database.returned();
    }

    /// RocksDB may still write as it closes: the database is put back to how it was before.
    fn killed(self, _kept: impl FnMut(usize) -> usize) -> usize {
        let Self { database, instance, .. } = self;
        drop(instance);
        database.put_back();
        0
    }
}

/// RocksDB does what it does: no fault of the model can be had of it.
impl Settling for Kept<RocksPrimary> {
    fn inject_settle(&self, _fault: SettleFault) -> bool {
        false
    }

    async fn settle_unforced(&self, runs: SortedRuns) -> Result<(), IndexError> {
        self.settle(runs).await
    }

    fn settled(&self) {
        self.returned();
    }
}

impl Following for Kept<RocksSecondary> {
    fn inject_catch_up(&self, _fault: CatchUpFault) -> bool {
        false
    }
}

impl Instance for Kept<RocksSecondary> {}
impl Instance for Kept<RocksFrozen> {}

impl<I: IndexRead> IndexRead for Kept<I> {
    async fn get(&self, family: Family, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
        self.answer(self.instance.get(family, key).await)
    }

    async fn multi_get(
        &self,
        family: Family,
        keys: &[Vec<u8>],
    ) -> Result<Vec<Option<Vec<u8>>>, IndexError> {
        self.answer(self.instance.multi_get(family, keys).await)
    }

    async fn last_in(
        &self,
        family: Family,
        range: Range<&[u8]>,
    ) -> Result<Option<(Vec<u8>, Vec<u8>)>, IndexError> {
        self.answer(self.instance.last_in(family, range).await)
    }

    async fn scan(
        &self,
        family: Family,
        range: Range<&[u8]>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Vec<u8>)>, IndexError> {
        self.answer(self.instance.scan(family, range, limit).await)
    }
}

impl IndexPrimary for Kept<RocksPrimary> {
    async fn settle(&self, runs: SortedRuns) -> Result<(), IndexError> {
        self.database.begin();
        let settled = self.instance.settle(runs).await;
        self.database.changed();
        if settled.is_ok() && self.databases.merges() {
            // Another thread would do it, and nobody waits for that one.
            let merged = self.instance.compact().await;
            self.database.changed_meanwhile();
            self.answer(merged)?;
        }
        self.answer(settled)
    }

    async fn expect_more(&self, is_more: bool) -> Result<(), IndexError> {
        self.answer(self.instance.expect_more(is_more).await)
    }

    async fn compact(&self) -> Result<(), IndexError> {
        self.database.begin();
        let merged = self.instance.compact().await;
        self.database.changed();
        self.answer(merged)
    }

    async fn checkpoint(&self, target: &Path) -> Result<(), IndexError> {
        let copy = self.databases.database(target);
        let made = self.instance.checkpoint(copy.live()).await;
        copy.begin();
        self.answer(made)
    }
}

impl IndexSecondary for Kept<RocksSecondary> {
    async fn catch_up(&self) -> Result<(), IndexError> {
        self.answer(self.instance.catch_up().await)
    }
}
