//! A partition whose log is naive and whose index is real: tail, marks, database and slot.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{DIRECTORY, FrameDraw, NaiveLog, PARTITION, now};
use crate::index::chunk;
use crate::index::lookup::PartitionIndex;
use crate::index::model::{CatchUpFault, ModelBackend, ModelPrimary};
use crate::index::secondary::SecondarySlot;
use crate::index::tail::{Tail, TailLimits};
use crate::index::trim::trim_filter;
use crate::io::real::Real;
use crate::io::{IndexBackend, IndexOptions, IndexPrimary, World};
use crate::sync::{Marks, MarksView};
use crate::types::Sequence;

pub(crate) struct Partition<W: World = Real> {
    pub(crate) log: NaiveLog,
    pub(crate) index: PartitionIndex,
    pub(crate) slot: SecondarySlot<W>,
    backend: ModelBackend,
    primary: ModelPrimary,
    chunk_count: u64,
    /// Below it, all is settled; the tail may still hold it.
    settled: Sequence,
}

impl Partition {
    pub(crate) fn new() -> Self {
        let world = Real::new();
        Self::in_world(world.clone(), world.index().clone())
    }
}

impl<W: World> Partition<W> {
    /// A partition in `world`, whose index is `backend` or a decorator of it.
    pub(crate) fn in_world(world: W, backend: ModelBackend) -> Self {
        let directory = PathBuf::from(DIRECTORY);
        let marks = Arc::new(Marks::new(MarksView::default()));
        let limits = TailLimits { chunk_entries: 4, ..TailLimits::default() };
        let tail = Tail::new(0, limits);
        let trimmed = {
            let marks = marks.clone();
            trim_filter(move |_| marks.log_start())
        };
        let options = IndexOptions { trimmed: Some(trimmed) };
        let primary = now(backend.open_primary(&directory, options)).unwrap();
        let slot = SecondarySlot::new(world, directory, u64::MAX);
        let index = PartitionIndex::new(PARTITION, marks, tail);
        let log = NaiveLog::default();
        Self { log, index, slot, backend, primary, chunk_count: 0, settled: 0 }
    }

    pub(crate) fn inject(&self, fault: CatchUpFault) {
        self.backend.inject_catch_up(Path::new(DIRECTORY), fault);
    }

    /// Puts a frame in the tail; nobody sees it yet.
    pub(crate) fn append(&mut self, draw: FrameDraw) {
        let frame = self.log.append(draw);
        self.index.marks.advance_log_end(self.log.end());
        self.index.tail.push(frame);
    }

    /// Makes all that was appended visible.
    pub(crate) fn publish(&self) {
        let marks = &self.index.marks;
        marks.advance_high_watermark(marks.log_end());
        marks.advance_durable(marks.log_end());
    }

    /// Settles the next chunk, where one is full and visible; the tail keeps it until
    /// [`Partition::release`].
    pub(crate) fn settle(&mut self) {
        let view = self.index.tail.pin();
        let full = &view.chunks()[..self.index.tail.sealed_count()];
        let visible = self.index.marks.high_watermark();
        let chunk = full.iter().find(|chunk| chunk.sequences().start == self.settled);
        let Some(chunk) = chunk.filter(|chunk| chunk.sequences().end <= visible) else {
            return;
        };
        let runs = now(chunk::build(&self.primary, PARTITION, self.chunk_count, chunk, None));
        now(self.primary.settle(runs.unwrap())).unwrap();
        self.chunk_count += 1;
        self.settled = chunk.sequences().end;
        self.index.marks.advance_settled(self.settled);
    }

    /// The tail lets go of what was settled.
    pub(crate) fn release(&self) {
        self.index.tail.release(self.settled);
    }

    /// Settles all, which must be visible, and releases it.
    pub(crate) fn settle_all(&mut self) {
        self.index.tail.seal_now();
        while self.settled < self.index.tail.end() {
            self.settle();
        }
        self.release();
    }

    /// Trims up to `to`, or as far as is settled, and compacts what is trimmed away.
    pub(crate) fn trim(&self, to: Sequence) {
        self.index.marks.advance_log_start(to.min(self.index.marks.settled()));
        now(self.primary.compact()).unwrap();
    }
}
