//! What happened in a run, counted from its history.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::history::{Call, Event, InstancesSeen, Outcome, Reply, WriterSeen};
use crate::plan::Ack;

/// What happened in a run. Operations count where they succeeded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// Actors that appended.
    pub producers: u64,
    /// Batches.
    pub appends: u64,
    /// Messages in them.
    pub messages: u64,
    /// Of those, how many were acknowledged as flushed or synced; a kill may take others.
    pub messages_promised: u64,
    /// Messages that the session at the end read, whole and as they were appended.
    pub messages_read_back: u64,
    /// Sessions that read with `next`.
    pub reading_sessions: u64,
    /// Lookups, by id, by position and by time.
    pub lookups: u64,
    /// Of those, how many found messages in the tail.
    pub lookups_from_tail: u64,
    /// Of those, how many found messages in a secondary that had to catch up for them: the
    /// lookup made the catch-up, or waited for one that another made for all who waited.
    pub lookups_after_catch_up: u64,
    /// Catch-ups that were made for them.
    pub catch_ups: u64,
    /// Segments sealed.
    pub rolls: u64,
    /// Chunks settled.
    pub settles: u64,
    /// Sessions that took the place of a closed one.
    pub sessions_reopened: u64,
    /// Writers opened in a partition that had one before.
    pub writers_reopened: u64,
    /// Secondaries that took the place of one that lacked something or had failed.
    pub secondaries_reopened: u64,
}

/// What is counted once however often it comes.
#[derive(Default)]
struct Seen {
    producers: BTreeSet<u32>,
    readers: BTreeSet<u32>,
    drains: BTreeSet<u32>,
    /// Partitions that had a writer.
    written: BTreeSet<u32>,
    /// The last count of each process.
    instances: BTreeMap<u32, InstancesSeen>,
}

impl Activity {
    /// What happened in `events`.
    pub fn of(events: &[Event]) -> Self {
        let (mut activity, mut seen) = (Self::default(), Seen::default());
        for event in events {
            if let Outcome::Ok(reply) = &event.outcome {
                activity.add(event, reply, &mut seen);
            }
        }
        activity.producers = seen.producers.len() as u64;
        activity.reading_sessions = seen.readers.len() as u64;
        for open in seen.instances.values() {
            activity.catch_ups += open.catch_ups;
            activity.secondaries_reopened += open.reopens;
        }
        activity
    }

    fn add(&mut self, event: &Event, reply: &Reply, seen: &mut Seen) {
        match (&event.call, reply) {
            (Call::Append { count, ack, .. }, _) => {
                seen.producers.insert(event.actor);
                self.appends += 1;
                self.messages += u64::from(*count);
                self.messages_promised += u64::from(*count) * u64::from(*ack > Ack::Buffered);
            }
            (Call::OpenSession { drains, again, .. }, _) => {
                self.sessions_reopened += u64::from(*again);
                if *drains {
                    seen.drains.insert(event.session);
                }
            }
            (Call::Next { .. }, Reply::Messages(runs)) => {
                seen.readers.insert(event.session);
                if seen.drains.contains(&event.session) {
                    let whole = runs.iter().filter(|run| !run.damaged);
                    self.messages_read_back += whole.map(|run| u64::from(run.count)).sum::<u64>();
                }
            }
            (_, Reply::Found(_, report)) => {
                self.lookups += 1;
                self.lookups_from_tail += u64::from(report.from_tail > 0);
                let waited = report.from_settled > 0 && report.catch_ups > 0;
                self.lookups_after_catch_up += u64::from(waited);
            }
            (Call::OpenWriter, _) => {
                self.writers_reopened += u64::from(!seen.written.insert(event.lane));
            }
            (_, Reply::Closed(WriterSeen { rolls, settles, .. })) => {
                self.rolls += rolls;
                self.settles += settles;
            }
            (_, Reply::Instances(open)) => {
                seen.instances.insert(event.process, *open);
            }
            _ => {}
        }
    }

    /// Whatever was opened again.
    pub const fn reopenings(&self) -> u64 {
        self.sessions_reopened + self.writers_reopened + self.secondaries_reopened
    }
}
