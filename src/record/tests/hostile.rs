//! Bytes whose checksums are right and whose fields are not: from a newer build, a faulty one,
//! or an enemy. Nothing panics, no memory is taken for lengths that cannot be, and the oracle
//! agrees on what is valid.

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;

use super::samples::{
    FIELDS, PLACE, any_message, compressible_message, frame_of, full_message, three_messages,
};
use crate::record::decode::is_utf8;
use crate::record::naive::{naive_crc, naive_frame, naive_seed};
use crate::record::{Frame, FrameError, FrameFlags, ReadMessages, RecordError, encode_mark};

fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    bytes[at..at + value.len()].copy_from_slice(value);
}

/// Makes all checksums of a frame right again that has its records where `starts` says.
fn mend(frame: &mut [u8], starts: &[usize]) {
    let mut crcs = Vec::new();
    for start in starts {
        let length = u32::from_le_bytes(frame[start + 4..start + 8].try_into().unwrap()) as usize;
        let end = frame.len().min(start.saturating_add(length)).max(start + 4);
        let seed = naive_seed(PLACE.segment_id, PLACE.offset + *start as u64);
        let crc = naive_crc(seed, &frame[start + 4..end]).to_le_bytes();
        put(frame, *start, &crc);
        crcs.extend_from_slice(&crc);
    }
    put(frame, 48, &naive_crc(0, &crcs).to_le_bytes());
    mend_header(frame);
}

fn mend_header(frame: &mut [u8]) {
    let crc = naive_crc(naive_seed(PLACE.segment_id, PLACE.offset), &frame[8..64]);
    put(frame, 4, &crc.to_le_bytes());
}

fn starts_of(frame: &[u8]) -> Vec<usize> {
    let frame = Frame::decode(Bytes::copy_from_slice(frame), PLACE).unwrap();
    frame.records().map(|view| (view.offset().offset - PLACE.offset) as usize).collect()
}

/// The decoder's verdict; the oracle must share it.
fn judge(bytes: &[u8]) -> Option<FrameError> {
    let naive = naive_frame(bytes, PLACE.segment_id, PLACE.offset);
    match Frame::decode(Bytes::copy_from_slice(bytes), PLACE) {
        Err(error) => {
            assert_eq!(naive, None, "{error}");
            Some(error)
        }
        Ok(frame) => {
            let read: Result<Vec<_>, _> = frame.records().map(|view| view.to_message()).collect();
            // A block that does not decompress is found when it is read, not before.
            let mut messages = ReadMessages::default();
            let first = frame.first_record();
            let all = messages.add(frame, first, usize::MAX);
            assert_eq!(all.map(|_| messages.into_vec()).ok().as_ref(), read.as_ref().ok());
            assert_eq!(naive.map(|naive| naive.messages), read.ok());
            None
        }
    }
}

fn with_header(at: usize, value: &[u8]) -> Option<FrameError> {
    let mut frame = frame_of(&three_messages());
    put(&mut frame, at, value);
    mend_header(&mut frame);
    judge(&frame)
}

fn with_record(at: usize, value: &[u8]) -> Option<RecordError> {
    let mut frame = frame_of(&[full_message()]);
    put(&mut frame, 64 + at, value);
    mend(&mut frame, &[64]);
    match judge(&frame)? {
        FrameError::Record { index: 0, why } => Some(why),
        other => panic!("{other}"),
    }
}

#[test]
fn frame_headers_that_contradict_themselves() {
    let fields = |error| matches!(error, Some(FrameError::Fields(_)));
    assert_eq!(with_header(20, &[2, 0, 0, 0]), Some(FrameError::UnknownFlags(2)));
    assert_eq!(with_header(63, &[1]), Some(FrameError::Reserved));
    let mismatch = FrameError::EpochMismatch { found: 8, expected: 7 };
    assert_eq!(with_header(16, &[8, 0, 0, 0]), Some(mismatch));
    assert!(fields(with_header(20, &[1, 0, 0, 0])), "a seal with records");
    assert!(fields(with_header(12, &[0, 0, 0, 0])), "a mark with a body");
    assert!(fields(with_header(12, &[0xff; 4])), "more records than fit");
    assert!(fields(with_header(8, &[0xff; 4])), "a body beyond the largest");
    assert!(fields(with_header(32, &[0xff; 8])), "durable before written");
    assert!(fields(with_header(24, &[0xff; 8])), "sequences beyond the largest");
    let truncated = |error| matches!(error, Some(FrameError::Truncated { .. }));
    assert!(truncated(with_header(8, &[0, 0, 1, 0])));
    assert!(matches!(with_header(12, &[2]), Some(FrameError::BodyLength { .. })));
    let fourth = with_header(12, &[4]);
    assert!(matches!(fourth, Some(FrameError::Record { index: 3, .. })), "{fourth:?}");
    assert!(fields(with_header(24, &[0; 8])), "durable above the first sequence");
}

#[test]
fn sequences_that_are_not_dense() {
    let mut frame = frame_of(&three_messages());
    let starts = starts_of(&frame);
    put(&mut frame, starts[1] + 16, &1002_u64.to_le_bytes());
    mend(&mut frame, &starts);
    let why = RecordError::Sequence { found: 1002, expected: 1001 };
    assert_eq!(judge(&frame), Some(FrameError::Record { index: 1, why }));
}

