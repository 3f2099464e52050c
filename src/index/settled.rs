//! Questions to the settled part of a partition.

use std::ops::{ControlFlow, Range};

use super::chain;
use super::coverage::Covered;
use super::entry::FrameStart;
use super::key;
use super::value::{CellValue, RecordValue, RecordView};
use crate::io::{Family, IndexError, IndexRead};
use crate::types::{ID_BYTES_MAX, MessageMeta, SegmentOffset, Sequence};

#[cfg(test)]
mod tests;
mod times;

use self::times::Times;

/// One partition in one instance of an index database. Answers are exact for the sequences of
/// `within`, as far as the instance covers them; others are left out.
#[derive(Clone, Copy, Debug)]
pub struct Settled<'a, R> {
    reader: &'a R,
    partition: u32,
    covered: Covered,
}

impl<'a, R: IndexRead> Settled<'a, R> {
    /// Questions to `reader`, which holds `covered` of the partition.
    pub fn new(reader: &'a R, partition: u32, covered: Covered) -> Self {
        Self { reader, partition, covered }
    }

    fn bound(&self, within: &Range<Sequence>) -> Range<Sequence> {
        within.start..within.end.min(self.covered.to)
    }

    /// The latest record of `id`.
    pub async fn by_id(
        &self,
        id: &str,
        within: &Range<Sequence>,
    ) -> Result<Option<MessageMeta>, IndexError> {
        Ok(self.latest(id, within).await?.map(|record| record.meta(id)))
    }

    /// Where the latest record of `id` is.
    pub(super) async fn latest(
        &self,
        id: &str,
        within: &Range<Sequence>,
    ) -> Result<Option<RecordValue>, IndexError> {
        let within = self.bound(within);
        if within.is_empty() || id.len() > ID_BYTES_MAX {
            return Ok(None);
        }
        let later = self.later(id, &within).await?;
        let first = self.first(id, &within).await?;
        Ok(later.into_iter().chain(first).max_by_key(|record| record.sequence))
    }

    /// What `by_id_more` holds as the latest record of `id`, which may lie outside of what is asked
    /// for; `None` where it holds none of the id.
    async fn latest_later(&self, id: &str) -> Result<Option<RecordValue>, IndexError> {
        if !self.covered.has_more {
            return Ok(None);
        }
        self.record(Family::ByIdMore, key::by_id_latest(self.partition, id)).await
    }

    /// The latest record of `id` in `by_id_more`.
    async fn later(
        &self,
        id: &str,
        within: &Range<Sequence>,
    ) -> Result<Option<RecordValue>, IndexError> {
        let Some(latest) = self.latest_later(id).await? else { return Ok(None) };
        // Of whatever moment after coverage the read is: none that is covered is later.
        if latest.sequence < within.end {
            return Ok(Some(latest).filter(|latest| latest.sequence >= within.start));
        }
        let keys = key::by_id_more_range(self.partition, id, within);
        let found = self.reader.scan(Family::ByIdMore, &keys.start..&keys.end, 1).await?;
        found.first().map(|(key, value)| decode(Family::ByIdMore, key, value)).transpose()
    }

    async fn record(
        &self,
        family: Family,
        key: Vec<u8>,
    ) -> Result<Option<RecordValue>, IndexError> {
        let read = |value: &[u8]| decode(family, &key, value);
        self.reader.read_key(family, &key, read).await?.transpose()
    }

    /// What `by_id` holds of `id`. Where the first one was trimmed long ago, a later one may have
    /// taken its place: nothing is said of which is later than those of `by_id_more`.
    async fn first(
        &self,
        id: &str,
        within: &Range<Sequence>,
    ) -> Result<Option<RecordValue>, IndexError> {
        let record = self.record(Family::ById, key::by_id(self.partition, id)).await?;
        Ok(record.filter(|record| within.contains(&record.sequence)))
    }

