//! I8: what the index says of a record is what the record says.

use crate::history::{Call, Event, Reply, Run};

use super::faults::Faults;
use super::invariant::Invariant;
use super::lookups::Sources;
use super::verdict::Judgement;
use super::view::View;

pub(super) fn judge(view: &View<'_>) -> Judgement {
    let mut judgement = Judgement::new(Invariant::Entries);
    let mut sources = Sources::default();
    let faults = Faults::new(view.events);
    for (index, event) in view.events.iter().enumerate() {
        let Some(Reply::Found(found, report)) = event.reply() else { continue };
        let until = read_until(&view.events[index..]);
        let (is_damaged, took_back) =
            (faults.damaged(event, until), faults.took_back(event, until));
        for entry in found {
            if entry.unreadable && !is_damaged && !took_back {
                let words = format!(
                    "an entry names sequence {}, whose record is said to be damaged, and nothing \
                     was.{}",
                    entry.sequence,
                    view.quote(&[index])
                );
                judgement.violated("entry-mismatch", &[index], words);
            }
            let Some((producer, counter)) = entry.record else { continue };
            if producer == Run::FOREIGN && took_back {
                continue;
            }
            judgement.check(sources.crossed(view, index, entry.sequence, report));
            let expected = view.expected(event.lane, producer, counter);
            let other_id =
                matches!(event.call, Call::LookupId { id, .. } if id != Some(expected.id));
            let other_time = entry.timestamp_us != expected.timestamp_us;
            let there = view.ledger.lanes[event.lane as usize].at(entry.sequence);
            let other_message = there.is_some_and(|known| known != (producer, counter));
            if entry.differs || other_id || other_time || other_message {
                let what = if entry.differs {
                    "which does not agree with the entry"
                } else if other_id {
                    "which has another id"
                } else if other_time {
                    "which has another time"
                } else {
                    "which is not the message of that sequence"
                };
                let words = format!(
                    "an entry names sequence {} at {:x}@{}; there lies message {counter} of \
                     producer {producer}, {what}.{}",
                    entry.sequence,
                    entry.place.0,
                    entry.place.1,
                    view.quote(&[index])
                );
                judgement.violated("entry-mismatch", &[index], words);
            }
        }
    }
    judgement
}

/// When what the first of these calls answered had been read at the latest: what an answer names is
/// read behind the call, before the same actor goes on.
fn read_until(events: &[Event]) -> u64 {
    let [event, later @ ..] = events else { return u64::MAX };
    let of = |one: &Event| (one.process, one.actor);
    let next = later.iter().find(|next| of(next) == of(event));
    next.map_or(u64::MAX, |next| next.invoked)
}
