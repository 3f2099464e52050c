//! What a writer counts.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::index::LookupStages;
use crate::sync::{MarksView, StageTime, StageTimes, lock};

/// A snapshot of a partition as its writer sees it. Counts are since the writer was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriterMetrics {
    /// The positions.
    pub marks: MarksView,
    /// Published messages that are not settled yet.
    pub settle_lag: u64,
    /// Messages in the tail.
    pub tail_entries: usize,
    /// Memory of the tail, in bytes.
    pub tail_bytes: usize,
    /// Memory of batches under way, in bytes.
    pub staged_bytes: u64,
    /// Batches appended.
    pub append_count: u64,
    /// Messages appended.
    pub message_count: u64,
    /// Bytes appended, encoded.
    pub appended_bytes: u64,
    /// Syncs of group commit.
    pub sync_count: u64,
    /// Appends that had to wait for room in the tail.
    pub backpressure_count: u64,
    /// Segments sealed, so that the next batch began another.
    pub roll_count: u64,
    /// Chunks settled.
    pub settle_count: u64,
    /// Attempts to settle that failed.
    pub settle_failure_count: u64,
    /// How long settling waits after its last attempt before it tries again, in microseconds; 0
    /// where that did not fail.
    pub settle_retry_us: u64,
    /// Memory of the filter that tells settling which ids are new, in bytes.
    pub id_filter_bytes: usize,
    /// Segments dropped by retention.
    pub trim_count: u64,
    /// Where the time of appends went.
    pub append_stages: AppendStages,
    /// Where the time of lookups in this partition went, of all sessions of the process.
    pub lookup_stages: LookupStages,
}

/// How long each stage of an append took. Of 64 appends one is followed; where several were
/// written as one frame, the first of them that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct AppendStages {
    /// From being staged in the queue to being encoded: the wait for the frames before it, the
    /// roll where one was due, and the encoding.
    pub encoded: StageTime,
    /// From there to lying in the file.
    pub written: StageTime,
    /// From there to being in the tail; with visibility `Synced` the sync before it too.
    pub tail_added: StageTime,
    /// From there to being visible, to other processes too.
    pub published: StageTime,
    /// From there to the acknowledgements of its frame.
    pub acknowledged: StageTime,
    /// Appends that asked for it: from being acknowledged as flushed to being forced to disk.
    pub synced: StageTime,
}

impl AppendStages {
    /// The stages in their order, with their names.
    pub fn named(&self) -> [(&'static str, StageTime); 6] {
        [
            ("encoded", self.encoded),
            ("written", self.written),
            ("in the tail", self.tail_added),
            ("published", self.published),
            ("acknowledged", self.acknowledged),
            ("synced", self.synced),
        ]
    }
}

/// The stages of [`AppendStages`], in their order.
#[derive(Clone, Copy)]
pub(super) enum AppendStage {
    Encoded,
    Written,
    TailAdded,
    Published,
    Acknowledged,
    Synced,
}

pub(super) type AppendTimes = StageTimes<6>;

#[derive(Default)]
pub(super) struct WriterCounters {
    appends: AtomicU64,
    messages: AtomicU64,
    bytes: AtomicU64,
    syncs: AtomicU64,
    backpressure: AtomicU64,
    rolls: AtomicU64,
    settles: AtomicU64,
    settle_failures: AtomicU64,
    trims: AtomicU64,
    settle_failure: Mutex<Option<String>>,
    settle_retry_us: AtomicU64,
    pub(super) append_times: AppendTimes,
    id_filter_bytes: AtomicUsize,
}

impl WriterCounters {
    pub(super) fn count_append(&self, messages: usize, bytes: usize) {
        self.appends.fetch_add(1, Ordering::Relaxed);
        self.messages.fetch_add(messages as u64, Ordering::Relaxed);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn count_sync(&self) {
        self.syncs.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_backpressure(&self) {
        self.backpressure.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_roll(&self) {
        self.rolls.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_trim(&self) {
        self.trims.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_settle(&self) {
        self.settles.fetch_add(1, Ordering::Relaxed);
        self.settle_retry_us.store(0, Ordering::Relaxed);
        *lock(&self.settle_failure) = None;
    }

    pub(super) fn note_id_filter(&self, bytes: usize) {
        self.id_filter_bytes.store(bytes, Ordering::Relaxed);
    }

    pub(super) fn count_settle_failure(&self, cause: String, retry_us: u64) {
        self.settle_retry_us.store(retry_us, Ordering::Relaxed);
        *lock(&self.settle_failure) = Some(cause);
        self.settle_failures.fetch_add(1, Ordering::Release);
    }

    pub(super) fn settle_failure_count(&self) -> u64 {
        self.settle_failures.load(Ordering::Acquire)
    }

    /// What the last attempt to settle said, where it failed.
    pub(super) fn settle_failure(&self) -> Option<String> {
        lock(&self.settle_failure).clone()
    }

    pub(super) fn snapshot(
        &self,
        marks: MarksView,
        tail_entries: usize,
        tail_bytes: usize,
        staged_bytes: u64,
        lookup_stages: LookupStages,
    ) -> WriterMetrics {
        let [encoded, written, tail_added, published, acknowledged, synced] =
            self.append_times.snapshot();
        WriterMetrics {
            settle_lag: marks.high_watermark - marks.settled,
            marks,
            tail_entries,
            tail_bytes,
            staged_bytes,
            append_count: self.appends.load(Ordering::Relaxed),
            message_count: self.messages.load(Ordering::Relaxed),
            appended_bytes: self.bytes.load(Ordering::Relaxed),
            sync_count: self.syncs.load(Ordering::Relaxed),
            backpressure_count: self.backpressure.load(Ordering::Relaxed),
            roll_count: self.rolls.load(Ordering::Relaxed),
            settle_count: self.settles.load(Ordering::Relaxed),
            settle_failure_count: self.settle_failures.load(Ordering::Relaxed),
            settle_retry_us: self.settle_retry_us.load(Ordering::Relaxed),
            id_filter_bytes: self.id_filter_bytes.load(Ordering::Relaxed),
            trim_count: self.trims.load(Ordering::Relaxed),
            append_stages: AppendStages {
                encoded,
                written,
                tail_added,
                published,
                acknowledged,
                synced,
            },
            lookup_stages,
        }
    }
}
