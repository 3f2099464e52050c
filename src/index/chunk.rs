//! What a sealed chunk of the tail becomes in the index database.

mod rows;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::Arc;

use super::chain;
use super::entry::BatchEntry;
use super::id_filter;
use super::key;
use super::known_ids::KnownIds;
use super::tail::TailChunk;
use super::value::{FrameValue, MarkerValue, RecordValue, Waypoint};
use crate::io::{Family, IndexError, IndexRead, SortedRun, SortedRuns};
use crate::types::Sequence;

use self::rows::Rows;

/// A marker names a frame at least every so many sequences: a search for a sequence then reads
/// that many entries at most, and a marker of a chunk of usual size stays under a kilobyte.
const WAYPOINT_SEQUENCES: u64 = 1024;

/// How many ids are asked of the database at once.
const PAGE: usize = 1024;

/// Bytes of an entry beside an id and of a record in a frame's entry, more than most have: memory
/// that is taken at once.
const ENTRY_BYTES: usize = 32;
const FRAME_RECORD_BYTES: usize = 12;

/// The runs that settle `chunk` as the partition's chunk number `number`, to be given to the
/// primary that `primary` reads.
///
/// The first record of an id goes to `by_id`, later ones to `by_id_more`; which is which depends
/// on what the database holds. It is asked about every id that `known` does not deny; without
/// `known`, about all. Where a crash left this chunk in some families only, the choice
/// made then is found there and made again: the runs are the same, byte for byte, and all of
/// them can be settled once more.
///
/// `known` is told of the chunk's ids, whatever comes of this call.
pub async fn build<R: IndexRead>(
    primary: &R,
    partition: u32,
    number: u64,
    chunk: &TailChunk,
    known: Option<&mut KnownIds>,
) -> Result<SortedRuns, IndexError> {
    let batches = chunk.batches();
    let first = batches.first().expect("a chunk to settle holds frames");
    let last = batches.last().expect("it holds a first one");
    let chunk = Chunk {
        partition,
        number,
        from: first.first_sequence,
        to: last.sequences().end,
        rows: Rows::gather(&batches),
        batches,
    };
    let is_first = chunk.choose(primary, known).await?;
    let by_position = chunk.by_position();
    let by_time = chunk.by_time(&by_position);
    Ok([chunk.by_id(&is_first), chunk.by_id_more(&is_first), by_position, by_time])
}

/// The runs of a chunk that holds nothing but its markers: what takes the place of `sequences`
/// where retention dropped them before they were settled here. That is so where the database is
/// older than the log, or was lost with its process.
pub fn bridge(partition: u32, number: u64, sequences: Range<Sequence>) -> SortedRuns {
    let marker = MarkerValue {
        from: sequences.start,
        to: sequences.end,
        entry_count: 0,
        waypoints: Vec::new(),
    };
    let mut value = Vec::new();
    marker.encode(&mut value);
    let mut runs = SortedRuns::default();
    for run in &mut runs {
        run.push(&key::marker(partition, number), &value);
    }
    runs
}

struct Chunk {
    partition: u32,
    number: u64,
    from: Sequence,
    to: Sequence,
    batches: Vec<Arc<BatchEntry>>,
    /// All records; a *place* is one in the order of ids.
    rows: Rows,
}

impl Chunk {
    /// For each place, whether the record goes to the family `by_id`.
    async fn choose<R: IndexRead>(
        &self,
        primary: &R,
        known: Option<&mut KnownIds>,
    ) -> Result<Vec<bool>, IndexError> {
        let starts = self.rows.id_starts();
        let maybe = self.ask_known(&starts, known);
        let settled = async |family| {
            let marker = chain::marker(primary, family, self.partition, self.number).await?;
            Ok::<_, IndexError>(marker.is_some())
        };
        if settled(Family::ById).await? {
            return self.choose_held(primary, &starts).await;
        }
        if settled(Family::ByIdMore).await? {
            return self.choose_by_more(primary).await;
        }
        self.choose_new(primary, &starts, &maybe).await
    }

