//! One open writer: the state that its handles and jobs share, and the two pumps.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, Weak};

use crate::error::{StorageError, StorageResult};
use crate::index::known_ids::KnownIds;
use crate::index::shard::Shard;
use crate::io::{Step, World};
use crate::planted;
use crate::record::FRAME_BODY_BYTES_MAX;
use crate::sync::{OnOrphan, SharedTask, lock, ticket};
use crate::types::{Message, Sequence};

use super::flusher::Flusher;
use super::metrics::AppendStage;
use super::pump::Pump;
use super::shared::WriterShared;
use super::staging::{Ack, Appended, Staged, Work};

/// An open writer. Handles hold it in an `Arc`; background jobs hold it only while they work.
pub(super) struct WriterCore<W: World> {
    pub(super) shared: Arc<WriterShared<W>>,
    pub(super) shard: Arc<Shard<W>>,
    pub(super) flusher: Arc<Flusher>,
    pump: SharedTask,
    sync: SharedTask,
    lock: Mutex<Option<W::Lock>>,
    /// The number of the next chunk to settle.
    pub(super) next_chunk: Mutex<u64>,
    /// Which ids are settled; who settles takes it and puts it back.
    pub(super) known_ids: Mutex<Option<KnownIds>>,
    pub(super) this: Weak<Self>,
}

impl<W: World> WriterCore<W> {
    pub(super) fn new(
        shared: WriterShared<W>,
        shard: Arc<Shard<W>>,
        flusher: Arc<Flusher>,
        lock: W::Lock,
        next_chunk: u64,
    ) -> Arc<Self> {
        let shared = Arc::new(shared);
        Arc::new_cyclic(|this: &Weak<Self>| {
            let pump = SharedTask::new(
                Pump::new(shared.clone()).run(),
                shared.pump_activity.clone(),
                orphan(this, |core| &core.pump),
            );
            let sync = SharedTask::new(
                run_sync(shared.clone()),
                shared.sync_activity.clone(),
                orphan(this, |core| &core.sync),
            );
            Self {
                shared,
                shard,
                flusher,
                pump,
                sync,
                lock: Mutex::new(Some(lock)),
                next_chunk: Mutex::new(next_chunk),
                known_ids: Mutex::default(),
                this: this.clone(),
            }
        })
    }

    /// Appends one batch; see `Writer::append`.
    pub(super) async fn append(&self, messages: Vec<Message>, ack: Ack) -> StorageResult<Appended> {
        let (encoded_bytes, ids_bytes) = self.validate(&messages)?;
        self.shared.check()?;
        self.wait_for_room().await?;
        // Driven meanwhile: what holds the memory may lie in the queue with nobody waiting for it.
        let memory = self.shared.memory.acquire(encoded_bytes as u64);
        let memory = self.pump.drive_with(memory).await;
        self.shared.check()?;
        let (done, ticket) = match ack {
            Ack::Buffered => (None, None),
            Ack::Flushed | Ack::Synced => {
                let (done, ticket) = ticket();
                (Some(done), Some(ticket))
            }
        };
        let count = messages.len();
        let watch = self.shared.start_watch();
        self.shared.queue.push(Work::Append(Staged {
            messages,
            encoded_bytes,
            done,
            watch,
            _memory: memory,
            ids_bytes,
        }));
        self.shared.world.step(Step::Staged).await;
        let Some(ticket) = ticket else {
            return self.leave_buffered(count, encoded_bytes).await;
        };
        if ack == Ack::Synced {
            // A sync is waited for anyway: what others of the same executor append now shares the
            // frame as well.
            let mut undriven = Undriven(Some(self));
            yield_once().await;
            undriven.0 = None;
        }
        let appended = self
            .pump
            .drive_with(ticket)
            .await
            .unwrap_or(Err(StorageError::Closed("the writer")))?;
        self.shared.counters.count_append(count, encoded_bytes);
        self.start_settling();
        if ack == Ack::Synced {
            self.shared.note_synced();
            let mut watch = self.shared.watch_from_now(watch.is_running());
            if !planted!(&self.shared.world, AckBeforeSync) {
                self.sync_to(appended.end()).await?;
            }
            self.shared.lap(&mut watch, AppendStage::Synced);
            self.shared.world.step(Step::AckedSynced).await;
            self.schedule_mark();
        }
        Ok(appended)
    }

    /// Answers the bytes of the batch's frame, at most, and those of its ids.
    fn validate(&self, messages: &[Message]) -> StorageResult<(usize, usize)> {
        if messages.is_empty() {
            return Err(StorageError::Invalid {
                field: "messages",
                value: "an empty batch".to_owned(),
                remedy: "append at least one message".to_owned(),
            });
        }
        let limit = self.shared.config.message_max_bytes;
        let (mut bytes, mut ids_bytes) = ((crate::record::FRAME_HEADER_BYTES + 8) as u64, 0);
        for message in messages {
            bytes += crate::record::validate(message, limit)?;
            ids_bytes += message.id.len();
        }
        let limit = self.shared.config.staged_max_bytes.min(FRAME_BODY_BYTES_MAX as usize);
        if bytes > limit as u64 {
            return Err(StorageError::Invalid {
                field: "messages",
                value: format!("a batch of {bytes} bytes"),
                remedy: format!("append at most {limit} bytes at a time (staged_max_bytes)"),
            });
        }
        Ok((bytes as usize, ids_bytes))
    }

    /// Leaves a batch in the queue: written by whoever drives the pump next, at the latest after
    /// the flush period. Its position is not known yet.
    async fn leave_buffered(&self, count: usize, bytes: usize) -> StorageResult<Appended> {
        let shared = &self.shared;
        shared.counters.count_append(count, bytes);
        let before = shared.buffered_bytes.fetch_add(bytes as u64, Ordering::AcqRel);
        if before + bytes as u64 >= self.flusher.bytes() {
            self.drain().await?;
        } else if before == 0 {
            self.flush_later();
        }
        Ok(Appended {
            epoch: shared.epoch,
            first_sequence: shared.marks.log_end(),
            offsets: Vec::new(),
        })
    }

