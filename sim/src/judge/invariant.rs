//! The invariants that are judged.

use serde::{Deserialize, Serialize};

/// An invariant of the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Invariant {
    /// I0.
    Progress,
    /// I1.
    Visibility,
    /// I2.
    AfterSilence,
    /// I3.
    Prefix,
    /// I4.
    Contents,
    /// I5.
    Monotonic,
    /// I6.
    SyncedSurvives,
    /// I7.
    FlushedSurvives,
    /// I8.
    Entries,
    /// I9.
    Lookups,
    /// I10.
    Commits,
    /// I11.
    RefusedCommits,
    /// I12.
    Freshness,
    /// I13.
    Leaks,
}

impl Invariant {
    /// All of them, in the order above.
    pub const ALL: [Invariant; 14] = [
        Invariant::Progress,
        Invariant::Visibility,
        Invariant::AfterSilence,
        Invariant::Prefix,
        Invariant::Contents,
        Invariant::Monotonic,
        Invariant::SyncedSurvives,
        Invariant::FlushedSurvives,
        Invariant::Entries,
        Invariant::Lookups,
        Invariant::Commits,
        Invariant::RefusedCommits,
        Invariant::Freshness,
        Invariant::Leaks,
    ];

    /// The short name: I and a number.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Progress => "I0",
            Self::Visibility => "I1",
            Self::AfterSilence => "I2",
            Self::Prefix => "I3",
            Self::Contents => "I4",
            Self::Monotonic => "I5",
            Self::SyncedSurvives => "I6",
            Self::FlushedSurvives => "I7",
            Self::Entries => "I8",
            Self::Lookups => "I9",
            Self::Commits => "I10",
            Self::RefusedCommits => "I11",
            Self::Freshness => "I12",
            Self::Leaks => "I13",
        }
    }

    /// The name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Progress => "progress",
            Self::Visibility => "visibility",
            Self::AfterSilence => "after-silence",
            Self::Prefix => "prefix",
            Self::Contents => "contents",
            Self::Monotonic => "monotonic",
            Self::SyncedSurvives => "synced-survives",
            Self::FlushedSurvives => "flushed-survives",
            Self::Entries => "entries",
            Self::Lookups => "lookups",
            Self::Commits => "commits",
            Self::RefusedCommits => "refused-commits",
            Self::Freshness => "freshness",
            Self::Leaks => "leaks",
        }
    }

    /// The one called `name`, by name or code.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name || one.code() == name)
    }

    /// What must hold, in one sentence.
    pub const fn promise(self) -> &'static str {
        match self {
            Self::Progress => {
                "Every call returns unless its process dies; none fails where nothing is broken."
            }
            Self::Visibility => {
                "What an append acknowledged as flushed or synced, or what any session was shown, \
                 every fresh read that begins afterwards sees, in any session."
            }
            Self::AfterSilence => {
                "When nothing is broken and nothing has happened for a while, every open session \
                 sees everything acknowledged, after two catch-ups of its secondary at most."
            }
            Self::Prefix => "A session reads a contiguous prefix of a partition: no hole.",
            Self::Contents => {
                "A position has one content for ever; nothing is read twice, in another order, \
                 damaged, in part, or without having been appended."
            }
            Self::Monotonic => "What a session has seen it never un-sees.",
            Self::SyncedSurvives => {
                "What was acknowledged as synced is there after a power loss; no batch is in part."
            }
            Self::FlushedSurvives => {
                "What was acknowledged as flushed is there after the process died."
            }
            Self::Entries => {
                "An index entry that can be seen names a whole record with that id and time."
            }
            Self::Lookups => {
                "Every visible record is found by id, by position and by time; all of an id and \
                 ranges of time are exact and in order, and a session that goes to a time goes on \
                 at the first record since then."
            }
            Self::Commits => {
                "A group's committed position only moves forward, is one that somebody committed, \
                 and never passes the high watermark; a good commit is not refused, a bad one is."
            }
            Self::RefusedCommits => "A refused commit changes nothing.",
            Self::Freshness => "What a lookup says of its own freshness is true.",
            Self::Leaks => "Where nobody uses the log any more, nothing of it is open.",
        }
    }

    /// When a check counts as at risk: when a broken mechanism could have made it fail.
    pub const fn risk(self) -> &'static str {
        match self {
            Self::Progress => {
                "something was interrupted before: a process, a writer, or a caller's future"
            }
            Self::Visibility => {
                "the answer needed a record above what the session, or its secondary, held before"
            }
            Self::AfterSilence => {
                "the secondary, or the session's place, was behind when the silence began"
            }
            Self::Prefix | Self::Contents => {
                "a roll, a settled mark, a new writer or a reopened session lies inside the range"
            }
            Self::Monotonic => {
                "the source changed since the session's last read: coverage, tail, segment, writer"
            }
            Self::SyncedSurvives => "unsynced appends existed in the partition at the power loss",
            Self::FlushedSurvives => "unflushed appends existed in the partition at the kill",
            Self::Entries | Self::Lookups => {
                "the entry went from the tail to the settled part since its last check, or the \
                 writer was opened again in between"
            }
            Self::Commits => "the commit was one to refuse, or another one was under way",
            Self::RefusedCommits => "always: the commit was refused, and looked at afterwards",
            Self::Freshness => "the secondary did not hold everything that was visible",
            Self::Leaks => "since the last check, a last user left while another one was opening",
        }
    }

    /// The anomalies it reports, by the names that Jepsen's log checker uses where it has one.
    pub const fn anomalies(self) -> &'static [&'static str] {
        match self {
            Self::Progress => &["never-returned", "call-failed"],
            Self::Visibility => &["unseen", "stale-lookup"],
            Self::AfterSilence => &["unseen-after-silence", "many-catch-ups"],
            Self::Prefix => &["poll-skip", "int-poll-skip", "hole"],
            Self::Contents => &[
                "inconsistent-offsets",
                "duplicate",
                "phantom",
                "G1a",
                "damaged",
                "torn-batch",
                "nonmonotonic-send",
            ],
            Self::Monotonic => &["nonmonotonic-poll", "unseen-again", "visible-backwards"],
            Self::SyncedSurvives => &["lost-synced", "half-left"],
            Self::FlushedSurvives => &["lost-write"],
            Self::Entries => &["entry-mismatch"],
            Self::Lookups => {
                &["not-found", "found-nothing-there", "range-differs", "seek-differs", "all-differ"]
            }
            Self::Commits => &[
                "commit-backwards",
                "commit-unknown",
                "commit-phantom",
                "commit-ahead",
                "commit-refused",
            ],
            Self::RefusedCommits => &["refused-commit-moved"],
            Self::Freshness => &["freshness-false"],
            Self::Leaks => &["left-open"],
        }
    }
}
