//! What becomes of a chunk's frames, in `by_position` and `by_time`.

use std::ops::Range;
use std::sync::Arc;

use crate::index::entry::BatchEntry;
use crate::index::key::{self, CELL_BYTES};
use crate::index::value::{CellValue, FrameValue, PackedRecords, Piece, SpanValue, Waypoint};
use crate::io::SortedRun;
use crate::types::SegmentOffset;

#[cfg(test)]
mod tests;

/// A marker names a frame at least every so many sequences: a search for a sequence then reads
/// the entries of that many at most, and a marker of a chunk of usual size stays under a kilobyte.
const WAYPOINT_SEQUENCES: u64 = 1024;

/// So many records of a frame and a bucket, stamped in their order, are only named in `by_time`: a
/// lookup looks them up in `by_position`, which costs it as much as to read some tens of them here;
/// here they would be as large as a quarter of the whole index.
const SPAN_RECORDS_MIN: usize = 8;

/// Bytes of an entry beside its records, more than most have: memory that is taken at once.
const ENTRY_BYTES: usize = 48;

/// The frames of a chunk, and their records as both families store them.
pub(super) struct Frames {
    batches: Vec<Arc<BatchEntry>>,
    packed: PackedRecords,
}

impl Frames {
    pub(super) fn of(batches: Vec<Arc<BatchEntry>>) -> Self {
        let packed = PackedRecords::of(batches.iter().map(Arc::as_ref));
        Self { batches, packed }
    }

    /// What the marker in `by_position` names.
    pub(super) fn waypoints(&self) -> Vec<Waypoint> {
        let mut waypoints: Vec<Waypoint> = Vec::new();
        for batch in &self.batches {
            let far = waypoints.last().is_none_or(|last| {
                last.first_sequence + WAYPOINT_SEQUENCES <= batch.first_sequence
            });
            if far {
                waypoints.push(batch.place());
            }
        }
        waypoints
    }

    /// The bytes that `count` entries of all records take, about.
    fn bytes(&self, count: usize) -> usize {
        self.packed.len_bytes() + count * ENTRY_BYTES
    }

    /// Adds `cells` to `by_position`.
    pub(super) fn add_by_position(&self, partition: u32, cells: &Cells, run: &mut SortedRun) {
        run.reserve(cells.len(), self.bytes(cells.len()));
        for pieces in cells.iter() {
            let entry = pieces[0].0;
            let pieces = pieces.iter().map(|(_, frame, indexes)| Piece {
                batch: &self.batches[*frame],
                frame: *frame,
                indexes: indexes.clone(),
            });
            run.push_with(
                |out| key::append_by_position(partition, entry, out),
                |out| CellValue::encode(pieces, &self.packed, out),
            );
        }
    }

    /// What `by_position` holds, in the order of its keys.
    pub(super) fn cells(&self) -> Cells {
        let mut pieces = Vec::with_capacity(self.batches.len());
        let mut begin: Option<SegmentOffset> = None;
        for (frame, batch) in self.batches.iter().enumerate() {
            let in_segment = begin.filter(|begin| begin.segment_id == batch.segment_id);
            let first_frame = in_segment.unwrap_or(batch.place().offset());
            begin = Some(first_frame);
            let mut first = 0;
            while first < batch.records.len() {
                let at = batch.offset(first);
                let last_byte = key::cell(at).offset + (CELL_BYTES - 1);
                let end = batch.records.count_to(last_byte - batch.frame_offset);
                pieces.push((key::cell_entry(at, first_frame.offset), frame, first..end));
                first = end;
            }
        }
        Cells { pieces }
    }

