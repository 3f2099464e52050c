//! One record: the value in `by_id` and `by_id_more`.

use super::{Malformed, VALUE_VERSION, offset, put_offset, versioned};
use crate::index::entry::BatchEntry;
use crate::index::varint;
use crate::types::{MessageMeta, SegmentOffset, Sequence};

/// Where a record is.
///
/// ```text
/// version | sequence | epoch | ordinal | offset | length | timestamp (signed)
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordValue {
    /// Its sequence.
    pub sequence: Sequence,
    /// Its first byte.
    pub offset: SegmentOffset,
    /// Its bytes, header included.
    pub length_bytes: u32,
    /// Microseconds since 1970.
    pub timestamp_us: i64,
}

impl RecordValue {
    /// The value for the `index`-th record of `batch`.
    ///
    /// # Panics
    /// Where there is no such record.
    pub fn of(batch: &BatchEntry, index: usize) -> Self {
        let record = batch.records.get(index);
        Self {
            sequence: batch.first_sequence + index as u64,
            offset: batch.offset(index),
            length_bytes: record.length_bytes,
            timestamp_us: record.timestamp_us,
        }
    }

    /// Appends the bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(VALUE_VERSION);
        varint::put(out, self.sequence);
        put_offset(out, self.offset);
        varint::put(out, self.length_bytes.into());
        varint::put_signed(out, self.timestamp_us);
    }

    /// Reads the bytes.
    pub fn decode(value: &[u8]) -> Result<Self, Malformed> {
        Self::parse(value).ok_or(Malformed)
    }

    fn parse(value: &[u8]) -> Option<Self> {
        let mut input = versioned(value)?;
        let record = Self {
            sequence: input.number()?,
            offset: offset(&mut input)?,
            length_bytes: input.number_u32()?,
            timestamp_us: input.signed()?,
        };
        input.finish()?;
        Some(record)
    }

    /// What a lookup answers, given the id.
    pub fn meta(&self, id: &str) -> MessageMeta {
        MessageMeta {
            msg_id: id.to_owned(),
            sequence: self.sequence,
            offset: self.offset,
            length_bytes: self.length_bytes,
            timestamp_us: self.timestamp_us,
        }
    }
}

impl From<&MessageMeta> for RecordValue {
    fn from(meta: &MessageMeta) -> Self {
        Self {
            sequence: meta.sequence,
            offset: meta.offset,
            length_bytes: meta.length_bytes,
            timestamp_us: meta.timestamp_us,
        }
    }
}
