#![allow(clippy::unwrap_used)]

use std::ops::Range;

use proptest::prelude::*;

use super::*;
use crate::index::entry::{BatchEntry, FrameStart, RecordEntries, RecordEntry};
use crate::types::{MessageMeta, Sequence};

fn records() -> impl Strategy<Value = RecordEntries> {
    let record = (".{1,6}", any::<i64>(), 1u32..1000, any::<u32>());
    prop::collection::vec(record, 1..20).prop_map(|drawn| {
        let (mut offset_in_frame, mut records) = (0, RecordEntries::default());
        for (id, timestamp_us, gap, length_bytes) in drawn {
            offset_in_frame += gap;
            records.push(RecordEntry { id: &id, timestamp_us, offset_in_frame, length_bytes });
        }
        records
    })
}

fn batch() -> impl Strategy<Value = BatchEntry> {
    (0u64..1 << 60, any::<u64>(), 0u64..1 << 60, records()).prop_map(
        |(first_sequence, segment, frame_offset, records)| BatchEntry {
            first_sequence,
            segment_id: SegmentId(segment),
            frame_offset,
            frame_length_bytes: 0,
            append_time_us: 0,
            records,
        },
    )
}

fn decoded(value: &[u8]) -> Result<Vec<MessageMeta>, Malformed> {
    FrameValue::decode(value)?.records().map(|record| Ok(record?.meta())).collect()
}

/// Frames that follow each other in one segment.
fn following() -> impl Strategy<Value = Vec<BatchEntry>> {
    let rest = prop::collection::vec((0u64..1000, records()), 0..4);
    (batch(), rest).prop_map(|(first, rest)| {
        let mut batches = vec![first];
        for (gap, records) in rest {
            let before = batches.last().unwrap();
            let last = before.records.len() - 1;
            let batch = BatchEntry {
                first_sequence: before.sequences().end,
                frame_offset: before.offset(last).offset + 1 + gap,
                records,
                ..before.clone()
            };
            batches.push(batch);
        }
        batches
    })
}

type Found = (FrameStart, MessageMeta);

/// The value of all records but some at both ends, as `cuts` says, and what it holds.
fn cell(batches: &[BatchEntry], cuts: (usize, usize)) -> (Vec<u8>, Vec<Found>) {
    let (packed, last) = (PackedRecords::of(batches.iter()), batches.len() - 1);
    let pieces = batches.iter().enumerate().map(|(frame, batch)| {
        let count = batch.records.len();
        let first = if frame == 0 { cuts.0 % count } else { 0 };
        let end = if frame == last { count - cuts.1 % (count - first) } else { count };
        Piece { batch, frame, indexes: first..end }
    });
    let mut value = Vec::new();
    CellValue::encode(pieces.clone(), &packed, &mut value);
    let metas = |piece: Piece<'_>| {
        let Piece { batch, indexes, .. } = piece;
        indexes.map(|index| (batch.place(), batch.meta(index))).collect::<Vec<_>>()
    };
    (value, pieces.flat_map(metas).collect())
}

fn decoded_cell(value: &[u8]) -> Result<Vec<Found>, Malformed> {
    let (mut records, mut found) = (CellValue::decode(value)?.records(), Vec::new());
    while let Some(record) = records.next() {
        found.push((records.place(), record?.meta()));
    }
    Ok(found)
}

fn at(value: &[u8], at: SegmentOffset) -> Result<Option<MessageMeta>, Malformed> {
    Ok(CellValue::decode(value)?.record_at(at)?.map(|record| record.meta()))
}

