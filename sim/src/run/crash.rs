//! What the death of a process interrupted.

use duolog::io::Step;

use crate::world::PowerLoss;

/// A process of a simulated run that died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crash {
    /// The step at which it died; `None` for one that had done all it had to do.
    pub step: Option<Step>,
    /// 1 for a process that was at work; for one that was recovering from the crash before, one
    /// more than that crash has.
    pub depth: u32,
    /// What was lost where the power went with it.
    pub power: Option<PowerLoss>,
    /// How many settlings went with it, each family for itself: none that had returned.
    pub lost_run_count: u64,
}

/// Something that takes several steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Within {
    /// A segment was forced, and its successor is not there for certain.
    Roll,
    /// A committed position was written and not forced.
    Commit,
    /// A chunk was being settled.
    Settling,
}

impl Crash {
    /// Behind `before`; `recovering` says that not all partitions had been opened.
    pub(super) fn new(
        step: Option<Step>,
        recovering: bool,
        before: Option<&Self>,
        power: Option<PowerLoss>,
        lost_run_count: u64,
    ) -> Self {
        let depth = before.filter(|_| recovering).map_or(1, |before| before.depth + 1);
        Self { step, depth, power, lost_run_count }
    }

    /// What the process died in the middle of.
    pub fn within(&self) -> Option<Within> {
        match self.step? {
            Step::RollForced | Step::RollCreated => Some(Within::Roll),
            Step::CommitWritten => Some(Within::Commit),
            Step::SettleForced | Step::SettleApplied => Some(Within::Settling),
            _ => None,
        }
    }
}
