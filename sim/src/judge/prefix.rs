//! I3: a session reads a contiguous prefix.

use crate::history::{Call, Kind, Outcome, Reply};

use super::crossing::crosses;
use super::faults::Faults;
use super::invariant::Invariant;
use super::sessions::{Starts, reads};
use super::verdict::Judgement;
use super::view::View;

pub(super) fn judge(view: &View<'_>) -> Judgement {
    let mut judgement = Judgement::new(Invariant::Prefix);
    let starts = Starts::new(view);
    reads(view.events, |index, event, before| {
        let Some(Reply::Messages(runs)) = event.reply() else { return };
        let Some(first) = runs.first() else { return };
        judgement.check(crosses(view, event, runs, before));
        for pair in runs.windows(2) {
            if pair[0].end() < pair[1].sequence {
                let words = format!(
                    "one answer jumps from sequence {} to {}: a reader may lag, but it may never \
                     skip a record.{}",
                    pair[0].end(),
                    pair[1].sequence,
                    view.quote(&[index])
                );
                judgement.violated("int-poll-skip", &[index], words);
            }
        }
        let furthest_start = match before.cursor {
            Some(cursor) => cursor,
            // Where that is, is asked by I9.
            None if before.sought.is_some() => first.sequence,
            None => starts.furthest(view, index),
        };
        if first.sequence > furthest_start {
            let mut events: Vec<usize> = before.last.into_iter().collect();
            events.push(index);
            let words = format!(
                "session {} had to go on at sequence {furthest_start} at the latest and got {}: a \
                 reader may lag, but it may never skip a record.{}",
                event.session,
                first.sequence,
                view.quote(&events)
            );
            judgement.violated("poll-skip", &events, words);
        }
    });
    holes(view, &mut judgement);
    judgement
}

/// A read that fails because something else lies where a message is due: its sequence was taken,
/// and no session gets past it.
fn holes(view: &View<'_>, judgement: &mut Judgement) {
    let faults = Faults::new(view.events);
    for (index, event) in view.events.iter().enumerate() {
        let (Call::Next { .. }, Outcome::Fail(failure) | Outcome::Unknown(failure)) =
            (&event.call, &event.outcome)
        else {
            continue;
        };
        if failure.kind == Kind::Corrupt && !faults.caused(event, failure) {
            judgement.check(true);
            let words = format!(
                "this read came to a place where no whole message lies, and the log goes on behind \
                 it.{}",
                view.quote(&[index])
            );
            judgement.violated("hole", &[index], words);
        }
    }
}
