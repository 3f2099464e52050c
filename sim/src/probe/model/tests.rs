#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use super::*;

const LIFE: Life = Life(0);
const KEY: Key = Key(0);

/// A log of one key, every batch with one entry.
fn log(effects: &[(Effect, Keeper)]) -> WriteLog {
    let mut log = WriteLog::default();
    for (at, (effect, keeper)) in (0..).zip(effects) {
        log.push(LIFE, KEY, Entry { at, id: at, effect: *effect, keeper: *keeper });
        log.end_batch();
    }
    log
}

fn is_shadowed(log: &WriteLog, replayed: &[u32], shown: Shown) -> bool {
    log.is_shadowed(LIFE, KEY, &replayed.iter().copied().collect::<BTreeSet<_>>(), &shown)
}

#[test]
fn what_an_instance_surely_has_bounds_what_it_may_show() {
    let log = log(&[(Effect::Put, Keeper::Wal), (Effect::Put, Keeper::Wal)]);
    let surely = Surely { wal: 1, ..Surely::default() };
    let cuts = |shown: Shown| log.cuts(LIFE, KEY, &surely, 2, &shown);
    assert_eq!(cuts(None), []);
    assert_eq!(cuts(Some(vec![0])), [(0, 2)]);
    assert_eq!(cuts(Some(vec![1])), [(2, 3)]);
    // What was not written by then, or never, cannot be there.
    assert_eq!(log.cuts(LIFE, KEY, &surely, 1, &Some(vec![1])), []);
    assert_eq!(cuts(Some(vec![7])), []);
}

#[test]
fn a_flush_publishes_what_no_log_has() {
    let log = log(&[(Effect::Put, Keeper::Memory)]);
    let mut surely = Surely { wal: 1, file: 1, ..Surely::default() };
    assert_eq!(log.cuts(LIFE, KEY, &surely, 1, &None), [(0, 1)]);
    surely.flushed.insert(LIFE, 1);
    assert_eq!(log.cuts(LIFE, KEY, &surely, 1, &None), []);
    // A family that is followed no more keeps what it had.
    let stopped = Surely { stopped: [(LIFE, Followed::default())].into(), ..Surely::default() };
    let is_unsure = |stopped: &Surely| assert_eq!(log.cuts(LIFE, KEY, stopped, 1, &None), [(0, 1)]);
    is_unsure(&stopped);
    // Nor does it get what the primary's memory had when that was closed.
    is_unsure(&Surely { memory: 1, file: 1, wal: 1, ..stopped });
}

#[test]
fn keepers_may_end_at_places_of_their_own() {
    let log = log(&[(Effect::Merge, Keeper::Memory), (Effect::Merge, Keeper::Wal)]);
    let surely = Surely::default();
    assert_eq!(log.cuts(LIFE, KEY, &surely, 2, &Some(vec![1])), []);
    let may =
        |surely: &Surely, shown: &[u32]| log.may_show(LIFE, KEY, surely, 2, &Some(shown.to_vec()));
    assert!(may(&surely, &[0]) && may(&surely, &[1]) && may(&surely, &[0, 1]));
    assert!(!may(&surely, &[1, 0]) && !may(&surely, &[7]));
    assert!(!may(&Surely { wal: 2, ..Surely::default() }, &[0]), "the log surely has more");
}

#[test]
fn moments_of_two_keys_meet_or_do_not() {
    assert_eq!(common(&[(0, 2), (5, 9)], &[(1, 6)]), [(1, 2), (5, 6)]);
    assert_eq!(common(&[(0, 2)], &[(2, 3)]), []);
}

#[test]
fn memory_over_newer_files_is_told_from_any_other_staleness() {
    let log = log(&[
        (Effect::Put, Keeper::Wal),
        (Effect::Merge, Keeper::Wal),
        (Effect::Put, Keeper::Wal),
    ]);
    let shadowed = |replayed: &[u32], shown| is_shadowed(&log, replayed, shown);
    assert!(shadowed(&[0], Some(vec![0])));
    // A merge in memory comes on top of files that have it already.
    assert!(shadowed(&[1], Some(vec![0, 1, 1])));
    assert!(!shadowed(&[], Some(vec![0])));
    // A scan has both where their numbers belong.
    assert!(!shadowed(&[1], Some(vec![0, 2, 1])) && !shadowed(&[1], Some(vec![1, 1, 0])));
    assert!(!shadowed(&[0], None));
}

/// A scan goes by sequence numbers, and those of merged files are gone.
#[test]
fn memory_lies_over_merged_files_and_under_newer_ones() {
    let log = log(&[
        (Effect::Put, Keeper::Wal),
        (Effect::Put, Keeper::File),
        (Effect::Merge, Keeper::Wal),
    ]);
    let shadowed =
        |replayed: &[u32], shown: &[u32]| is_shadowed(&log, replayed, Some(shown.to_vec()));
    assert!(shadowed(&[0], &[0, 2]));
    assert!(!shadowed(&[], &[0, 2]) && !shadowed(&[0], &[1, 0]) && !shadowed(&[2], &[0, 2, 1]));
}

/// A scan from the end meets the entry in memory first.
#[test]
fn memory_lies_below_operands_that_a_flush_made_one() {
    let log = log(&[(Effect::Merge, Keeper::Wal), (Effect::Merge, Keeper::Wal)]);
    let shadowed =
        |replayed: &[u32], shown: &[u32]| is_shadowed(&log, replayed, Some(shown.to_vec()));
    assert!(shadowed(&[1], &[1, 0, 1]) && shadowed(&[1], &[0, 1, 1]));
    assert!(!shadowed(&[1], &[1, 1, 0]) && !shadowed(&[0], &[1, 0, 1]));
}

/// Operands that a flush made one have the number of the last of them.
#[test]
fn memory_lies_below_and_above_operands_that_a_flush_made_one() {
    let log = log(&[(Effect::Merge, Keeper::Wal); 3]);
    let shadowed =
        |replayed: &[u32], shown: &[u32]| is_shadowed(&log, replayed, Some(shown.to_vec()));
    assert!(shadowed(&[1, 2], &[1, 0, 1, 2, 2]) && shadowed(&[1, 2], &[1, 2, 0, 1, 2]));
    assert!(!shadowed(&[1, 2], &[2, 0, 1, 2, 1]) && !shadowed(&[1, 2], &[1, 0, 2, 1, 0]));
}

#[test]
fn single_deletes_want_keys_that_were_put() {
    let is_put = |effects: &[(Effect, Keeper)]| log(effects).is_put(LIFE, KEY);
    assert!(!is_put(&[]));
    assert!(is_put(&[(Effect::Put, Keeper::Wal)]));
    assert!(!is_put(&[(Effect::Put, Keeper::Wal), (Effect::SingleDelete, Keeper::Wal)]));
}
