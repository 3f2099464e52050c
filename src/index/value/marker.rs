//! What a settled chunk left in every family: one link of the chain that coverage follows.

use super::{Malformed, VALUE_VERSION, offset, put_offset, versioned};
use crate::index::entry::FrameStart;
use crate::index::varint::{self, Input};
use crate::types::{SegmentOffset, Sequence};

/// The marker of a chunk in one family.
///
/// ```text
/// version | from | count of sequences | entry count | latest timestamp (signed) | waypoint count
///         | waypoints
/// waypoint: sequence gap | epoch | ordinal | frame offset
/// ```
/// The sequence gap counts from the waypoint before, the first one's from `from`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkerValue {
    /// The chunk's first sequence.
    pub from: Sequence,
    /// One past the chunk's last sequence; greater than `from`.
    pub to: Sequence,
    /// The chunk's entries in this family, without the marker.
    pub entry_count: u64,
    /// When that of its records was stamped that was stamped latest, microseconds since 1970;
    /// `i64::MIN` where it holds none.
    pub latest_us: i64,
    /// Some of the chunk's frames by ascending sequence, the first one first; only in
    /// `by_position`, empty elsewhere.
    pub waypoints: Vec<Waypoint>,
}

/// A frame to begin at in search of a sequence.
pub type Waypoint = FrameStart;

impl MarkerValue {
    /// Appends the bytes.
    ///
    /// # Panics
    /// Where the chunk is empty or the waypoints do not ascend within it.
    pub fn encode(&self, out: &mut Vec<u8>) {
        assert!(self.from < self.to, "a chunk holds records");
        out.push(VALUE_VERSION);
        varint::put(out, self.from);
        varint::put(out, self.to - self.from);
        varint::put(out, self.entry_count);
        varint::put_signed(out, self.latest_us);
        varint::put(out, self.waypoints.len() as u64);
        let mut before = self.from;
        for waypoint in &self.waypoints {
            assert!(waypoint.first_sequence >= before, "waypoints ascend");
            varint::put(out, waypoint.first_sequence - before);
            put_offset(out, waypoint.offset());
            before = waypoint.first_sequence;
        }
        assert!(before < self.to, "waypoints lie in the chunk");
    }

    /// Reads the bytes.
    pub fn decode(value: &[u8]) -> Result<Self, Malformed> {
        Self::parse(value).ok_or(Malformed)
    }

    fn parse(value: &[u8]) -> Option<Self> {
        let mut input = versioned(value)?;
        let from = input.number()?;
        let to = from.checked_add(input.number()?)?;
        let entry_count = input.number()?;
        let latest_us = input.signed()?;
        let count = input.number()?;
        let mut waypoints = Vec::new();
        let mut sequence = from;
        for _ in 0..count {
            waypoints.push(waypoint(&mut input, &mut sequence)?);
        }
        input.finish()?;
        let inside = from < to && waypoints.iter().all(|place| place.first_sequence < to);
        inside.then_some(Self { from, to, entry_count, latest_us, waypoints })
    }

    /// The last waypoint at or before `sequence`.
    pub fn waypoint(&self, sequence: Sequence) -> Option<Waypoint> {
        let behind = self.waypoints.partition_point(|place| place.first_sequence <= sequence);
        self.waypoints[..behind].last().copied()
    }
}

fn waypoint(input: &mut Input<'_>, sequence: &mut Sequence) -> Option<Waypoint> {
    *sequence = sequence.checked_add(input.number()?)?;
    let SegmentOffset { segment_id, offset: frame_offset } = offset(input)?;
    Some(Waypoint { segment_id, frame_offset, first_sequence: *sequence })
}
