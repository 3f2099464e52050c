//! I6: what was acknowledged as synced survives power loss, and batches survive whole.

use crate::history::{Call, Event, Outcome, Reply};
use crate::plan::{Ack, Visibility};

use super::invariant::Invariant;
use super::lifetimes::{Loss, losses};
use super::proof::latest_proof;
use super::verdict::Judgement;
use super::view::View;

pub(super) fn judge(view: &View<'_>) -> Judgement {
    let mut judgement = Judgement::new(Invariant::SyncedSurvives);
    let losses = losses(view.events);
    for (nth, loss) in losses.iter().enumerate() {
        judgement.count("power losses", 1);
        for lane in 0..view.header.lane_count {
            let Some(end) = loss.ends.get(&lane).copied() else {
                judgement.count("power losses without an opening afterwards", 1);
                continue;
            };
            check(view, &mut judgement, (&losses[..nth], loss), lane, end);
        }
    }
    judgement
}

/// Holds what was there before a loss against the `end` that it left.
fn check(
    view: &View<'_>,
    judgement: &mut Judgement,
    (before, loss): (&[Loss], &Loss),
    lane: u32,
    end: u64,
) {
    let from = before.last().map_or(0, |last| last.index);
    // What an earlier loss took back was not there any more.
    let was_there = |index: &usize| {
        let since = before.iter().filter(|earlier| earlier.index > *index);
        let left = since.filter_map(|earlier| earlier.ends.get(&lane)).min();
        *index < loss.index
            && left.is_none_or(|left| place(&view.events[*index]).is_some_and(|at| at.1 <= *left))
    };
    let all = view.lanes[lane as usize].appends.iter().copied();
    let appends: Vec<usize> = all.filter(was_there).collect();
    let own: Vec<usize> = appends.iter().copied().filter(|index| *index >= from).collect();
    let told = Told::new(view, lane, (from, loss.index), &own);
    let synced = if loss.damaged.contains(&lane) {
        told.proven_end(latest_proof(view, lane, &own, told.end()))
    } else {
        told.end()
    };
    let unsynced = own.iter().any(|index| {
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
        let events = [index, loss.index];
        let words = if torn {
            format!("a power loss left this batch up to {end} only.{}", view.quote(&events))
        } else {
            format!(
                "sequences {first} up to {batch_end} were synced; the power went, or what was on \
                 disk was damaged, and the next opening found messages up to {end} only, and said \
                 nothing.{}",
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

/// What callers were told is synced, each by the moment: by an acknowledgement, by a flush or a
/// closing that returned, by its being visible where only synced messages are, or by an opening,
/// which forces what it finds.
struct Told {
    ends: Vec<(u64, u64)>,
}

impl Told {
    fn new(view: &View<'_>, lane: u32, (from, loss): (usize, usize), appends: &[usize]) -> Self {
        let least = match view.header.visibility {
            Visibility::Flushed => Ack::Synced,
            Visibility::Synced => Ack::Flushed,
        };
        let mut ends = Vec::new();
        for index in appends {
            let event = &view.events[*index];
            let (Call::Append { ack, .. }, Some(returned), Some((_, end))) =
                (&event.call, event.returned, place(event))
            else {
                continue;
            };
            ends.extend((*ack >= least).then_some((returned, end)));
        }
        for event in view.events[from..loss].iter().filter(|event| event.lane == lane) {
            let Some(returned) = event.returned else { continue };
            match (&event.call, event.reply()) {
                (Call::Flush { fsync: true } | Call::CloseWriter, Some(_)) => {
                    let forced = appends.iter().map(|index| &view.events[*index]);
                    let forced = forced.filter(|append| append.before(event));
                    ends.extend(forced.filter_map(place).map(|at| (returned, at.1)).max());
                }
                (Call::OpenWriter, Some(Reply::Marks(marks))) => {
                    ends.push((returned, marks.log_end));
                }
                _ => {}
            }
        }
        Self { ends }
    }

    fn end(&self) -> u64 {
        self.ends.iter().map(|told| told.1).max().unwrap_or(0)
    }

    /// As [`Told::end`], of what the log itself says too: where a file was damaged, only what was
    /// told before `proof`, the moment at which the latest append whose frame is whole began.
    fn proven_end(&self, proof: u64) -> u64 {
        let proven = self.ends.iter().filter(|told| told.0 < proof);
        proven.map(|told| told.1).max().unwrap_or(0)
    }
}
