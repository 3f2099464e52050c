//! I5: what a session has seen it never un-sees.

use std::collections::BTreeMap;

use crate::history::{Call, Event, Reply, Report};

use super::crossing::crosses;
use super::invariant::Invariant;
use super::sessions::reads;
use super::verdict::Judgement;
use super::view::{View, is_not_found};

pub(super) fn judge(view: &View<'_>) -> Judgement {
    let mut judgement = Judgement::new(Invariant::Monotonic);
    cursors(view, &mut judgement);
    lookups(view, &mut judgement);
    judgement
}

fn cursors(view: &View<'_>, judgement: &mut Judgement) {
    reads(view.events, |index, event, before| {
        let (Some(Reply::Messages(runs)), Some(cursor)) = (event.reply(), before.cursor) else {
            return;
        };
        let Some(first) = runs.first() else { return };
        judgement.check(crosses(view, event, runs, before));
        let within = runs.windows(2).any(|pair| pair[1].sequence < pair[0].end());
        if first.sequence < cursor || within {
            let events: Vec<usize> = before.last.into_iter().chain([index]).collect();
            let words = format!(
                "session {} had read up to sequence {cursor} and got {} again.{}",
                event.session,
                first.sequence.min(cursor),
                view.quote(&events)
            );
            judgement.violated("nonmonotonic-poll", &events, words);
        }
    });
}

/// What a session last saw.
#[derive(Default)]
struct Seen {
    /// By id and by position: the sequence found, and the event.
    found: BTreeMap<Asked, (u64, usize)>,
    /// The last report, and its event.
    report: Option<(Report, usize)>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Asked {
    Id(u64),
    Place(u64, u64),
}

fn lookups(view: &View<'_>, judgement: &mut Judgement) {
    let mut sessions: BTreeMap<(u32, u32), Seen> = BTreeMap::new();
    for (index, event) in view.events.iter().enumerate() {
        let asked = match &event.call {
            Call::LookupId { id: Some(id), .. } => Some(Asked::Id(*id)),
            Call::LookupPosition { place, .. } => Some(Asked::Place(place.0, place.1)),
            Call::LookupTime { .. } | Call::LookupId { id: None, .. } => None,
            _ => continue,
        };
        let seen = sessions.entry((event.session, event.lane)).or_default();
        let changed = report(view, judgement, seen, index, event);
        if let Some(asked) = asked {
            again(view, judgement, seen, index, event, asked, changed);
        }
    }
}

/// Checks that the session's view moved forward only; whether its source changed.
fn report(
    view: &View<'_>,
    judgement: &mut Judgement,
    seen: &mut Seen,
    index: usize,
    event: &Event,
) -> bool {
    let Some(Reply::Found(_, now)) = event.reply() else { return false };
    let Some((before, at)) = seen.report.replace((*now, index)) else { return false };
    let events = [at, index];
    let opened =
        view.lanes[event.lane as usize].opened_between(view.events[at].invoked, event.invoked);
    let changed = opened
        || now.reopened
        || now.coverage != before.coverage
        || now.tail_start != before.tail_start;
    judgement.check(changed);
    if now.visible < before.visible {
        let words = format!(
            "session {} saw everything below sequence {} and later only what is below {}.{}",
            event.session,
            before.visible,
            now.visible,
            view.quote(&events)
        );
        judgement.violated("visible-backwards", &events, words);
    }
    changed
}

fn again(
    view: &View<'_>,
    judgement: &mut Judgement,
    seen: &mut Seen,
    index: usize,
    event: &Event,
    asked: Asked,
    changed: bool,
) {
    let found = match event.reply() {
        Some(Reply::Found(found, _)) => found.iter().map(|one| one.sequence).max(),
        _ => None,
    };
    if found.is_none() && !is_not_found(event) {
        return;
    }
    if let Some((before, at)) = seen.found.get(&asked).copied() {
        let until = event.returned.unwrap_or(event.invoked);
        let trimmed = view.lanes[event.lane as usize].trimmed.before(until) > before;
        judgement.check(changed);
        let lost = match found {
            None => !trimmed,
            Some(now) => now < before,
        };
        if lost {
            let events = [at, index];
            let words = format!(
                "session {} found sequence {before}, and later {}.{}",
                event.session,
                found.map_or("nothing".to_owned(), |now| format!("only {now}")),
                view.quote(&events)
            );
            judgement.violated("unseen-again", &events, words);
        }
    }
    if let Some(now) = found {
        seen.found.insert(asked, (now, index));
    }
}
