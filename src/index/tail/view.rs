//! What the tail held at one moment.

use std::ops::Range;
use std::sync::Arc;

use super::chunk::TailChunk;
use crate::index::entry::FrameStart;
use crate::types::{MessageMeta, SegmentOffset, Sequence};

/// The tail at the moment it was pinned: keeps what is released later, and does not show what is
/// pushed later. `below` in its questions is an exclusive bound on sequences; one past
/// [`TailView::end`] means no more than that.
#[derive(Clone, Debug)]
pub struct TailView {
    sequences: Range<Sequence>,
    chunks: Vec<Arc<TailChunk>>,
}

impl TailView {
    pub(super) fn new(sequences: Range<Sequence>, chunks: Vec<Arc<TailChunk>>) -> Self {
        Self { sequences, chunks }
    }

    /// The first sequence that it holds; below, everything is settled.
    pub fn start(&self) -> Sequence {
        self.sequences.start
    }

    /// One past the last sequence that it holds.
    pub fn end(&self) -> Sequence {
        self.sequences.end
    }

    /// Its chunks, oldest first; the last one may take further frames.
    #[cfg(all(test, not(feature = "rocks")))]
    pub(in crate::index) fn chunks(&self) -> &[Arc<TailChunk>] {
        &self.chunks
    }

    /// The latest record of `id`.
    pub fn by_id(&self, id: &str, below: Sequence) -> Option<MessageMeta> {
        let below = below.min(self.end());
        self.chunks.iter().rev().find_map(|chunk| chunk.by_id(id, below, 1).pop())
    }

    /// All records of `id`, latest first.
    pub fn all_by_id(&self, id: &str, below: Sequence) -> Vec<MessageMeta> {
        let below = below.min(self.end());
        self.chunks.iter().rev().flat_map(|chunk| chunk.by_id(id, below, usize::MAX)).collect()
    }

    /// The record that begins at `at`.
    pub fn by_position(&self, at: SegmentOffset, below: Sequence) -> Option<MessageMeta> {
        let below = below.min(self.end());
        let found = self.chunks.iter().rev().find_map(|chunk| chunk.by_position(at))?;
        (found.sequence < below).then_some(found)
    }

    /// The first `limit` records of `within` stamped in `times`, by timestamp, then by sequence.
    pub fn by_time(
        &self,
        times: Range<i64>,
        within: &Range<Sequence>,
        limit: usize,
    ) -> Vec<MessageMeta> {
        let below = within.end.min(self.end());
        let frames: Vec<_> =
            self.chunks.iter().flat_map(|chunk| chunk.by_time(&times, below)).collect();
        let mut found = Vec::new();
        for (number, batch) in frames.iter().enumerate() {
            for (sequence, (index, record)) in
                batch.sequences().zip(batch.records.iter().enumerate())
            {
                if (within.start..below).contains(&sequence) && times.contains(&record.timestamp_us)
                {
                    found.push((record.timestamp_us, sequence, number, index));
                }
            }
        }
        found.sort_unstable();
        found.truncate(limit);
        found.into_iter().map(|(_, _, number, index)| frames[number].meta(index)).collect()
    }

    /// The first record of `within`, in their order, that was stamped at `from_us` or later.
    pub fn since(&self, from_us: i64, within: &Range<Sequence>) -> Option<MessageMeta> {
        let within = within.start..within.end.min(self.end());
        self.chunks.iter().find_map(|chunk| chunk.since(from_us, &within))
    }

    /// The record `sequence`.
    pub fn by_sequence(&self, sequence: Sequence, below: Sequence) -> Option<MessageMeta> {
        self.chunk_of(sequence, below)?.by_sequence(sequence)
    }

    /// The frame that holds `sequence`.
    pub fn place_of(&self, sequence: Sequence, below: Sequence) -> Option<FrameStart> {
        self.chunk_of(sequence, below)?.place_of(sequence)
    }

    fn chunk_of(&self, sequence: Sequence, below: Sequence) -> Option<&TailChunk> {
        if sequence >= below.min(self.end()) {
            return None;
        }
        self.chunks.iter().find(|chunk| chunk.sequences().contains(&sequence)).map(Arc::as_ref)
    }
}
