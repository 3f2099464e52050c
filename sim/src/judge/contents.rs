//! I4: one content a position; no duplicate, phantom, damage, reordering, torn batch.

use crate::history::{Call, Event, Outcome, Reply, Run};

use super::crossing::crosses;
use super::invariant::Invariant;
use super::sessions::reads;
use super::verdict::Judgement;
use super::view::View;

pub(super) fn judge(view: &View<'_>) -> Judgement {
    let mut judgement = Judgement::new(Invariant::Contents);
    reads(view.events, |index, event, before| {
        let Some(Reply::Messages(runs)) = event.reply() else { return };
        if runs.is_empty() {
            return;
        }
        judgement.check(crosses(view, event, runs, before));
        judgement.count("messages read", runs.iter().map(|run| u64::from(run.count)).sum());
        for run in runs {
            whole(view, &mut judgement, index, run);
        }
    });
    for lane in 0..view.header.lane_count {
        disagreements(view, &mut judgement, lane);
        let appends = Appends::new(view, lane);
        appends.phantoms(view, &mut judgement, lane);
        appends.torn(view, &mut judgement, lane);
        appends.halved(view, &mut judgement, lane);
        order(view, &mut judgement, lane);
    }
    judgement
}

fn whole(view: &View<'_>, judgement: &mut Judgement, index: usize, run: &Run) {
    if run.producer == Run::FOREIGN {
        let words = format!(
            "sequence {} holds a message that no producer of this partition appends.{}",
            run.sequence,
            view.quote(&[index])
        );
        judgement.violated("phantom", &[index], words);
    } else if run.damaged {
        let words = format!(
            "sequence {} holds message {} of producer {}, but not as it was appended.{}",
            run.sequence,
            run.first,
            run.producer,
            view.quote(&[index])
        );
        judgement.violated("damaged", &[index], words);
    }
}

fn disagreements(view: &View<'_>, judgement: &mut Judgement, lane: u32) {
    let ledger = &view.ledger.lanes[lane as usize];
    for conflict in &ledger.conflicts {
        let words = format!(
            "sequence {} of partition {lane} has two contents.{}",
            conflict.sequence,
            view.quote(&conflict.events)
        );
        judgement.violated("inconsistent-offsets", &conflict.events, words);
    }
    for twin in &ledger.duplicates {
        let words = format!(
            "one message lies at sequence {} and at {} of partition {lane}.{}",
            twin.other,
            twin.sequence,
            view.quote(&twin.events)
        );
        judgement.violated("duplicate", &twin.events, words);
    }
}

/// The appends of a partition in order of producer and counter.
struct Appends {
    sorted: Vec<usize>,
}

fn range(event: &Event) -> (u32, u64, u64) {
    match event.call {
        Call::Append { first, count, .. } => (event.actor, first, u64::from(count)),
        _ => (event.actor, 0, 0),
    }
}

impl Appends {
    fn new(view: &View<'_>, lane: u32) -> Self {
        let mut sorted = view.lanes[lane as usize].appends.clone();
        sorted.sort_unstable_by_key(|index| range(&view.events[*index]));
        Self { sorted }
    }

    /// The append of a message.
    fn of(&self, view: &View<'_>, producer: u32, counter: u64) -> Option<usize> {
        let after = self.sorted.partition_point(|index| {
            let (actor, first, _) = range(&view.events[*index]);
            (actor, first) <= (producer, counter)
        });
        let index = self.sorted[after.checked_sub(1)?];
        let (actor, first, count) = range(&view.events[index]);
        (actor == producer && counter < first + count).then_some(index)
    }

    fn phantoms(&self, view: &View<'_>, judgement: &mut Judgement, lane: u32) {
        for known in &view.ledger.lanes[lane as usize].known {
            let mut counter = known.first;
            while known.producer != Run::FOREIGN && counter < known.first + known.count {
                let sequence = known.sequence + (counter - known.first);
                let Some(append) = self.of(view, known.producer, counter) else {
                    let words = format!(
                        "sequence {sequence} of partition {lane} holds message {counter} of \
                         producer {}, which never appended it.{}",
                        known.producer,
                        view.quote(&[known.event])
                    );
                    judgement.violated("phantom", &[known.event], words);
                    break;
                };
                if matches!(view.events[append].outcome, Outcome::Fail(_)) {
                    let events = [append, known.event];
                    let words = format!(
                        "sequence {sequence} of partition {lane} holds a message whose append was \
                         refused.{}",
                        view.quote(&events)
                    );
                    judgement.violated("G1a", &events, words);
                }
                let (_, first, count) = range(&view.events[append]);
                counter = first + count;
            }
        }
    }

