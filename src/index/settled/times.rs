//! The records of a range of times, as a lookup gathers them.

use std::mem;
use std::ops::{ControlFlow, Range};

use crate::index::key;
use crate::index::value::{CellValue, Malformed, SpanValue, TimeValue};
use crate::io::{Family, IndexError, IndexRead, key_after};
use crate::types::{MessageMeta, SegmentOffset, Sequence};

/// So many records are kept at least before they are sorted and cut.
const KEPT_MIN: usize = 128;

/// So many cells are read by their keys, each of which costs a quarter of what an iterator does;
/// more by an iterator.
const CELLS_MAX: usize = 4;

/// The reading of a span begins so far before where the first record that is wanted may be.
const GUESS_BYTES: u64 = key::CELL_BYTES / 16;

/// The first `limit` records that are stamped in `times` and lie `within`, of the entries of
/// `by_time` that are given in the order of their keys.
pub(super) struct Times {
    times: Range<i64>,
    within: Range<Sequence>,
    limit: usize,
    found: Vec<MessageMeta>,
    /// Others, which are still to be read.
    spans: Vec<Wanted>,
    /// How many of those are known to be wanted.
    wanted_in_spans: u64,
}

impl Times {
    pub(super) fn new(times: Range<i64>, within: Range<Sequence>, limit: usize) -> Self {
        let found = Vec::with_capacity(limit.min(KEPT_MIN));
        Self { times, within, limit, found, spans: Vec::new(), wanted_in_spans: 0 }
    }

    /// Whether entries of later buckets hold nothing that is among the first ones.
    pub(super) fn is_full(&self) -> bool {
        self.found.len() as u64 + self.wanted_in_spans >= self.limit as u64
    }

    /// Adds what an entry of `by_time` holds.
    pub(super) fn add(&mut self, value: &[u8]) -> Result<(), Malformed> {
        match TimeValue::decode(value)? {
            TimeValue::Span(span) => self.add_span(span),
            TimeValue::Records(frame) => {
                for record in frame.stamped_in(&self.times) {
                    let record = record?;
                    if self.within.contains(&record.sequence) {
                        self.found.push(record.meta());
                    }
                }
            }
        }
        // A bucket may hold many times more than are wanted.
        if self.found.len() / 4 >= self.limit.max(KEPT_MIN) {
            self.put_in_order();
        }
        Ok(())
    }

    fn add_span(&mut self, span: SpanValue) {
        let Range { start, end } = &span.sequences;
        let within = self.within.start.max(*start)..self.within.end.min(*end);
        let times = &self.times;
        if within.is_empty() || span.last_us < times.start || span.first_us >= times.end {
            return;
        }
        if times.contains(&span.first_us) && times.contains(&span.last_us) {
            self.wanted_in_spans += within.end - within.start;
        }
        let likely = likely(&span, times);
        if let Some(last) = self.spans.last_mut()
            && last.span.take_in(&span)
        {
            last.likely.end = likely.end;
        } else {
            self.spans.push(Wanted { span, likely });
        }
    }

    /// Reads the spans, of `partition`; what was found, by timestamp, then by sequence.
    pub(super) async fn read<R: IndexRead>(
        mut self,
        reader: &R,
        partition: u32,
    ) -> Result<Vec<MessageMeta>, IndexError> {
        for wanted in mem::take(&mut self.spans) {
            if !self.ends_before(&wanted.span) {
                self.read_span(reader, partition, &wanted).await?;
            }
        }
        self.put_in_order();
        Ok(self.found)
    }

    /// Whether all that is wanted was found and comes before `span`.
    fn ends_before(&mut self, span: &SpanValue) -> bool {
        if self.found.len() < self.limit {
            return false;
        }
        self.put_in_order();
        let first = (span.first_us, span.sequences.start);
        self.found.last().is_some_and(|last| (last.timestamp_us, last.sequence) < first)
    }

    async fn read_span<R: IndexRead>(
        &mut self,
        reader: &R,
        partition: u32,
        wanted: &Wanted,
    ) -> Result<(), IndexError> {
        let (family, span) = (Family::ByPosition, &wanted.span);
        let mut reading = Reading::of(span, self.limit);
        let mut rest = key::by_position_from(partition, span.offset);
        if wanted.cell_count(self.limit) <= CELLS_MAX {
            let from = SegmentOffset { offset: wanted.likely.start, ..span.offset };
            let keys = key::by_position_cells(partition, from, span.last_offset);
            for key in keys.take(CELLS_MAX) {
                let read = |value: &[u8]| self.add_cell(value, &mut reading);
                let step = reader.read_key(family, &key, read).await?.transpose();
                match step.map_err(|error| error.in_family(family, &key))? {
                    // In the midst of a long record none begins.
                    None => {}
                    Some(Step::Over) => return Ok(()),
                    Some(Step::Other) => break,
                    Some(Step::More) => rest.start = key_after(&key),
                }
            }
        }
        reading.is_of_all = true;
        let mut outcome = Ok(());
        let visitor = |key: &[u8], value: &[u8]| match self.add_cell(value, &mut reading) {
            Ok(Step::More) => ControlFlow::Continue(()),
            Ok(Step::Over | Step::Other) => ControlFlow::Break(()),
            Err(error) => {
                outcome = Err(error.in_family(family, key));
                ControlFlow::Break(())
            }
        };
        reader.visit(family, &rest.start..&rest.end, visitor).await?;
        outcome
    }

