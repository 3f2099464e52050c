//! Keys of the index database. All numbers are big-endian, so that bytes sort as the numbers do.
//!
//! ```text
//! every family   partition u32 | kind u8 | ...
//!   marker       kind 0 | chunk number u64
//!   entry        kind 1 | by_id        id, up to the key's end
//!                         by_id_more   id length u16 | id | !sequence u64
//!                         by_id_more   id length u16 | id
//!                         by_position  segment id u64 | offset u64
//!                         by_time      bucket u64 | first sequence u64
//! ```
//!
//! An id in `by_id` ends with its key, so one id being the beginning of another does no harm: it
//! is only ever asked for whole. In `by_id_more` its length goes first, so that the records of an
//! id are one range, which holds no other id; the sequence is inverted, so that the latest comes
//! first; before all of them is the one whose key ends with the id, see [`by_id_latest`]. In
//! `by_position` a segment is divided into cells of [`CELL_BYTES`]: the records of a
//! chunk that begin in one cell are one entry, see [`cell_entry`]. A bucket is the timestamp
//! divided by [`TIME_BUCKET_US`], rounded down, with the sign bit flipped.

use std::ops::Range;

use crate::types::{ID_BYTES_MAX, SegmentOffset, Sequence};

#[cfg(test)]
mod tests;

/// Width of a time bucket in microseconds: part of the format. A range reads whole buckets, so
/// they are narrow enough that a busy one (a million messages a second) is a block of the
/// database. A batch stamped as it is appended touches one or two; where senders stamp, there is
/// at most an entry a message.
pub const TIME_BUCKET_US: i64 = 100;

/// Width of a cell of a segment, in bytes: part of the format. A lookup by position passes over
/// half of a cell's records, and reads the block that they fill; each entry takes as much memory
/// as a record or two.
pub const CELL_BYTES: u64 = 8 << 10;

const MARKER: u8 = 0;
const ENTRY: u8 = 1;
const PREFIX_BYTES: usize = 5;

const _: () = assert!(ID_BYTES_MAX <= u16::MAX as usize);

fn prefix(partition: u32, kind: u8, room: usize) -> Vec<u8> {
    let mut key = Vec::with_capacity(PREFIX_BYTES + room);
    key.extend_from_slice(&partition.to_be_bytes());
    key.push(kind);
    key
}

fn pair(partition: u32, first: u64, second: u64) -> Vec<u8> {
    let mut key = Vec::with_capacity(PREFIX_BYTES + 16);
    append_pair(partition, first, second, &mut key);
    key
}

fn append_pair(partition: u32, first: u64, second: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(&partition.to_be_bytes());
    out.push(ENTRY);
    out.extend_from_slice(&first.to_be_bytes());
    out.extend_from_slice(&second.to_be_bytes());
}

/// The marker of a chunk, in any family.
pub fn marker(partition: u32, chunk: u64) -> Vec<u8> {
    let mut key = prefix(partition, MARKER, 8);
    key.extend_from_slice(&chunk.to_be_bytes());
    key
}

/// The range of all entries of a partition, in any family; its markers lie before it.
pub fn entries(partition: u32) -> Range<Vec<u8>> {
    prefix(partition, ENTRY, 0)..prefix(partition, ENTRY + 1, 0)
}

/// The first record of `id`, in `by_id`.
pub fn by_id(partition: u32, id: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(PREFIX_BYTES + id.len());
    append_by_id(partition, id.as_bytes(), &mut key);
    key
}

/// Appends the key of [`by_id`].
pub fn append_by_id(partition: u32, id: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&partition.to_be_bytes());
    out.push(ENTRY);
    out.extend_from_slice(id);
}

/// Behind all keys of [`by_id`] of a partition.
pub fn by_id_end(partition: u32) -> Vec<u8> {
    prefix(partition, ENTRY + 1, 0)
}

/// The id of a key of [`by_id`].
pub fn id_of(key: &[u8]) -> &[u8] {
    key.get(PREFIX_BYTES..).unwrap_or_default()
}

/// A later record of `id`, in `by_id_more`.
///
/// # Panics
/// Where `id` is longer than [`ID_BYTES_MAX`].
pub fn by_id_more(partition: u32, id: impl AsRef<[u8]>, sequence: Sequence) -> Vec<u8> {
    let id = id.as_ref();
    assert!(id.len() <= ID_BYTES_MAX, "an id of {} bytes reached the index", id.len());
    let mut key = prefix(partition, ENTRY, id.len() + 10);
    key.extend_from_slice(&(id.len() as u16).to_be_bytes());
    key.extend_from_slice(id);
    key.extend_from_slice(&(!sequence).to_be_bytes());
    key
}

/// The latest of the records of `id` in `by_id_more`, as of the last chunk that had one. A lookup
/// asks for it first: filters answer it for ids that have none. Each such chunk writes it anew; all
/// other keys are written once.
///
/// # Panics
/// As [`by_id_more`].
pub fn by_id_latest(partition: u32, id: impl AsRef<[u8]>) -> Vec<u8> {
    let mut key = by_id_more(partition, id, 0);
    key.truncate(key.len() - size_of::<Sequence>());
    key
}

/// Whether a key in `by_id_more` is one of [`by_id_latest`].
pub fn is_by_id_latest(key: &[u8]) -> bool {
    by_id_more_prefix(key) == Some(key)
}

