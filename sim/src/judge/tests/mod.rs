//! Histories made by hand: for each anomaly one that shows it and one that does not. What they
//! stand for is named as in Jepsen's log checker where it has a name.

#![allow(clippy::unwrap_used)]

mod commits;
mod damage;
mod faults;
mod leaks;
mod lookups;
mod power;
mod reads;
mod silence;
mod story;
mod survival;

use super::{Invariant, Judgement, Verdict, judge};
use story::Story;

fn by(invariant: Invariant, story: Story) -> Judgement {
    let history = story.end();
    judge(&history).into_iter().find(|one| one.invariant == invariant).unwrap()
}

/// The anomalies that this judge sees.
fn anomalies(invariant: Invariant, story: Story) -> Vec<String> {
    let mut seen: Vec<String> =
        by(invariant, story).findings.into_iter().map(|finding| finding.anomaly).collect();
    seen.dedup();
    seen
}

#[test]
fn nothing_is_no_pass() {
    for judgement in judge(&Story::new().end()) {
        assert_eq!(judgement.verdict(), Verdict::Inconclusive, "{judgement:?}");
    }
}

#[test]
fn every_anomaly_is_listed_once() {
    let all: Vec<&str> = Invariant::ALL.iter().flat_map(|one| one.anomalies()).copied().collect();
    let mut unique = all.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), all.len());
}
