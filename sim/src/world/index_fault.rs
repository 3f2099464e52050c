//! What can go wrong with the calls of an index.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use duolog::index::model::{CatchUpFault, SettleFault};
use duolog::io::{Family, IndexError};

use crate::plan::{Fault, FaultClass};

/// A call of an index that can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum IndexCall {
    /// The opening of a primary.
    OpenPrimary,
    /// The opening of a secondary.
    OpenSecondary,
    /// A settling.
    Settle,
    /// A catch-up.
    CatchUp,
    /// A read.
    Read,
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
    /// A secondary does not open: a file that it was about to read is gone.
    FileMissing,
    /// A secondary opens after so long.
    SlowOpen {
        /// How long it takes.
        us: u64,
    },
    /// A block of a family rots: whoever reads it is told, until it is repaired.
    Rot {
        /// How long that takes.
        us: u64,
    },
}

/// What became of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// It happened.
    Happened,
    /// The engine did something about it: it called again at once, had another instance opened, or
    /// waited.
    Met,
}

/// Told what became of a fault, in which database, and the clock. Must not call the world.
pub type OnIndexFault = Arc<dyn Fn(Notice, &Path, u64) + Send + Sync>;

/// How soon after its answer a call is followed by one that is there because of it.
const AT_ONCE_US: u64 = 2_000;

impl IndexFault {
    /// What a fault of a plan comes to; `None` where it is none of an index.
    pub fn of(fault: &Fault) -> Option<Self> {
        let us = u64::try_from(fault.us).unwrap_or(0);
        Some(match fault.class {
            FaultClass::CatchUpStale => Self::CatchUp(CatchUpFault::StaleOk),
            FaultClass::CatchUpStaleGets => Self::CatchUp(CatchUpFault::StaleGets),
            FaultClass::CatchUpMissesFamilies => {
                Self::CatchUp(CatchUpFault::PartialFamilies(some_families(fault)))
            }
            FaultClass::CatchUpSkips => Self::CatchUp(CatchUpFault::NewestOnly),
            FaultClass::CatchUpStuck => Self::CatchUp(CatchUpFault::StaleUntilOpenedAnew),
            FaultClass::CatchUpTriesAgain => Self::CatchUp(CatchUpFault::TryAgain),
            FaultClass::CatchUpFails => Self::CatchUp(CatchUpFault::Unreadable),
            FaultClass::CatchUpBreaks => Self::CatchUp(CatchUpFault::StickyError),
            FaultClass::OpenMissesFile => Self::FileMissing,
            FaultClass::OpenTakesLong => Self::SlowOpen { us },
            FaultClass::PrimaryRefused => Self::PrimaryRefused,
            FaultClass::SettleFails => Self::Settle(SettleFault::Refused),
            FaultClass::SettleUneven => Self::Settle(SettleFault::Uneven(some_families(fault))),
            FaultClass::SettleBreaks => Self::Settle(SettleFault::StickyError),
            FaultClass::IndexRots => Self::Rot { us },
            _ => return None,
        })
    }

    fn call(&self) -> IndexCall {
        match self {
            Self::CatchUp(_) => IndexCall::CatchUp,
            Self::Settle(_) => IndexCall::Settle,
            Self::PrimaryRefused => IndexCall::OpenPrimary,
            Self::FileMissing | Self::SlowOpen { .. } => IndexCall::OpenSecondary,
            Self::Rot { .. } => IndexCall::Read,
        }
    }
}

/// Some of the families, not all and not none, by a number of the fault.
fn some_families(fault: &Fault) -> Vec<Family> {
    let kept = 1 + (fault.nth + u64::from(fault.process)) % 14;
    Family::ALL.into_iter().filter(|family| kept >> *family as u32 & 1 == 1).collect()
}

/// A fault that a call meets.
#[derive(Clone)]
pub(super) struct Struck {
    pub(super) fault: IndexFault,
    /// What errors that come of it have in their words.
    pub(super) tag: String,
    pub(super) told: OnIndexFault,
}

/// A family of a database in which a block rotted.
pub(super) struct Rotten {
    pub(super) directory: PathBuf,
    pub(super) family: Family,
    pub(super) until_us: u64,
    pub(super) struck: Struck,
}

impl Rotten {
    /// What a read of that family is told now.
    pub(super) fn error(&self) -> IndexError {
        let (path, tag) = (self.directory.clone(), &self.struck.tag);
        let what = format!("the checksum of a block of {:?} does not match {tag}", self.family);
        IndexError { path, what, sticky: false }
    }
}

/// A fault that happened, and that the engine has not done anything about so far.
struct Open {
    struck: Struck,
    directory: PathBuf,
    answered_us: Option<u64>,
}

impl Open {
    /// Whether a call that begins now is there because of it.
    fn is_met_by(&self, call: IndexCall, now_us: u64) -> bool {
        let at_once = self.answered_us.is_some_and(|at_us| now_us <= at_us + AT_ONCE_US);
        match self.struck.fault.call() {
            IndexCall::CatchUp => {
                at_once && matches!(call, IndexCall::CatchUp | IndexCall::OpenSecondary)
            }
            IndexCall::OpenSecondary => at_once && call == IndexCall::OpenSecondary,
            // What was to be settled is settled next, whenever that is.
            of => call == of,
        }
    }
}

/// What is to go wrong with the index calls of a process, and what did.
#[derive(Default)]
pub(super) struct IndexFaults {
    /// How many calls of each kind the process began.
    begun: BTreeMap<IndexCall, u64>,
    /// By call, counted from 1.
    planned: BTreeMap<(IndexCall, u64), Struck>,
    open: Vec<Open>,
}

impl IndexFaults {
    pub(super) fn plan(&mut self, nth: u64, struck: Struck) {
        self.planned.insert((struck.fault.call(), nth), struck);
    }

    /// Counts a call; what goes wrong with it, and what it is an answer to.
    pub(super) fn begin(
        &mut self,
        call: IndexCall,
        directory: &Path,
        now_us: u64,
    ) -> (Option<Struck>, Vec<Struck>) {
        let count = self.begun.entry(call).or_default();
        *count += 1;
        let struck = self.planned.remove(&(call, *count));
        let open = std::mem::take(&mut self.open);
        let is_met = |open: &Open| open.directory == directory && open.is_met_by(call, now_us);
        let (met, open): (Vec<_>, Vec<_>) = open.into_iter().partition(is_met);
        self.open = open;
        (struck, met.into_iter().map(|open| open.struck).collect())
    }

    pub(super) fn happened(&mut self, struck: Struck, directory: &Path) {
        self.open.push(Open { struck, directory: directory.to_owned(), answered_us: None });
    }

    /// Notes that the last call of this kind that went wrong has returned; it, where nothing but
    /// time is needed to do something about it.
    pub(super) fn answered(
        &mut self,
        call: IndexCall,
        directory: &Path,
        now_us: u64,
    ) -> Option<Struck> {
        let is_it = |open: &Open| {
            let is_its = open.struck.fault.call() == call && open.directory == directory;
            is_its && open.answered_us.is_none()
        };
        let at = self.open.iter().rposition(is_it)?;
        self.open[at].answered_us = Some(now_us);
        let is_slow = matches!(self.open[at].struck.fault, IndexFault::SlowOpen { .. });
        is_slow.then(|| self.open.remove(at).struck)
    }

    /// Forgets what did not happen yet.
    pub(super) fn spare(&mut self) {
        self.planned.clear();
    }
}
