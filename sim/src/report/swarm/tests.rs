#![allow(clippy::unwrap_used)]

use duolog::io::Step;

use super::*;
use crate::plan::{Plan, Shape};
use crate::run::engine::Engine;
use crate::run::simulate;
use crate::world::{PowerLoss, SimOptions};

#[test]
fn half_of_the_seeds_reach_the_median() {
    let mut spread = Spread::default();
    assert_eq!(spread.median(), 0);
    for value in [7, 1, 9, 3] {
        spread.add(value);
    }
    assert_eq!(spread.median(), 7);
    spread.add(2);
    assert_eq!(spread.median(), 3);
}

#[test]
fn crashes_count_by_what_they_interrupt_and_take() {
    let mut counts = CrashCounts::default();
    let loss = PowerLoss { lost_page_count: 1, ..PowerLoss::default() };
    let at = |step, depth, power| Crash { step: Some(step), depth, power, lost_run_count: 0 };
    counts.add(&at(Step::RollForced, 1, Some(loss)));
    counts.add(&at(Step::EpochForced, 2, None));
    counts.add(&at(Step::RecoveryRewritten, 3, Some(PowerLoss::default())));
    let found = CrashCounts {
        all: 3,
        with_power: 2,
        nested: 2,
        nested_with_power: 1,
        three_deep_with_power: 1,
        power_within_roll: 1,
        lost_pages: 1,
        ..CrashCounts::default()
    };
    assert_eq!(counts, found);
}

/// What the plans are drawn for: enough of everything that can be interrupted.
#[test]
fn seeds_crash_recover_append_and_crash_again() {
    let mut tally = SwarmTally::default();
    for seed in 0..60 {
        let plan = Plan::draw(seed, &Shape::simulated());
        let run = simulate(&plan, &Engine::default(), SimOptions::default());
        assert_eq!(run.broken, None, "seed {seed}");
        tally.add(&run.history.events, &run.crashes, &run.steps);
    }
    let swarm = tally.report(0, 1, 1);
    println!("{}", swarm.words());
    let Swarm { medians, crashes, .. } = swarm;
    assert!(medians.operations >= 300 && medians.reading_sessions >= 3, "{medians:?}");
    assert!(medians.writer_restarts >= 1 && medians.crashes >= 2, "{medians:?}");
    let least = [
        crashes.nested,
        crashes.nested_with_power,
        crashes.power_within_roll,
        crashes.power_within_commit,
        crashes.power_within_settling,
        crashes.lost_pages,
        crashes.lost_names,
        crashes.lost_index,
    ];
    assert!(least.into_iter().all(|count| count > 0), "{crashes:?}");
}
