//! Makes a plan that shows a violation smaller, as long as it still shows it, until a person can
//! read it.
//!
//! Parts of the plan are taken away by delta debugging (`ddmin`): whole actors, faults,
//! operations. What is left is brought to simple values, one place after the other: counts,
//! waits, settings, payloads. Rounds of that are made until one changes nothing.
//!
//! In the simulated world whatever is taken away moves the draws of the schedule, so that a race
//! may be missed that is still possible. A candidate is therefore tried under further seeds of
//! the schedule too: under none first, then, when plans are small and runs short, under many.
//!
//! Nothing here asks a clock or draws: the same plan, judged alike, shrinks to the same plan.

mod ddmin;
mod operations;
mod search;
mod settings;
mod structure;
#[cfg(test)]
mod tests;

pub(crate) use ddmin::ddmin;
pub use search::Progress;

use crate::plan::Plan;
use search::Search;

/// Runs candidates.
pub trait Trial {
    /// Whether this plan shows what the first one showed.
    fn shows(&mut self, plan: &Plan) -> bool;

    /// Whether it is time to end. Asked before each run.
    fn is_over(&mut self) -> bool {
        false
    }

    /// How far it is. Told after each run.
    fn progress(&mut self, _progress: &Progress) {}
}

/// How far shrinking goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// Runs at most.
    pub runs_max: u64,
    /// Further seeds of the schedule under which a candidate is tried; 0 where the seed decides
    /// no schedule.
    pub schedules_max: u64,
}

impl Default for Effort {
    fn default() -> Self {
        Self { runs_max: 100_000, schedules_max: 48 }
    }
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shrunk {
    /// The smallest plan that showed it.
    pub plan: Plan,
    /// How many runs were made.
    pub runs: u64,
    /// Whether nothing was left to try; else runs or time were over.
    pub is_done: bool,
}

/// The smallest plan found that still shows what `plan` showed. It is not asked whether `plan`
/// itself shows it.
pub fn shrink(plan: &Plan, trial: &mut impl Trial, effort: Effort) -> Shrunk {
    let mut search = Search::new(plan, trial, effort.runs_max);
    let mut schedules = 0;
    loop {
        search.schedules = schedules;
        rounds(&mut search);
        if schedules == effort.schedules_max || search.is_over() {
            break;
        }
        schedules = (schedules * 4).clamp(3, effort.schedules_max);
    }
    search.settle_seed(effort.schedules_max);
    let is_done = !search.is_over();
    Shrunk { plan: search.best, runs: search.runs, is_done }
}

/// Makes rounds until one changes nothing.
fn rounds(search: &mut Search<'_, impl Trial>) {
    loop {
        let before = search.best.clone();
        structure::visits(search);
        structure::actors(search);
        structure::kills(search);
        structure::faults(search);
        operations::fewer(search);
        structure::merged(search);
        structure::lanes(search);
        operations::simpler(search);
        operations::larger_messages(search);
        structure::simpler_kills(search);
        settings::simpler(search);
        if search.best == before || search.is_over() {
            return;
        }
    }
}
