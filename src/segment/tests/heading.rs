//! Names and headers.

use super::samples::{HEADER, SEGMENT_ID, segment_file};
use crate::error::StorageError;
use crate::segment::test_file::{TestFile, ready};
use crate::segment::{
    SegmentHeader, SegmentHeaderError, parse_segment_file_name, segment_file_name,
};
use crate::types::SegmentId;

#[test]
fn names_sort_as_ids_and_come_back() {
    let ids = [(1, 0), (1, 1), (1, 0xffff_ffff), (2, 0), (10, 9), (0xffff_ffff, 0)];
    let ids = ids.map(|(epoch, ordinal)| SegmentId::new(epoch, ordinal));
    let names = ids.map(segment_file_name);
    assert!(names.is_sorted());
    assert_eq!(names[4], "0000000a00000009.seg");
    assert_eq!(names.each_ref().map(|name| parse_segment_file_name(name).unwrap()), ids);
}

#[test]
fn other_names_are_no_segments() {
    let others = [
        "",
        ".seg",
        "0000000a00000009",
        "0000000a00000009.seg.tmp",
        "0000000A00000009.seg",
        "+000000a00000009.seg",
        "000000a00000009.seg",
        "00000000a00000009.seg",
        "0000000000000009.seg",
        "0000000a0000000g.seg",
        "LOCK",
        "é00000a00000009.seg",
    ];
    for name in others {
        assert_eq!(parse_segment_file_name(name), None, "{name:?}");
    }
}

#[test]
fn headers_are_pinned_and_come_back() {
    let snapshot = include_str!("../snapshots/header.hex");
    let bytes = HEADER.encode();
    let now = crate::record::hex(&bytes);
    assert!(now == snapshot, "the format changed; now it is\n{now}end");
    assert_eq!(SegmentHeader::decode(&bytes, SEGMENT_ID), Ok(HEADER));
    let read = ready(segment_file(&TestFile::of(bytes.to_vec())).read_header());
    assert_eq!(read.unwrap(), HEADER);
}

#[test]
fn every_flipped_bit_of_a_header_is_noticed() {
    let bytes = HEADER.encode();
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes;
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(SegmentHeader::decode(&flipped, SEGMENT_ID).is_err(), "bit {bit}");
    }
}

/// A header whose checksum is right.
fn with(at: usize, value: u8) -> [u8; 64] {
    let mut bytes = HEADER.encode();
    bytes[at] = value;
    let crc32c = crc32c::crc32c(&bytes[12..]);
    bytes[8..12].copy_from_slice(&crc32c.to_le_bytes());
    bytes
}

#[test]
fn headers_say_what_is_wrong_with_them() {
    let decode = |bytes: &[u8]| SegmentHeader::decode(bytes, SEGMENT_ID).unwrap_err();
    assert_eq!(decode(&[]), SegmentHeaderError::Truncated(0));
    assert_eq!(decode(&HEADER.encode()[..63]), SegmentHeaderError::Truncated(63));
    assert_eq!(decode(&[0; 64]), SegmentHeaderError::AllZero);
    assert_eq!(decode(&[1; 64]), SegmentHeaderError::BadMagic);
    assert_eq!(decode(&with(12, 2)), SegmentHeaderError::NewerFormat(2));
    assert_eq!(decode(&with(52, 1)), SegmentHeaderError::UnknownFlags(1));
    let other =
        SegmentHeaderError::OtherSegment { found: SegmentId::new(7, 4), expected: SEGMENT_ID };
    assert_eq!(decode(&with(16, 4)), other);
    let newer = ready(segment_file(&TestFile::of(with(12, 2).to_vec())).read_header());
    assert!(matches!(newer, Err(StorageError::NewerFormat { found: 2, supported: 1, .. })));
    let torn = ready(segment_file(&TestFile::of(vec![0; 10])).read_header());
    assert!(matches!(torn, Err(StorageError::Corrupt { offset: 0, .. })));
}
