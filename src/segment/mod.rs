//! Segment files: names, writing, reading, scanning.
//!
//! A segment is one append-only file of a partition: a [`SegmentHeader`], then frames, one behind
//! the other. Behind the last frame there may be zeros that were written ahead of use, or what is
//! left of a write that did not end.

mod file;
mod fill;
mod header;
mod name;
mod reader;
mod scan;
mod search;
#[cfg(test)]
mod test_file;
#[cfg(test)]
mod tests;
mod writer;

pub use file::SegmentFile;
pub use fill::{FillJob, FillPolicy};
pub use header::{
    FIRST_FRAME_OFFSET, SEGMENT_HEADER_BYTES, SEGMENT_VERSION, SegmentHeader, SegmentHeaderError,
};
pub use name::{parse_segment_file_name, segment_file_name};
pub use reader::{FrameTail, SegmentReader};
pub use scan::{FrameScanner, ScanStep};
pub use search::{FoundFrame, FrameSearch, find_highest_durable_after, find_valid_after};
pub use writer::SegmentWriter;
