//! The records of a chunk, gathered once and sorted by id.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::index::entry::BatchEntry;
use crate::index::value::RecordValue;
use crate::types::{SegmentId, SegmentOffset, Sequence};

/// What is compared of an id before the ids themselves are.
type Prefix = u64;

/// The records of the frames of a chunk, by id, then by sequence. Frames lie anywhere in memory;
/// what is read again and again, of one record after the other, is copied into memory that lies
/// in that order.
#[derive(Debug)]
pub(super) struct Rows {
    first_sequence: Sequence,
    ids: String,
    rows: Vec<Row>,
}

/// A record.
#[derive(Clone, Copy, Debug)]
struct Row {
    /// Its place in the order of sequences: a chunk has no hole.
    number: u32,
    length_bytes: u32,
    segment_id: SegmentId,
    offset: u64,
    timestamp_us: i64,
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
            for record in batch.records.iter() {
                id_end += record.id.len() as u32;
                rows.push(Row {
                    number: u32::try_from(rows.len()).expect("a chunk's records are few"),
                    length_bytes: record.length_bytes,
                    segment_id: batch.segment_id,
                    offset: batch.frame_offset + u64::from(record.offset_in_frame),
                    timestamp_us: record.timestamp_us,
                    id_end,
                });
            }
        }
        let first_sequence = batches.first().map_or(0, |first| first.first_sequence);
        Self { first_sequence, ids, rows }.sorted()
    }

    fn sorted(self) -> Self {
        let skipped = self.common_bytes();
        let prefix = |row| (prefix(&self.id_at(row).as_bytes()[skipped..]), row as u32);
        let mut order: Vec<(Prefix, u32)> = (0..self.rows.len()).map(prefix).collect();
        // By sequence last, so that the records of an id stay in their order.
        let whole = |row: u32| (self.id_at(row as usize), row);
        order.sort_unstable_by(|a, b| match a.0.cmp(&b.0) {
            Ordering::Equal => whole(a.1).cmp(&whole(b.1)),
            decided => decided,
        });
        let mut ids = String::with_capacity(self.ids.len());
        let mut rows = Vec::with_capacity(self.rows.len());
        for (_, row) in order {
            ids.push_str(self.id_at(row as usize));
            rows.push(Row { id_end: ids.len() as u32, ..self.rows[row as usize] });
        }
        Self { first_sequence: self.first_sequence, ids, rows }
    }

    /// How many bytes all ids begin with alike.
    fn common_bytes(&self) -> usize {
        if self.rows.is_empty() {
            return 0;
        }
        let first = self.id_at(0).as_bytes();
        (1..self.rows.len()).fold(first.len(), |common, place| {
            let id = self.id_at(place).as_bytes();
            if id.len() >= common && id[..common] == first[..common] {
                return common;
            }
            first.iter().zip(id).take_while(|(a, b)| a == b).count()
        })
    }

    /// How many records there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The bytes of all ids.
    pub(super) fn ids_bytes(&self) -> usize {
        self.ids.len()
    }

    /// The id of the record at `place`.
    pub(super) fn id_at(&self, place: usize) -> &str {
        let start = place.checked_sub(1).map_or(0, |before| self.rows[before].id_end);
        &self.ids[start as usize..self.rows[place].id_end as usize]
    }

    /// The sequence of the record at `place`.
    pub(super) fn sequence_at(&self, place: usize) -> Sequence {
        self.first_sequence + u64::from(self.rows[place].number)
    }

    /// What `by_id` says of the record at `place`.
    pub(super) fn value_at(&self, place: usize) -> RecordValue {
        let row = self.rows[place];
        RecordValue {
            sequence: self.sequence_at(place),
            offset: SegmentOffset { segment_id: row.segment_id, offset: row.offset },
            length_bytes: row.length_bytes,
            timestamp_us: row.timestamp_us,
        }
    }

    /// Where the records of each id begin.
    pub(super) fn id_starts(&self) -> Vec<usize> {
        let is_start = |place: &usize| {
            place.checked_sub(1).is_none_or(|before| self.id_at(before) != self.id_at(*place))
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
