//! The bytes themselves, pinned. A change here is a change of the format: it needs a new version
//! in `src/FORMAT.md`, never a new snapshot alone.

use bytes::Bytes;

use super::samples::{FIELDS, PLACE, frame_of, full_message, three_messages};
use crate::record::naive::naive_frame;
use crate::record::{Frame, FrameFlags, encode_mark};
use crate::types::{Message, ReadMessage};

/// Sixteen bytes a line behind their offset.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let line = |(index, line): (usize, &[u8])| {
        let bytes: Vec<String> = line.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{:04x}  {}\n", index * 16, bytes.join(" "))
    };
    bytes.chunks(16).enumerate().map(line).collect()
}

/// The bytes of a text that [`hex`] made.
fn unhex(text: &str) -> Vec<u8> {
    let bytes = text.lines().flat_map(|line| line.split_whitespace().skip(1));
    bytes.map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
}

fn assert_pinned(bytes: &[u8], snapshot: &str) {
    let now = hex(bytes);
    assert!(now == snapshot, "the format changed; now it is\n{now}end");
    let naive = naive_frame(bytes, PLACE.segment_id, PLACE.offset).unwrap();
    assert_eq!(naive.messages, read(snapshot));
}

fn read(snapshot: &str) -> Vec<ReadMessage> {
    let frame = Frame::decode(Bytes::from(unhex(snapshot)), PLACE).unwrap();
    frame.records().map(|view| view.to_message().unwrap()).collect()
}

#[test]
fn a_frame_of_one_record() {
    let snapshot = include_str!("../snapshots/frame_of_one.hex");
    assert_pinned(&frame_of(&[Message::new("order-42", "paid")]), snapshot);
    assert_eq!(read(snapshot)[0].payload, "paid");
}

#[test]
fn a_frame_of_three_records() {
    let snapshot = include_str!("../snapshots/frame_of_three.hex");
    assert_pinned(&frame_of(&three_messages()), snapshot);
    let messages = read(snapshot);
    assert_eq!(messages[0].id, "plain");
    assert_eq!((messages[1].timestamp_us, &messages[1].headers), (-5, &full_message().headers));
    assert_eq!(messages[2].payload, vec![b'a'; 80]);
}

#[test]
fn a_mark() {
    let snapshot = include_str!("../snapshots/mark.hex");
    let mut buffer = Vec::new();
    encode_mark(&mut buffer, PLACE, FIELDS, FrameFlags::NONE);
    assert_pinned(&buffer, snapshot);
    assert_eq!(read(snapshot), []);
}

#[test]
fn a_seal() {
    let snapshot = include_str!("../snapshots/seal.hex");
    let mut buffer = Vec::new();
    encode_mark(&mut buffer, PLACE, FIELDS, FrameFlags::SEAL);
    assert_pinned(&buffer, snapshot);
    assert_eq!(read(snapshot), []);
}
