#![allow(clippy::unwrap_used)]

use super::ddmin::ddmin;
use super::*;
use crate::plan::{Ack, Operation, Shape};

/// Asks a function.
struct Asked<F> {
    shows: F,
    over_after: u64,
}

impl<F: FnMut(&Plan) -> bool> Trial for Asked<F> {
    fn shows(&mut self, plan: &Plan) -> bool {
        (self.shows)(plan)
    }

    fn is_over(&mut self) -> bool {
        self.over_after = self.over_after.saturating_sub(1);
        self.over_after == 0
    }
}

fn shrunk(plan: &Plan, shows: impl FnMut(&Plan) -> bool) -> Shrunk {
    shrink(plan, &mut Asked { shows, over_after: u64::MAX }, Effort::default())
}

fn operations(plan: &Plan) -> Vec<Operation> {
    plan.actors.iter().flat_map(|actor| actor.operations.clone()).collect()
}

/// A plan with kills and more than one partition that shows something.
fn large(shows: impl Fn(&Plan) -> bool) -> Plan {
    let mut plans = (0..).map(|seed| Plan::draw(seed, &Shape::simulated()));
    let is_large = |plan: &Plan| plan.kills.len() > 1 && plan.lane_count() > 1;
    plans.find(|plan| is_large(plan) && shows(plan)).unwrap()
}

#[test]
fn no_single_item_can_be_left_out() {
    for wanted in [&[][..], &[0], &[99], &[3, 4], &[0, 17, 50, 99], &[5, 6, 7, 8, 9, 60]] {
        let mut asked = 0;
        let found = ddmin((0..100).collect(), |items: &[u32]| {
            asked += 1;
            wanted.iter().all(|one| items.contains(one))
        });
        assert_eq!(found, wanted);
        assert!(asked < 300, "{asked} runs for {wanted:?}");
    }
    // Two of a kind are needed, whichever they are.
    let found = ddmin((0..40).collect(), |items: &[u32]| {
        items.iter().filter(|one| *one % 10 == 0).count() >= 2
    });
    assert_eq!(found.len(), 2);
}

#[test]
fn what_is_not_needed_goes() {
    let needs = |plan: &Plan| {
        let all = operations(plan);
        let appends = |one: &Operation| one.message_count() > 1;
        let settles = |one: &Operation| matches!(one, Operation::Settle { .. });
        let append = all.iter().position(appends);
        let settle = all.iter().rposition(settles);
        append < settle && append.is_some() && !plan.kills.is_empty()
    };
    let plan = large(needs);
    let Shrunk { plan, is_done, runs } = shrunk(&plan, needs);
    assert!(is_done && runs < 2_000, "{runs}");
    let append = Operation::Append { lane: 0, count: 2, ack: Ack::Flushed, drop_after_polls: None };
    assert_eq!(operations(&plan), [append, Operation::Settle { lane: 0 }]);
    assert_eq!((plan.actors.len(), plan.kills.len(), plan.lane_count()), (1, 1, 1));
    assert_eq!((plan.kills[0].nth, plan.kills[0].power), (1, false));
    assert_eq!((plan.visits.rounds, plan.config.content.payload_max_bytes), (0, 0));
    assert_eq!(plan.config.shard_count, 1);
    Plan::from_text(&plan.to_text(crate::plan::PlanFormat::Json)).unwrap();
}

#[test]
fn a_race_is_looked_for_under_other_schedules() {
    let plan = large(|_| true);
    // Every plan shows it, but each only under few seeds.
    let shows = |plan: &Plan| (plan.seed + plan.operation_count() as u64).is_multiple_of(11);
    let mut plan = plan;
    plan.seed = 1_000_000;
    while !shows(&plan) {
        plan.seed += 1;
    }
    let found = shrunk(&plan, shows);
    assert_eq!(found.plan.operation_count(), 0);
    assert_eq!(found.plan.seed, 0);
    let mut trial = Asked { shows, over_after: u64::MAX };
    let effort = Effort { schedules_max: 0, ..Effort::default() };
    let found = shrink(&plan, &mut trial, effort);
    assert_eq!(found.plan.seed, plan.seed, "where the seed is no schedule, it stays");
}

#[test]
fn the_same_plan_shrinks_to_the_same_plan_and_ends_in_time() {
    let needs = |plan: &Plan| {
        let messages: u32 = operations(plan).iter().map(Operation::message_count).sum();
        messages >= 20 && operations(plan).contains(&Operation::Reopen)
    };
    let mut plans = (0..).map(|seed| Plan::draw(seed, &Shape::simulated()));
    let plan = plans.find(|plan| needs(plan)).unwrap();
    assert_eq!(shrunk(&plan, needs), shrunk(&plan, needs));
    let few = Effort { runs_max: 25, ..Effort::default() };
    let by_runs = shrink(&plan, &mut Asked { shows: needs, over_after: u64::MAX }, few);
    assert_eq!((by_runs.runs, by_runs.is_done), (25, false));
    assert!(needs(&by_runs.plan) && by_runs.plan.operation_count() < plan.operation_count());
    let by_time = shrink(&plan, &mut Asked { shows: needs, over_after: 30 }, Effort::default());
    assert!(!by_time.is_done && needs(&by_time.plan));
}

#[test]
fn every_candidate_is_a_plan_that_can_be_run() {
    let plan = large(|_| true);
    let mut nth = 0_u64;
    shrunk(&plan, |candidate| {
        let text = candidate.to_text(crate::plan::PlanFormat::Json);
        assert_eq!(Plan::from_text(&text).unwrap(), *candidate);
        // Some are taken, most are not, without a pattern.
        nth += 1;
        candidate.operation_count() > 5 && nth.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 61 == 0
    });
    assert!(nth > 100, "{nth}");
}
