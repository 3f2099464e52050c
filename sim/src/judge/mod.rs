//! Judges a history. Pure functions, one file an invariant, none slower than sorting the events.

mod committed;
mod contents;
mod crossing;
mod entries;
mod flushed;
mod freshness;
mod invariant;
mod leaks;
mod ledger;
mod lookups;
mod monotonic;
mod prefix;
mod progress;
mod refused;
mod sessions;
#[cfg(test)]
mod tests;
mod verdict;
mod view;
mod visibility;

pub use invariant::Invariant;
pub use verdict::{Finding, Judgement, Verdict};

use crate::history::History;
use view::View;

/// Judges `history` by every invariant, in order of [`Invariant::ALL`].
pub fn judge(history: &History) -> Vec<Judgement> {
    let view = View::new(history);
    Invariant::ALL
        .iter()
        .map(|invariant| match invariant {
            Invariant::Progress => progress::judge(&view),
            Invariant::Visibility => visibility::judge(&view),
            Invariant::Prefix => prefix::judge(&view),
            Invariant::Contents => contents::judge(&view),
            Invariant::Monotonic => monotonic::judge(&view),
            Invariant::FlushedSurvives => flushed::judge(&view),
            Invariant::Entries => entries::judge(&view),
            Invariant::Lookups => lookups::judge(&view),
            Invariant::Commits => committed::judge(&view),
            Invariant::RefusedCommits => refused::judge(&view),
            Invariant::Freshness => freshness::judge(&view),
            Invariant::Leaks => leaks::judge(&view),
        })
        .collect()
}
