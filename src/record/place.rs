//! Where frames and records lie.

use crate::types::{Epoch, SegmentId, SegmentOffset};

/// Where a frame lies: its first byte. Part of the seed of every checksum in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FramePlace {
    /// The segment file.
    pub segment_id: SegmentId,
    /// The first byte of the frame's header within that file; a multiple of
    /// [`FRAME_ALIGNMENT_BYTES`](super::FRAME_ALIGNMENT_BYTES).
    pub offset: u64,
}

impl FramePlace {
    /// The epoch of everything in the segment: the one that created it.
    pub fn epoch(self) -> Epoch {
        self.segment_id.epoch()
    }

    /// The place `distance_bytes` behind this one, as the address of a record.
    #[inline]
    pub fn record_at(self, distance_bytes: u64) -> SegmentOffset {
        SegmentOffset { segment_id: self.segment_id, offset: self.offset + distance_bytes }
    }
}

/// Where a record went in the frame that was just encoded, and what the index needs of it that
/// the message does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordPlace {
    /// The record's first byte, counted from the frame's first byte.
    pub offset_in_frame: u32,
    /// The bytes of the record, header included.
    pub length_bytes: u32,
    /// Microseconds since 1970: the message's own time, or the append's where it has none.
    pub timestamp_us: i64,
}
