//! Writing zeros ahead of use.

use std::fmt;
use std::ops::Range;

use super::file::SegmentFile;
use crate::error::{StorageError, StorageResult};
use crate::io::File;

/// Zeros are written up to a multiple of this: the unit in which file systems hand out space.
const UNIT_BYTES: u64 = 4096;

/// How far ahead of the last frame a segment is filled with zeros. Overwriting blocks that exist
/// makes `fdatasync` cheaper, since it then forces no new metadata; space that is never used is
/// given back when the segment is sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FillPolicy {
    /// The first fill: a segment of few messages shall cost little.
    pub first_bytes: u64,
    /// The largest fill: each next one doubles the file up to this.
    pub most_bytes: u64,
    /// No byte at or behind this one is filled; where segments usually end.
    pub segment_bytes_max: u64,
}

/// Zeros to be written behind what is used, which may go on while frames are written before it.
#[must_use = "the writer waits for it to be ended"]
pub struct FillJob<F> {
    segment: SegmentFile<F>,
    range: Range<u64>,
}

impl<F> fmt::Debug for FillJob<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FillJob({:?} of {:?})", self.range, self.segment)
    }
}

impl<F: File> FillJob<F> {
    pub(super) fn new(segment: SegmentFile<F>, range: Range<u64>) -> Self {
        Self { segment, range }
    }

    /// Writes the zeros.
    ///
    /// # Errors
    /// [`StorageError::Io`]; the log is as good without them.
    pub async fn run(&self) -> StorageResult<()> {
        let filled = self.segment.file().fill_zero(self.range.start, self.range.end).await;
        filled.map_err(|error| StorageError::io("fill", self.segment.path(), error))
    }

    /// The bytes to be filled.
    pub fn range(&self) -> Range<u64> {
        self.range.clone()
    }
}

/// What is filled of a file, and what should be filled next.
#[derive(Clone, Debug)]
pub(super) struct FillState {
    policy: FillPolicy,
    /// Zeros were written up to here.
    filled_to: u64,
    under_way: Option<Range<u64>>,
}

impl FillState {
    pub(super) fn new(policy: FillPolicy) -> Self {
        Self { policy, filled_to: 0, under_way: None }
    }

    /// The next fill, when less than half a fill is left ahead of `end_offset` and none is under
    /// way.
    pub(super) fn due(&self, end_offset: u64) -> Option<Range<u64>> {
        let ahead_bytes = self.filled_to.saturating_sub(end_offset);
        let most_bytes = self.policy.most_bytes.max(self.policy.first_bytes);
        let fill_bytes = end_offset.clamp(self.policy.first_bytes, most_bytes);
        if self.under_way.is_some() || ahead_bytes > fill_bytes / 2 {
            return None;
        }
        let from = self.filled_to.max(end_offset.next_multiple_of(UNIT_BYTES));
        let to = from.saturating_add(fill_bytes).min(self.policy.segment_bytes_max);
        let to = to / UNIT_BYTES * UNIT_BYTES;
        (from < to).then_some(from..to)
    }

    pub(super) fn begin(&mut self, range: Range<u64>) {
        assert!(self.under_way.is_none(), "one fill at a time");
        self.under_way = Some(range);
    }

    pub(super) fn end(&mut self, range: Range<u64>) {
        assert_eq!(self.under_way.take(), Some(range.clone()), "the fill that was begun");
        self.filled_to = range.end;
    }

    /// What was filled is given back.
    pub(super) fn forget(&mut self) {
        assert!(self.under_way.is_none(), "space is not given back while it is filled");
        self.filled_to = 0;
    }

    /// Whether zeros may still be written over bytes before `end_offset`.
    pub(super) fn is_in_the_way(&self, end_offset: u64) -> bool {
        self.under_way.as_ref().is_some_and(|range| end_offset > range.start)
    }
}
