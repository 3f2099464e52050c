#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;
use crate::index::testing::{Database, FrameDraw, NaiveLog, PARTITION, frame, now};
use crate::index::value::MarkerValue;
use crate::io::{IndexError, IndexPrimary, SortedRun};

fn report(log: &NaiveLog) -> PartitionReport {
    PartitionReport { partition: PARTITION, log_end: log.end(), ..PartitionReport::default() }
}

fn problems<R: IndexRead>(reader: &R, log: &NaiveLog) -> Vec<String> {
    let mut report = report(log);
    now(compare(reader, &log.frames, &mut report)).unwrap();
    assert_eq!(report.compared_count, report.settled);
    report.problems
}

proptest! {
    #[test]
    fn finds_nothing_wrong_with_what_was_settled(
        chunks in prop::collection::vec(prop::collection::vec(frame(), 1..6), 0..6),
        log_start in any::<prop::sample::Index>(),
    ) {
        let (mut database, mut log) = (Database::new(), NaiveLog::default());
        for frames in chunks {
            let frames: Vec<_> = frames.into_iter().map(|draw| log.append(draw)).collect();
            database.settle(&frames);
        }
        let log_start = log_start.index(log.end() as usize + 1) as u64;
        // Neither settled nor looked for.
        log.append((vec![(0, 5)], false));
        let mut report = PartitionReport { log_start, ..report(&log) };
        now(compare(&database.primary, &log.frames, &mut report)).unwrap();
        prop_assert_eq!(&report.problems, &Vec::<String>::new());
        prop_assert_eq!(report.compared_count, log.end() - 1 - log_start);
    }
}

type Entry = (Vec<u8>, Vec<u8>);

/// Three frames with an id that occurs twice, and times in several buckets.
fn frames() -> [FrameDraw; 3] {
    [(vec![(0, 7), (1, 8)], false), (vec![(2, 200_000)], true), (vec![(0, 9), (3, -1)], false)]
}

/// A log of three frames, settled after `damage` was done to the entries of one family.
fn damaged(family: Family, damage: impl Fn(&NaiveLog, &mut Vec<Entry>)) -> (Database, NaiveLog) {
    let (database, mut log) = (Database::new(), NaiveLog::default());
    let frames = frames().map(|draw| log.append(draw));
    let mut runs = database.build(&frames);
    let run = &mut runs[family as usize];
    let mut entries: Vec<Entry> =
        run.iter().map(|(key, value)| (key.to_vec(), value.to_vec())).collect();
    damage(&log, &mut entries);
    entries.sort();
    *run = SortedRun::default();
    entries.iter().for_each(|(key, value)| run.push(key, value));
    now(database.primary.settle(runs)).unwrap();
    (database, log)
}

fn told(family: Family, words: &str, damage: impl Fn(&NaiveLog, &mut Vec<Entry>)) {
    let (database, log) = damaged(family, damage);
    let problems = problems(&database.primary, &log);
    assert!(problems.iter().any(|problem| problem.contains(words)), "{words:?}: {problems:?}");
}

/// A value of one record that differs from `value` by `change`.
fn changed(value: &[u8], change: impl Fn(&mut RecordValue)) -> Vec<u8> {
    let mut record = RecordValue::decode(value).unwrap();
    change(&mut record);
    let mut bytes = Vec::new();
    record.encode(&mut bytes);
    bytes
}

/// The first entry is the marker.
const FIRST: usize = 1;

/// The entry of the first record; in `by_id_more` one that says which is the latest goes before.
fn first(family: Family) -> usize {
    FIRST + usize::from(family == Family::ByIdMore)
}

#[test]
fn an_index_that_was_not_damaged_passes() {
    for family in Family::ALL {
        let (database, log) = damaged(family, |_, _| {});
        assert_eq!(problems(&database.primary, &log), Vec::<String>::new());
    }
}

#[test]
fn a_missing_entry_is_told() {
    for (family, words) in [
        (Family::ById, "by id the index does not find"),
        (Family::ByIdMore, "by id the index does not find"),
        (Family::ByPosition, "by position the index does not find"),
        (Family::ByTime, "by time the index does not find"),
    ] {
        told(family, words, |_, entries| {
            entries.remove(first(family));
        });
    }
}

#[test]
fn a_wrong_entry_is_told() {
    let changes: [fn(&mut RecordValue); 4] = [
        |record| record.offset.offset += 8,
        |record| record.length_bytes += 1,
        |record| record.timestamp_us += 1,
        |record| record.sequence += 1,
    ];
    for family in [Family::ById, Family::ByIdMore] {
        for change in changes {
            told(family, "is wrong", |_, entries| {
                entries[first(family)].1 = changed(&entries[first(family)].1, change);
            });
        }
    }
    for family in [Family::ByPosition, Family::ByTime] {
        told(family, "is wrong", |_, entries| {
            // The last byte is one of the last record's id.
            *entries[FIRST].1.last_mut().unwrap() ^= 1;
        });
        told(family, "is wrong", |_, entries| {
            let (one, other) = (entries[FIRST].1.clone(), entries[FIRST + 1].1.clone());
            (entries[FIRST].1, entries[FIRST + 1].1) = (other, one);
        });
    }
}

