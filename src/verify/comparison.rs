//! What the index says of a partition, held against what the log says.

use std::ops::{ControlFlow, Range};

use crate::error::StorageResult;
use crate::index::chain;
use crate::index::coverage::{Coverage, Covered};
use crate::index::entry::BatchEntry;
use crate::index::key;
use crate::index::value::{CellValue, Malformed, RecordValue, RecordView, SpanValue, TimeValue};
use crate::io::{Family, IndexRead};
use crate::types::Sequence;

use super::PartitionReport;

#[cfg(test)]
mod tests;

/// How many keys are asked for at once.
const KEYS: usize = 1024;

/// Compares what the index says with the log's frames, which follow each other without a hole and
/// hold all messages of `report`.
///
/// Each family is read from one end to the other. What an entry says must be what the log says,
/// and what an entry must be there for and is not, is missing. Single reads of `by_id` go past
/// scans, by filters of their own, so each of its keys is asked for too.
pub(super) async fn compare<R: IndexRead>(
    reader: &R,
    frames: &[BatchEntry],
    report: &mut PartitionReport,
) -> StorageResult<()> {
    let covered = match Coverage::new(report.partition).extend(reader).await {
        Ok(covered) => covered,
        Err(error) => {
            report.problem(error.to_string());
            return Ok(());
        }
    };
    report.settled = covered.to;
    if covered.to > report.log_end {
        let (settled, end) = (covered.to, report.log_end);
        report.problem(format!("the index holds messages up to {settled}, the log up to {end}"));
        return Ok(());
    }
    let chunks = chunks(reader, report.partition, covered).await?;
    let within = report.log_start..covered.to;
    let log = Log { partition: report.partition, frames, chunks, within };
    report.compared_count = log.len() as u64;
    let mut comparison = Comparison { reader, log, report };
    comparison.ids(covered).await?;
    comparison.frames(Family::ByPosition).await?;
    comparison.frames(Family::ByTime).await?;
    comparison.latest(covered).await?;
    Ok(())
}

/// Where the chunks begin that the index holds.
async fn chunks<R: IndexRead>(
    reader: &R,
    partition: u32,
    covered: Covered,
) -> StorageResult<Vec<Sequence>> {
    let mut chunks = Vec::new();
    for number in 0..covered.chunk_count {
        let marker = chain::marker(reader, Family::ByPosition, partition, number).await?;
        chunks.extend(marker.map(|marker| marker.from));
    }
    Ok(chunks)
}

/// The messages that the index must hold.
struct Log<'a> {
    partition: u32,
    frames: &'a [BatchEntry],
    /// The first sequence of each chunk.
    chunks: Vec<Sequence>,
    within: Range<Sequence>,
}

/// A message of the log: its frame, and its number there.
#[derive(Clone, Copy)]
struct Message<'a> {
    frame: &'a BatchEntry,
    index: usize,
}

impl Message<'_> {
    fn value(&self) -> RecordValue {
        RecordValue::of(self.frame, self.index)
    }

    fn id(&self) -> &str {
        self.frame.records.get(self.index).id
    }

    fn is(&self, view: &RecordView<'_>) -> bool {
        let record = RecordValue {
            sequence: view.sequence,
            offset: view.offset,
            length_bytes: view.length_bytes,
            timestamp_us: view.timestamp_us,
        };
        record == self.value() && view.id == self.id()
    }
}

impl<'a> Log<'a> {
    fn len(&self) -> usize {
        let count = self.within.end.saturating_sub(self.within.start);
        usize::try_from(count).expect("the messages are in memory")
    }

    /// The message of a sequence; `None` outside of what is compared.
    fn message(&self, sequence: Sequence) -> Option<Message<'a>> {
        if !self.within.contains(&sequence) {
            return None;
        }
        let after = self.frames.partition_point(|frame| frame.first_sequence <= sequence);
        let frame = self.frames.get(after.checked_sub(1)?)?;
        let index = usize::try_from(sequence - frame.first_sequence).ok()?;
        (index < frame.records.len()).then_some(Message { frame, index })
    }

    /// The first frame in the segment and the chunk of `frame`.
    fn first_frame(&self, frame: &BatchEntry) -> &'a BatchEntry {
        let chunk = self.chunks.partition_point(|from| *from <= frame.first_sequence);
        let from = chunk.checked_sub(1).map_or(0, |chunk| self.chunks[chunk]);
        let first = self.frames.partition_point(|other| {
            other.first_sequence < from || other.segment_id < frame.segment_id
        });
        &self.frames[first]
    }

    fn key(&self, family: Family, message: Message<'_>) -> Vec<u8> {
        let (partition, frame) = (self.partition, message.frame);
        match family {
            Family::ById => key::by_id(partition, message.id()),
            Family::ByIdMore => key::by_id_more(partition, message.id(), message.value().sequence),
            Family::ByPosition => {
                let first_frame = self.first_frame(frame).frame_offset;
                let at = key::cell_entry(frame.offset(message.index), first_frame);
                key::by_position(partition, at)
            }
            Family::ByTime => {
                let bucket = key::bucket(message.value().timestamp_us);
                key::by_time(partition, bucket, frame.first_sequence)
            }
        }
    }
}

