//! The log of one partition as files: its segments, its epochs, its publication record.

mod epochs;
mod files;
mod format;
mod mark;
mod read_ahead;
mod root_lock;
mod segments;
pub(crate) mod slot;
mod topic;

pub use epochs::{EpochHistory, EpochStart};
pub use files::ReadFiles;
pub use format::FORMAT_VERSION;
pub(crate) use format::{Contents, read_format, read_or_write_format, write_format};
pub use mark::{Mark, MarkFile};
pub use read_ahead::ReadAhead;
pub(crate) use root_lock::lock_root;
pub use segments::{SegmentEntry, SegmentList};
pub use topic::TopicInfo;

#[cfg(test)]
mod tests;
