#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use super::super::draw::draw;
use super::super::fake::{Fake, Lie};
use super::super::plan::Tier;
use super::super::run::{ProbeRun, deterministic};
use super::Rule;

const SEEDS: std::ops::Range<u64> = 0..60;

fn run(seed: u64, lie: Option<Lie>) -> ProbeRun {
    deterministic::run(&draw(seed, Tier::Deterministic), &mut Fake::lying(lie))
}

/// The rules that a lie breaks on some seeds.
fn broken(lie: Lie) -> BTreeSet<Rule> {
    let violations = SEEDS.flat_map(|seed| run(seed, Some(lie)).violations);
    violations.map(|violation| violation.signature.rule).collect()
}

fn assert_noticed(lie: Lie, rules: &[Rule]) {
    let broken = broken(lie);
    for rule in rules {
        assert!(broken.contains(rule), "{lie:?} is not noticed by {rule:?}, only by {broken:?}");
    }
}

#[test]
fn a_store_that_does_not_lie_breaks_no_rule() {
    let mut operations = 0;
    for seed in 0..400 {
        let run = run(seed, None);
        let said: Vec<&str> = run.violations.iter().map(|one| &*one.words).collect();
        assert!(said.is_empty(), "seed {seed}: {said:#?}");
        assert!(run.value_count > 0, "seed {seed} read nothing");
        operations += run.operation_count();
    }
    assert!(operations > 400 * 40, "{operations} operations");
}

#[test]
fn single_reads_that_stay_behind_are_noticed() {
    let rules = [Rule::Interval, Rule::Agreement, Rule::Silence];
    assert_noticed(Lie::GetsStayBehind, &rules);
}

#[test]
fn scans_that_miss_a_key_are_noticed() {
    assert_noticed(Lie::ScansMissOne, &[Rule::Interval, Rule::Agreement, Rule::Silence]);
}

#[test]
fn a_family_that_a_catch_up_leaves_out_is_noticed() {
    assert_noticed(Lie::FamilyLeftOut, &[Rule::Interval, Rule::Silence]);
}

#[test]
fn a_family_that_runs_ahead_of_others_is_noticed_by_nothing_but_the_cut() {
    assert_eq!(broken(Lie::FamilyFollows), BTreeSet::from([Rule::Cut]));
}

#[test]
fn a_catch_up_that_goes_back_is_noticed() {
    assert_noticed(Lie::CatchUpGoesBack, &[Rule::Backwards, Rule::Interval]);
}

#[test]
fn a_primary_that_loses_a_write_is_noticed() {
    assert_noticed(Lie::PrimaryLosesOne, &[Rule::Interval]);
}

#[test]
fn a_read_only_instance_that_follows_is_noticed() {
    assert_noticed(Lie::FrozenFollows, &[Rule::Frozen, Rule::Interval]);
}

#[test]
fn an_iterator_and_a_snapshot_that_follow_are_noticed() {
    assert_noticed(Lie::HeldFollows, &[Rule::Held]);
}

#[test]
fn a_reader_that_leaves_a_file_is_noticed() {
    assert_noticed(Lie::LeavesFile, &[Rule::Bytes]);
}

#[test]
fn a_call_that_fails_and_one_that_is_not_refused_are_noticed() {
    assert_noticed(Lie::CatchUpFails, &[Rule::Errors]);
    assert_noticed(Lie::TakesWrites, &[Rule::Errors]);
}

#[test]
fn sequence_numbers_that_go_back_or_ahead_are_noticed() {
    assert_noticed(Lie::SequenceGoesBack, &[Rule::Sequence]);
    assert_noticed(Lie::SequenceAhead, &[Rule::Sequence]);
}

#[test]
fn every_rule_has_a_name_and_says_something() {
    let names: BTreeSet<&str> = Rule::ALL.iter().map(|rule| rule.name()).collect();
    assert_eq!(names.len(), Rule::ALL.len());
    assert!(Rule::ALL.iter().all(|rule| !rule.promise().is_empty()));
}