    /// All records of `id`, latest first.
    pub async fn all_by_id(
        &self,
        id: &str,
        within: &Range<Sequence>,
    ) -> Result<Vec<MessageMeta>, IndexError> {
        let within = self.bound(within);
        let mut found: Vec<MessageMeta> = Vec::new();
        if within.is_empty() || id.len() > ID_BYTES_MAX {
            return Ok(found);
        }
        if self.latest_later(id).await?.is_some() {
            let keys = key::by_id_more_range(self.partition, id, &within);
            let mut outcome = Ok(());
            let visitor = |key: &[u8], value: &[u8]| match decode(Family::ByIdMore, key, value) {
                Ok(record) => {
                    found.push(record.meta(id));
                    ControlFlow::Continue(())
                }
                Err(error) => {
                    outcome = Err(error);
                    ControlFlow::Break(())
                }
            };
            self.reader.visit(Family::ByIdMore, &keys.start..&keys.end, visitor).await?;
            outcome?;
        }
        if let Some(record) = self.first(id, &within).await? {
            let later = found.partition_point(|meta| meta.sequence > record.sequence);
            found.insert(later, record.meta(id));
        }
        Ok(found)
    }

    /// The record that begins at `at`.
    pub async fn by_position(
        &self,
        at: SegmentOffset,
        within: &Range<Sequence>,
    ) -> Result<Option<MessageMeta>, IndexError> {
        let within = self.bound(within);
        let found = match self.in_cell_of(at).await? {
            Some(found) => Some(found),
            // The cell may be a later chunk's too, whose entry begins within.
            None => self.by_floor(at).await?,
        };
        Ok(found.filter(|meta| within.contains(&meta.sequence)))
    }

    /// The record that begins at `at`, where it is in the entry that begins as its cell does.
    async fn in_cell_of(&self, at: SegmentOffset) -> Result<Option<MessageMeta>, IndexError> {
        let key = key::by_position(self.partition, key::cell(at));
        let read = |value: &[u8]| record_at(at, &key, value);
        let found = self.reader.read_key(Family::ByPosition, &key, read).await?;
        Ok(found.transpose()?.flatten())
    }

    /// The record that begins at `at`, in the last entry that begins at or before it.
    async fn by_floor(&self, at: SegmentOffset) -> Result<Option<MessageMeta>, IndexError> {
        let keys = key::by_position_floor(self.partition, at);
        let read = |key: &[u8], value: &[u8]| record_at(at, key, value);
        let found = self.reader.read_last(Family::ByPosition, &keys.start..&keys.end, read).await?;
        Ok(found.transpose()?.flatten())
    }

