//! Bytes that are not what was written there are refused, and say why.

use bytes::Bytes;

use super::samples::{FIELDS, PLACE, frame_of, full_message, three_messages};
use crate::record::naive::naive_frame;
use crate::record::{
    Frame, FrameError, FrameFlags, FramePlace, RecordError, decode_record, encode_mark,
};
use crate::types::{Message, SegmentId};

fn decode(bytes: &[u8], place: FramePlace) -> Result<Frame, FrameError> {
    Frame::decode(Bytes::copy_from_slice(bytes), place)
}

#[test]
fn every_flipped_bit_is_noticed() {
    let mut mark = Vec::new();
    encode_mark(&mut mark, PLACE, FIELDS, FrameFlags::SEAL);
    let frames = [frame_of(&[Message::new("id", "x")]), frame_of(&three_messages()), mark];
    for frame in frames {
        assert!(decode(&frame, PLACE).is_ok());
        for bit in 0..frame.len() * 8 {
            let mut flipped = frame.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(decode(&flipped, PLACE).is_err(), "bit {bit} of {}", frame.len() * 8);
        }
    }
}

#[test]
fn every_flipped_bit_of_a_record_is_noticed() {
    let frame = frame_of(&[full_message()]);
    let record = Bytes::from(frame).slice(64..);
    let at = PLACE.record_at(64);
    let length = decode_record(&record, at).unwrap().length_bytes();
    for bit in 0..length * 8 {
        let mut flipped = record.to_vec();
        flipped[bit as usize / 8] ^= 1 << (bit % 8);
        assert!(decode_record(&Bytes::from(flipped), at).is_err(), "bit {bit}");
    }
}

#[test]
fn every_torn_end_is_noticed() {
    let frame = frame_of(&three_messages());
    for kept in 0..frame.len() {
        let error = decode(&frame[..kept], PLACE).unwrap_err();
        assert!(matches!(error, FrameError::Truncated { .. }), "{kept}: {error}");
        let mut zeroed = frame[..kept].to_vec();
        zeroed.resize(frame.len(), 0);
        // A tail of zeros may be what was written; everything else must be noticed.
        assert_eq!(decode(&zeroed, PLACE).is_ok(), zeroed == frame, "{kept}");
    }
}

#[test]
fn the_length_needed_is_told() {
    let frame = frame_of(&three_messages());
    let need = |bytes: &[u8]| match decode(bytes, PLACE) {
        Err(FrameError::Truncated { need_bytes, have_bytes }) => (need_bytes, have_bytes),
        other => panic!("{other:?}"),
    };
    assert_eq!(need(&[]), (64, 0));
    assert_eq!(need(&frame[..63]), (64, 63));
    assert_eq!(need(&frame[..64]), (frame.len() as u64, 64));
    let record = Bytes::from(frame).slice(64..);
    let at = PLACE.record_at(64);
    let length = decode_record(&record, at).unwrap().length_bytes();
    let error = decode_record(&record.slice(..39), at).unwrap_err();
    assert_eq!(error, RecordError::Truncated { need_bytes: 40, have_bytes: 39 });
    let error = decode_record(&record.slice(..40), at).unwrap_err();
    assert_eq!(error, RecordError::Truncated { need_bytes: length, have_bytes: 40 });
}

#[test]
fn bytes_from_another_place_are_refused() {
    let frame = frame_of(&three_messages());
    let elsewhere =
        |epoch, ordinal, offset| FramePlace { segment_id: SegmentId::new(epoch, ordinal), offset };
    let mut places: Vec<_> = (0..4096).map(|eighth| elsewhere(7, 3, eighth * 8)).collect();
    places.extend((0..4096).map(|ordinal| elsewhere(7, ordinal, 4096)));
    places.extend((0..4096).map(|epoch| elsewhere(epoch, 3, 4096)));
    places.push(elsewhere(7, 3, 4096 + (1 << 32)));
    places.retain(|place| *place != PLACE);
    for place in places {
        let error = decode(&frame, place).unwrap_err();
        assert!(matches!(error, FrameError::HeaderChecksum { .. }), "{place:?}: {error}");
        let record = Bytes::copy_from_slice(&frame[64..]);
        let error = decode_record(&record, place.record_at(64));
        assert!(matches!(error, Err(RecordError::Checksum { .. })), "{place:?}");
        assert_eq!(naive_frame(&frame, place.segment_id, place.offset), None);
    }
}

#[test]
fn a_position_inside_a_record_is_refused() {
    let frame = decode(&frame_of(&three_messages()), PLACE).unwrap();
    let starts: Vec<u64> = frame.records().map(|view| view.offset().offset).collect();
    for inside in 0..frame.bytes().len() as u64 {
        let at = PLACE.record_at(inside);
        let is_record = decode_record(&frame.bytes().slice(inside as usize..), at).is_ok();
        assert_eq!(is_record, starts.contains(&at.offset), "{inside}");
    }
}

#[test]
fn records_of_another_frame_at_the_same_place_are_refused() {
    // A failed write left one frame there, the next write another one of the same shape, and a
    // crash kept the header of the second and the body of the first.
    let first = frame_of(&[Message::new("id", "first.")]);
    let second = frame_of(&[Message::new("id", "second")]);
    assert_eq!(first.len(), second.len());
    let mixed = [&second[..64], &first[64..]].concat();
    assert_eq!(decode(&mixed, PLACE), Err(FrameError::RecordsChecksum));
    assert_eq!(naive_frame(&mixed, PLACE.segment_id, PLACE.offset), None);
}

#[test]
fn zeros_and_garbage_are_told_apart() {
    assert_eq!(decode(&[0; 4096], PLACE), Err(FrameError::AllZero));
    let mut late = [0; 4096];
    late[63] = 1;
    assert_eq!(decode(&late, PLACE), Err(FrameError::BadMagic(0)));
    late[63] = 0;
    late[64] = 1;
    assert_eq!(decode(&late, PLACE), Err(FrameError::AllZero), "behind the header");
    assert!(matches!(decode(&[0xff; 64], PLACE), Err(FrameError::BadMagic(u32::MAX))));
}
