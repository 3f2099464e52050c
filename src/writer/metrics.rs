//! What a writer counts.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::sync::{MarksView, lock};

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
    /// Segments dropped by retention.
    pub trim_count: u64,
}

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
    ) -> WriterMetrics {
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
            trim_count: self.trims.load(Ordering::Relaxed),
        }
    }
}
