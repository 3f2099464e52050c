//! One message of a block, without a copy of it.

use bytes::Bytes;

use super::view::{Headers, RecordView};
use crate::types::{Epoch, ReadMessage, SegmentOffset, Sequence};

/// A message inside the block that it was read in: verified, and not copied. It costs nothing to
/// make; what is asked for is taken from the block then.
#[derive(Clone, Copy, Debug)]
pub struct MessageView<'a> {
    record: RecordView<'a>,
    /// Its content, where it was stored compressed.
    unpacked: Option<&'a Bytes>,
}

impl<'a> MessageView<'a> {
    #[inline]
    pub(super) fn new(record: RecordView<'a>, unpacked: Option<&'a Bytes>) -> Self {
        Self { record, unpacked }
    }

    /// Its number in the partition.
    #[inline]
    pub fn sequence(&self) -> Sequence {
        self.record.sequence()
    }

    /// The epoch that wrote it.
    #[inline]
    pub fn epoch(&self) -> Epoch {
        self.record.epoch()
    }

    /// Its first byte: what `commit` takes.
    #[inline]
    pub fn offset(&self) -> SegmentOffset {
        self.record.offset()
    }

    /// Its id.
    #[inline]
    pub fn id(&self) -> &'a str {
        self.record.id()
    }

    /// Microseconds since 1970.
    #[inline]
    pub fn timestamp_us(&self) -> i64 {
        self.record.timestamp_us()
    }

    /// Its key, where it was given one.
    #[inline]
    pub fn key(&self) -> Option<&'a [u8]> {
        self.record.key()
    }

    /// Names and values of its headers, in order.
    #[inline]
    pub fn headers(&self) -> Headers<'a> {
        self.record.headers()
    }

    /// Its content, decompressed.
    #[inline]
    pub fn payload(&self) -> &'a [u8] {
        self.unpacked.map_or_else(|| self.record.stored_payload(), Bytes::as_ref)
    }

    /// The user's own bits.
    #[inline]
    pub fn attributes(&self) -> u32 {
        self.record.attributes()
    }

    /// The message on its own; it shares memory with the block, and keeps it.
    #[inline]
    pub fn to_message(&self) -> ReadMessage {
        self.record.message_with(self.unpacked.cloned())
    }
}
