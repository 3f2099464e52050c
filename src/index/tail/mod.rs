//! Entries that are published but not settled, in memory.
//!
//! Appends push frames into the active chunk; a full chunk is sealed and waits to be settled;
//! what is settled is released. A lookup pins a [`TailView`]: from then on neither pushes nor
//! releases change what it answers. The append path pays for a push only one allocation a frame
//! and two locks that are free as a rule; what lookups need beyond that (the hash index of ids) is
//! made by the first lookup that wants it.

mod chunk;
mod ids;
#[cfg(test)]
mod tests;
mod view;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::entry::BatchEntry;
use crate::types::Sequence;

pub use chunk::TailChunk;
pub use view::TailView;

/// How much a tail holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TailLimits {
    /// A chunk with this many entries is sealed; at least 1. Frames are not divided, so the last
    /// one may pass it.
    pub chunk_entries: usize,
    /// From this many entries on there is no room.
    pub entries_max: usize,
    /// From this many bytes of memory on, by estimate, there is no room. A chunk that has a
    /// quarter of them is sealed too: a tail without room always has something to settle.
    pub bytes_max: usize,
}

impl Default for TailLimits {
    /// Chunks of 128 Ki entries; at most 1 Mi entries and 256 MiB.
    fn default() -> Self {
        Self { chunk_entries: 1 << 17, entries_max: 1 << 20, bytes_max: 256 << 20 }
    }
}

/// The tail of one partition; shared by the writer and the readers of a process.
#[derive(Debug)]
pub struct Tail {
    limits: TailLimits,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    start: Sequence,
    end: Sequence,
    entries: usize,
    bytes: usize,
    sealed: VecDeque<Arc<TailChunk>>,
    /// Takes pushes; holds nothing, or less than makes it full.
    active: Arc<TailChunk>,
}

impl State {
    fn seal(&mut self) {
        let next = Arc::new(TailChunk::empty(self.end));
        self.sealed.push_back(std::mem::replace(&mut self.active, next));
    }
}

impl Tail {
    /// An empty tail that begins, and ends, at `start`.
    ///
    /// # Panics
    /// Where a limit is 0, or `chunk_entries` is greater than `entries_max`: writers would wait
    /// for room that settling never makes.
    pub fn new(start: Sequence, limits: TailLimits) -> Self {
        assert!(limits.chunk_entries > 0 && limits.bytes_max > 0, "limits are positive");
        assert!(limits.chunk_entries <= limits.entries_max, "a tail has room for a chunk");
        let active = Arc::new(TailChunk::empty(start));
        let sealed = VecDeque::new();
        let state = State { start, end: start, entries: 0, bytes: 0, sealed, active };
        Self { limits, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a frame.
    ///
    /// # Panics
    /// Where the frame has no record, does not begin at [`Tail::end`], or does not lie behind the
    /// one before: a hole here would be a hole in what readers see.
    pub fn push(&self, batch: BatchEntry) {
        let batch = chunk::Held::new(batch);
        let (end, entries, bytes) = (batch.sequences().end, batch.count(), batch.bytes());
        let mut state = self.state();
        assert_eq!(batch.sequences().start, state.end, "the tail has no holes");
        let (chunk_entries, chunk_bytes) = state.active.push(batch);
        state.end = end;
        state.entries += entries;
        state.bytes += bytes;
        let full =
            chunk_entries >= self.limits.chunk_entries || chunk_bytes >= self.limits.bytes_max / 4;
        if full {
            state.seal();
        }
    }

    /// The sequence below which everything is settled: the first one that the tail holds.
    pub fn start(&self) -> Sequence {
        self.state().start
    }

    /// One past the last sequence that was pushed.
    pub fn end(&self) -> Sequence {
        self.state().end
    }

    /// How many entries it holds.
    pub fn entries(&self) -> usize {
        self.state().entries
    }

    /// How much memory it holds, by estimate.
    pub fn bytes(&self) -> usize {
        self.state().bytes
    }

    /// Whether more should be pushed. Nothing forbids it: who pushes asks before.
    pub fn has_room(&self) -> bool {
        let state = self.state();
        state.entries < self.limits.entries_max && state.bytes < self.limits.bytes_max
    }

    /// What it holds at this moment; costs a pointer for each chunk.
    pub fn pin(&self) -> TailView {
        let state = self.state();
        let chunks = state.sealed.iter().chain([&state.active]).cloned().collect();
        TailView::new(state.start..state.end, chunks)
    }

    /// The oldest chunk that is full, ready to settle. It stays until it is released.
    pub fn sealed(&self) -> Option<Arc<TailChunk>> {
        self.state().sealed.front().cloned()
    }

    /// The full chunk that begins at `from`, where there is one.
    pub fn sealed_from(&self, from: Sequence) -> Option<Arc<TailChunk>> {
        let state = self.state();
        state.sealed.iter().find(|chunk| chunk.sequences().start == from).cloned()
    }

    /// How many chunks are full and not released.
    pub fn sealed_count(&self) -> usize {
        self.state().sealed.len()
    }

    /// Closes the active chunk, where it holds anything, so that [`Tail::sealed`] comes to it.
    pub fn seal_now(&self) {
        let mut state = self.state();
        if state.active.entries() > 0 {
            state.seal();
        }
    }

    /// Lets go of the full chunks that end at or below `to`, once the index holds them.
    ///
    /// # Panics
    /// Where `to` is past what is sealed: that cannot be settled.
    pub fn release(&self, to: Sequence) {
        let mut state = self.state();
        let sealed_end = state.active.sequences().start;
        assert!(to <= sealed_end, "release up to {to}, but only {sealed_end} is sealed");
        let count = state.sealed.partition_point(|chunk| chunk.sequences().end <= to);
        let gone: Vec<_> = state.sealed.drain(..count).collect();
        for chunk in &gone {
            state.start = chunk.sequences().end;
            state.entries -= chunk.entries();
            state.bytes -= chunk.bytes();
        }
        drop(state);
        // The entries are freed here, outside of the lock, where no view holds them.
        drop(gone);
    }
}
