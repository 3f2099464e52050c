//! Names of segment files.

use crate::types::SegmentId;

const EXTENSION: &str = ".seg";
const DIGITS: usize = 16;

/// The name of the segment's file: its id as 16 lower-case hexadecimal digits, then `.seg`, so
/// that names sort as ids do.
pub fn segment_file_name(segment_id: SegmentId) -> String {
    format!("{:016x}{EXTENSION}", segment_id.0)
}

/// The segment whose file has this name; `None` for every name that [`segment_file_name`] does
/// not give, and for ids of the epoch 0, which is never used.
pub fn parse_segment_file_name(name: &str) -> Option<SegmentId> {
    let digits = name.strip_suffix(EXTENSION)?;
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if digits.len() != DIGITS || !digits.bytes().all(is_digit) {
        return None;
    }
    let segment_id = SegmentId(u64::from_str_radix(digits, 16).ok()?);
    (segment_id.epoch() > 0).then_some(segment_id)
}
