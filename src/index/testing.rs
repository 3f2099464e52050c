//! A log that only tests have: makes frames, and answers by looking at every message.

#![allow(clippy::unwrap_used)]

#[cfg(not(feature = "rocks"))]
mod partition;

use std::ops::Range;
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use proptest::prelude::*;

use super::chunk;
use super::entry::{BatchEntry, RecordEntries, RecordEntry};
use super::key::TIME_BUCKET_US;
use super::model::{ModelBackend, ModelPrimary, ModelSecondary};
use super::settled::Settled;
use super::tail::TailChunk;
use crate::io::{IndexBackend, IndexOptions, IndexPrimary, IndexRead, SortedRuns};
use crate::types::{MessageMeta, SegmentId, SegmentOffset, Sequence};

#[cfg(not(feature = "rocks"))]
pub(crate) use partition::Partition;

/// Ids and timestamps of one frame, and whether it begins a segment.
pub(crate) type FrameDraw = (Vec<(u8, i64)>, bool);

/// Frames with few ids, so that they repeat, and timestamps that are equal, out of order, and
/// on both sides of the edges of buckets.
pub(crate) fn frame() -> impl Strategy<Value = FrameDraw> {
    let time = prop_oneof![8 => near_time(), 1 => any::<i64>()];
    let message = (0u8..6, time);
    // Long ones take more than one entry of a family, as single ones of the longest do.
    let messages = prop_oneof![
        15 => prop::collection::vec(message.clone(), 1..6),
        1 => prop::collection::vec(message, 30..70),
        // Stamped in their order, as a rule, as those are that an appender stamps.
        4 => (near_time(), prop::collection::vec((0u8..6, -1i64..30), 6..40)).prop_map(in_order),
    ];
    (messages, prop::bool::weighted(0.1))
}

/// Timestamps on both sides of the edges of buckets.
fn near_time() -> impl Strategy<Value = i64> {
    (-2i64..3, -2i64..3).prop_map(|(bucket, step)| bucket * TIME_BUCKET_US + step)
}

/// Messages by the steps between their timestamps, most of which are 0.
fn in_order((mut time, messages): (i64, Vec<(u8, i64)>)) -> Vec<(u8, i64)> {
    let next = |(id, step): (u8, i64)| {
        time += if step < 20 { step.min(0) } else { step };
        (id, time)
    };
    messages.into_iter().map(next).collect()
}

pub(crate) fn id(number: u8) -> String {
    // Some ids begin as others do.
    ["a", "ab", "a\0", "abc", "b", "\u{e9}"][usize::from(number)].to_owned()
}

/// The lengths of messages by the numbers of their ids; some fill a cell of a segment, or several.
const LENGTHS_BYTES: [u32; 6] = [30, 31, 32, 700, 3000, 20_000];

#[derive(Clone, Debug)]
pub(crate) struct NaiveLog {
    pub(crate) metas: Vec<MessageMeta>,
    /// The frames, as the log would give them back.
    pub(crate) frames: Vec<BatchEntry>,
    segment_id: SegmentId,
    offset: u64,
}

impl Default for NaiveLog {
    fn default() -> Self {
        let (metas, frames) = Default::default();
        Self { metas, frames, segment_id: SegmentId::new(1, 0), offset: 4096 }
    }
}

impl NaiveLog {
    pub(crate) fn end(&self) -> Sequence {
        self.metas.len() as u64
    }

    pub(crate) fn append(&mut self, (messages, roll): FrameDraw) -> BatchEntry {
        if roll {
            self.segment_id = SegmentId(self.segment_id.0 + 1);
            self.offset = 4096;
        }
        let mut length = 40;
        let mut records = RecordEntries::default();
        for (number, timestamp_us) in messages {
            let (offset_in_frame, length_bytes) = (length, LENGTHS_BYTES[usize::from(number)]);
            length += length_bytes;
            let id = &id(number);
            records.push(RecordEntry { id, timestamp_us, offset_in_frame, length_bytes });
        }
        let batch = BatchEntry {
            first_sequence: self.end(),
            segment_id: self.segment_id,
            frame_offset: self.offset,
            frame_length_bytes: length,
            append_time_us: 0,
            records,
        };
        self.offset += u64::from(length).next_multiple_of(8);
        self.metas.extend((0..batch.records.len()).map(|index| batch.meta(index)));
        self.frames.push(batch.clone());
        batch
    }

    fn within(&self, within: &Range<Sequence>) -> &[MessageMeta] {
        let end = within.end.min(self.end()) as usize;
        &self.metas[(within.start as usize).min(end)..end]
    }

    pub(crate) fn all_by_id(&self, id: &str, within: Range<Sequence>) -> Vec<MessageMeta> {
        self.within(&within).iter().rev().filter(|meta| meta.msg_id == id).cloned().collect()
    }

    pub(crate) fn by_id(&self, id: &str, within: Range<Sequence>) -> Option<MessageMeta> {
        self.all_by_id(id, within).into_iter().next()
    }

    pub(crate) fn by_position(
        &self,
        at: SegmentOffset,
        within: Range<Sequence>,
    ) -> Option<MessageMeta> {
        self.within(&within).iter().find(|meta| meta.offset == at).cloned()
    }

