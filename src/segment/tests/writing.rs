//! Appending to a segment.

use super::samples::{HEADER, segment_file};
use crate::error::StorageError;
use crate::record::{FrameError, FrameFields, encode_frame};
use crate::segment::test_file::{TestFile, ready};
use crate::segment::{FIRST_FRAME_OFFSET, FrameScanner, ScanStep, SegmentWriter};
use crate::types::{Message, Sequence};

fn fields(first_sequence: Sequence) -> FrameFields {
    FrameFields { first_sequence, durable: 0, append_time_us: 0 }
}

fn begin(file: &TestFile) -> SegmentWriter<TestFile> {
    ready(SegmentWriter::begin(segment_file(file), HEADER)).unwrap()
}

fn append(writer: &mut SegmentWriter<TestFile>, sequence: Sequence) -> Result<(), StorageError> {
    let mut frame = Vec::new();
    let message = Message::new(format!("id-{sequence}"), vec![b'x'; 200]);
    encode_frame(&mut frame, writer.place(), fields(sequence), [[message].as_slice()]);
    ready(writer.write_frame(&frame))
}

fn scan(file: &TestFile) -> (Vec<Sequence>, u64, FrameError) {
    let mut scanner = FrameScanner::new(segment_file(file), FIRST_FRAME_OFFSET, 4096);
    let mut sequences = Vec::new();
    loop {
        match ready(scanner.next()).unwrap() {
            ScanStep::Frame(frame) => {
                sequences.extend(frame.records().map(|view| view.sequence()));
            }
            ScanStep::End { offset, reason } => return (sequences, offset, reason),
        }
    }
}

#[test]
fn what_is_written_is_scanned() {
    let file = TestFile::default();
    let mut writer = begin(&file);
    assert_eq!((file.sync_count(), file.bytes().len()), (1, 64));
    assert_eq!(*writer.header(), HEADER);
    for sequence in 100..110 {
        append(&mut writer, sequence).unwrap();
    }
    ready(writer.sync()).unwrap();
    assert_eq!(file.sync_count(), 2);
    assert_eq!(ready(writer.segment().read_header()).unwrap(), HEADER);
    let (sequences, offset, _) = scan(&file);
    assert_eq!(sequences, (100..110).collect::<Vec<_>>());
    assert_eq!(offset, writer.place().offset);
}

#[test]
fn a_torn_write_is_written_over() {
    let frame_bytes = 64 + 248;
    for kept_bytes in (0..frame_bytes).step_by(8) {
        let file = TestFile::default();
        let mut writer = begin(&file);
        append(&mut writer, 100).unwrap();
        let place = writer.place();
        file.tear_next_write(kept_bytes);
        assert!(matches!(append(&mut writer, 101), Err(StorageError::Io { .. })));
        assert_eq!(writer.place(), place, "the next frame goes there");
        let (sequences, offset, _) = scan(&file);
        assert_eq!((sequences, offset), (vec![100], place.offset), "{kept_bytes}");
        append(&mut writer, 101).unwrap();
        assert_eq!(scan(&file).0, [100, 101]);
    }
}

#[test]
fn a_seal_ends_the_segment() {
    let file = TestFile::default();
    let mut writer = begin(&file);
    append(&mut writer, 100).unwrap();
    file.change(|bytes| bytes.resize(100_000, 0));
    ready(writer.seal(fields(101))).unwrap();
    assert_eq!(file.bytes().len() as u64, writer.place().offset, "the zeros are given back");
    assert_eq!(file.sync_count(), 2);
    let mut scanner = FrameScanner::new(segment_file(&file), FIRST_FRAME_OFFSET, 4096);
    ready(scanner.next()).unwrap();
    let ScanStep::Frame(seal) = ready(scanner.next()).unwrap() else { panic!() };
    assert!(seal.header().flags.is_seal());
    assert_eq!(seal.header().next_sequence(), 101);
}

#[test]
#[should_panic(expected = "behind a seal")]
fn nothing_is_written_behind_a_seal() {
    let mut writer = begin(&TestFile::default());
    ready(writer.seal(fields(100))).unwrap();
    let _ = append(&mut writer, 100);
}

#[test]
fn a_failed_sync_poisons() {
    let file = TestFile::default();
    let mut writer = begin(&file);
    append(&mut writer, 100).unwrap();
    file.fail_syncs();
    let error = ready(writer.sync()).unwrap_err();
    assert!(matches!(error, StorageError::Poisoned { .. }), "{error}");
    let error = ready(writer.seal(fields(101))).unwrap_err();
    assert!(matches!(error, StorageError::Poisoned { .. }), "{error}");
    let error = ready(SegmentWriter::begin(segment_file(&file), HEADER)).unwrap_err();
    assert!(matches!(error, StorageError::Poisoned { .. }), "{error}");
}
