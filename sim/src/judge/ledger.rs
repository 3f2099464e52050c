//! What lies where, put together from all that was acknowledged and all that was read.

use crate::history::{Call, Event, Reply, Run};

/// Messages known to follow each other: `sequence - counter` is the same for all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub sequence: u64,
    pub count: u64,
    pub producer: u32,
    pub first: u64,
    /// The event that says so.
    pub event: usize,
}

impl Known {
    pub(super) fn end(&self) -> u64 {
        self.sequence + self.count
    }

    fn offset(&self) -> u64 {
        self.sequence.wrapping_sub(self.first)
    }

    fn agrees(&self, other: &Known) -> bool {
        self.producer == other.producer && self.offset() == other.offset()
    }
}

/// Two events that disagree about a position, or two positions of one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Conflict {
    /// The position; of a message found twice, the later one.
    pub sequence: u64,
    /// Of a message found twice, the earlier one.
    pub other: u64,
    pub events: [usize; 2],
}

/// One partition.
#[derive(Default)]
pub(super) struct Lane {
    /// Ascending and disjoint.
    pub known: Vec<Known>,
    /// The same, in order of producer and counter.
    by_message: Vec<Known>,
    pub conflicts: Vec<Conflict>,
    pub duplicates: Vec<Conflict>,
}

impl Lane {
    fn new(mut claims: Vec<Known>) -> Self {
        claims.sort_unstable_by_key(|claim| (claim.sequence, claim.event));
        let mut lane = Lane::default();
        for claim in claims {
            lane.add(claim);
        }
        lane.by_message = lane.known.clone();
        lane.by_message.sort_unstable_by_key(|known| (known.producer, known.first));
        let mut latest: Option<Known> = None;
        for index in 0..lane.by_message.len() {
            let known = lane.by_message[index];
            if let Some(before) = latest {
                let overlap = known.producer == before.producer
                    && known.producer != Run::FOREIGN
                    && known.first < before.first + before.count;
                if overlap {
                    let twin = before.sequence + (known.first - before.first);
                    lane.duplicates.push(Conflict {
                        sequence: known.sequence.max(twin),
                        other: known.sequence.min(twin),
                        events: [before.event, known.event],
                    });
                }
            }
            let ends = |known: &Known| (known.producer, known.first + known.count);
            if latest.is_none_or(|before| ends(&known) > ends(&before)) {
                latest = Some(known);
            }
        }
        lane
    }

    /// Adds a claim that begins where the last one begins, or later.
    fn add(&mut self, claim: Known) {
        let from = self.known.partition_point(|known| known.end() <= claim.sequence);
        for known in &self.known[from..] {
            if !known.agrees(&claim) && known.sequence < claim.end() {
                self.conflicts.push(Conflict {
                    sequence: known.sequence.max(claim.sequence),
                    other: known.sequence.max(claim.sequence),
                    events: [known.event, claim.event],
                });
            }
        }
        let covered = self.known.last().map_or(0, Known::end);
        if claim.end() <= covered {
            return;
        }
        let skip = covered.saturating_sub(claim.sequence);
        let rest = Known {
            sequence: claim.sequence + skip,
            count: claim.count - skip,
            first: claim.first.wrapping_add(skip),
            ..claim
        };
        match self.known.last_mut() {
            Some(last) if last.end() == rest.sequence && last.agrees(&rest) => {
                last.count += rest.count;
            }
            _ => self.known.push(rest),
        }
    }

    /// Producer and counter of the message at `sequence`, where anybody knows it.
    pub(super) fn at(&self, sequence: u64) -> Option<(u32, u64)> {
        let index = self.known.partition_point(|known| known.end() <= sequence);
        let known = self.known.get(index).filter(|known| known.sequence <= sequence)?;
        Some((known.producer, known.first + (sequence - known.sequence)))
    }

    /// The sequence of a message, where anybody saw it.
    pub(super) fn sequence_of(&self, producer: u32, counter: u64) -> Option<u64> {
        let after = self
            .by_message
            .partition_point(|known| (known.producer, known.first) <= (producer, counter));
        let known = self.by_message.get(after.checked_sub(1)?)?;
        let within = known.producer == producer && counter < known.first + known.count;
        within.then(|| known.sequence + (counter - known.first))
    }
}

/// All partitions.
pub(super) struct Ledger {
    pub lanes: Vec<Lane>,
}

impl Ledger {
    pub(super) fn new(events: &[Event], lane_count: u32) -> Self {
        let mut claims: Vec<Vec<Known>> = vec![Vec::new(); lane_count as usize];
        for (index, event) in events.iter().enumerate() {
            let Some(lane) = claims.get_mut(event.lane as usize) else { continue };
            match (&event.call, event.reply()) {
                (Call::Append { first, count, .. }, Some(Reply::Appended { sequence, .. })) => {
                    lane.push(Known {
                        sequence: *sequence,
                        count: u64::from(*count),
                        producer: event.actor,
                        first: *first,
                        event: index,
                    });
                }
                (_, Some(Reply::Messages(runs))) => {
                    lane.extend(runs.iter().map(|run| Known {
                        sequence: run.sequence,
                        count: u64::from(run.count),
                        producer: run.producer,
                        first: run.first,
                        event: index,
                    }));
                }
                _ => {}
            }
        }
        Self { lanes: claims.into_iter().map(Lane::new).collect() }
    }
}
