//! Segment files: header, scan, search.

use std::path::Path;

use duolog::record::{FRAME_HEADER_BYTES, FramePlace};
use duolog::segment::{
    FIRST_FRAME_OFFSET, FrameScanner, SEGMENT_HEADER_BYTES, ScanStep, SegmentFile, SegmentHeader,
    find_highest_durable_after, find_valid_after,
};
use duolog::types::{Message, SegmentId};

use crate::frame::{encoded, messages};
use crate::memory::{MemoryFile, ready};
use crate::{Input, seal};

const SEGMENT_ID: SegmentId = SegmentId::new(7, 3);
const FIRST: FramePlace = FramePlace { segment_id: SEGMENT_ID, offset: FIRST_FRAME_OFFSET };

/// Of the bits of an input's first byte: checksums are made right.
const SEALED: u8 = 1;

/// Blocks of the smallest size, of one that frames often cross, and of more than the file.
const BLOCKS_BYTES: [usize; 3] = [2 * FRAME_HEADER_BYTES, 200, 1 << 20];

/// The first byte says whether checksums are made right; the rest is the file.
pub fn run(input: &[u8]) {
    check(input, MemoryFile::new);
}

/// Holds reading a segment to this: frames lie one behind the other and inside of the file, and
/// which ones are found does not depend on the size of the blocks that are read; a search finds
/// the first of them, and at least the durability that they prove; a header that is accepted
/// encodes to the same bytes. `open` makes the file that is read.
///
/// # Panics
/// Where it is not so.
pub fn check(input: &[u8], open: impl Fn(Vec<u8>) -> MemoryFile) {
    let mut input = Input(input);
    let is_sealed = input.byte() & SEALED != 0;
    let mut bytes = input.0.to_vec();
    if is_sealed {
        seal::segment(&mut bytes, FIRST);
    }
    if let Ok(header) = SegmentHeader::decode(&bytes, SEGMENT_ID) {
        let encoded = header.encode();
        assert_eq!(encoded[..], bytes[..SEGMENT_HEADER_BYTES], "the header is another one");
    }
    let length = bytes.len() as u64;
    let segment = SegmentFile::new(open(bytes), Path::new("fuzzed.seg"), SEGMENT_ID);
    let mut before = None;
    for block_bytes in BLOCKS_BYTES {
        let found = scan(&segment, block_bytes, length);
        let before = before.get_or_insert(found.clone());
        assert_eq!(*before, found, "blocks of {block_bytes} bytes show other frames");
    }
    let (frames, _) = before.expect("it was scanned");
    let durable = frames.iter().map(|frame| frame.durable).max();
    let first = ready(find_valid_after(&segment, FIRST_FRAME_OFFSET, BLOCKS_BYTES[0]));
    let first = first.expect("memory does not fail").map(|found| found.place.offset);
    assert!(frames.is_empty() || first == Some(FIRST_FRAME_OFFSET), "the search misses a frame");
    let highest = ready(find_highest_durable_after(&segment, FIRST_FRAME_OFFSET, BLOCKS_BYTES[1]));
    let highest = highest.expect("memory does not fail").map(|found| found.header.durable);
    assert!(highest >= durable, "the search misses what is durable");
}

/// What matters of a frame.
#[derive(Clone, Debug, PartialEq)]
struct Found {
    offset: u64,
    end_offset: u64,
    durable: u64,
    record_count: u32,
}

fn scan(segment: &SegmentFile<MemoryFile>, block_bytes: usize, length: u64) -> (Vec<Found>, u64) {
    let mut scanner = FrameScanner::new(segment.clone(), FIRST_FRAME_OFFSET, block_bytes);
    let mut frames = Vec::new();
    let mut expected = FIRST_FRAME_OFFSET;
    loop {
        match ready(scanner.next()).expect("memory does not fail") {
            ScanStep::Frame(frame) => {
                let (offset, end_offset) = (frame.place().offset, frame.end_offset());
                assert!(offset == expected && end_offset <= length, "a frame out of place");
                let header = frame.header();
                let (durable, record_count) = (header.durable, header.record_count);
                frames.push(Found { offset, end_offset, durable, record_count });
                expected = end_offset;
            }
            ScanStep::End { offset, .. } => {
                assert_eq!(offset, expected, "the scan ends elsewhere");
                return (frames, offset);
            }
        }
    }
}

/// The bytes of a segment of frames of these messages.
fn segment_of(frames: &[&[Message]]) -> Vec<u8> {
    let header = SegmentHeader {
        segment_id: SEGMENT_ID,
        base_sequence: 100,
        topic_id: 0x0011_2233_4455_6677_8899_aabb_ccdd_eeff,
        partition: 5,
        created_us: 1_700_000_000_000_000,
    };
    let mut bytes = header.encode().to_vec();
    let mut sequence = header.base_sequence;
    for messages in frames {
        let place = FramePlace { offset: bytes.len() as u64, ..FIRST };
        bytes.extend(encoded(messages, place, sequence));
        sequence += messages.len() as u64;
    }
    bytes
}

/// Segments as they are written; sealed, torn, and written ahead.
pub fn seeds() -> Vec<Vec<u8>> {
    let messages = messages();
    let whole = segment_of(&[&messages[..1], &messages, &[], &messages[..2]]);
    let mut torn = whole.clone();
    torn[FIRST_FRAME_OFFSET as usize + 70] ^= 1;
    let ahead = [&whole[..], &[0; 300]].concat();
    let with = |how: u8, bytes: &[u8]| [&[how][..], bytes].concat();
    vec![with(0, &whole), with(SEALED, &whole), with(0, &torn), with(0, &ahead)]
}

#[cfg(test)]
mod tests;
