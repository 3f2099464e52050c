#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;

use super::*;
use crate::index::coverage::Coverage;
use crate::index::testing::{
    Database, FrameDraw, NaiveLog, PARTITION, check_settled, frame, id, now,
};
use crate::io::IndexSecondary;

fn settled_log(chunks: Vec<Vec<FrameDraw>>) -> (Database, NaiveLog) {
    let (mut database, mut log) = (Database::new(), NaiveLog::default());
    for frames in chunks {
        let frames: Vec<_> = frames.into_iter().map(|draw| log.append(draw)).collect();
        database.settle(&frames);
    }
    (database, log)
}

fn chunks() -> impl Strategy<Value = Vec<Vec<FrameDraw>>> {
    prop::collection::vec(prop::collection::vec(frame(), 1..6), 0..6)
}

proptest! {
    #[test]
    fn answers_as_looking_at_every_message_does(
        chunks in chunks(), bounds in any::<(prop::sample::Index, prop::sample::Index)>(),
    ) {
        let (database, log) = settled_log(chunks);
        let coverage = Coverage::new(PARTITION);
        let covered = now(coverage.extend(&database.primary)).unwrap();
        prop_assert_eq!(covered.to, log.end());
        let settled = Settled::new(&database.primary, PARTITION, covered);
        check_settled(&settled, &log, 0..u64::MAX);
        let size = log.end() as usize + 1;
        let (from, to) = (bounds.0.index(size) as u64, bounds.1.index(size) as u64);
        check_settled(&settled, &log, from..to);
        let none = Covered { chunk_count: 0, ..covered };
        let other = Settled::new(&database.primary, PARTITION + 1, none);
        check_settled(&other, &NaiveLog::default(), 0..u64::MAX);
    }

    #[test]
    fn shows_no_more_than_is_covered(before in chunks(), after in chunks()) {
        let (mut database, mut log) = settled_log(before);
        let covered = now(Coverage::new(PARTITION).extend(&database.primary)).unwrap();
        let shown = log.clone();
        for frames in after {
            let frames: Vec<_> = frames.into_iter().map(|draw| log.append(draw)).collect();
            database.settle(&frames);
        }
        let settled = Settled::new(&database.primary, PARTITION, covered);
        check_settled(&settled, &shown, 0..u64::MAX);
    }
}

#[test]
fn many_entries_are_read_in_pages() {
    let single = |number: u64| (vec![((number % 3) as u8, number as i64 % 7 * 60_000)], false);
    let (mut database, mut log) = (Database::new(), NaiveLog::default());
    for chunk in 0..4 {
        let numbers = chunk * 400..(chunk + 1) * 400;
        let frames: Vec<_> = numbers.map(|number| log.append(single(number))).collect();
        database.settle(&frames);
    }
    let secondary = database.secondary();
    now(secondary.catch_up()).unwrap();
    let covered = now(Coverage::new(PARTITION).extend(&secondary)).unwrap();
    let settled = Settled::new(&secondary, PARTITION, covered);
    check_settled(&settled, &log, 0..u64::MAX);
    check_settled(&settled, &log, 333..1222);
}

/// Counts what is asked of one family.
#[derive(Clone)]
struct Counting<R> {
    inner: R,
    family: Family,
    gets: Arc<AtomicUsize>,
    scans: Arc<AtomicUsize>,
}

impl<R: IndexRead> Counting<R> {
    fn of(inner: R, family: Family) -> Self {
        Self { inner, family, gets: Arc::default(), scans: Arc::default() }
    }

    fn count(&self, counter: &AtomicUsize, family: Family) {
        counter.fetch_add(usize::from(family == self.family), Ordering::Relaxed);
    }

    /// Gets and scans since this was asked last.
    fn take(&self) -> (usize, usize) {
        (self.gets.swap(0, Ordering::Relaxed), self.scans.swap(0, Ordering::Relaxed))
    }
}

impl<R: IndexRead> IndexRead for Counting<R> {
    async fn get(&self, family: Family, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
        self.count(&self.gets, family);
        self.inner.get(family, key).await
    }

    async fn multi_get(
        &self,
        family: Family,
        keys: &[Vec<u8>],
    ) -> Result<Vec<Option<Vec<u8>>>, IndexError> {
        self.count(&self.gets, family);
        self.inner.multi_get(family, keys).await
    }

    async fn last_in(
        &self,
        family: Family,
        range: Range<&[u8]>,
    ) -> Result<Option<(Vec<u8>, Vec<u8>)>, IndexError> {
        self.count(&self.scans, family);
        self.inner.last_in(family, range).await
    }

    async fn scan(
        &self,
        family: Family,
        range: Range<&[u8]>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Vec<u8>)>, IndexError> {
        self.count(&self.scans, family);
        self.inner.scan(family, range, limit).await
    }
}

