//! The index as it was at one moment, under its honest name.

use std::path::Path;

use super::coverage::{Coverages, Covered};
use super::query::Query;
use super::question::Question;
use super::settled::Settled;
use crate::error::StorageResult;
use crate::io::{IndexBackend, World};
use crate::types::MessageMeta;

/// A database as it was when it was opened, for ever: nothing settled later is ever shown, and
/// neither is any tail. Who wants what is visible now asks
/// [`PartitionIndex::lookup`](super::lookup::PartitionIndex::lookup).
pub struct FrozenIndex<W: World> {
    reader: <W::Index as IndexBackend>::Frozen,
    coverages: Coverages,
}

/// An answer from a frozen index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrozenAnswer {
    /// The messages found. Some may have been trimmed since.
    pub found: Vec<MessageMeta>,
    /// How the answer came about.
    pub report: FrozenReport,
}

/// How an answer from a frozen index came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrozenReport {
    /// Always true: told beside reports of lookups that follow what is written.
    pub frozen: bool,
    /// What the index held of the partition when it was opened: nothing at or above
    /// [`Covered::to`] is in an answer.
    pub covered: Covered,
}

impl<W: World> FrozenIndex<W> {
    /// Opens the database in `directory`, which must exist, as it is now.
    ///
    /// # Errors
    /// [`StorageError::Index`](crate::StorageError::Index) where it cannot be opened.
    pub async fn open(world: &W, directory: &Path) -> StorageResult<Self> {
        let reader = world.index().open_frozen(directory).await?;
        Ok(Self { reader, coverages: Coverages::default() })
    }

    /// Answers `query` about `partition`.
    ///
    /// # Errors
    /// [`StorageError::Index`](crate::StorageError::Index) where the database fails.
    pub async fn lookup(&self, partition: u32, query: &Query) -> StorageResult<FrozenAnswer> {
        let covered = self.coverages.of(partition).extend(&self.reader).await?;
        let settled = Settled::new(&self.reader, partition, covered);
        let found = query.of_settled(&settled, &(0..covered.to)).await?;
        Ok(FrozenAnswer { found, report: FrozenReport { frozen: true, covered } })
    }
}

/// The mistake: the answer of an instance that was frozen at the first lookup, with the report of
/// one that is fresh.
#[cfg(feature = "planted")]
pub(super) async fn as_fresh<W: World>(
    slot: &super::secondary::SecondarySlot<W>,
    index: &super::lookup::PartitionIndex,
    query: &Query,
) -> StorageResult<super::query::Answer> {
    let high_watermark = index.marks.high_watermark();
    let tail_start = index.tail.start();
    let lock = || slot.frozen.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let known = lock().clone();
    let frozen = match known {
        Some(frozen) => frozen,
        None => {
            let opened = FrozenIndex::open(slot.world(), slot.directory()).await?;
            lock().get_or_insert(std::sync::Arc::new(opened)).clone()
        }
    };
    let FrozenAnswer { found, report: frozen } = frozen.lookup(index.partition, query).await?;
    let coverage = frozen.covered.to;
    let from_settled = u32::try_from(found.len()).unwrap_or(u32::MAX);
    let report = super::query::LookupReport {
        high_watermark,
        visible: high_watermark,
        tail_start,
        coverage_before: coverage,
        coverage,
        from_settled,
        ..super::query::LookupReport::default()
    };
    Ok(super::query::Answer { found, report })
}
