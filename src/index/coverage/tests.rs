#![allow(clippy::unwrap_used)]

use std::ops::Range;
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::index::key;
use crate::index::model::{CatchUpFault, ModelSecondary};
use crate::index::settled::Settled;
use crate::index::testing::{
    DIRECTORY, Database, FrameDraw, NaiveLog, PARTITION, check_settled, frame, now,
};
use crate::index::value::MarkerValue;
use crate::io::IndexSecondary;

/// One settled chunk, what the catch-up after it does wrong, and whether there is one at all.
type Draw = (Vec<FrameDraw>, Option<CatchUpFault>, bool);

fn faults() -> impl Strategy<Value = Option<CatchUpFault>> {
    let families = prop::sample::subsequence(Family::ALL.to_vec(), 0..4);
    prop_oneof![
        Just(None),
        Just(Some(CatchUpFault::StaleOk)),
        Just(Some(CatchUpFault::StaleGets)),
        families.prop_map(|families| Some(CatchUpFault::PartialFamilies(families))),
        Just(Some(CatchUpFault::NewestOnly)),
        Just(Some(CatchUpFault::TryAgain)),
    ]
}

fn draws() -> impl Strategy<Value = Vec<Draw>> {
    let draw = (prop::collection::vec(frame(), 1..4), faults(), prop::bool::weighted(0.7));
    prop::collection::vec(draw, 1..8)
}

/// Settles, catches up with the faults, and checks after each catch-up that what `cover` says
/// is covered is there, whole.
fn run(draws: Vec<Draw>, cover: impl Fn(&Coverage, &ModelSecondary) -> Covered) -> Covered {
    let (mut database, mut log) = (Database::new(), NaiveLog::default());
    let (secondary, coverage) = (database.secondary(), Coverage::new(PARTITION));
    let mut before = 0;
    for (frames, fault, catch_up) in draws {
        let frames: Vec<_> = frames.into_iter().map(|draw| log.append(draw)).collect();
        database.settle(&frames);
        if catch_up {
            if let Some(fault) = fault {
                database.backend.inject_catch_up(Path::new(DIRECTORY), fault);
            }
            let _ = now(secondary.catch_up());
        }
        let covered = cover(&coverage, &secondary);
        assert!(before <= covered.to && covered.to <= log.end());
        before = covered.to;
        let mut shown = log.clone();
        shown.metas.truncate(covered.to as usize);
        shown.frames.retain(|frame| frame.first_sequence < covered.to);
        check_settled(&Settled::new(&secondary, PARTITION, covered), &shown, 0..u64::MAX);
    }
    // A catch-up without a fault, or two where one was left over, heals all.
    for _ in 0..2 {
        now(secondary.catch_up()).unwrap();
    }
    let covered = cover(&coverage, &secondary);
    assert_eq!(covered.to, log.end());
    covered
}

fn by_chain(coverage: &Coverage, secondary: &ModelSecondary) -> Covered {
    let covered = now(coverage.extend(secondary)).unwrap();
    assert_eq!(covered, coverage.known());
    covered
}

proptest! {
    #[test]
    fn what_is_covered_is_there(draws in draws()) {
        let chunk_count = draws.len() as u64;
        prop_assert_eq!(run(draws, by_chain).chunk_count, chunk_count);
    }
}

fn markers() -> Range<Vec<u8>> {
    key::marker(PARTITION, 0)..key::marker(PARTITION, u64::MAX)
}

/// The mistake that the chain is there to avoid: believing the newest marker of each family.
fn by_last_key(_: &Coverage, secondary: &ModelSecondary) -> Covered {
    let newest = |family| {
        let keys = markers();
        let last = now(secondary.last_in(family, &keys.start..&keys.end)).unwrap();
        last.map_or(0, |(_, value)| MarkerValue::decode(&value).unwrap().to)
    };
    let to = Family::ALL.into_iter().map(newest).min().unwrap_or_default();
    Covered { to, chunk_count: 0, has_more: true }
}

/// The mistake of believing one family.
fn by_one_family(_: &Coverage, secondary: &ModelSecondary) -> Covered {
    let end = chain::end(secondary, Family::ById, PARTITION, ChainEnd::default());
    let end = now(end).unwrap();
    Covered { to: end.to.unwrap_or(0), chunk_count: end.next_chunk, has_more: true }
}

fn chunk(number: u8) -> Vec<FrameDraw> {
    vec![(vec![(number, 0)], false)]
}

#[test]
#[should_panic(expected = "assertion")]
fn believing_the_last_key_is_caught() {
    let newest = Some(CatchUpFault::NewestOnly);
    run(vec![(chunk(0), None, false), (chunk(1), newest, true)], by_last_key);
}

#[test]
#[should_panic(expected = "assertion")]
fn believing_one_family_is_caught() {
    let partial = Some(CatchUpFault::PartialFamilies(vec![Family::ById]));
    run(vec![(chunk(0), None, true), (chunk(1), partial, true)], by_one_family);
}

#[test]
fn nothing_new_costs_one_read_and_gaps_are_not_crossed() {
    let mut log = NaiveLog::default();
    let mut database = Database::new();
    let secondary = database.secondary();
    let coverage = Coverage::new(PARTITION);
    assert_eq!(by_chain(&coverage, &secondary), Covered::default());
    for number in 0..3 {
        let frame = log.append((vec![(number, 0)], false));
        database.settle(&[frame]);
    }
    database.backend.inject_catch_up(Path::new(DIRECTORY), CatchUpFault::NewestOnly);
    now(secondary.catch_up()).unwrap();
    assert_eq!(by_chain(&coverage, &secondary).to, 0);
    now(secondary.catch_up()).unwrap();
    let covered = Covered { to: 3, chunk_count: 3, has_more: false };
    assert_eq!(by_chain(&coverage, &secondary), covered);
}

#[test]
fn a_chain_of_many_pages_is_followed_to_its_end() {
    let (mut database, mut log) = (Database::new(), NaiveLog::default());
    for _ in 0..300 {
        let frame = log.append((vec![(0, 0)], false));
        database.settle(&[frame]);
    }
    let covered = now(Coverage::new(PARTITION).extend(&database.primary)).unwrap();
    assert_eq!(covered, Covered { to: 300, chunk_count: 300, has_more: true });
}
