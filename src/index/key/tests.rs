#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;
use crate::types::SegmentId;

fn at(segment: u64, offset: u64) -> SegmentOffset {
    SegmentOffset { segment_id: SegmentId(segment), offset }
}

proptest! {
    #[test]
    fn positions_sort_by_partition_segment_offset(
        a in any::<(u32, u64, u64)>(), b in any::<(u32, u64, u64)>(),
    ) {
        let key = |(partition, segment, offset)| by_position(partition, at(segment, offset));
        prop_assert_eq!(key(a).cmp(&key(b)), a.cmp(&b));
    }

    #[test]
    fn buckets_sort_as_signed_numbers_and_come_back(
        a in any::<(i64, u64)>(), b in any::<(i64, u64)>(),
    ) {
        let key = |(time, sequence)| by_time(7, bucket(time), sequence);
        let plain = |(time, sequence)| (bucket(time), sequence);
        prop_assert_eq!(key(a).cmp(&key(b)), plain(a).cmp(&plain(b)));
        prop_assert_eq!(bucket_of(&key(a)), Some(bucket(a.0)));
        prop_assert_eq!(parse(&key(a)), Some((7, KeyKind::Entry)));
    }

    #[test]
    fn a_time_range_holds_the_buckets_of_its_times(
        start in any::<i64>(), width in 1i64..10_000_000, inside in any::<prop::sample::Index>(),
    ) {
        prop_assume!(start.checked_add(width).is_some());
        let times = start..start + width;
        let time = start + inside.index(width as usize) as i64;
        let keys = by_time_range(7, &times);
        let key = by_time(7, bucket(time), u64::MAX);
        prop_assert!(keys.start <= key && key < keys.end);
        let before = by_time(7, bucket(start) - 1, u64::MAX);
        let after = by_time(7, bucket(times.end - 1) + 1, 0);
        prop_assert!(before < keys.start && keys.end <= after);
    }

    #[test]
    fn later_records_of_an_id_are_one_range_latest_first(
        id in "[ab\0\u{ff}]{1,4}", other in "[ab\0\u{ff}]{1,4}",
        sequences in any::<(u64, u64)>(), bounds in any::<(u64, u64)>(),
    ) {
        let (one, two) = sequences;
        prop_assert_eq!(
            by_id_more(7, &id, one).cmp(&by_id_more(7, &id, two)),
            two.cmp(&one)
        );
        let within = bounds.0.min(bounds.1)..bounds.0.max(bounds.1);
        prop_assume!(!within.is_empty());
        let keys = by_id_more_range(7, &id, &within);
        let has = |key: Vec<u8>| keys.start <= key && key < keys.end;
        prop_assert_eq!(has(by_id_more(7, &id, one)), within.contains(&one));
        prop_assert_eq!(has(by_id_more(7, &other, one)), id == other && within.contains(&one));
        prop_assert!(by_id_latest(7, &id) < keys.start);
    }

    #[test]
    fn the_records_of_an_id_have_a_prefix_of_their_own(
        id in "[ab\0]{1,4}", other in "[ab\0]{1,4}", sequences in any::<(u64, u64)>(),
    ) {
        let keys = by_id_more_range(7, &id, &(0..sequences.0.max(1)));
        let prefix = by_id_more_prefix(&keys.start);
        prop_assert!(prefix.is_some_and(|prefix| keys.start.starts_with(prefix)));
        prop_assert_eq!(by_id_more_prefix(&keys.end), prefix);
        let other_key = by_id_more(7, &other, sequences.1);
        prop_assert_eq!(by_id_more_prefix(&other_key) == prefix, id == other);
        prop_assert_eq!(prefix.is_some_and(|prefix| other_key.starts_with(prefix)), id == other);
        prop_assert_eq!(prefix, Some(&*by_id_latest(7, &id)));
        prop_assert!(is_by_id_latest(&by_id_latest(7, &id)) && !is_by_id_latest(&other_key));
        prop_assert!(by_id_more_prefix(&marker(7, sequences.0)).is_none());
    }

    #[test]
    fn markers_sort_by_number_before_all_entries(
        a in any::<u64>(), b in any::<u64>(), id in ".{1,9}",
    ) {
        prop_assert_eq!(marker(7, a).cmp(&marker(7, b)), a.cmp(&b));
        prop_assert!(marker(7, a) < by_id(7, &id));
        prop_assert!(marker(8, a) > by_id(7, &id));
        prop_assert_eq!(parse(&marker(7, a)), Some((7, KeyKind::Marker(a))));
    }
}

#[test]
fn floor_holds_the_frame_of_a_byte_and_stays_in_its_segment() {
    let keys = by_position_floor(7, at(3, 500));
    let has = |key: Vec<u8>| keys.start <= key && key < keys.end;
    assert!(has(by_position(7, at(3, 0))));
    assert!(has(by_position(7, at(3, 500))));
    assert!(!has(by_position(7, at(3, 501))));
    assert!(!has(by_position(7, at(2, 100))));
}

#[test]
fn an_entry_begins_with_its_cell_or_with_its_chunk() {
    let entry = |record, first_frame| cell_entry(at(3, record), first_frame);
    assert_eq!(entry(100, 64), at(3, 64));
    assert_eq!(entry(CELL_BYTES - 1, 0), at(3, 0));
    assert_eq!(entry(CELL_BYTES, 64), at(3, CELL_BYTES));
    assert_eq!(entry(CELL_BYTES + 100, CELL_BYTES), at(3, CELL_BYTES));
    assert_eq!(entry(CELL_BYTES + 100, CELL_BYTES + 36), at(3, CELL_BYTES + 36));
    assert_eq!(entry(2 * CELL_BYTES + 1, CELL_BYTES + 36), at(3, 2 * CELL_BYTES));
    assert_eq!(entry(u64::MAX, 64), at(3, u64::MAX - (CELL_BYTES - 1)));
}

#[test]
fn entries_from_a_frame_begin_with_its_cell() {
    let keys = by_position_from(7, at(3, CELL_BYTES + 36));
    let has = |key: Vec<u8>| keys.start <= key && key < keys.end;
    assert!(has(by_position(7, at(3, CELL_BYTES))));
    assert!(!has(by_position(7, at(3, CELL_BYTES - 1))));
    assert!(has(by_position(7, at(4, 0))));
    assert!(!has(by_position(8, at(3, CELL_BYTES))));
}

#[test]
fn layout_is_pinned() {
    assert_eq!(marker(1, 2), [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
    assert_eq!(by_id(1, "ab"), [0, 0, 0, 1, 1, b'a', b'b']);
    let more = by_id_more(1, "ab", 1);
    assert_eq!(more[..9], [0, 0, 0, 1, 1, 0, 2, b'a', b'b']);
    assert_eq!(more[9..], [255, 255, 255, 255, 255, 255, 255, 254]);
    assert_eq!(by_id_latest(1, "ab"), more[..9]);
    let time = by_time(1, -1, 9);
    assert_eq!(time[5..], [127, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 9]);
}