/// Which messages a way to find them was seen for: a bit each.
struct Seen {
    from: Sequence,
    bits: Vec<u64>,
}

impl Seen {
    fn new(log: &Log<'_>) -> Self {
        Self { from: log.within.start, bits: vec![0; log.len().div_ceil(64)] }
    }

    fn place(&self, sequence: Sequence) -> (usize, u64) {
        let nth = sequence - self.from;
        (usize::try_from(nth / 64).expect("the messages are in memory"), 1 << (nth % 64))
    }

    fn has(&self, sequence: Sequence) -> bool {
        let (word, bit) = self.place(sequence);
        self.bits[word] & bit != 0
    }

    /// Whether it was seen already.
    fn add(&mut self, sequence: Sequence) -> bool {
        let (word, bit) = self.place(sequence);
        let had = self.bits[word] & bit != 0;
        self.bits[word] |= bit;
        had
    }
}

/// What `by_id_more` says of an id, whose records follow, latest first.
#[derive(Default)]
struct Told {
    /// Under which key; another id's where it says nothing.
    key: Vec<u8>,
    latest: Option<RecordValue>,
    /// Whether the latest of what is compared was seen.
    is_judged: bool,
}

struct Comparison<'a, R> {
    reader: &'a R,
    log: Log<'a>,
    report: &'a mut PartitionReport,
}

impl<'a, R: IndexRead> Comparison<'a, R> {
    /// Each message is in `by_id` or in `by_id_more`, and not in both; of those in `by_id_more` the
    /// latest of each id is named.
    async fn ids(&mut self, covered: Covered) -> StorageResult<()> {
        let mut seen = Seen::new(&self.log);
        self.each(Family::ById, |this, key, value| {
            this.record(Family::ById, key, &RecordValue::decode(value)?, &mut seen);
            Ok(())
        })
        .await?;
        self.single_reads(&seen).await?;
        // Where no marker tells of an entry, no lookup reads the family.
        if covered.has_more {
            let mut told = Told::default();
            self.each(Family::ByIdMore, |this, key, value| {
                this.more(key, value, &mut told, &mut seen)
            })
            .await?;
        }
        self.missing("by id", &seen);
        Ok(())
    }

    /// What a scan of `by_id` found, single reads find.
    async fn single_reads(&mut self, seen: &Seen) -> StorageResult<()> {
        let family = Family::ById;
        let mut rest = self.log.within.clone().filter(|sequence| seen.has(*sequence));
        loop {
            let page: Vec<Sequence> = rest.by_ref().take(KEYS).collect();
            if page.is_empty() {
                return Ok(());
            }
            let message = |sequence| self.log.message(sequence).expect("it was seen");
            let mut asked: Vec<_> = page
                .into_iter()
                .map(message)
                .map(|message| (self.log.key(family, message), message.value()))
                .collect();
            asked.sort_unstable_by(|one, other| one.0.cmp(&other.0));
            let keys: Vec<_> = asked.iter().map(|(key, _)| key.clone()).collect();
            let values = self.reader.multi_get(family, &keys).await?;
            for ((key, expected), value) in asked.into_iter().zip(values) {
                let found = value.and_then(|value| RecordValue::decode(&value).ok());
                if found != Some(expected) {
                    let key = hexadecimal(&key);
                    self.report.problem(format!(
                        "a single read of key {key} in by_id finds {found:?}, a scan {expected:?}"
                    ));
                }
            }
        }
    }

    /// Each message is in one entry: that of its cell, or of its frame and bucket.
    async fn frames(&mut self, family: Family) -> StorageResult<()> {
        let mut seen = Seen::new(&self.log);
        self.each(family, |this, key, value| this.frame(family, key, value, &mut seen)).await?;
        let way = if family == Family::ByTime { "by time" } else { "by position" };
        self.missing(way, &seen);
        Ok(())
    }

    /// The marker of each chunk names the latest timestamp. Of a chunk that the log's start lies
    /// in, the log does not hold all records.
    async fn latest(&mut self, covered: Covered) -> StorageResult<()> {
        let (family, partition) = (Family::ByTime, self.log.partition);
        for number in 0..covered.chunk_count {
            let marker = chain::marker(self.reader, family, partition, number).await?;
            let Some(marker) = marker.filter(|marker| marker.from >= self.log.within.start) else {
                continue;
            };
            let first = self.log.frames.partition_point(|frame| frame.first_sequence < marker.from);
            let frames = self.log.frames[first..].iter();
            let latest_us = frames
                .take_while(|frame| frame.first_sequence < marker.to)
                .flat_map(|frame| frame.records.timestamps_us())
                .max();
            if latest_us.is_some_and(|latest_us| latest_us != marker.latest_us) {
                self.report.problem(format!(
                    "in by_time the marker of chunk {number} names {} as the latest timestamp, the \
                     log {latest_us:?}",
                    marker.latest_us
                ));
            }
        }
        Ok(())
    }

