//! What is written and what is read.

use bytes::Bytes;

use super::message_id::MessageId;
use super::position::{Epoch, SegmentOffset, Sequence};

/// How a payload is stored. Compression is per record: a record is addressed by its first byte,
/// which rules out compressing a batch as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Compression {
    /// As given.
    #[default]
    None,
    /// As one LZ4 block; stored as given where that is not smaller.
    Lz4,
}

/// One name and value beside the payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The name.
    pub name: String,
    /// The value.
    pub value: Bytes,
}

/// A message to append.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Message {
    /// The sender's name for it, 1 to [`super::ID_BYTES_MAX`] bytes. Ids may repeat: a lookup
    /// answers with the latest.
    pub id: String,
    /// Microseconds since 1970; the engine's clock at the append where not given.
    pub timestamp_us: Option<i64>,
    /// For the user's own grouping; the engine only stores it.
    pub key: Option<Bytes>,
    /// Names and values, in order; names may repeat.
    pub headers: Vec<Header>,
    /// The content; may be empty.
    pub payload: Bytes,
    /// The user's own bits; the engine only stores them.
    pub attributes: u32,
    /// How the payload is stored.
    pub compression: Compression,
}

impl Message {
    /// A message of an id and a payload, nothing else.
    pub fn new(id: impl Into<String>, payload: impl Into<Bytes>) -> Self {
        Self { id: id.into(), payload: payload.into(), ..Self::default() }
    }
}

/// A message as it was read: what was appended, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadMessage {
    /// Its number in the partition.
    pub sequence: Sequence,
    /// The epoch that wrote it.
    pub epoch: Epoch,
    /// Its first byte: what `commit` takes.
    pub offset: SegmentOffset,
    /// Its id.
    pub id: MessageId,
    /// Microseconds since 1970.
    pub timestamp_us: i64,
    /// Its key, where it was given one.
    pub key: Option<Bytes>,
    /// Its headers, in order.
    pub headers: Vec<Header>,
    /// Its content, decompressed; shares memory with the block it was read in where it was
    /// stored as given.
    pub payload: Bytes,
    /// The user's own bits.
    pub attributes: u32,
}

/// What the index keeps of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageMeta {
    /// Its id.
    pub msg_id: String,
    /// Its number in the partition.
    pub sequence: Sequence,
    /// Its first byte.
    pub offset: SegmentOffset,
    /// The bytes of its record, header included.
    pub length_bytes: u32,
    /// Microseconds since 1970.
    pub timestamp_us: i64,
}