/// The range in `by_id_more` of the later records of `id` whose sequences lie in `within`,
/// latest first.
///
/// # Panics
/// Where `within` is empty.
pub fn by_id_more_range(partition: u32, id: &str, within: &Range<Sequence>) -> Range<Vec<u8>> {
    assert!(within.start < within.end, "a range of no sequences has no keys");
    let first = by_id_more(partition, id, within.end - 1);
    let mut end = by_id_more(partition, id, within.start);
    end.push(0);
    first..end
}

/// The first byte of the cell that holds byte `at`.
pub fn cell(at: SegmentOffset) -> SegmentOffset {
    SegmentOffset { offset: at.offset - at.offset % CELL_BYTES, ..at }
}

/// Where the entry of `by_position` begins that has a record which begins at `record`, of a chunk
/// whose first frame in the segment begins at `first_frame`: where its cell does, or, in the cell
/// that the chunk begins in, where the chunk does. So two chunks that share a cell have an entry
/// each, and an entry begins behind all records of those before.
pub fn cell_entry(record: SegmentOffset, first_frame: u64) -> SegmentOffset {
    let cell = cell(record);
    SegmentOffset { offset: cell.offset.max(first_frame), ..cell }
}

/// What the keys in `by_id_more` of all records of an id begin with, and no other key does; `None`
/// for what is no entry's key.
pub fn by_id_more_prefix(key: &[u8]) -> Option<&[u8]> {
    let (prefix, rest) = key.split_at_checked(PREFIX_BYTES)?;
    let id_bytes = u16::from_be_bytes(*rest.first_chunk()?);
    if prefix[PREFIX_BYTES - 1] != ENTRY {
        return None;
    }
    key.get(..PREFIX_BYTES + size_of::<u16>() + usize::from(id_bytes))
}

/// The entry that begins at `at`, in `by_position`.
pub fn by_position(partition: u32, at: SegmentOffset) -> Vec<u8> {
    pair(partition, at.segment_id.0, at.offset)
}

/// Appends the key of [`by_position`].
pub fn append_by_position(partition: u32, at: SegmentOffset, out: &mut Vec<u8>) {
    append_pair(partition, at.segment_id.0, at.offset, out);
}

/// The range in `by_position` whose last entry has the record that begins at `offset`, where one
/// does.
pub fn by_position_floor(partition: u32, offset: SegmentOffset) -> Range<Vec<u8>> {
    let mut end = by_position(partition, offset);
    end.push(0);
    pair(partition, offset.segment_id.0, 0)..end
}

/// The keys in `by_position` of the cells from that of `first` to that of the byte `last_offset` of
/// its segment. Where a chunk begins within one of them, it has an entry there under another key.
pub fn by_position_cells(
    partition: u32,
    first: SegmentOffset,
    last_offset: u64,
) -> impl Iterator<Item = Vec<u8>> {
    let cells = first.offset / CELL_BYTES..=last_offset / CELL_BYTES;
    cells.map(move |cell| {
        by_position(partition, SegmentOffset { offset: cell * CELL_BYTES, ..first })
    })
}

/// The range in `by_position` of all entries that have records of frames from `frame` on.
pub fn by_position_from(partition: u32, frame: SegmentOffset) -> Range<Vec<u8>> {
    by_position(partition, cell(frame))..prefix(partition, ENTRY + 1, 0)
}

/// The bucket of a timestamp.
pub fn bucket(timestamp_us: i64) -> i64 {
    timestamp_us.div_euclid(TIME_BUCKET_US)
}

/// A frame's records of one bucket, in `by_time`.
pub fn by_time(partition: u32, bucket: i64, first_sequence: Sequence) -> Vec<u8> {
    pair(partition, (bucket as u64) ^ (1 << 63), first_sequence)
}

/// Appends the key of [`by_time`].
pub fn append_by_time(partition: u32, bucket: i64, first_sequence: Sequence, out: &mut Vec<u8>) {
    append_pair(partition, (bucket as u64) ^ (1 << 63), first_sequence, out);
}

/// The range in `by_time` of all buckets that overlap `times`, which must not be empty.
pub fn by_time_range(partition: u32, times: &Range<i64>) -> Range<Vec<u8>> {
    let first = by_time(partition, bucket(times.start), 0);
    let end = by_time(partition, bucket(times.end - 1) + 1, 0);
    first..end
}

/// What a key says without its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// The marker of a chunk, by number.
    Marker(u64),
    /// An entry.
    Entry,
}

/// The partition and kind of a key of any family; `None` where it is no key of this format.
pub fn parse(key: &[u8]) -> Option<(u32, KeyKind)> {
    let (partition, rest) = key.split_first_chunk()?;
    let partition = u32::from_be_bytes(*partition);
    match rest.split_first()? {
        (&MARKER, chunk) => {
            Some((partition, KeyKind::Marker(u64::from_be_bytes(chunk.try_into().ok()?))))
        }
        (&ENTRY, _) => Some((partition, KeyKind::Entry)),
        _ => None,
    }
}

/// The bucket in a `by_time` entry's key; `None` where it is none.
pub fn bucket_of(key: &[u8]) -> Option<i64> {
    let bucket = key.get(PREFIX_BYTES..)?.first_chunk()?;
    Some((u64::from_be_bytes(*bucket) ^ (1 << 63)) as i64)
}
