//! A second decoder, the oracle of the first: written from `src/FORMAT.md` alone, byte by byte,
//! with its own checksum and its own LZ4. Slow and plain; shares no code with the decoder that
//! it judges.

use crate::types::{Header, ReadMessage, SegmentId, SegmentOffset};

/// What the oracle finds in the bytes of a frame.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NaiveFrame {
    pub(super) durable: u64,
    pub(super) append_time_us: i64,
    pub(super) is_seal: bool,
    pub(super) length_bytes: u64,
    pub(super) messages: Vec<ReadMessage>,
}

struct Cursor<'a> {
    bytes: &'a [u8],
}

impl<'a> Cursor<'a> {
    fn take(&mut self, count: u64) -> Option<&'a [u8]> {
        if count > self.bytes.len() as u64 {
            return None;
        }
        let (taken, rest) = self.bytes.split_at(count as usize);
        self.bytes = rest;
        Some(taken)
    }

    fn number(&mut self, byte_count: u64) -> Option<u64> {
        let bytes = self.take(byte_count)?;
        Some(bytes.iter().rev().fold(0, |number, byte| number * 256 + u64::from(*byte)))
    }

    fn text(&mut self, byte_count: u64) -> Option<String> {
        String::from_utf8(self.take(byte_count)?.to_vec()).ok()
    }
}

fn crc_step(mut crc: u32, bytes: &[u8]) -> u32 {
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0x82f6_3b78 } else { crc >> 1 };
        }
    }
    crc
}

/// CRC-32C by its definition, going on from `seed`.
pub(super) fn naive_crc(seed: u32, bytes: &[u8]) -> u32 {
    !crc_step(!seed, bytes)
}

/// The seed of what lies at `offset`.
pub(super) fn naive_seed(segment_id: SegmentId, offset: u64) -> u32 {
    let (low, high) = (offset % (1 << 32), offset >> 32);
    naive_crc(0, &segment_id.0.to_le_bytes()) ^ low as u32 ^ high as u32
}

/// `None` where the bytes are not the frame at that place.
pub(super) fn naive_frame(bytes: &[u8], id: SegmentId, offset: u64) -> Option<NaiveFrame> {
    let mut cursor = Cursor { bytes };
    if cursor.take(4)? != b"DLF1" || offset & 7 != 0 {
        return None;
    }
    if cursor.number(4)? != u64::from(naive_crc(naive_seed(id, offset), bytes.get(8..64)?)) {
        return None;
    }
    let body_length = cursor.number(4)?;
    let record_count = cursor.number(4)?;
    let epoch = cursor.number(4)?;
    let flags = cursor.number(4)?;
    let first_sequence = cursor.number(8)?;
    let durable = cursor.number(8)?;
    let append_time_us = cursor.number(8)? as i64;
    let digest = cursor.number(4)?;
    if cursor.take(12)? != [0; 12] || flags > 1 || epoch != id.0 >> 32 || durable > first_sequence {
        return None;
    }
    if (record_count == 0 && body_length != 0) || (record_count != 0 && flags == 1) {
        return None;
    }
    if body_length > 128 << 20 || u64::MAX - first_sequence < record_count {
        return None;
    }
    let mut body = Cursor { bytes: cursor.take(body_length)? };
    let padding = (8 - body_length % 8) % 8;
    let mut crcs = Vec::new();
    let mut messages = Vec::new();
    for index in 0..record_count {
        let at = offset + 64 + body_length - body.bytes.len() as u64;
        crcs.extend_from_slice(body.bytes.get(..4)?);
        let at = SegmentOffset { segment_id: id, offset: at };
        let message = naive_record(&mut body, at)?;
        if message.sequence != first_sequence + index {
            return None;
        }
        messages.push(message);
    }
    let padded = cursor.take(padding)?.iter().all(|byte| *byte == 0);
    if !padded || !body.bytes.is_empty() || digest != u64::from(naive_crc(0, &crcs)) {
        return None;
    }
    let length_bytes = 64 + body_length + padding;
    Some(NaiveFrame { durable, append_time_us, is_seal: flags == 1, length_bytes, messages })
}

/// Takes one record off the front.
fn naive_record(body: &mut Cursor<'_>, at: SegmentOffset) -> Option<ReadMessage> {
    let length = Cursor { bytes: body.bytes.get(4..)? }.number(4)?;
    let record = body.take(length)?;
    let mut cursor = Cursor { bytes: record };
    let crc = cursor.number(4)?;
    if crc != u64::from(naive_crc(naive_seed(at.segment_id, at.offset), cursor.bytes)) {
        return None;
    }
    cursor.number(4)?;
    let timestamp_us = cursor.number(8)? as i64;
    let sequence = cursor.number(8)?;
    let id_length = cursor.number(2)?;
    let key_length = cursor.number(2)?;
    let header_count = cursor.number(2)?;
    let flags = cursor.number(2)?;
    let attributes = cursor.number(4)? as u32;
    let headers_length = cursor.number(4)?;
    if flags > 3 || (flags & 1 == 0 && key_length > 0) || header_count > 256 {
        return None;
    }
    if id_length == 0 || id_length > 1024 || length > 64 << 20 {
        return None;
    }
    let id = cursor.text(id_length)?;
    let key = cursor.take(key_length)?.to_vec();
    let mut headers_cursor = Cursor { bytes: cursor.take(headers_length)? };
    let headers = naive_headers(&mut headers_cursor, header_count)?;
    let payload = match flags & 2 {
        0 => cursor.bytes.to_vec(),
        _ => {
            let original = cursor.number(4)?;
            let is_possible = original <= cursor.bytes.len() as u64 * 255 + 64;
            naive_lz4(cursor.bytes)
                .filter(|_| is_possible && original <= 64 << 20)
                .filter(|payload| payload.len() as u64 == original)?
        }
    };
    Some(ReadMessage {
        sequence,
        epoch: at.segment_id.epoch(),
        offset: at,
        id: id.into(),
        timestamp_us,
        key: (flags & 1 == 1).then(|| key.into()),
        headers,
        payload: payload.into(),
        attributes,
    })
}

fn naive_headers(cursor: &mut Cursor<'_>, count: u64) -> Option<Vec<Header>> {
    let mut headers = Vec::new();
    for _ in 0..count {
        let name_length = cursor.number(2)?;
        let value_length = cursor.number(4)?;
        let name = cursor.text(name_length)?;
        headers.push(Header { name, value: cursor.take(value_length)?.to_vec().into() });
    }
    cursor.bytes.is_empty().then_some(headers)
}

/// One LZ4 block by its format: token, literals, distance, match, until literals end it.
fn naive_lz4(block: &[u8]) -> Option<Vec<u8>> {
    let mut cursor = Cursor { bytes: block };
    let mut output = Vec::new();
    loop {
        let token = cursor.number(1)?;
        let literal_count = naive_lz4_length(&mut cursor, token / 16)?;
        output.extend_from_slice(cursor.take(literal_count)?);
        if cursor.bytes.is_empty() {
            return Some(output);
        }
        let distance = cursor.number(2)? as usize;
        let match_count = naive_lz4_length(&mut cursor, token % 16)? + 4;
        if distance == 0 || distance > output.len() {
            return None;
        }
        for _ in 0..match_count {
            output.push(output[output.len() - distance]);
        }
    }
}

fn naive_lz4_length(cursor: &mut Cursor<'_>, nibble: u64) -> Option<u64> {
    let mut length = nibble;
    let mut is_more = nibble == 15;
    while is_more {
        let byte = cursor.number(1)?;
        length += byte;
        is_more = byte == 255;
    }
    Some(length)
}
