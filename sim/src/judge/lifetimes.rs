//! A power loss may take back what was not synced: it ends a lifetime, and what it takes back was
//! never there for what comes after. So each lifetime is judged as a history of its own, which
//! begins with what the earlier ones left to it.
//!
//! Damage of a segment ends one too where a process dies with it: what nothing on disk proves may
//! be cut with what is damaged.
//!
//! How much a loss left of a partition is what its next opening says. That no synced message is
//! among what was taken back is the business of I6, that what is left is what was appended that of
//! all other invariants, since later readings meet it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::history::{Call, Event, Failure, History, Kind, Outcome, Reply};
use crate::plan::{Ack, FaultClass, Zone};

/// A part of a history between two power losses.
pub(super) struct Lifetime {
    pub history: History,
    /// Where each of its events is in the whole history.
    pub origin: Vec<usize>,
}

/// The end of a partition after a power loss, by partition: what its next opening says.
pub(super) type Ends = BTreeMap<u32, u64>;

/// An event behind which messages may be missing.
pub(super) struct Loss {
    /// Its index.
    pub index: usize,
    /// Where each partition ended afterwards, of those that it may have taken something from.
    pub ends: Ends,
    /// Whether it was the power that went, or a failed sync: all partitions are concerned.
    is_of_all: bool,
    /// Partitions of which a segment was damaged without a word.
    pub damaged: BTreeSet<u32>,
}

impl Loss {
    fn concerns(&self, lane: u32) -> bool {
        self.is_of_all || self.damaged.contains(&lane)
    }
}

/// Damage that no recovery has dealt with.
struct Unrepaired {
    process: u32,
    until_us: u64,
}

/// What has happened to a history so far that may take messages back.
#[derive(Default)]
struct Losses {
    all: Vec<Loss>,
    /// Processes in which a failed sync dropped what it had not written.
    losing: BTreeSet<u32>,
    damages: BTreeMap<u32, Unrepaired>,
    /// By partition: the last process that opened it.
    openers: BTreeMap<u32, u32>,
}

impl Losses {
    fn push(&mut self, index: usize, event: &Event, is_of_all: bool) {
        let lasting = self.damages.iter().filter(|(_, one)| event.invoked_us < one.until_us);
        let damaged: BTreeSet<u32> = lasting.map(|(lane, _)| *lane).collect();
        if is_of_all || !damaged.is_empty() {
            self.all.push(Loss { index, ends: Ends::new(), is_of_all, damaged });
        }
    }

    fn damage(&mut self, index: usize, event: &Event, is_at_rest: bool) {
        let damage = Unrepaired { process: event.process, until_us: event.returned_us };
        self.damages.insert(event.lane, damage);
        // While it is recovered nobody has seen yet what there was.
        let is_open = self.openers.get(&event.lane) == Some(&event.process);
        if is_open && !is_at_rest {
            return;
        }
        // What the next opening finds is what all of these left.
        let is_open =
            |loss: &&mut Loss| loss.concerns(event.lane) && !loss.ends.contains_key(&event.lane);
        for loss in self.all.iter_mut().filter(is_open) {
            loss.damaged.insert(event.lane);
        }
        self.push(index, event, false);
    }

    fn opened(&mut self, event: &Event, end: u64) {
        self.openers.insert(event.lane, event.process);
        for loss in self.all.iter_mut().filter(|loss| loss.concerns(event.lane)) {
            loss.ends.entry(event.lane).or_insert(end);
        }
        let is_new = |damage: &Unrepaired| event.process > damage.process;
        if self.damages.get(&event.lane).is_some_and(is_new) {
            self.damages.remove(&event.lane);
        }
    }
}

/// The losses of a history, in order: of the power, of a process in which a failed sync dropped
/// what it had not written, and of one with damaged segments, of which nothing might prove what
/// was in them.
pub(super) fn losses(events: &[Event]) -> Vec<Loss> {
    let mut losses = Losses::default();
    for (index, event) in events.iter().enumerate() {
        match (&event.call, event.reply()) {
            (Call::Fault { class, zone, .. }, _) => {
                if class.takes_back() {
                    losses.losing.insert(event.process);
                }
                if class.is_damage() && *zone == Zone::Segment {
                    losses.damage(index, event, *class == FaultClass::RotAtRest);
                }
            }
            (Call::Kill, _) => {
                // What a failed sync dropped is gone for those who come after the process.
                let drops = losses.losing.contains(&event.process);
                losses.push(index, event, drops);
            }
            (Call::PowerLoss, _) => losses.push(index, event, true),
            (Call::OpenWriter, Some(Reply::Marks(marks))) => losses.opened(event, marks.log_end),
            _ => {}
        }
    }
    losses.all
}

/// The lifetimes of a history that has several.
pub(super) fn split(history: &History) -> Vec<Lifetime> {
    let losses = losses(&history.events);
    let starts = losses.iter().map(|loss| loss.index + 1);
    let ends = losses.iter().map(|loss| loss.index + 1).chain([history.events.len()]);
    std::iter::once(0)
        .chain(starts)
        .zip(ends)
        .enumerate()
        .map(|(nth, (from, to))| {
            let before = history.events[..from].iter().enumerate();
            let left = before.filter_map(|(index, event)| {
                let since = losses[..nth].iter().filter(|loss| loss.index > index);
                let ends: Vec<&Ends> = since.map(|loss| &loss.ends).collect();
                left_of(event, &ends).map(|event| (index, event))
            });
            let own = history.events[from..to].iter().cloned().enumerate();
            let own = own.map(|(index, event)| (from + index, event));
            let later = met_by_calls_under_way(&history.events, from..to);
            let (origin, events) = left.chain(own).chain(later).unzip();
            Lifetime { history: History { header: history.header.clone(), events }, origin }
        })
        .collect()
}

/// What calls of a lifetime may have met behind it before they returned: faults, and the deaths of
/// their processes.
fn met_by_calls_under_way(
    events: &[Event],
    lifetime: Range<usize>,
) -> impl Iterator<Item = (usize, Event)> {
    let end = lifetime.end;
    let own = &events[lifetime];
    let returned = own.iter().filter_map(|event| event.returned).max();
    let dying: BTreeSet<u32> =
        own.iter().filter(|event| event.returned.is_none()).map(|event| event.process).collect();
    let is_met = move |event: &Event| match event.call {
        Call::Fault { .. } => Some(event.invoked) < returned,
        Call::Kill => dying.contains(&event.process),
        _ => false,
    };
    let later = events[end..].iter().enumerate();
    later.filter(move |(_, event)| is_met(event)).map(move |(at, event)| (end + at, event.clone()))
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
        (Call::Trim { .. }, Outcome::Ok(_)) | (Call::Kill | Call::Fault { .. }, _) => {
            Some(event.clone())
        }
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