proptest! {
    #[test]
    fn frames_come_back(batch in batch(), keep in any::<u32>()) {
        let indexes: Vec<usize> =
            (0..batch.records.len()).filter(|index| keep >> index & 1 == 1).collect();
        let mut value = Vec::new();
        FrameValue::encode(&batch, indexes.iter().copied(), &mut value);
        let expected: Vec<_> = indexes.iter().map(|&index| batch.meta(index)).collect();
        prop_assert_eq!(decoded(&value), Ok(expected));
        prop_assert_eq!(FrameValue::decode(&value).unwrap().place, batch.place());
    }

    #[test]
    fn packed_records_make_the_same_values(
        batches in prop::collection::vec(batch(), 1..4), cuts in any::<(usize, usize)>(),
    ) {
        let packed = PackedRecords::of(batches.iter());
        for (frame, batch) in batches.iter().enumerate() {
            let first = cuts.0 % batch.records.len();
            let indexes = first..first + 1 + cuts.1 % (batch.records.len() - first);
            let (mut value, mut expected) = (Vec::new(), Vec::new());
            FrameValue::encode_packed(batch, &packed, frame, indexes.clone(), &mut value);
            FrameValue::encode(batch, indexes, &mut expected);
            prop_assert_eq!(&value, &expected);
        }
    }

    #[test]
    fn cells_come_back(
        batches in following(), cuts in any::<(usize, usize)>(),
        cut in any::<prop::sample::Index>(), bit in any::<prop::sample::Index>(),
    ) {
        let (value, expected) = cell(&batches, cuts);
        let found = CellValue::decode(&value).unwrap();
        let sequences = expected[0].1.sequence..expected.last().unwrap().1.sequence + 1;
        prop_assert_eq!(found.sequences(), Ok(sequences));
        for (_, meta) in &expected {
            prop_assert_eq!(at(&value, meta.offset), Ok(Some(meta.clone())));
            let inside = SegmentOffset { offset: meta.offset.offset + 1, ..meta.offset };
            let other = expected.iter().find(|found| found.1.offset == inside);
            prop_assert_eq!(at(&value, inside), Ok(other.map(|found| found.1.clone())));
            let segment_id = SegmentId(meta.offset.segment_id.0 ^ 1);
            prop_assert_eq!(at(&value, SegmentOffset { segment_id, ..meta.offset }), Ok(None));
        }
        prop_assert_eq!(decoded_cell(&value), Ok(expected));
        prop_assert!(decoded_cell(&value[..cut.index(value.len())]).is_err());
        prop_assert!(decoded_cell(&[&value[..], &[0]].concat()).is_err());
        let (mut value, bit) = (value.clone(), bit.index(value.len() * 8));
        value[bit / 8] ^= 1 << (bit % 8);
        let _ = decoded_cell(&value);
    }

    #[test]
    fn records_are_found_by_their_times(
        batch in batch(), one in any::<i64>(), index in 0usize..20,
    ) {
        let other = batch.records.get(index % batch.records.len()).timestamp_us;
        let times = one.min(other)..one.max(other).saturating_add(1);
        let mut value = Vec::new();
        FrameValue::encode(&batch, 0..batch.records.len(), &mut value);
        let frame = FrameValue::decode(&value).unwrap();
        let found: Vec<_> = frame.stamped_in(&times).map(|view| view.unwrap().meta()).collect();
        let expected: Vec<_> = (0..batch.records.len())
            .map(|index| batch.meta(index))
            .filter(|meta| times.contains(&meta.timestamp_us))
            .collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn spans_come_back(
        batch in batch(), end in any::<prop::sample::Index>(), change_us in any::<u64>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let first_us = batch.records.get(0).timestamp_us;
        let last_us = first_us.saturating_add_unsigned(change_us);
        let span = SpanValue::of(&batch, 0..1 + end.index(batch.records.len()));
        let last_offset = span.offset.offset.saturating_add(change_us);
        let span = SpanValue { last_us, last_offset, ..span };
        let mut value = Vec::new();
        span.encode(&mut value);
        prop_assert_eq!(SpanValue::decode(&value), Ok(span.clone()));
        prop_assert!(FrameValue::decode(&value).is_err());
        let last = TimeValue::decode(&value).unwrap().last_sequence();
        prop_assert_eq!(last, Ok(span.sequences.end - 1));
        prop_assert!(SpanValue::decode(&value[..cut.index(value.len())]).is_err());
        prop_assert!(SpanValue::decode(&[&value[..], &[0]].concat()).is_err());
    }

    #[test]
    fn records_come_back(batch in batch()) {
        let index = batch.records.len() - 1;
        let mut bytes = Vec::new();
        RecordValue::of(&batch, index).encode(&mut bytes);
        let meta = RecordValue::decode(&bytes).unwrap().meta(batch.records.get(index).id);
        prop_assert_eq!(meta, batch.meta(index));
    }

    #[test]
    fn markers_come_back(
        from in 0u64..1 << 60, length in 1u64..1000, entry_count in any::<u64>(),
        latest_us in any::<i64>(),
        gaps in prop::collection::vec((0u64..100, any::<(u64, u64)>()), 0..8),
    ) {
        let mut sequence = from;
        let waypoints: Vec<_> = gaps
            .into_iter()
            .map(|(gap, (segment, frame_offset))| {
                sequence += gap;
                let segment_id = SegmentId(segment);
                FrameStart { segment_id, frame_offset, first_sequence: sequence }
            })
            .filter(|place| place.first_sequence < from + length)
            .collect();
        let marker = MarkerValue { from, to: from + length, entry_count, latest_us, waypoints };
        let mut bytes = Vec::new();
        marker.encode(&mut bytes);
        prop_assert_eq!(MarkerValue::decode(&bytes), Ok(marker));
    }

    #[test]
    fn damaged_values_never_panic_and_cut_ones_are_refused(
        batch in batch(), cut in any::<prop::sample::Index>(), bit in any::<prop::sample::Index>(),
    ) {
        let mut value = Vec::new();
        FrameValue::encode(&batch, 0..batch.records.len(), &mut value);
        prop_assert!(decoded(&value[..cut.index(value.len())]).is_err());
        let mut longer = value.clone();
        longer.push(0);
        prop_assert!(decoded(&longer).is_err());
        let bit = bit.index(value.len() * 8);
        value[bit / 8] ^= 1 << (bit % 8);
        let _ = decoded(&value);
        let _ = decoded_cell(&value);
        let _ = SpanValue::decode(&value);
        let _ = RecordValue::decode(&value);
        let _ = MarkerValue::decode(&value);
    }
}

#[test]
fn layout_is_pinned() {
    let record = |id, timestamp_us, offset_in_frame| RecordEntry {
        id,
        timestamp_us,
        offset_in_frame,
        length_bytes: 30,
    };
    let batch = BatchEntry {
        first_sequence: 5,
        segment_id: SegmentId::new(2, 3),
        frame_offset: 200,
        frame_length_bytes: 120,
        append_time_us: 0,
        records: RecordEntries::from_iter([record("a", -1, 40), record("bc", 1, 72)]),
    };
    let mut value = Vec::new();
    FrameValue::encode(&batch, 0..2, &mut value);
    let head = [5, 0, 5, 2, 3, 0xc8, 1, 2];
    let records = [0, 40, 30, 1, 1, b'a', 0, 32, 30, 4, 2, b'b', b'c'];
    assert_eq!(value, [&head[..], &records].concat());
    let mut value = Vec::new();
    SpanValue::of(&batch, 0..2).encode(&mut value);
    assert_eq!(value, [5, 1, 5, 2, 3, 0xf0, 1, 2, 1, 2, 32]);
    let next = BatchEntry {
        first_sequence: 7,
        frame_offset: 320,
        records: RecordEntries::from_iter([record("d", 2, 40)]),
        ..batch.clone()
    };
    let packed = PackedRecords::of([&batch, &next].into_iter());
    let pieces = [
        Piece { batch: &batch, frame: 0, indexes: 1..2 },
        Piece { batch: &next, frame: 1, indexes: 0..1 },
    ];
    let mut value = Vec::new();
    CellValue::encode(pieces.into_iter(), &packed, &mut value);
    let head = [5, 2, 3, 5, 2];
    let one = [0xc8, 1, 1, 1, 72, 30, 2, 2, b'b', b'c'];
    let other = [120, 1, 0, 40, 30, 2, 1, b'd'];
    assert_eq!(value, [&head[..], &one, &other].concat());
    let mut value = Vec::new();
    RecordValue::of(&batch, 1).encode(&mut value);
    assert_eq!(value, [5, 6, 2, 3, 0x90, 2, 30, 2]);
    let waypoints = vec![batch.place()];
    let marker = MarkerValue { from: 5, to: 7, entry_count: 1, latest_us: -2, waypoints };
    let mut value = Vec::new();
    marker.encode(&mut value);
    assert_eq!(value, [5, 5, 2, 1, 3, 1, 0, 2, 3, 0xc8, 1]);
}

#[test]
fn a_span_takes_in_what_goes_on_where_it_ends() {
    let span = |sequences: Range<Sequence>, ordinal, times_us: (i64, i64), offset| {
        let last_offset = offset + 5;
        let offset = SegmentOffset { segment_id: SegmentId::new(1, ordinal), offset };
        let (first_us, last_us) = times_us;
        SpanValue { sequences, offset, first_us, last_us, last_offset }
    };
    let mut whole = span(5..7, 1, (10, 20), 10);
    for other in [
        span(8..9, 1, (20, 30), 16),
        span(7..9, 2, (20, 30), 16),
        span(7..9, 1, (19, 30), 16),
        span(7..9, 1, (20, 30), 15),
    ] {
        assert!(!whole.take_in(&other), "{other:?}");
    }
    assert!(whole.take_in(&span(7..9, 1, (20, 30), 16)));
    assert_eq!(whole, SpanValue { last_offset: 21, ..span(5..9, 1, (10, 30), 10) });
}
