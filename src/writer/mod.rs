//! Writing to one partition.

mod core;
mod filling;
mod flusher;
mod metrics;
mod pump;
mod settle;
mod shared;
mod staging;
#[cfg(test)]
mod tests;
mod timeout;
mod trim;

use std::sync::Arc;

use crate::error::{StorageError, StorageResult};
use crate::io::real::Real;
use crate::io::{Step, World};
use crate::partition::Partition;
use crate::recovery::{self, RecoveryReport};
use crate::sync::MarksView;
use crate::types::{Message, Sequence};

pub use flusher::Flusher;
pub use metrics::{AppendStages, WriterMetrics};
pub use staging::{Ack, Appended};
pub(crate) use timeout::timeout;

use self::core::WriterCore;
use self::shared::WriterShared;
use self::staging::Work;

/// The one writer of a partition. Clones are handles of it; it is released by [`Writer::close`],
/// or when the last handle drops.
pub struct Writer<W: World = Real> {
    core: Arc<WriterCore<W>>,
    recovered: Arc<RecoveryReport>,
}

impl<W: World> Clone for Writer<W> {
    fn clone(&self) -> Self {
        Self { core: self.core.clone(), recovered: self.recovered.clone() }
    }
}

impl<W: World> Writer<W> {
    /// Opens the partition to write: takes its lock, recovers what a crash left, begins an epoch.
    ///
    /// # Errors
    /// `Locked` where another writer has it; `Corrupt` where synced messages are damaged.
    pub async fn open(partition: Arc<Partition<W>>, flusher: Arc<Flusher>) -> StorageResult<Self> {
        let opened = recovery::open(&partition).await?;
        let shared = WriterShared::new(
            partition.world.clone(),
            partition.config.clone(),
            partition.topic.clone(),
            partition.number,
            partition.directory.clone(),
            opened.epoch,
            opened.state,
            opened.mark_file,
        );
        shared.write_mark(false).await?;
        let core = WriterCore::new(
            shared,
            partition.shard.clone(),
            flusher,
            opened.lock,
            opened.next_chunk,
        );
        core.start_settling();
        Ok(Self { core, recovered: Arc::new(opened.report) })
    }

    /// Appends `messages` as one batch: they get adjacent sequences, and become visible together
    /// or not at all. Returns as `ack` says; for [`Ack::Buffered`] the positions are not known
    /// yet and `offsets` is empty.
    ///
    /// A caller that drops the future does not know the outcome: the batch is wholly there or it
    /// is not, and nobody else is held up.
    ///
    /// # Errors
    /// `Invalid` for a message out of bounds, and nothing is appended; `Backpressure` where the
    /// index does not keep up; `ReadOnly` and `Poisoned` after a failure; `Closed`.
    pub async fn append(&self, messages: Vec<Message>, ack: Ack) -> StorageResult<Appended> {
        self.core.append(messages, ack).await
    }

    /// Writes what is buffered and makes it visible; forces it to disk too where `fsync`.
    pub async fn flush(&self, fsync: bool) -> StorageResult<()> {
        self.core.drain().await?;
        if fsync {
            self.core.sync_to(self.core.shared.marks.log_end()).await?;
            self.core.attend(Work::Mark).await?;
        }
        Ok(())
    }

    /// Seals the active segment; the next append begins a new one.
    pub async fn roll(&self) -> StorageResult<()> {
        self.core.attend(Work::Roll).await
    }

    /// Moves everything that is published now into the index.
    pub async fn settle(&self) -> StorageResult<()> {
        self.core.drain().await?;
        self.core.settle_all().await
    }

    /// Drops the segments that hold nothing at or above `sequence`. What is not settled and the
    /// active segment stay.
    pub async fn trim_to(&self, sequence: Sequence) -> StorageResult<()> {
        self.core.trim_to(sequence).await
    }

    /// The positions.
    pub fn marks(&self) -> MarksView {
        self.core.shared.marks.view()
    }

    /// Bytes of batches that were left buffered and are not written yet.
    pub fn buffered_bytes(&self) -> u64 {
        self.core.shared.buffered_bytes.load(std::sync::atomic::Ordering::Acquire)
    }

    /// What the writer counted.
    pub fn metrics(&self) -> WriterMetrics {
        let shared = &self.core.shared;
        let tail = &shared.state.index.tail;
        shared.counters.snapshot(
            shared.marks.view(),
            tail.entries(),
            tail.bytes(),
            shared.memory.used(),
            shared.state.index.lookup_stages(),
        )
    }

    /// What opening found and mended.
    pub fn recovered(&self) -> &RecoveryReport {
        &self.recovered
    }

    /// Writes again after `ReadOnly`: what failed was not acknowledged, and the next batch goes
    /// to a new segment.
    ///
    /// # Errors
    /// `Poisoned` after a failed sync: open the partition anew.
    pub async fn resume(&self) -> StorageResult<()> {
        if self.core.shared.failure().is_some() {
            // What began before may fail of what is mended since, and has the index's instance.
            self.core.settling_rests().await;
        }
        self.core.shared.resume()?;
        self.core.shard.close();
        self.core.start_settling();
        Ok(())
    }

    /// Writes and forces what is buffered, notes the clean end and releases the partition. A
    /// handle that is only dropped leaves the same messages, found by recovery.
    ///
    /// # Errors
    /// What could not be written. The partition is released all the same. `Closed` where it was
    /// closed before.
    pub async fn close(&self) -> StorageResult<()> {
        let mut result = self.finish().await;
        let first = self.core.shared.close();
        // A batch queued behind the last flush may be under way: the next writer must not begin
        // before it has ended. How it ends is told to those who wait for it.
        let _ = self.core.attend(Work::Barrier).await;
        self.core.settling_rests().await;
        let _turn = self.core.shared.trim_turn.acquire(1).await;
        if first && result.is_ok() {
            // Only now: a chunk that was being settled has noted its own end, an unclean one.
            result = self.note_end().await;
        }
        self.core.unlock();
        if !first {
            return Err(StorageError::Closed("the writer"));
        }
        result
    }

    async fn finish(&self) -> StorageResult<()> {
        let shared = &self.core.shared;
        shared.check()?;
        self.flush(true).await?;
        // The mark-only frame says that all is durable; force it too.
        if shared.config.fill_ahead_bytes > 0 {
            self.core.attend(Work::GiveBack).await?;
        }
        if let Some(file) = shared.active() {
            shared.force(&file).await?;
        }
        Ok(())
    }

    /// Notes the clean end, unless a batch came in behind the last flush.
    async fn note_end(&self) -> StorageResult<()> {
        let shared = &self.core.shared;
        if shared.marks.durable() < shared.marks.log_end() {
            return Ok(());
        }
        shared.write_mark(true).await?;
        shared.force_mark().await?;
        shared.world.step(Step::Closed).await;
        Ok(())
    }
}
