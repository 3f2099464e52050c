//! Mistakes of the perfect log, each for one judge.

use crate::judge::Invariant;

/// A mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mutant {
    /// The first record of a segment is dropped.
    Hole,
    /// Some batches are stored twice.
    Duplicate,
    /// Half a batch is staged, then others may come in between.
    TornBatch,
    /// A read ends where the session's last one saw the end.
    StaleRead,
    /// Every second lookup of an id answers with its first message instead of its latest.
    FirstOfId,
    /// All messages of an id are all but the first.
    MissedOfId,
    /// What was acknowledged since the last few flushes goes with the process.
    LostFlushed,
    /// A settled entry names the place of the next record.
    WrongEntry,
    /// A range of time misses the last settled record.
    MissedInRange,
    /// A session that goes to a time begins behind the first message since then.
    SeekTooFar,
    /// A commit below the committed position is accepted.
    CommitBackwards,
    /// A commit of a position where nothing begins is accepted.
    CommitUnknown,
    /// A refused commit is stored all the same.
    RefusedStored,
    /// A lookup reports the high watermark of the session's first lookup.
    OldFreshness,
    /// A secondary that is behind takes three catch-ups.
    SlowCatchUp,
}

impl Mutant {
    /// All of them, in the order above.
    pub const ALL: [Mutant; 15] = [
        Mutant::Hole,
        Mutant::Duplicate,
        Mutant::TornBatch,
        Mutant::StaleRead,
        Mutant::FirstOfId,
        Mutant::MissedOfId,
        Mutant::LostFlushed,
        Mutant::WrongEntry,
        Mutant::MissedInRange,
        Mutant::SeekTooFar,
        Mutant::CommitBackwards,
        Mutant::CommitUnknown,
        Mutant::RefusedStored,
        Mutant::OldFreshness,
        Mutant::SlowCatchUp,
    ];

    /// The invariant that must notice it.
    pub const fn invariant(self) -> Invariant {
        match self {
            Self::Hole => Invariant::Prefix,
            Self::Duplicate | Self::TornBatch => Invariant::Contents,
            Self::StaleRead => Invariant::Visibility,
            Self::FirstOfId => Invariant::Monotonic,
            Self::LostFlushed => Invariant::FlushedSurvives,
            Self::WrongEntry => Invariant::Entries,
            Self::MissedOfId | Self::MissedInRange | Self::SeekTooFar => Invariant::Lookups,
            Self::CommitBackwards | Self::CommitUnknown => Invariant::Commits,
            Self::RefusedStored => Invariant::RefusedCommits,
            Self::OldFreshness => Invariant::Freshness,
            Self::SlowCatchUp => Invariant::AfterSilence,
        }
    }
}
