//! Records that were stamped in the order of the log: a value in `by_time`.

use std::ops::Range;

use super::{Malformed, SPAN, VALUE_VERSION, offset, put_offset, versioned};
use crate::index::entry::BatchEntry;
use crate::index::varint;
use crate::types::{SegmentOffset, Sequence};

/// Records of one frame that follow each other without a hole, by ascending timestamps. What each
/// of them is, is in the entries of `by_position` from that of the first one on.
///
/// ```text
/// version | 1 | first sequence | epoch | ordinal | offset of the first | record count
///             | timestamp of the first (signed) | timestamp of the last | offset of the last
/// ```
/// What is said of the last one counts from the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpanValue {
    /// Their sequences; at least one.
    pub sequences: Range<Sequence>,
    /// The first byte of the first one.
    pub offset: SegmentOffset,
    /// When the first one was stamped, microseconds since 1970.
    pub first_us: i64,
    /// When the last one was stamped; no earlier than the first.
    pub last_us: i64,
    /// The first byte of the last one, in the same segment; not before that of the first.
    pub last_offset: u64,
}

impl SpanValue {
    /// The value for the records `indexes` of `batch`.
    ///
    /// # Panics
    /// Where `indexes` are none or there is no such record.
    pub fn of(batch: &BatchEntry, indexes: Range<usize>) -> Self {
        let Range { start, end } = indexes;
        let sequence = |index: usize| batch.first_sequence + index as u64;
        Self {
            sequences: sequence(start)..sequence(end),
            offset: batch.offset(start),
            first_us: batch.records.get(start).timestamp_us,
            last_us: batch.records.get(end - 1).timestamp_us,
            last_offset: batch.offset(end - 1).offset,
        }
    }

    /// Appends the bytes.
    ///
    /// # Panics
    /// Where there is no record, or the last one lies before the first, or was stamped before it.
    pub fn encode(&self, out: &mut Vec<u8>) {
        assert!(!self.sequences.is_empty(), "a span holds records");
        assert!(self.first_us <= self.last_us, "a span was stamped in its order");
        assert!(self.offset.offset <= self.last_offset, "a span lies in its order");
        out.extend_from_slice(&[VALUE_VERSION, SPAN]);
        varint::put(out, self.sequences.start);
        put_offset(out, self.offset);
        varint::put(out, self.sequences.end - self.sequences.start);
        varint::put_signed(out, self.first_us);
        varint::put(out, self.last_us.abs_diff(self.first_us));
        varint::put(out, self.last_offset - self.offset.offset);
    }

    /// Reads the bytes.
    pub fn decode(value: &[u8]) -> Result<Self, Malformed> {
        Self::parse(value).ok_or(Malformed)
    }

    fn parse(value: &[u8]) -> Option<Self> {
        let mut input = versioned(value)?;
        if input.byte()? != SPAN {
            return None;
        }
        let first = input.number()?;
        let offset = offset(&mut input)?;
        let end = first.checked_add(input.number()?)?;
        let first_us = input.signed()?;
        let last_us = first_us.checked_add_unsigned(input.number()?)?;
        let last_offset = offset.offset.checked_add(input.number()?)?;
        input.finish()?;
        let sequences = first..end;
        (first < end).then_some(Self { sequences, offset, first_us, last_us, last_offset })
    }

    /// Takes in `next` where that goes on where this one ends; whether it does.
    pub fn take_in(&mut self, next: &Self) -> bool {
        let goes_on = next.sequences.start == self.sequences.end
            && next.offset.segment_id == self.offset.segment_id
            && next.offset.offset > self.last_offset
            && next.first_us >= self.last_us;
        if goes_on {
            self.sequences.end = next.sequences.end;
            self.last_us = next.last_us;
            self.last_offset = next.last_offset;
        }
        goes_on
    }
}
