//! Some records of one frame: a value in `by_time`.

use std::ops::Range;

use super::records::Last;
use super::{
    Malformed, PackedRecords, RECORDS, RecordView, Records, VALUE_VERSION, offset, put_offset,
    versioned,
};
use crate::index::entry::{BatchEntry, FrameStart};
use crate::index::varint::{self, Input};
use crate::types::SegmentOffset;

/// A frame's place and some of its records, read in place.
///
/// ```text
/// version | 0 | first sequence | epoch | ordinal | frame offset | record count | records
/// record: index gap | offset gap | length | timestamp change (signed) | id length | id
/// ```
/// Gaps and changes count from the record before; the first one's from 0. The index gap is one
/// less than the difference, so it is 0 for a neighbour.
#[derive(Clone, Copy, Debug)]
pub struct FrameValue<'a> {
    /// Where the frame is.
    pub place: FrameStart,
    count: u32,
    records: Input<'a>,
}

impl<'a> FrameValue<'a> {
    /// Appends the bytes for those records of `batch` that `indexes` names, ascending.
    ///
    /// # Panics
    /// Where the indexes do not ascend or there is no such record.
    pub fn encode(
        batch: &BatchEntry,
        indexes: impl ExactSizeIterator<Item = usize>,
        out: &mut Vec<u8>,
    ) {
        put_head(batch, indexes.len(), out);
        let mut last = Last::default();
        indexes.for_each(|index| last.put(index, batch.records.get(index), out));
    }

    /// Appends the bytes for the records `indexes` of the `frame`-th batch of `packed`, which is
    /// `batch`: the same as [`FrameValue::encode`] does.
    ///
    /// # Panics
    /// Where `indexes` are none or there is no such record.
    pub fn encode_packed(
        batch: &BatchEntry,
        packed: &PackedRecords,
        frame: usize,
        indexes: Range<usize>,
        out: &mut Vec<u8>,
    ) {
        put_head(batch, indexes.len(), out);
        Last::default().put(indexes.start, batch.records.get(indexes.start), out);
        out.extend_from_slice(packed.bytes(frame, indexes.start + 1..indexes.end));
    }

    /// Reads the head; the records are read by [`FrameValue::records`].
    pub fn decode(value: &'a [u8]) -> Result<Self, Malformed> {
        Self::parse(value).ok_or(Malformed)
    }

    fn parse(value: &'a [u8]) -> Option<Self> {
        let mut input = versioned(value)?;
        if input.byte()? != RECORDS {
            return None;
        }
        let first_sequence = input.number()?;
        let SegmentOffset { segment_id, offset: frame_offset } = offset(&mut input)?;
        let count = input.number_u32()?;
        first_sequence.checked_add(count.into())?;
        let place = FrameStart { segment_id, frame_offset, first_sequence };
        Some(Self { place, count, records: input })
    }

    /// The records stamped in `times`, in ascending order; ends after the first error. Others are
    /// not checked further than passing them over takes.
    pub fn stamped_in(
        &self,
        times: &Range<i64>,
    ) -> impl Iterator<Item = Result<RecordView<'a>, Malformed>> {
        let mut records = self.records();
        std::iter::from_fn(move || {
            loop {
                match records.pass_next()? {
                    Ok(_) if !times.contains(&records.timestamp_us()) => {}
                    passed => return Some(passed.and_then(|passed| records.passed(passed))),
                }
            }
        })
    }

    /// The records, in ascending order; ends after the first error.
    pub fn records(&self) -> Records<'a> {
        Records::of_frame(self.place, self.count, self.records)
    }
}

fn put_head(batch: &BatchEntry, count: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&[VALUE_VERSION, RECORDS]);
    varint::put(out, batch.first_sequence);
    put_offset(out, batch.place().offset());
    varint::put(out, count as u64);
}
