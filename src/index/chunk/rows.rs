//! The records of a chunk, gathered once and sorted by id.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::index::entry::BatchEntry;
use crate::index::value::RecordValue;
use crate::types::{SegmentId, SegmentOffset, Sequence};

/// What is compared of an id before the ids themselves are.
type Prefix = u64;

/// The records of the frames of a chunk. Frames lie anywhere in memory; sorting by id reads each
/// record many times, in no order. So what it reads is copied, once, into memory that lies close.
#[derive(Debug)]
pub(super) struct Rows {
    first_sequence: Sequence,
    ids: String,
    rows: Vec<Row>,
    /// Numbers of rows, by id, then by sequence.
    order: Vec<(Prefix, u32)>,
}

/// A record. The next one follows in sequence: a chunk has no hole.
#[derive(Clone, Copy, Debug)]
struct Row {
    segment_id: SegmentId,
    offset: u64,
    timestamp_us: i64,
    length_bytes: u32,
    /// Where its id ends in the memory of all; it begins where the one before ends.
    id_end: u32,
}

impl Rows {
    pub(super) fn gather(batches: &[Arc<BatchEntry>]) -> Self {
        let count = batches.iter().map(|batch| batch.records.len()).sum();
        let ids_bytes = batches.iter().map(|batch| batch.records.ids().len()).sum();
        let (mut ids, mut rows) = (String::with_capacity(ids_bytes), Vec::with_capacity(count));
        for batch in batches {
            let mut id_end = u32::try_from(ids.len()).expect("a chunk's ids are under 4 GiB");
            ids.push_str(batch.records.ids());
            rows.extend(batch.records.iter().map(|record| {
                id_end += record.id.len() as u32;
                Row {
                    segment_id: batch.segment_id,
                    offset: batch.frame_offset + u64::from(record.offset_in_frame),
                    timestamp_us: record.timestamp_us,
                    length_bytes: record.length_bytes,
                    id_end,
                }
            }));
        }
        let first_sequence = batches.first().map_or(0, |first| first.first_sequence);
        let mut this = Self { first_sequence, ids, rows, order: Vec::new() };
        this.order = this.sorted();
        this
    }

    fn sorted(&self) -> Vec<(Prefix, u32)> {
        let skipped = self.common_bytes();
        let prefix = |row: u32| (prefix(&self.id(row).as_bytes()[skipped..]), row);
        let count = u32::try_from(self.rows.len()).expect("a chunk's records are few");
        let mut order: Vec<_> = (0..count).map(prefix).collect();
        // By sequence last, so that the records of an id stay in their order.
        order.sort_unstable_by(|a, b| match a.0.cmp(&b.0) {
            Ordering::Equal => (self.id(a.1), a.1).cmp(&(self.id(b.1), b.1)),
            decided => decided,
        });
        order
    }

    /// How many bytes all ids begin with alike.
    fn common_bytes(&self) -> usize {
        let Some((first, others)) =
            (!self.rows.is_empty()).then(|| (self.id(0).as_bytes(), 1..self.rows.len() as u32))
        else {
            return 0;
        };
        others.fold(first.len(), |common, row| {
            let id = self.id(row).as_bytes();
            if id.len() >= common && id[..common] == first[..common] {
                return common;
            }
            first.iter().zip(id).take_while(|(a, b)| a == b).count()
        })
    }

    fn id(&self, row: u32) -> &str {
        let row = row as usize;
        let start = row.checked_sub(1).map_or(0, |before| self.rows[before].id_end);
        &self.ids[start as usize..self.rows[row].id_end as usize]
    }

    /// How many records there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The bytes of all ids.
    pub(super) fn ids_bytes(&self) -> usize {
        self.ids.len()
    }

    /// The id of the record at `place` in the order of ids.
    pub(super) fn id_at(&self, place: usize) -> &str {
        self.id(self.order[place].1)
    }

    /// The sequence of the record at `place` in the order of ids.
    pub(super) fn sequence_at(&self, place: usize) -> Sequence {
        self.first_sequence + u64::from(self.order[place].1)
    }

    /// What `by_id` says of the record at `place` in the order of ids.
    pub(super) fn value_at(&self, place: usize) -> RecordValue {
        let row = self.rows[self.order[place].1 as usize];
        RecordValue {
            sequence: self.sequence_at(place),
            offset: SegmentOffset { segment_id: row.segment_id, offset: row.offset },
            length_bytes: row.length_bytes,
            timestamp_us: row.timestamp_us,
        }
    }

    /// Where the records of each id begin in the order of ids.
    pub(super) fn id_starts(&self) -> Vec<usize> {
        let is_start = |place: &usize| {
            place.checked_sub(1).is_none_or(|before| {
                self.order[before].0 != self.order[*place].0
                    || self.id_at(before) != self.id_at(*place)
            })
        };
        (0..self.len()).filter(is_start).collect()
    }
}

/// The first bytes as a number that compares as they do; where it is equal they decide nothing.
fn prefix(bytes: &[u8]) -> Prefix {
    let mut prefix = [0; size_of::<Prefix>()];
    let length = bytes.len().min(prefix.len());
    prefix[..length].copy_from_slice(&bytes[..length]);
    Prefix::from_be_bytes(prefix)
}