    /// Adds `entries`, which are in the order of their keys, to `by_time`.
    pub(super) fn add_by_time(&self, partition: u32, entries: Vec<TimeEntry>, run: &mut SortedRun) {
        let is_span = |entry: &TimeEntry| matches!(entry.indexes, Indexes::Span(_));
        let bytes = match entries.iter().all(is_span) {
            true => entries.len() * ENTRY_BYTES,
            false => self.bytes(entries.len()),
        };
        run.reserve(entries.len(), bytes);
        for TimeEntry { bucket, frame, indexes } in entries {
            let batch = &self.batches[frame];
            run.push_with(
                |out| key::append_by_time(partition, bucket, batch.first_sequence, out),
                |out| match indexes {
                    Indexes::Span(range) => SpanValue::of(batch, range).encode(out),
                    Indexes::Range(range) => {
                        FrameValue::encode_packed(batch, &self.packed, frame, range, out);
                    }
                    Indexes::List(list) => FrameValue::encode(batch, list.into_iter(), out),
                },
            );
        }
    }

    /// What `by_time` holds, in the order of its keys.
    pub(super) fn time_entries(&self) -> Vec<TimeEntry> {
        let mut entries = Vec::with_capacity(self.batches.len());
        for (frame, batch) in self.batches.iter().enumerate() {
            let before = entries.len();
            if !add_in_order(frame, batch, &mut entries) {
                entries.truncate(before);
                add_in_disorder(frame, batch, &mut entries);
            }
        }
        // In order already, as a rule: messages are stamped as they are appended.
        entries.sort_by_key(|entry| (entry.bucket, entry.frame));
        entries
    }
}

/// The entries of `by_position`, in the order of their keys: for each frame's records in a cell,
/// where the entry begins, the frame's number in the chunk, and which of its records they are.
pub(super) struct Cells {
    pieces: Vec<(SegmentOffset, usize, Range<usize>)>,
}

impl Cells {
    /// The pieces of each entry.
    fn iter(&self) -> impl Iterator<Item = &[(SegmentOffset, usize, Range<usize>)]> {
        self.pieces.chunk_by(|one, next| one.0 == next.0)
    }

    /// The number of entries.
    pub(super) fn len(&self) -> usize {
        self.iter().count()
    }
}

/// An entry of `by_time`: records of one frame in one bucket.
pub(super) struct TimeEntry {
    bucket: i64,
    /// The frame's number in the chunk.
    frame: usize,
    indexes: Indexes,
}

enum Indexes {
    /// Stamped in their order, and at least [`SPAN_RECORDS_MIN`].
    Span(Range<usize>),
    Range(Range<usize>),
    List(Vec<usize>),
}

/// Adds the entries of a frame whose buckets ascend; whether they do.
fn add_in_order(frame: usize, batch: &BatchEntry, entries: &mut Vec<TimeEntry>) -> bool {
    let (mut last, mut from) = (None, 0);
    let (mut last_us, mut ascends) = (i64::MIN, true);
    let mut add = |bucket, range: Range<usize>, ascends| {
        let indexes = match ascends && range.len() >= SPAN_RECORDS_MIN {
            true => Indexes::Span(range),
            false => Indexes::Range(range),
        };
        entries.push(TimeEntry { bucket, frame, indexes });
    };
    for (index, timestamp_us) in batch.records.timestamps_us().enumerate() {
        let bucket = key::bucket(timestamp_us);
        match last {
            Some(last) if bucket < last => return false,
            Some(last) if bucket > last => {
                add(last, from..index, ascends);
                (from, ascends) = (index, true);
            }
            _ => ascends &= last_us <= timestamp_us,
        }
        (last, last_us) = (Some(bucket), timestamp_us);
    }
    if let Some(last) = last {
        add(last, from..batch.records.len(), ascends);
    }
    true
}

fn add_in_disorder(frame: usize, batch: &BatchEntry, entries: &mut Vec<TimeEntry>) {
    let mut stamps: Vec<_> = batch.records.timestamps_us().map(key::bucket).zip(0..).collect();
    stamps.sort_unstable();
    entries.extend(stamps.chunk_by(|a, b| a.0 == b.0).map(|stamps| {
        let indexes = Indexes::List(stamps.iter().map(|stamp| stamp.1).collect());
        TimeEntry { bucket: stamps[0].0, frame, indexes }
    }));
}
