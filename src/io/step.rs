//! The numbered steps of what the engine does to its files: where a process can die, and where a
//! simulator may let others run.

/// A point between two effects. The engine calls [`super::World::step`] *after* the effect that
/// the name tells. `src/FORMAT.md` says for each what a kill there leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Step {
    /// Write path 1: a batch lies in the queue.
    Staged,
    /// Write path 2: the frame is encoded, nothing is written.
    Encoded,
    /// Write path 3: the frame is in the file.
    FrameWritten,
    /// Write path 4: its entries are in the tail.
    TailAdded,
    /// Write path 5: the high watermark covers it.
    Published,
    /// Write path 6: readers were woken and `Flushed` is acknowledged.
    AckedFlushed,
    /// Write path 7: a sync of the active segment returned.
    Synced,
    /// Write path 8: `Synced` is acknowledged.
    AckedSynced,
    /// Roll: the old segment is forced.
    RollForced,
    /// Roll: the new segment's file exists with its header, forced.
    RollCreated,
    /// Roll: the directory entry is forced.
    RollLinked,
    /// Settle: the log is forced up to the chunk's end.
    SettleForced,
    /// Settle: the chunk is in the index.
    SettleApplied,
    /// Settle: the settled mark covers it and the tail let it go.
    SettleMarked,
    /// Open: the new epoch is on disk.
    EpochForced,
    /// Open: recovery cut a torn tail (by noting it; bytes stay).
    RecoveryCut,
    /// Open: recovery wrote unproven bytes again.
    RecoveryRewritten,
    /// Open: recovery gave the index a missing chunk.
    RecoveryIndexed,
    /// Commit: the slot is written.
    CommitWritten,
    /// Commit: the slot is forced, where the level asks for it.
    CommitForced,
    /// Retention: the new start is published, no file is gone yet.
    TrimMarked,
    /// Retention: a file is gone.
    TrimRemoved,
    /// Close: the last frame, the mark and the clean flag are on disk.
    Closed,
}

impl Step {
    /// All of them, in the order above.
    pub const ALL: [Step; 23] = [
        Step::Staged,
        Step::Encoded,
        Step::FrameWritten,
        Step::TailAdded,
        Step::Published,
        Step::AckedFlushed,
        Step::Synced,
        Step::AckedSynced,
        Step::RollForced,
        Step::RollCreated,
        Step::RollLinked,
        Step::SettleForced,
        Step::SettleApplied,
        Step::SettleMarked,
        Step::EpochForced,
        Step::RecoveryCut,
        Step::RecoveryRewritten,
        Step::RecoveryIndexed,
        Step::CommitWritten,
        Step::CommitForced,
        Step::TrimMarked,
        Step::TrimRemoved,
        Step::Closed,
    ];
}
