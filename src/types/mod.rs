//! Words of the log that every other room uses. Depends on nothing.

mod bounds;
mod message;
mod message_id;
mod position;
mod topic;

pub use bounds::{
    HEADERS_COUNT_MAX, ID_BYTES_MAX, KEY_BYTES_MAX, MESSAGE_BYTES_MAX, PARTITION_COUNT_MAX,
};
pub use message::{Compression, Header, Message, MessageMeta, ReadMessage};
pub use message_id::MessageId;
pub use position::{Epoch, Position, ReadPosition, SegmentId, SegmentOffset, Sequence};
pub use topic::{TopicName, TopicNameError};
