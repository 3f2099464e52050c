//! Judges a history. Pure functions, one file an invariant, none slower than sorting the events.

mod committed;
mod contents;
mod crossing;
mod entries;
mod faults;
mod flushed;
mod freshness;
mod invariant;
mod leaks;
mod ledger;
mod lifetimes;
mod lookups;
mod monotonic;
mod prefix;
mod progress;
mod proof;
mod refused;
mod sessions;
mod shown;
mod silence;
mod sought;
mod synced;
#[cfg(test)]
mod tests;
mod times;
mod verdict;
mod view;
mod visibility;

pub use invariant::Invariant;
pub use shown::Shown;
pub use verdict::{Finding, Judgement, Verdict};

use crate::history::History;
use view::View;

/// Judges `history` by every invariant, in order of [`Invariant::ALL`].
pub fn judge(history: &History) -> Vec<Judgement> {
    let view = View::new(history);
    let asked = |one: &Invariant| match one {
        Invariant::SyncedSurvives => history.header.loses_power,
        Invariant::AfterSilence => history.header.falls_silent,
        _ => true,
    };
    let asked = Invariant::ALL.into_iter().filter(asked);
    if lifetimes::losses(&history.events).is_empty() {
        return asked.map(|invariant| judge_by(invariant, &view)).collect();
    }
    let mut judgements: Vec<Judgement> = asked.map(Judgement::new).collect();
    let lifetimes = lifetimes::split(history);
    let views: Vec<View<'_>> =
        lifetimes.iter().map(|lifetime| View::new(&lifetime.history)).collect();
    for judgement in &mut judgements {
        if judgement.invariant == Invariant::SyncedSurvives {
            // Only the whole history shows what went from one lifetime to the next.
            *judgement = synced::judge(&view);
            continue;
        }
        for (view, lifetime) in views.iter().zip(&lifetimes) {
            judgement.absorb(judge_by(judgement.invariant, view), &lifetime.origin);
        }
    }
    judgements
}

fn judge_by(invariant: Invariant, view: &View<'_>) -> Judgement {
    match invariant {
        Invariant::Progress => progress::judge(view),
        Invariant::Visibility => visibility::judge(view),
        Invariant::AfterSilence => silence::judge(view),
        Invariant::Prefix => prefix::judge(view),
        Invariant::Contents => contents::judge(view),
        Invariant::Monotonic => monotonic::judge(view),
        Invariant::SyncedSurvives => synced::judge(view),
        Invariant::FlushedSurvives => flushed::judge(view),
        Invariant::Entries => entries::judge(view),
        Invariant::Lookups => lookups::judge(view),
        Invariant::Commits => committed::judge(view),
        Invariant::RefusedCommits => refused::judge(view),
        Invariant::Freshness => freshness::judge(view),
        Invariant::Leaks => leaks::judge(view),
    }
}
