//! What a sealed chunk of the tail becomes in the index database.

use std::ops::Range;
use std::sync::Arc;

use super::chain;
use super::entry::BatchEntry;
use super::key;
use super::tail::TailChunk;
use super::value::{FrameValue, MarkerValue, RecordValue, Waypoint};
use crate::io::{Family, IndexError, IndexRead, SortedRun, SortedRuns};
use crate::types::Sequence;

#[cfg(test)]
mod tests;

/// A marker names a frame at least every so many sequences: a search for a sequence then reads
/// that many entries at most, and a marker of a chunk of usual size stays under a kilobyte.
const WAYPOINT_SEQUENCES: u64 = 1024;

/// How many ids are asked of the database at once.
const PAGE: usize = 1024;

/// The runs that settle `chunk` as the partition's chunk number `number`, to be given to the
/// primary that `primary` reads.
///
/// The first record of an id goes to `by_id`, later ones to `by_id_more`; which is which depends
/// on what the database holds. Where a crash left this chunk in some families only, the choice
/// made then is found there and made again: the runs are the same, byte for byte, and all of
/// them can be settled once more.
pub async fn build<R: IndexRead>(
    primary: &R,
    partition: u32,
    number: u64,
    chunk: &TailChunk,
) -> Result<SortedRuns, IndexError> {
    let batches = chunk.batches();
    let first = batches.first().expect("a chunk to settle holds frames");
    let last = batches.last().expect("it holds a first one");
    let chunk = Chunk {
        partition,
        number,
        from: first.first_sequence,
        to: last.sequences().end,
        by_id: in_order_of_ids(&batches),
        batches,
    };
    let is_first = chunk.choose(primary).await?;
    Ok([chunk.by_id(&is_first), chunk.by_id_more(&is_first), chunk.by_position(), chunk.by_time()])
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

/// A record, by the numbers of its frame in the chunk and of itself in the frame.
type Place = (usize, usize);

fn in_order_of_ids(batches: &[Arc<BatchEntry>]) -> Vec<Place> {
    let records = |(number, batch): (usize, &Arc<BatchEntry>)| {
        (0..batch.records.len()).map(move |index| (number, index)).collect::<Vec<_>>()
    };
    let mut places: Vec<Place> = batches.iter().enumerate().flat_map(records).collect();
    // Stable, so that the records of an id stay in the order of their sequences.
    places.sort_by_key(|&(number, index)| &*batches[number].records[index].id);
    places
}

struct Chunk {
    partition: u32,
    number: u64,
    from: Sequence,
    to: Sequence,
    batches: Vec<Arc<BatchEntry>>,
    /// All records, by id, then by sequence.
    by_id: Vec<Place>,
}

impl Chunk {
    fn id(&self, (number, index): Place) -> &str {
        &self.batches[number].records[index].id
    }

    fn value(&self, (number, index): Place) -> RecordValue {
        RecordValue::of(&self.batches[number], index)
    }

    /// For each record of `self.by_id`, whether it goes to the family `by_id`.
    async fn choose<R: IndexRead>(&self, primary: &R) -> Result<Vec<bool>, IndexError> {
        let settled = async |family| {
            let marker = chain::marker(primary, family, self.partition, self.number).await?;
            Ok::<_, IndexError>(marker.is_some())
        };
        if settled(Family::ById).await? {
            return self.choose_by_first(primary, false).await;
        }
        if settled(Family::ByIdMore).await? {
            return self.choose_by_more(primary).await;
        }
        self.choose_by_first(primary, true).await
    }

    /// First is who is in `by_id`; and, where `add`, who is the first of an id that is not.
    async fn choose_by_first<R: IndexRead>(
        &self,
        primary: &R,
        add: bool,
    ) -> Result<Vec<bool>, IndexError> {
        let mut is_first = Vec::with_capacity(self.by_id.len());
        let same_id = |a: &Place, b: &Place| self.id(*a) == self.id(*b);
        let groups: Vec<&[Place]> = self.by_id.chunk_by(same_id).collect();
        for page in groups.chunks(PAGE) {
            let keys: Vec<_> =
                page.iter().map(|group| key::by_id(self.partition, self.id(group[0]))).collect();
            let values = primary.multi_get(Family::ById, &keys).await?;
            for ((group, key), value) in page.iter().zip(&keys).zip(values) {
                let held = value.map(|value| RecordValue::decode(&value)).transpose();
                let held = held.map_err(|error| error.in_family(Family::ById, key))?;
                is_first.extend(group.iter().enumerate().map(|(index, place)| match held {
                    Some(held) => held.sequence == self.value(*place).sequence,
                    None => add && index == 0,
                }));
            }
        }
        Ok(is_first)
    }

    /// First is who is not in `by_id_more`.
    async fn choose_by_more<R: IndexRead>(&self, primary: &R) -> Result<Vec<bool>, IndexError> {
        let mut is_first = Vec::with_capacity(self.by_id.len());
        for page in self.by_id.chunks(PAGE) {
            let keys: Vec<_> = page.iter().map(|place| self.key_more(*place)).collect();
            let values = primary.multi_get(Family::ByIdMore, &keys).await?;
            is_first.extend(values.iter().map(Option::is_none));
        }
        Ok(is_first)
    }

    fn key_more(&self, place: Place) -> Vec<u8> {
        key::by_id_more(self.partition, self.id(place), self.value(place).sequence)
    }

    /// A run that begins with the chunk's marker.
    fn marked(&self, entry_count: usize, waypoints: Vec<Waypoint>) -> SortedRun {
        let entry_count = entry_count as u64;
        let marker = MarkerValue { from: self.from, to: self.to, entry_count, waypoints };
        let mut value = Vec::new();
        marker.encode(&mut value);
        let mut run = SortedRun::default();
        run.push(&key::marker(self.partition, self.number), &value);
        run
    }

    fn by_id(&self, is_first: &[bool]) -> SortedRun {
        let mut run = self.marked(is_first.iter().filter(|first| **first).count(), Vec::new());
        let mut value = Vec::new();
        for (place, _) in self.by_id.iter().zip(is_first).filter(|(_, first)| **first) {
            value.clear();
            self.value(*place).encode(&mut value);
            run.push(&key::by_id(self.partition, self.id(*place)), &value);
        }
        run
    }

    fn by_id_more(&self, is_first: &[bool]) -> SortedRun {
        let more = self.by_id.iter().zip(is_first).filter(|(_, first)| !**first);
        let mut entries: Vec<_> = more.map(|(place, _)| (self.key_more(*place), *place)).collect();
        entries.sort_unstable();
        let mut run = self.marked(entries.len(), Vec::new());
        let mut value = Vec::new();
        for (key, place) in entries {
            value.clear();
            self.value(place).encode(&mut value);
            run.push(&key, &value);
        }
        run
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
        let mut run = self.marked(self.batches.len(), waypoints);
        let mut value = Vec::new();
        for batch in &self.batches {
            value.clear();
            FrameValue::encode(batch, 0..batch.records.len(), &mut value);
            run.push(&key::by_position(self.partition, batch.place().offset()), &value);
        }
        run
    }

    fn by_time(&self) -> SortedRun {
        // By bucket, frame and record: a group of the first two is an entry.
        let mut stamps = Vec::with_capacity(self.by_id.len());
        for (number, batch) in self.batches.iter().enumerate() {
            let bucket = |(index, record): (usize, &super::entry::RecordEntry)| {
                (key::bucket(record.timestamp_us), number, index)
            };
            stamps.extend(batch.records.iter().enumerate().map(bucket));
        }
        // In order already, as a rule: messages are stamped as they are appended.
        stamps.sort();
        let entries: Vec<_> = stamps.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)).collect();
        let mut run = self.marked(entries.len(), Vec::new());
        let mut value = Vec::new();
        for entry in entries {
            let (bucket, number, _) = entry[0];
            let batch = &self.batches[number];
            value.clear();
            FrameValue::encode(batch, entry.iter().map(|stamp| stamp.2), &mut value);
            run.push(&key::by_time(self.partition, bucket, batch.first_sequence), &value);
        }
        run
    }
}
