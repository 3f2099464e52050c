//! Making checksums right, as `src/FORMAT.md` defines them: written from the document, not from
//! the engine's code.

use duolog::record::FramePlace;

const FRAME_HEADER_BYTES: usize = 64;
const RECORD_HEADER_BYTES: usize = 40;
const ALIGNMENT_BYTES: usize = 8;
const SEGMENT_HEADER_BYTES: usize = 64;

fn seeded(place: FramePlace, distance: usize, bytes: &[u8]) -> u32 {
    let offset = place.offset + distance as u64;
    let segment = crc32c::crc32c(&place.segment_id.0.to_le_bytes());
    crc32c::crc32c_append(segment ^ (offset as u32) ^ ((offset >> 32) as u32), bytes)
}

fn put(bytes: &mut [u8], at: usize, number: u32) {
    bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
}

fn number(bytes: &[u8], at: usize) -> usize {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes")) as usize
}

/// Makes the checksums of the frame that `bytes` begin with right for its place, as far as its
/// lengths can be followed, and answers where the next one would begin. Nothing but checksums,
/// the magic and the epoch is changed.
pub fn frame(bytes: &mut [u8], place: FramePlace) -> Option<usize> {
    if bytes.len() < FRAME_HEADER_BYTES {
        return None;
    }
    let body_end = (FRAME_HEADER_BYTES + number(bytes, 8)).min(bytes.len());
    let mut checksums = Vec::new();
    let mut at = FRAME_HEADER_BYTES;
    for _ in 0..number(bytes, 12) {
        if at + RECORD_HEADER_BYTES > body_end {
            break;
        }
        let end = at + number(bytes, at + 4).clamp(RECORD_HEADER_BYTES, body_end - at);
        let checksum = seeded(place, at, &bytes[at + 4..end]);
        put(bytes, at, checksum);
        checksums.extend_from_slice(&checksum.to_le_bytes());
        at = end;
    }
    bytes[..4].copy_from_slice(b"DLF1");
    put(bytes, 16, place.epoch());
    put(bytes, 48, crc32c::crc32c(&checksums));
    let checksum = seeded(place, 0, &bytes[8..FRAME_HEADER_BYTES]);
    put(bytes, 4, checksum);
    Some(body_end.next_multiple_of(ALIGNMENT_BYTES))
}

/// The same for the header of a segment and all frames behind it.
pub fn segment(bytes: &mut [u8], first: FramePlace) {
    if bytes.len() < SEGMENT_HEADER_BYTES {
        return;
    }
    bytes[..8].copy_from_slice(b"DUOLOGSG");
    bytes[16..24].copy_from_slice(&first.segment_id.0.to_le_bytes());
    let checksum = crc32c::crc32c(&bytes[12..SEGMENT_HEADER_BYTES]);
    put(bytes, 8, checksum);
    let mut at = SEGMENT_HEADER_BYTES;
    while at < bytes.len() {
        let place = FramePlace { offset: at as u64, ..first };
        match frame(&mut bytes[at..], place) {
            Some(length) => at += length,
            None => return,
        }
    }
}

/// The same for one block whose last four bytes are the checksum of the others.
pub fn block(bytes: &mut [u8]) {
    let Some(at) = bytes.len().checked_sub(4) else { return };
    let checksum = crc32c::crc32c(&bytes[..at]);
    put(bytes, at, checksum);
}

/// Whether the last four bytes of a block are the checksum of the others.
pub fn is_sealed(block: &[u8]) -> bool {
    let Some((fields, checksum)) = block.split_last_chunk::<4>() else { return false };
    crc32c::crc32c(fields).to_le_bytes() == *checksum
}
