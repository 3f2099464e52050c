//! Frames behind a hole.

use proptest::collection::vec;
use proptest::prelude::*;

use super::samples::SegmentBytes;
use crate::segment::test_file::ready;
use crate::segment::{find_highest_durable_after, find_valid_after};

proptest! {
    #[test]
    fn the_next_frame_is_found_whatever_the_block(
        frames in vec(vec(0..300_usize, 0..4), 1..6),
        block_bytes in 128..1000_usize,
        fraction in 0.0..1.0_f64,
    ) {
        let payloads: Vec<&[usize]> = frames.iter().map(Vec::as_slice).collect();
        let bytes = SegmentBytes::of(&payloads);
        let from = (bytes.bytes.len() as f64 * fraction) as u64;
        let found = ready(find_valid_after(&bytes.file().0, from, block_bytes)).unwrap();
        let expected = bytes.frames.iter().find(|frame| frame.offset >= from);
        prop_assert_eq!(
            found.map(|found| (found.place.offset, found.end_offset())),
            expected.map(|frame| (frame.offset, frame.end_offset))
        );
    }
}

#[test]
fn zeros_and_noise_hold_no_frame() {
    let mut bytes = SegmentBytes::of(&[&[10]]);
    let end = bytes.end_offset();
    bytes.bytes.resize(1 << 20, 0);
    let (segment, file) = bytes.file();
    assert_eq!(ready(find_valid_after(&segment, end, 1 << 16)).unwrap(), None);
    assert!(file.read_count() < 20);
    file.change(|held| held[end as usize..].fill(0xdf));
    assert_eq!(ready(find_valid_after(&segment, end, 1 << 16)).unwrap(), None);
    // The first bytes of a frame again and again.
    let magic = bytes.bytes[64..72].to_vec();
    file.change(|held| {
        held[end as usize..].chunks_mut(8).for_each(|step| {
            step.copy_from_slice(&magic[..step.len()]);
        })
    });
    assert_eq!(ready(find_valid_after(&segment, end, 1 << 16)).unwrap(), None);
}

#[test]
fn a_frame_inside_a_payload_is_no_frame() {
    let mut bytes = SegmentBytes::of(&[&[10], &[300]]);
    let copy = bytes.bytes[64..128].to_vec();
    let inside = (bytes.frames[1].offset as usize + 64 + 60).next_multiple_of(8);
    bytes.bytes[inside..inside + 64].copy_from_slice(&copy);
    let after = bytes.frames[1].offset + 1;
    assert_eq!(ready(find_valid_after(&bytes.file().0, after, 4096)).unwrap(), None);
}

#[test]
fn the_highest_durable_mark_is_found() {
    let mut bytes = SegmentBytes::new();
    for (payloads, durable) in [(3, 0), (2, 0), (1, 100), (1, 105), (1, 105)] {
        bytes.add(&vec![50; payloads], durable);
    }
    let highest = |from: u64| {
        let found = ready(find_highest_durable_after(&bytes.file().0, from, 128)).unwrap();
        found.map(|found| (found.place.offset, found.header.durable))
    };
    let offsets: Vec<u64> = bytes.frames.iter().map(|frame| frame.offset).collect();
    assert_eq!(highest(offsets[1] + 1), Some((offsets[3], 105)));
    assert_eq!(highest(offsets[3] + 1), Some((offsets[4], 105)));
    assert_eq!(highest(offsets[4] + 1), None);
}

#[test]
fn a_torn_frame_still_proves_what_its_header_says() {
    let mut bytes = SegmentBytes::of(&[&[10], &[20]]);
    bytes.add(&[30, 30], 101);
    let torn = bytes.frames[2].clone();
    bytes.bytes[torn.offset as usize + 64..].fill(0);
    bytes.bytes[bytes.frames[1].offset as usize..][..64].fill(0);
    let from = bytes.frames[1].offset;
    let found = ready(find_highest_durable_after(&bytes.file().0, from, 4096)).unwrap().unwrap();
    assert_eq!((found.place.offset, found.header.durable), (torn.offset, 101));
}

#[test]
fn many_small_frames_are_searched_in_few_reads() {
    let frames: Vec<&[usize]> = vec![&[10]; 1000];
    let (segment, file) = SegmentBytes::of(&frames).file();
    ready(find_highest_durable_after(&segment, 64, 1 << 14)).unwrap().unwrap();
    let file_blocks = file.bytes().len() / (1 << 14);
    assert!(file.read_count() < file_blocks * 2 + 4, "{}", file.read_count());
}
