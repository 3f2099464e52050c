//! Segments that the tests share.

use crate::record::{FrameFields, FrameFlags, FramePlace, RecordPlace, encode_frame, encode_mark};
use crate::segment::test_file::TestFile;
use crate::segment::{FIRST_FRAME_OFFSET, SegmentFile, SegmentHeader};
use crate::types::{Message, SegmentId};

pub(super) const SEGMENT_ID: SegmentId = SegmentId::new(7, 3);

pub(super) const HEADER: SegmentHeader = SegmentHeader {
    segment_id: SEGMENT_ID,
    base_sequence: 100,
    topic_id: 0x0011_2233_4455_6677_8899_aabb_ccdd_eeff,
    partition: 5,
    created_us: 1_700_000_000_000_000,
};

/// What a test knows of a frame that it wrote.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub(super) offset: u64,
    pub(super) end_offset: u64,
    pub(super) first_sequence: u64,
    pub(super) records: Vec<RecordPlace>,
}

/// Builds the bytes of a segment, frame by frame.
pub(super) struct SegmentBytes {
    pub(super) bytes: Vec<u8>,
    pub(super) frames: Vec<Written>,
    next_sequence: u64,
}

impl SegmentBytes {
    pub(super) fn new() -> Self {
        let next_sequence = HEADER.base_sequence;
        Self { bytes: HEADER.encode().to_vec(), frames: Vec::new(), next_sequence }
    }

    /// A segment of frames with these payload lengths each, every one durable up to the one
    /// before the last.
    pub(super) fn of(frames: &[&[usize]]) -> Self {
        let mut segment = Self::new();
        for payloads in frames {
            let before = segment.frames.last().map(|frame| frame.first_sequence);
            segment.add(payloads, before.unwrap_or(0));
        }
        segment
    }

    pub(super) fn add(&mut self, payloads: &[usize], durable: u64) -> &mut Self {
        let offset = self.bytes.len() as u64;
        let place = FramePlace { segment_id: SEGMENT_ID, offset };
        let first_sequence = self.next_sequence;
        let fields = FrameFields { first_sequence, durable, append_time_us: 1 };
        let message = |(index, bytes): (usize, &usize)| {
            let payload = vec![b'a' + (index % 26) as u8; *bytes];
            Message::new(format!("id-{}", first_sequence + index as u64), payload)
        };
        let messages: Vec<Message> = payloads.iter().enumerate().map(message).collect();
        let mut buffer = Vec::new();
        let records = match messages.is_empty() {
            true => {
                encode_mark(&mut buffer, place, fields, FrameFlags::NONE);
                Vec::new()
            }
            false => encode_frame(&mut buffer, place, fields, [messages.as_slice()]),
        };
        self.bytes.extend_from_slice(&buffer);
        self.next_sequence += records.len() as u64;
        let end_offset = self.bytes.len() as u64;
        self.frames.push(Written { offset, end_offset, first_sequence, records });
        self
    }

    pub(super) fn end_offset(&self) -> u64 {
        self.frames.last().map_or(FIRST_FRAME_OFFSET, |frame| frame.end_offset)
    }

    pub(super) fn file(&self) -> (SegmentFile<TestFile>, TestFile) {
        let file = TestFile::of(self.bytes.clone());
        (segment_file(&file), file)
    }
}

pub(super) fn segment_file(file: &TestFile) -> SegmentFile<TestFile> {
    SegmentFile::new(file.clone(), std::path::Path::new("segment.seg"), SEGMENT_ID)
}
