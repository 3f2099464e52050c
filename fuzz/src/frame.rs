//! Frames and records.

use bytes::Bytes;
use duolog::record::{
    Frame, FrameError, FrameFields, FramePlace, decode_record, encode_frame, encode_mark,
};
use duolog::types::{Compression, Header, Message, SegmentId};

use crate::{Input, seal};

/// Where all inputs are said to lie.
pub const PLACE: FramePlace = FramePlace { segment_id: SegmentId::new(7, 3), offset: 4096 };

/// Of the bits of an input's first byte: checksums are made right.
const SEALED: u8 = 1;

const AT_RECORD_FLAGS: usize = 30;
const RECORD_FLAG_LZ4: u8 = 2;

/// The first byte says whether checksums are made right; the rest are the bytes of a frame, and
/// what follows it.
pub fn run(input: &[u8]) {
    check(input, Frame::decode);
}

/// Holds `decode` to this: what it accepts are the very bytes that lie there, each record can be
/// read on its own, and encoding what was decoded gives the same bytes. What it calls truncated
/// is shorter than it needs.
///
/// # Panics
/// Where it is not so.
pub fn check(input: &[u8], decode: impl Fn(Bytes, FramePlace) -> Result<Frame, FrameError>) {
    let mut input = Input(input);
    let is_sealed = input.byte() & SEALED != 0;
    let mut bytes = input.0.to_vec();
    if is_sealed {
        seal::frame(&mut bytes, PLACE);
    }
    let bytes = Bytes::from(bytes);
    let frame = match decode(bytes.clone(), PLACE) {
        Ok(frame) => frame,
        Err(FrameError::Truncated { need_bytes, have_bytes }) => {
            assert!(need_bytes > have_bytes, "truncated at {have_bytes} of {need_bytes}");
            return;
        }
        Err(_) => return,
    };
    let taken = frame.bytes();
    assert_eq!(taken[..], bytes[..taken.len()], "the frame is not what lies there");
    let Some(messages) = messages_of(&frame) else { return };
    let header = frame.header();
    let fields = FrameFields {
        first_sequence: header.first_sequence,
        durable: header.durable,
        append_time_us: header.append_time_us,
    };
    let mut encoded = Vec::new();
    if messages.is_empty() {
        encode_mark(&mut encoded, PLACE, fields, header.flags);
    } else {
        encode_frame(&mut encoded, PLACE, fields, [&messages[..]]);
    }
    assert_eq!(encoded[..], taken[..], "encoded again, the frame is another one");
}

/// The messages of a frame; `None` where one is compressed, which an encoder may do otherwise.
fn messages_of(frame: &Frame) -> Option<Vec<Message>> {
    let mut messages = Vec::new();
    let mut is_compressed = false;
    for record in frame.records() {
        let start = (record.offset().offset - PLACE.offset) as usize;
        let alone = frame.bytes().slice(start..);
        let found = decode_record(&alone, record.offset()).expect("a record of a whole frame");
        assert_eq!((found.sequence(), found.id()), (record.sequence(), record.id()));
        is_compressed |= alone[AT_RECORD_FLAGS] & RECORD_FLAG_LZ4 != 0;
        // A payload that does not decompress is an error of its reader.
        let Ok(message) = record.to_message() else { continue };
        messages.push(Message {
            id: message.id.into(),
            timestamp_us: Some(message.timestamp_us),
            key: message.key,
            headers: message.headers,
            payload: message.payload,
            attributes: message.attributes,
            compression: Compression::None,
        });
    }
    (!is_compressed).then_some(messages)
}

/// Messages that use all that a message can have.
pub fn messages() -> Vec<Message> {
    let full = Message {
        id: "order-42".to_owned(),
        timestamp_us: Some(-5),
        key: Some(Bytes::from_static(b"customer")),
        headers: vec![
            Header { name: "trace".to_owned(), value: Bytes::from_static(b"\x00\xff") },
            Header { name: String::new(), value: Bytes::new() },
        ],
        payload: Bytes::from_static(b"paid"),
        attributes: 0x8000_0001,
        compression: Compression::None,
    };
    let zipped =
        Message { compression: Compression::Lz4, ..Message::new("zipped", vec![b'a'; 80]) };
    vec![Message::new("plain", "hello"), full, zipped]
}

/// The bytes of a frame of `messages` at `place`; a mark where there are none.
pub fn encoded(messages: &[Message], place: FramePlace, first_sequence: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    let fields = FrameFields { first_sequence, durable: first_sequence / 2, append_time_us: 1 };
    if messages.is_empty() {
        encode_mark(&mut bytes, place, fields, duolog::record::FrameFlags::SEAL);
    } else {
        encode_frame(&mut bytes, place, fields, [messages]);
    }
    bytes
}

/// Frames as they are written, as they are and to be sealed after a mutation.
pub fn seeds() -> Vec<Vec<u8>> {
    let messages = messages();
    let frames = [&messages[..1], &messages[..2], &messages[..], &[]];
    let seed = |how: u8| {
        move |messages: &&[Message]| [&[how][..], &encoded(messages, PLACE, 1000)].concat()
    };
    frames.iter().map(seed(0)).chain(frames.iter().map(seed(SEALED))).collect()
}

#[cfg(test)]
mod tests;
