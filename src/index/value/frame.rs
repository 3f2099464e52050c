//! Records of one frame: the value in `by_position` (all of them) and in `by_time` (those of one
//! bucket).

use std::cmp::Ordering;

use super::{Malformed, VALUE_VERSION, offset, put_offset, versioned};
use crate::index::entry::{BatchEntry, FrameStart};
use crate::index::varint::{self, Input};
use crate::types::{MessageMeta, SegmentOffset, Sequence};

/// A frame's place and some of its records, read in place.
///
/// ```text
/// version | first sequence | epoch | ordinal | frame offset | record count | records
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
        out.push(VALUE_VERSION);
        varint::put(out, batch.first_sequence);
        put_offset(out, batch.place().offset());
        varint::put(out, indexes.len() as u64);
        let (mut next, mut offset, mut timestamp_us) = (0, 0, 0i64);
        for index in indexes {
            assert!(index >= next, "records are packed in ascending order");
            let record = batch.records.get(index);
            assert!(record.offset_in_frame >= offset, "records lie in the order of their numbers");
            varint::put(out, (index - next) as u64);
            varint::put(out, (record.offset_in_frame - offset).into());
            varint::put(out, record.length_bytes.into());
            varint::put_signed(out, record.timestamp_us.wrapping_sub(timestamp_us));
            varint::put(out, record.id.len() as u64);
            out.extend_from_slice(record.id.as_bytes());
            (next, offset, timestamp_us) = (index + 1, record.offset_in_frame, record.timestamp_us);
        }
    }

    /// Reads the head; the records are read by [`FrameValue::records`].
    pub fn decode(value: &'a [u8]) -> Result<Self, Malformed> {
        Self::parse(value).ok_or(Malformed)
    }

    fn parse(value: &'a [u8]) -> Option<Self> {
        let mut input = versioned(value)?;
        let first_sequence = input.number()?;
        let SegmentOffset { segment_id, offset: frame_offset } = offset(&mut input)?;
        let count = input.number_u32()?;
        first_sequence.checked_add(count.into())?;
        let place = FrameStart { segment_id, frame_offset, first_sequence };
        Some(Self { place, count, records: input })
    }

    /// How many records the value holds.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// The record that begins at `at`. Those before it are passed over, and not checked further
    /// than that takes.
    pub fn record_at(&self, at: SegmentOffset) -> Result<Option<RecordView<'a>>, Malformed> {
        let in_frame = at.offset.checked_sub(self.place.frame_offset);
        let Some(in_frame) = in_frame.filter(|_| at.segment_id == self.place.segment_id) else {
            return Ok(None);
        };
        let mut records = self.records();
        for _ in 0..self.count {
            let (length_bytes, id) = records.pass().ok_or(Malformed)?;
            match u64::from(records.offset).cmp(&in_frame) {
                Ordering::Less => {}
                Ordering::Equal => {
                    return records.passed(length_bytes, id).ok_or(Malformed).map(Some);
                }
                Ordering::Greater => break,
            }
        }
        Ok(None)
    }

    /// The records, in ascending order; ends after the first error.
    pub fn records(&self) -> Records<'a> {
        Records {
            place: self.place,
            left: self.count,
            input: self.records,
            index: 0,
            offset: 0,
            timestamp_us: 0,
        }
    }
}

/// One record, read in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordView<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its sequence.
    pub sequence: Sequence,
    /// Its first byte.
    pub offset: SegmentOffset,
    /// Its bytes, header included.
    pub length_bytes: u32,
    /// Microseconds since 1970.
    pub timestamp_us: i64,
}

impl RecordView<'_> {
    /// What a lookup answers.
    pub fn meta(&self) -> MessageMeta {
        MessageMeta {
            msg_id: self.id.to_owned(),
            sequence: self.sequence,
            offset: self.offset,
            length_bytes: self.length_bytes,
            timestamp_us: self.timestamp_us,
        }
    }
}

/// Iterator of [`FrameValue::records`].
#[derive(Clone, Debug)]
pub struct Records<'a> {
    place: FrameStart,
    left: u32,
    input: Input<'a>,
    /// The lowest index that the next record can have.
    index: u64,
    offset: u32,
    timestamp_us: i64,
}

impl<'a> Records<'a> {
    /// Passes the next record; answers its length and its id.
    fn pass(&mut self) -> Option<(u32, &'a [u8])> {
        let index = self.index.checked_add(self.input.number()?)?;
        self.offset = self.offset.checked_add(self.input.number_u32()?)?;
        let length_bytes = self.input.number_u32()?;
        self.timestamp_us = self.timestamp_us.wrapping_add(self.input.signed()?);
        let id_length = usize::try_from(self.input.number()?).ok()?;
        let id = self.input.bytes(id_length)?;
        self.index = index.checked_add(1)?;
        Some((length_bytes, id))
    }

    /// The record that was passed last.
    fn passed(&self, length_bytes: u32, id: &'a [u8]) -> Option<RecordView<'a>> {
        Some(RecordView {
            id: str::from_utf8(id).ok()?,
            sequence: self.place.first_sequence.checked_add(self.index - 1)?,
            offset: SegmentOffset {
                segment_id: self.place.segment_id,
                offset: self.place.frame_offset.checked_add(self.offset.into())?,
            },
            length_bytes,
            timestamp_us: self.timestamp_us,
        })
    }

    fn read(&mut self) -> Option<RecordView<'a>> {
        let (length_bytes, id) = self.pass()?;
        self.passed(length_bytes, id)
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<RecordView<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let mut record = self.read();
        if self.left == 0 && self.input.finish().is_none() {
            record = None;
        }
        if record.is_none() {
            self.left = 0;
        }
        Some(record.ok_or(Malformed))
    }
}
