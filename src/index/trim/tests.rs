#![allow(clippy::unwrap_used)]

use super::*;
use crate::index::testing::{Database, NaiveLog, PARTITION, id};

fn removed(log_start: Sequence) -> Vec<(Family, usize, usize)> {
    let mut log = NaiveLog::default();
    let frames = [
        // The long ones take the second frame to another cell.
        log.append((vec![(0, 0), (1, 200_000), (4, 0), (4, 0)], false)),
        log.append((vec![(0, 0), (2, 0)], false)),
    ];
    let runs = Database::new().build(&frames);
    let filter = trim_filter(move |partition| if partition == PARTITION { log_start } else { 0 });
    let count = |family: Family| {
        let run = &runs[family as usize];
        let gone = run.iter().filter(|(key, value)| filter(family, key, value)).count();
        (family, gone, run.len())
    };
    Family::ALL.map(count).to_vec()
}

#[test]
fn entries_go_once_all_their_records_are_trimmed_and_markers_stay() {
    use Family::{ById, ByIdMore, ByPosition, ByTime};
    assert_eq!(removed(0), [(ById, 0, 5), (ByIdMore, 0, 5), (ByPosition, 0, 3), (ByTime, 0, 4)]);
    assert_eq!(removed(1), [(ById, 1, 5), (ByIdMore, 0, 5), (ByPosition, 0, 3), (ByTime, 0, 4)]);
    assert_eq!(removed(3), [(ById, 3, 5), (ByIdMore, 0, 5), (ByPosition, 0, 3), (ByTime, 1, 4)]);
    assert_eq!(removed(4), [(ById, 3, 5), (ByIdMore, 2, 5), (ByPosition, 1, 3), (ByTime, 2, 4)]);
    assert_eq!(removed(6), [(ById, 4, 5), (ByIdMore, 4, 5), (ByPosition, 2, 3), (ByTime, 3, 4)]);
}

#[test]
fn what_is_malformed_or_foreign_stays() {
    let filter = trim_filter(|_| u64::MAX);
    for family in Family::ALL {
        assert!(!filter(family, b"", b""));
        assert!(!filter(family, &key::by_id(PARTITION, &id(0)), b"\x09what"));
        assert!(!filter(family, &key::marker(PARTITION, 0), b""));
    }
}
