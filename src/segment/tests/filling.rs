//! Zeros ahead of use.

use super::samples::{HEADER, segment_file};
use crate::record::{FrameFields, encode_frame};
use crate::segment::test_file::{TestFile, ready};
use crate::segment::{FillPolicy, SegmentWriter};
use crate::types::Message;

const POLICY: FillPolicy =
    FillPolicy { first_bytes: 8192, most_bytes: 65_536, segment_bytes_max: 1 << 20 };

fn begin(file: &TestFile) -> SegmentWriter<TestFile> {
    ready(SegmentWriter::begin(segment_file(file), HEADER)).unwrap()
}

fn frame(writer: &SegmentWriter<TestFile>, payload_bytes: usize) -> Vec<u8> {
    let fields = FrameFields { first_sequence: 0, durable: 0, append_time_us: 0 };
    let mut frame = Vec::new();
    let messages = [Message::new("id", vec![1; payload_bytes])];
    encode_frame(&mut frame, writer.place(), fields, [messages.as_slice()]);
    frame
}

#[test]
fn nothing_is_filled_unless_asked_for() {
    let mut writer = begin(&TestFile::default());
    assert!(writer.begin_fill().is_none());
}

#[test]
fn fills_start_small_grow_and_end() {
    let file = TestFile::default();
    let mut writer = begin(&file);
    writer.set_fill_policy(POLICY);
    let mut fills = Vec::new();
    while writer.place().offset < POLICY.segment_bytes_max + 10_000 {
        if let Some(job) = writer.begin_fill() {
            ready(job.run()).unwrap();
            fills.push(job.range());
            writer.end_fill(job);
        }
        let frame = frame(&writer, 1000);
        ready(writer.write_frame(&frame)).unwrap();
    }
    assert_eq!(fills[0], 4096..12_288);
    let lengths: Vec<u64> = fills.iter().map(|fill| fill.end - fill.start).collect();
    assert!(lengths[..lengths.len() - 1].is_sorted(), "{lengths:?}");
    assert_eq!(lengths.iter().max(), Some(&65_536));
    assert_eq!(fills.last().unwrap().end, POLICY.segment_bytes_max);
    assert!(fills.windows(2).all(|pair| pair[0].end == pair[1].start), "{fills:?}");
    assert!(fills.len() < 30, "{}", fills.len());
}

#[test]
fn a_frame_never_meets_a_fill_under_way() {
    let file = TestFile::default();
    let mut writer = begin(&file);
    writer.set_fill_policy(POLICY);
    let job = writer.begin_fill().unwrap();
    assert!(writer.begin_fill().is_none(), "one at a time");
    let small = frame(&writer, 1000);
    assert!(!writer.is_fill_in_the_way(small.len() as u64));
    ready(writer.write_frame(&small)).unwrap();
    let large = frame(&writer, 5000);
    assert!(writer.is_fill_in_the_way(large.len() as u64));
    ready(job.run()).unwrap();
    writer.end_fill(job);
    assert!(!writer.is_fill_in_the_way(large.len() as u64));
    ready(writer.write_frame(&large)).unwrap();
    let end = writer.place().offset as usize;
    assert_eq!(file.bytes()[64..end], [small, large].concat());
}

#[test]
#[should_panic(expected = "over the frame")]
fn a_frame_that_does_not_wait_is_refused() {
    let mut writer = begin(&TestFile::default());
    writer.set_fill_policy(POLICY);
    let _job = writer.begin_fill().unwrap();
    let large = frame(&writer, 5000);
    let _ = ready(writer.write_frame(&large));
}

#[test]
fn a_fill_begins_behind_what_was_written_past_the_last_one() {
    let mut writer = begin(&TestFile::default());
    writer.set_fill_policy(POLICY);
    let job = writer.begin_fill().unwrap();
    let filled_to = job.range().end;
    ready(job.run()).unwrap();
    writer.end_fill(job);
    let large = frame(&writer, 30_000);
    ready(writer.write_frame(&large)).unwrap();
    let job = writer.begin_fill().unwrap();
    assert!(job.range().start >= writer.place().offset && job.range().start > filled_to);
}
