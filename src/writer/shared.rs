//! What the pump, the callers and the background jobs of one writer share.

use std::future::poll_fn;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use crate::config::{DiskConfig, Visibility};
use crate::error::{ErrorKind, StorageError, StorageResult};
use crate::index::entry::BatchEntry;
use crate::io::{File, Step, World};
use crate::log::TopicInfo;
use crate::log::{Mark, MarkFile};
use crate::partition::PartitionState;
use crate::planted;
use crate::record::FrameFields;
use crate::segment::SegmentHeader;
use crate::sync::{Budget, Idle, Marks, Stopwatch, SwitchQueue, Waiters, lock};
use crate::types::{Epoch, SegmentId, Sequence};

use super::metrics::{AppendStage, WriterCounters};
use super::staging::Work;

/// The state of one open writer.
pub(super) struct WriterShared<W: World> {
    pub(super) world: W,
    pub(super) config: Arc<DiskConfig>,
    pub(super) topic: TopicInfo,
    pub(super) partition: u32,
    pub(super) directory: PathBuf,
    pub(super) epoch: Epoch,
    pub(super) state: Arc<PartitionState>,
    pub(super) marks: Arc<Marks>,
    pub(super) queue: SwitchQueue<Work>,
    /// Bytes in the queue that nobody waits for.
    pub(super) buffered_bytes: AtomicU64,
    /// Whether the pump has something under way.
    pub(super) pump_activity: Idle,
    /// Whether a sync is under way.
    pub(super) sync_activity: Idle,
    /// Who may drop segments; `close` waits for it.
    pub(super) trim_turn: Budget,
    /// Who may sync a segment.
    sync_turn: Budget,
    /// Memory of the batches under way.
    pub(super) memory: Budget,
    pub(super) counters: WriterCounters,
    mark_file: MarkFile<W::File>,
    active: Mutex<Option<W::File>>,
    failure: Mutex<Option<StorageError>>,
    /// Whether there is a failure: every append asks.
    has_failed: AtomicBool,
    /// Set by `resume`: the next frame begins a new segment.
    reopen: AtomicBool,
    closed: AtomicBool,
    synced_used: AtomicBool,
    /// Everything below is asked to be forced.
    pub(super) sync_wanted: AtomicU64,
    /// Whether a settling job is at work; one at a time.
    pub(super) settling: AtomicBool,
    /// Whether somebody asked a settling job not to wait.
    settle_asked: AtomicBool,
    /// Those who wait for settling to come further, to fail or to rest.
    pub(super) settle_progress: Waiters,
    /// Entries that a mistake keeps from the tail until they are acknowledged.
    #[cfg(feature = "planted")]
    late: Mutex<Vec<BatchEntry>>,
}

impl<W: World> WriterShared<W> {
    #[allow(clippy::too_many_arguments, reason = "made in one place, by name")]
    pub(super) fn new(
        world: W,
        config: Arc<DiskConfig>,
        topic: TopicInfo,
        partition: u32,
        directory: PathBuf,
        epoch: Epoch,
        state: Arc<PartitionState>,
        mark_file: MarkFile<W::File>,
    ) -> Self {
        Self {
            world,
            topic,
            partition,
            directory,
            epoch,
            marks: state.index.marks.clone(),
            state,
            queue: SwitchQueue::new(),
            buffered_bytes: AtomicU64::new(0),
            pump_activity: Idle::default(),
            sync_activity: Idle::default(),
            trim_turn: Budget::new(1),
            sync_turn: Budget::new(1),
            memory: Budget::new(config.staged_max_bytes as u64),
            counters: WriterCounters::default(),
            mark_file,
            active: Mutex::new(None),
            failure: Mutex::new(None),
            has_failed: AtomicBool::new(false),
            reopen: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            synced_used: AtomicBool::new(false),
            sync_wanted: AtomicU64::new(0),
            settling: AtomicBool::new(false),
            settle_asked: AtomicBool::new(false),
            settle_progress: Waiters::new(),
            #[cfg(feature = "planted")]
            late: Mutex::default(),
            config,
        }
    }

