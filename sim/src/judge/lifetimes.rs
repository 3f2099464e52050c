//! A power loss may take back what was not synced: it ends a lifetime, and what it takes back was
//! never there for what comes after. So each lifetime is judged as a history of its own, which
//! begins with what the earlier ones left to it.
//!
//! How much a loss left of a partition is what its next opening says. That no synced message is
//! among what was taken back is the business of I6, that what is left is what was appended that of
//! all other invariants, since later readings meet it.

use std::collections::{BTreeMap, BTreeSet};

use crate::history::{Call, Event, Failure, History, Kind, Outcome, Reply};
use crate::plan::Ack;

/// A part of a history between two power losses.
pub(super) struct Lifetime {
    pub history: History,
    /// Where each of its events is in the whole history.
    pub origin: Vec<usize>,
}

/// The end of a partition after a power loss, by partition: what its next opening says.
pub(super) type Ends = BTreeMap<u32, u64>;

/// The losses of a history, as indices of events, with what was left after each: of the power, or
/// of a process in which a failed sync dropped what it had not written.
pub(super) fn losses(events: &[Event]) -> Vec<(usize, Ends)> {
    let mut losses: Vec<(usize, Ends)> = Vec::new();
    let mut losing: BTreeSet<u32> = BTreeSet::new();
    for (index, event) in events.iter().enumerate() {
        match (&event.call, event.reply()) {
            (Call::Fault { class, .. }, _) if class.takes_back() => {
                losing.insert(event.process);
            }
            // What a failed sync dropped is gone for those who come after the process.
            (Call::Kill, _) if losing.contains(&event.process) => {
                losses.push((index, Ends::new()));
            }
            (Call::PowerLoss, _) => losses.push((index, Ends::new())),
            (Call::OpenWriter, Some(Reply::Marks(marks))) => {
                for (_, ends) in &mut losses {
                    ends.entry(event.lane).or_insert(marks.log_end);
                }
            }
            _ => {}
        }
    }
    losses
}

/// The lifetimes of a history that has several.
pub(super) fn split(history: &History) -> Vec<Lifetime> {
    let losses = losses(&history.events);
    let starts = losses.iter().map(|(index, _)| index + 1);
    let ends = losses.iter().map(|(index, _)| index + 1).chain([history.events.len()]);
    std::iter::once(0)
        .chain(starts)
        .zip(ends)
        .enumerate()
        .map(|(nth, (from, to))| {
            let before = history.events[..from].iter().enumerate();
            let left = before.filter_map(|(index, event)| {
                let since = losses[..nth].iter().filter(|(loss, _)| *loss > index);
                let ends: Vec<&Ends> = since.map(|(_, ends)| ends).collect();
                left_of(event, &ends).map(|event| (index, event))
            });
            let own = history.events[from..to].iter().cloned().enumerate();
            let own = own.map(|(index, event)| (from + index, event));
            let (origin, events) = left.chain(own).unzip();
            Lifetime { history: History { header: history.header.clone(), events }, origin }
        })
        .collect()
}

/// What of an event of an earlier lifetime a later one must know, where `ends` are what the losses
/// in between left.
fn left_of(event: &Event, ends: &[&Ends]) -> Option<Event> {
    let end = ends.iter().filter_map(|ends| ends.get(&event.lane)).min();
    let perhaps = || Event { outcome: Outcome::Unknown(lost()), ..event.clone() };
    match (&event.call, &event.outcome) {
        // It names a message that was taken back: whoever asks must be told so.
        (Call::Commit { sequence: Some(sequence), .. }, _)
            if end.is_some_and(|end| sequence >= end) =>
        {
            None
        }
        (Call::Trim { .. }, Outcome::Ok(_)) | (Call::Kill, _) => Some(event.clone()),
        // A commit is with the operating system when it is acknowledged.
        (Call::Append { .. } | Call::Commit { .. } | Call::Trim { .. }, Outcome::Unknown(_))
        | (Call::Commit { .. }, Outcome::Ok(_)) => Some(perhaps()),
        (Call::Append { count, .. }, Outcome::Ok(Reply::Appended { sequence, .. })) => {
            let is_left = end.is_none_or(|end| sequence + u64::from(*count) <= *end);
            is_left.then(|| event.clone())
        }
        (Call::Append { ack: Ack::Buffered, .. }, Outcome::Ok(_)) => Some(perhaps()),
        _ => None,
    }
}

fn lost() -> Failure {
    Failure { kind: Kind::Died, text: "a power loss may have taken it back".into() }
}
