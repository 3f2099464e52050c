#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;
use crate::index::coverage::Coverage;
use crate::index::testing::{Database, FrameDraw, NaiveLog, PARTITION, check_settled, frame, now};
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
