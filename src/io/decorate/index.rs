//! The index of an observed world.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::call::CallKind;
use super::handles::{HandleKind, Handles, Held};
use super::watch::Watch;
use crate::io::{
    Family, IndexBackend, IndexError, IndexOptions, IndexPrimary, IndexRead, IndexSecondary,
    SortedRuns,
};

/// Where the index instances of [`super::Observed`] come from.
#[derive(Clone)]
pub struct ObservedIndex<I> {
    inner: I,
    watch: Arc<Watch>,
    handles: Arc<Handles>,
}

/// An index instance of [`super::Observed`].
#[derive(Clone)]
pub struct ObservedInstance<R> {
    inner: R,
    directory: Arc<Path>,
    watch: Arc<Watch>,
    _held: Arc<Held>,
}

type Entry = (Vec<u8>, Vec<u8>);

impl<I> ObservedIndex<I> {
    pub(super) fn new(inner: I, watch: Arc<Watch>, handles: Arc<Handles>) -> Self {
        Self { inner, watch, handles }
    }

    /// The index inside, which this world's kills and errors do not concern.
    pub fn inner(&self) -> &I {
        &self.inner
    }

    fn instance<R>(&self, inner: R, kind: HandleKind, directory: &Path) -> ObservedInstance<R> {
        let (watch, held) = (self.watch.clone(), self.handles.opened(kind));
        ObservedInstance { inner, directory: directory.into(), watch, _held: held }
    }
}

impl<I: IndexBackend> IndexBackend for ObservedIndex<I> {
    type Primary = ObservedInstance<I::Primary>;
    type Secondary = ObservedInstance<I::Secondary>;
    type Frozen = ObservedInstance<I::Frozen>;

    async fn open_primary(
        &self,
        directory: &Path,
        options: IndexOptions,
    ) -> Result<Self::Primary, IndexError> {
        let opening = self.inner.open_primary(directory, options);
        let inner = self.watch.index_call(CallKind::OpenPrimary, directory, opening).await?;
        Ok(self.instance(inner, HandleKind::Primary, directory))
    }

    async fn open_secondary(
        &self,
        directory: &Path,
        private: &Path,
    ) -> Result<Self::Secondary, IndexError> {
        let opening = self.inner.open_secondary(directory, private);
        let inner = self.watch.index_call(CallKind::OpenSecondary, directory, opening).await?;
        Ok(self.instance(inner, HandleKind::Secondary, directory))
    }

    async fn open_frozen(&self, directory: &Path) -> Result<Self::Frozen, IndexError> {
        let opening = self.inner.open_frozen(directory);
        let inner = self.watch.index_call(CallKind::OpenFrozen, directory, opening).await?;
        Ok(self.instance(inner, HandleKind::Frozen, directory))
    }

    async fn file_count(&self, directory: &Path) -> Result<u64, IndexError> {
        let counting = self.inner.file_count(directory);
        self.watch.index_call(CallKind::FileCount, directory, counting).await
    }
}

impl<R: IndexRead> IndexRead for ObservedInstance<R> {
    async fn get(&self, family: Family, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
        let call = self.inner.get(family, key);
        self.watch.index_call(CallKind::Get, &self.directory, call).await
    }

    async fn multi_get(
        &self,
        family: Family,
        keys: &[Vec<u8>],
    ) -> Result<Vec<Option<Vec<u8>>>, IndexError> {
        let call = self.inner.multi_get(family, keys);
        self.watch.index_call(CallKind::MultiGet, &self.directory, call).await
    }

    async fn last_in(
        &self,
        family: Family,
        range: Range<&[u8]>,
    ) -> Result<Option<Entry>, IndexError> {
        let call = self.inner.last_in(family, range);
        self.watch.index_call(CallKind::LastIn, &self.directory, call).await
    }

    async fn scan(
        &self,
        family: Family,
        range: Range<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Entry>, IndexError> {
        let call = self.inner.scan(family, range, limit);
        self.watch.index_call(CallKind::Scan, &self.directory, call).await
    }
}

impl<R: IndexPrimary> IndexPrimary for ObservedInstance<R> {
    async fn settle(&self, runs: SortedRuns) -> Result<(), IndexError> {
        let call = self.inner.settle(runs);
        self.watch.index_call(CallKind::Settle, &self.directory, call).await
    }

    async fn expect_more(&self, is_more: bool) -> Result<(), IndexError> {
        self.inner.expect_more(is_more).await
    }

    async fn compact(&self) -> Result<(), IndexError> {
        let call = self.inner.compact();
        self.watch.index_call(CallKind::Compact, &self.directory, call).await
    }

    async fn checkpoint(&self, target: &Path) -> Result<(), IndexError> {
        let call = self.inner.checkpoint(target);
        self.watch.index_call(CallKind::Checkpoint, &self.directory, call).await
    }
}

impl<R: IndexSecondary> IndexSecondary for ObservedInstance<R> {
    async fn catch_up(&self) -> Result<(), IndexError> {
        let call = self.inner.catch_up();
        self.watch.index_call(CallKind::CatchUp, &self.directory, call).await
    }
}
