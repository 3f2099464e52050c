//! Keys and values of the index.

use duolog::index::entry::{BatchEntry, FrameStart, RecordEntry};
use duolog::index::key::{self, KeyKind};
use duolog::index::value::{
    CellValue, FrameValue, MarkerValue, PackedRecords, Piece, RecordValue, RecordView, SpanValue,
    TimeValue,
};

use crate::Input;

/// Records of a frame that are put back in order; a value may skip more than memory holds.
const RECORDS_MAX: u64 = 10_000;
const KEY_BYTES: usize = 21;
const KINDS: u8 = 5;

/// The first byte says what the rest is: a record's value, a frame's records or their span, a
/// marker's, a key, or a cell's value.
pub fn run(input: &[u8]) {
    check(input, <[u8]>::to_vec);
}

/// Holds decoders to this: what they accept encodes to the very same bytes, so nothing in them
/// was passed over. `seen` is what the decoder gets to see of the bytes: all, unless a test
/// plants a decoder that passes over some.
///
/// # Panics
/// Where it is not so.
pub fn check(input: &[u8], seen: impl Fn(&[u8]) -> Vec<u8>) {
    let mut input = Input(input);
    let kind = input.byte();
    let bytes = input.0;
    let seen = seen(bytes);
    let again = match kind % KINDS {
        0 => RecordValue::decode(&seen).ok().map(|value| {
            let mut again = Vec::new();
            value.encode(&mut again);
            again
        }),
        1 => time_again(&seen),
        2 => MarkerValue::decode(&seen).ok().map(|value| {
            let mut again = Vec::new();
            value.encode(&mut again);
            again
        }),
        3 => key_again(&seen),
        _ => cell_again(&seen),
    };
    if let Some(again) = again {
        assert_eq!(again, bytes, "encoded again, kind {} gives other bytes", kind % KINDS);
    }
}

fn time_again(bytes: &[u8]) -> Option<Vec<u8>> {
    match TimeValue::decode(bytes).ok()? {
        TimeValue::Records(value) => frame_again(&value),
        TimeValue::Span(value) => {
            let mut again = Vec::new();
            value.encode(&mut again);
            Some(again)
        }
    }
}

fn frame_again(value: &FrameValue<'_>) -> Option<Vec<u8>> {
    let found: Vec<_> = value.records().collect::<Result<_, _>>().ok()?;
    // A value of no records may be followed by anything: nothing is read of it.
    if found.is_empty() {
        return None;
    }
    let (batch, indexes) = batch_of(value.place, &found)?;
    let mut again = Vec::new();
    FrameValue::encode(&batch, indexes.into_iter(), &mut again);
    Some(again)
}

fn cell_again(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut records = CellValue::decode(bytes).ok()?.records();
    let mut found = Vec::new();
    while let Some(record) = records.next() {
        found.push((records.place(), record.ok()?));
    }
    let frames = found.chunk_by(|one, next| one.0 == next.0).map(|found| {
        let records: Vec<_> = found.iter().map(|found| found.1).collect();
        batch_of(found[0].0, &records)
    });
    let frames: Vec<_> = frames.collect::<Option<_>>()?;
    let packed = PackedRecords::of(frames.iter().map(|frame| &frame.0));
    let pieces = frames.iter().enumerate().map(|(frame, (batch, indexes))| Piece {
        batch,
        frame,
        indexes: indexes[0]..indexes[0] + indexes.len(),
    });
    let mut again = Vec::new();
    CellValue::encode(pieces, &packed, &mut again);
    Some(again)
}

/// A frame that has the records at least, and which ones they are; `None` where it would have too
/// many.
fn batch_of(place: FrameStart, found: &[RecordView<'_>]) -> Option<(BatchEntry, Vec<usize>)> {
    let last = found.last()?.sequence - place.first_sequence;
    if last >= RECORDS_MAX {
        return None;
    }
    let nobody = RecordEntry { id: "", timestamp_us: 0, offset_in_frame: 0, length_bytes: 0 };
    let mut records = vec![nobody; last as usize + 1];
    let mut indexes = Vec::new();
    for record in found {
        let index = (record.sequence - place.first_sequence) as usize;
        indexes.push(index);
        records[index] = RecordEntry {
            id: record.id,
            timestamp_us: record.timestamp_us,
            offset_in_frame: (record.offset.offset - place.frame_offset) as u32,
            length_bytes: record.length_bytes,
        };
    }
    let batch = BatchEntry {
        first_sequence: place.first_sequence,
        segment_id: place.segment_id,
        frame_offset: place.frame_offset,
        frame_length_bytes: 0,
        append_time_us: 0,
        records: records.into_iter().collect(),
    };
    Some((batch, indexes))
}

/// A key again, as far as what is read of it says.
fn key_again(bytes: &[u8]) -> Option<Vec<u8>> {
    let (partition, kind) = key::parse(bytes)?;
    if let KeyKind::Marker(chunk) = kind {
        return Some(key::marker(partition, chunk));
    }
    let bucket = key::bucket_of(bytes)?;
    let sequence = u64::from_be_bytes(*bytes.last_chunk()?);
    (bytes.len() == KEY_BYTES).then(|| key::by_time(partition, bucket, sequence))
}

/// One of each kind.
pub fn seeds() -> Vec<Vec<u8>> {
    let record = |id, timestamp_us, offset_in_frame| RecordEntry {
        id,
        timestamp_us,
        offset_in_frame,
        length_bytes: 300,
    };
    let batch = BatchEntry {
        first_sequence: 70_000,
        segment_id: duolog::types::SegmentId::new(2, 3),
        frame_offset: 200,
        frame_length_bytes: 1000,
        append_time_us: 0,
        records: [record("a", -1, 64), record("bc", 1 << 50, 368), record("d", 0, 700)]
            .into_iter()
            .collect(),
    };
    let mut seeds = vec![vec![0], vec![1], vec![1], vec![2]];
    RecordValue::of(&batch, 1).encode(&mut seeds[0]);
    FrameValue::encode(&batch, 0..3, &mut seeds[1]);
    FrameValue::encode(&batch, [0, 2].into_iter(), &mut seeds[2]);
    let waypoints = vec![batch.place()];
    let marker =
        MarkerValue { from: 70_000, to: 70_003, entry_count: 1, latest_us: 1 << 50, waypoints };
    marker.encode(&mut seeds[3]);
    let keys = [key::marker(7, 300), key::by_time(7, -3, 70_000), key::by_id(7, "order")];
    seeds.extend(keys.into_iter().map(|key| [&[3][..], &key].concat()));
    let next = BatchEntry { first_sequence: 70_003, frame_offset: 1200, ..batch.clone() };
    let pieces = [
        Piece { batch: &batch, frame: 0, indexes: 1..3 },
        Piece { batch: &next, frame: 1, indexes: 0..3 },
    ];
    let mut cell = vec![4];
    CellValue::encode(
        pieces.into_iter(),
        &PackedRecords::of([&batch, &next].into_iter()),
        &mut cell,
    );
    seeds.push(cell);
    let mut span = vec![1];
    SpanValue::of(&batch, 0..2).encode(&mut span);
    seeds.push(span);
    seeds
}

#[cfg(test)]
mod tests;
