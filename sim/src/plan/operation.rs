//! What an actor can do. Kinds are only ever added: plans are kept.

use serde::{Deserialize, Serialize};

/// When an append is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ack {
    /// When it is taken; promises nothing.
    Buffered,
    /// When it is visible; survives the death of the process.
    Flushed,
    /// When it is on disk; survives the loss of power.
    Synced,
}

/// Which message a lookup or a trim means. What is there is known only during the run, so a plan
/// says how to choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// The last message that any producer got acknowledged.
    Latest,
    /// One of the last few, or one of all: the `pick`-th from the end, modulo what is there.
    Back(u64),
    /// The last message that any producer began to append: acknowledged, under way, or lost.
    /// Means [`Target::Latest`] where a position is asked for.
    Begun,
    /// One that was never appended.
    Missing,
}

/// Which position a commit names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CommitChoice {
    /// The last message that the session read.
    Processed,
    /// The same, which a reset to where it is then forces to disk.
    Forced,
    /// A byte inside a record: must be refused.
    Inside,
    /// A place past the end: must be refused.
    PastEnd,
    /// A segment that never was: must be refused.
    NoSegment,
    /// A message before the committed position: must be refused.
    Older,
}

impl CommitChoice {
    /// Whether it must be refused.
    pub const fn is_bad(self) -> bool {
        !matches!(self, Self::Processed | Self::Forced)
    }

    /// Whether the position is one that no index knows.
    pub const fn is_unknown(self) -> bool {
        matches!(self, Self::Inside | Self::PastEnd | Self::NoSegment)
    }
}

/// One operation. `lane` numbers the partitions of all topics: topic by topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Operation {
    /// Appends the producer's next `count` messages as one batch.
    Append {
        /// Where.
        lane: u32,
        /// How many messages.
        count: u32,
        /// When to return.
        ack: Ack,
        /// Drops the future after so many polls, where it is not done by then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        drop_after_polls: Option<u32>,
    },
    /// Writes what is staged; forces it to disk where `fsync`.
    Flush {
        /// Where.
        lane: u32,
        /// Whether to force it to disk.
        fsync: bool,
    },
    /// Reads up to `count` messages from where the session is.
    Next {
        /// Where.
        lane: u32,
        /// How many at most.
        count: u32,
        /// How long to wait for the first one.
        wait_us: u64,
    },
    /// Reads on, waiting for more at the end, until so many messages were acknowledged or none
    /// have come for a few seconds.
    Follow {
        /// Where.
        lane: u32,
        /// How many messages.
        count: u64,
    },
    /// Goes back to the earliest message.
    SeekEarliest {
        /// Where.
        lane: u32,
    },
    /// Goes to the first message since a time: that of a message, and so much later.
    SeekTime {
        /// Where.
        lane: u32,
        /// Whose time.
        target: Target,
        /// How much later, microseconds.
        after_us: u64,
    },
    /// Commits, then asks for the committed position.
    Commit {
        /// Where.
        lane: u32,
        /// Which position.
        which: CommitChoice,
    },
    /// Looks a message up by its id.
    LookupId {
        /// Where.
        lane: u32,
        /// Which.
        target: Target,
        /// All messages of the id, not the latest alone.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        all: bool,
    },
    /// Looks a message up by its position.
    LookupPosition {
        /// Where.
        lane: u32,
        /// Which.
        target: Target,
    },
    /// Looks up the messages around the time of one.
    LookupTime {
        /// Where.
        lane: u32,
        /// Which; for [`Target::Missing`] a time without any.
        target: Target,
        /// How long the range is, around that message.
        span_us: u64,
        /// How many at most.
        limit: u32,
    },
    /// Settles, then looks up messages that this settled: by id, by position and by time in
    /// turn, all at the same time, each in a session of its own. No secondary holds them yet.
    LookupSettled {
        /// Where.
        lane: u32,
        /// How many lookups.
        count: u32,
    },
    /// Asks for the marks of the partition.
    Marks {
        /// Where.
        lane: u32,
    },
    /// Moves the tail into the settled index.
    Settle {
        /// Where.
        lane: u32,
    },
    /// Drops old segments, all but the last `keep` messages at most.
    Trim {
        /// Where.
        lane: u32,
        /// How many messages to keep at least.
        keep: u64,
    },
    /// Closes the actor's session and opens another one; it reads on from the committed position.
    Reopen,
    /// Closes the writer of the partition and opens it again.
    RestartWriter {
        /// Where.
        lane: u32,
    },
    /// Does nothing for a while.
    Silence {
        /// How long.
        us: u64,
    },
    /// Waits until so long after the start of the process; goes on at once where that is over.
    /// The next operation was to begin then.
    At {
        /// How long after.
        us: u64,
    },
    /// Waits until so many messages were acknowledged, a few seconds at most: keeps pace with
    /// the producers.
    Await {
        /// Where.
        lane: u32,
        /// How many messages.
        count: u64,
    },
}

impl Operation {
    /// The partition that it is about, where it is about one.
    pub const fn lane(&self) -> Option<u32> {
        match *self {
            Self::Append { lane, .. }
            | Self::Flush { lane, .. }
            | Self::Next { lane, .. }
            | Self::SeekEarliest { lane }
            | Self::SeekTime { lane, .. }
            | Self::Follow { lane, .. }
            | Self::Commit { lane, .. }
            | Self::LookupId { lane, .. }
            | Self::LookupPosition { lane, .. }
            | Self::LookupTime { lane, .. }
            | Self::LookupSettled { lane, .. }
            | Self::Marks { lane }
            | Self::Settle { lane }
            | Self::Trim { lane, .. }
            | Self::Await { lane, .. }
            | Self::RestartWriter { lane } => Some(lane),
            Self::Reopen | Self::Silence { .. } | Self::At { .. } => None,
        }
    }

    /// The same in another partition; without a difference where it is about none.
    #[must_use]
    pub const fn at_lane(mut self, to: u32) -> Self {
        match &mut self {
            Self::Append { lane, .. }
            | Self::Flush { lane, .. }
            | Self::Next { lane, .. }
            | Self::SeekEarliest { lane }
            | Self::SeekTime { lane, .. }
            | Self::Follow { lane, .. }
            | Self::Commit { lane, .. }
            | Self::LookupId { lane, .. }
            | Self::LookupPosition { lane, .. }
            | Self::LookupTime { lane, .. }
            | Self::LookupSettled { lane, .. }
            | Self::Marks { lane }
            | Self::Settle { lane }
            | Self::Trim { lane, .. }
            | Self::Await { lane, .. }
            | Self::RestartWriter { lane } => *lane = to,
            Self::Reopen | Self::Silence { .. } | Self::At { .. } => {}
        }
        self
    }

    /// How many messages it appends.
    pub const fn message_count(&self) -> u32 {
        match *self {
            Self::Append { count, .. } => count,
            _ => 0,
        }
    }

    /// How many lookups it makes, at most.
    pub const fn lookup_count(&self) -> u32 {
        match *self {
            Self::LookupId { .. } | Self::LookupPosition { .. } | Self::LookupTime { .. } => 1,
            Self::LookupSettled { count, .. } => count,
            _ => 0,
        }
    }

    /// Whether it is done through a reader session.
    pub const fn needs_session(&self) -> bool {
        matches!(
            self,
            Self::Next { .. }
                | Self::SeekEarliest { .. }
                | Self::SeekTime { .. }
                | Self::Follow { .. }
                | Self::Commit { .. }
                | Self::LookupId { .. }
                | Self::LookupPosition { .. }
                | Self::LookupTime { .. }
                | Self::Reopen
        )
    }
}
