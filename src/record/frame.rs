//! Checking the bytes of a frame.

use bytes::Bytes;

use super::checksum::SegmentSeed;
use super::decode::verify;
use super::digest::RecordsDigest;
use super::error::{FrameError, RecordError};
use super::header::{FRAME_HEADER_BYTES, FrameHeader};
use super::layout::RecordFields;
use super::place::FramePlace;
use super::view::RecordView;
use crate::types::ReadMessage;

/// A frame that was checked to its last byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    header: FrameHeader,
    place: FramePlace,
    /// The frame alone, padding included.
    bytes: Bytes,
    /// Whether all records are plain, see [`RecordFields::is_plain`].
    is_plain: bool,
}

impl Frame {
    /// Checks the frame at `place`; `bytes` begin there and may be longer. Checked are the
    /// header, each record, that they are dense and fill the body, that they are those the
    /// header was written with, and the padding.
    ///
    /// # Errors
    /// Any [`FrameError`]. After [`FrameError::Truncated`], `need_bytes` bytes from the same
    /// place are enough to go on.
    pub fn decode(bytes: Bytes, place: FramePlace) -> Result<Self, FrameError> {
        let header = FrameHeader::decode(&bytes, place)?;
        let need_bytes = header.frame_length_bytes();
        let have_bytes = bytes.len() as u64;
        if have_bytes < need_bytes {
            return Err(FrameError::Truncated { need_bytes, have_bytes });
        }
        let mut bytes = bytes;
        bytes.truncate(need_bytes as usize);
        let (body, padding) =
            bytes[FRAME_HEADER_BYTES..].split_at(header.body_length_bytes as usize);
        let is_plain = verify_body(body, &header, place)?;
        if padding.iter().any(|byte| *byte != 0) {
            return Err(FrameError::Padding);
        }
        Ok(Self { header, place, bytes, is_plain })
    }

    /// The frame's header.
    pub fn header(&self) -> &FrameHeader {
        &self.header
    }

    /// Where the frame lies.
    pub fn place(&self) -> FramePlace {
        self.place
    }

    /// The byte of the segment behind the frame: where the next one begins.
    pub fn end_offset(&self) -> u64 {
        self.place.offset + self.bytes.len() as u64
    }

    /// The bytes of the frame, header and padding included.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The records, in order.
    pub fn records(&self) -> Records<'_> {
        self.records_from(self.first_record())
    }

    /// Where the first record is.
    pub fn first_record(&self) -> FrameCursor {
        FrameCursor { start: FRAME_HEADER_BYTES, remaining: self.header.record_count }
    }

    /// Whether all records are plain, see [`RecordFields::is_plain`].
    #[inline]
    pub(super) fn is_plain(&self) -> bool {
        self.is_plain
    }

    /// Divides what is left from `cursor` on: the next `count` records, or as many as there are,
    /// and those behind them.
    pub(super) fn split_at(&self, cursor: FrameCursor, count: usize) -> (FrameCursor, FrameCursor) {
        let taken = count.min(cursor.remaining());
        let mut records = self.records_from(cursor);
        if taken < cursor.remaining() {
            records.by_ref().take(taken).for_each(drop);
        } else {
            records.cursor.remaining = 0;
        }
        (FrameCursor { remaining: taken as u32, ..cursor }, records.cursor)
    }

    /// Adds the messages of the records that remain at `cursor`, all of them plain, to `messages`.
    pub(super) fn plain_messages(&self, cursor: FrameCursor, messages: &mut Vec<ReadMessage>) {
        let mut records = self.records_from(cursor);
        // Of a number that the vector knows, without a branch, and none fails: so each is made
        // where it is to lie.
        messages.extend((0..cursor.remaining()).map(|_| {
            let record = records.next().expect("so many are left");
            record.plain_message()
        }));
    }

    /// The records from `cursor` on, which is of this frame.
    #[inline]
    pub fn records_from(&self, cursor: FrameCursor) -> Records<'_> {
        Records { frame: self, cursor }
    }
}

/// A place between the records of a frame, to go on from later.
#[derive(Clone, Copy, Debug)]
pub struct FrameCursor {
    start: usize,
    remaining: u32,
}

impl FrameCursor {
    /// How many records follow.
    #[inline]
    pub(super) fn remaining(&self) -> usize {
        self.remaining as usize
    }
}

/// The records of a frame, in order.
#[derive(Clone, Debug)]
pub struct Records<'a> {
    frame: &'a Frame,
    cursor: FrameCursor,
}

impl Records<'_> {
    /// In front of the next record.
    pub fn cursor(&self) -> FrameCursor {
        self.cursor
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = RecordView<'a>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let FrameCursor { start, remaining } = &mut self.cursor;
        *remaining = remaining.checked_sub(1)?;
        let frame = self.frame;
        let fields = RecordFields::read(&frame.bytes[*start..]);
        let at = frame.place.record_at(*start as u64);
        let view = RecordView::new(&frame.bytes, *start, at, fields);
        *start += fields.length_bytes as usize;
        Some(view)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let remaining = self.cursor.remaining();
        (remaining, Some(remaining))
    }
}

impl ExactSizeIterator for Records<'_> {}

/// Checks the records, and answers whether all are plain.
fn verify_body(body: &[u8], header: &FrameHeader, place: FramePlace) -> Result<bool, FrameError> {
    let seed = SegmentSeed::new(place.segment_id);
    let body_offset = place.offset + FRAME_HEADER_BYTES as u64;
    let mut digest = RecordsDigest::new();
    let (mut start, mut is_plain) = (0, true);
    for index in 0..header.record_count {
        let offset = body_offset + start as u64;
        let fields = verify(&body[start..], seed, offset)
            .and_then(|fields| match header.first_sequence + u64::from(index) {
                expected if expected == fields.sequence => Ok(fields),
                expected => Err(RecordError::Sequence { found: fields.sequence, expected }),
            })
            .map_err(|why| FrameError::Record { index, why })?;
        digest.add(fields.crc32c);
        is_plain &= fields.is_plain();
        start += fields.length_bytes as usize;
    }
    if start < body.len() {
        return Err(FrameError::BodyLength { extra_bytes: (body.len() - start) as u32 });
    }
    if digest.finish() != header.records_crc32c {
        return Err(FrameError::RecordsChecksum);
    }
    Ok(is_plain)
}
