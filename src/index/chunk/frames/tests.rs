use super::*;
use crate::index::entry::{RecordEntries, RecordEntry};
use crate::types::SegmentId;

/// A frame of the segment with the records that begin so many bytes behind its own first one.
fn frame(segment: u64, frame_offset: u64, offsets: &[u32]) -> Arc<BatchEntry> {
    let record = |&offset_in_frame| RecordEntry {
        id: "a",
        timestamp_us: 0,
        offset_in_frame,
        length_bytes: 50,
    };
    Arc::new(BatchEntry {
        first_sequence: 0,
        segment_id: SegmentId(segment),
        frame_offset,
        frame_length_bytes: 0,
        append_time_us: 0,
        records: RecordEntries::from_iter(offsets.iter().map(record)),
    })
}

/// Segment and offset of each entry, and its records: a frame's number, and which of its.
fn cells(frames: Vec<Arc<BatchEntry>>) -> Vec<((u64, u64), Vec<(usize, Range<usize>)>)> {
    let cells = Frames::of(frames).cells();
    let entries = cells.iter().map(|pieces| {
        let at = pieces[0].0;
        let records = pieces.iter().map(|(_, frame, indexes)| (*frame, indexes.clone()));
        ((at.segment_id.0, at.offset), records.collect())
    });
    let entries: Vec<_> = entries.collect();
    assert_eq!(entries.len(), cells.len());
    entries
}

#[test]
fn a_record_is_in_the_cell_of_its_first_byte() {
    let frames = vec![frame(1, 0, &[64, 8191, 8192, 16_383, 16_384])];
    let expected =
        [((1, 0), vec![(0, 0..2)]), ((1, 8192), vec![(0, 2..4)]), ((1, 16_384), vec![(0, 4..5)])];
    assert_eq!(cells(frames), expected);
}

#[test]
fn frames_share_the_entry_of_their_cell() {
    let frames =
        vec![frame(1, 8192, &[64]), frame(1, 8400, &[64, 120]), frame(1, 16_320, &[64, 200])];
    let expected = [((1, 8192), vec![(0, 0..1), (1, 0..2)]), ((1, 16_384), vec![(2, 0..2)])];
    assert_eq!(cells(frames), expected);
}

#[test]
fn a_chunk_that_begins_in_a_cell_has_an_entry_of_its_own_there() {
    let frames = vec![frame(1, 9000, &[64]), frame(1, 9200, &[64, 7200])];
    let expected = [((1, 9000), vec![(0, 0..1), (1, 0..1)]), ((1, 16_384), vec![(1, 1..2)])];
    assert_eq!(cells(frames), expected);
    let before_the_border = vec![frame(1, 8184, &[64])];
    assert_eq!(cells(before_the_border), [((1, 8192), vec![(0, 0..1)])]);
}

#[test]
fn cells_within_a_long_record_have_no_entry() {
    let frames = vec![frame(1, 0, &[64, 100, 50_000]), frame(1, 80_000, &[64])];
    let expected =
        [((1, 0), vec![(0, 0..2)]), ((1, 49_152), vec![(0, 2..3)]), ((1, 73_728), vec![(1, 0..1)])];
    assert_eq!(cells(frames), expected);
}

#[test]
fn each_segment_has_its_own_cells() {
    let frames = vec![frame(1, 9000, &[64]), frame(2, 64, &[64]), frame(2, 9000, &[64])];
    let expected =
        [((1, 9000), vec![(0, 0..1)]), ((2, 64), vec![(1, 0..1)]), ((2, 8192), vec![(2, 0..1)])];
    assert_eq!(cells(frames), expected);
}

#[test]
fn the_last_cell_of_all_ends_with_the_last_byte() {
    let frames = vec![frame(1, u64::MAX, &[0])];
    assert_eq!(cells(frames), [((1, u64::MAX), vec![(0, 0..1)])]);
}

/// The bucket of each entry of a frame that was stamped so, its records, and whether they are only
/// named.
fn times(timestamps_us: impl Iterator<Item = i64>) -> Vec<(i64, Vec<usize>, bool)> {
    let record = |(timestamp_us, offset_in_frame)| RecordEntry {
        id: "a",
        timestamp_us,
        offset_in_frame,
        length_bytes: 1,
    };
    let records = RecordEntries::from_iter(timestamps_us.zip(0..).map(record));
    let frame = BatchEntry { records, ..frame(1, 0, &[]).as_ref().clone() };
    let entries = Frames::of(vec![Arc::new(frame)]).time_entries();
    let entry = |entry: TimeEntry| match entry.indexes {
        Indexes::Span(range) => (entry.bucket, range.collect(), true),
        Indexes::Range(range) => (entry.bucket, range.collect(), false),
        Indexes::List(list) => (entry.bucket, list, false),
    };
    entries.into_iter().map(entry).collect()
}

#[test]
fn many_records_that_were_stamped_in_their_order_are_only_named() {
    let all = |range: Range<usize>| range.collect::<Vec<_>>();
    assert_eq!(times(0..7), [(0, all(0..7), false)]);
    assert_eq!(times(0..8), [(0, all(0..8), true)]);
    assert_eq!(times([5; 8].into_iter()), [(0, all(0..8), true)]);
    let two_buckets = [(0, all(0..8), true), (1, all(8..10), false)];
    assert_eq!(times((92..100).chain([100, 101])), two_buckets);
    // Out of order in the first bucket, and in order again in the next.
    let out_of_order = [(0, all(0..8), false), (1, all(8..16), true)];
    assert_eq!(times([1].into_iter().chain(0..7).chain(100..108)), out_of_order);
    let back = [(0, vec![0, 1, 2, 3, 4, 5, 6, 8], false), (1, vec![7], false)];
    assert_eq!(times((0..7).chain([100, 7])), back);
}
