//! Questions to the settled part of a partition.

use std::ops::Range;

use super::chain;
use super::coverage::Covered;
use super::entry::FrameStart;
use super::key;
use super::value::{FrameValue, RecordValue};
use crate::io::{Family, IndexError, IndexRead};
use crate::types::{ID_BYTES_MAX, MessageMeta, SegmentOffset, Sequence};

#[cfg(test)]
mod tests;

/// How many entries are read at once.
const PAGE: usize = 128;

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
        Ok(self.records_of(id, within, 1).await?.into_iter().next())
    }

    /// All records of `id`, latest first.
    pub async fn all_by_id(
        &self,
        id: &str,
        within: &Range<Sequence>,
    ) -> Result<Vec<MessageMeta>, IndexError> {
        self.records_of(id, within, usize::MAX).await
    }

    async fn records_of(
        &self,
        id: &str,
        within: &Range<Sequence>,
        limit: usize,
    ) -> Result<Vec<MessageMeta>, IndexError> {
        let within = self.bound(within);
        let mut found = Vec::new();
        if within.is_empty() || id.len() > ID_BYTES_MAX {
            return Ok(found);
        }
        if self.covered.has_more {
            let mut keys = key::by_id_more_range(self.partition, id, &within);
            while found.len() < limit {
                let page = PAGE.min(limit - found.len());
                let entries = self.scan(Family::ByIdMore, &keys, page).await?;
                for (key, value) in &entries {
                    found.push(decode(Family::ByIdMore, key, value)?.meta(id));
                }
                let Some((last, _)) = entries.last().filter(|_| entries.len() == page) else {
                    break;
                };
                keys.start = after(last);
            }
        }
        // Where the first one was trimmed long ago, a later one may have taken its place in
        // `by_id`: nothing is said of which is later.
        let key = key::by_id(self.partition, id);
        if let Some(value) = self.reader.get(Family::ById, &key).await? {
            let record = decode(Family::ById, &key, &value)?;
            if within.contains(&record.sequence) {
                let later = found.partition_point(|meta| meta.sequence > record.sequence);
                found.insert(later, record.meta(id));
            }
        }
        found.truncate(limit);
        Ok(found)
    }

    /// The record that begins at `at`.
    pub async fn by_position(
        &self,
        at: SegmentOffset,
        within: &Range<Sequence>,
    ) -> Result<Option<MessageMeta>, IndexError> {
        let keys = key::by_position_floor(self.partition, at);
        let entry = self.reader.last_in(Family::ByPosition, &keys.start..&keys.end).await?;
        let Some((key, value)) = entry else {
            return Ok(None);
        };
        let within = self.bound(within);
        pick(&key, &value, |meta| meta.offset == at && within.contains(&meta.sequence))
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
        let mut found: Vec<MessageMeta> = Vec::new();
        if times.is_empty() || within.is_empty() || limit == 0 {
            return Ok(found);
        }
        let mut keys = key::by_time_range(self.partition, &times);
        let mut bucket = None;
        loop {
            let entries = self.scan(Family::ByTime, &keys, PAGE).await?;
            for (key, value) in &entries {
                let next = key::bucket_of(key);
                if found.len() >= limit && next != bucket {
                    return Ok(in_order(found, limit));
                }
                bucket = next;
                let malformed =
                    |error: super::value::Malformed| error.in_family(Family::ByTime, key);
                for record in FrameValue::decode(value).map_err(malformed)?.records() {
                    let record = record.map_err(malformed)?;
                    if times.contains(&record.timestamp_us) && within.contains(&record.sequence) {
                        found.push(record.meta());
                    }
                }
                // A bucket may hold many times more than are wanted.
                if found.len() / 4 >= limit.max(PAGE) {
                    found = in_order(found, limit);
                }
            }
            let Some((last, _)) = entries.last().filter(|_| entries.len() == PAGE) else {
                return Ok(in_order(found, limit));
            };
            keys.start = after(last);
        }
    }

    /// The record `sequence`.
    pub async fn by_sequence(
        &self,
        sequence: Sequence,
        within: &Range<Sequence>,
    ) -> Result<Option<MessageMeta>, IndexError> {
        let Some((key, value)) = self.frame_of(sequence, within).await? else {
            return Ok(None);
        };
        pick(&key, &value, |meta| meta.sequence == sequence)
    }

    /// The frame that holds `sequence`.
    pub async fn place_of(
        &self,
        sequence: Sequence,
        within: &Range<Sequence>,
    ) -> Result<Option<FrameStart>, IndexError> {
        let Some((key, value)) = self.frame_of(sequence, within).await? else {
            return Ok(None);
        };
        let frame = FrameValue::decode(&value);
        Ok(Some(frame.map_err(|error| error.in_family(Family::ByPosition, &key))?.place))
    }

    async fn frame_of(
        &self,
        sequence: Sequence,
        within: &Range<Sequence>,
    ) -> Result<Option<Entry>, IndexError> {
        if !self.bound(within).contains(&sequence) {
            return Ok(None);
        }
        let Some(from) = self.waypoint(sequence).await? else {
            return Ok(None);
        };
        let mut keys = key::by_position_from(self.partition, from.offset());
        loop {
            let entries = self.scan(Family::ByPosition, &keys, PAGE).await?;
            let full = entries.len() == PAGE;
            for (key, value) in entries {
                let frame = FrameValue::decode(&value);
                let frame = frame.map_err(|error| error.in_family(Family::ByPosition, &key))?;
                let first = frame.place.first_sequence;
                if sequence < first + u64::from(frame.count()) {
                    return Ok((first <= sequence).then_some((key, value)));
                }
                keys.start = after(&key);
            }
            if !full {
                return Ok(None);
            }
        }
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

    async fn scan(
        &self,
        family: Family,
        keys: &Range<Vec<u8>>,
        limit: usize,
    ) -> Result<Vec<Entry>, IndexError> {
        self.reader.scan(family, &keys.start..&keys.end, limit).await
    }
}

type Entry = (Vec<u8>, Vec<u8>);

/// The least key that is greater.
fn after(key: &[u8]) -> Vec<u8> {
    [key, &[0]].concat()
}

fn decode(family: Family, key: &[u8], value: &[u8]) -> Result<RecordValue, IndexError> {
    RecordValue::decode(value).map_err(|error| error.in_family(family, key))
}

/// The record of a `by_position` entry that `wanted` is true for.
fn pick(
    key: &[u8],
    value: &[u8],
    wanted: impl Fn(&super::value::RecordView<'_>) -> bool,
) -> Result<Option<MessageMeta>, IndexError> {
    let find = || {
        for record in FrameValue::decode(value)?.records() {
            let record = record?;
            if wanted(&record) {
                return Ok(Some(record.meta()));
            }
        }
        Ok(None)
    };
    find().map_err(|error: super::value::Malformed| error.in_family(Family::ByPosition, key))
}

fn in_order(mut found: Vec<MessageMeta>, limit: usize) -> Vec<MessageMeta> {
    found.sort_by_key(|meta| (meta.timestamp_us, meta.sequence));
    found.truncate(limit);
    found
}
