//! Frames one behind the other.

use proptest::collection::vec;
use proptest::prelude::*;

use super::samples::{SEGMENT_ID, SegmentBytes, segment_file};
use crate::record::{Frame, FrameError};
use crate::segment::test_file::{TestFile, ready};
use crate::segment::{FIRST_FRAME_OFFSET, FrameScanner, ScanStep};

fn scan(scanner: &mut FrameScanner<TestFile>) -> (Vec<Frame>, u64, FrameError) {
    let mut frames = Vec::new();
    loop {
        match ready(scanner.next()).unwrap() {
            ScanStep::Frame(frame) => frames.push(frame),
            ScanStep::End { offset, reason } => return (frames, offset, reason),
        }
    }
}

fn scan_all(bytes: &SegmentBytes, block_bytes: usize) -> (Vec<Frame>, u64, FrameError) {
    let mut scanner = FrameScanner::new(bytes.file().0, FIRST_FRAME_OFFSET, block_bytes);
    scan(&mut scanner)
}

const END: FrameError = FrameError::Truncated { need_bytes: 64, have_bytes: 0 };

proptest! {
    #[test]
    fn every_frame_is_found_whatever_the_block(
        frames in vec(vec(0..400_usize, 0..6), 0..12),
        block_bytes in 64..2000_usize,
        zeros in 0..200_usize,
    ) {
        let payloads: Vec<&[usize]> = frames.iter().map(Vec::as_slice).collect();
        let mut bytes = SegmentBytes::of(&payloads);
        bytes.bytes.resize(bytes.bytes.len() + zeros, 0);
        let (found, offset, reason) = scan_all(&bytes, block_bytes);
        prop_assert_eq!(found.len(), frames.len());
        prop_assert_eq!(offset, bytes.end_offset());
        let expected = match zeros {
            0..64 => FrameError::Truncated { need_bytes: 64, have_bytes: zeros as u64 },
            _ => FrameError::AllZero,
        };
        prop_assert_eq!(reason, expected);
        for (frame, written) in found.iter().zip(&bytes.frames) {
            prop_assert_eq!(frame.place().segment_id, SEGMENT_ID);
            prop_assert_eq!(frame.place().offset, written.offset);
            prop_assert_eq!(frame.end_offset(), written.end_offset);
            let places: Vec<_> = frame.records().map(|view| view.length_bytes()).collect();
            let lengths: Vec<_> =
                written.records.iter().map(|place| place.length_bytes).collect();
            prop_assert_eq!(places, lengths);
        }
    }
}

#[test]
fn a_block_is_read_once() {
    let bytes = SegmentBytes::of(&[&[100], &[100], &[100], &[100]]);
    let (segment, file) = bytes.file();
    let mut scanner = FrameScanner::new(segment, FIRST_FRAME_OFFSET, 1 << 20);
    let (frames, ..) = scan(&mut scanner);
    assert_eq!(frames.len(), 4);
    // One for all frames, one to see that none follows.
    assert_eq!(file.read_count(), 2);
}

#[test]
fn a_frame_longer_than_the_block_is_read_whole() {
    let bytes = SegmentBytes::of(&[&[100_000], &[10]]);
    let (segment, file) = bytes.file();
    let mut scanner = FrameScanner::new(segment, FIRST_FRAME_OFFSET, 4096);
    assert_eq!(scan(&mut scanner).0.len(), 2);
    assert_eq!(file.read_count(), 4);
}

#[test]
fn what_is_appended_later_is_found_later() {
    let mut bytes = SegmentBytes::of(&[&[10]]);
    let first_end = bytes.end_offset() as usize;
    bytes.add(&[20, 30], 0);
    bytes.add(&[], 0);
    let file = TestFile::of(bytes.bytes[..first_end].to_vec());
    file.change(|held| held.resize(4096, 0));
    let mut scanner = FrameScanner::new(segment_file(&file), FIRST_FRAME_OFFSET, 4096);
    let (frames, offset, reason) = scan(&mut scanner);
    assert_eq!((frames.len(), offset, reason), (1, first_end as u64, FrameError::AllZero));
    // The scanner read zeros ahead; here the frames come into their place, the first one torn.
    let torn = bytes.bytes.len() - 64 - 8;
    file.change(|held| held[first_end..torn].copy_from_slice(&bytes.bytes[first_end..torn]));
    let (frames, offset, reason) = scan(&mut scanner);
    assert_eq!((frames.len(), offset), (0, first_end as u64));
    assert!(matches!(reason, FrameError::Record { index: 1, .. }), "{reason}");
    file.change(|held| held[..bytes.bytes.len()].copy_from_slice(&bytes.bytes));
    let (frames, offset, reason) = scan(&mut scanner);
    assert_eq!((frames.len(), offset, reason), (2, bytes.end_offset(), FrameError::AllZero));
}

#[test]
fn a_frame_read_ahead_as_zeros_is_read_again() {
    let mut bytes = SegmentBytes::of(&[&[10]]);
    let first_end = bytes.end_offset() as usize;
    bytes.add(&[20], 0);
    let file = TestFile::of(bytes.bytes.clone());
    file.change(|held| held[first_end..].fill(0));
    let mut scanner = FrameScanner::new(segment_file(&file), FIRST_FRAME_OFFSET, 4096);
    assert!(matches!(ready(scanner.next()).unwrap(), ScanStep::Frame(_)));
    file.change(|held| *held = bytes.bytes.clone());
    assert!(matches!(ready(scanner.next()).unwrap(), ScanStep::Frame(_)));
}

#[test]
fn a_scan_begins_at_any_frame() {
    let bytes = SegmentBytes::of(&[&[10], &[20], &[30]]);
    let mut scanner = FrameScanner::new(bytes.file().0, bytes.frames[1].offset, 64);
    let (frames, offset, reason) = scan(&mut scanner);
    assert_eq!((frames.len(), offset, reason), (2, bytes.end_offset(), END));
}

#[test]
fn a_corrupt_frame_ends_the_scan() {
    let mut bytes = SegmentBytes::of(&[&[10], &[20, 30], &[30]]);
    let corrupt = bytes.frames[1].records[1].offset_in_frame + 41;
    bytes.bytes[(bytes.frames[1].offset + u64::from(corrupt)) as usize] ^= 1;
    let (frames, offset, reason) = scan_all(&bytes, 100);
    assert_eq!((frames.len(), offset), (1, bytes.frames[1].offset));
    assert!(matches!(reason, FrameError::Record { index: 1, .. }), "{reason}");
}
