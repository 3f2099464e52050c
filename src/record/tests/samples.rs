//! Messages and places that the tests share.

use bytes::Bytes;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::record::{FrameFields, FramePlace, encode_frame};
use crate::types::{Compression, Header, Message, SegmentId};

pub(super) const SEGMENT_ID: SegmentId = SegmentId::new(7, 3);
pub(super) const PLACE: FramePlace = FramePlace { segment_id: SEGMENT_ID, offset: 4096 };
pub(super) const FIELDS: FrameFields =
    FrameFields { first_sequence: 1000, durable: 990, append_time_us: 1_700_000_000_000_000 };

/// One message that uses everything a message can have.
pub(super) fn full_message() -> Message {
    Message {
        id: "order-42".to_owned(),
        timestamp_us: Some(-5),
        key: Some(Bytes::from_static(b"customer")),
        headers: vec![
            Header { name: "trace".to_owned(), value: Bytes::from_static(b"\x00\xff") },
            Header { name: "trace".to_owned(), value: Bytes::new() },
        ],
        payload: Bytes::from_static(b"paid"),
        attributes: 0x8000_0001,
        compression: Compression::None,
    }
}

/// A message whose payload LZ4 makes smaller.
pub(super) fn compressible_message() -> Message {
    Message { compression: Compression::Lz4, ..Message::new("zipped", vec![b'a'; 80]) }
}

/// Three messages: plain, full, compressed.
pub(super) fn three_messages() -> Vec<Message> {
    vec![Message::new("plain", "hello"), full_message(), compressible_message()]
}

pub(super) fn frame_of(messages: &[Message]) -> Vec<u8> {
    let mut buffer = Vec::new();
    encode_frame(&mut buffer, PLACE, FIELDS, [messages]);
    buffer
}

pub(super) fn any_message() -> impl Strategy<Value = Message> {
    let payload = prop_oneof![
        vec(any::<u8>(), 0..200),
        (any::<u8>(), 0..3000_usize).prop_map(|(byte, count)| vec![byte; count]),
        (vec(any::<u8>(), 1..30), 0..60_usize).prop_map(|(part, count)| part.repeat(count)),
    ];
    let header = ("\\PC{0,8}", vec(any::<u8>(), 0..20))
        .prop_map(|(name, value)| Header { name, value: value.into() });
    let compression = prop_oneof![Just(Compression::None), Just(Compression::Lz4)];
    (
        "\\PC{1,20}",
        option::of(any::<i64>()),
        option::of(vec(any::<u8>(), 0..20)),
        vec(header, 0..4),
        payload,
        any::<u32>(),
        compression,
    )
        .prop_map(|(id, timestamp_us, key, headers, payload, attributes, compression)| {
            Message {
                id,
                timestamp_us,
                key: key.map(Bytes::from),
                headers,
                payload: payload.into(),
                attributes,
                compression,
            }
        })
}

pub(super) fn any_place() -> impl Strategy<Value = FramePlace> {
    (1..u32::MAX, any::<u32>(), 0..1_u64 << 40).prop_map(|(epoch, ordinal, eighths)| FramePlace {
        segment_id: SegmentId::new(epoch, ordinal),
        offset: eighths * 8,
    })
}