    /// Adds the records that an entry of `by_position` holds.
    fn add_cell(&mut self, value: &[u8], reading: &mut Reading<'_>) -> Result<Step, Malformed> {
        let sequences = &reading.span.sequences;
        let mut records = CellValue::decode(value)?.records();
        while let Some(passed) = records.pass_next() {
            let passed = passed?;
            let (sequence, timestamp_us) = (records.sequence(), records.timestamp_us());
            if sequence < sequences.start {
                continue;
            }
            if !reading.goes_on_with(sequence, timestamp_us < self.times.start) {
                return Ok(Step::Other);
            }
            if sequence >= sequences.end || timestamp_us >= self.times.end {
                return Ok(Step::Over);
            }
            if self.times.contains(&timestamp_us) && self.within.contains(&sequence) {
                self.found.push(records.passed(passed)?.meta());
                reading.left -= 1;
                if reading.left == 0 {
                    return Ok(Step::Over);
                }
            }
        }
        Ok(if reading.next == Some(sequences.end) { Step::Over } else { Step::More })
    }

    fn put_in_order(&mut self) {
        self.found.sort_by_key(|meta| (meta.timestamp_us, meta.sequence));
        self.found.truncate(self.limit);
    }
}

/// Records that are still to be read.
struct Wanted {
    span: SpanValue,
    /// Offsets that those of them may lie between which are stamped in the range: a guess.
    likely: Range<u64>,
}

impl Wanted {
    /// How many cells the first `limit` of those may lie in: a guess.
    fn cell_count(&self, limit: usize) -> usize {
        let (span, likely) = (&self.span, &self.likely);
        let count = span.sequences.end - span.sequences.start;
        let bytes = share(span.last_offset - span.offset.offset, limit as u64, count);
        let bytes = bytes.min(likely.end.saturating_sub(likely.start));
        usize::try_from(bytes / key::CELL_BYTES).map_or(usize::MAX, |cells| cells + 1)
    }
}

/// Where those records of `span` lie that are stamped in `times`, and little more, if it was
/// stamped at even distances.
fn likely(span: &SpanValue, times: &Range<i64>) -> Range<u64> {
    let (first, last) = (span.offset.offset, span.last_offset);
    let until = |time_us: i64| {
        let passed_us = if time_us > span.first_us { time_us.abs_diff(span.first_us) } else { 0 };
        first + share(last - first, passed_us, span.last_us.abs_diff(span.first_us))
    };
    until(times.start).saturating_sub(GUESS_BYTES).max(first)..until(times.end)
}

/// What part of `bytes` goes to `some` of `all`: all of them to all.
fn share(bytes: u64, some: u64, all: u64) -> u64 {
    match some {
        0 => 0,
        _ if some >= all => bytes,
        _ => (u128::from(bytes) * u128::from(some) / u128::from(all)) as u64,
    }
}

/// What comes behind an entry.
enum Step {
    /// More of what is wanted may.
    More,
    /// Nothing of it.
    Over,
    /// The entry was not the one that was to come.
    Other,
}

/// How far the records of a span were read.
struct Reading<'a> {
    span: &'a SpanValue,
    /// The sequence that is to come; any one at first.
    next: Option<Sequence>,
    /// Whether all entries from the first one on are read: then any one may come.
    is_of_all: bool,
    /// How many may still be added.
    left: usize,
}

impl<'a> Reading<'a> {
    fn of(span: &'a SpanValue, limit: usize) -> Self {
        Self { span, next: None, is_of_all: false, left: limit }
    }

    /// Whether nothing that is wanted was left out before the record `sequence`, which
    /// `is_before` all that are.
    fn goes_on_with(&mut self, sequence: Sequence, is_before: bool) -> bool {
        let goes_on = self.is_of_all
            || match self.next {
                None => is_before || sequence == self.span.sequences.start,
                Some(next) => sequence == next,
            };
        if goes_on {
            self.next = Some(sequence + 1);
        }
        goes_on
    }
}
