//! What the index is told of one frame.

use std::ops::Range;

use crate::types::{Epoch, MessageMeta, SegmentId, SegmentOffset, Sequence};

/// One record of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordEntry<'a> {
    /// The message's id.
    pub id: &'a str,
    /// Microseconds since 1970.
    pub timestamp_us: i64,
    /// The record's first byte, counted from the frame's first byte.
    pub offset_in_frame: u32,
    /// The bytes of the record, header included.
    pub length_bytes: u32,
}

/// The records of a frame, packed: their ids share one piece of memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordEntries {
    ids: String,
    fields: Vec<Fields>,
}

/// A record without its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fields {
    timestamp_us: i64,
    offset_in_frame: u32,
    length_bytes: u32,
    /// Where its id ends in the memory of all; it begins where the one before ends.
    id_end: u32,
}

impl RecordEntries {
    /// None, with memory for `count` records whose ids take `ids_bytes` together.
    pub fn with_capacity(count: usize, ids_bytes: usize) -> Self {
        Self { ids: String::with_capacity(ids_bytes), fields: Vec::with_capacity(count) }
    }

    /// Adds the next record.
    ///
    /// # Panics
    /// Where the ids of a frame pass 4 GiB: no frame is that long.
    pub fn push(&mut self, record: RecordEntry<'_>) {
        self.ids.push_str(record.id);
        self.fields.push(Fields {
            timestamp_us: record.timestamp_us,
            offset_in_frame: record.offset_in_frame,
            length_bytes: record.length_bytes,
            id_end: u32::try_from(self.ids.len()).expect("the ids of a frame are under 4 GiB"),
        });
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The `index`-th record.
    ///
    /// # Panics
    /// Where there is none.
    pub fn get(&self, index: usize) -> RecordEntry<'_> {
        let Fields { timestamp_us, offset_in_frame, length_bytes, id_end } = self.fields[index];
        let id_start = index.checked_sub(1).map_or(0, |before| self.fields[before].id_end);
        let id = &self.ids[id_start as usize..id_end as usize];
        RecordEntry { id, timestamp_us, offset_in_frame, length_bytes }
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = RecordEntry<'_>> + Clone {
        (0..self.len()).map(|index| self.get(index))
    }

    /// When each was stamped, in order.
    pub fn timestamps_us(&self) -> impl ExactSizeIterator<Item = i64> {
        self.fields.iter().map(|fields| fields.timestamp_us)
    }

    /// How many begin at or before `offset_in_frame`.
    pub fn count_to(&self, offset_in_frame: u64) -> usize {
        self.fields.partition_point(|fields| u64::from(fields.offset_in_frame) <= offset_in_frame)
    }

    /// The ids of all, one behind the other.
    pub fn ids(&self) -> &str {
        &self.ids
    }

    /// The index of the record whose first byte is `offset_in_frame`.
    pub fn at(&self, offset_in_frame: u32) -> Option<usize> {
        self.fields.binary_search_by_key(&offset_in_frame, |fields| fields.offset_in_frame).ok()
    }
}

impl<'a> FromIterator<RecordEntry<'a>> for RecordEntries {
    fn from_iter<I: IntoIterator<Item = RecordEntry<'a>>>(records: I) -> Self {
        let mut entries = Self::default();
        records.into_iter().for_each(|record| entries.push(record));
        entries
    }
}

/// One frame: the records of one append, in their order. Its epoch is that of its segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchEntry {
    /// The sequence of the first record; the others follow without a hole.
    pub first_sequence: Sequence,
    /// The segment that holds the frame.
    pub segment_id: SegmentId,
    /// The frame's first byte in that segment.
    pub frame_offset: u64,
    /// The bytes of the whole frame.
    pub frame_length_bytes: u32,
    /// When the engine appended it, microseconds since 1970.
    pub append_time_us: i64,
    /// Its records, by ascending offset; at least one.
    pub records: RecordEntries,
}

impl BatchEntry {
    /// The epoch that wrote the frame.
    pub fn epoch(&self) -> Epoch {
        self.segment_id.epoch()
    }

    /// The sequences of its records.
    pub fn sequences(&self) -> Range<Sequence> {
        self.first_sequence..self.first_sequence + self.records.len() as u64
    }

    /// Where the frame begins.
    pub fn place(&self) -> FrameStart {
        FrameStart {
            segment_id: self.segment_id,
            frame_offset: self.frame_offset,
            first_sequence: self.first_sequence,
        }
    }

    /// The address of the `index`-th record.
    ///
    /// # Panics
    /// Where there is no such record.
    pub fn offset(&self, index: usize) -> SegmentOffset {
        SegmentOffset {
            segment_id: self.segment_id,
            offset: self.frame_offset + u64::from(self.records.get(index).offset_in_frame),
        }
    }

    /// What a lookup answers for the `index`-th record.
    ///
    /// # Panics
    /// Where there is no such record.
    pub fn meta(&self, index: usize) -> MessageMeta {
        let record = self.records.get(index);
        MessageMeta {
            msg_id: record.id.to_owned(),
            sequence: self.first_sequence + index as u64,
            offset: self.offset(index),
            length_bytes: record.length_bytes,
            timestamp_us: record.timestamp_us,
        }
    }
}

/// Where a frame begins: what a reader needs to go on from a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameStart {
    /// The segment that holds the frame.
    pub segment_id: SegmentId,
    /// The frame's first byte in that segment.
    pub frame_offset: u64,
    /// The sequence of the frame's first record.
    pub first_sequence: Sequence,
}

impl FrameStart {
    /// The frame's first byte.
    pub fn offset(&self) -> SegmentOffset {
        SegmentOffset { segment_id: self.segment_id, offset: self.frame_offset }
    }
}
