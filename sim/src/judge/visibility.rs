//! I1: acknowledged means visible to every fresh read that begins later.

use std::collections::{BTreeMap, BTreeSet};

use crate::history::{Call, Event, Reply};
use crate::plan::Ack;

use super::invariant::Invariant;
use super::sessions::{Starts, reads};
use super::verdict::Judgement;
use super::view::{Rising, View, is_not_found};

pub(super) fn judge(view: &View<'_>) -> Judgement {
    let mut judgement = Judgement::new(Invariant::Visibility);
    by_next(view, &mut judgement);
    by_lookup(view, &mut judgement);
    judgement
}

fn by_next(view: &View<'_>, judgement: &mut Judgement) {
    let starts = Starts::new(view);
    reads(view.events, |index, event, before| {
        let (Call::Next { count, .. }, Some(Reply::Messages(runs))) = (&event.call, event.reply())
        else {
            return;
        };
        if before.is_unplaced(runs) {
            return;
        }
        let lane = &view.lanes[event.lane as usize];
        // Without a known place the session began where it did, or behind what its group committed.
        let cursor = before
            .cursor
            .or(runs.first().map(|run| run.sequence))
            .unwrap_or_else(|| starts.furthest(view, index));
        let needed = lane.visible_before(event.invoked).min(cursor + u64::from(*count));
        if needed <= cursor {
            return;
        }
        // What can have been visible when the session last asked, it may have held since then.
        let held = before.last.map(|last| {
            let last = &view.events[last];
            lane.begun.before(last.returned.unwrap_or(last.invoked))
        });
        judgement.check(held.is_some_and(|held| needed > held));
        judgement.count("by next", 1);
        let end = runs.last().map_or(cursor, |run| run.end());
        if end < needed {
            let source = made_visible_by(view, event, end);
            let events: Vec<usize> = source.into_iter().chain([index]).collect();
            let words = format!(
                "sequence {end} was acknowledged, or shown to a session, before this read began, \
                 and the read ended without it: it had to reach {needed}.{}",
                view.quote(&events)
            );
            judgement.violated("unseen", &events, words);
        }
    });
}

/// What made `sequence` visible before `read` began: the append that acknowledged it, or else the
/// first answer that showed it.
fn made_visible_by(view: &View<'_>, read: &Event, sequence: u64) -> Option<usize> {
    let acknowledged = acknowledged_by(view, read, sequence);
    acknowledged.or_else(|| {
        view.events.iter().position(|event| match event.reply() {
            Some(Reply::Messages(runs)) => {
                event.lane == read.lane
                    && event.before(read)
                    && runs.last().is_some_and(|last| last.end() > sequence)
            }
            _ => false,
        })
    })
}

fn acknowledged_by(view: &View<'_>, read: &Event, sequence: u64) -> Option<usize> {
    view.lanes[read.lane as usize].appends.iter().copied().find(|index| {
        let append = &view.events[*index];
        match (&append.call, append.reply()) {
            (Call::Append { count, ack, .. }, Some(Reply::Appended { sequence: first, .. })) => {
                *ack > Ack::Buffered
                    && append.before(read)
                    && (*first..first + u64::from(*count)).contains(&sequence)
            }
            _ => false,
        }
    })
}

/// For each id that somebody looked up: the latest message of that id, by the moment at which it
/// was acknowledged, or it or a later message was shown to a session. Sequences are kept plus one,
/// so that 0 is none.
fn latest(view: &View<'_>) -> BTreeMap<(u32, u64), Rising> {
    let wanted: BTreeSet<(u32, u64)> = view
        .events
        .iter()
        .filter_map(|event| match event.call {
            Call::LookupId { id: Some(id), .. } => Some((event.lane, id)),
            _ => None,
        })
        .collect();
    let mut points: BTreeMap<(u32, u64), Vec<(u64, u64)>> = BTreeMap::new();
    for event in view.events {
        let (Call::Append { first, count, ack }, Some(Reply::Appended { sequence, .. })) =
            (&event.call, event.reply())
        else {
            continue;
        };
        let (true, Some(returned)) = (*ack > Ack::Buffered, event.returned) else { continue };
        for nth in 0..u64::from(*count) {
            let id = view.expected(event.lane, event.actor, first + nth).id;
            if wanted.contains(&(event.lane, id)) {
                points.entry((event.lane, id)).or_default().push((returned, sequence + nth + 1));
            }
        }
    }
    for (number, lane) in (0..).zip(&view.lanes) {
        let mut from = 0;
        for (stamp, end) in lane.shown.points() {
            for sequence in from..*end {
                let Some(known) = view.ledger.lanes[number as usize].at(sequence) else { continue };
                let id = view.expected(number, known.0, known.1).id;
                if wanted.contains(&(number, id)) {
                    points.entry((number, id)).or_default().push((*stamp, sequence + 1));
                }
            }
            from = *end;
        }
    }
    points.into_iter().map(|(at, points)| (at, Rising::new(points))).collect()
}

fn by_lookup(view: &View<'_>, judgement: &mut Judgement) {
    let latest = latest(view);
    for (index, event) in view.events.iter().enumerate() {
        let lane = match view.lanes.get(event.lane as usize) {
            Some(lane) => lane,
            None => continue,
        };
        let needed = match &event.call {
            Call::LookupId { id: Some(id), .. } => {
                latest.get(&(event.lane, *id)).map_or(0, |latest| latest.before(event.invoked))
            }
            Call::LookupPosition { sequence: Some(sequence), .. }
                if lane.visible_before(event.invoked) > *sequence =>
            {
                sequence + 1
            }
            _ => 0,
        };
        let trimmed = lane.trimmed.before(event.returned.unwrap_or(u64::MAX));
        if needed == 0 || needed <= trimmed || event.returned.is_none() {
            continue;
        }
        let found = match event.reply() {
            Some(Reply::Found(found, report)) => {
                let risk = needed > report.coverage_before;
                judgement.check(risk);
                judgement.count("by lookup", 1);
                judgement.count("from the tail", u64::from(risk && report.from_tail > 0));
                let caught_up = risk && report.from_settled > 0 && report.catch_ups > 0;
                judgement.count("after a catch-up", u64::from(caught_up));
                let waited = report.from_settled > 0 && report.catch_ups > 0;
                judgement.count("that waited for one", u64::from(waited));
                found.iter().map(|found| found.sequence + 1).max().unwrap_or(0)
            }
            _ if is_not_found(event) => {
                judgement.check(true);
                0
            }
            _ => continue,
        };
        if found < needed {
            let source = made_visible_by(view, event, needed - 1);
            let events: Vec<usize> = source.into_iter().chain([index]).collect();
            let words = format!(
                "sequence {} was acknowledged, or shown to a session, before this lookup began, \
                 and the lookup found {}.{}",
                needed - 1,
                if found == 0 { "nothing".to_owned() } else { format!("only {}", found - 1) },
                view.quote(&events)
            );
            judgement.violated("stale-lookup", &events, words);
        }
    }
}
