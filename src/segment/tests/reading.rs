//! Records and frames at known places.

use proptest::collection::vec;
use proptest::prelude::*;

use super::samples::SegmentBytes;
use crate::error::StorageError;
use crate::segment::SegmentReader;
use crate::segment::test_file::{TestFile, ready};

fn reader(bytes: &SegmentBytes) -> (SegmentReader<TestFile>, TestFile) {
    let (segment, file) = bytes.file();
    (SegmentReader::new(segment), file)
}

proptest! {
    #[test]
    fn every_record_is_read_whatever_the_hint(
        frames in vec(vec(0..400_usize, 1..6), 1..6),
        hint_bytes in 0..2000_u32,
    ) {
        let payloads: Vec<&[usize]> = frames.iter().map(Vec::as_slice).collect();
        let bytes = SegmentBytes::of(&payloads);
        let (reader, _) = reader(&bytes);
        for (frame, payloads) in bytes.frames.iter().zip(&frames) {
            let whole = ready(reader.read_frame(frame.offset, hint_bytes)).unwrap();
            prop_assert_eq!(whole.end_offset(), frame.end_offset);
            for (index, place) in frame.records.iter().enumerate() {
                let offset = frame.offset + u64::from(place.offset_in_frame);
                let record = ready(reader.read_record(offset, hint_bytes)).unwrap();
                let message = record.view().to_message().unwrap();
                prop_assert_eq!(message.sequence, frame.first_sequence + index as u64);
                prop_assert_eq!(message.payload.len(), payloads[index]);
                let tail = ready(reader.read_frame_tail(offset, hint_bytes)).unwrap();
                prop_assert_eq!(tail.records.len(), payloads.len() - index);
                prop_assert_eq!(&tail.records[0], &record);
                prop_assert_eq!(tail.next_frame_offset, frame.end_offset);
            }
        }
    }
}

#[test]
fn a_good_hint_saves_a_read() {
    let bytes = SegmentBytes::of(&[&[1000], &[10]]);
    let (reader, file) = reader(&bytes);
    let place = bytes.frames[0].records[0];
    let offset = bytes.frames[0].offset + u64::from(place.offset_in_frame);
    ready(reader.read_record(offset, place.length_bytes)).unwrap();
    assert_eq!(file.read_count(), 1);
    ready(reader.read_record(offset, place.length_bytes - 1)).unwrap();
    assert_eq!(file.read_count(), 3);
}

#[test]
fn positions_that_hold_no_record_are_corrupt() {
    let bytes = SegmentBytes::of(&[&[10, 20], &[30]]);
    let (reader, _) = reader(&bytes);
    let starts: Vec<u64> = bytes
        .frames
        .iter()
        .flat_map(|frame| {
            frame.records.iter().map(|place| frame.offset + u64::from(place.offset_in_frame))
        })
        .collect();
    let beyond = [bytes.end_offset() + 100, u64::MAX, u64::MAX / 2, i64::MAX as u64];
    for offset in (0..=bytes.end_offset()).chain(beyond) {
        let record = ready(reader.read_record(offset, 100));
        assert_eq!(record.is_ok(), starts.contains(&offset), "{offset}");
        let tail = ready(reader.read_frame_tail(offset, 100));
        assert_eq!(tail.is_ok(), starts.contains(&offset), "{offset}");
        if let Err(error) = record {
            assert!(matches!(&error, StorageError::Corrupt { offset: at, .. } if *at == offset));
        }
    }
}

#[test]
fn a_torn_frame_ends_the_tail_before_it() {
    let mut bytes = SegmentBytes::of(&[&[10, 20, 30]]);
    let third = bytes.frames[0].records[2];
    let third_offset = bytes.frames[0].offset + u64::from(third.offset_in_frame);
    bytes.bytes[third_offset as usize + 50] ^= 1;
    let (reader, _) = reader(&bytes);
    let first = bytes.frames[0].offset + 64;
    assert_eq!(ready(reader.read_frame_tail(first, 4096)).unwrap().records.len(), 2);
    let whole = ready(reader.read_frame(bytes.frames[0].offset, 4096)).unwrap_err();
    assert!(whole.to_string().contains("record 2 of the frame"), "{whole}");
}