    fn flush_later(&self) {
        let this = self.this.clone();
        let world = self.shared.world.clone();
        let period_us = self.flusher.period_us();
        self.shared.world.spawn("flush", async move {
            world.sleep(period_us).await;
            if let Some(core) = this.upgrade() {
                // A failure is kept by the writer, and every later call reports it.
                let _ = core.drain().await;
            }
        });
    }

    /// Writes all that lies in the queue now.
    pub(super) async fn drain(&self) -> StorageResult<()> {
        self.shared.buffered_bytes.store(0, Ordering::Release);
        self.attend(Work::Barrier).await?;
        self.start_settling();
        Ok(())
    }

    /// Has the pump do one thing, behind all that is queued.
    pub(super) async fn attend(
        &self,
        work: impl FnOnce(crate::sync::Completer<StorageResult<()>>) -> Work,
    ) -> StorageResult<()> {
        let (done, ticket) = ticket();
        self.shared.queue.push(work(done));
        self.pump.drive_with(ticket).await.unwrap_or(Err(StorageError::Closed("the writer")))
    }

    /// Returns once everything below `end` is forced to disk. Calls at the same time share their
    /// syncs.
    pub(super) async fn sync_to(&self, end: Sequence) -> StorageResult<()> {
        let shared = &self.shared;
        shared.sync_wanted.fetch_max(end, Ordering::AcqRel);
        self.sync
            .drive(|| {
                if shared.marks.durable() >= end {
                    return Some(Ok(()));
                }
                shared.failure().map(Err)
            })
            .await
    }

    /// Writes a frame with the durable mark where nothing follows a sync for the flush period.
    fn schedule_mark(&self) {
        let shared = &self.shared;
        if shared.marks.durable() < shared.marks.log_end() || !self.flusher.begin_mark() {
            return;
        }
        let this = self.this.clone();
        let world = shared.world.clone();
        let period_us = self.flusher.period_us();
        let end = shared.marks.log_end();
        shared.world.spawn("mark", async move {
            world.sleep(period_us).await;
            let Some(core) = this.upgrade() else { return };
            core.flusher.end_mark();
            if core.shared.marks.log_end() == end {
                // As above: the writer keeps the failure.
                let _ = core.attend(Work::Mark).await;
            }
        });
    }

    /// Waits until the tail has room, at most as long as the settings say.
    async fn wait_for_room(&self) -> StorageResult<()> {
        let shared = &self.shared;
        let tail = &shared.state.index.tail;
        if tail.has_room() {
            return Ok(());
        }
        shared.counters.count_backpressure();
        self.start_settling();
        let limit_us = shared.config.backpressure_max_us;
        let room = shared.settle_progress.wait_until(|| tail.has_room().then_some(()));
        if super::timeout(&shared.world, limit_us, room).await.is_some() {
            return Ok(());
        }
        Err(StorageError::Backpressure {
            bound: format!(
                "{} messages or {} bytes",
                shared.config.tail_max_entries, shared.config.tail_max_bytes
            ),
            waited_us: limit_us,
            cause: shared.counters.settle_failure().unwrap_or_else(|| "none".to_owned()),
        })
    }

    /// Lets the partition go; the handle is of no use afterwards.
    pub(super) fn unlock(&self) {
        lock(&self.lock).take();
    }
}

/// A batch in the queue whose caller does not drive the pump yet: where it gives up, somebody else
/// does.
struct Undriven<'a, W: World>(Option<&'a WriterCore<W>>);

impl<W: World> Drop for Undriven<'_, W> {
    fn drop(&mut self) {
        let Some(core) = self.0 else { return };
        core.pump.kick();
        if core.pump.abandoned() {
            orphan(&core.this, |core| &core.pump)();
        }
    }
}

/// What a task does when its last driver left it: it is driven to idle by a job of its own.
fn orphan<W: World>(
    this: &Weak<WriterCore<W>>,
    task: fn(&WriterCore<W>) -> &SharedTask,
) -> OnOrphan {
    let this = this.clone();
    Arc::new(move || {
        let Some(core) = this.upgrade() else { return };
        let world = core.shared.world.clone();
        world.spawn("pump", async move { task(&core).drive_to_idle().await });
    })
}

/// Group commit: one `fdatasync` after the other, each for all who asked before it started. What
/// it proves durable is what was written when it *started*.
async fn run_sync<W: World>(shared: Arc<WriterShared<W>>) {
    loop {
        sync_wanted(&shared).await;
        // What others of the same executor append now shares the sync.
        yield_once().await;
        // The end first, then the file: a roll in between has forced the old segment.
        let end = shared.marks.log_end();
        if let Some(file) = shared.active()
            && shared.force(&file).await.is_err()
        {
            continue;
        }
        shared.marks.advance_durable(end);
        shared.world.step(Step::Synced).await;
    }
}

/// Lets others that are ready run first.
async fn yield_once() {
    let mut yielded = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut yielded, true) {
            return std::task::Poll::Ready(());
        }
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}

async fn sync_wanted<W: World>(shared: &WriterShared<W>) {
    std::future::poll_fn(|_| {
        let wanted = shared.sync_wanted.load(Ordering::Acquire);
        if wanted <= shared.marks.durable() || shared.failure().is_some() {
            shared.sync_activity.set_idle();
            return std::task::Poll::Pending;
        }
        shared.sync_activity.set_busy();
        std::task::Poll::Ready(())
    })
    .await;
}
