//! Turning messages into frames.

use super::checksum::SegmentSeed;
use super::compress::Compressor;
use super::digest::RecordsDigest;
use super::header::{
    FRAME_ALIGNMENT_BYTES, FRAME_BODY_BYTES_MAX, FRAME_HEADER_BYTES, FrameFlags, FrameHeader,
};
use super::layout::{
    AT_LENGTH, FLAG_KEY, FLAG_LZ4, ORIGINAL_LENGTH_BYTES, RECORD_HEADER_BYTES, RecordFields,
};
use super::message::headers_length_bytes;
use super::place::{FramePlace, RecordPlace};
use crate::types::{
    Compression, HEADERS_COUNT_MAX, ID_BYTES_MAX, MESSAGE_BYTES_MAX, Message, Sequence,
};

/// What a frame says of itself, beside its place and its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameFields {
    /// The sequence of the first record; in a mark, that of the next record to come.
    pub first_sequence: Sequence,
    /// What is proven durable: all sequences below this one. At most `first_sequence`.
    pub durable: Sequence,
    /// The engine's clock, microseconds since 1970: the time of messages that have none.
    pub append_time_us: i64,
}

/// Encodes the messages of `batches`, in order, as the frame at `place` into `buffer`, whose
/// old content goes and whose memory is used again. Answers where each record went.
///
/// # Panics
/// As [`FrameEncoder::add`] and [`FrameEncoder::finish`].
pub fn encode_frame<'m>(
    buffer: &mut Vec<u8>,
    place: FramePlace,
    fields: FrameFields,
    batches: impl IntoIterator<Item = &'m [Message]>,
) -> Vec<RecordPlace> {
    let mut encoder = FrameEncoder::begin(buffer, place, fields);
    for message in batches.into_iter().flatten() {
        encoder.add(message);
    }
    encoder.finish()
}

/// Encodes a frame without records at `place` into `buffer`, whose old content goes.
///
/// # Panics
/// Where `place` or `fields` are none that a frame can have.
pub fn encode_mark(
    buffer: &mut Vec<u8>,
    place: FramePlace,
    fields: FrameFields,
    flags: FrameFlags,
) {
    buffer.clear();
    write_header(buffer, place, fields, flags, &[]);
}

/// Encodes one frame, message by message, in one pass over the bytes.
pub struct FrameEncoder<'b> {
    buffer: &'b mut Vec<u8>,
    place: FramePlace,
    fields: FrameFields,
    seed: SegmentSeed,
    places: Vec<RecordPlace>,
    compressor: Compressor,
}

impl<'b> FrameEncoder<'b> {
    /// Begins the frame at `place` in `buffer`, whose old content goes.
    pub fn begin(buffer: &'b mut Vec<u8>, place: FramePlace, fields: FrameFields) -> Self {
        buffer.clear();
        buffer.resize(FRAME_HEADER_BYTES, 0);
        let seed = SegmentSeed::new(place.segment_id);
        Self { buffer, place, fields, seed, places: Vec::new(), compressor: Compressor::default() }
    }

    /// Adds the next record.
    ///
    /// # Panics
    /// Where [`validate`](super::validate) refuses the message, and where the frame's body would
    /// pass [`FRAME_BODY_BYTES_MAX`]: the caller bounds what it puts into one frame by
    /// [`encoded_length_bytes`](super::encoded_length_bytes).
    pub fn add(&mut self, message: &Message) {
        let start = self.buffer.len();
        let fields = self.write_record(message);
        assert!((1..=ID_BYTES_MAX).contains(&message.id.len()), "validate bounds the id");
        assert!(message.headers.len() <= HEADERS_COUNT_MAX, "validate bounds the headers");
        assert!(fields.length_bytes <= MESSAGE_BYTES_MAX, "validate bounds the message");
        let record = &mut self.buffer[start..];
        fields.write(record);
        let offset = self.place.offset + start as u64;
        let crc32c = self.seed.checksum(offset, &record[AT_LENGTH..]);
        RecordFields::write_checksum(record, crc32c);
        let body_bytes = self.buffer.len() - FRAME_HEADER_BYTES;
        assert!(body_bytes <= FRAME_BODY_BYTES_MAX as usize, "the caller bounds the frame");
        self.places.push(RecordPlace {
            offset_in_frame: start as u32,
            length_bytes: fields.length_bytes,
            timestamp_us: fields.timestamp_us,
        });
    }

