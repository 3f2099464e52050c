//! Moving published entries into the index, in the background.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::error::{StorageError, StorageResult};
use crate::index::chunk::Draft;
#[cfg(feature = "planted")]
use crate::index::entry::RecordEntry;
use crate::index::known_ids::KnownIds;
use crate::index::tail::TailChunk;
use crate::io::{IndexRead, Step, World};
use crate::sync::{both, lock};

use super::core::WriterCore;

/// How long a job that failed waits before it tries again: at first, doubled each time, and at
/// most.
const RETRY_US: u64 = 50_000;
const RETRY_MAX_US: u64 = 10_000_000;

/// With so many chunks full, appends come faster than they are settled.
const BACKLOG_CHUNKS: usize = 3;

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
            let (mut retry_us, mut drafted) = (RETRY_US, None);
            while let Some(core) = this.upgrade() {
                let outcome = match core.shared.is_closed() {
                    true => Ok(false),
                    false => core.settle_next(&mut drafted).await,
                };
                match outcome {
                    Ok(true) => {
                        retry_us = RETRY_US;
                        core.shared.settle_progress.wake_all();
                    }
                    Ok(false) => {
                        core.shard.expect_more(core.shared.partition, false).await;
                        return core.rest();
                    }
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

    /// Returns once no settling job is at work. After `close`, and after a failure until `resume`,
    /// none begins.
    pub(super) async fn settling_rests(&self) {
        let shared = &self.shared;
        shared.settle_now();
        shared
            .settle_progress
            .wait_until(|| (!shared.settling.load(Ordering::Acquire)).then_some(()))
            .await;
    }

    /// Forces the log up to the end of `sealed`, and drafts it as chunk `number`.
    async fn draft<R: IndexRead>(
        &self,
        primary: &R,
        number: u64,
        sealed: Arc<TailChunk>,
    ) -> StorageResult<Draft> {
        let shared = &self.shared;
        let end = sealed.sequences().end;
        // The log first: the index must never know a record that the log can lose.
        if crate::planted!(&shared.world, SettleUnforced) {
            shared.marks.advance_durable(end);
        } else if shared.marks.durable() < end {
            self.sync_to(end).await?;
        }
        shared.world.step(Step::SettleForced).await;
        #[cfg(feature = "planted")]
        let sealed = if crate::planted!(&shared.world, EntryMisplaced) {
            Arc::new(misplaced(&sealed))
        } else {
            sealed
        };
        let (partition, bytes_max) = (shared.partition, shared.config.id_filter_max_bytes);
        // Not there as well where an earlier call was given up.
        let known = lock(&self.known_ids).take();
        let mut known = known.unwrap_or_else(|| match number {
            0 => KnownIds::of_nothing(bytes_max),
            _ => KnownIds::unread(bytes_max, partition),
        });
        // Faster than they come, so that it ends.
        known.read_on(primary, partition, 2 * sealed.entries()).await?;
        let draft = Draft::of(partition, number, &sealed, Some(&mut known));
        shared.counters.note_id_filter(known.bytes());
        *lock(&self.known_ids) = Some(known);
        Ok(draft)
    }

    /// Settles the oldest sealed chunk, `drafted` where that is given, and leaves a draft of the
    /// next one there; whether there was one. One caller at a time: who holds `settling`.
    async fn settle_next(&self, drafted: &mut Option<Draft>) -> StorageResult<bool> {
        let shared = &self.shared;
        let Some(sealed) = shared.state.index.tail.sealed() else {
            return Ok(false);
        };
        let end = sealed.sequences().end;
        let primary = self.shard.primary().await?;
        let number = *lock(&self.next_chunk);
        if shared.state.index.tail.sealed_count() >= BACKLOG_CHUNKS {
            self.shard.expect_more(shared.partition, true).await;
        }
        let draft = match drafted.take() {
            Some(draft) => draft,
            None => self.draft(primary.as_ref(), number, sealed).await?,
        };
        assert_eq!(draft.sequences().end, end, "chunks are settled in their order");
        let runs = draft.runs(primary.as_ref()).await?;
        // What of the next chunk can be made before this one is there, is made meanwhile.
        let next = async {
            let sealed = shared.state.index.tail.sealed_from(end)?;
            self.draft(primary.as_ref(), number + 1, sealed).await.ok()
        };
        let (applied, next) = both(self.shard.settle(&primary, runs), next).await;
        if !crate::planted!(&shared.world, SettleFailureIgnored) {
            applied?;
        }
        drop(primary);
        // Where it failed, it is tried again, and told, in its turn.
        *drafted = next;
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