    /// Ready once the queue holds something. The pump is polled by whoever pushed, so it needs
    /// no wake of its own.
    pub(super) async fn work_arrived(&self) {
        poll_fn(|_| {
            if self.queue.is_empty() {
                self.pump_activity.set_idle();
                return Poll::Pending;
            }
            self.pump_activity.set_busy();
            Poll::Ready(())
        })
        .await;
    }

    /// Follows an append that is staged now, where it is one that is timed.
    pub(super) fn start_watch(&self) -> Stopwatch {
        self.watch_from_now(self.counters.append_times.begins_sampled())
    }

    /// Runs from now on where `is_timed`.
    pub(super) fn watch_from_now(&self, is_timed: bool) -> Stopwatch {
        Stopwatch::start(is_timed, || self.world.monotonic_us())
    }

    /// Notes that what `watch` follows has passed `stage`.
    pub(super) fn lap(&self, watch: &mut Stopwatch, stage: AppendStage) {
        let times = &self.counters.append_times;
        watch.lap(times, stage as usize, || self.world.monotonic_us());
    }

    /// Makes what was written visible, in this order: tail, high watermark, other processes,
    /// waiting readers.
    pub(super) async fn publish(
        &self,
        entry: BatchEntry,
        end: Sequence,
        watch: &mut Stopwatch,
    ) -> StorageResult<()> {
        #[cfg(feature = "planted")]
        if planted!(&self.world, PublishBeforeTail) {
            lock(&self.late).push(entry);
            self.marks.advance_high_watermark(end);
            self.world.step(Step::Published).await;
            return Ok(());
        }
        let count = entry.records.len() as u64;
        self.state.index.tail.push(entry);
        self.world.step(Step::TailAdded).await;
        self.lap(watch, AppendStage::TailAdded);
        if planted!(&self.world, BatchHalved) {
            self.marks.advance_high_watermark(end - count / 2);
            self.world.step(Step::Published).await;
        }
        self.marks.advance_high_watermark(end);
        self.write_mark(false).await?;
        self.world.step(Step::Published).await;
        self.lap(watch, AppendStage::Published);
        Ok(())
    }

    /// Gives the tail what a mistake kept from it.
    #[cfg(feature = "planted")]
    pub(super) fn add_late(&self) {
        let late = std::mem::take(&mut *lock(&self.late));
        late.into_iter().for_each(|entry| self.state.index.tail.push(entry));
    }

    /// Forces a segment's file to disk. A failure poisons the writer: what was written since the
    /// last success may be lost although a later call succeeds. One at a time, because a system
    /// tells a failure to one of two calls under way on the same file and "ok" to the other.
    pub(super) async fn force(&self, file: &W::File) -> StorageResult<()> {
        let _turn = self.sync_turn.acquire(1).await;
        if let Some(error @ StorageError::Poisoned { .. }) = self.failure() {
            return Err(error);
        }
        self.counters.count_sync();
        if planted!(&self.world, SyncSkipped) {
            return Ok(());
        }
        let mut forced = file.sync_data().await;
        if forced.is_err() && planted!(&self.world, SyncRetried) {
            forced = file.sync_data().await;
        }
        if planted!(&self.world, SyncErrorIgnored) {
            forced = Ok(());
        }
        forced.map_err(|error| {
            let poisoned = StorageError::Poisoned { cause: error.to_string() };
            self.fail(&poisoned);
            poisoned
        })
    }

    /// Tells other processes the positions.
    pub(super) async fn write_mark(&self, clean: bool) -> StorageResult<()> {
        let mark = Mark {
            boot_id: self.world.boot_id(),
            epoch: self.epoch,
            clean,
            marks: self.marks.view(),
        };
        self.mark_file.write(&mark).await
    }

    /// Notes where the log starts, and forces the note to disk.
    pub(super) async fn note_start(&self, log_start: Sequence) -> StorageResult<()> {
        self.mark_file.note_start(log_start).await?;
        self.force_mark().await
    }

