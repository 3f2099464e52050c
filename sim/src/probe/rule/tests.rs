#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use super::super::draw::draw;
use super::super::fake::{Fake, Lie};
use super::super::key::Key;
use super::super::model::{Entry, Keeper, Life, Surely, WriteLog};
use super::super::observation::{FamilySeen, Instance, Moment, Observation};
use super::super::operation::{Effect, Hold, ReadKind, Role};
use super::super::plan::Tier;
use super::super::run::{ProbeRun, deterministic};
use super::held::{self, Held};
use super::{Rule, cut};

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

const KEY: Key = Key(1);
const OLD: Life = Life(0);
const NEW: Life = Life(1);

/// A delete that a secondary replayed, a put that a file has, and after the last catch-up another
/// family's put and a delete.
fn log_of_two() -> WriteLog {
    let mut log = WriteLog::default();
    for (life, effect, keeper) in [
        (OLD, Effect::Delete, Keeper::Wal),
        (OLD, Effect::Put, Keeper::Memory),
        (NEW, Effect::Put, Keeper::Wal),
        (OLD, Effect::Delete, Keeper::Wal),
    ] {
        let at = log.next();
        log.push(life, KEY, Entry { at, id: at, effect, keeper });
        log.end_batch();
    }
    log
}

#[test]
fn what_no_moment_explains_is_held_against_the_last_catch_up() {
    let log = log_of_two();
    let family = |family: u8, life| FamilySeen {
        family,
        life,
        upper: log.next(),
        reads: vec![(ReadKind::Get, vec![(KEY, None)])],
    };
    let seen = |replayed: &[(Life, u32)]| Observation {
        at: 0,
        instance: Instance::Reader(0, Role::Secondary),
        surely: Surely { wal: 2, flushed: [(OLD, 2)].into(), ..Surely::default() },
        families: vec![family(0, OLD), family(1, NEW)],
        moment: Moment::Whole,
        replayed: replayed.iter().copied().collect(),
    };
    let is_shadowed = |seen: &Observation| {
        let found = cut::judge(&log, seen);
        assert_eq!(found.len(), 1, "{found:?}");
        found[0].signature.is_shadowed
    };
    assert!(is_shadowed(&seen(&[(OLD, 0)])));
    assert!(!is_shadowed(&seen(&[])));
}

#[test]
fn memory_explains_an_iterator_that_shows_it() {
    let log = log_of_two();
    let (before, after) = (vec![(KEY, Some(vec![1]))], vec![(KEY, None)]);
    let judged = |replayed: &[u32], after| {
        let held = Held {
            at: 0,
            instance: Instance::Reader(0, Role::Secondary),
            hold: Hold::Iterator,
            family: 0,
            life: OLD,
            replayed: replayed.iter().copied().collect(),
            before: &before,
            after,
        };
        held::judge(&log, &held).map(|violation| violation.signature.is_shadowed)
    };
    assert_eq!(judged(&[0], &after), Some(true));
    assert_eq!(judged(&[], &after), Some(false));
    assert_eq!(judged(&[0], &before), None);
}

#[test]
fn every_rule_has_a_name_and_says_something() {
    let names: BTreeSet<&str> = Rule::ALL.iter().map(|rule| rule.name()).collect();
    assert_eq!(names.len(), Rule::ALL.len());
    assert!(Rule::ALL.iter().all(|rule| !rule.promise().is_empty()));
}
