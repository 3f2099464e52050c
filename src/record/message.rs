//! What a message must be to become a record.

use super::layout::{RECORD_HEADER_BYTES, USER_HEADER_BYTES};
use crate::error::{StorageError, StorageResult};
use crate::types::{HEADERS_COUNT_MAX, ID_BYTES_MAX, KEY_BYTES_MAX, MESSAGE_BYTES_MAX, Message};

/// The bytes of the message's record when its payload is stored as given: exact without
/// compression, an upper bound with it.
#[inline]
pub fn encoded_length_bytes(message: &Message) -> u64 {
    let key_bytes = message.key.as_ref().map_or(0, |key| key.len());
    let fixed = RECORD_HEADER_BYTES + message.id.len() + key_bytes + message.payload.len();
    fixed as u64 + headers_length_bytes(message)
}

#[inline]
pub(super) fn headers_length_bytes(message: &Message) -> u64 {
    let one = |name: &str, value: &[u8]| (USER_HEADER_BYTES + name.len() + value.len()) as u64;
    message.headers.iter().map(|header| one(&header.name, &header.value)).sum()
}

/// Checks that `message` can be appended, and answers [`encoded_length_bytes`] of it. Nothing that
/// passes is refused by the encoder.
///
/// `bytes_max` bounds those, inclusive; above the largest that the format holds, that one counts.
///
/// # Errors
/// [`StorageError::Invalid`], which names the field and what is allowed.
#[inline]
pub fn validate(message: &Message, bytes_max: u32) -> StorageResult<u64> {
    let bytes = encoded_length_bytes(message);
    // Nearly all messages pass here; the rest is looked at field by field.
    let passes = (1..=ID_BYTES_MAX).contains(&message.id.len())
        && message.key.is_none()
        && message.headers.is_empty()
        && bytes <= u64::from(bytes_max.min(MESSAGE_BYTES_MAX));
    if !passes {
        validate_fields(message, bytes_max)?;
    }
    Ok(bytes)
}

#[inline(never)]
fn validate_fields(message: &Message, bytes_max: u32) -> StorageResult<()> {
    let id_bytes = message.id.len();
    if id_bytes == 0 || id_bytes > ID_BYTES_MAX {
        let remedy = format!("give it 1 to {ID_BYTES_MAX} bytes");
        return Err(invalid("message.id length in bytes", id_bytes, remedy));
    }
    let key_bytes = message.key.as_ref().map_or(0, |key| key.len());
    if key_bytes > KEY_BYTES_MAX {
        let remedy = format!("give it at most {KEY_BYTES_MAX} bytes");
        return Err(invalid("message.key length in bytes", key_bytes, remedy));
    }
    let headers_count = message.headers.len();
    if headers_count > HEADERS_COUNT_MAX {
        let remedy = format!("give at most {HEADERS_COUNT_MAX}, or put them into the payload");
        return Err(invalid("message.headers count", headers_count, remedy));
    }
    let name_bytes_max = message.headers.iter().map(|header| header.name.len()).max();
    if let Some(name_bytes) = name_bytes_max.filter(|bytes| *bytes > usize::from(u16::MAX)) {
        let remedy = format!("give it at most {} bytes", u16::MAX);
        return Err(invalid("message.headers name length in bytes", name_bytes, remedy));
    }
    let bytes_max = u64::from(bytes_max.min(MESSAGE_BYTES_MAX));
    let bytes = encoded_length_bytes(message);
    if bytes > bytes_max {
        let remedy = format!(
            "id, key, headers, payload and {RECORD_HEADER_BYTES} bytes of record header \
             may have {bytes_max} together: split the message"
        );
        return Err(invalid("message size in bytes", bytes, remedy));
    }
    Ok(())
}

fn invalid(field: &'static str, value: impl ToString, remedy: String) -> StorageError {
    StorageError::Invalid { field, value: value.to_string(), remedy }
}