    /// The first `limit` records stamped in `times`, by timestamp, then by sequence. Reads the
    /// buckets that `times` overlaps, and no more of them than hold the first `limit`.
    pub async fn by_time(
        &self,
        times: Range<i64>,
        within: &Range<Sequence>,
        limit: usize,
    ) -> Result<Vec<MessageMeta>, IndexError> {
        let within = self.bound(within);
        if times.is_empty() || within.is_empty() || limit == 0 {
            return Ok(Vec::new());
        }
        let keys = key::by_time_range(self.partition, &times);
        let mut gathered = Times::new(times, within, limit);
        let (mut bucket, mut outcome) = (None, Ok(()));
        let visitor = |key: &[u8], value: &[u8]| {
            let next = key::bucket_of(key);
            if next != bucket && gathered.is_full() {
                return ControlFlow::Break(());
            }
            bucket = next;
            if let Err(error) = gathered.add(value) {
                outcome = Err(error.in_family(Family::ByTime, key));
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        };
        self.reader.visit(Family::ByTime, &keys.start..&keys.end, visitor).await?;
        outcome?;
        gathered.read(self.reader, self.partition).await
    }

    /// The record `sequence`.
    pub async fn by_sequence(
        &self,
        sequence: Sequence,
        within: &Range<Sequence>,
    ) -> Result<Option<MessageMeta>, IndexError> {
        if !self.bound(within).contains(&sequence) {
            return Ok(None);
        }
        self.first_where(sequence..sequence + 1, |_| true, |_, record| record.meta()).await
    }

    /// The frame that holds `sequence`.
    pub async fn place_of(
        &self,
        sequence: Sequence,
        within: &Range<Sequence>,
    ) -> Result<Option<FrameStart>, IndexError> {
        if !self.bound(within).contains(&sequence) {
            return Ok(None);
        }
        self.first_where(sequence..sequence + 1, |_| true, |place, _| place).await
    }

    /// The first record, in the order of sequences, that was stamped at `from_us` or later. Reads
    /// the markers, and the entries of one chunk; of those as well that `within` begins in.
    pub async fn since(
        &self,
        from_us: i64,
        within: &Range<Sequence>,
    ) -> Result<Option<MessageMeta>, IndexError> {
        let within = self.bound(within);
        let (mut number, partition) = (0, self.partition);
        while number < self.covered.chunk_count {
            // Those of `by_time` name no frames, and are short.
            let markers =
                chain::links(self.reader, Family::ByTime, partition, number, chain::PAGE).await?;
            if markers.is_empty() {
                return Err(chain::disorder(Family::ByTime, number, "has gone"));
            }
            number += markers.len() as u64;
            for marker in markers {
                let sequences = marker.from.max(within.start)..marker.to.min(within.end);
                if marker.latest_us < from_us || sequences.is_empty() {
                    continue;
                }
                let is_late = |timestamp_us| timestamp_us >= from_us;
                let found = self.first_where(sequences, is_late, |_, record| record.meta()).await?;
                if found.is_some() {
                    return Ok(found);
                }
            }
        }
        Ok(None)
    }

    /// What `read` makes of the first record of `sequences` that is `wanted` by its timestamp, and
    /// of the place of its frame.
    async fn first_where<T: Send>(
        &self,
        sequences: Range<Sequence>,
        wanted: impl Fn(i64) -> bool + Send + Sync,
        read: impl Fn(FrameStart, RecordView<'_>) -> T + Send + Sync,
    ) -> Result<Option<T>, IndexError> {
        let Some(from) = self.waypoint(sequences.start).await? else {
            return Ok(None);
        };
        let keys = key::by_position_from(self.partition, from.offset());
        let mut outcome = Ok(None);
        let visitor = |key: &[u8], value: &[u8]| {
            let found = CellValue::decode(value).and_then(|cell| {
                if cell.sequences()?.end <= sequences.start {
                    return Ok(ControlFlow::Continue(()));
                }
                let mut records = cell.records();
                while let Some(passed) = records.pass_next() {
                    let (passed, sequence) = (passed?, records.sequence());
                    if sequence >= sequences.end {
                        return Ok(ControlFlow::Break(None));
                    }
                    if sequence >= sequences.start && wanted(records.timestamp_us()) {
                        let record = records.passed(passed)?;
                        return Ok(ControlFlow::Break(Some(read(records.place(), record))));
                    }
                }
                Ok(ControlFlow::Continue(()))
            });
            match found {
                Ok(ControlFlow::Continue(())) => return ControlFlow::Continue(()),
                Ok(ControlFlow::Break(found)) => outcome = Ok(found),
                Err(error) => outcome = Err(error.in_family(Family::ByPosition, key)),
            }
            ControlFlow::Break(())
        };
        self.reader.visit(Family::ByPosition, &keys.start..&keys.end, visitor).await?;
        outcome
    }

    /// A frame at or before the one that holds `sequence`, by halving the chain of markers.
    async fn waypoint(&self, sequence: Sequence) -> Result<Option<FrameStart>, IndexError> {
        let (mut low, mut high) = (0, self.covered.chunk_count);
        while low < high {
            let middle = low + (high - low) / 2;
            let family = Family::ByPosition;
            let marker = chain::marker(self.reader, family, self.partition, middle).await?;
            let marker = marker.ok_or_else(|| chain::disorder(family, middle, "has gone"))?;
            if sequence < marker.from {
                high = middle;
            } else if sequence >= marker.to {
                low = middle + 1;
            } else {
                return Ok(marker.waypoint(sequence));
            }
        }
        Ok(None)
    }
}

fn decode(family: Family, key: &[u8], value: &[u8]) -> Result<RecordValue, IndexError> {
    RecordValue::decode(value).map_err(|error| error.in_family(family, key))
}

/// The record that begins at `at`, of an entry of `by_position`.
fn record_at(
    at: SegmentOffset,
    key: &[u8],
    value: &[u8],
) -> Result<Option<MessageMeta>, IndexError> {
    let found = CellValue::decode(value).and_then(|cell| cell.record_at(at));
    let found = found.map_err(|error| error.in_family(Family::ByPosition, key))?;
    Ok(found.map(|record| record.meta()))
}
