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
use super::message::{encoded_length_bytes, headers_length_bytes};
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
    let places = batches.into_iter().flatten().map(|message| encoder.add(message)).collect();
    encoder.finish();
    places
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
    write_header(buffer, place, fields, flags, 0, RecordsDigest::new());
}

/// Encodes one frame, message by message.
pub struct FrameEncoder<'b> {
    buffer: &'b mut Vec<u8>,
    place: FramePlace,
    fields: FrameFields,
    seed: SegmentSeed,
    record_count: u32,
    compressor: Compressor,
}

impl<'b> FrameEncoder<'b> {
    /// Begins the frame at `place` in `buffer`, whose old content goes.
    pub fn begin(buffer: &'b mut Vec<u8>, place: FramePlace, fields: FrameFields) -> Self {
        buffer.clear();
        buffer.resize(FRAME_HEADER_BYTES, 0);
        Self {
            buffer,
            place,
            fields,
            seed: SegmentSeed::new(place.segment_id),
            record_count: 0,
            compressor: Compressor::default(),
        }
    }

    /// Adds the next record, and answers where it went.
    ///
    /// # Panics
    /// Where [`validate`](super::validate) refuses the message, and where the frame's body would
    /// pass [`FRAME_BODY_BYTES_MAX`]: the caller bounds what it puts into one frame by
    /// [`encoded_length_bytes`](super::encoded_length_bytes).
    pub fn add(&mut self, message: &Message) -> RecordPlace {
        let start = self.buffer.len();
        let fields = self.write_record(message);
        let body_bytes = self.buffer.len() - FRAME_HEADER_BYTES;
        assert!(body_bytes <= FRAME_BODY_BYTES_MAX as usize, "the caller bounds the frame");
        self.record_count += 1;
        RecordPlace {
            offset_in_frame: start as u32,
            length_bytes: fields.length_bytes,
            timestamp_us: fields.timestamp_us,
        }
    }

    /// Ends the frame: `buffer` holds what is to be written.
    ///
    /// # Panics
    /// Where no message was added (see [`encode_mark`]), and where the place or the fields are
    /// none that a frame can have.
    pub fn finish(mut self) {
        assert!(self.record_count > 0, "a frame of no records is a mark");
        let digest = self.write_checksums();
        let (flags, count) = (FrameFlags::NONE, self.record_count);
        write_header(self.buffer, self.place, self.fields, flags, count, digest);
    }

    /// Writes the checksums of all records, and answers theirs. Once all records are there: the
    /// processor is slow to read back what it wrote just before, and copies messages that are far
    /// apart in memory faster where it has nothing to compute in between.
    fn write_checksums(&mut self) -> RecordsDigest {
        let mut digest = RecordsDigest::new();
        let mut offset = self.place.offset + FRAME_HEADER_BYTES as u64;
        let mut rest = &mut self.buffer[FRAME_HEADER_BYTES..];
        while !rest.is_empty() {
            let length_bytes = RecordFields::read_length(rest);
            let (record, behind) = rest.split_at_mut(length_bytes as usize);
            let crc32c = self.seed.checksum(offset, &record[AT_LENGTH..]);
            RecordFields::write_checksum(record, crc32c);
            digest.add(crc32c);
            offset += u64::from(length_bytes);
            rest = behind;
        }
        digest
    }

    /// Appends the record without its checksum, and answers the fixed part.
    fn write_record(&mut self, message: &Message) -> RecordFields {
        let id = message.id.as_bytes();
        let key = message.key.as_deref();
        assert!((1..=ID_BYTES_MAX).contains(&id.len()), "validate bounds the id");
        assert!(message.headers.len() <= HEADERS_COUNT_MAX, "validate bounds the headers");
        let start = self.buffer.len();
        let mut fields = RecordFields {
            crc32c: 0,
            length_bytes: u32::try_from(encoded_length_bytes(message))
                .expect("validate bounds the message"),
            timestamp_us: message.timestamp_us.unwrap_or(self.fields.append_time_us),
            sequence: self.fields.first_sequence + u64::from(self.record_count),
            id_length: id.len() as u16,
            key_length: u16::try_from(key.map_or(0, <[u8]>::len)).expect("validate bounds it"),
            header_count: message.headers.len() as u16,
            flags: if key.is_some() { FLAG_KEY } else { 0 },
            attributes: message.attributes,
            headers_length: u32::try_from(headers_length_bytes(message))
                .expect("validate bounds it"),
        };
        self.buffer.extend_from_slice(&fields.to_bytes());
        self.buffer.extend_from_slice(id);
        self.buffer.extend_from_slice(key.unwrap_or_default());
        for header in &message.headers {
            let name_bytes = u16::try_from(header.name.len()).expect("validate bounds it");
            let value_bytes = u32::try_from(header.value.len()).expect("validate bounds it");
            self.buffer.extend_from_slice(&name_bytes.to_le_bytes());
            self.buffer.extend_from_slice(&value_bytes.to_le_bytes());
            self.buffer.extend_from_slice(header.name.as_bytes());
            self.buffer.extend_from_slice(&header.value);
        }
        if message.compression == Compression::Lz4 && self.write_lz4(&message.payload) {
            fields.flags |= FLAG_LZ4;
            fields.length_bytes = (self.buffer.len() - start) as u32;
            self.buffer[start..start + RECORD_HEADER_BYTES].copy_from_slice(&fields.to_bytes());
        } else {
            self.buffer.extend_from_slice(&message.payload);
        }
        assert!(fields.length_bytes <= MESSAGE_BYTES_MAX, "validate bounds the message");
        fields
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
    record_count: u32,
    digest: RecordsDigest,
) {
    let body_bytes = buffer.len().saturating_sub(FRAME_HEADER_BYTES);
    let header = FrameHeader {
        body_length_bytes: u32::try_from(body_bytes).expect("bounded by FRAME_BODY_BYTES_MAX"),
        record_count,
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