    /// Gives `look` all entries of a family; an entry that is malformed is a problem.
    async fn each(
        &mut self,
        family: Family,
        mut look: impl FnMut(&mut Self, &[u8], &[u8]) -> Result<(), Malformed> + Send,
    ) -> StorageResult<()> {
        let (reader, keys) = (self.reader, key::entries(self.log.partition));
        let visitor = |key: &[u8], value: &[u8]| {
            if look(self, key, value).is_err() {
                let (name, key) = (family.name(), hexadecimal(key));
                self.report.problem(format!("in {name} the value of key {key} is malformed"));
            }
            ControlFlow::Continue(())
        };
        Ok(reader.visit(family, &keys.start..&keys.end, visitor).await?)
    }

    /// An entry of one record; its message, where that is compared.
    fn record(
        &mut self,
        family: Family,
        key: &[u8],
        found: &RecordValue,
        seen: &mut Seen,
    ) -> Option<Message<'a>> {
        // Others are trimmed, or not settled in all families yet.
        let message = self.log.message(found.sequence)?;
        let is_right = *found == message.value() && key == self.log.key(family, message);
        self.judge(family, key, message, is_right, seen);
        Some(message)
    }

    /// An entry of `by_id_more`.
    fn more(
        &mut self,
        key: &[u8],
        value: &[u8],
        told: &mut Told,
        seen: &mut Seen,
    ) -> Result<(), Malformed> {
        let found = RecordValue::decode(value)?;
        if key::is_by_id_latest(key) {
            *told = Told { key: key.to_vec(), latest: Some(found), is_judged: false };
            return Ok(());
        }
        let Some(message) = self.record(Family::ByIdMore, key, &found, seen) else { return Ok(()) };
        let named = key::by_id_latest(self.log.partition, message.id());
        if told.key != named {
            *told = Told { key: named, latest: None, is_judged: false };
        }
        if std::mem::replace(&mut told.is_judged, true) {
            return Ok(());
        }
        let (latest, end) = (told.latest, self.log.within.end);
        // One that is greater is not settled in all families yet.
        if !latest.is_some_and(|latest| latest == found || latest.sequence >= end) {
            let id = message.id();
            self.report.problem(format!(
                "of {id:?} in by_id_more the latest record is {found:?}, its entry says {latest:?}"
            ));
        }
        Ok(())
    }

    /// An entry of several records.
    fn frame(
        &mut self,
        family: Family,
        key: &[u8],
        value: &[u8],
        seen: &mut Seen,
    ) -> Result<(), Malformed> {
        let mut records = match family {
            Family::ByPosition => CellValue::decode(value)?.records(),
            _ => match TimeValue::decode(value)? {
                TimeValue::Records(frame) => frame.records(),
                TimeValue::Span(span) => {
                    self.span(key, &span, seen);
                    return Ok(());
                }
            },
        };
        while let Some(view) = records.next() {
            let view = view?;
            let Some(message) = self.log.message(view.sequence) else { continue };
            let is_right = records.place() == message.frame.place()
                && message.is(&view)
                && key == self.log.key(family, message);
            self.judge(family, key, message, is_right, seen);
        }
        Ok(())
    }

    /// An entry of `by_time` that names its records.
    fn span(&mut self, key: &[u8], span: &SpanValue, seen: &mut Seen) {
        let mut before_us = None;
        let Range { start, end } = self.log.within;
        // Damage may make it longer than the log.
        for sequence in start.max(span.sequences.start)..end.min(span.sequences.end) {
            let Some(message) = self.log.message(sequence) else { continue };
            let RecordValue { offset, timestamp_us, .. } = message.value();
            let is_first = sequence == span.sequences.start;
            let is_last = sequence + 1 == span.sequences.end;
            let is_right = (!is_first || (offset, timestamp_us) == (span.offset, span.first_us))
                && (!is_last || (offset.offset, timestamp_us) == (span.last_offset, span.last_us))
                && before_us <= Some(timestamp_us)
                && span.sequences.end <= message.frame.sequences().end
                && key == self.log.key(Family::ByTime, message);
            before_us = Some(timestamp_us);
            self.judge(Family::ByTime, key, message, is_right, seen);
        }
    }

    fn judge(
        &mut self,
        family: Family,
        key: &[u8],
        message: Message<'_>,
        is_right: bool,
        seen: &mut Seen,
    ) {
        let (name, sequence) = (family.name(), message.value().sequence);
        if !is_right {
            let (key, meta) = (hexadecimal(key), message.frame.meta(message.index));
            self.report.problem(format!(
                "in {name} what key {key} says of message {sequence} is wrong, the log has {meta:?}"
            ));
        } else if seen.add(sequence) {
            self.report.problem(format!("message {sequence} is found twice, in {name} too"));
        }
    }

    /// Tells of the messages that were not seen.
    fn missing(&mut self, way: &str, seen: &Seen) {
        for sequence in self.log.within.clone().filter(|sequence| !seen.has(*sequence)) {
            let message = self.log.message(sequence);
            let meta = message.map(|message| message.frame.meta(message.index));
            self.report.problem(format!("{way} the index does not find {meta:?}"));
        }
    }
}

fn hexadecimal(key: &[u8]) -> String {
    key.iter().map(|byte| format!("{byte:02x}")).collect()
}
