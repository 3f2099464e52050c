#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;
use crate::index::testing::{FrameDraw, NaiveLog, frame, id, time_ranges};

#[derive(Clone, Debug)]
enum Act {
    Push(FrameDraw),
    Seal,
    ReleaseOne,
    ReleaseAll,
    Pin,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        6 => frame().prop_map(Act::Push),
        1 => Just(Act::Seal),
        1 => Just(Act::ReleaseOne),
        1 => Just(Act::ReleaseAll),
        2 => Just(Act::Pin),
    ];
    prop::collection::vec(act, 1..40)
}

fn check(view: &TailView, log: &NaiveLog, below: Sequence) {
    let within = view.start()..below.min(view.end());
    for number in 0..6 {
        let id = id(number);
        assert_eq!(view.by_id(&id, below), log.by_id(&id, within.clone()));
        assert_eq!(view.all_by_id(&id, below), log.all_by_id(&id, within.clone()));
    }
    for at in log.positions() {
        assert_eq!(view.by_position(at, below), log.by_position(at, within.clone()), "{at}");
    }
    for times in time_ranges() {
        let expected = log.since(times.start, within.clone());
        assert_eq!(view.since(times.start, &(0..below)), expected, "since {}", times.start);
        for limit in [1, 3, usize::MAX] {
            let expected = log.by_time(times.clone(), within.clone(), limit);
            assert_eq!(view.by_time(times.clone(), &(0..below), limit), expected, "{times:?}");
        }
    }
    for sequence in 0..=log.end() {
        let expected = log.by_sequence(sequence, within.clone());
        assert_eq!(view.by_sequence(sequence, below), expected);
        let frame = log.frames.iter().find(|frame| frame.sequences().contains(&sequence));
        let place = frame.filter(|_| expected.is_some()).map(BatchEntry::place);
        assert_eq!(view.place_of(sequence, below), place);
    }
}

proptest! {
    #[test]
    fn views_answer_as_looking_at_every_message_does(
        acts in acts(), chunk_entries in 1usize..12,
    ) {
        let limits = TailLimits { chunk_entries, ..TailLimits::default() };
        let (tail, mut log, mut views) = (Tail::new(0, limits), NaiveLog::default(), Vec::new());
        for act in acts {
            match act {
                Act::Push(draw) => tail.push(log.append(draw)),
                Act::Seal => tail.seal_now(),
                Act::ReleaseOne => {
                    if let Some(chunk) = tail.sealed() {
                        tail.release(chunk.sequences().end);
                    }
                }
                Act::ReleaseAll => {
                    tail.seal_now();
                    tail.release(tail.end());
                    assert_eq!((tail.entries(), tail.bytes()), (0, 0));
                    assert_eq!(tail.start(), tail.end());
                }
                Act::Pin => views.push((tail.pin(), log.end())),
            }
            assert_eq!(tail.end(), log.end());
            assert_eq!(tail.entries() as u64, tail.end() - tail.start());
        }
        views.push((tail.pin(), log.end()));
        for (view, end) in views {
            // What was pinned stays, whatever came later; and so does each bound below it.
            assert_eq!(view.end(), end);
            for below in [view.start(), (view.start() + end) / 2, end, u64::MAX] {
                check(&view, &log, below);
            }
        }
    }
}

fn one(log: &mut NaiveLog) -> BatchEntry {
    log.append((vec![(0, 0)], false))
}

#[test]
fn chunks_seal_when_full_and_are_released_in_order() {
    let limits = TailLimits { chunk_entries: 2, entries_max: 4, ..TailLimits::default() };
    let (tail, mut log) = (Tail::new(0, limits), NaiveLog::default());
    tail.push(one(&mut log));
    assert!(tail.sealed().is_none());
    for _ in 0..2 {
        assert!(tail.has_room());
        tail.push(one(&mut log));
    }
    tail.push(one(&mut log));
    assert!(!tail.has_room());
    assert_eq!(tail.sealed_count(), 2);
    let oldest = tail.sealed().unwrap();
    assert_eq!(oldest.sequences(), 0..2);
    // Part of a chunk is not released.
    tail.release(1);
    assert_eq!(tail.start(), 0);
    tail.release(2);
    assert_eq!((tail.start(), tail.entries(), tail.has_room()), (2, 2, true));
    assert_eq!(tail.sealed().unwrap().sequences(), 2..4);
}

#[test]
fn a_full_tail_always_has_a_chunk_to_settle() {
    let limits = TailLimits { bytes_max: 4000, ..TailLimits::default() };
    let (tail, mut log) = (Tail::new(0, limits), NaiveLog::default());
    while tail.has_room() {
        tail.push(one(&mut log));
    }
    assert!(tail.sealed().is_some());
}

#[test]
#[should_panic(expected = "the tail has no holes")]
fn a_hole_is_refused() {
    let (tail, mut log) = (Tail::new(0, TailLimits::default()), NaiveLog::default());
    one(&mut log);
    tail.push(one(&mut log));
}

#[test]
#[should_panic(expected = "only 0 is sealed")]
fn what_is_not_sealed_is_not_released() {
    let (tail, mut log) = (Tail::new(0, TailLimits::default()), NaiveLog::default());
    tail.push(one(&mut log));
    tail.release(1);
}
