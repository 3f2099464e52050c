#![allow(clippy::unwrap_used)]

use super::*;
use crate::index::model::CatchUpFault;
use crate::index::testing::{Partition, now};
use crate::io::Family;

/// A partition with one settled chunk that the slot's instance holds, and one that it does not.
fn behind() -> Partition {
    let mut partition = Partition::new();
    for number in 0..2 {
        partition.append((vec![(number, 0)], false));
        partition.publish();
        partition.settle_all();
        if number == 0 {
            let covering = now(partition.slot.covering(7, 1)).unwrap();
            assert_eq!((covering.covered.to, covering.spent.catch_ups), (1, 0));
        }
    }
    partition
}

fn cover(partition: &Partition) -> (Covering<crate::io::real::Real>, SecondaryStats) {
    let covering = now(partition.slot.covering(7, 2)).unwrap();
    assert_eq!((covering.before, covering.covered.to), (1, 2));
    (covering, partition.slot.stats())
}

#[test]
fn a_catch_up_brings_what_was_settled_and_is_not_repeated() {
    let partition = behind();
    let (covering, stats) = cover(&partition);
    assert_eq!((covering.spent.catch_ups, covering.reopened), (1, false));
    assert_eq!(stats, SecondaryStats { opens: 1, catch_ups: 1, ..stats });
    assert_eq!((stats.gaps, stats.reopens), (0, 0));
    assert_eq!(now(partition.slot.covering(7, 2)).unwrap().spent.catch_ups, 0);
    assert_eq!(partition.slot.stats(), stats);
}

#[test]
fn a_gap_is_counted_and_caught_up_again() {
    for fault in
        [CatchUpFault::StaleOk, CatchUpFault::PartialFamilies(vec![Family::ById, Family::ByTime])]
    {
        let partition = behind();
        partition.inject(fault);
        let (covering, stats) = cover(&partition);
        assert_eq!((covering.spent.catch_ups, covering.reopened), (2, false));
        assert_eq!((stats.catch_ups, stats.gaps, stats.reopens), (2, 1, 0));
    }
}

#[test]
fn a_gap_that_stays_makes_it_open_another() {
    let partition = behind();
    partition.inject(CatchUpFault::StaleOk);
    partition.inject(CatchUpFault::StaleOk);
    let (covering, stats) = cover(&partition);
    assert_eq!((covering.spent.catch_ups, covering.reopened), (2, true));
    assert_eq!((stats.gaps, stats.opens, stats.reopens), (2, 2, 1));
}

#[test]
fn an_instance_that_failed_for_good_is_replaced_at_once() {
    let partition = behind();
    partition.inject(CatchUpFault::StickyError);
    let (covering, stats) = cover(&partition);
    assert_eq!((covering.spent.catch_ups, covering.reopened), (1, true));
    assert_eq!((stats.gaps, stats.opens, stats.reopens), (0, 2, 1));
}

#[test]
fn a_failure_that_passes_is_tried_again() {
    let partition = behind();
    partition.inject(CatchUpFault::TryAgain);
    let (covering, stats) = cover(&partition);
    assert_eq!((covering.spent.catch_ups, covering.reopened), (2, false));
    assert_eq!((stats.catch_ups, stats.gaps, stats.opens), (2, 0, 1));
}

#[test]
fn what_no_remedy_brings_is_an_error_that_says_so() {
    let partition = behind();
    let error = now(partition.slot.covering(7, 3)).err().unwrap();
    assert!(error.what.contains("up to 2, and should up to 3"), "{error}");
    assert_eq!(partition.slot.stats().gaps, 4);
}

#[test]
fn an_instance_whose_catch_ups_move_nothing_or_fail_is_replaced() {
    for (fault, gaps) in [(CatchUpFault::StaleUntilOpenedAnew, 2), (CatchUpFault::Unreadable, 0)] {
        let partition = behind();
        partition.inject(fault);
        let (covering, stats) = cover(&partition);
        assert_eq!((covering.spent.catch_ups, covering.reopened), (2, true));
        assert_eq!((stats.gaps, stats.opens, stats.reopens), (gaps, 2, 1));
    }
}

#[test]
fn gets_that_stay_behind_scans_count_as_a_gap() {
    let partition = behind();
    partition.inject(CatchUpFault::StaleGets);
    let (covering, stats) = cover(&partition);
    assert_eq!((covering.spent.catch_ups, covering.reopened), (2, false));
    assert_eq!((stats.gaps, stats.opens), (1, 1));
}

#[test]
fn an_idle_instance_is_closed_and_opened_again_when_needed() {
    let partition = behind();
    let (covering, _) = cover(&partition);
    assert!(!partition.slot.close_idle(0), "a lookup is using it");
    drop(covering);
    assert!(!partition.slot.close_idle(u64::MAX), "it was used a moment ago");
    assert!(partition.slot.close_idle(0));
    assert!(!partition.slot.is_open() && !partition.slot.close_idle(0));
    let covering = now(partition.slot.covering(7, 2)).unwrap();
    assert_eq!((covering.before, covering.spent.catch_ups, covering.reopened), (0, 0, false));
    let stats = partition.slot.stats();
    assert_eq!((stats.opens, stats.idle_closes, stats.reopens), (2, 1, 0));
}

#[test]
fn where_there_is_no_database_the_error_comes_back_and_the_turn_passes_on() {
    let world = crate::io::real::Real::new();
    let slot = SecondarySlot::new(world, "/none".into(), u64::MAX);
    for _ in 0..2 {
        let error = now(slot.covering(0, 1)).err().unwrap();
        assert!(error.what.contains("there is no database"), "{error}");
    }
}
