//! Some records of one frame: the value in `by_position` (a piece of it) and in `by_time` (those of
//! one bucket).

use std::cmp::Ordering;
use std::ops::Range;

use super::{Malformed, VALUE_VERSION, offset, put_offset, versioned};
use crate::index::entry::{BatchEntry, FrameStart, RecordEntry};
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
        let first_sequence = input.number()?;
        let SegmentOffset { segment_id, offset: frame_offset } = offset(&mut input)?;
        let count = input.number_u32()?;
        first_sequence.checked_add(count.into())?;
        let place = FrameStart { segment_id, frame_offset, first_sequence };
        Some(Self { place, count, records: input })
    }

    /// The sequences of its records, where they follow each other without a hole, as they do in
    /// `by_position`.
    pub fn sequences(&self) -> Result<Range<Sequence>, Malformed> {
        let mut records = self.records();
        let first = records.next().ok_or(Malformed)??.sequence;
        Ok(first..first.checked_add(self.count.into()).ok_or(Malformed)?)
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
                    Ok(_) if !times.contains(&records.timestamp_us) => {}
                    passed => return Some(passed.and_then(|passed| records.passed(passed))),
                }
            }
        })
    }

    /// The record that begins at `at`. Those before it are passed over, and not checked further
    /// than that takes.
    pub fn record_at(&self, at: SegmentOffset) -> Result<Option<RecordView<'a>>, Malformed> {
        let in_frame = at.offset.checked_sub(self.place.frame_offset);
        let Some(in_frame) = in_frame.filter(|_| at.segment_id == self.place.segment_id) else {
            return Ok(None);
        };
        let mut records = self.records();
        while let Some(passed) = records.pass_next() {
            let passed = passed?;
            match u64::from(records.offset).cmp(&in_frame) {
                Ordering::Less => {}
                Ordering::Equal => return records.passed(passed).map(Some),
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

/// Length and id of a record that was passed over, the id unchecked.
type Passed<'a> = (u32, &'a [u8]);

impl<'a> Records<'a> {
    /// Passes over the next record; `None` behind the last one, and after an error.
    fn pass_next(&mut self) -> Option<Result<Passed<'a>, Malformed>> {
        self.left = self.left.checked_sub(1)?;
        let mut passed = self.pass();
        if self.left == 0 && self.input.finish().is_none() {
            passed = None;
        }
        if passed.is_none() {
            self.left = 0;
        }
        Some(passed.ok_or(Malformed))
    }

    fn pass(&mut self) -> Option<Passed<'a>> {
        let index = self.index.checked_add(self.input.number()?)?;
        self.offset = self.offset.checked_add(self.input.number_u32()?)?;
        let length_bytes = self.input.number_u32()?;
        self.timestamp_us = self.timestamp_us.wrapping_add(self.input.signed()?);
        let id_length = usize::try_from(self.input.number()?).ok()?;
        let id = self.input.bytes(id_length)?;
        self.index = index.checked_add(1)?;
        Some((length_bytes, id))
    }

    /// The record that was passed over last.
    fn passed(&mut self, passed: Passed<'a>) -> Result<RecordView<'a>, Malformed> {
        let view = self.view(passed);
        if view.is_none() {
            self.left = 0;
        }
        view.ok_or(Malformed)
    }

    fn view(&self, (length_bytes, id): Passed<'a>) -> Option<RecordView<'a>> {
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
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<RecordView<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        let passed = self.pass_next()?;
        Some(passed.and_then(|passed| self.passed(passed)))
    }
}

/// The records of several frames, each packed once as it follows its neighbour: values of many
/// pieces are put together from them.
#[derive(Debug, Default)]
pub struct PackedRecords {
    bytes: Vec<u8>,
    /// Where each record ends.
    ends: Vec<u32>,
    /// The number of each frame's first record.
    frames: Vec<usize>,
}

impl PackedRecords {
    /// Those of `batches`, in their order.
    ///
    /// # Panics
    /// Where they take 4 GiB or more.
    pub fn of<'a>(batches: impl Iterator<Item = &'a BatchEntry> + Clone) -> Self {
        let count = batches.clone().map(|batch| batch.records.len()).sum();
        let ids_bytes: usize = batches.clone().map(|batch| batch.records.ids().len()).sum();
        let mut packed = Self {
            bytes: Vec::with_capacity(ids_bytes + count * RECORD_BYTES),
            ends: Vec::with_capacity(count),
            frames: Vec::with_capacity(batches.size_hint().0),
        };
        for batch in batches {
            packed.frames.push(packed.ends.len());
            let mut last = Last::default();
            for (index, record) in batch.records.iter().enumerate() {
                last.put(index, record, &mut packed.bytes);
                let end = u32::try_from(packed.bytes.len()).expect("a chunk is under 4 GiB");
                packed.ends.push(end);
            }
        }
        packed
    }

    /// The bytes of all.
    pub fn len_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Those of the `frame`-th frame's records.
    fn bytes(&self, frame: usize, indexes: Range<usize>) -> &[u8] {
        let end = |index: usize| self.ends[self.frames[frame] + index - 1] as usize;
        &self.bytes[end(indexes.start)..end(indexes.end)]
    }
}

/// Bytes of a record beside its id, more than most have: memory that is taken at once.
const RECORD_BYTES: usize = 12;

fn put_head(batch: &BatchEntry, count: usize, out: &mut Vec<u8>) {
    out.push(VALUE_VERSION);
    varint::put(out, batch.first_sequence);
    put_offset(out, batch.place().offset());
    varint::put(out, count as u64);
}

/// What the next record counts from.
#[derive(Default)]
struct Last {
    next_index: usize,
    offset: u32,
    timestamp_us: i64,
}

impl Last {
    fn put(&mut self, index: usize, record: RecordEntry<'_>, out: &mut Vec<u8>) {
        assert!(index >= self.next_index, "records are packed in ascending order");
        assert!(record.offset_in_frame >= self.offset, "records lie in the order of their numbers");
        varint::put(out, (index - self.next_index) as u64);
        varint::put(out, (record.offset_in_frame - self.offset).into());
        varint::put(out, record.length_bytes.into());
        varint::put_signed(out, record.timestamp_us.wrapping_sub(self.timestamp_us));
        varint::put(out, record.id.len() as u64);
        out.extend_from_slice(record.id.as_bytes());
        self.next_index = index + 1;
        self.offset = record.offset_in_frame;
        self.timestamp_us = record.timestamp_us;
    }
}
