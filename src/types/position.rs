//! Where a message is.

use std::fmt;

/// Dense per-partition number of a message, from 0.
pub type Sequence = u64;

/// Counts the openings of a partition by a writer; 0 is never used.
pub type Epoch = u32;

/// Names one segment file of a partition for ever: the epoch that created it in the high 32 bits,
/// its ordinal within that epoch in the low 32. Later segments have larger ids.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SegmentId(pub u64);

impl SegmentId {
    /// The `ordinal`-th segment (from 0) that `epoch` creates.
    pub const fn new(epoch: Epoch, ordinal: u32) -> Self {
        Self((epoch as u64) << 32 | ordinal as u64)
    }

    /// The epoch that created the segment.
    pub const fn epoch(self) -> Epoch {
        (self.0 >> 32) as Epoch
    }

    /// The segment's ordinal within its epoch, from 0.
    pub const fn ordinal(self) -> u32 {
        self.0 as u32
    }
}

impl fmt::Display for SegmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.epoch(), self.ordinal())
    }
}

impl fmt::Debug for SegmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Physical address of a record: its first byte in a segment file. The one *inclusive* position
/// of the interface: it names a message, where every other position is an exclusive bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SegmentOffset {
    /// The segment file.
    pub segment_id: SegmentId,
    /// The record's first byte within that file.
    pub offset: u64,
}

impl fmt::Display for SegmentOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.segment_id, self.offset)
    }
}

/// A logical position that survives the loss of a suffix: positions compare by epoch, then by
/// sequence. As a bound it is exclusive ("next").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The epoch that the position was taken in.
    pub epoch: Epoch,
    /// The sequence.
    pub sequence: Sequence,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.epoch, self.sequence)
    }
}

/// Where a session begins to read a topic's partitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ReadPosition {
    /// At the group's committed position; at the earliest message where it has none.
    #[default]
    Committed,
    /// At the oldest message that is still kept.
    Earliest,
    /// Behind the newest message that is visible when the partition is first read.
    Latest,
    /// At this sequence, inclusive.
    Sequence(Sequence),
    /// At the first message, in sequence order, of those stamped at or after this time, in
    /// microseconds since 1970.
    Time(i64),
}
