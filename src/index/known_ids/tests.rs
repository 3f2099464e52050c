#![allow(clippy::unwrap_used)]

use super::*;
use crate::index::testing::{Database, NaiveLog, PARTITION, now};

const BYTES_MAX: usize = 1 << 20;

fn hashes(ids: &[&str]) -> Vec<u64> {
    ids.iter().map(|id| id_filter::hash(id.as_bytes())).collect()
}

#[test]
fn a_new_index_is_known_whole_and_an_old_one_once_it_is_read() {
    let (mut database, mut log) = (Database::new(), NaiveLog::default());
    assert!(KnownIds::of_nothing(BYTES_MAX).is_whole());
    let frame = log.append((vec![(0, 0), (1, 0), (0, 0)], false));
    database.settle(&[frame]);
    let mut known = KnownIds::unread(BYTES_MAX, PARTITION);
    let held = hashes(&["a", "ab"]);
    assert_eq!((known.is_whole(), known.note(&hashes(&["c"]))), (false, vec![true]));
    now(known.read_on(&database.primary, PARTITION, 1)).unwrap();
    assert!(known.is_whole());
    assert_eq!(known.note(&held), [true, true]);
    let other = hashes(&["d"]);
    assert_eq!(known.note(&other), [false]);
    assert_eq!(known.note(&other), [true], "it is about to be there");
}

#[test]
fn only_ids_of_the_partition_are_read_and_no_markers() {
    let (mut database, mut log) = (Database::new(), NaiveLog::default());
    let frame = log.append((vec![(0, 0)], false));
    database.settle(&[frame]);
    let mut known = KnownIds::unread(BYTES_MAX, PARTITION + 1);
    now(known.read_on(&database.primary, PARTITION + 1, 1)).unwrap();
    assert_eq!((known.is_whole(), known.bytes()), (true, 0));
}
