//! The header of a frame.

use super::checksum::SegmentSeed;
use super::error::FrameError;
use super::field::{read_i64, read_u32, read_u64, write_i64, write_u32, write_u64};
use super::layout::RECORD_BYTES_MIN;
use super::place::FramePlace;
use crate::types::{Epoch, MESSAGE_BYTES_MAX, Sequence};

/// The bytes of a frame header.
pub const FRAME_HEADER_BYTES: usize = 64;

/// Frames begin and end at multiples of this, so that a search for them is quick.
pub const FRAME_ALIGNMENT_BYTES: u64 = 8;

/// Largest body of a frame in bytes, inclusive: the largest message, and another one that waited
/// with it.
pub const FRAME_BODY_BYTES_MAX: u32 = 2 * MESSAGE_BYTES_MAX;

/// The first four bytes of a frame, `DLF1`, read as a little-endian number.
pub const FRAME_MAGIC: u32 = u32::from_le_bytes(*b"DLF1");

const AT_MAGIC: usize = 0;
const AT_CHECKSUM: usize = 4;
const AT_BODY_LENGTH: usize = 8;
const AT_RECORD_COUNT: usize = 12;
const AT_EPOCH: usize = 16;
const AT_FLAGS: usize = 20;
const AT_FIRST_SEQUENCE: usize = 24;
const AT_DURABLE: usize = 32;
const AT_APPEND_TIME: usize = 40;
const AT_RECORDS_CHECKSUM: usize = 48;
const AT_RESERVED: usize = 52;

const _: () = assert!(FRAME_MAGIC != 0);
const _: () = assert!((FRAME_HEADER_BYTES as u64).is_multiple_of(FRAME_ALIGNMENT_BYTES));
const _: () = assert!(FRAME_BODY_BYTES_MAX < u32::MAX - FRAME_HEADER_BYTES as u32 - 8);

/// What is particular about a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct FrameFlags(u32);

impl FrameFlags {
    /// Nothing is.
    pub const NONE: Self = Self(0);
    /// A mark that ends its segment: nothing was or will be written behind it.
    pub const SEAL: Self = Self(1);

    /// Whether the frame ends its segment.
    pub fn is_seal(self) -> bool {
        self == Self::SEAL
    }

    fn from_bits(bits: u32) -> Result<Self, FrameError> {
        match bits & !Self::SEAL.0 {
            0 => Ok(Self(bits)),
            unknown => Err(FrameError::UnknownFlags(unknown)),
        }
    }
}

/// The header of a frame, checked against its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHeader {
    /// The bytes of all records together, without the padding behind them.
    pub body_length_bytes: u32,
    /// The records; 0 in a mark.
    pub record_count: u32,
    /// The epoch that wrote the frame; that of its segment.
    pub epoch: Epoch,
    /// What is particular about the frame.
    pub flags: FrameFlags,
    /// The sequence of the first record; in a mark, that of the next record to come.
    pub first_sequence: Sequence,
    /// What was proven durable when the frame was encoded: all sequences below this one.
    pub durable: Sequence,
    /// When the frame was appended by the engine's clock, microseconds since 1970.
    pub append_time_us: i64,
    pub(super) records_crc32c: u32,
}

