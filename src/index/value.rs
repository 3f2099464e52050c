//! Values of the index database.
//!
//! Each begins with a version byte; numbers are LEB128, signed ones zigzag. A value says all of
//! what it is about, without its key. Records carry their ids where the key does not: a lookup
//! by position answers from one entry, and so does one by time where the records are few. Many that
//! were stamped in the order of the log are only named in `by_time`: they lie side by side in
//! `by_position`, which holds all chunks that are covered, as every family does.

mod cell;
mod frame;
mod marker;
mod record;
mod records;
mod span;
#[cfg(test)]
mod tests;
mod time;

use std::path::PathBuf;

use super::varint::{self, Input};
use crate::io::{Family, IndexError};
use crate::types::{SegmentId, SegmentOffset};

pub use cell::{CellValue, Piece};
pub use frame::FrameValue;
pub use marker::{MarkerValue, Waypoint};
pub use record::RecordValue;
pub use records::{PackedRecords, RecordView, Records};
pub use span::SpanValue;
pub use time::TimeValue;

/// The version that all values begin with.
pub const VALUE_VERSION: u8 = 5;

/// The second byte of a value in `by_time` that holds records.
const RECORDS: u8 = 0;
/// The second byte of one that says where they are.
const SPAN: u8 = 1;

/// Bytes that are no value of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

impl Malformed {
    /// The error of a read that found such a value under `key`.
    pub(super) fn in_family(self, family: Family, key: &[u8]) -> IndexError {
        let key: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        IndexError {
            path: PathBuf::from(family.name()),
            what: format!("the value of key {key} is malformed: rebuild the index from the log"),
            sticky: false,
        }
    }
}

fn put_offset(out: &mut Vec<u8>, at: SegmentOffset) {
    varint::put(out, at.segment_id.epoch().into());
    varint::put(out, at.segment_id.ordinal().into());
    varint::put(out, at.offset);
}

fn offset(input: &mut Input<'_>) -> Option<SegmentOffset> {
    let epoch = input.number_u32()?;
    let ordinal = input.number_u32()?;
    Some(SegmentOffset { segment_id: SegmentId::new(epoch, ordinal), offset: input.number()? })
}

fn versioned(value: &[u8]) -> Option<Input<'_>> {
    let mut input = Input(value);
    (input.byte()? == VALUE_VERSION).then_some(input)
}
