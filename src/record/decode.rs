//! Checking the bytes of a record.

use bytes::Bytes;

use super::checksum::SegmentSeed;
use super::compress;
use super::error::RecordError;
use super::field::{read_u16, read_u32};
use super::layout::{
    AT_LENGTH, FLAGS_KNOWN, ORIGINAL_LENGTH_BYTES, RECORD_BYTES_MIN, RECORD_HEADER_BYTES,
    RecordFields, USER_HEADER_BYTES,
};
use super::view::RecordView;
use crate::types::{HEADERS_COUNT_MAX, ID_BYTES_MAX, MESSAGE_BYTES_MAX, SegmentOffset};

/// The bit of each of eight bytes that ASCII leaves clear.
const HIGH_BITS: u64 = u64::from_le_bytes([0x80; 8]);

/// Checks the record that `bytes` begin with against its place `at`, from the record alone;
/// `bytes` may be longer.
///
/// # Errors
/// Any [`RecordError`] but those of a record's place in its frame. After
/// [`RecordError::Truncated`], `need_bytes` bytes from the same place are enough to decide.
pub fn decode_record(bytes: &Bytes, at: SegmentOffset) -> Result<RecordView<'_>, RecordError> {
    let fields = verify(bytes, SegmentSeed::new(at.segment_id), at.offset)?;
    Ok(RecordView::new(bytes, 0, at, fields))
}

/// A checked record that owns its bytes, or shares them with the block it was read in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    bytes: Bytes,
    at: SegmentOffset,
}

impl Record {
    /// As [`decode_record`], and keeps the record's bytes.
    ///
    /// # Errors
    /// As [`decode_record`].
    pub fn decode(bytes: &Bytes, at: SegmentOffset) -> Result<Self, RecordError> {
        let length = decode_record(bytes, at)?.length_bytes() as usize;
        Ok(Self { bytes: bytes.slice(..length), at })
    }

    /// What the record says.
    pub fn view(&self) -> RecordView<'_> {
        RecordView::new(&self.bytes, 0, self.at, RecordFields::read(&self.bytes))
    }
}

/// Everything that one record can be asked without its frame.
#[inline(always)]
pub(super) fn verify(
    bytes: &[u8],
    seed: SegmentSeed,
    offset: u64,
) -> Result<RecordFields, RecordError> {
    let have_bytes = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    if bytes.len() < RECORD_HEADER_BYTES {
        let need_bytes = RECORD_HEADER_BYTES as u32;
        return Err(RecordError::Truncated { need_bytes, have_bytes });
    }
    let fields = RecordFields::read(bytes);
    let length_bytes = fields.length_bytes;
    if !(RECORD_BYTES_MIN..=MESSAGE_BYTES_MAX).contains(&length_bytes) {
        return Err(RecordError::Length(length_bytes));
    }
    let Some(record) = bytes.get(..length_bytes as usize) else {
        return Err(RecordError::Truncated { need_bytes: length_bytes, have_bytes });
    };
    let computed = seed.checksum(offset, &record[AT_LENGTH..]);
    if fields.crc32c != computed {
        return Err(RecordError::Checksum { stored: fields.crc32c, computed });
    }
    if fields.flags & !FLAGS_KNOWN != 0 {
        return Err(RecordError::UnknownFlags(fields.flags & !FLAGS_KNOWN));
    }
    verify_fields(record, &fields).map_err(RecordError::Fields)?;
    Ok(fields)
}

/// The relations between the fields of a whole record: what the readers of views rely on.
#[inline(always)]
fn verify_fields(record: &[u8], fields: &RecordFields) -> Result<(), &'static str> {
    let id_bytes = usize::from(fields.id_length);
    if id_bytes == 0 || id_bytes > ID_BYTES_MAX {
        return Err("the id is empty or too long");
    }
    if fields.key_length > 0 && !fields.has_key() {
        return Err("a key without its flag");
    }
    if fields.headers().end > record.len() {
        return Err("id, key and headers pass the record's end");
    }
    if !is_utf8(&record[fields.id()]) {
        return Err("the id is no UTF-8");
    }
    if fields.flags == 0 && fields.headers_length == 0 && fields.header_count == 0 {
        return Ok(());
    }
    if usize::from(fields.header_count) > HEADERS_COUNT_MAX {
        return Err("more headers than a message may have");
    }
    if !headers_fill(&record[fields.headers()], fields.header_count) {
        return Err("the headers do not fill their length");
    }
    if fields.is_lz4() && !is_lz4_plausible(&record[fields.payload()]) {
        return Err("the payload cannot have the length that it names");
    }
    Ok(())
}

/// Whether `bytes` are UTF-8. Most ids are short and ASCII, which eight bytes at a time show.
#[inline(always)]
pub(super) fn is_utf8(bytes: &[u8]) -> bool {
    let (words, rest) = bytes.as_chunks::<8>();
    // The last eight once more, where there are as many, instead of the rest byte by byte.
    let last = bytes.last_chunk().map_or_else(
        || rest.iter().fold(0, |all, byte| all | u64::from(*byte)),
        |word| u64::from_le_bytes(*word),
    );
    let all = words.iter().fold(last, |all, word| all | u64::from_le_bytes(*word));
    all & HIGH_BITS == 0 || std::str::from_utf8(bytes).is_ok()
}

#[inline(never)]
fn headers_fill(mut bytes: &[u8], header_count: u16) -> bool {
    for _ in 0..header_count {
        let Some((name, _, rest)) = split_header(bytes) else { return false };
        if std::str::from_utf8(name).is_err() {
            return false;
        }
        bytes = rest;
    }
    bytes.is_empty()
}

/// The name and the value of the first header, and what follows it; `None` where the bytes end
/// before it does.
pub(super) fn split_header(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (lengths, rest) = bytes.split_at_checked(USER_HEADER_BYTES)?;
    let (name, rest) = rest.split_at_checked(usize::from(read_u16(lengths, 0)))?;
    let (value, rest) = rest.split_at_checked(read_u32(lengths, size_of::<u16>()) as usize)?;
    Some((name, value, rest))
}

fn is_lz4_plausible(stored: &[u8]) -> bool {
    let Some((original, block)) = stored.split_at_checked(ORIGINAL_LENGTH_BYTES) else {
        return false;
    };
    let original_bytes = read_u32(original, 0);
    original_bytes <= MESSAGE_BYTES_MAX && compress::is_plausible(block.len(), original_bytes)
}
