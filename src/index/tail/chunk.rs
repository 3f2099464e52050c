//! A run of frames of the tail: what is settled at once.

use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::ids::IdIndex;
use crate::index::entry::{BatchEntry, FrameStart};
use crate::types::{MessageMeta, SegmentOffset, Sequence};

/// Memory of a frame beside its records, by estimate.
const BATCH_BYTES: usize = size_of::<BatchEntry>() + size_of::<Held>() + 48;
/// Memory of a record beside its id: the entry, and its place in the hash index.
const RECORD_BYTES: usize = 24 + 32;

/// A frame, and what is asked of it often.
#[derive(Clone, Debug)]
pub(super) struct Held {
    batch: Arc<BatchEntry>,
    bytes: usize,
    earliest_us: i64,
    latest_us: i64,
}

impl Held {
    pub(super) fn new(batch: BatchEntry) -> Self {
        let records = &batch.records;
        assert!(!records.is_empty(), "a frame has records");
        let bytes = BATCH_BYTES + records.len() * RECORD_BYTES + records.ids().len();
        let times = (i64::MAX, i64::MIN);
        let (earliest_us, latest_us) = records
            .timestamps_us()
            .fold(times, |times, time_us| (times.0.min(time_us), times.1.max(time_us)));
        Self { batch: Arc::new(batch), bytes, earliest_us, latest_us }
    }

    pub(super) fn sequences(&self) -> Range<Sequence> {
        self.batch.sequences()
    }

    pub(super) fn count(&self) -> usize {
        self.batch.records.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    fn overlaps(&self, times: &Range<i64>) -> bool {
        self.earliest_us < times.end && times.start <= self.latest_us
    }
}

#[derive(Debug, Default)]
struct Frames {
    held: Vec<Held>,
    entries: usize,
    bytes: usize,
}

impl Frames {
    fn batches(&self, from: usize) -> Vec<Arc<BatchEntry>> {
        self.held[from..].iter().map(|held| held.batch.clone()).collect()
    }
}

/// A run of frames without a hole. While it is the active one of its tail, frames are added
/// behind; once sealed it does not change.
#[derive(Debug)]
pub struct TailChunk {
    from: Sequence,
    frames: Mutex<Frames>,
    /// Made and brought up to date by lookups: an append that nobody looks up by id never pays
    /// for hashing, and the lock of an append is never held for it.
    ids: Mutex<IdIndex>,
}

impl TailChunk {
    pub(super) fn empty(from: Sequence) -> Self {
        Self { from, frames: Mutex::default(), ids: Mutex::default() }
    }

    /// A sealed chunk of frames that were read from the log again, to settle them.
    ///
    /// # Panics
    /// Where there is no frame, or one does not follow the one before.
    pub fn of(batches: impl IntoIterator<Item = BatchEntry>) -> Self {
        let mut batches = batches.into_iter().map(Held::new).peekable();
        let first = batches.peek().expect("a chunk holds frames");
        let chunk = Self::empty(first.sequences().start);
        batches.for_each(|held| {
            chunk.push(held);
        });
        chunk
    }

    fn frames(&self) -> MutexGuard<'_, Frames> {
        self.frames.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds the frame that follows. Answers how many records there are then, and their memory.
    pub(super) fn push(&self, next: Held) -> (usize, usize) {
        let mut frames = self.frames();
        let end = self.from + frames.entries as u64;
        assert_eq!(next.sequences().start, end, "a chunk has no holes");
        if let Some(last) = frames.held.last() {
            let last = last.batch.offset(last.count() - 1);
            assert!(last < next.batch.offset(0), "frames lie in the order of their sequences");
        }
        frames.entries += next.count();
        frames.bytes += next.bytes();
        frames.held.push(next);
        (frames.entries, frames.bytes)
    }

    /// The sequences of its records.
    pub fn sequences(&self) -> Range<Sequence> {
        self.from..self.from + self.entries() as u64
    }

    /// The number of its records.
    pub fn entries(&self) -> usize {
        self.frames().entries
    }

    /// When that of its records was stamped that was stamped latest, microseconds since 1970;
    /// `i64::MIN` where it holds none.
    pub fn latest_us(&self) -> i64 {
        self.frames().held.iter().map(|held| held.latest_us).max().unwrap_or(i64::MIN)
    }

    /// Its memory, by estimate.
    pub fn bytes(&self) -> usize {
        self.frames().bytes
    }

    /// Its frames, in order.
    pub fn batches(&self) -> Vec<Arc<BatchEntry>> {
        self.frames().batches(0)
    }

    /// The records of `id` below `below`, latest first.
    pub(super) fn by_id(&self, id: &str, below: Sequence, limit: usize) -> Vec<MessageMeta> {
        let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        let new = self.frames().batches(ids.batch_count());
        ids.add(new);
        ids.latest(id, below).take(limit).collect()
    }

    /// The last frame that `before` is true for; it is for a first part of them.
    fn last_frame(&self, before: impl FnMut(&Held) -> bool) -> Option<Arc<BatchEntry>> {
        let frames = self.frames();
        let behind = frames.held.partition_point(before);
        frames.held[..behind].last().map(|held| held.batch.clone())
    }

    /// The record that begins at `at`.
    pub(super) fn by_position(&self, at: SegmentOffset) -> Option<MessageMeta> {
        let batch = self.last_frame(|held| held.batch.place().offset() <= at)?;
        let in_frame = at.offset.checked_sub(batch.frame_offset)?;
        let index = batch.records.at(u32::try_from(in_frame).ok()?)?;
        (batch.segment_id == at.segment_id).then(|| batch.meta(index))
    }

    fn frame_of(&self, sequence: Sequence) -> Option<Arc<BatchEntry>> {
        let batch = self.last_frame(|held| held.batch.first_sequence <= sequence)?;
        batch.sequences().contains(&sequence).then_some(batch)
    }

    /// The frame that holds `sequence`.
    pub(super) fn place_of(&self, sequence: Sequence) -> Option<FrameStart> {
        Some(self.frame_of(sequence)?.place())
    }

    /// The record `sequence`.
    pub(super) fn by_sequence(&self, sequence: Sequence) -> Option<MessageMeta> {
        let batch = self.frame_of(sequence)?;
        Some(batch.meta((sequence - batch.first_sequence) as usize))
    }

    /// The first record of `within` that was stamped at `from_us` or later.
    pub(super) fn since(&self, from_us: i64, within: &Range<Sequence>) -> Option<MessageMeta> {
        let frames = self.frames();
        let late = frames.held.iter().filter(|held| held.latest_us >= from_us);
        late.map(|held| &held.batch).find_map(|batch| {
            let mut records = batch.sequences().zip(batch.records.timestamps_us());
            let found = records.find(|(sequence, timestamp_us)| {
                within.contains(sequence) && *timestamp_us >= from_us
            });
            Some(batch.meta((found?.0 - batch.first_sequence) as usize))
        })
    }

    /// The frames with a record below `below` and, maybe, one stamped in `times`.
    pub(super) fn by_time(&self, times: &Range<i64>, below: Sequence) -> Vec<Arc<BatchEntry>> {
        let frames = self.frames();
        let visible = frames.held.iter().take_while(|held| held.batch.first_sequence < below);
        visible.filter(|held| held.overlaps(times)).map(|held| held.batch.clone()).collect()
    }
}
