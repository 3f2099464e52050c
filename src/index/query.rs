//! What can be asked of the index, and what it answers.

use crate::sync::StageTime;
use crate::types::{MessageMeta, Position, SegmentOffset, Sequence};

/// A question about one partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// The latest message of an id.
    Id(String),
    /// All messages of an id, latest first.
    AllOfId(String),
    /// The message that begins at an address.
    Position(SegmentOffset),
    /// The first messages of a range of time, by timestamp, then by sequence.
    Time {
        /// First timestamp, inclusive, in microseconds since 1970.
        from_us: i64,
        /// Last timestamp, exclusive.
        to_us: i64,
        /// Most messages of the answer.
        limit: usize,
    },
    /// The first message, in sequence order, of those stamped at or after this time, in
    /// microseconds since 1970.
    Since(i64),
    /// The message of a sequence.
    Sequence(Sequence),
}

/// How fresh an answer must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Freshness {
    /// It shows all that was visible when the lookup began.
    #[default]
    Fresh,
    /// It shows all below this position, such as the last one that a session has seen. What it
    /// must show, it shows without a hole; more is shown where it costs nothing.
    AtLeast(Position),
    /// It shows all that was visible this long before the lookup began.
    Bounded {
        /// Microseconds.
        age_us: u64,
    },
    /// It shows what is at hand. Two such answers need not be in order: a session that wants
    /// that asks with [`Freshness::AtLeast`].
    Any,
}

/// An answer and how fresh it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The messages found, all of them at or above the log's start and below
    /// [`LookupReport::visible`].
    pub found: Vec<MessageMeta>,
    /// How the answer came about.
    pub report: LookupReport,
}

/// How an answer came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct LookupReport {
    /// The mark when the lookup began: below it, all was visible.
    pub high_watermark: Sequence,
    /// Below it, the answer is complete. At most `high_watermark`; equal to it in an answer that
    /// is fresh.
    pub visible: Sequence,
    /// Where the tail began: below it, messages were settled.
    pub tail_start: Sequence,
    /// Below it, the instance that was read was known to hold all when the lookup began. The
    /// log's start where there was none: below that there is nothing to hold.
    pub coverage_before: Sequence,
    /// The same when it was read.
    pub coverage: Sequence,
    /// How many of the messages found came from the tail.
    pub from_tail: u32,
    /// How many of them came from the settled part.
    pub from_settled: u32,
    /// How many catch-ups the lookup waited for.
    pub catch_ups: u32,
    /// How long it waited for them.
    pub catch_up_wait_us: u64,
    /// How long those of them took that it made itself, for all who waited.
    pub catch_up_own_us: u64,
    /// Whether the instance was opened anew for it.
    pub reopened: bool,
}

/// How long each stage of a lookup took. Of 64 lookups of a partition one is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct LookupStages {
    /// Loading the mark and pinning the tail.
    pub pinned: StageTime,
    /// Reading the tail.
    pub tail_read: StageTime,
    /// Having an instance that covers what is settled: opening it and catching up, where needed.
    pub covered: StageTime,
    /// Reading the settled part.
    pub settled_read: StageTime,
}

impl LookupStages {
    /// The stages in their order, with their names.
    pub fn named(&self) -> [(&'static str, StageTime); 4] {
        [
            ("tail pinned", self.pinned),
            ("tail read", self.tail_read),
            ("covered", self.covered),
            ("settled part read", self.settled_read),
        ]
    }
}
