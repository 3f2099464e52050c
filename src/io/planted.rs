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
}

impl Planted {
    /// All of them, in the order above.
    pub const ALL: [Planted; 14] = [
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
