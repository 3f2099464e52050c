//! Moving published entries into the index, in the background.

use std::sync::atomic::Ordering;

use crate::error::{StorageError, StorageResult};
use crate::index::chunk;
#[cfg(feature = "planted")]
use crate::index::entry::RecordEntry;
use crate::index::known_ids::KnownIds;
use crate::index::tail::TailChunk;
use crate::io::{IndexRead, SortedRuns, Step, World};
use crate::sync::lock;

use super::core::WriterCore;

/// How long a job that failed waits before it tries again: at first, doubled each time, and at
/// most.
const RETRY_US: u64 = 50_000;
const RETRY_MAX_US: u64 = 10_000_000;

impl<W: World> WriterCore<W> {
    /// Starts a settling job where a chunk is ready and none runs.
    pub(super) fn start_settling(&self) {
        let shared = &self.shared;
        if shared.state.index.tail.sealed().is_none()
            || shared.settling.swap(true, Ordering::AcqRel)
        {
            return;
        }
        let this = self.this.clone();
        shared.world.spawn("settle", async move {
            let mut retry_us = RETRY_US;
            while let Some(core) = this.upgrade() {
                let outcome =
                    if core.shared.is_closed() { Ok(false) } else { core.settle_next().await };
                match outcome {
                    Ok(true) => {
                        retry_us = RETRY_US;
                        core.shared.settle_progress.wake_all();
                    }
                    Ok(false) => return core.rest(),
                    Err(error) => {
                        tracing::warn!(%error, retry_us, "settling failed");
                        core.shared.counters.count_settle_failure(error.to_string(), retry_us);
                        core.shared.settle_progress.wake_all();
                        if core.shared.failure().is_some() {
                            return core.rest();
                        }
                        let shared = core.shared.clone();
                        // The wait keeps no writer open.
                        drop(core);
                        shared.wait_to_settle_again(retry_us).await;
                        retry_us = RETRY_MAX_US.min(retry_us * 2);
                    }
                }
            }
        });
    }

    /// The job ends. A chunk may have been sealed since it looked, while its appender saw a job
    /// running.
    fn rest(&self) {
        self.shared.settling.store(false, Ordering::Release);
        self.shared.settle_progress.wake_all();
        if !self.shared.is_closed() && self.shared.failure().is_none() {
            self.start_settling();
        }
    }

    /// Settles everything that is published now.
    ///
    /// # Errors
    /// What the index or the log said; the entries stay in the tail.
    pub(super) async fn settle_all(&self) -> StorageResult<()> {
        let shared = &self.shared;
        let end = shared.marks.high_watermark();
        let failures = shared.counters.settle_failure_count();
        shared.state.index.tail.seal_now();
        if shared.settling.load(Ordering::Acquire) {
            shared.settle_now();
        }
        self.start_settling();
        shared
            .settle_progress
            .wait_until(|| {
                if shared.marks.settled() >= end {
                    return Some(Ok(()));
                }
                if let Err(error) = shared.check() {
                    return Some(Err(error));
                }
                let failed = shared.counters.settle_failure_count() > failures;
                failed.then(|| {
                    Err(StorageError::Index {
                        path: self.shard.path().to_owned(),
                        what: shared.counters.settle_failure().unwrap_or_default(),
                    })
                })
            })
            .await
    }

    /// Returns once no settling job is at work. After `close` none begins.
    pub(super) async fn settling_rests(&self) {
        let shared = &self.shared;
        shared.settle_now();
        shared
            .settle_progress
            .wait_until(|| (!shared.settling.load(Ordering::Acquire)).then_some(()))
            .await;
    }

    /// The runs of `chunk`, which becomes chunk `number`.
    async fn build<R: IndexRead>(
        &self,
        primary: &R,
        number: u64,
        chunk: &TailChunk,
    ) -> StorageResult<SortedRuns> {
        let (partition, bytes_max) =
            (self.shared.partition, self.shared.config.id_filter_max_bytes);
        // Not there as well where an earlier call was given up.
        let known = lock(&self.known_ids).take();
        let mut known = known.unwrap_or_else(|| match number {
            0 => KnownIds::of_nothing(bytes_max),
            _ => KnownIds::unread(bytes_max, partition),
        });
        // Faster than they come, so that it ends.
        known.read_on(primary, partition, 2 * chunk.entries()).await?;
        let runs = chunk::build(primary, partition, number, chunk, Some(&mut known)).await;
        self.shared.counters.note_id_filter(known.bytes());
        *lock(&self.known_ids) = Some(known);
        Ok(runs?)
    }

    /// Settles the oldest sealed chunk; whether there was one. One caller at a time: who holds
    /// `settling`.
    async fn settle_next(&self) -> StorageResult<bool> {
        let shared = &self.shared;
        let Some(sealed) = shared.state.index.tail.sealed() else {
            return Ok(false);
        };
        let end = sealed.sequences().end;
        // The log first: the index must never know a record that the log can lose.
        if crate::planted!(&shared.world, SettleUnforced) {
            shared.marks.advance_durable(end);
        } else if shared.marks.durable() < end {
            self.sync_to(end).await?;
        }
        shared.world.step(Step::SettleForced).await;
        let primary = self.shard.primary().await?;
        let number = *lock(&self.next_chunk);
        #[cfg(feature = "planted")]
        let sealed = if crate::planted!(&shared.world, EntryMisplaced) {
            std::sync::Arc::new(misplaced(&sealed))
        } else {
            sealed
        };
        let runs = self.build(primary.as_ref(), number, &sealed).await?;
        let applied = self.shard.settle(&primary, runs).await;
        if !crate::planted!(&shared.world, SettleFailureIgnored) {
            applied?;
        }
        drop(primary);
        shared.world.step(Step::SettleApplied).await;
        *lock(&self.next_chunk) = number + 1;
        shared.marks.advance_settled(end);
        shared.state.index.tail.release(end);
        shared.counters.count_settle();
        shared.write_mark(false).await?;
        shared.world.step(Step::SettleMarked).await;
        self.trim_by_settings().await?;
        Ok(true)
    }
}

/// The chunk, with the first entry of each frame a few bytes off its record.
#[cfg(feature = "planted")]
fn misplaced(sealed: &TailChunk) -> TailChunk {
    TailChunk::of(sealed.batches().iter().map(|batch| {
        let mut batch = (**batch).clone();
        batch.records = batch.records.iter().enumerate().map(moved).collect();
        batch
    }))
}

/// The first record of a frame a few bytes off, all others as they are.
#[cfg(feature = "planted")]
fn moved((index, record): (usize, RecordEntry<'_>)) -> RecordEntry<'_> {
    let by = if index == 0 { 8 } else { 0 };
    RecordEntry { offset_in_frame: record.offset_in_frame + by, ..record }
}