    /// For each id, whether the database may hold it.
    fn ask_known(&self, starts: &[usize], known: Option<&mut KnownIds>) -> Vec<bool> {
        let Some(known) = known else { return vec![true; starts.len()] };
        let hash = |place: &usize| id_filter::hash(self.rows.id_at(*place).as_bytes());
        let hashes: Vec<_> = starts.iter().map(hash).collect();
        let maybe = known.may_hold(&hashes);
        hashes.into_iter().for_each(|hash| known.add(hash));
        maybe
    }

    /// The sequence in `by_id` of each id that begins at one of `starts`.
    async fn held<R: IndexRead>(
        &self,
        primary: &R,
        starts: &[usize],
    ) -> Result<Vec<Option<Sequence>>, IndexError> {
        let mut held = Vec::with_capacity(starts.len());
        for page in starts.chunks(PAGE) {
            let key = |start: &usize| key::by_id(self.partition, self.rows.id_at(*start));
            let keys: Vec<_> = page.iter().map(key).collect();
            let values = primary.multi_get(Family::ById, &keys).await?;
            for (key, value) in keys.iter().zip(values) {
                let value = value.map(|value| RecordValue::decode(&value)).transpose();
                let value = value.map_err(|error| error.in_family(Family::ById, key))?;
                held.push(value.map(|value| value.sequence));
            }
        }
        Ok(held)
    }

    /// First is the first of each id that the database does not hold yet; of `starts`, it may
    /// hold those of `maybe`.
    async fn choose_new<R: IndexRead>(
        &self,
        primary: &R,
        starts: &[usize],
        maybe: &[bool],
    ) -> Result<Vec<bool>, IndexError> {
        let mut is_first = vec![false; self.rows.len()];
        starts.iter().for_each(|start| is_first[*start] = true);
        let asked: Vec<_> = starts
            .iter()
            .zip(maybe)
            .filter(|(_, maybe)| **maybe)
            .map(|(start, _)| *start)
            .collect();
        for (start, held) in asked.iter().zip(self.held(primary, &asked).await?) {
            is_first[*start] = held.is_none();
        }
        Ok(is_first)
    }

    /// First is who is in `by_id`.
    async fn choose_held<R: IndexRead>(
        &self,
        primary: &R,
        starts: &[usize],
    ) -> Result<Vec<bool>, IndexError> {
        let mut is_first = Vec::with_capacity(self.rows.len());
        let held = self.held(primary, starts).await?;
        let ends = starts.iter().skip(1).copied().chain([self.rows.len()]);
        for ((start, end), held) in starts.iter().zip(ends).zip(held) {
            is_first.extend((*start..end).map(|place| held == Some(self.rows.sequence_at(place))));
        }
        Ok(is_first)
    }

    /// First is who is not in `by_id_more`.
    async fn choose_by_more<R: IndexRead>(&self, primary: &R) -> Result<Vec<bool>, IndexError> {
        let mut is_first = Vec::with_capacity(self.rows.len());
        let places: Vec<_> = (0..self.rows.len()).collect();
        for page in places.chunks(PAGE) {
            let keys: Vec<_> = page.iter().map(|place| self.key_more(*place)).collect();
            let values = primary.multi_get(Family::ByIdMore, &keys).await?;
            is_first.extend(values.iter().map(Option::is_none));
        }
        Ok(is_first)
    }

    fn key_more(&self, place: usize) -> Vec<u8> {
        key::by_id_more(self.partition, self.rows.id_at(place), self.rows.sequence_at(place))
    }

    /// A run that begins with the chunk's marker, and has memory for the entries.
    fn marked(&self, entry_count: usize, bytes: usize, waypoints: Vec<Waypoint>) -> SortedRun {
        let mut run = SortedRun::default();
        run.reserve(entry_count + 1, bytes);
        let entry_count = entry_count as u64;
        let marker = MarkerValue { from: self.from, to: self.to, entry_count, waypoints };
        let mut value = Vec::new();
        marker.encode(&mut value);
        run.push(&key::marker(self.partition, self.number), &value);
        run
    }

