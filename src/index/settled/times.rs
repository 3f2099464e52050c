//! The records of a range of times, as a lookup gathers them.

use std::mem;
use std::ops::{ControlFlow, Range};

use crate::index::key;
use crate::index::value::{CellValue, Malformed, SpanValue, TimeValue};
use crate::io::{Family, IndexError, IndexRead};
use crate::types::{MessageMeta, Sequence};

/// So many records are kept at least before they are sorted and cut.
const KEPT_MIN: usize = 128;

/// A span of so many cells is read by their keys, which costs less than half of what one iterator
/// does; a longer one by an iterator.
const CELLS_MAX: usize = 16;

/// The first `limit` records that are stamped in `times` and lie `within`, of the entries of
/// `by_time` that are given in the order of their keys.
pub(super) struct Times {
    times: Range<i64>,
    within: Range<Sequence>,
    limit: usize,
    found: Vec<MessageMeta>,
    /// Others, which are still to be read.
    spans: Vec<SpanValue>,
    /// How many of those are known to be wanted.
    wanted_in_spans: u64,
}

impl Times {
    pub(super) fn new(times: Range<i64>, within: Range<Sequence>, limit: usize) -> Self {
        Self { times, within, limit, found: Vec::new(), spans: Vec::new(), wanted_in_spans: 0 }
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
        if !self.spans.last_mut().is_some_and(|last| last.take_in(&span)) {
            self.spans.push(span);
        }
    }

    /// Reads the spans, of `partition`; what was found, by timestamp, then by sequence.
    pub(super) async fn read<R: IndexRead>(
        mut self,
        reader: &R,
        partition: u32,
    ) -> Result<Vec<MessageMeta>, IndexError> {
        for span in mem::take(&mut self.spans) {
            if !self.ends_before(&span) {
                self.read_span(reader, partition, &span).await?;
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
        span: &SpanValue,
    ) -> Result<(), IndexError> {
        let found_before = self.found.len();
        let keys = key::by_position_cells(partition, span.offset, span.last_offset);
        if keys.len() <= CELLS_MAX {
            let keys: Vec<_> = keys.collect();
            if self.read_cells(reader, &keys, span).await? {
                return Ok(());
            }
            // Another chunk begins in one of the cells.
            self.found.truncate(found_before);
        }
        let family = Family::ByPosition;
        let keys = key::by_position_from(partition, span.offset);
        let (mut reading, mut outcome) = (Reading::of(span, self.limit), Ok(()));
        let visitor = |key: &[u8], value: &[u8]| {
            self.add_cell(value, &mut reading).unwrap_or_else(|error| {
                outcome = Err(error.in_family(family, key));
                ControlFlow::Break(())
            })
        };
        reader.visit(family, &keys.start..&keys.end, visitor).await?;
        outcome
    }

    /// Adds the records of `span` that the entries under `keys` hold; whether these are all that
    /// are wanted of it.
    async fn read_cells<R: IndexRead>(
        &mut self,
        reader: &R,
        keys: &[Vec<u8>],
        span: &SpanValue,
    ) -> Result<bool, IndexError> {
        let values = reader.multi_get(Family::ByPosition, keys).await?;
        let mut reading = Reading::of(span, self.limit);
        for (key, value) in keys.iter().zip(values) {
            // In the midst of a long record none begins.
            let Some(value) = value else { continue };
            let step = self.add_cell(&value, &mut reading);
            let step = step.map_err(|error| error.in_family(Family::ByPosition, key))?;
            if reading.has_hole {
                return Ok(false);
            }
            if step.is_break() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Adds the records that an entry of `by_position` holds; whether later ones may hold more
    /// that are wanted.
    fn add_cell(
        &mut self,
        value: &[u8],
        reading: &mut Reading<'_>,
    ) -> Result<ControlFlow<()>, Malformed> {
        let sequences = &reading.span.sequences;
        let mut records = CellValue::decode(value)?.records();
        while let Some(passed) = records.pass_next() {
            let passed = passed?;
            let (sequence, timestamp_us) = (records.sequence(), records.timestamp_us());
            if sequence < sequences.start {
                continue;
            }
            reading.has_hole |= sequence != reading.next;
            reading.next = sequence + 1;
            if sequence >= sequences.end || timestamp_us >= self.times.end {
                return Ok(ControlFlow::Break(()));
            }
            if self.times.contains(&timestamp_us) && self.within.contains(&sequence) {
                self.found.push(records.passed(passed)?.meta());
                reading.left -= 1;
                if reading.left == 0 {
                    return Ok(ControlFlow::Break(()));
                }
            }
        }
        let is_over = reading.next >= sequences.end;
        Ok(if is_over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }

    fn put_in_order(&mut self) {
        self.found.sort_by_key(|meta| (meta.timestamp_us, meta.sequence));
        self.found.truncate(self.limit);
    }
}

/// How far the records of a span were read.
struct Reading<'a> {
    span: &'a SpanValue,
    /// The sequence that is to come.
    next: Sequence,
    /// Whether another one came.
    has_hole: bool,
    /// How many may still be added.
    left: usize,
}

impl<'a> Reading<'a> {
    fn of(span: &'a SpanValue, limit: usize) -> Self {
        Self { span, next: span.sequences.start, has_hole: false, left: limit }
    }
}