#[test]
fn an_id_is_looked_for_in_by_id_more_by_one_key() {
    // Sequences 0 to 5; the second and third id occur again.
    let frame = |ids: [u8; 3]| frame_of(ids.map(|id| (id, 0)));
    let (database, log) = settled_log(vec![vec![frame([0, 1, 2])], vec![frame([1, 2, 2])]]);
    let reader = Counting::of(database.primary.clone(), Family::ByIdMore);
    let covered = now(Coverage::new(PARTITION).extend(&reader)).unwrap();
    let settled = Settled::new(&reader, PARTITION, covered);
    let asked = |number: u8, within: Range<Sequence>| {
        reader.take();
        let found = now(settled.by_id(&id(number), &within)).unwrap();
        assert_eq!(found, log.by_id(&id(number), within.clone()));
        (found.map(|meta| meta.sequence), reader.take())
    };
    assert_eq!(asked(0, 0..6), (Some(0), (1, 0)));
    assert_eq!(asked(1, 0..6), (Some(3), (1, 0)));
    assert_eq!(asked(2, 0..6), (Some(5), (1, 0)));
    assert_eq!(asked(2, 0..5), (Some(4), (1, 1)), "the latest is not asked for");
    assert_eq!(asked(2, 0..4), (Some(2), (1, 1)));
    assert_eq!(asked(1, 4..6), (None, (1, 0)));
    reader.take();
    assert_eq!(now(settled.all_by_id(&id(0), &(0..6))).unwrap().len(), 1);
    assert_eq!(reader.take(), (1, 0));
    assert_eq!(now(settled.all_by_id(&id(2), &(0..6))).unwrap().len(), 3);
    assert_eq!(reader.take(), (1, 1));
}

/// Asks for the first records of `times`, checks them, and says how often `by_position` was asked
/// for a cell, and for the cells of a range.
fn asked_by_time(
    (database, log): &(Database, NaiveLog),
    times: Range<i64>,
    limit: usize,
) -> (usize, usize) {
    let reader = Counting::of(database.primary.clone(), Family::ByPosition);
    let covered = now(Coverage::new(PARTITION).extend(&reader)).unwrap();
    let settled = Settled::new(&reader, PARTITION, covered);
    reader.take();
    let found = now(settled.by_time(times.clone(), &(0..u64::MAX), limit)).unwrap();
    assert_eq!(found, log.by_time(times, 0..u64::MAX, limit));
    reader.take()
}

/// Each of a number of an id that says how long it is, and of a timestamp.
fn frame_of(messages: impl IntoIterator<Item = (u8, i64)>) -> FrameDraw {
    (messages.into_iter().collect(), false)
}

/// Numbers of ids: see `LENGTHS_BYTES`.
const BYTES_30: u8 = 0;
const BYTES_700: u8 = 3;
const BYTES_3000: u8 = 4;
const BYTES_20000: u8 = 5;

#[test]
fn of_a_long_span_those_cells_are_read_that_hold_the_range() {
    // Three buckets, one span of 210,000 bytes, in 26 cells.
    let state = settled_log(vec![vec![frame_of((0..300).map(|time| (BYTES_700, time)))]]);
    assert_eq!(asked_by_time(&state, 400..410, 10), (0, 0));
    assert_eq!(asked_by_time(&state, 50..52, 10), (1, 0));
    assert_eq!(asked_by_time(&state, 50..i64::MAX, 2), (1, 0));
    assert_eq!(asked_by_time(&state, 50..60, 10), (2, 0));
    assert_eq!(asked_by_time(&state, 95..115, usize::MAX), (3, 0));
    assert_eq!(asked_by_time(&state, 290..i64::MAX, 100), (2, 0));
    // The chunk's first entry does not begin where its cell does.
    assert_eq!(asked_by_time(&state, 0..10, 10), (2, 1));
    // More cells than are read by their keys.
    assert_eq!(asked_by_time(&state, 10..290, usize::MAX), (0, 1));
}

#[test]
fn where_records_of_a_span_are_stamped_at_odd_distances_none_is_missed() {
    let first = frame_of([(BYTES_30, 0)]);
    let at_first = [(BYTES_30, 0); 5];
    // The second of them is the first that is wanted, and the third lies where it seems to.
    let odd = [(BYTES_3000, 0), (BYTES_20000, 50), (BYTES_30, 51)];
    let odd = frame_of(at_first.into_iter().chain(odd));
    let one = settled_log(vec![vec![first.clone(), odd.clone()]]);
    assert_eq!(asked_by_time(&one, 50..60, 10), (1, 1));
    // The span begins in an entry of its own, behind that of its first cell.
    let two = settled_log(vec![vec![first], vec![odd]]);
    assert_eq!(asked_by_time(&two, 50..60, 10), (1, 1));
    // Some begin where a long one lies, whose cells have no entry.
    let long = [(BYTES_30, 0), (BYTES_20000, 10), (BYTES_20000, 20), (BYTES_30, 40)];
    let long = settled_log(vec![vec![frame_of(at_first.into_iter().chain(long))]]);
    for from in 0..41 {
        asked_by_time(&long, from..i64::MAX, 10);
    }
}

#[test]
fn where_a_chunk_begins_within_a_cell_each_record_of_a_span_is_found_once() {
    let frames = |from: i64| {
        let frame = |time| frame_of((time..time + 10).map(|time| (BYTES_700, time)));
        vec![frame(from), frame(from + 10)]
    };
    let state = settled_log((0..5).map(|chunk| frames(chunk * 20)).collect());
    for from in 0..100 {
        asked_by_time(&state, from..from + 30, usize::MAX);
        asked_by_time(&state, from..i64::MAX, 25);
    }
    // By their keys up to the cell in which the next chunk begins, then by a scan.
    assert_eq!(asked_by_time(&state, 15..50, usize::MAX), (3, 1));
}
