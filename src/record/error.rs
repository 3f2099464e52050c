//! Why bytes are no frame and no record.

use crate::types::{Epoch, Sequence};

/// Why the bytes at a place are no frame.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The header is all zeros: nothing was written here, or it was lost.
    #[error("the frame header is all zeros")]
    AllZero,
    /// The bytes end before the frame does. The usual end of a file that was not filled ahead
    /// is `have_bytes == 0`.
    #[error("the frame needs {need_bytes} bytes and {have_bytes} are there")]
    Truncated {
        /// The bytes that the frame, or its header, takes from its first byte on.
        need_bytes: u64,
        /// The bytes that are there.
        have_bytes: u64,
    },
    /// The first four bytes are not those of a frame.
    #[error("no frame begins here: its first bytes are {0:#010x}")]
    BadMagic(u32),
    /// The header is not what was written, or not at this place.
    #[error("the header's checksum is {stored:#010x}, its bytes give {computed:#010x}")]
    HeaderChecksum {
        /// The checksum in the header.
        stored: u32,
        /// The checksum of the header's bytes at this place.
        computed: u32,
    },
    /// The header is whole and has flags that this build does not know: a newer build wrote it.
    #[error("the frame has unknown flags {0:#x}: a newer duolog wrote it")]
    UnknownFlags(u32),
    /// The header is whole and has bytes that this build does not know: a newer build wrote it.
    #[error("reserved bytes of the frame header are not zero: a newer duolog wrote it")]
    Reserved,
    /// The header is whole and of another epoch than its segment.
    #[error("the frame is of epoch {found}, its segment of epoch {expected}")]
    EpochMismatch {
        /// The epoch in the header.
        found: Epoch,
        /// The epoch of the segment.
        expected: Epoch,
    },
    /// The header is whole and its fields contradict each other; holds how.
    #[error("the fields of the frame header contradict each other: {0}")]
    Fields(&'static str),
    /// The record of this index, from 0, is not valid.
    #[error("record {index} of the frame: {why}")]
    Record {
        /// The record's index in the frame, from 0.
        index: u32,
        /// What is wrong with it.
        why: RecordError,
    },
    /// The records do not fill the body exactly.
    #[error("{extra_bytes} bytes follow the last record of the frame")]
    BodyLength {
        /// The bytes of the body behind its last record.
        extra_bytes: u32,
    },
    /// Each record is valid, but together they are not those that the header was written with.
    #[error("the records are not those that the frame was written with")]
    RecordsChecksum,
    /// The bytes that fill the frame up to its alignment are not zero.
    #[error("the padding of the frame is not zero")]
    Padding,
}

impl FrameError {
    /// Whether a whole header with the right checksum was found that this build must not read. A
    /// torn write never looks like this, so nothing may be cut here.
    pub fn is_newer(&self) -> bool {
        match self {
            Self::UnknownFlags(_) | Self::Reserved => true,
            Self::Record { why, .. } => matches!(why, RecordError::UnknownFlags(_)),
            _ => false,
        }
    }
}

/// Why bytes are no record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The bytes end before the record does.
    #[error("the record needs {need_bytes} bytes and {have_bytes} are there")]
    Truncated {
        /// The bytes that the record, or its header, takes from its first byte on. Not yet
        /// proven by a checksum, yet never above the largest record.
        need_bytes: u32,
        /// The bytes that are there.
        have_bytes: u32,
    },
    /// No record has this length.
    #[error("no record has {0} bytes")]
    Length(u32),
    /// The record is not what was written, or not at this place.
    #[error("the record's checksum is {stored:#010x}, its bytes give {computed:#010x}")]
    Checksum {
        /// The checksum in the record.
        stored: u32,
        /// The checksum of the record's bytes at this place.
        computed: u32,
    },
    /// The record is whole and has flags that this build does not know: a newer build wrote it.
    #[error("the record has unknown flags {0:#x}: a newer duolog wrote it")]
    UnknownFlags(u16),
    /// The record is whole and its fields contradict each other; holds how.
    #[error("the fields of the record contradict each other: {0}")]
    Fields(&'static str),
    /// The record is whole and not the next one of its frame.
    #[error("the record has sequence {found}, its place in the frame is that of {expected}")]
    Sequence {
        /// The sequence in the record.
        found: Sequence,
        /// The sequence that its place in the frame gives.
        expected: Sequence,
    },
    /// The record is whole and its payload does not decompress to the length it names.
    #[error("the payload does not decompress to its {0} bytes")]
    Payload(u32),
}