#[test]
fn records_that_contradict_themselves() {
    let fields = |error| matches!(error, Some(RecordError::Fields(_)));
    assert_eq!(with_record(30, &[5, 0]), Some(RecordError::UnknownFlags(4)));
    assert_eq!(with_record(4, &[40, 0, 0, 0]), Some(RecordError::Length(40)));
    assert_eq!(with_record(4, &[0xff; 4]), Some(RecordError::Length(u32::MAX)));
    let truncated = with_record(4, &[0, 0, 0, 4]);
    assert!(matches!(truncated, Some(RecordError::Truncated { .. })), "{truncated:?}");
    assert!(fields(with_record(24, &[0, 0])), "no id");
    assert!(fields(with_record(24, &[1, 4])), "an id of 1025 bytes");
    assert!(fields(with_record(26, &[0xff; 2])), "a key beyond the end");
    assert!(fields(with_record(30, &[0, 0])), "a key without its flag");
    assert!(fields(with_record(28, &[1, 0])), "headers that leave bytes over");
    assert!(fields(with_record(28, &[3, 0])), "more headers than there are");
    assert!(fields(with_record(36, &[0xff; 4])), "headers beyond the end");
    assert!(fields(with_record(40, &[0xff])), "an id that is no UTF-8");
    assert!(fields(with_record(40 + 8 + 8 + 6, &[0xff])), "a header name that is no UTF-8");
    assert!(fields(with_record(30, &[3, 0])), "a payload too short for its LZ4 length");
}

#[test]
fn payloads_that_do_not_decompress() {
    let original = 40 + "zipped".len();
    let damaged = |at: usize, value: &[u8]| {
        let mut frame = frame_of(&[compressible_message()]);
        put(&mut frame, 64 + at, value);
        mend(&mut frame, &[64]);
        let error = judge(&frame);
        let frame = Frame::decode(Bytes::from(frame), PLACE);
        (error, frame.map(|frame| frame.records().next().unwrap().payload()))
    };
    let (error, payload) = damaged(original, &81_u32.to_le_bytes());
    assert_eq!((error, payload), (None, Ok(Err(RecordError::Payload(81)))), "longer than it is");
    let (error, payload) = damaged(original, &79_u32.to_le_bytes());
    assert_eq!((error, payload), (None, Ok(Err(RecordError::Payload(79)))), "shorter than it is");
    let (error, _) = damaged(original, &(64_u32 << 20).to_le_bytes());
    assert!(matches!(error, Some(FrameError::Record { .. })), "beyond any growth: {error:?}");
}

#[test]
fn padding_that_is_not_zero() {
    let mut frame = frame_of(&three_messages());
    *frame.last_mut().unwrap() = 1;
    assert_eq!(judge(&frame), Some(FrameError::Padding));
}

#[test]
fn a_newer_frame_is_told_from_a_torn_one() {
    assert!(with_header(20, &[2, 0, 0, 0]).unwrap().is_newer());
    assert!(with_header(60, &[2, 0, 0, 0]).unwrap().is_newer());
    let why = with_record(30, &[5, 0]).unwrap();
    assert!(FrameError::Record { index: 0, why }.is_newer());
    assert!(!FrameError::AllZero.is_newer());
    assert!(!with_header(16, &[8, 0, 0, 0]).unwrap().is_newer());
}

proptest! {
    #[test]
    fn both_decoders_agree_on_hostile_bytes(
        messages in vec(any_message(), 0..4),
        changes in vec((0.0..1.0_f64, any::<u8>(), any::<bool>()), 1..4),
    ) {
        let mut frame = Vec::new();
        encode_mark(&mut frame, PLACE, FIELDS, FrameFlags::NONE);
        let mut starts = Vec::new();
        if !messages.is_empty() {
            frame = frame_of(&messages);
            starts = starts_of(&frame);
        }
        for (fraction, value, is_fixed_part) in changes {
            // Half of the changes hit a fixed part, where the fields are.
            let (from, length) = match starts.last() {
                Some(start) if is_fixed_part => (*start, 40),
                _ => (0, frame.len()),
            };
            frame[from + (length as f64 * fraction) as usize] = value;
        }
        mend(&mut frame, &starts);
        judge(&frame);
    }

    #[test]
    fn noise_is_refused(bytes in vec(any::<u8>(), 0..300), magic in any::<bool>()) {
        let mut bytes = bytes;
        if magic && bytes.len() >= 64 {
            put(&mut bytes, 0, b"DLF1");
            mend_header(&mut bytes);
        }
        judge(&bytes);
    }
}

proptest! {
    #[test]
    fn ids_are_utf8_where_the_standard_library_says_so(
        id in prop_oneof![
            vec(any::<u8>(), 0..40),
            "[a-z]{0,30}é?[a-z]{0,9}".prop_map(String::into_bytes),
        ],
    ) {
        prop_assert_eq!(is_utf8(&id), std::str::from_utf8(&id).is_ok());
        let end = id.len().saturating_sub(1);
        prop_assert_eq!(is_utf8(&id[..end]), std::str::from_utf8(&id[..end]).is_ok());
    }
}
