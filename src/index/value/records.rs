//! Records as values pack them, and as they are read in place.

use std::ops::Range;

use super::Malformed;
use crate::index::entry::{BatchEntry, FrameStart, RecordEntry};
use crate::index::varint::{self, Input};
use crate::types::{MessageMeta, SegmentId, SegmentOffset, Sequence};

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

/// The records of a value, in ascending order; ends after the first error.
#[derive(Clone, Debug)]
pub struct Records<'a> {
    /// The frame of the record that was passed over last.
    place: FrameStart,
    /// Records to come.
    left: u32,
    /// Records to come of the frame at `place`.
    left_in_frame: u32,
    /// Whether no record is left out between two.
    is_dense: bool,
    input: Input<'a>,
    /// The lowest index that the next record can have.
    index: u64,
    offset: u32,
    timestamp_us: i64,
}

/// Length and id of a record that was passed over, the id unchecked.
pub(in crate::index) type Passed<'a> = (u32, &'a [u8]);

impl<'a> Records<'a> {
    /// Some of the frame at `place`.
    pub(super) fn of_frame(place: FrameStart, count: u32, input: Input<'a>) -> Self {
        Self {
            place,
            left: count,
            left_in_frame: count,
            is_dense: false,
            input,
            index: 0,
            offset: 0,
            timestamp_us: 0,
        }
    }

    /// Those of frames that follow each other, without a hole. Each frame's records are behind a
    /// head of their own.
    pub(super) fn of_frames(
        segment_id: SegmentId,
        first_sequence: Sequence,
        count: u32,
        input: Input<'a>,
    ) -> Self {
        let place = FrameStart { segment_id, frame_offset: 0, first_sequence };
        let none = Self::of_frame(place, 0, input);
        Self { left: count, is_dense: true, ..none }
    }

    /// The frame of the record that came last; of no meaning before the first one.
    pub fn place(&self) -> FrameStart {
        self.place
    }

    /// The first byte in the segment of the record that was passed over last.
    pub(super) fn offset(&self) -> u64 {
        self.place.frame_offset.saturating_add(self.offset.into())
    }

    /// The sequence of the record that was passed over last.
    pub(in crate::index) fn sequence(&self) -> Sequence {
        self.place.first_sequence.saturating_add(self.index).saturating_sub(1)
    }

    /// The stamp of the record that was passed over last.
    pub(in crate::index) fn timestamp_us(&self) -> i64 {
        self.timestamp_us
    }

    /// Passes over the next record; `None` behind the last one, and after an error.
    pub(in crate::index) fn pass_next(&mut self) -> Option<Result<Passed<'a>, Malformed>> {
        self.left = self.left.checked_sub(1)?;
        let mut passed = self.pass();
        if self.left == 0 && (self.left_in_frame > 0 || self.input.finish().is_none()) {
            passed = None;
        }
        if passed.is_none() {
            self.left = 0;
        }
        Some(passed.ok_or(Malformed))
    }

    fn pass(&mut self) -> Option<Passed<'a>> {
        if self.left_in_frame == 0 {
            self.enter_frame()?;
        }
        self.left_in_frame -= 1;
        let gap = self.input.number()?;
        if gap > 0 && self.index > 0 && self.is_dense {
            return None;
        }
        let index = self.index.checked_add(gap)?;
        self.offset = self.offset.checked_add(self.input.number_u32()?)?;
        let length_bytes = self.input.number_u32()?;
        self.timestamp_us = self.timestamp_us.wrapping_add(self.input.signed()?);
        let id_length = usize::try_from(self.input.number()?).ok()?;
        let id = self.input.bytes(id_length)?;
        self.index = index.checked_add(1)?;
        Some((length_bytes, id))
    }

    fn enter_frame(&mut self) -> Option<()> {
        self.place.first_sequence = self.place.first_sequence.checked_add(self.index)?;
        self.place.frame_offset = self.place.frame_offset.checked_add(self.input.number()?)?;
        self.left_in_frame = self.input.number_u32()?;
        (self.index, self.offset) = (0, 0);
        (self.left_in_frame > 0).then_some(())
    }

    /// The record that was passed over last.
    pub(in crate::index) fn passed(
        &mut self,
        passed: Passed<'a>,
    ) -> Result<RecordView<'a>, Malformed> {
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

/// The records of several frames, each packed once as it follows its neighbour: values are put
/// together from them.
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
    pub(super) fn bytes(&self, frame: usize, indexes: Range<usize>) -> &[u8] {
        let end = |index: usize| self.ends[self.frames[frame] + index - 1] as usize;
        &self.bytes[end(indexes.start)..end(indexes.end)]
    }
}

/// Bytes of a record beside its id, more than most have: memory that is taken at once.
const RECORD_BYTES: usize = 12;

/// What the next record counts from.
#[derive(Default)]
pub(super) struct Last {
    next_index: usize,
    offset: u32,
    timestamp_us: i64,
}

impl Last {
    /// In the frame behind one whose last record here was stamped at `timestamp_us`.
    pub(super) fn before_frame(timestamp_us: i64) -> Self {
        Self { timestamp_us, ..Self::default() }
    }

    pub(super) fn put(&mut self, index: usize, record: RecordEntry<'_>, out: &mut Vec<u8>) {
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
