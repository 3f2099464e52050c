//! An operation with both of its moments.

use std::ops::Range;

use duolog::types::{SegmentId, SegmentOffset};
use serde::{Deserialize, Serialize};

use crate::plan::{Ack, CommitChoice, Fault, FaultClass, Zone};

/// A position, as in [`SegmentOffset`]; in files `[segment, offset]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place(pub u64, pub u64);

impl From<SegmentOffset> for Place {
    fn from(offset: SegmentOffset) -> Self {
        Self(offset.segment_id.0, offset.offset)
    }
}

impl From<Place> for SegmentOffset {
    fn from(place: Place) -> Self {
        Self { segment_id: SegmentId(place.0), offset: place.1 }
    }
}

/// Bytes of a file that are not what was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Damage {
    /// The file.
    pub file: Box<str>,
    /// Where in it.
    pub bytes: Range<u64>,
}

/// An operation: begun, and ended where it did end.
///
/// `invoked` and `returned` are drawn from one counter: where one operation returned before
/// another one was invoked, it did so in the run, whatever the clocks say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Which process did it, from 0; the one after a kill has the next number.
    pub process: u32,
    /// Which actor did it, as numbered in the plan; [`Event::DRIVER`] for the run itself.
    pub actor: u32,
    /// Which reader session it went through, numbered over the run; 0 where through none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub session: u32,
    /// Which partition, numbered over all topics.
    pub lane: u32,
    /// The moment before the call.
    pub invoked: u64,
    /// The moment after it returned; `None` where it never did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returned: Option<u64>,
    /// The clock before the call, microseconds.
    pub invoked_us: u64,
    /// When it was to begin by a timetable, where there is one: later ones do not wait for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intended_us: Option<u64>,
    /// The clock when it returned or was given up, microseconds.
    pub returned_us: u64,
    /// What was asked.
    pub call: Call,
    /// What came of it.
    pub outcome: Outcome,
}

fn is_zero(session: &u32) -> bool {
    *session == 0
}

impl Event {
    /// The actor number of the run itself: kills and the reading at the end.
    pub const DRIVER: u32 = u32::MAX;

    /// The reply, where it succeeded.
    pub fn reply(&self) -> Option<&Reply> {
        match &self.outcome {
            Outcome::Ok(reply) => Some(reply),
            _ => None,
        }
    }

    /// Whether it returned before `other` began.
    pub fn before(&self, other: &Event) -> bool {
        self.returned.is_some_and(|returned| returned < other.invoked)
    }
}