    /// Forces the publication record to disk.
    pub(super) async fn force_mark(&self) -> StorageResult<()> {
        self.mark_file.force().await
    }

    /// What the next frame says beside its records.
    pub(super) fn frame_fields(&self, append_time_us: i64) -> FrameFields {
        let first_sequence = self.marks.log_end();
        let mut durable = self.marks.durable();
        if planted!(&self.world, MarkTooEarly) {
            durable = first_sequence;
        }
        if planted!(&self.world, MarkNeverWritten) {
            durable = 0;
        }
        FrameFields { first_sequence, durable, append_time_us }
    }

    pub(super) fn segment_header(
        &self,
        id: SegmentId,
        base_sequence: Sequence,
        created_us: i64,
    ) -> SegmentHeader {
        SegmentHeader {
            segment_id: id,
            base_sequence,
            topic_id: self.topic.topic_id,
            partition: self.partition,
            created_us,
        }
    }

    /// Whether the writer may write: the first failure, or that it was closed.
    pub(super) fn check(&self) -> StorageResult<()> {
        match self.failure() {
            Some(error) => Err(error),
            None if self.closed.load(Ordering::Acquire) => Err(StorageError::Closed("the writer")),
            None => Ok(()),
        }
    }

    /// Notes a failure: the writer is read-only from here on, or of no use any more where a sync
    /// failed.
    pub(super) fn fail(&self, error: &StorageError) {
        let mut failure = lock(&self.failure);
        let after = match error.kind() {
            ErrorKind::Closed => return,
            ErrorKind::Poisoned => error.clone(),
            _ if failure.is_some() => return,
            _ => StorageError::ReadOnly { cause: error.to_string() },
        };
        *failure = Some(after);
        self.has_failed.store(true, Ordering::Release);
    }

    /// The failure, where there is one.
    pub(super) fn failure(&self) -> Option<StorageError> {
        if !self.has_failed.load(Ordering::Acquire) {
            return None;
        }
        lock(&self.failure).clone()
    }

    /// Writes again after a failure, into a new segment: the old one may end in half a frame.
    ///
    /// # Errors
    /// `Poisoned`: only recovery can tell what is on disk.
    pub(super) fn resume(&self) -> StorageResult<()> {
        let mut failure = lock(&self.failure);
        match &*failure {
            Some(error) if error.kind() == ErrorKind::Poisoned => return Err(error.clone()),
            Some(_) => self.reopen.store(true, Ordering::Release),
            None => {}
        }
        *failure = None;
        self.has_failed.store(false, Ordering::Release);
        Ok(())
    }

    pub(super) fn take_reopen(&self) -> bool {
        self.reopen.swap(false, Ordering::AcqRel)
    }

    /// Has a settling job that waits after a failure try again at once.
    pub(super) fn settle_now(&self) {
        self.settle_asked.store(true, Ordering::Release);
        self.settle_progress.wake_all();
    }

    /// Waits before settling is tried again; not as long where somebody asks for it.
    pub(super) async fn wait_to_settle_again(&self, wait_us: u64) {
        let asked = || self.settle_asked.swap(false, Ordering::AcqRel).then_some(());
        super::timeout(&self.world, wait_us, self.settle_progress.wait_until(asked)).await;
    }

    /// Notes that somebody wants messages forced to disk as they are appended.
    pub(super) fn note_synced(&self) {
        self.synced_used.store(true, Ordering::Relaxed);
    }

    /// Whether zeros are to be written ahead of use.
    pub(super) fn fills_ahead(&self) -> bool {
        let is_synced = self.config.visibility == Visibility::Synced;
        self.config.fill_ahead_bytes > 0 && (is_synced || self.synced_used.load(Ordering::Relaxed))
    }

    /// Refuses everything from here on; whether this call did it.
    pub(super) fn close(&self) -> bool {
        !self.closed.swap(true, Ordering::AcqRel)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    pub(super) fn set_active(&self, file: W::File) {
        *lock(&self.active) = Some(file);
    }

    pub(super) fn active(&self) -> Option<W::File> {
        lock(&self.active).clone()
    }
}
