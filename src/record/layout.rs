//! The fixed part of a record.

use std::ops::Range;

use super::field::write_u64;
use super::field::{read_i64, read_u16, read_u32, read_u64, write_i64, write_u16, write_u32};
use crate::types::{MESSAGE_BYTES_MAX, MessageId, Sequence};

/// The bytes of a record's fixed part.
pub const RECORD_HEADER_BYTES: usize = 40;

/// Fewest bytes of a record: the fixed part and an id of one byte.
pub const RECORD_BYTES_MIN: u32 = RECORD_HEADER_BYTES as u32 + 1;

/// The bytes of a user's header beside its name and value: their lengths.
pub(super) const USER_HEADER_BYTES: usize = size_of::<u16>() + size_of::<u32>();

/// The length that precedes a compressed payload.
pub(super) const ORIGINAL_LENGTH_BYTES: usize = size_of::<u32>();

/// The record has a key, be it empty.
pub(super) const FLAG_KEY: u16 = 1;
/// The payload is an LZ4 block behind its original length.
pub(super) const FLAG_LZ4: u16 = 2;
pub(super) const FLAGS_KNOWN: u16 = FLAG_KEY | FLAG_LZ4;

const AT_CHECKSUM: usize = 0;
/// What the checksum covers begins here.
pub(super) const AT_LENGTH: usize = 4;
const AT_TIMESTAMP: usize = 8;
const AT_SEQUENCE: usize = 16;
const AT_ID_LENGTH: usize = 24;
const AT_KEY_LENGTH: usize = 26;
const AT_HEADER_COUNT: usize = 28;
const AT_FLAGS: usize = 30;
const AT_ATTRIBUTES: usize = 32;
const AT_HEADERS_LENGTH: usize = 36;

const _: () = assert!(AT_HEADERS_LENGTH + size_of::<u32>() == RECORD_HEADER_BYTES);
const _: () = assert!(RECORD_BYTES_MIN < MESSAGE_BYTES_MAX);

/// The fixed part of a record, as numbers; not checked by being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RecordFields {
    pub(super) crc32c: u32,
    pub(super) length_bytes: u32,
    pub(super) timestamp_us: i64,
    pub(super) sequence: Sequence,
    pub(super) id_length: u16,
    pub(super) key_length: u16,
    pub(super) header_count: u16,
    pub(super) flags: u16,
    pub(super) attributes: u32,
    pub(super) headers_length: u32,
}

impl RecordFields {
    /// Reads the fields from the first bytes of a record.
    #[inline]
    pub(super) fn read(bytes: &[u8]) -> Self {
        let bytes = &bytes[..RECORD_HEADER_BYTES];
        Self {
            crc32c: read_u32(bytes, AT_CHECKSUM),
            length_bytes: read_u32(bytes, AT_LENGTH),
            timestamp_us: read_i64(bytes, AT_TIMESTAMP),
            sequence: read_u64(bytes, AT_SEQUENCE),
            id_length: read_u16(bytes, AT_ID_LENGTH),
            key_length: read_u16(bytes, AT_KEY_LENGTH),
            header_count: read_u16(bytes, AT_HEADER_COUNT),
            flags: read_u16(bytes, AT_FLAGS),
            attributes: read_u32(bytes, AT_ATTRIBUTES),
            headers_length: read_u32(bytes, AT_HEADERS_LENGTH),
        }
    }

    /// The first bytes of a record, with zeros for the checksum.
    #[inline]
    pub(super) fn to_bytes(self) -> [u8; RECORD_HEADER_BYTES] {
        let mut fixed = [0; RECORD_HEADER_BYTES];
        let bytes = &mut fixed;
        write_u32(bytes, AT_LENGTH, self.length_bytes);
        write_i64(bytes, AT_TIMESTAMP, self.timestamp_us);
        write_u64(bytes, AT_SEQUENCE, self.sequence);
        write_u16(bytes, AT_ID_LENGTH, self.id_length);
        write_u16(bytes, AT_KEY_LENGTH, self.key_length);
        write_u16(bytes, AT_HEADER_COUNT, self.header_count);
        write_u16(bytes, AT_FLAGS, self.flags);
        write_u32(bytes, AT_ATTRIBUTES, self.attributes);
        write_u32(bytes, AT_HEADERS_LENGTH, self.headers_length);
        fixed
    }

    /// The length of the record that `bytes` begin with.
    pub(super) fn read_length(bytes: &[u8]) -> u32 {
        read_u32(bytes, AT_LENGTH)
    }

    /// Writes the checksum of the record that `bytes` begin with.
    pub(super) fn write_checksum(bytes: &mut [u8], crc32c: u32) {
        write_u32(bytes, AT_CHECKSUM, crc32c);
    }

    #[inline]
    pub(super) fn id(&self) -> Range<usize> {
        RECORD_HEADER_BYTES..RECORD_HEADER_BYTES + usize::from(self.id_length)
    }

    #[inline]
    pub(super) fn key(&self) -> Range<usize> {
        let start = self.id().end;
        start..start + usize::from(self.key_length)
    }

    #[inline]
    pub(super) fn headers(&self) -> Range<usize> {
        let start = self.key().end;
        start..start + self.headers_length as usize
    }

    /// The payload as stored. Begins behind its end where the lengths contradict each other.
    #[inline]
    pub(super) fn payload(&self) -> Range<usize> {
        self.headers().end..self.length_bytes as usize
    }

    #[inline]
    pub(super) fn has_key(&self) -> bool {
        self.flags & FLAG_KEY != 0
    }

    /// Whether nothing lies between the id and the payload, which is stored as given, and the id is
    /// one to be held in place: that of [`MessageId::short`].
    #[inline]
    pub(super) fn is_plain(&self) -> bool {
        let id_bytes_max = u16::try_from(MessageId::SHORT_BYTES_MAX).expect("it is small");
        let bytes_min = (RECORD_HEADER_BYTES + MessageId::SHORT_BYTES_MAX) as u32;
        self.flags == 0
            && self.headers_length == 0
            && self.id_length <= id_bytes_max
            && self.length_bytes >= bytes_min
    }

    #[inline]
    pub(super) fn is_lz4(&self) -> bool {
        self.flags & FLAG_LZ4 != 0
    }
}