/// What was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Call {
    /// Append the messages `first..first + count` of the actor.
    Append {
        /// The counter of the first message.
        first: u64,
        /// How many.
        count: u32,
        /// When to return.
        ack: Ack,
    },
    /// Write what is staged.
    Flush {
        /// Whether to force it.
        fsync: bool,
    },
    /// Read on.
    Next {
        /// How many at most.
        count: u32,
        /// How long to wait for the first.
        wait_us: u64,
    },
    /// Go back to the earliest message.
    SeekEarliest,
    /// Goes to the first message since a time.
    SeekTime {
        /// The time, inclusive, microseconds since 1970.
        from_us: i64,
    },
    /// Commit for a group.
    Commit {
        /// The group.
        group: u32,
        /// How the position was chosen.
        which: CommitChoice,
        /// The position.
        place: Place,
        /// The sequence of the message there, where there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sequence: Option<u64>,
    },
    /// Ask for a group's committed position.
    Committed {
        /// The group.
        group: u32,
    },
    /// Look up by id.
    LookupId {
        /// The number that the id is made of; `None` for an id that no message has.
        id: Option<u64>,
        /// All messages of the id, latest first, not the latest alone.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        all: bool,
    },
    /// Look up by position.
    LookupPosition {
        /// The position.
        place: Place,
        /// The sequence of the message there, where there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sequence: Option<u64>,
    },
    /// Look up by time.
    LookupTime {
        /// From this time on, microseconds since 1970.
        from_us: i64,
        /// Up to this time, exclusive.
        to_us: i64,
        /// How many at most.
        limit: u32,
    },
    /// Ask for the marks.
    Marks,
    /// Settle the tail.
    Settle,
    /// Drop what lies before `to`, in whole segments.
    Trim {
        /// The first sequence to keep at least.
        to: u64,
    },
    /// Open a reader session.
    OpenSession {
        /// Its group.
        group: u32,
        /// Whether it reads everything at the end of the run.
        drains: bool,
        /// Whether it takes the place of one that was closed.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        again: bool,
    },
    /// Open the writer.
    OpenWriter,
    /// Close the writer.
    CloseWriter,
    /// Count index instances.
    Instances,
    /// Open a log and a session of one's own in the storage directory, and look something up.
    Arrive {
        /// Who, numbered over the run.
        guest: u32,
    },
    /// Drop all that the guest has.
    Leave {
        /// Who.
        guest: u32,
    },
    /// Count what is open in the process where no guest is there.
    CountHandles,
    /// The process dies here.
    Kill,
    /// Have a writer that failed write again.
    Resume,
    /// Something goes wrong with the disk here, or with the clock.
    Fault {
        /// Which fault of the plan, from 0; errors that come of it name it.
        number: u32,
        /// What.
        class: FaultClass,
        /// With which files.
        zone: Zone,
        /// What is damaged; until it is repaired, when this returns.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        damage: Option<Damage>,
    },
    /// The engine did something about such a fault: it called an index again, had another instance
    /// opened, or waited.
    FaultMet {
        /// Which fault of the plan.
        number: u32,
    },
    /// The power goes here, and with it what no sync forced or any part of it.
    PowerLoss,
    /// Nothing goes wrong from here on in the process, and nobody does anything for a while.
    Silence,
}

impl Call {
    /// Whether it is done to the engine, not asked of it.
    pub const fn is_fault(&self) -> bool {
        matches!(
            self,
            Self::Kill
                | Self::PowerLoss
                | Self::Silence
                | Self::Fault { .. }
                | Self::FaultMet { .. }
        )
    }
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It succeeded.
    Ok(Reply),
    /// It failed and changed nothing.
    Fail(Failure),
    /// It may have had its effect, or may still have it.
    Unknown(Failure),
}

/// The kinds of failure, as the engine names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The call was wrong.
    Caller,
    /// A position that may not be committed.
    OffsetMismatch,
    /// A position that a power loss took back.
    PositionLost,
    /// What was asked for was dropped by retention.
    Trimmed,
    /// It is not there.
    NotFound,
    /// Another one holds the lock.
    Locked,
    /// Writers wait for the index; nothing was appended.
    Backpressure,
    /// It may work later.
    Retry,
    /// What is on disk is not what was written.
    Corrupt,
    /// The handle is of no use any more.
    Poisoned,
    /// The handle was closed.
    Closed,
    /// The caller dropped its future.
    Dropped,
    /// The process died.
    Died,
}

/// Why it did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What kind.
    pub kind: Kind,
    /// In words.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub text: Box<str>,
}

impl Failure {
    /// Whether its words name a fault of the disk.
    pub fn names_fault(&self) -> bool {
        self.text.contains(Fault::TAG)
    }

    /// Whether its words name the fault of this number.
    pub fn names(&self, number: u32) -> bool {
        self.text.contains(&Fault::tag(number))
    }
}

/// What a call answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    /// Nothing but success.
    Done,
    /// The batch has its place.
    Appended {
        /// The writer's epoch.
        epoch: u32,
        /// The sequence of its first message.
        sequence: u64,
        /// The position of its first message.
        place: Place,
    },
    /// Messages, in order.
    Messages(Vec<Run>),
    /// The committed position: epoch and next sequence.
    Committed(Option<(u32, u64)>),
    /// What a lookup found, and how.
    Found(Vec<Found>, Report),
    /// The marks.
    Marks(MarksSeen),
    /// The writer is closed; what it did.
    Closed(WriterSeen),
    /// What is open, and what was.
    Instances(InstancesSeen),
    /// What is open.
    Handles(HandlesSeen),
}

