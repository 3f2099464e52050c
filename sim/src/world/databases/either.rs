//! One of two index backends, and instances of it.

use std::ops::Range;
use std::path::Path;

use duolog::index::model::{CatchUpFault, SettleFault};
use duolog::io::{
    Family, IndexBackend, IndexError, IndexOptions, IndexPrimary, IndexRead, IndexSecondary,
    SortedRuns,
};

use super::{Following, Instance, Settling};

/// The model's, or RocksDB's.
#[derive(Clone)]
pub enum Either<M, R> {
    /// The one.
    Model(M),
    /// The other.
    Rocks(R),
}

/// The same call of whichever there is.
macro_rules! of {
    ($either:expr, $inner:ident => $call:expr) => {
        match $either {
            Either::Model($inner) => $call,
            Either::Rocks($inner) => $call,
        }
    };
}

impl<M: IndexBackend, R: IndexBackend> IndexBackend for Either<M, R> {
    type Primary = Either<M::Primary, R::Primary>;
    type Secondary = Either<M::Secondary, R::Secondary>;
    type Frozen = Either<M::Frozen, R::Frozen>;

    async fn open_primary(
        &self,
        directory: &Path,
        options: IndexOptions,
    ) -> Result<Self::Primary, IndexError> {
        Ok(match self {
            Self::Model(model) => Either::Model(model.open_primary(directory, options).await?),
            Self::Rocks(rocks) => Either::Rocks(rocks.open_primary(directory, options).await?),
        })
    }

    async fn open_secondary(
        &self,
        directory: &Path,
        private: &Path,
    ) -> Result<Self::Secondary, IndexError> {
        Ok(match self {
            Self::Model(model) => Either::Model(model.open_secondary(directory, private).await?),
            Self::Rocks(rocks) => Either::Rocks(rocks.open_secondary(directory, private).await?),
        })
    }

    async fn open_frozen(&self, directory: &Path) -> Result<Self::Frozen, IndexError> {
        Ok(match self {
            Self::Model(model) => Either::Model(model.open_frozen(directory).await?),
            Self::Rocks(rocks) => Either::Rocks(rocks.open_frozen(directory).await?),
        })
    }

    async fn file_count(&self, directory: &Path) -> Result<u64, IndexError> {
        of!(self, backend => backend.file_count(directory).await)
    }
}

impl<M: Instance, R: Instance> Instance for Either<M, R> {
    fn returned(&self) {
        of!(self, instance => instance.returned());
    }

    fn killed(self, kept: impl FnMut(usize) -> usize) -> usize {
        of!(self, instance => instance.killed(kept))
    }
}

impl<M: Settling, R: Settling> Settling for Either<M, R> {
    fn inject_settle(&self, fault: SettleFault) -> bool {
        of!(self, primary => primary.inject_settle(fault))
    }

    async fn settle_unforced(&self, runs: SortedRuns) -> Result<(), IndexError> {
        of!(self, primary => primary.settle_unforced(runs).await)
    }

    fn settled(&self) {
        of!(self, primary => primary.settled());
    }
}

impl<M: Following, R: Following> Following for Either<M, R> {
    fn inject_catch_up(&self, fault: CatchUpFault) -> bool {
        of!(self, secondary => secondary.inject_catch_up(fault))
    }
}

impl<M: IndexRead, R: IndexRead> IndexRead for Either<M, R> {
    async fn get(&self, family: Family, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
        of!(self, instance => instance.get(family, key).await)
    }

    async fn multi_get(
        &self,
        family: Family,
        keys: &[Vec<u8>],
    ) -> Result<Vec<Option<Vec<u8>>>, IndexError> {
        of!(self, instance => instance.multi_get(family, keys).await)
    }

    async fn last_in(
        &self,
        family: Family,
        range: Range<&[u8]>,
    ) -> Result<Option<(Vec<u8>, Vec<u8>)>, IndexError> {
        of!(self, instance => instance.last_in(family, range).await)
    }

    async fn scan(
        &self,
        family: Family,
        range: Range<&[u8]>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Vec<u8>)>, IndexError> {
        of!(self, instance => instance.scan(family, range, limit).await)
    }
}

impl<M: IndexPrimary, R: IndexPrimary> IndexPrimary for Either<M, R> {
    async fn settle(&self, runs: SortedRuns) -> Result<(), IndexError> {
        of!(self, primary => primary.settle(runs).await)
    }

    async fn expect_more(&self, is_more: bool) -> Result<(), IndexError> {
        of!(self, primary => primary.expect_more(is_more).await)
    }

    async fn compact(&self) -> Result<(), IndexError> {
        of!(self, primary => primary.compact().await)
    }

    async fn checkpoint(&self, target: &Path) -> Result<(), IndexError> {
        of!(self, primary => primary.checkpoint(target).await)
    }
}

impl<M: IndexSecondary, R: IndexSecondary> IndexSecondary for Either<M, R> {
    async fn catch_up(&self) -> Result<(), IndexError> {
        of!(self, secondary => secondary.catch_up().await)
    }
}
