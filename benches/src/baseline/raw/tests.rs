use std::os::unix::fs::FileExt;

use super::RawLog;
use crate::messages::{batches, messages};
use crate::workload::Durability;

fn written(ack: Durability) -> RawLog {
    let parent = tempfile::tempdir().unwrap();
    let mut raw = RawLog::create(parent.path()).unwrap();
    for batch in batches(&messages(1, 5_000, 25, 100), 7) {
        raw.append(&batch, ack).unwrap();
    }
    raw.settle().unwrap();
    raw
}

#[test]
fn what_was_written_is_read_and_a_flipped_bit_is_noticed() {
    for ack in [Durability::Buffered, Durability::Flushed] {
        let raw = written(ack);
        assert_eq!(raw.read_all().unwrap(), 5_000);
        let at = raw.length_bytes() / 2;
        let mut byte = [0];
        raw.file.read_exact_at(&mut byte, at).unwrap();
        raw.file.write_all_at(&[byte[0] ^ 1], at).unwrap();
        assert!(raw.read_all().unwrap_err().to_string().contains("checksum"));
        raw.file.write_all_at(&byte, at).unwrap();
        raw.file.set_len(raw.length_bytes() - 1).unwrap();
        assert!(raw.read_all().is_err());
    }
}

#[test]
fn as_many_bytes_are_written_as_the_engine_writes() {
    let messages = messages(1, 5_000, 25, 100);
    let mut frame = Vec::new();
    let place = duolog::record::FramePlace {
        segment_id: duolog::types::SegmentId::new(1, 0),
        offset: duolog::segment::FIRST_FRAME_OFFSET,
    };
    let fields = duolog::record::FrameFields { first_sequence: 0, durable: 0, append_time_us: 0 };
    let mut engine_bytes = 0;
    for batch in batches(&messages, 7) {
        duolog::record::encode_frame(&mut frame, place, fields, [&batch[..]]);
        engine_bytes += frame.len() as u64;
    }
    assert_eq!(written(Durability::Flushed).length_bytes(), engine_bytes);
}
