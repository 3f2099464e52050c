//! What can go wrong with the calls of an index.

use std::collections::BTreeMap;
use std::path::PathBuf;

use duolog::index::model::{CatchUpFault, SettleFault};

/// A call of an index that can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum IndexCall {
    /// The opening of a primary.
    OpenPrimary,
    /// The opening of a secondary.
    OpenSecondary,
    /// A settling.
    Settle,
    /// A catch-up.
    CatchUp,
}

/// What goes wrong with one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IndexFault {
    /// A catch-up does this.
    CatchUp(CatchUpFault),
    /// A settling does this.
    Settle(SettleFault),
    /// A primary does not open.
    PrimaryRefused,
    /// A secondary does not open: a file that it read of is gone.
    FileMissing,
    /// A secondary opens after so long.
    SlowOpen {
        /// How long it takes.
        us: u64,
    },
}

impl IndexFault {
    /// What it goes wrong with.
    pub const fn call(&self) -> IndexCall {
        match self {
            Self::CatchUp(_) => IndexCall::CatchUp,
            Self::Settle(_) => IndexCall::Settle,
            Self::PrimaryRefused => IndexCall::OpenPrimary,
            Self::FileMissing | Self::SlowOpen { .. } => IndexCall::OpenSecondary,
        }
    }
}

/// A call that went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexStrike {
    /// How.
    pub fault: IndexFault,
    /// The database.
    pub directory: PathBuf,
    /// When, in virtual time.
    pub at_us: u64,
}

/// What is to go wrong with the calls of a process, and what did.
#[derive(Default)]
pub(super) struct IndexFaults {
    /// How many calls of each kind the process began.
    begun: BTreeMap<IndexCall, u64>,
    /// By call, counted from 1.
    planned: BTreeMap<(IndexCall, u64), IndexFault>,
    pub(super) strikes: Vec<IndexStrike>,
}

impl IndexFaults {
    pub(super) fn plan(&mut self, nth: u64, fault: IndexFault) {
        self.planned.insert((fault.call(), nth), fault);
    }

    /// Counts a call; what goes wrong with it.
    pub(super) fn begin(&mut self, call: IndexCall) -> Option<IndexFault> {
        let count = self.begun.entry(call).or_default();
        *count += 1;
        self.planned.remove(&(call, *count))
    }

    /// Forgets what did not happen yet.
    pub(super) fn spare(&mut self) {
        self.planned.clear();
    }
}
