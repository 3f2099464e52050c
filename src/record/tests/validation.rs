//! What the engine says of messages that no record can hold.

use bytes::Bytes;

use super::samples::full_message;
use crate::error::StorageError;
use crate::record::{encoded_length_bytes, validate};
use crate::types::{
    HEADERS_COUNT_MAX, Header, ID_BYTES_MAX, KEY_BYTES_MAX, MESSAGE_BYTES_MAX, Message,
};

fn refused(message: &Message, bytes_max: u32) -> (&'static str, String, String) {
    match validate(message, bytes_max) {
        Err(StorageError::Invalid { field, value, remedy }) => (field, value, remedy),
        other => panic!("{other:?}"),
    }
}

fn with_header(name_bytes: usize, value_bytes: usize) -> Header {
    Header { name: "n".repeat(name_bytes), value: Bytes::from(vec![0; value_bytes]) }
}

#[test]
fn each_field_is_named_with_its_remedy() {
    let max = MESSAGE_BYTES_MAX;
    let (field, value, remedy) = refused(&Message::new("", ""), max);
    assert_eq!((field, value.as_str()), ("message.id length in bytes", "0"));
    assert!(remedy.contains("1 to 1024"));
    let (field, value, _) = refused(&Message::new("i".repeat(ID_BYTES_MAX + 1), ""), max);
    assert_eq!((field, value.as_str()), ("message.id length in bytes", "1025"));
    let key = Some(Bytes::from(vec![0; KEY_BYTES_MAX + 1]));
    let (field, _, _) = refused(&Message { key, ..full_message() }, max);
    assert_eq!(field, "message.key length in bytes");
    let headers = vec![with_header(0, 0); HEADERS_COUNT_MAX + 1];
    let (field, value, _) = refused(&Message { headers, ..full_message() }, max);
    assert_eq!((field, value.as_str()), ("message.headers count", "257"));
    let headers = vec![with_header(3, 0), with_header(65_536, 0)];
    let (field, value, _) = refused(&Message { headers, ..full_message() }, max);
    assert_eq!((field, value.as_str()), ("message.headers name length in bytes", "65536"));
    let (field, value, remedy) = refused(&Message::new("id", vec![0; 1000]), 1000);
    assert_eq!((field, value.as_str()), ("message size in bytes", "1042"));
    assert!(remedy.contains("1000"));
    let headers = vec![with_header(0, 1000)];
    let (field, _, _) = refused(&Message { headers, ..Message::new("id", "") }, 1000);
    assert_eq!(field, "message size in bytes");
}

#[test]
fn the_bounds_are_inclusive() {
    let message = Message {
        id: "i".repeat(ID_BYTES_MAX),
        key: Some(Bytes::from(vec![0; KEY_BYTES_MAX])),
        headers: vec![with_header(1, 1); HEADERS_COUNT_MAX],
        ..Message::default()
    };
    let bytes = encoded_length_bytes(&message) as u32;
    assert_eq!(bytes as usize, 40 + ID_BYTES_MAX + KEY_BYTES_MAX + HEADERS_COUNT_MAX * 8);
    assert!(validate(&message, bytes).is_ok());
    assert!(validate(&message, bytes - 1).is_err());
    assert!(validate(&message, u32::MAX).is_ok());
}

#[test]
fn the_format_bounds_what_the_caller_allows() {
    let payload_bytes = MESSAGE_BYTES_MAX as usize - 40 - 1;
    let largest = Message::new("i", vec![0; payload_bytes]);
    assert!(validate(&largest, u32::MAX).is_ok());
    let larger = Message::new("i", vec![0; payload_bytes + 1]);
    assert_eq!(refused(&larger, u32::MAX).0, "message size in bytes");
}
