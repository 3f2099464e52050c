//! The records of a chunk, packed once, and their order by id.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::index::entry::BatchEntry;
use crate::index::id_filter;
use crate::index::value::RecordValue;
use crate::types::Sequence;

/// What is compared of an id before the ids themselves are.
type Prefix = u64;

/// Bytes of a value in `by_id`, more than most have: memory that is taken at once.
const VALUE_BYTES: usize = 32;

/// The records of the frames of a chunk. A *row* is one in the order of sequences, a *place* one
/// by id, then by sequence. Each row's id and its value in `by_id` lie together: rows taken by
/// place cost one piece of memory each that no cache has.
#[derive(Debug)]
pub(super) struct Rows {
    first_sequence: Sequence,
    bytes: Vec<u8>,
    rows: Vec<Row>,
    /// The row at each place.
    order: Vec<(Prefix, u32)>,
}

/// Where a record's id and its value end; the id begins where the row before ends.
#[derive(Clone, Copy, Debug)]
struct Row {
    id_end: u32,
    end: u32,
}

impl Rows {
    pub(super) fn gather(batches: &[Arc<BatchEntry>]) -> Self {
        let count = batches.iter().map(|batch| batch.records.len()).sum();
        let ids_bytes: usize = batches.iter().map(|batch| batch.records.ids().len()).sum();
        let mut bytes = Vec::with_capacity(ids_bytes + count * VALUE_BYTES);
        let mut rows = Vec::with_capacity(count);
        let end = |bytes: &[u8]| u32::try_from(bytes.len()).expect("a chunk is under 4 GiB");
        for batch in batches {
            for (index, record) in batch.records.iter().enumerate() {
                bytes.extend_from_slice(record.id.as_bytes());
                let id_end = end(&bytes);
                RecordValue::of(batch, index).encode(&mut bytes);
                rows.push(Row { id_end, end: end(&bytes) });
            }
        }
        let first_sequence = batches.first().map_or(0, |first| first.first_sequence);
        let mut rows = Self { first_sequence, bytes, rows, order: Vec::new() };
        rows.order = rows.ordered();
        rows
    }

    fn ordered(&self) -> Vec<(Prefix, u32)> {
        let skipped = self.common_bytes();
        let prefix = |row: u32| (prefix(&self.id(row)[skipped..]), row);
        let count = u32::try_from(self.rows.len()).expect("a chunk's records are few");
        let mut order: Vec<_> = (0..count).map(prefix).collect();
        // By sequence last, so that the records of an id stay in their order.
        let whole = |row| (self.id(row), row);
        order.sort_unstable_by(|a, b| match a.0.cmp(&b.0) {
            Ordering::Equal => whole(a.1).cmp(&whole(b.1)),
            decided => decided,
        });
        order
    }

    /// How many bytes all ids begin with alike.
    fn common_bytes(&self) -> usize {
        let mut ids = (0..self.rows.len() as u32).map(|row| self.id(row));
        let Some(first) = ids.next() else { return 0 };
        ids.fold(first.len(), |common, id| {
            if id.len() >= common && id[..common] == first[..common] {
                return common;
            }
            first.iter().zip(id).take_while(|(a, b)| a == b).count()
        })
    }

    fn id(&self, row: u32) -> &[u8] {
        let row = row as usize;
        let start = row.checked_sub(1).map_or(0, |before| self.rows[before].end);
        &self.bytes[start as usize..self.rows[row].id_end as usize]
    }

    /// How many records there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The row at `place`: what its sequence is past the first one.
    pub(super) fn row_at(&self, place: usize) -> usize {
        self.order[place].1 as usize
    }

    /// The sequence of the record at `place`.
    pub(super) fn sequence_at(&self, place: usize) -> Sequence {
        self.first_sequence + self.row_at(place) as u64
    }

    /// The id of the record at `place`.
    pub(super) fn id_at(&self, place: usize) -> &[u8] {
        self.id(self.order[place].1)
    }

    /// What `by_id` says of the record at `place`, encoded.
    pub(super) fn value_at(&self, place: usize) -> &[u8] {
        let Row { id_end, end } = self.rows[self.row_at(place)];
        &self.bytes[id_end as usize..end as usize]
    }

    /// The bytes of ids and values together.
    pub(super) fn len_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// The hash of each row's id.
    pub(super) fn id_hashes(&self) -> Vec<u64> {
        (0..self.rows.len() as u32).map(|row| id_filter::hash(self.id(row))).collect()
    }

    /// The places where the records of each id begin.
    pub(super) fn id_starts(&self) -> Vec<usize> {
        let is_start = |place: &usize| {
            let Some(before) = place.checked_sub(1) else { return true };
            let ((a, row_a), (b, row_b)) = (self.order[before], self.order[*place]);
            a != b || self.id(row_a) != self.id(row_b)
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
