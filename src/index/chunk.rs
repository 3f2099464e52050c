//! What a sealed chunk of the tail becomes in the index database.

mod frames;
mod rows;
#[cfg(test)]
mod tests;

use std::ops::Range;

use super::chain;
use super::key;
use super::known_ids::KnownIds;
use super::tail::TailChunk;
use super::value::{MarkerValue, RecordValue, Waypoint};
use crate::io::{Family, IndexError, IndexRead, SortedRun, SortedRuns};
use crate::types::Sequence;

use self::frames::Frames;
use self::rows::Rows;

/// How many ids are asked of the database at once.
const PAGE: usize = 1024;

/// Where the database may hold more than one in so many ids of a chunk, it holds some.
const MAYBE_PART: usize = 256;

/// Bytes of a key of `by_id` beside the id.
const KEY_BYTES: usize = 5;

/// The runs that settle `chunk` as the partition's chunk number `number`: [`Draft::of`], then
/// [`Draft::runs`].
pub async fn build<R: IndexRead>(
    primary: &R,
    partition: u32,
    number: u64,
    chunk: &TailChunk,
    known: Option<&mut KnownIds>,
) -> Result<SortedRuns, IndexError> {
    Draft::of(partition, number, chunk, known).runs(primary).await
}

/// The runs of a chunk that holds nothing but its markers: what takes the place of `sequences`
/// where retention dropped them before they were settled here. That is so where the database is
/// older than the log, or was lost with its process.
pub fn bridge(partition: u32, number: u64, sequences: Range<Sequence>) -> SortedRuns {
    let marker = MarkerValue {
        from: sequences.start,
        to: sequences.end,
        entry_count: 0,
        latest_us: i64::MIN,
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

/// All that a chunk becomes that does not depend on what the database holds: it can be made while
/// the chunk before is settled.
pub struct Draft {
    partition: u32,
    number: u64,
    sequences: Range<Sequence>,
    latest_us: i64,
    /// All records.
    rows: Rows,
    /// The places where the records of each id begin.
    starts: Vec<usize>,
    /// For each id, whether the database may hold it.
    maybe: Vec<bool>,
    /// `by_id` as it is where the database holds none of the ids; not made where it may hold many.
    by_new_id: Option<SortedRun>,
    by_position: SortedRun,
    by_time: SortedRun,
}

impl Draft {
    /// Of `chunk`, which becomes the partition's chunk number `number`. `known` denies ids that
    /// the database does not hold; without, none is denied. It is told of the chunk's ids,
    /// whatever comes of the draft.
    pub fn of(
        partition: u32,
        number: u64,
        chunk: &TailChunk,
        known: Option<&mut KnownIds>,
    ) -> Self {
        let batches = chunk.batches();
        let rows = Rows::gather(&batches);
        let starts = rows.id_starts();
        let maybe = match known {
            None => vec![true; starts.len()],
            Some(known) => {
                let maybe = known.note(&rows.id_hashes());
                starts.iter().map(|start| maybe[rows.row_at(*start)]).collect()
            }
        };
        let mut draft = Self {
            partition,
            number,
            sequences: chunk.sequences(),
            latest_us: chunk.latest_us(),
            rows,
            starts,
            maybe,
            by_new_id: None,
            by_position: SortedRun::default(),
            by_time: SortedRun::default(),
        };
        let maybe_count = draft.maybe.iter().filter(|maybe| **maybe).count();
        if maybe_count <= draft.starts.len() / MAYBE_PART {
            draft.by_new_id = Some(draft.by_id(&draft.starts));
        }
        let frames = Frames::of(batches);
        draft.by_position = draft.by_position(&frames);
        draft.by_time = draft.by_time(&frames);
        draft
    }

    /// The sequences of its records.
    pub fn sequences(&self) -> Range<Sequence> {
        self.sequences.clone()
    }

    /// The runs, to be given to the primary that `primary` reads; it must hold all chunks before.
    ///
    /// The first record of an id goes to `by_id`, later ones to `by_id_more`, and the latest of
    /// these once more under a key that needs no search; which is which
    /// depends on what the database holds. It is asked about every id that may be there. Where a
    /// crash left this chunk in some families only, the choice made then is found there and made
    /// again: the runs are the same, byte for byte, and all of them can be settled once more.
    pub async fn runs<R: IndexRead>(mut self, primary: &R) -> Result<SortedRuns, IndexError> {
        let is_first = self.choose(primary).await?;
        let by_id_more = self.by_id_more(&is_first);
        let firsts: Vec<_> = (0..is_first.len()).filter(|place| is_first[*place]).collect();
        let drafted = self.by_new_id.take().filter(|_| firsts == self.starts);
        let by_id = drafted.unwrap_or_else(|| self.by_id(&firsts));
        Ok([by_id, by_id_more, self.by_position, self.by_time])
    }

    /// For each place, whether the record goes to the family `by_id`.
    async fn choose<R: IndexRead>(&self, primary: &R) -> Result<Vec<bool>, IndexError> {
        let settled = async |family| {
            let marker = chain::marker(primary, family, self.partition, self.number).await?;
            Ok::<_, IndexError>(marker.is_some())
        };
        if settled(Family::ById).await? {
            return self.choose_held(primary).await;
        }
        if settled(Family::ByIdMore).await? {
            return self.choose_by_more(primary).await;
        }
        self.choose_new(primary).await
    }

    /// The sequence in `by_id` of each id that begins at one of `starts`.
    async fn held<R: IndexRead>(
        &self,
        primary: &R,
        starts: &[usize],
    ) -> Result<Vec<Option<Sequence>>, IndexError> {
        let mut held = Vec::with_capacity(starts.len());
        for page in starts.chunks(PAGE) {
            let key = |start: &usize| {
                let mut key = Vec::new();
                key::append_by_id(self.partition, self.rows.id_at(*start), &mut key);
                key
            };
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

    /// First is the first of each id that the database does not hold yet.
    async fn choose_new<R: IndexRead>(&self, primary: &R) -> Result<Vec<bool>, IndexError> {
        let mut is_first = vec![false; self.rows.len()];
        self.starts.iter().for_each(|start| is_first[*start] = true);
        let asked = self.starts.iter().zip(&self.maybe).filter(|(_, maybe)| **maybe);
        let asked: Vec<_> = asked.map(|(start, _)| *start).collect();
        for (start, held) in asked.iter().zip(self.held(primary, &asked).await?) {
            is_first[*start] = held.is_none();
        }
        Ok(is_first)
    }

    /// First is who is in `by_id`.
    async fn choose_held<R: IndexRead>(&self, primary: &R) -> Result<Vec<bool>, IndexError> {
        let mut is_first = Vec::with_capacity(self.rows.len());
        let held = self.held(primary, &self.starts).await?;
        let ends = self.starts.iter().skip(1).copied().chain([self.rows.len()]);
        for ((start, end), held) in self.starts.iter().zip(ends).zip(held) {
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
        let Range { start: from, end: to } = self.sequences;
        let marker = MarkerValue { from, to, entry_count, latest_us: self.latest_us, waypoints };
        let mut value = Vec::new();
        marker.encode(&mut value);
        run.push(&key::marker(self.partition, self.number), &value);
        run
    }

    /// `by_id` with the records at `firsts`, which ascend.
    fn by_id(&self, firsts: &[usize]) -> SortedRun {
        let bytes = self.rows.len_bytes() + firsts.len() * KEY_BYTES;
        let mut run = self.marked(firsts.len(), bytes, Vec::new());
        for place in firsts.iter().copied() {
            run.push_with(
                |out| key::append_by_id(self.partition, self.rows.id_at(place), out),
                |out| out.extend_from_slice(self.rows.value_at(place)),
            );
        }
        run
    }

    fn by_id_more(&self, is_first: &[bool]) -> SortedRun {
        let more = is_first.iter().enumerate().filter(|(_, first)| !**first);
        let mut records: Vec<_> = more.map(|(place, _)| (self.key_more(place), place)).collect();
        records.sort_unstable();
        // The records of an id are in a row, latest first.
        let ids: Vec<_> = records
            .chunk_by(|one, other| self.rows.id_at(one.1) == self.rows.id_at(other.1))
            .collect();
        let mut run = self.marked(ids.len() + records.len(), 0, Vec::new());
        for records in ids {
            let latest = records[0].1;
            let key = key::by_id_latest(self.partition, self.rows.id_at(latest));
            run.push(&key, self.rows.value_at(latest));
            records.iter().for_each(|(key, place)| run.push(key, self.rows.value_at(*place)));
        }
        run
    }

    fn by_position(&self, frames: &Frames) -> SortedRun {
        let cells = frames.cells();
        let mut run = self.marked(cells.len(), 0, frames.waypoints());
        frames.add_by_position(self.partition, &cells, &mut run);
        run
    }

    fn by_time(&self, frames: &Frames) -> SortedRun {
        let entries = frames.time_entries();
        let mut run = self.marked(entries.len(), 0, Vec::new());
        frames.add_by_time(self.partition, entries, &mut run);
        run
    }
}
