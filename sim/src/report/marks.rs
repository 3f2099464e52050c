//! Places that a large run should come to sometimes: one that never does says nothing about them.

use std::collections::{BTreeMap, BTreeSet};

use duolog::io::Step;
use serde::{Deserialize, Serialize};

use crate::history::{Event, Kind, Outcome};

use super::table::grouped;

/// A place, over all seeds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// A step of the engine, or `told-` and what a caller was told.
    pub name: String,
    /// How often it was reached.
    pub count: u64,
    /// In how many seeds.
    pub seeds: u64,
}

/// So many seeds come to every place.
const SEEDS_ENOUGH: u64 = 5_000;

/// What callers may be told where only what plans do is done to the engine. A lookup that finds
/// nothing succeeded.
const TOLD: [Kind; 9] = [
    Kind::OffsetMismatch,
    Kind::PositionLost,
    Kind::Trimmed,
    Kind::Backpressure,
    Kind::Retry,
    Kind::Poisoned,
    Kind::Closed,
    Kind::Dropped,
    Kind::Died,
];

/// Steps that no plan comes to: nobody goes back in what a group committed.
const NEVER: [Step; 1] = [Step::CommitForced];

impl Mark {
    /// In words, where a run of `seed_count` seeds never came to it and should have.
    pub(super) fn complaint(&self, seed_count: u64) -> Option<String> {
        (self.count == 0 && seed_count >= SEEDS_ENOUGH)
            .then(|| format!("{}: never reached in {} seeds", self.name, grouped(seed_count)))
    }
}

/// Adds up the places that seeds came to.
#[derive(Clone, Debug, Default)]
pub(super) struct MarkTally {
    steps: BTreeMap<Step, (u64, u64)>,
    told: BTreeMap<Kind, (u64, u64)>,
}

impl MarkTally {
    /// Adds a seed, with how often its processes passed each step.
    pub(super) fn add(&mut self, events: &[Event], steps: &BTreeMap<Step, u64>) {
        for (step, count) in steps {
            let (sum, seeds) = self.steps.entry(*step).or_default();
            *sum += count;
            *seeds += 1;
        }
        let mut kinds = BTreeSet::new();
        for event in events {
            let (Outcome::Fail(failure) | Outcome::Unknown(failure)) = &event.outcome else {
                continue;
            };
            self.told.entry(failure.kind).or_default().0 += 1;
            if kinds.insert(failure.kind) {
                self.told.entry(failure.kind).or_default().1 += 1;
            }
        }
    }

    /// All places, those that were never reached too.
    pub(super) fn report(&self) -> Vec<Mark> {
        let steps = Step::ALL.into_iter().filter(|step| !NEVER.contains(step)).map(|step| {
            let (count, seeds) = self.steps.get(&step).copied().unwrap_or_default();
            Mark { name: format!("{step:?}"), count, seeds }
        });
        let told = TOLD.into_iter().map(|kind| {
            let (count, seeds) = self.told.get(&kind).copied().unwrap_or_default();
            Mark { name: format!("told-{kind:?}"), count, seeds }
        });
        steps.chain(told).collect()
    }
}

/// The marks of two runs together.
pub(super) fn merged_marks(one: &[Mark], other: &[Mark]) -> Vec<Mark> {
    let mut marks = one.to_vec();
    for mark in other {
        match marks.iter_mut().find(|sum| sum.name == mark.name) {
            Some(sum) => (sum.count, sum.seeds) = (sum.count + mark.count, sum.seeds + mark.seeds),
            None => marks.push(mark.clone()),
        }
    }
    marks
}

/// How many were reached, and which of them least.
pub(super) fn mark_words(marks: &[Mark]) -> String {
    let reached = marks.iter().filter(|mark| mark.count > 0);
    let Some(rarest) = reached.clone().min_by_key(|mark| mark.seeds) else { return String::new() };
    format!(
        " {} of {} places were reached, the rarest is {}: {} times, in {} seeds\n",
        reached.count(),
        marks.len(),
        rarest.name,
        grouped(rarest.count),
        grouped(rarest.seeds),
    )
}

#[cfg(test)]
mod tests;