    fn by_id(&self, is_first: &[bool]) -> SortedRun {
        let count = is_first.iter().filter(|first| **first).count();
        let bytes = self.rows.ids_bytes() + count * ENTRY_BYTES;
        let mut run = self.marked(count, bytes, Vec::new());
        for (place, _) in is_first.iter().enumerate().filter(|(_, first)| **first) {
            run.push_with(
                |out| key::append_by_id(self.partition, self.rows.id_at(place), out),
                |out| self.rows.value_at(place).encode(out),
            );
        }
        run
    }

    fn by_id_more(&self, is_first: &[bool]) -> SortedRun {
        let more = is_first.iter().enumerate().filter(|(_, first)| !**first);
        let mut entries: Vec<_> = more.map(|(place, _)| (self.key_more(place), place)).collect();
        entries.sort_unstable();
        let mut run = self.marked(entries.len(), 0, Vec::new());
        for (key, place) in entries {
            run.push_with(
                |out| out.extend_from_slice(&key),
                |out| self.rows.value_at(place).encode(out),
            );
        }
        run
    }

    /// The bytes that the entries of all frames take, about.
    fn frames_bytes(&self) -> usize {
        self.rows.ids_bytes()
            + self.rows.len() * FRAME_RECORD_BYTES
            + self.batches.len() * ENTRY_BYTES
    }

    fn by_position(&self) -> SortedRun {
        let mut waypoints: Vec<Waypoint> = Vec::new();
        for batch in &self.batches {
            let far = waypoints.last().is_none_or(|last| {
                last.first_sequence + WAYPOINT_SEQUENCES <= batch.first_sequence
            });
            if far {
                waypoints.push(batch.place());
            }
        }
        let mut run = self.marked(self.batches.len(), self.frames_bytes(), waypoints);
        for batch in &self.batches {
            run.push_with(
                |out| key::append_by_position(self.partition, batch.place().offset(), out),
                |out| FrameValue::encode(batch, 0..batch.records.len(), out),
            );
        }
        run
    }

    /// The run of `by_time`; the value of a frame that lies in one bucket is that of
    /// `by_position`.
    fn by_time(&self, by_position: &SortedRun) -> SortedRun {
        let entries = self.time_entries();
        let mut run = self.marked(entries.len(), self.frames_bytes(), Vec::new());
        for TimeEntry { bucket, frame, indexes } in entries {
            let batch = &self.batches[frame];
            run.push_with(
                |out| key::append_by_time(self.partition, bucket, batch.first_sequence, out),
                |out| match indexes {
                    // The run begins with its marker.
                    None => out.extend_from_slice(by_position.entry(frame + 1).1),
                    Some(indexes) => FrameValue::encode(batch, indexes.into_iter(), out),
                },
            );
        }
        run
    }

    /// What `by_time` holds, in the order of its keys.
    fn time_entries(&self) -> Vec<TimeEntry> {
        let mut entries = Vec::with_capacity(self.batches.len());
        for (frame, batch) in self.batches.iter().enumerate() {
            let bucket = |index| key::bucket(batch.records.get(index).timestamp_us);
            let first = bucket(0);
            if (1..batch.records.len()).all(|index| bucket(index) == first) {
                entries.push(TimeEntry { bucket: first, frame, indexes: None });
                continue;
            }
            let mut stamps: Vec<_> =
                (0..batch.records.len()).map(|index| (bucket(index), index)).collect();
            stamps.sort_unstable();
            entries.extend(stamps.chunk_by(|a, b| a.0 == b.0).map(|stamps| {
                let indexes = Some(stamps.iter().map(|stamp| stamp.1).collect());
                TimeEntry { bucket: stamps[0].0, frame, indexes }
            }));
        }
        // In order already, as a rule: messages are stamped as they are appended.
        entries.sort_by_key(|entry| (entry.bucket, entry.frame));
        entries
    }
}

/// An entry of `by_time`: records of one frame in one bucket.
struct TimeEntry {
    bucket: i64,
    /// The frame's number in the chunk.
    frame: usize,
    /// The records; `None` where it is all of the frame.
    indexes: Option<Vec<usize>>,
}
