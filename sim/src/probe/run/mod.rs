//! Runs plans.

pub mod deterministic;
mod judge;
#[cfg(feature = "rocks")]
pub mod racing;
mod state;

use std::collections::BTreeMap;

use super::violation::Violation;

#[cfg(test)]
pub(crate) use state::State;

/// What came of a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProbeRun {
    /// Promises that were broken, in the order in which that was seen.
    pub violations: Vec<Violation>,
    /// Operations that were done, by name; those that had nothing to do are left out.
    pub counts: BTreeMap<&'static str, u64>,
    /// Values that were judged.
    pub value_count: u64,
}

impl ProbeRun {
    /// How many operations were done.
    pub fn operation_count(&self) -> u64 {
        self.counts.values().sum()
    }

    pub(crate) fn count(&mut self, name: &'static str) {
        *self.counts.entry(name).or_default() += 1;
    }
}