    /// A batch of unknown outcome is there as a whole or not at all.
    fn torn(&self, view: &View<'_>, judgement: &mut Judgement, lane: u32) {
        let ledger = &view.ledger.lanes[lane as usize];
        let end = ledger.known.last().map_or(0, super::ledger::Known::end);
        for append in &self.sorted {
            let event = &view.events[*append];
            let (producer, first, count) = range(event);
            if count == 0 || matches!(event.outcome, Outcome::Fail(_)) {
                continue;
            }
            let some = (0..count).find_map(|nth| {
                let sequence = ledger.sequence_of(producer, first + nth)?;
                Some((nth, sequence))
            });
            let Some((nth, sequence)) = some else { continue };
            let torn = (0..count).find(|other| {
                let Some(place) = (sequence + other).checked_sub(nth) else { return true };
                let there = ledger.at(place);
                let unread = there.is_none() && (place >= end || place < ledger.known[0].sequence);
                // Holes between reads are the business of the prefix.
                !unread && there.is_some_and(|found| found != (producer, first + other))
            });
            if let Some(other) = torn {
                let words = format!(
                    "message {} of this batch lies at sequence {sequence}, message {} is not {} \
                     beside it: a batch is there as a whole or not at all.{}",
                    first + nth,
                    first + other,
                    if other > nth { "above" } else { "below" },
                    view.quote(&[*append])
                );
                judgement.violated("torn-batch", &[*append], words);
            }
        }
    }
}

impl Appends {
    /// A read that came to the end of what is visible ends where a batch does.
    fn halved(&self, view: &View<'_>, judgement: &mut Judgement, lane: u32) {
        for (index, event) in view.events.iter().enumerate().filter(|(_, e)| e.lane == lane) {
            let (Call::Next { count, .. }, Some(Reply::Messages(runs))) =
                (&event.call, event.reply())
            else {
                continue;
            };
            let read: u64 = runs.iter().map(|run| u64::from(run.count)).sum();
            let Some(last) = runs.last().filter(|_| read < u64::from(*count)) else { continue };
            let counter = last.first + u64::from(last.count) - 1;
            let Some(append) = self.of(view, last.producer, counter) else { continue };
            let (_, first, count) = range(&view.events[append]);
            if counter + 1 < first + count {
                let events = [append, index];
                let words = format!(
                    "a read that found no more ended with message {counter} of a batch that goes \
                     up to {}: a batch becomes visible as a whole.{}",
                    first + count - 1,
                    view.quote(&events)
                );
                judgement.violated("torn-batch", &events, words);
            }
        }
    }
}

/// An append acknowledged before another one began lies before it.
fn order(view: &View<'_>, judgement: &mut Judgement, lane: u32) {
    let mut placed: Vec<(u64, usize)> = view.lanes[lane as usize]
        .appends
        .iter()
        .filter_map(|index| match view.events[*index].reply() {
            Some(Reply::Appended { sequence, .. }) => Some((*sequence, *index)),
            _ => None,
        })
        .collect();
    placed.sort_unstable();
    let mut earliest: Option<usize> = None;
    for (_, index) in placed.into_iter().rev() {
        let event = &view.events[index];
        if let Some(later) = earliest {
            let above = &view.events[later];
            if above.before(event) {
                let events = [later, index];
                let words = format!(
                    "an append that began after another one was acknowledged lies before it.{}",
                    view.quote(&events)
                );
                judgement.violated("nonmonotonic-send", &events, words);
            }
        }
        let returned = |index: usize| view.events[index].returned.unwrap_or(u64::MAX);
        if earliest.is_none_or(|before| returned(index) < returned(before)) {
            earliest = Some(index);
        }
    }
}
