//! The records of a chunk that begin in one cell of a segment: the value in `by_position`.

use std::cmp::Ordering;
use std::ops::Range;

use super::records::Last;
use super::{Malformed, PackedRecords, RecordView, Records, VALUE_VERSION, versioned};
use crate::index::entry::BatchEntry;
use crate::index::varint::{self, Input};
use crate::types::{SegmentId, SegmentOffset, Sequence};

/// Records that follow each other in a segment, of one frame or several, read in place.
///
/// ```text
/// version | epoch | ordinal | first sequence | record count | frames
/// frame: offset gap | record count | records
/// record: index gap | offset gap | length | timestamp change (signed) | id length | id
/// ```
/// The first sequence is that of the first frame, whose first records may lie in a cell before.
/// A frame's offset counts from that of the frame before, the first one's from 0. Records are
/// packed as in a [`super::FrameValue`], but that the timestamp of a frame's first one counts on
/// from the frame before.
#[derive(Clone, Copy, Debug)]
pub struct CellValue<'a> {
    segment_id: SegmentId,
    first_sequence: Sequence,
    count: u32,
    frames: Input<'a>,
}

/// Records of one frame that lie in one cell.
#[derive(Clone, Debug)]
pub struct Piece<'a> {
    /// The frame.
    pub batch: &'a BatchEntry,
    /// Its number among the packed ones.
    pub frame: usize,
    /// Which of its records; at least one.
    pub indexes: Range<usize>,
}

impl<'a> CellValue<'a> {
    /// Appends the bytes for `pieces`, which follow each other without a hole in one segment;
    /// `packed` has their frames.
    ///
    /// # Panics
    /// Where there is no piece, or a frame lies before the one before.
    pub fn encode<'b>(
        pieces: impl Iterator<Item = Piece<'b>> + Clone,
        packed: &PackedRecords,
        out: &mut Vec<u8>,
    ) {
        let first = pieces.clone().next().expect("a cell's value holds records").batch;
        let count: usize = pieces.clone().map(|piece| piece.indexes.len()).sum();
        out.push(VALUE_VERSION);
        varint::put(out, first.epoch().into());
        varint::put(out, first.segment_id.ordinal().into());
        varint::put(out, first.first_sequence);
        varint::put(out, count as u64);
        let (mut frame_offset, mut timestamp_us) = (0, 0);
        for Piece { batch, frame, indexes } in pieces {
            assert!(batch.frame_offset >= frame_offset, "frames lie in the order of their records");
            varint::put(out, batch.frame_offset - frame_offset);
            varint::put(out, indexes.len() as u64);
            let first = batch.records.get(indexes.start);
            Last::before_frame(timestamp_us).put(indexes.start, first, out);
            out.extend_from_slice(packed.bytes(frame, indexes.start + 1..indexes.end));
            frame_offset = batch.frame_offset;
            timestamp_us = batch.records.get(indexes.end - 1).timestamp_us;
        }
    }

    /// Reads the head; the records are read by [`CellValue::records`].
    pub fn decode(value: &'a [u8]) -> Result<Self, Malformed> {
        Self::parse(value).ok_or(Malformed)
    }

    fn parse(value: &'a [u8]) -> Option<Self> {
        let mut input = versioned(value)?;
        let segment_id = SegmentId::new(input.number_u32()?, input.number_u32()?);
        let first_sequence = input.number()?;
        let count = input.number_u32()?;
        (count > 0).then_some(Self { segment_id, first_sequence, count, frames: input })
    }

    /// The sequences of its records.
    pub fn sequences(&self) -> Result<Range<Sequence>, Malformed> {
        let first = self.records().next().ok_or(Malformed)??.sequence;
        Ok(first..first.checked_add(self.count.into()).ok_or(Malformed)?)
    }

    /// The record that begins at `at`. Those before it are passed over, and not checked further
    /// than that takes.
    pub fn record_at(&self, at: SegmentOffset) -> Result<Option<RecordView<'a>>, Malformed> {
        if at.segment_id != self.segment_id {
            return Ok(None);
        }
        let mut records = self.records();
        while let Some(passed) = records.pass_next() {
            let passed = passed?;
            match records.offset().cmp(&at.offset) {
                Ordering::Less => {}
                Ordering::Equal => return records.passed(passed).map(Some),
                Ordering::Greater => break,
            }
        }
        Ok(None)
    }

    /// The records, in ascending order; ends after the first error.
    pub fn records(&self) -> Records<'a> {
        Records::of_frames(self.segment_id, self.first_sequence, self.count, self.frames)
    }
}
