//! One opened secondary and what is known of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::turns::Turns;
use crate::index::coverage::{Coverage, Coverages, Covered};
use crate::io::{IndexBackend, IndexError, IndexSecondary, World};

/// The instance itself.
pub(in crate::index) type Reader<W> = <<W as World>::Index as IndexBackend>::Secondary;

/// One opened secondary. Coverage, and the turns at catching it up, belong to it alone: those of
/// another instance say nothing about it.
pub(in crate::index) struct Instance<W: World> {
    reader: Reader<W>,
    coverages: Coverages,
    turns: Turns,
    used_us: AtomicU64,
}

impl<W: World> Instance<W> {
    pub(super) fn new(reader: Reader<W>, now_us: u64) -> Self {
        let (coverages, turns) = Default::default();
        Self { reader, coverages, turns, used_us: AtomicU64::new(now_us) }
    }

    pub(in crate::index) fn reader(&self) -> &Reader<W> {
        &self.reader
    }

    pub(super) fn turns(&self) -> &Turns {
        &self.turns
    }

    pub(super) async fn catch_up(&self) -> Result<(), IndexError> {
        self.reader.catch_up().await
    }

    pub(super) fn touch(&self, now_us: u64) {
        self.used_us.fetch_max(now_us, Ordering::Relaxed);
    }

    pub(super) fn used_us(&self) -> u64 {
        self.used_us.load(Ordering::Relaxed)
    }

    /// The coverage of a partition.
    pub(in crate::index) fn coverage(&self, partition: u32) -> Arc<Coverage> {
        self.coverages.of(partition)
    }

    pub(super) async fn extend(&self, partition: u32) -> Result<Covered, IndexError> {
        self.coverage(partition).extend(&self.reader).await
    }
}
