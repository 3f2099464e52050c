#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::*;

use super::*;
use crate::index::coverage::Coverage;
use crate::index::entry::BatchEntry;
use crate::index::model::SettleFault;
use crate::index::settled::Settled;
use crate::index::testing::{
    DIRECTORY, Database, FrameDraw, NaiveLog, PARTITION, check_settled, frame, now,
};
use crate::index::trim::trim_filter;
use crate::io::{IndexOptions, IndexPrimary};

/// A chunk; the families that a settling that fails has written before, if one fails; and how
/// much of what is settled is trimmed then, in quarters.
type Draw = (Vec<FrameDraw>, Option<Vec<Family>>, u64);

fn draws() -> impl Strategy<Value = Vec<Draw>> {
    let families = prop::sample::subsequence(Family::ALL.to_vec(), 0..=4);
    let crash = prop::option::of(families);
    let draw = (prop::collection::vec(frame(), 1..4), crash, 0u64..5);
    prop::collection::vec(draw, 1..8)
}

fn entries(run: &SortedRun) -> Vec<(Vec<u8>, Vec<u8>)> {
    run.iter().map(|(key, value)| (key.to_vec(), value.to_vec())).collect()
}

fn all_entries(runs: &SortedRuns) -> Vec<Vec<(Vec<u8>, Vec<u8>)>> {
    runs.iter().map(entries).collect()
}

proptest! {
    /// The model refuses to give a key a second value, so a chunk that is built differently the
    /// second time cannot pass.
    #[test]
    fn a_chunk_settled_in_part_is_settled_again_just_so(draws in draws()) {
        let log_start = Arc::new(AtomicU64::new(0));
        let trimmed = {
            let log_start = log_start.clone();
            trim_filter(move |_| log_start.load(Ordering::Relaxed))
        };
        let mut database = Database::with(IndexOptions { trimmed: Some(trimmed) });
        let (mut log, mut settled_to) = (NaiveLog::default(), 0);
        for (frames, crash, quarters) in draws {
            let frames: Vec<_> = frames.into_iter().map(|draw| log.append(draw)).collect();
            let first = database.build(&frames);
            if let Some(written) = crash {
                let fault = SettleFault::Uneven(written.clone());
                database.backend.inject_settle(Path::new(DIRECTORY), fault);
                prop_assert!(now(database.primary.settle(first.clone())).is_err());
                // What was there when the choice was made may be gone when it is made again.
                log_start.fetch_max(settled_to * quarters / 4, Ordering::Relaxed);
                now(database.primary.compact()).unwrap();
                let again = database.build(&frames);
                for family in written {
                    let run = family as usize;
                    prop_assert_eq!(entries(&first[run]), entries(&again[run]));
                }
            }
            database.settle(&frames);
            settled_to = log.end();
            let covered = now(Coverage::new(PARTITION).extend(&database.primary)).unwrap();
            prop_assert_eq!(covered.to, log.end());
            let settled = Settled::new(&database.primary, PARTITION, covered);
            check_settled(&settled, &log, log_start.load(Ordering::Relaxed)..u64::MAX);
        }
    }

    #[test]
    fn a_settled_chunk_is_built_the_same_again(chunks in prop::collection::vec(
        prop::collection::vec(frame(), 1..4), 1..6,
    )) {
        let (mut database, mut log) = (Database::new(), NaiveLog::default());
        for frames in chunks {
            let frames: Vec<_> = frames.into_iter().map(|draw| log.append(draw)).collect();
            let first = database.build(&frames);
            now(database.primary.settle(first.clone())).unwrap();
            prop_assert_eq!(all_entries(&database.build(&frames)), all_entries(&first));
            database.chunk_count += 1;
        }
    }
}

/// The runs of the frames as the next chunk, with `known` and without.
fn both(database: &Database, frames: &[BatchEntry], known: &mut KnownIds) -> [SortedRuns; 2] {
    let chunk = TailChunk::of(frames.iter().cloned());
    let (primary, number) = (&database.primary, database.chunk_count);
    let known = now(build(primary, PARTITION, number, &chunk, Some(known))).unwrap();
    [known, database.build(frames)]
}

proptest! {
    #[test]
    fn what_is_known_changes_no_choice(
        chunks in prop::collection::vec(prop::collection::vec(frame(), 1..4), 1..6),
        bytes_max in prop_oneof![Just(0usize), Just(1 << 20)],
        opened_at in 0usize..6,
    ) {
        let (mut database, mut log) = (Database::new(), NaiveLog::default());
        let mut known = KnownIds::of_nothing(bytes_max);
        for (number, frames) in chunks.into_iter().enumerate() {
            if number == opened_at {
                known = KnownIds::unread(bytes_max, PARTITION);
            }
            now(known.read_on(&database.primary, PARTITION, number % 2)).unwrap();
            let frames: Vec<_> = frames.into_iter().map(|draw| log.append(draw)).collect();
            let [with, without] = both(&database, &frames, &mut known);
            prop_assert_eq!(all_entries(&with), all_entries(&without));
            database.settle(&frames);
        }
    }
}

#[test]
fn ids_that_were_settled_unknown_would_be_taken_for_new() {
    let (mut database, mut log) = (Database::new(), NaiveLog::default());
    database.settle(&[log.append((vec![(0, 0)], false))]);
    let again = [log.append((vec![(0, 0)], false))];
    let [with, without] = both(&database, &again, &mut KnownIds::of_nothing(1 << 20));
    assert_ne!(all_entries(&with), all_entries(&without), "the comparison above finds it");
}

#[test]
fn markers_name_frames_at_a_bounded_distance() {
    let (database, mut log) = (Database::new(), NaiveLog::default());
    let frames: Vec<_> = (0..3000).map(|_| log.append((vec![(0, 0), (1, 0)], false))).collect();
    let runs = database.build(&frames);
    for family in Family::ALL {
        let run = &runs[family as usize];
        let (key, value) = run.iter().next().unwrap();
        assert_eq!(key, key::marker(PARTITION, 0));
        let marker = MarkerValue::decode(value).unwrap();
        assert_eq!((marker.from, marker.to), (0, 6000));
        assert_eq!(marker.entry_count as usize + 1, run.len());
        let waypoints: Vec<_> = marker.waypoints.iter().map(|place| place.first_sequence).collect();
        let expected = if family == Family::ByPosition {
            vec![0, 1024, 2048, 3072, 4096, 5120]
        } else {
            vec![]
        };
        assert_eq!(waypoints, expected);
    }
    assert_eq!(runs[Family::ById as usize].len(), 3);
    assert_eq!(runs[Family::ByIdMore as usize].len(), 6001);
}
