//! Times that are read off a history.

use std::collections::BTreeMap;

use crate::history::{Call, Event, Outcome, Reply};
use crate::plan::Ack;

use super::kind_name;

#[cfg(test)]
mod tests;

/// One time that was measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Measure {
    /// Of what: a kind of operation, or one of the names below.
    pub name: String,
    /// The clock at its end, microseconds.
    pub at_us: u64,
    /// How long it took, microseconds.
    pub value_us: u64,
}

/// From the acknowledgement of an append to the end of the first read that showed its last
/// message to another session; 0 where the read was faster.
pub(super) const VISIBLE_LAG: &str = "visible-lag";
/// One catch-up of a secondary.
pub(super) const CATCH_UP: &str = "catch-up";
/// How long a lookup waited for catch-ups, its own and those of others.
pub(super) const CATCH_UP_WAIT: &str = "catch-up-wait";
/// Behind a kind of operation: of those with a timetable, from the call to its return.
pub(super) const SERVICE: &str = "service";
/// The same from the moment at which the call was to be made, whatever held it up.
pub(super) const RESPONSE: &str = "response";

/// All times of a history, operations that succeeded: in no order.
pub(super) fn measures(events: &[Event]) -> Vec<Measure> {
    let mut measures = Vec::new();
    for event in events {
        if let Outcome::Ok(reply) = &event.outcome
            && !event.call.is_fault()
        {
            operation(event, reply, &mut measures);
        }
    }
    visible_lag(events, &mut measures);
    measures
}

fn operation(event: &Event, reply: &Reply, measures: &mut Vec<Measure>) {
    let (kind, at_us) = (kind_name(&event.call), event.returned_us);
    let mut add = |name: String, value_us| measures.push(Measure { name, at_us, value_us });
    let service_us = at_us.saturating_sub(event.invoked_us);
    add(kind.to_owned(), service_us);
    if let Some(intended_us) = event.intended_us {
        add(format!("{kind}-{SERVICE}"), service_us);
        add(format!("{kind}-{RESPONSE}"), at_us.saturating_sub(intended_us));
    }
    if let Reply::Found(_, report) = reply
        && report.catch_ups > 0
    {
        add(CATCH_UP_WAIT.to_owned(), report.catch_up_wait_us);
        if report.catch_up_own_us > 0 {
            add(CATCH_UP.to_owned(), report.catch_up_own_us);
        }
    }
}

fn visible_lag(events: &[Event], measures: &mut Vec<Measure>) {
    // By partition: where reads ended, and when; the process that reads everything in the end is
    // not one that waited for the messages.
    let mut reads: BTreeMap<u32, Vec<(u64, u64, u64)>> = BTreeMap::new();
    let first_process = events.iter().map(|event| event.process).min().unwrap_or(0);
    for event in events.iter().filter(|event| event.process == first_process) {
        if let (Call::Next { .. }, Some(Reply::Messages(runs))) = (&event.call, event.reply()) {
            for run in runs {
                let read = (event.returned_us, run.sequence, run.end());
                reads.entry(event.lane).or_default().push(read);
            }
        }
    }
    for (lane, mut reads) in reads {
        reads.sort_unstable();
        let mut seen: BTreeMap<u64, u64> = BTreeMap::new();
        for (at_us, first, end) in reads {
            first_seen(&mut seen, first, end, at_us);
        }
        for event in events.iter().filter(|event| event.lane == lane) {
            let (Call::Append { count, ack, .. }, Some(Reply::Appended { sequence, .. })) =
                (&event.call, event.reply())
            else {
                continue;
            };
            let last = sequence + u64::from(*count) - 1;
            let at_us = seen.range(..=last).next_back().map(|(_, at_us)| *at_us);
            let is_seen = *ack > Ack::Buffered && at_us.is_some_and(|at_us| at_us < NEVER_US);
            if let (true, Some(at_us)) = (is_seen, at_us) {
                let value_us = at_us.saturating_sub(event.returned_us);
                measures.push(Measure { name: VISIBLE_LAG.to_owned(), at_us, value_us });
            }
        }
    }
}

/// No read showed it.
const NEVER_US: u64 = u64::MAX;

/// Notes that `first..end` was seen at `at_us`, where it was not before. In `seen` each key begins
/// a stretch that was first seen at its value.
fn first_seen(seen: &mut BTreeMap<u64, u64>, first: u64, end: u64, at_us: u64) {
    let stretch = |seen: &BTreeMap<u64, u64>, at: u64| {
        seen.range(..=at).next_back().map_or(NEVER_US, |(_, at_us)| *at_us)
    };
    let mut at = first;
    while at < end {
        let next = seen.range(at + 1..end).next().map_or(end, |(next, _)| *next);
        let (here, behind) = (stretch(seen, at), stretch(seen, next));
        if here == NEVER_US {
            seen.insert(at, at_us);
            if behind == NEVER_US {
                seen.insert(next, NEVER_US);
            }
        }
        at = next;
    }
}
