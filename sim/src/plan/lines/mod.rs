//! Payloads that are the lines of a real file: which message holds which line.

mod appends;
mod file;
#[cfg(test)]
mod tests;

pub use file::{LineFile, LinesError};

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::Mark;

/// The law by which messages hold lines. Each producer has a share of the file for each
/// partition: its first message there holds the share's first line, the next one the next line,
/// and behind the end of the file its beginning follows.
///
/// The law is written with the plan; the file is not. [`Lines::open`] finds it again, and sees
/// that it is the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lines {
    /// Where the file is.
    pub path: String,
    /// How many bytes it has.
    pub size_bytes: u64,
    /// How many lines it has, from 1. A last line without a line end counts.
    pub line_count: u64,
    /// Bytes of the longest line, its line end left out.
    pub longest_bytes: u64,
    /// The XXH3 of the file.
    #[serde(with = "super::text")]
    pub digest: u64,
    /// How many partitions there are, over all topics.
    pub lane_count: u32,
    /// Lines of a share.
    pub share_count: u64,
    /// The line, from 0, that the first share begins with.
    pub first_line: u64,
    #[serde(skip)]
    open: Open,
}

/// The open file, no part of the law.
#[derive(Clone, Default)]
struct Open(Option<Arc<LineFile>>);

impl PartialEq for Open {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Open {}

impl fmt::Debug for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "open" } else { "not open" })
    }
}

impl Lines {
    /// The law for `file` with this many producers and partitions. `first_line` may be any
    /// number.
    pub fn new(file: Arc<LineFile>, producer_count: u32, lane_count: u32, first_line: u64) -> Self {
        let shares = (u64::from(producer_count) * u64::from(lane_count)).max(1);
        Self {
            path: file.path().to_owned(),
            size_bytes: file.size_bytes(),
            line_count: file.line_count(),
            longest_bytes: file.longest_bytes(),
            digest: file.digest(),
            lane_count,
            share_count: file.line_count().div_ceil(shares),
            first_line: first_line % file.line_count(),
            open: Open(Some(file)),
        }
    }

    /// Opens the file where it is not open.
    ///
    /// # Errors
    /// Where it cannot be read, or is another file than the one that the law was made for.
    pub fn open(&mut self) -> Result<(), LinesError> {
        if self.open.0.is_some() {
            return Ok(());
        }
        let file = LineFile::open(self.path.as_ref())?;
        if file.digest() != self.digest || file.size_bytes() != self.size_bytes {
            return Err(LinesError::Changed { path: self.path.clone() });
        }
        self.open = Open(Some(Arc::new(file)));
        Ok(())
    }

    /// The number of a share, from 0; those of a producer follow each other.
    fn share(&self, mark: Mark) -> u64 {
        u64::from(mark.producer) * u64::from(self.lane_count) + u64::from(mark.lane)
    }

    /// How many counters, from 0, reach every line of the producer's share in that partition.
    pub fn own_count(&self, producer: u32, lane: u32) -> u64 {
        let before =
            self.share(Mark { lane, producer, counter: 0 }).saturating_mul(self.share_count);
        self.line_count.saturating_sub(before).min(self.share_count)
    }

    /// The line, from 0, that a message holds.
    pub fn line_of(&self, mark: Mark) -> u64 {
        // Marks of messages that nobody appended may hold any number.
        let start = u128::from(self.share(mark)) * u128::from(self.share_count);
        let line = start + u128::from(self.first_line) + u128::from(mark.counter);
        u64::try_from(line % u128::from(self.line_count)).expect("below a number of 64 bits")
    }

    /// What a message holds.
    pub(super) fn payload(&self, mark: Mark) -> Bytes {
        self.opened().line(self.line_of(mark))
    }

    /// Bytes of what a message holds.
    fn payload_bytes(&self, mark: Mark) -> u64 {
        self.opened().line_bytes(self.line_of(mark))
    }

    fn opened(&self) -> &LineFile {
        self.open.0.as_ref().expect("the lines of a plan are opened before it runs")
    }

    /// Why what was read of the file cannot be relied on, where it cannot: it was changed, or not
    /// readable, while it was in use.
    pub fn trouble(&self) -> Option<String> {
        self.open.0.as_ref().and_then(|file| file.trouble())
    }
}