/// Messages that follow each other in the partition and in their producer's counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The sequence of the first.
    pub sequence: u64,
    /// How many.
    pub count: u32,
    /// Who appended them, [`Run::FOREIGN`] where nobody did.
    pub producer: u32,
    /// The counter of the first.
    pub first: u64,
    /// The position of the first.
    pub place: Place,
    /// Whether content, id, time or another field is not what was appended.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub damaged: bool,
}

impl Run {
    /// The producer of a message that no actor appends.
    pub const FOREIGN: u32 = u32::MAX;

    /// The sequence after the last.
    pub const fn end(&self) -> u64 {
        self.sequence + self.count as u64
    }

    /// Adds a message where it follows on.
    pub fn extend(&mut self, next: &Run) -> bool {
        let follows = self.producer == next.producer
            && self.damaged == next.damaged
            && self.end() == next.sequence
            && self.first + u64::from(self.count) == next.first
            && self.place.0 == next.place.0;
        if follows {
            self.count += next.count;
        }
        follows
    }
}

/// One entry that a lookup found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The sequence it names.
    pub sequence: u64,
    /// The position it names.
    pub place: Place,
    /// The timestamp it names.
    pub timestamp_us: i64,
    /// Producer and counter of the record that lies there; `None` where it was not looked at or
    /// was trimmed in between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<(u32, u64)>,
    /// Whether that record differs from the entry, or is not whole.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub differs: bool,
    /// Whether that record was said to be damaged.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unreadable: bool,
}

/// How a lookup came to its answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The high watermark that the answer is for.
    pub high_watermark: u64,
    /// The sequence below which the answer knows everything.
    pub visible: u64,
    /// Where the tail began.
    pub tail_start: u64,
    /// What the secondary held when the lookup began.
    pub coverage_before: u64,
    /// What it held when it answered.
    pub coverage: u64,
    /// Entries that came from the tail.
    pub from_tail: u32,
    /// Entries that came from the secondary.
    pub from_settled: u32,
    /// How often the secondary had to catch up.
    pub catch_ups: u32,
    /// How long the lookup waited for that.
    #[serde(default)]
    pub catch_up_wait_us: u64,
    /// How long the catch-ups took that it made itself, for all who waited.
    #[serde(default)]
    pub catch_up_own_us: u64,
    /// Whether the secondary was opened anew.
    pub reopened: bool,
}

/// The marks of a partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarksSeen {
    /// The first sequence that is kept.
    pub log_start: u64,
    /// The end of what is settled.
    pub settled: u64,
    /// The end of what is on disk.
    pub durable: u64,
    /// The end of what is visible.
    pub high_watermark: u64,
    /// The end of what is appended.
    pub log_end: u64,
}

/// What a writer did until it was closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriterSeen {
    /// Segments sealed.
    pub rolls: u64,
    /// Chunks settled.
    pub settles: u64,
    /// Files forced.
    pub syncs: u64,
    /// Appends that had to wait for room in the tail.
    pub backpressure: u64,
}

/// Index instances of a process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstancesSeen {
    /// Primaries that are open.
    pub primaries: u64,
    /// Secondaries that are open.
    pub secondaries: u64,
    /// Secondaries opened so far.
    pub opens: u64,
    /// Of those, how many took the place of one that lacked something or had failed.
    pub reopens: u64,
    /// Catch-ups made so far.
    pub catch_ups: u64,
    /// Catch-ups that missed what was settled before.
    pub gaps: u64,
    /// Secondaries closed because nobody used them.
    pub idle_closes: u64,
}

/// What of a process is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandlesSeen {
    /// Files.
    pub files: u64,
    /// Index instances of any kind.
    pub instances: u64,
    /// Entries of the registry.
    pub entries: u64,
}

impl HandlesSeen {
    /// All of them.
    pub const fn total(&self) -> u64 {
        self.files + self.instances + self.entries
    }
}
