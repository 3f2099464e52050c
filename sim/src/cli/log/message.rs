//! A message as it is printed.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use duolog::types::ReadMessage;
use serde_json::{Map, Value, json};

use super::Format;

/// A message with a line end: its payload byte for byte, behind where it is and what it is called
/// where `meta` is wanted; or a JSON object.
pub(super) fn line(message: &ReadMessage, format: Format, meta: bool) -> Vec<u8> {
    let mut line = match format {
        Format::Json => object(message).to_string().into_bytes(),
        Format::Human if meta => {
            let ReadMessage { sequence, offset, timestamp_us, id, .. } = message;
            format!("{sequence}\t{offset}\t{timestamp_us}\t{id}\t").into_bytes()
        }
        Format::Human => Vec::new(),
    };
    if format == Format::Human {
        line.extend_from_slice(&message.payload);
    }
    line.push(b'\n');
    line
}

/// Numbers of 64 bits are text: readers of JSON that know floats only lose them.
fn object(message: &ReadMessage) -> Value {
    let mut object = Map::new();
    object.insert("type".to_owned(), json!("message"));
    object.insert("sequence".to_owned(), json!(message.sequence.to_string()));
    object.insert("epoch".to_owned(), json!(message.epoch));
    object.insert("position".to_owned(), json!(message.offset.to_string()));
    object.insert("id".to_owned(), json!(message.id.as_str()));
    object.insert("timestamp_us".to_owned(), json!(message.timestamp_us.to_string()));
    object.insert("attributes".to_owned(), json!(message.attributes));
    if let Some(key) = &message.key {
        put_bytes(&mut object, "key", key);
    }
    let headers = message.headers.iter().map(|header| {
        let mut object = Map::new();
        object.insert("name".to_owned(), json!(header.name));
        put_bytes(&mut object, "value", &header.value);
        Value::Object(object)
    });
    object.insert("headers".to_owned(), headers.collect());
    put_bytes(&mut object, "payload", &message.payload);
    Value::Object(object)
}

/// Bytes as text where they are UTF-8; else as base 64, and the name says so.
fn put_bytes(object: &mut Map<String, Value>, name: &str, bytes: &[u8]) {
    match std::str::from_utf8(bytes) {
        Ok(text) => object.insert(name.to_owned(), json!(text)),
        Err(_) => object.insert(format!("{name}_base64"), json!(BASE64_STANDARD.encode(bytes))),
    };
}