/// A log of one frame that an appender stamped, settled with its entry of `by_time` changed.
fn span_problems(change: impl Fn(&mut SpanValue)) -> Vec<String> {
    let (database, mut log) = (Database::new(), NaiveLog::default());
    let frame =
        log.append(((0..20).map(|number| (number % 6, i64::from(number / 2))).collect(), false));
    let mut runs = database.build(&[frame]);
    let run = &mut runs[Family::ByTime as usize];
    let mut entries: Vec<Entry> =
        run.iter().map(|(key, value)| (key.to_vec(), value.to_vec())).collect();
    let mut span = SpanValue::decode(&entries[FIRST].1).unwrap();
    change(&mut span);
    entries[FIRST].1.clear();
    span.encode(&mut entries[FIRST].1);
    *run = SortedRun::default();
    entries.iter().for_each(|(key, value)| run.push(key, value));
    now(database.primary.settle(runs)).unwrap();
    problems(&database.primary, &log)
}

#[test]
fn a_wrong_span_is_told() {
    assert_eq!(span_problems(|_| {}), Vec::<String>::new());
    let wrong: [fn(&mut SpanValue); 6] = [
        |span| span.offset.offset += 8,
        |span| span.first_us -= 1,
        |span| span.last_us += 1,
        |span| span.last_offset -= 1,
        |span| span.sequences.start += 1,
        |span| span.sequences.end = u64::MAX,
    ];
    for change in wrong {
        assert!(span_problems(change)[0].contains("is wrong"));
    }
    // Ends one earlier, at a message of the same time and 31 bytes before.
    let short = span_problems(|span| {
        span.sequences.end -= 1;
        span.last_offset -= 30;
    });
    assert!(short[0].contains("by time the index does not find"), "{short:?}");
}

#[test]
fn a_marker_with_another_latest_timestamp_is_told() {
    told(
        Family::ByTime,
        "names 200001 as the latest timestamp, the log Some(200000)",
        |_, entries| {
            let mut marker = MarkerValue::decode(&entries[0].1).unwrap();
            marker.latest_us += 1;
            entries[0].1.clear();
            marker.encode(&mut entries[0].1);
        },
    );
}

#[test]
fn an_entry_that_nothing_in_the_log_is_of_is_told() {
    told(Family::ById, "is wrong", |_, entries| {
        entries.push((key::by_id(PARTITION, "nobody"), entries[FIRST].1.clone()));
    });
    told(Family::ByPosition, "is wrong", |log, entries| {
        let mut at = log.frames[0].place().offset();
        at.offset += 8;
        entries.push((key::by_position(PARTITION, at), entries[FIRST].1.clone()));
    });
    told(Family::ByTime, "is wrong", |_, entries| {
        entries.push((key::by_time(PARTITION, 9, 0), entries[FIRST].1.clone()));
    });
}

#[test]
fn an_id_whose_latest_record_is_named_wrong_or_not_at_all_is_told() {
    let family = Family::ByIdMore;
    told(family, "its entry says None", |_, entries| {
        entries.remove(FIRST);
    });
    told(family, "its entry says Some", |_, entries| {
        entries[FIRST].1 = changed(&entries[FIRST].1, |record| record.sequence -= 1);
    });
    told(family, "its entry says Some", |_, entries| {
        entries[FIRST].1 = changed(&entries[FIRST].1, |record| record.offset.offset += 8);
    });
}

#[test]
fn a_message_in_both_families_of_ids_is_told() {
    told(Family::ByIdMore, "found twice", |log, entries| {
        let first = &log.frames[0];
        let mut value = Vec::new();
        RecordValue::of(first, 0).encode(&mut value);
        entries.push((key::by_id_more(PARTITION, first.records.get(0).id, 0), value));
    });
}

#[test]
fn a_malformed_value_is_told() {
    for family in Family::ALL {
        told(family, "is malformed", |_, entries| entries[first(family)].1.truncate(3));
    }
}

/// A reader whose single reads find nothing, as behind a broken filter.
#[derive(Clone)]
struct Blind<R>(R);

impl<R: IndexRead> IndexRead for Blind<R> {
    async fn get(&self, family: Family, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
        self.0.get(family, key).await
    }

    async fn multi_get(
        &self,
        _: Family,
        keys: &[Vec<u8>],
    ) -> Result<Vec<Option<Vec<u8>>>, IndexError> {
        Ok(vec![None; keys.len()])
    }

    async fn last_in(
        &self,
        family: Family,
        range: Range<&[u8]>,
    ) -> Result<Option<Entry>, IndexError> {
        self.0.last_in(family, range).await
    }

    async fn scan(
        &self,
        family: Family,
        range: Range<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Entry>, IndexError> {
        self.0.scan(family, range, limit).await
    }
}

#[test]
fn a_single_read_that_does_not_find_what_a_scan_finds_is_told() {
    let (database, log) = damaged(Family::ById, |_, _| {});
    let problems = problems(&Blind(database.primary), &log);
    assert_eq!(problems.len(), 4, "{problems:?}");
    assert!(problems[0].contains("a single read"), "{problems:?}");
}
