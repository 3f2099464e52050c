//! How the model misbehaves: as RocksDB has been seen to.

use std::collections::VecDeque;

use crate::io::Family;

/// What a catch-up of a secondary does wrong. Each is used up by one catch-up; the next one
/// without a fault heals it, where nothing else is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CatchUpFault {
    /// Says `Ok` and moves nothing.
    StaleOk,
    /// Says `Ok` and moves these families only.
    PartialFamilies(Vec<Family>),
    /// Says `Ok` and moves nothing, and so does every later catch-up of this instance.
    StaleUntilOpenedAnew,
    /// Says `Ok` and brings what scans find; what `get` and `multi_get` find stays behind.
    StaleGets,
    /// Says `Ok`, shows the newest settling and leaves out those between it and the state
    /// before: newest key present, hole below it.
    NewestOnly,
    /// Fails once and moves nothing.
    TryAgain,
    /// Fails and moves nothing, and so does the next catch-up of this instance.
    Unreadable,
    /// Fails, and so does every later catch-up of this instance.
    StickyError,
}

/// What a settling does wrong. Used up by one settling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettleFault {
    /// Fails and writes nothing.
    Refused,
    /// Fails after these families were written.
    Uneven(Vec<Family>),
    /// Fails and writes nothing, and so does every later settling of this instance.
    StickyError,
}

/// Faults of one database that are still to come.
#[derive(Default)]
pub(super) struct Faults {
    pub(super) catch_up: VecDeque<CatchUpFault>,
    pub(super) settle: VecDeque<SettleFault>,
}
