//! What the index is told of one frame.

use std::ops::Range;

use crate::types::{Epoch, MessageMeta, SegmentId, SegmentOffset, Sequence};

/// One record of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordEntry {
    /// The message's id.
    pub id: Box<str>,
    /// Microseconds since 1970.
    pub timestamp_us: i64,
    /// The record's first byte, counted from the frame's first byte.
    pub offset_in_frame: u32,
    /// The bytes of the record, header included.
    pub length_bytes: u32,
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
    pub records: Vec<RecordEntry>,
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
            offset: self.frame_offset + u64::from(self.records[index].offset_in_frame),
        }
    }

    /// What a lookup answers for the `index`-th record.
    ///
    /// # Panics
    /// Where there is no such record.
    pub fn meta(&self, index: usize) -> MessageMeta {
        let record = &self.records[index];
        MessageMeta {
            msg_id: record.id.to_string(),
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
