#![allow(clippy::unwrap_used)]

use super::super::draw::draw;
use super::super::fake::{Fake, Lie};
use super::super::plan::{ProbePlan, Tier};
use super::super::rule::Rule;
use super::super::run::deterministic;
use super::*;

/// Whether a plan shows single reads that stay behind.
fn shows(plan: &ProbePlan) -> bool {
    let run = deterministic::run(plan, &mut Fake::lying(Some(Lie::GetsStayBehind)));
    run.violations.iter().any(|one| one.signature.rule == Rule::Interval)
}

#[test]
fn a_plan_shrinks_to_what_it_needs_and_still_shows_it() {
    let seed = (0..).find(|seed| shows(&draw(*seed, Tier::Deterministic))).unwrap();
    let (plan, runs) = shrink(&draw(seed, Tier::Deterministic), 10_000, shows);
    assert!(runs < 10_000 && shows(&plan));
    // Open a secondary, write, catch up, read.
    assert_eq!(plan.operations.len(), 4, "{:#?}", plan.operations);
    let default = Settings { families: plan.settings.families, ..Settings::default() };
    assert_eq!(plan.settings, default);
}

#[test]
fn a_plan_is_read_back_from_its_file() {
    for seed in 0..50 {
        for tier in [Tier::Deterministic, Tier::Racing] {
            let plan = draw(seed, tier);
            assert_eq!(ProbePlan::from_text(&plan.to_text()).unwrap(), plan);
        }
    }
    assert!(ProbePlan::from_text("{}").is_err());
    let future = draw(0, Tier::Racing).to_text().replace("\"format\": 1", "\"format\": 2");
    assert!(ProbePlan::from_text(&future).unwrap_err().to_string().contains("format 2"));
}
