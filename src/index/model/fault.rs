//! How the model misbehaves: as RocksDB has been seen to.

use std::collections::VecDeque;

use crate::io::Family;

/// What a catch-up of a secondary does wrong. Each is used up by one catch-up; the next one
/// without a fault heals all but [`CatchUpFault::StickyError`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CatchUpFault {
    /// Says `Ok` and moves nothing.
    StaleOk,
    /// Says `Ok` and moves these families only.
    PartialFamilies(Vec<Family>),
    /// Says `Ok`, shows the newest settling and leaves out those between it and the state
    /// before: newest key present, hole below it.
    NewestOnly,
    /// Fails once and moves nothing.
    TryAgain,
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
}

/// Faults of one database that are still to come.
#[derive(Default)]
pub(super) struct Faults {
    pub(super) catch_up: VecDeque<CatchUpFault>,
    pub(super) settle: VecDeque<SettleFault>,
}
