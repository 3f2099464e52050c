//! Fits a plan to the lines of a file.

use std::sync::Arc;

use crate::plan::{Ack, Actor, Mark, Operation, Plan, Role};
use crate::seed::{Stream, salt};

use super::{LineFile, Lines, LinesError};

/// The name of the stream that chooses where in the file a plan begins.
const LINES: &str = "lines";

/// Most bytes of one batch, unless a single line has more.
const BATCH_BYTES: u64 = 512 << 10;

/// Most messages of one batch, inclusive.
const BATCH_COUNT: u64 = 4_096;

/// Bytes that one read may ask for in the worst case.
const READ_BYTES: u64 = 32 << 20;

/// How many chunks that are to be settled a tail has room for, at least.
const TAIL_CHUNKS: u32 = 16;

/// Room in a message beside its payload, bytes.
const MESSAGE_ROOM_BYTES: u64 = 4 << 10;

impl Plan {
    /// The plan with lines of `file` for payloads, from some place in the file on. Batches that
    /// would become too large are shortened, and reads ask for fewer messages where lines are
    /// long.
    pub fn with_lines(self, file: Arc<LineFile>) -> Self {
        let first_line = Stream::new(self.seed, LINES).draw();
        let mut plan = self.follow(file, first_line);
        plan.resize(1);
        plan
    }

    /// The plan with lines of `file` for payloads, every line of which is appended at least once:
    /// producers append more where the plan has too few messages for that, and no future is
    /// dropped before its producer is through with its share. Chunks that are settled grow as the
    /// batches do, so that as large a part of the messages as before lies in the tail.
    pub fn with_all_lines(self, file: Arc<LineFile>) -> Self {
        let before = self.message_count().max(1);
        let scale = file.line_count().div_ceil(before);
        let first_line = Stream::new(self.seed, LINES).draw();
        let mut plan = self.follow(file, first_line);
        plan.resize(scale);
        let chunk = &mut plan.config.settle_chunk_entries;
        let most = (plan.config.tail_max_entries / TAIL_CHUNKS).max(*chunk);
        *chunk = u32::try_from(u64::from(*chunk) * scale).unwrap_or(u32::MAX).min(most);
        plan.complete();
        plan.keep_pace(before);
        plan
    }

    /// Opens the file of the plan's lines, where it has any.
    ///
    /// # Errors
    /// As [`Lines::open`].
    pub fn open_lines(&mut self) -> Result<(), LinesError> {
        self.config.content.lines.as_mut().map_or(Ok(()), Lines::open)
    }

    /// How many messages are appended.
    pub fn message_count(&self) -> u64 {
        let operations = self.actors.iter().flat_map(|actor| &actor.operations);
        operations.map(|operation| u64::from(operation.message_count())).sum()
    }

    fn follow(mut self, file: Arc<LineFile>, first_line: u64) -> Self {
        let narrow = |number: usize| u32::try_from(number).expect("few actors");
        // Producers are the first actors, so that their shares are the first ones too.
        self.actors.sort_by_key(|actor| actor.role != Role::Producer);
        let is_producer = |actor: &&Actor| actor.role == Role::Producer;
        let producers = narrow(self.actors.iter().filter(is_producer).count());
        let lines = Lines::new(file, producers, self.lane_count(), first_line);
        let message_bytes = lines.longest_bytes + MESSAGE_ROOM_BYTES;
        let message_bytes = u32::try_from(message_bytes).expect("no line is longer than a message");
        let most = &mut self.config.message_max_bytes;
        *most = (*most).max(message_bytes);
        self.config.content.lines = Some(lines);
        self
    }

    fn lines(&self) -> Lines {
        self.config.content.lines.clone().expect("the plan has lines")
    }

    /// Batches `scale` times as long, but not too large; no reads that are too large.
    fn resize(&mut self, scale: u64) {
        let lines = self.lines();
        let read_max = self.config.content.read_count(u32::MAX, READ_BYTES);
        for (producer, actor) in (0..).zip(&mut self.actors) {
            let scale = if actor.role == Role::Producer { scale } else { 1 };
            let mut taken = Taken::new(&lines, producer);
            for operation in &mut actor.operations {
                match operation {
                    Operation::Append { lane, count, .. } => {
                        let wanted = u64::from(*count).saturating_mul(scale).min(BATCH_COUNT);
                        *count = taken.take(*lane, wanted);
                    }
                    Operation::Next { count, .. } => *count = (*count).min(read_max),
                    _ => {}
                }
            }
        }
    }

    /// More appends until every line is appended; nothing dropped before that.
    fn complete(&mut self) {
        let lines = self.lines();
        for (producer, actor) in (0..).zip(&mut self.actors) {
            if actor.role != Role::Producer {
                continue;
            }
            let name = format!("{LINES}/{}/{producer}", salt::WORKLOAD);
            let mut stream = Stream::new(self.seed, &name);
            let mut taken = Taken::new(&lines, producer);
            for operation in &mut actor.operations {
                if let Operation::Append { lane, count, drop_after_polls, .. } = operation {
                    if !taken.is_through(*lane) {
                        *drop_after_polls = None;
                    }
                    taken.counters[*lane as usize] += u64::from(*count);
                }
            }
            let mut open: Vec<u32> = (0..lines.lane_count).collect();
            loop {
                open.retain(|lane| !taken.is_through(*lane));
                if open.is_empty() {
                    break;
                }
                let lane = *stream.pick(&open);
                let count = taken.take(lane, 1 + stream.below(BATCH_COUNT));
                let ack = Ack::Flushed;
                actor.operations.push(Operation::Append {
                    lane,
                    count,
                    ack,
                    drop_after_polls: None,
                });
            }
        }
    }

    /// Who waits for messages waits for as large a part of them as `before`.
    fn keep_pace(&mut self, before: u64) {
        let after = u128::from(self.message_count());
        for operation in self.actors.iter_mut().flat_map(|actor| &mut actor.operations) {
            if let Operation::Await { count, .. } = operation {
                let scaled = u128::from(*count) * after / u128::from(before);
                *count = u64::try_from(scaled).unwrap_or(u64::MAX);
            }
        }
    }
}

/// How far a producer is in each of its shares.
struct Taken<'a> {
    lines: &'a Lines,
    producer: u32,
    counters: Vec<u64>,
}

impl<'a> Taken<'a> {
    fn new(lines: &'a Lines, producer: u32) -> Self {
        Self { lines, producer, counters: vec![0; lines.lane_count as usize] }
    }

    /// Whether every line of the share was taken.
    fn is_through(&self, lane: u32) -> bool {
        self.counters[lane as usize] >= self.lines.own_count(self.producer, lane)
    }

    /// Takes `wanted` messages, or as many as one batch may hold, one at least.
    fn take(&mut self, lane: u32, wanted: u64) -> u32 {
        let from = self.counters[lane as usize];
        let mut bytes = 0;
        let fitting = (0..wanted).take_while(|nth| {
            let mark = Mark { lane, producer: self.producer, counter: from + nth };
            bytes += self.lines.payload_bytes(mark);
            *nth == 0 || bytes <= BATCH_BYTES
        });
        let count = fitting.count();
        self.counters[lane as usize] += count as u64;
        u32::try_from(count).expect("a batch is short")
    }
}
