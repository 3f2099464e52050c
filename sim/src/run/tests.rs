#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use super::engine::Engine;
use super::perfect::{Mutant, Perfect};
use super::*;
use crate::judge::{Invariant, Judgement, Verdict, judge};
use crate::plan::{Plan, Shape};
use crate::world::SimOptions;

const SEEDS: std::ops::Range<u64> = 0..60;

fn run(seed: u64, subject: &Perfect) -> Simulated {
    let plan = Plan::draw(seed, &Shape::simulated());
    simulate(&plan, subject, SimOptions::default())
}

fn told(judgements: &[Judgement]) -> String {
    let findings = judgements.iter().flat_map(|judgement| &judgement.findings);
    findings.map(|finding| format!("{}: {}\n", finding.anomaly, finding.words)).collect()
}

#[test]
fn perfect_log_passes_and_every_invariant_is_at_risk() {
    let mut all: BTreeMap<Invariant, Judgement> = BTreeMap::new();
    for seed in SEEDS {
        let run = run(seed, &Perfect::default());
        assert_eq!(run.broken, None, "seed {seed}");
        let judgements = judge(&run.history);
        assert!(
            judgements.iter().all(|one| one.verdict() != Verdict::Violation),
            "seed {seed}:\n{}",
            told(&judgements)
        );
        for judgement in judgements {
            match all.get_mut(&judgement.invariant) {
                Some(sum) => sum.add(&judgement),
                None => {
                    all.insert(judgement.invariant, judgement);
                }
            }
        }
    }
    for judgement in all.values() {
        println!(
            "{:>4} {:>8} checked {:>8} at risk {:?}",
            judgement.invariant.code(),
            judgement.checked,
            judgement.at_risk,
            judgement.counts
        );
        assert!(judgement.at_risk >= 20, "{judgement:?}");
    }
}

#[test]
fn every_mutant_is_caught_by_its_judge() {
    for mutant in Mutant::ALL {
        let caught = SEEDS.into_iter().find(|seed| {
            let run = run(*seed, &Perfect::mutant(mutant));
            judge(&run.history).iter().any(|judgement| {
                judgement.invariant == mutant.invariant()
                    && judgement.verdict() == Verdict::Violation
            })
        });
        println!("{mutant:?}: {} at seed {caught:?}", mutant.invariant().code());
        assert!(caught.is_some(), "{mutant:?} goes unnoticed");
    }
}

#[test]
fn a_seed_repeats_and_another_differs() {
    let first = run(5, &Perfect::default());
    let again = run(5, &Perfect::default());
    assert_eq!(first.trace, again.trace);
    assert_eq!(first.history, again.history);
    assert_ne!(first.history.events, run(6, &Perfect::default()).history.events);
}

#[test]
fn engine_passes_and_repeats() {
    for seed in 0..16 {
        let plan = Plan::draw(seed, &Shape::simulated());
        let run = simulate(&plan, &Engine::default(), SimOptions::default());
        assert_eq!(run.broken, None, "seed {seed}");
        let judgements = judge(&run.history);
        let violated = judgements.iter().any(|one| one.verdict() == Verdict::Violation);
        assert!(!violated, "seed {seed}:\n{}", told(&judgements));
        let again = simulate(&plan, &Engine::default(), SimOptions::default());
        assert_eq!(run.trace, again.trace, "seed {seed} does not repeat");
    }
}
