//! The same on files of the system.
// The test macro starts its own runtime.
#![allow(clippy::disallowed_methods)]

use super::samples::{HEADER, SEGMENT_ID};
use crate::error::StorageError;
use crate::io::OpenMode;
use crate::io::real::Real;
use crate::record::{FrameFields, encode_frame};
use crate::segment::{SegmentFile, SegmentWriter, segment_file_name};
use crate::types::{Message, SegmentId};

#[tokio::test]
async fn real_files_are_made_once() {
    let directory = tempfile::tempdir().unwrap();
    let world = Real::new();
    let mut writer = SegmentWriter::create(&world, directory.path(), HEADER).await.unwrap();
    let fields = |first_sequence| FrameFields { first_sequence, durable: 0, append_time_us: 0 };
    let mut frame = Vec::new();
    let messages = [Message::new("id", "payload")];
    encode_frame(&mut frame, writer.place(), fields(100), [messages.as_slice()]);
    writer.write_frame(&frame).await.unwrap();
    writer.seal(fields(101)).await.unwrap();
    let again = SegmentWriter::create(&world, directory.path(), HEADER).await.unwrap_err();
    assert!(matches!(again, StorageError::Io { .. }), "{again}");
    let path = directory.path().join(segment_file_name(SEGMENT_ID));
    assert!(again.to_string().contains(path.to_str().unwrap()), "{again}");
    let open = |id| SegmentFile::open(&world, directory.path(), id, OpenMode::Read);
    let segment = open(SEGMENT_ID).await.unwrap();
    assert_eq!(segment.read_header().await.unwrap(), HEADER);
    assert_eq!(segment.length_bytes().await.unwrap(), writer.place().offset);
    let none = open(SegmentId::new(9, 9)).await.unwrap_err();
    assert!(matches!(none, StorageError::NotFound { .. }), "{none}");
}
