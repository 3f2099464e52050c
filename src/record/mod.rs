//! Records and frames as bytes: no files, no clock.
//!
//! A *record* is one message; a *frame* is what one write puts into a segment: the records of one
//! or more batches behind a header, or a header alone (a *mark*). `src/FORMAT.md` draws both.
//! Every checksum is seeded with the place of what it covers, so bytes that a medium returns from
//! another place, another segment or another epoch are refused.

mod checksum;
mod compress;
mod decode;
mod digest;
mod encode;
mod error;
mod field;
mod frame;
mod header;
mod layout;
mod message;
mod message_view;
#[cfg(test)]
mod naive;
mod place;
mod read_messages;
#[cfg(test)]
mod tests;
mod view;

pub use decode::{Record, decode_record};
pub use encode::{FrameEncoder, FrameFields, encode_frame, encode_mark};
pub use error::{FrameError, RecordError};
pub use frame::{Frame, FrameCursor, Records};
pub use header::{
    FRAME_ALIGNMENT_BYTES, FRAME_BODY_BYTES_MAX, FRAME_HEADER_BYTES, FRAME_MAGIC, FrameFlags,
    FrameHeader,
};
pub use layout::{RECORD_BYTES_MIN, RECORD_HEADER_BYTES};
pub use message::{encoded_length_bytes, validate};
pub use message_view::MessageView;
pub use place::{FramePlace, RecordPlace};
pub use read_messages::{Iter, ReadMessages};
#[cfg(test)]
pub(crate) use tests::hex;
pub use view::{Headers, RecordView};
