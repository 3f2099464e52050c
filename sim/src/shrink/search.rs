//! The smallest plan so far, and the runs that were made for it.

use std::collections::BTreeSet;

use xxhash_rust::xxh3::xxh3_128;

use super::Trial;
use crate::plan::{Plan, PlanFormat};

/// How far shrinking is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Runs so far.
    pub runs: u64,
    /// Operations of the smallest plan.
    pub operations: usize,
    /// Messages that it appends.
    pub messages: u64,
    /// Its actors.
    pub actors: usize,
    /// Its faults.
    pub faults: usize,
}

/// A search for the smallest plan that shows something.
pub(super) struct Search<'a, T> {
    /// The smallest plan that showed it.
    pub best: Plan,
    pub runs: u64,
    /// Further seeds of the schedule under which a candidate is tried.
    pub schedules: u64,
    trial: &'a mut T,
    runs_max: u64,
    /// Digests of the plans that did not show it.
    known: BTreeSet<u128>,
}

impl<'a, T: Trial> Search<'a, T> {
    pub(super) fn new(plan: &Plan, trial: &'a mut T, runs_max: u64) -> Self {
        let known = BTreeSet::new();
        Self { best: plan.clone(), runs: 0, schedules: 0, trial, runs_max, known }
    }

    /// Whether runs or time are over.
    pub(super) fn is_over(&mut self) -> bool {
        self.runs >= self.runs_max || self.trial.is_over()
    }

    /// Takes this plan for the smallest, where it shows it; whether it does.
    pub(super) fn take(&mut self, mut candidate: Plan) -> bool {
        candidate.seed = self.best.seed;
        if candidate == self.best {
            return false;
        }
        if self.shows(&candidate) {
            self.best = candidate;
            return true;
        }
        for seed in 0..self.schedules {
            candidate.seed = seed;
            if self.shows(&candidate) {
                self.best = candidate;
                return true;
            }
        }
        false
    }

    /// Gives the plan the first of so many seeds of the schedule that shows it, so that plans
    /// that differ in nothing else become equal.
    pub(super) fn settle_seed(&mut self, schedules: u64) {
        for seed in 0..schedules.min(self.best.seed) {
            let candidate = Plan { seed, ..self.best.clone() };
            if self.shows(&candidate) {
                self.best = candidate;
                return;
            }
        }
    }

    fn shows(&mut self, plan: &Plan) -> bool {
        let digest = xxh3_128(plan.to_text(PlanFormat::Json).as_bytes());
        if self.known.contains(&digest) || self.is_over() {
            return false;
        }
        self.runs += 1;
        let shows = self.trial.shows(plan);
        if !shows {
            self.known.insert(digest);
        }
        let best = if shows { plan } else { &self.best };
        let progress = Progress { runs: self.runs, ..Progress::of(best) };
        self.trial.progress(&progress);
        shows
    }
}

impl Progress {
    /// The size of a plan.
    pub fn of(plan: &Plan) -> Self {
        Self {
            runs: 0,
            operations: plan.operation_count(),
            messages: plan.work(|_| usize::MAX).messages,
            actors: plan.actors.len(),
            faults: plan.kills.len() + plan.faults.len(),
        }
    }
}
