//! I6: what was acknowledged as synced survives power loss, and batches survive whole.

use crate::history::{Call, Event, Outcome, Reply};
use crate::plan::{Ack, Visibility};

use super::invariant::Invariant;
use super::lifetimes::losses;
use super::verdict::Judgement;
use super::view::View;

pub(super) fn judge(view: &View<'_>) -> Judgement {
    let mut judgement = Judgement::new(Invariant::SyncedSurvives);
    let losses = losses(view.events);
    let mut from = 0;
    for (loss, ends) in &losses {
        judgement.count("power losses", 1);
        for lane in 0..view.header.lane_count {
            let Some(end) = ends.get(&lane).copied() else {
                judgement.count("power losses without an opening afterwards", 1);
                continue;
            };
            check(view, &mut judgement, (from, *loss), lane, end);
        }
        from = *loss;
    }
    judgement
}

/// Holds the appends of one lifetime against the `end` that a loss left.
fn check(
    view: &View<'_>,
    judgement: &mut Judgement,
    (from, loss): (usize, usize),
    lane: u32,
    end: u64,
) {
    let appends = view.lanes[lane as usize].appends.iter().copied();
    let appends: Vec<usize> = appends.filter(|index| (from..loss).contains(index)).collect();
    let synced = synced_end(view, lane, (from, loss), &appends);
    let unsynced = appends.iter().any(|index| {
        let event = &view.events[*index];
        matches!(event.outcome, Outcome::Unknown(_)) || place(event).is_none_or(|at| at.1 > synced)
    });
    judgement.check(unsynced);
    for index in appends {
        let Some((first, batch_end)) = place(&view.events[index]) else { continue };
        let is_synced = batch_end <= synced;
        let taken = batch_end.saturating_sub(first.max(end));
        judgement.count("messages taken back", taken);
        let torn = first < end && end < batch_end;
        let is_lost = is_synced && batch_end > end;
        if !torn && !is_lost {
            continue;
        }
        let events = [index, loss];
        let words = if torn {
            format!("a power loss left this batch up to {end} only.{}", view.quote(&events))
        } else {
            format!(
                "sequences {first} up to {batch_end} were synced; the power went, and the next \
                 opening found messages up to {end} only.{}",
                view.quote(&events)
            )
        };
        judgement.violated(if torn { "half-left" } else { "lost-synced" }, &events, words);
    }
}

/// The first sequence and the end of a batch, where its place is known.
fn place(append: &Event) -> Option<(u64, u64)> {
    match (&append.call, append.reply()) {
        (Call::Append { count, .. }, Some(Reply::Appended { sequence, .. })) => {
            Some((*sequence, sequence + u64::from(*count)))
        }
        _ => None,
    }
}

/// The end of what the callers were told is synced: by an acknowledgement, by a flush or a closing
/// that returned, or by its being visible where only synced messages are.
fn synced_end(view: &View<'_>, lane: u32, (from, loss): (usize, usize), appends: &[usize]) -> u64 {
    let forced = view.events[from..loss].iter().filter(|event| {
        let forces = matches!(event.call, Call::Flush { fsync: true } | Call::CloseWriter);
        event.lane == lane && forces && event.reply().is_some()
    });
    let forced: Vec<&Event> = forced.collect();
    let least = match view.header.visibility {
        Visibility::Flushed => Ack::Synced,
        Visibility::Synced => Ack::Flushed,
    };
    let told = appends.iter().filter_map(|index| {
        let event = &view.events[*index];
        let Call::Append { ack, .. } = &event.call else { return None };
        let is_synced = *ack >= least || forced.iter().any(|force| event.before(force));
        place(event).filter(|_| is_synced).map(|(_, end)| end)
    });
    told.max().unwrap_or(0)
}