impl FrameHeader {
    /// Reads the header of the frame at `place`; `bytes` begin there and may be longer.
    ///
    /// # Errors
    /// Any [`FrameError`] that concerns the header. [`FrameError::Truncated`] where `bytes` are
    /// too few for a header; whether the body is there is not looked at.
    pub fn decode(bytes: &[u8], place: FramePlace) -> Result<Self, FrameError> {
        let Some(bytes) = bytes.get(..FRAME_HEADER_BYTES) else {
            let (need_bytes, have_bytes) = (FRAME_HEADER_BYTES as u64, bytes.len() as u64);
            return Err(FrameError::Truncated { need_bytes, have_bytes });
        };
        let magic = read_u32(bytes, AT_MAGIC);
        if magic != FRAME_MAGIC {
            let is_zero = bytes.iter().all(|byte| *byte == 0);
            return Err(if is_zero { FrameError::AllZero } else { FrameError::BadMagic(magic) });
        }
        let stored = read_u32(bytes, AT_CHECKSUM);
        let computed = checksum(bytes, place);
        if stored != computed {
            return Err(FrameError::HeaderChecksum { stored, computed });
        }
        let header = Self {
            body_length_bytes: read_u32(bytes, AT_BODY_LENGTH),
            record_count: read_u32(bytes, AT_RECORD_COUNT),
            epoch: read_u32(bytes, AT_EPOCH),
            flags: FrameFlags::from_bits(read_u32(bytes, AT_FLAGS))?,
            first_sequence: read_u64(bytes, AT_FIRST_SEQUENCE),
            durable: read_u64(bytes, AT_DURABLE),
            append_time_us: read_i64(bytes, AT_APPEND_TIME),
            records_crc32c: read_u32(bytes, AT_RECORDS_CHECKSUM),
        };
        if bytes[AT_RESERVED..].iter().any(|byte| *byte != 0) {
            return Err(FrameError::Reserved);
        }
        header.check(place)?;
        Ok(header)
    }

    /// Writes the header of the frame at `place` over the first bytes of `bytes`.
    pub(super) fn encode(&self, bytes: &mut [u8], place: FramePlace) {
        let bytes = &mut bytes[..FRAME_HEADER_BYTES];
        bytes[AT_RESERVED..].fill(0);
        write_u32(bytes, AT_MAGIC, FRAME_MAGIC);
        write_u32(bytes, AT_BODY_LENGTH, self.body_length_bytes);
        write_u32(bytes, AT_RECORD_COUNT, self.record_count);
        write_u32(bytes, AT_EPOCH, self.epoch);
        write_u32(bytes, AT_FLAGS, self.flags.0);
        write_u64(bytes, AT_FIRST_SEQUENCE, self.first_sequence);
        write_u64(bytes, AT_DURABLE, self.durable);
        write_i64(bytes, AT_APPEND_TIME, self.append_time_us);
        write_u32(bytes, AT_RECORDS_CHECKSUM, self.records_crc32c);
        let checksum = checksum(bytes, place);
        write_u32(bytes, AT_CHECKSUM, checksum);
    }

    /// The relations between the fields, the same for what is written and what was read.
    pub(super) fn check(&self, place: FramePlace) -> Result<(), FrameError> {
        let expected = place.epoch();
        if self.epoch != expected {
            return Err(FrameError::EpochMismatch { found: self.epoch, expected });
        }
        let records_bytes_min = u64::from(self.record_count) * u64::from(RECORD_BYTES_MIN);
        let contradiction = if !place.offset.is_multiple_of(FRAME_ALIGNMENT_BYTES) {
            "it does not begin at a multiple of 8"
        } else if self.body_length_bytes > FRAME_BODY_BYTES_MAX {
            "its body is longer than any"
        } else if records_bytes_min > u64::from(self.body_length_bytes) {
            "its body is too short for its records"
        } else if self.record_count == 0 && self.body_length_bytes > 0 {
            "a mark has a body"
        } else if self.record_count > 0 && self.flags.is_seal() {
            "a seal has records"
        } else if self.durable > self.first_sequence {
            "it was durable before it was written"
        } else if self.first_sequence.checked_add(u64::from(self.record_count)).is_none() {
            "its sequences pass the largest number"
        } else {
            return Ok(());
        };
        Err(FrameError::Fields(contradiction))
    }

    /// Whether the frame holds no record.
    pub fn is_mark(&self) -> bool {
        self.record_count == 0
    }

    /// The sequence behind the frame's last record; in a mark, its first sequence.
    pub fn next_sequence(&self) -> Sequence {
        self.first_sequence + u64::from(self.record_count)
    }

    /// The bytes of the whole frame: header, records and padding.
    pub fn frame_length_bytes(&self) -> u64 {
        let unpadded = FRAME_HEADER_BYTES as u64 + u64::from(self.body_length_bytes);
        unpadded.next_multiple_of(FRAME_ALIGNMENT_BYTES)
    }
}

fn checksum(header: &[u8], place: FramePlace) -> u32 {
    SegmentSeed::new(place.segment_id).checksum(place.offset, &header[AT_BODY_LENGTH..])
}
