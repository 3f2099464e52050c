//! What was encoded comes back, and both decoders agree on it.

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;

use super::samples::{
    FIELDS, PLACE, any_message, any_place, compressible_message, frame_of, three_messages,
};
use crate::record::naive::naive_frame;
use crate::record::{
    Frame, FrameEncoder, FrameFields, FrameFlags, FramePlace, ReadMessages, Record, RecordPlace,
    decode_record, encode_frame, encode_mark, encoded_length_bytes, validate,
};
use crate::types::{Compression, MESSAGE_BYTES_MAX, Message, ReadMessage};

fn assert_same(read: &ReadMessage, written: &Message, fields: &FrameFields, index: u64) {
    assert_eq!(read.sequence, fields.first_sequence + index);
    assert_eq!(read.id, written.id);
    assert_eq!(read.timestamp_us, written.timestamp_us.unwrap_or(fields.append_time_us));
    assert_eq!(read.key, written.key);
    assert_eq!(read.headers, written.headers);
    assert_eq!(read.payload, written.payload);
    assert_eq!(read.attributes, written.attributes);
}

fn assert_place(frame: &Frame, place: &RecordPlace, read: &ReadMessage) {
    let at = frame.place().record_at(u64::from(place.offset_in_frame));
    assert_eq!(read.offset, at);
    assert_eq!(read.epoch, at.segment_id.epoch());
    assert_eq!(read.timestamp_us, place.timestamp_us);
    let alone = frame.bytes().slice(place.offset_in_frame as usize..);
    let record = Record::decode(&alone, at).unwrap();
    assert_eq!(record.view().length_bytes(), place.length_bytes);
    assert_eq!(&record.view().to_message().unwrap(), read);
    assert_eq!(record.view().crc32c(), decode_record(&alone, at).unwrap().crc32c());
    let meta = record.view().to_meta();
    assert_eq!((meta.msg_id, meta.sequence, meta.offset), (read.id.to_string(), read.sequence, at));
    assert_eq!((meta.length_bytes, meta.timestamp_us), (place.length_bytes, read.timestamp_us));
}

/// Takes the messages of `frame` as two reads do, the first one `count` at most.
fn assert_taken(frame: &Frame, count: usize, all: &[ReadMessage]) {
    let mut first = ReadMessages::default();
    let rest = first.add(frame.clone(), frame.first_record(), count).unwrap();
    assert_eq!(first.len(), count.min(all.len()));
    assert_eq!(rest.is_some(), count < all.len());
    assert_all(&first, &all[..first.len()]);
    let mut both = first.clone();
    if let Some((frame, middle)) = rest {
        assert!(both.add(frame, middle, usize::MAX).unwrap().is_none());
    }
    assert_all(&both, all);
}

/// In every way to look at them.
fn assert_all(read: &ReadMessages, all: &[ReadMessage]) {
    assert_eq!((read.len(), read.is_empty()), (all.len(), all.is_empty()));
    assert_eq!(read.iter().len(), all.len());
    assert_eq!(read.clone().into_vec(), all);
    assert_eq!(read.clone().into_iter().collect::<Vec<_>>(), all);
    assert_eq!(read.iter().map(|view| view.to_message()).collect::<Vec<_>>(), all);
    assert_eq!(read.first().map(|view| view.to_message()).as_ref(), all.first());
    assert_eq!(read.last().map(|view| view.to_message()).as_ref(), all.last());
    for (view, message) in read.iter().zip(all) {
        assert_eq!((view.sequence(), view.epoch()), (message.sequence, message.epoch));
        assert_eq!((view.offset(), view.id()), (message.offset, message.id.as_str()));
        assert_eq!(view.timestamp_us(), message.timestamp_us);
        assert_eq!(view.attributes(), message.attributes);
        assert_eq!((view.key(), view.payload()), (message.key.as_deref(), &message.payload[..]));
        let headers = message.headers.iter().map(|it| (it.name.as_str(), it.value.as_ref()));
        assert!(view.headers().eq(headers));
    }
}

