//! Reading a checked record.

use bytes::Bytes;

use super::compress::decompress;
use super::decode::split_header;
use super::error::RecordError;
use super::field::read_u32;
use super::layout::{ORIGINAL_LENGTH_BYTES, RecordFields};
use crate::types::{Epoch, Header, MessageId, MessageMeta, ReadMessage, SegmentOffset, Sequence};

/// A checked record inside the block that it was read in. Copies nothing.
#[derive(Clone, Copy, Debug)]
pub struct RecordView<'a> {
    block: &'a Bytes,
    start: usize,
    at: SegmentOffset,
    fields: RecordFields,
}

impl<'a> RecordView<'a> {
    /// The record that begins at byte `start` of `block`, already checked.
    #[inline]
    pub(super) fn new(
        block: &'a Bytes,
        start: usize,
        at: SegmentOffset,
        fields: RecordFields,
    ) -> Self {
        Self { block, start, at, fields }
    }

    /// The record's number in the partition.
    #[inline]
    pub fn sequence(&self) -> Sequence {
        self.fields.sequence
    }

    /// The record's first byte.
    #[inline]
    pub fn offset(&self) -> SegmentOffset {
        self.at
    }

    /// The epoch that wrote it.
    #[inline]
    pub fn epoch(&self) -> Epoch {
        self.at.segment_id.epoch()
    }

    /// The bytes of the record, its fixed part included.
    pub fn length_bytes(&self) -> u32 {
        self.fields.length_bytes
    }

    /// The record's checksum: tells apart what two lifetimes of a log wrote under one number.
    pub fn crc32c(&self) -> u32 {
        self.fields.crc32c
    }

    /// Microseconds since 1970.
    #[inline]
    pub fn timestamp_us(&self) -> i64 {
        self.fields.timestamp_us
    }

    /// The user's own bits.
    #[inline]
    pub fn attributes(&self) -> u32 {
        self.fields.attributes
    }

    /// The message's id.
    #[inline]
    pub fn id(&self) -> &'a str {
        std::str::from_utf8(&self.record()[self.fields.id()]).expect("checked when decoded")
    }

    /// The message's key, where it was given one.
    #[inline]
    pub fn key(&self) -> Option<&'a [u8]> {
        self.fields.has_key().then(|| &self.record()[self.fields.key()])
    }

    /// Names and values of the message's headers, in order.
    #[inline]
    pub fn headers(&self) -> Headers<'a> {
        Headers { rest: &self.record()[self.fields.headers()] }
    }

    /// What the index keeps of the message.
    pub fn to_meta(&self) -> MessageMeta {
        MessageMeta {
            msg_id: self.id().to_owned(),
            sequence: self.sequence(),
            offset: self.at,
            length_bytes: self.length_bytes(),
            timestamp_us: self.timestamp_us(),
        }
    }

    /// The content: shares the block's memory where it was stored as given, else is decompressed
    /// into memory of its own, at most [`MESSAGE_BYTES_MAX`](crate::types::MESSAGE_BYTES_MAX).
    ///
    /// # Errors
    /// [`RecordError::Payload`] where it does not decompress, which no encoder writes.
    #[inline]
    pub fn payload(&self) -> Result<Bytes, RecordError> {
        let stored = self.fields.payload();
        if !self.fields.is_lz4() {
            return Ok(self.shared(stored));
        }
        self.decompressed(stored)
    }

    fn decompressed(&self, stored: std::ops::Range<usize>) -> Result<Bytes, RecordError> {
        let (original, block) = self.record()[stored].split_at(ORIGINAL_LENGTH_BYTES);
        let original_bytes = read_u32(original, 0);
        let payload = decompress(block, original_bytes);
        payload.map(Bytes::from).ok_or(RecordError::Payload(original_bytes))
    }

    /// The message as readers get it.
    ///
    /// # Errors
    /// As [`RecordView::payload`].
    pub fn to_message(&self) -> Result<ReadMessage, RecordError> {
        Ok(self.message_with(Some(self.payload()?)))
    }

    /// The message, with its content where that was stored compressed.
    pub(super) fn message_with(&self, unpacked: Option<Bytes>) -> ReadMessage {
        let key = self.fields.has_key().then(|| self.shared(self.fields.key()));
        let payload = unpacked.unwrap_or_else(|| self.shared(self.fields.payload()));
        self.message_of(self.shared_id(), key, self.shared_headers(), payload)
    }

    /// Whether the content is stored compressed.
    #[inline]
    pub(super) fn is_compressed(&self) -> bool {
        self.fields.is_lz4()
    }

    /// The content as it is stored.
    #[inline]
    pub(super) fn stored_payload(&self) -> &'a [u8] {
        &self.record()[self.fields.payload()]
    }

    /// The message of a plain record, see [`RecordFields::is_plain`]. Inlined, so that it is made
    /// where it is to lie.
    #[inline(always)]
    pub(super) fn plain_message(&self) -> ReadMessage {
        let (id, end) = (self.fields.id(), self.fields.length_bytes as usize);
        let payload = self.shared(id.end..end);
        let id = MessageId::short(&self.block[self.start + id.start..], id.len());
        self.message_of(id, None, Vec::new(), payload)
    }

    #[inline(always)]
    fn message_of(
        &self,
        id: MessageId,
        key: Option<Bytes>,
        headers: Vec<Header>,
        payload: Bytes,
    ) -> ReadMessage {
        ReadMessage {
            sequence: self.sequence(),
            epoch: self.epoch(),
            offset: self.at,
            id,
            timestamp_us: self.timestamp_us(),
            key,
            headers,
            payload,
            attributes: self.attributes(),
        }
    }

    #[inline]
    fn record(&self) -> &'a [u8] {
        &self.block[self.start..self.start + self.fields.length_bytes as usize]
    }

    #[inline(always)]
    fn shared(&self, range: std::ops::Range<usize>) -> Bytes {
        self.block.slice(self.start + range.start..self.start + range.end)
    }

    fn shared_id(&self) -> MessageId {
        let id = self.fields.id();
        MessageId::within(self.block, self.start + id.start, self.start + id.end)
    }

    fn shared_headers(&self) -> Vec<Header> {
        let shared = |value| self.block.slice_ref(value);
        self.headers()
            .map(|(name, value)| Header { name: name.to_owned(), value: shared(value) })
            .collect()
    }
}

/// Names and values of a record's headers, in order.
#[derive(Clone, Debug)]
pub struct Headers<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Headers<'a> {
    type Item = (&'a str, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let (name, value, rest) = split_header(self.rest).expect("checked when decoded");
        self.rest = rest;
        Some((std::str::from_utf8(name).expect("checked when decoded"), value))
    }
}
