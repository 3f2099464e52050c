//! Which segment files a partition has.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::segment::segment_file_name;
use crate::types::{Epoch, SegmentId, Sequence};

use super::epochs::{EpochHistory, EpochStart};

/// One segment file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentEntry {
    /// Its name for ever.
    pub id: SegmentId,
    /// The sequence of its first record, inclusive. Where a later segment has a base at or below
    /// a record of this one, the record was cut off.
    pub base_sequence: Sequence,
    /// Its frames' bytes, once sealed; what recovery or the writer last knew before that.
    pub end_bytes: u64,
    /// The engine's clock at its newest append, in microseconds since 1970.
    pub last_append_us: i64,
}

/// The segments of a partition in order. Clones share the list.
#[derive(Clone)]
pub struct SegmentList {
    directory: Arc<PathBuf>,
    entries: Arc<Mutex<Vec<SegmentEntry>>>,
    /// Where each epoch began when the list was made, ascending by epoch.
    starts: Arc<[EpochStart]>,
}

impl SegmentList {
    /// A list of `entries`, ascending, in `directory`.
    pub fn new(directory: &Path, entries: Vec<SegmentEntry>) -> Self {
        assert!(entries.is_sorted_by_key(|entry| entry.id), "segments are listed in order");
        let (directory, entries) = (Arc::new(directory.to_owned()), Arc::new(Mutex::new(entries)));
        Self { directory, entries, starts: Arc::default() }
    }

    /// The same list, cut where `epochs` say: what an opening cut stays cut, though no segment
    /// followed it, and though what was damaged then is whole again.
    pub fn cut_by(self, epochs: &EpochHistory) -> Self {
        Self { starts: epochs.starts().into(), ..self }
    }

    /// The sequence from which on later epochs replaced what an epoch wrote, where there are any.
    pub fn cut_of(&self, epoch: Epoch) -> Option<Sequence> {
        let later = self.starts.iter().filter(|start| start.epoch > epoch);
        later.map(|start| start.first_sequence).min()
    }

    /// Where the segments lie.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Where a segment lies.
    pub fn path(&self, id: SegmentId) -> PathBuf {
        self.directory.join(segment_file_name(id))
    }

    /// All segments, ascending.
    pub fn all(&self) -> Vec<SegmentEntry> {
        self.lock().clone()
    }

    /// The first sequence of the oldest segment; `None` where there is no segment.
    pub fn base(&self) -> Option<Sequence> {
        self.lock().first().map(|first| first.base_sequence)
    }

    /// Adds the newest segment.
    pub fn push(&self, entry: SegmentEntry) {
        let mut entries = self.lock();
        if let Some(last) = entries.last() {
            assert!(last.id < entry.id, "a new segment has the largest id");
            assert!(last.base_sequence <= entry.base_sequence, "segments ascend");
        }
        entries.push(entry);
    }

    /// Notes how far the newest segment is written.
    pub fn extend_last(&self, end_bytes: u64, last_append_us: i64) {
        if let Some(last) = self.lock().last_mut() {
            last.end_bytes = end_bytes;
            last.last_append_us = last_append_us;
        }
    }

    /// The segment that holds `sequence`, and the base of the one behind it where there is one:
    /// the exclusive end of what this one holds.
    pub fn holding(&self, sequence: Sequence) -> Option<(SegmentEntry, Option<Sequence>)> {
        let entries = self.lock();
        let behind = entries.partition_point(|entry| entry.base_sequence <= sequence);
        let index = behind.checked_sub(1)?;
        Some((entries[index], entries.get(behind).map(|next| next.base_sequence)))
    }

    /// The segment of that id, and the base of the next one that begins above it.
    pub fn get(&self, id: SegmentId) -> Option<(SegmentEntry, Option<Sequence>)> {
        let entries = self.lock();
        let index = entries.binary_search_by_key(&id, |entry| entry.id).ok()?;
        Some((entries[index], entries.get(index + 1).map(|next| next.base_sequence)))
    }

    /// Whether a segment lies below `log_start` as a whole: it was dropped, or is about to be.
    pub fn is_below(&self, id: SegmentId, log_start: Sequence) -> bool {
        let entries = self.lock();
        if entries.first().is_some_and(|first| id < first.id) {
            return true;
        }
        let behind = entries.partition_point(|entry| entry.id <= id);
        entries.get(behind).is_some_and(|next| next.base_sequence <= log_start)
    }

    /// Drops the oldest segment where it is `id`.
    pub fn drop_first(&self, id: SegmentId) {
        let mut entries = self.lock();
        if entries.first().is_some_and(|first| first.id == id) {
            entries.remove(0);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<SegmentEntry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
