//! Power losses: I6, and what the others make of lifetimes.

use super::story::{Story, appended, run};
use super::*;
use crate::history::{Call, Reply};
use crate::plan::{Ack, CommitChoice};

/// Two messages synced, two flushed, the power lost with messages up to `end` left.
fn lost(end: u64) -> Story {
    let mut story = Story::new();
    let call = Call::Append { first: 0, count: 2, ack: Ack::Synced };
    story.ok(0, 0, call, appended(0));
    story.append(0, 2, 2, 2);
    story.lose_power(end);
    story
}

#[test]
fn synced_survives_and_flushed_may_be_taken_back() {
    for end in [2, 4] {
        let judged = by(Invariant::SyncedSurvives, lost(end));
        assert_eq!((judged.verdict(), judged.checked, judged.at_risk), (Verdict::Pass, 1, 1));
        assert_eq!(judged.counts.get("messages taken back").copied().unwrap_or(0), 4 - end);
    }
}

#[test]
fn lost_synced_and_half_left() {
    assert_eq!(anomalies(Invariant::SyncedSurvives, lost(0)), ["lost-synced"]);
    let both = ["half-left", "lost-synced"];
    let seen = anomalies(Invariant::SyncedSurvives, lost(1));
    assert!(seen.iter().all(|one| both.contains(&one.as_str())) && !seen.is_empty(), "{seen:?}");
    assert_eq!(anomalies(Invariant::SyncedSurvives, lost(3)), ["half-left"]);
    let mut story = Story::new();
    story.append(0, 0, 2, 0);
    story.ok(0, 0, Call::Flush { fsync: true }, Reply::Done);
    story.lose_power(0);
    assert_eq!(anomalies(Invariant::SyncedSurvives, story), ["lost-synced"]);
}

#[test]
fn places_that_were_taken_back_are_given_again() {
    let mut story = lost(2);
    story.append(1, 0, 2, 2);
    story.open_session(9, true);
    story.seek(9);
    story.next(9, &[run(0, 2, 0, 0), run(2, 2, 1, 0)]);
    story.next(9, &[]);
    for judgement in judge(&story.end()) {
        assert_eq!(judgement.violations, 0, "{judgement:?}");
    }
}

#[test]
fn what_was_left_is_what_was_appended() {
    let mut story = lost(4);
    story.open_session(9, true);
    story.seek(9);
    story.next(9, &[run(0, 2, 0, 0), run(2, 2, 1, 0)]);
    assert_eq!(anomalies(Invariant::Contents, story), ["inconsistent-offsets"]);
    let mut story = lost(4);
    story.open_session(9, true);
    story.seek(9);
    story.next(9, &[run(0, 2, 0, 0)]);
    story.next(9, &[]);
    assert_eq!(anomalies(Invariant::Visibility, story), ["unseen"]);
}

#[test]
fn commits_of_messages_that_were_taken_back_are_gone() {
    let committed = |sequence: u64, end: u64| {
        let mut story = Story::new();
        story.append(0, 0, 4, 0);
        story.commit(CommitChoice::Processed, Some(sequence), None);
        story.lose_power(end);
        story.append(1, 0, 4, end);
        story.committed(Some(sequence + 1));
        anomalies(Invariant::Commits, story)
    };
    assert_eq!(committed(1, 2), [""; 0]);
    assert_eq!(committed(3, 2), ["commit-phantom"]);
}