    /// Ends the frame: `buffer` holds what is to be written. Answers where each record went.
    ///
    /// # Panics
    /// Where no message was added (see [`encode_mark`]), and where the place or the fields are
    /// none that a frame can have.
    pub fn finish(self) -> Vec<RecordPlace> {
        assert!(!self.places.is_empty(), "a frame of no records is a mark");
        write_header(self.buffer, self.place, self.fields, FrameFlags::NONE, &self.places);
        self.places
    }

    /// Appends the record, its fixed part left as zeros, and answers the fixed part.
    fn write_record(&mut self, message: &Message) -> RecordFields {
        let start = self.buffer.len();
        let key = message.key.as_deref();
        self.buffer.extend_from_slice(&[0; RECORD_HEADER_BYTES]);
        self.buffer.extend_from_slice(message.id.as_bytes());
        if let Some(key) = key {
            self.buffer.extend_from_slice(key);
        }
        for header in &message.headers {
            let name_bytes = u16::try_from(header.name.len()).expect("validate bounds it");
            let value_bytes = u32::try_from(header.value.len()).expect("validate bounds it");
            self.buffer.extend_from_slice(&name_bytes.to_le_bytes());
            self.buffer.extend_from_slice(&value_bytes.to_le_bytes());
            self.buffer.extend_from_slice(header.name.as_bytes());
            self.buffer.extend_from_slice(&header.value);
        }
        let is_lz4 = message.compression == Compression::Lz4 && self.write_lz4(&message.payload);
        if !is_lz4 {
            self.buffer.extend_from_slice(&message.payload);
        }
        let key_flag = if key.is_some() { FLAG_KEY } else { 0 };
        let lz4_flag = if is_lz4 { FLAG_LZ4 } else { 0 };
        let length_bytes = self.buffer.len() - start;
        RecordFields {
            crc32c: 0,
            length_bytes: u32::try_from(length_bytes).expect("validate bounds it"),
            timestamp_us: message.timestamp_us.unwrap_or(self.fields.append_time_us),
            sequence: self.fields.first_sequence + self.places.len() as u64,
            id_length: u16::try_from(message.id.len()).expect("validate bounds it"),
            key_length: u16::try_from(key.map_or(0, <[u8]>::len)).expect("validate bounds it"),
            header_count: u16::try_from(message.headers.len()).expect("validate bounds it"),
            flags: key_flag | lz4_flag,
            attributes: message.attributes,
            headers_length: u32::try_from(headers_length_bytes(message))
                .expect("validate bounds it"),
        }
    }

    /// Appends the payload compressed where that is smaller; else nothing, and answers `false`.
    fn write_lz4(&mut self, payload: &[u8]) -> bool {
        let Some(below_bytes) = payload.len().checked_sub(ORIGINAL_LENGTH_BYTES) else {
            return false;
        };
        let start = self.buffer.len();
        let original_bytes = u32::try_from(payload.len()).expect("validate bounds it");
        self.buffer.extend_from_slice(&original_bytes.to_le_bytes());
        let is_lz4 = self.compressor.append(payload, below_bytes, self.buffer);
        if !is_lz4 {
            self.buffer.truncate(start);
        }
        is_lz4
    }
}

fn write_header(
    buffer: &mut Vec<u8>,
    place: FramePlace,
    fields: FrameFields,
    flags: FrameFlags,
    places: &[RecordPlace],
) {
    let mut digest = RecordsDigest::new();
    for record in places {
        digest.add(RecordFields::read_checksum(&buffer[record.offset_in_frame as usize..]));
    }
    let body_bytes = buffer.len().saturating_sub(FRAME_HEADER_BYTES);
    let header = FrameHeader {
        body_length_bytes: u32::try_from(body_bytes).expect("bounded by FRAME_BODY_BYTES_MAX"),
        record_count: u32::try_from(places.len()).expect("bounded by FRAME_BODY_BYTES_MAX"),
        epoch: place.epoch(),
        flags,
        first_sequence: fields.first_sequence,
        durable: fields.durable,
        append_time_us: fields.append_time_us,
        records_crc32c: digest.finish(),
    };
    if let Err(contradiction) = header.check(place) {
        panic!("no frame can be like this: {contradiction}");
    }
    debug_assert!(header.frame_length_bytes().is_multiple_of(FRAME_ALIGNMENT_BYTES));
    buffer.resize(header.frame_length_bytes() as usize, 0);
    header.encode(buffer, place);
}