    pub(crate) fn by_time(
        &self,
        times: Range<i64>,
        within: Range<Sequence>,
        limit: usize,
    ) -> Vec<MessageMeta> {
        let stamped = |meta: &&MessageMeta| times.contains(&meta.timestamp_us);
        let mut found: Vec<_> = self.within(&within).iter().filter(stamped).cloned().collect();
        found.sort_by_key(|meta| (meta.timestamp_us, meta.sequence));
        found.truncate(limit);
        found
    }

    pub(crate) fn since(&self, from_us: i64, within: Range<Sequence>) -> Option<MessageMeta> {
        self.within(&within).iter().find(|meta| meta.timestamp_us >= from_us).cloned()
    }

    pub(crate) fn by_sequence(
        &self,
        sequence: Sequence,
        within: Range<Sequence>,
    ) -> Option<MessageMeta> {
        self.within(&within).iter().find(|meta| meta.sequence == sequence).cloned()
    }

    /// Every position that is a message's, and some that are none.
    pub(crate) fn positions(&self) -> Vec<SegmentOffset> {
        let mut positions: Vec<_> = self.metas.iter().map(|meta| meta.offset).collect();
        for meta in &self.metas {
            positions.push(SegmentOffset { offset: meta.offset.offset + 1, ..meta.offset });
        }
        positions.push(SegmentOffset { segment_id: SegmentId(0), offset: u64::MAX });
        positions.push(SegmentOffset { segment_id: SegmentId(u64::MAX), offset: 0 });
        positions
    }
}

/// Ranges of times that cut the drawn ones in all ways.
pub(crate) fn time_ranges() -> Vec<Range<i64>> {
    const BUCKET: i64 = TIME_BUCKET_US;
    let edges = [i64::MIN, -BUCKET, -1, 0, 1, BUCKET - 1, BUCKET, 2 * BUCKET + 25, i64::MAX];
    let pairs = edges.iter().flat_map(|from| edges.iter().map(move |to| *from..*to));
    pairs.filter(|times| !times.is_empty()).collect()
}

/// The output of a future that is ready at its first poll, as all of the model's are.
pub(crate) fn now<F: Future>(future: F) -> F::Output {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut context) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the model never waits"),
    }
}

/// A database of one partition.
pub(crate) struct Database {
    pub(crate) backend: ModelBackend,
    pub(crate) primary: ModelPrimary,
    pub(crate) chunk_count: u64,
}

pub(crate) const DIRECTORY: &str = "/index";
pub(crate) const PARTITION: u32 = 7;

impl Database {
    pub(crate) fn new() -> Self {
        Self::with(IndexOptions::default())
    }

    pub(crate) fn with(options: IndexOptions) -> Self {
        let backend = ModelBackend::default();
        let primary = now(backend.open_primary(Path::new(DIRECTORY), options)).unwrap();
        Self { backend, primary, chunk_count: 0 }
    }

    pub(crate) fn build(&self, frames: &[BatchEntry]) -> SortedRuns {
        let chunk = TailChunk::of(frames.iter().cloned());
        now(chunk::build(&self.primary, PARTITION, self.chunk_count, &chunk, None)).unwrap()
    }

    pub(crate) fn settle(&mut self, frames: &[BatchEntry]) {
        let runs = self.build(frames);
        now(self.primary.settle(runs)).unwrap();
        self.chunk_count += 1;
    }

    pub(crate) fn secondary(&self) -> ModelSecondary {
        let directory = Path::new(DIRECTORY);
        now(self.backend.open_secondary(directory, Path::new("/private"))).unwrap()
    }
}

/// Asks everything of the settled part and compares with looking at every message.
pub(crate) fn check_settled<R: IndexRead>(
    settled: &Settled<'_, R>,
    log: &NaiveLog,
    within: Range<Sequence>,
) {
    for number in 0..6 {
        let id = id(number);
        assert_eq!(now(settled.by_id(&id, &within)).unwrap(), log.by_id(&id, within.clone()));
        let all = now(settled.all_by_id(&id, &within)).unwrap();
        assert_eq!(all, log.all_by_id(&id, within.clone()));
    }
    for at in log.positions() {
        let found = now(settled.by_position(at, &within)).unwrap();
        assert_eq!(found, log.by_position(at, within.clone()), "{at}");
    }
    for times in time_ranges() {
        let found = now(settled.since(times.start, &within)).unwrap();
        assert_eq!(found, log.since(times.start, within.clone()), "since {}", times.start);
        for limit in [1, 3, usize::MAX] {
            let found = now(settled.by_time(times.clone(), &within, limit)).unwrap();
            assert_eq!(found, log.by_time(times.clone(), within.clone(), limit), "{times:?}");
        }
    }
    for sequence in 0..=log.end() {
        let found = now(settled.by_sequence(sequence, &within)).unwrap();
        assert_eq!(found, log.by_sequence(sequence, within.clone()));
        let place = now(settled.place_of(sequence, &within)).unwrap();
        let frame = log.frames.iter().find(|frame| frame.sequences().contains(&sequence));
        let expected = frame.filter(|_| found.is_some()).map(BatchEntry::place);
        assert_eq!(place, expected);
    }
}