proptest! {
    #[test]
    fn frames_come_back(
        batches in vec(vec(any_message(), 1..5), 1..4),
        place in any_place(),
        first_sequence in 0..u64::MAX / 2,
        unproven in 0..10_u64,
        append_time_us in any::<i64>(),
        old in vec(any::<u8>(), 0..100),
        behind in vec(any::<u8>(), 0..30),
    ) {
        let durable = first_sequence.saturating_sub(unproven);
        let fields = FrameFields { first_sequence, durable, append_time_us };
        let mut buffer = old;
        let places =
            encode_frame(&mut buffer, place, fields, batches.iter().map(Vec::as_slice));
        let messages: Vec<&Message> = batches.iter().flatten().collect();
        prop_assert_eq!(places.len(), messages.len());
        let frame_bytes = buffer.len() as u64;
        prop_assert_eq!(frame_bytes % 8, 0);
        buffer.extend_from_slice(&behind);
        let frame = Frame::decode(Bytes::from(buffer.clone()), place).unwrap();
        let naive = naive_frame(&buffer, place.segment_id, place.offset).unwrap();
        prop_assert_eq!(frame.end_offset(), place.offset + frame_bytes);
        prop_assert_eq!(naive.length_bytes, frame_bytes);
        prop_assert_eq!((naive.durable, naive.append_time_us), (durable, append_time_us));
        prop_assert_eq!((frame.header().durable, naive.is_seal), (durable, false));
        prop_assert_eq!(frame.header().append_time_us, append_time_us);
        prop_assert_eq!(frame.header().next_sequence(), first_sequence + messages.len() as u64);
        let read: Vec<_> = frame.records().map(|view| view.to_message().unwrap()).collect();
        prop_assert_eq!(&read, &naive.messages);
        // In parts, as calls take them.
        assert_taken(&frame, 2, &read);
        for (index, message) in messages.iter().enumerate() {
            assert_same(&read[index], message, &fields, index as u64);
            assert_place(&frame, &places[index], &read[index]);
            prop_assert!(u64::from(places[index].length_bytes) <= encoded_length_bytes(message));
            validate(message, MESSAGE_BYTES_MAX).unwrap();
        }
    }

    #[test]
    fn plain_messages_come_back(
        drawn in vec(("[a-z]{1,39}", vec(any::<u8>(), 30..60), any::<u32>()), 1..9),
        taken in 0..9_usize,
    ) {
        let plain = |(id, payload, attributes)| {
            Message { attributes, ..Message::new(id, Bytes::from(payload)) }
        };
        let messages: Vec<Message> = drawn.into_iter().map(plain).collect();
        let frame = Frame::decode(Bytes::from(frame_of(&messages)), PLACE).unwrap();
        let read: Vec<_> = frame.records().map(|view| view.to_message().unwrap()).collect();
        assert_taken(&frame, taken.max(1), &read);
        for (index, message) in messages.iter().enumerate() {
            assert_same(&read[index], message, &FIELDS, index as u64);
        }
    }

    #[test]
    fn marks_come_back(
        place in any_place(),
        first_sequence in any::<u64>(),
        is_seal in any::<bool>(),
    ) {
        let fields = FrameFields { first_sequence, durable: first_sequence, append_time_us: -1 };
        let flags = if is_seal { FrameFlags::SEAL } else { FrameFlags::NONE };
        let mut buffer = vec![0xee; 100];
        encode_mark(&mut buffer, place, fields, flags);
        let frame = Frame::decode(Bytes::from(buffer.clone()), place).unwrap();
        let naive = naive_frame(&buffer, place.segment_id, place.offset).unwrap();
        prop_assert!(frame.header().is_mark() && naive.messages.is_empty());
        prop_assert_eq!((frame.header().flags.is_seal(), naive.is_seal), (is_seal, is_seal));
        prop_assert_eq!(frame.header().next_sequence(), first_sequence);
        prop_assert_eq!(frame.end_offset(), place.offset + 64);
        prop_assert_eq!(frame.records().count(), 0);
    }
}

#[test]
fn payloads_share_the_block() {
    let block = Bytes::from(frame_of(&three_messages()));
    let range = block.as_ptr_range();
    let frame = Frame::decode(block.clone(), PLACE).unwrap();
    let read: Vec<_> = frame.records().map(|view| view.to_message().unwrap()).collect();
    assert!(range.contains(&read[0].payload.as_ptr()));
    assert!(range.contains(&read[1].key.as_ref().unwrap().as_ptr()));
    assert!(range.contains(&read[1].headers[0].value.as_ptr()));
    assert!(!range.contains(&read[2].payload.as_ptr()), "this one was decompressed");
}

#[test]
fn a_record_does_not_depend_on_those_before_it() {
    let large = Message { payload: vec![b'b'; 100_000].into(), ..compressible_message() };
    let alone = frame_of(&[compressible_message()]);
    let mut buffer = Vec::new();
    let mut encoder = FrameEncoder::begin(&mut buffer, PLACE, FIELDS);
    let places = [encoder.add(&large), encoder.add(&compressible_message())];
    encoder.finish();
    let (start, length) = (places[1].offset_in_frame as usize, places[1].length_bytes as usize);
    // Behind checksum, length, timestamp and sequence the same message gives the same bytes.
    assert_eq!(buffer[start + 24..start + length], alone[64 + 24..64 + length]);
}

#[test]
fn compression_is_used_only_where_it_is_smaller() {
    for payload_bytes in 0..40 {
        let payload: Vec<u8> = (0..payload_bytes).map(|index: u8| index.wrapping_mul(37)).collect();
        let plain = Message::new("x", payload);
        let zipped = Message { compression: Compression::Lz4, ..plain.clone() };
        assert_eq!(frame_of(&[plain]), frame_of(&[zipped]));
    }
    assert!(frame_of(&[compressible_message()]).len() < 64 + 40 + 6 + 80);
}

#[test]
#[should_panic(expected = "durable before it was written")]
fn a_frame_durable_before_it_was_written_is_not_encoded() {
    let fields = FrameFields { durable: 1001, ..FIELDS };
    encode_frame(&mut Vec::new(), PLACE, fields, [three_messages().as_slice()]);
}

#[test]
#[should_panic(expected = "multiple of 8")]
fn a_misaligned_frame_is_not_encoded() {
    let place = FramePlace { offset: 4, ..PLACE };
    encode_mark(&mut Vec::new(), place, FIELDS, FrameFlags::NONE);
}

#[test]
#[should_panic(expected = "bounds the id")]
fn an_invalid_message_is_not_encoded() {
    frame_of(&[Message::new("", "payload")]);
}
