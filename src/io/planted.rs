//! Mistakes that the harness plants to see that its judges notice them.

/// A mistake inside the engine, where no decorator of the seam could make it. Asked for with
/// [`planted!`](crate::planted!), which is `false` at compile time without the feature `planted`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Planted {
    /// The high watermark is published, and the append acknowledged, before the tail holds the
    /// entry.
    PublishBeforeTail,
    /// A lookup does not compare coverage with the tail's start.
    CoverageUnchecked,
    /// A catch-up is skipped and taken for done.
    CatchUpSkipped,
    /// A frozen instance's answer is passed off as a fresh one.
    FrozenAsFresh,
    /// A commit of a position that the index does not know is accepted.
    CommitUnknown,
    /// A commit below the committed position is accepted.
    CommitBackwards,
    /// The last record before a roll is dropped.
    RollDropsRecord,
    /// A batch pushed while the queue swaps is lost.
    SwapLosesPush,
    /// A caller that drops its future takes the frame under way with it.
    DroppedFutureHole,
    /// A settled entry names a wrong position.
    EntryMisplaced,
    /// A secondary stays open behind its last user.
    SecondaryKept,
    /// A sync of a segment is taken for done without being made.
    SyncSkipped,
    /// A new segment's name is not forced.
    RollUnlinked,
    /// A chunk is settled before the log below it is forced.
    SettleUnforced,
    /// An append is acknowledged as synced before its sync began.
    AckBeforeSync,
    /// A sync that failed is taken for done.
    SyncErrorIgnored,
    /// A sync that failed is tried again, and believed.
    SyncRetried,
    /// Recovery forces what nothing proves durable, without writing it again.
    RecoveryResyncs,
    /// Recovery cuts the last whole frame off.
    CutTooMuch,
    /// Recovery counts a torn frame as a message.
    CutTooLittle,
    /// Frames carry a durable mark that no sync has proven.
    MarkTooEarly,
    /// Frames carry no durable mark.
    MarkNeverWritten,
    /// A chunk that could not be settled in every family is taken for settled.
    SettleFailureIgnored,
    /// Recovery leaves what was not settled out of the tail.
    TailNotRebuilt,
    /// A commit is saved by the one after it.
    CommitLate,
    /// The older one of two commit slots is read.
    OlderSlotChosen,
    /// Opening a partition does not raise its epoch.
    EpochKept,
    /// A segment that was cut is appended to.
    CutAppendedTo,
    /// A committed position is not compared with the history of epochs.
    EpochIgnored,
    /// A frame becomes visible in two halves.
    BatchHalved,
    /// A torn end that an earlier recovery left behind is taken for damage.
    RecoveryOnce,
}

impl Planted {
    /// All of them, in the order above.
    pub const ALL: [Planted; 31] = [
        Planted::PublishBeforeTail,
        Planted::CoverageUnchecked,
        Planted::CatchUpSkipped,
        Planted::FrozenAsFresh,
        Planted::CommitUnknown,
        Planted::CommitBackwards,
        Planted::RollDropsRecord,
        Planted::SwapLosesPush,
        Planted::DroppedFutureHole,
        Planted::EntryMisplaced,
        Planted::SecondaryKept,
        Planted::SyncSkipped,
        Planted::RollUnlinked,
        Planted::SettleUnforced,
        Planted::AckBeforeSync,
        Planted::SyncErrorIgnored,
        Planted::SyncRetried,
        Planted::RecoveryResyncs,
        Planted::CutTooMuch,
        Planted::CutTooLittle,
        Planted::MarkTooEarly,
        Planted::MarkNeverWritten,
        Planted::SettleFailureIgnored,
        Planted::TailNotRebuilt,
        Planted::CommitLate,
        Planted::OlderSlotChosen,
        Planted::EpochKept,
        Planted::CutAppendedTo,
        Planted::EpochIgnored,
        Planted::BatchHalved,
        Planted::RecoveryOnce,
    ];
}

/// Whether the world wants this mistake made here. Constant `false` without the feature
/// `planted`, so that no such branch is in a release build.
#[macro_export]
macro_rules! planted {
    ($world:expr, $mistake:ident) => {
        cfg!(feature = "planted")
            && $crate::io::World::planted($world, $crate::io::Planted::$mistake)
    };
}
