//! Kills, and calls that do not return: I0, I7.

use super::story::{Story, run};
use super::*;
use crate::history::{Call, Kind, MarksSeen, Reply, Run};
use crate::plan::Ack;

/// Three messages, a fourth under way, a kill, and what a reading of everything finds.
fn killed(found: &[Run]) -> Story {
    let mut story = Story::new();
    story.append(0, 0, 2, 0);
    story.append(0, 2, 1, 2);
    story.begin(1, 0, Call::Append { first: 0, count: 1, ack: Ack::Flushed });
    story.kill();
    story.open_session(9, true);
    story.seek(9);
    if !found.is_empty() {
        story.next(9, found);
    }
    story.next(9, &[]);
    story
}

#[test]
fn flushed_survives() {
    let judged = by(Invariant::FlushedSurvives, killed(&[run(0, 3, 0, 0)]));
    assert_eq!((judged.verdict(), judged.checked, judged.at_risk), (Verdict::Pass, 2, 1));
    let with_the_last = [run(0, 3, 0, 0), run(3, 1, 1, 0)];
    assert_eq!(anomalies(Invariant::FlushedSurvives, killed(&with_the_last)), [""; 0]);
}

#[test]
fn lost_write() {
    for found in [&[run(0, 2, 0, 0)][..], &[], &[run(0, 2, 0, 0), run(2, 1, 1, 0)]] {
        let seen = anomalies(Invariant::FlushedSurvives, killed(found));
        assert_eq!(seen, ["lost-write"], "{found:?}");
    }
}

#[test]
fn what_was_trimmed_is_not_lost() {
    let trimmed = |to| {
        let mut story = Story::new();
        story.append(0, 0, 3, 0);
        story.kill();
        story.ok(9, 0, Call::Trim { to }, Reply::Marks(MarksSeen::default()));
        story.open_session(9, true);
        story.next(9, &[]);
        anomalies(Invariant::FlushedSurvives, story)
    };
    assert_eq!(trimmed(3), [""; 0]);
    assert_eq!(trimmed(2), ["lost-write"]);
}

#[test]
fn a_kill_that_nobody_looked_behind_says_nothing() {
    let mut story = Story::new();
    story.append(0, 0, 2, 0);
    story.kill();
    let judged = by(Invariant::FlushedSurvives, story);
    assert_eq!(judged.verdict(), Verdict::Inconclusive);
}

#[test]
fn without_unflushed_bytes_a_kill_is_no_risk() {
    let mut story = Story::new();
    story.append(0, 0, 2, 0);
    story.kill();
    story.open_session(9, true);
    story.next(9, &[run(0, 2, 0, 0)]);
    story.next(9, &[]);
    let judged = by(Invariant::FlushedSurvives, story);
    assert_eq!((judged.checked, judged.at_risk), (1, 0));
}

#[test]
fn what_another_process_had_under_way_is_no_risk() {
    let mut story = Story::new();
    story.append_unknown(1, 0, 1);
    story.process = 1;
    story.append(0, 0, 2, 0);
    story.kill();
    story.open_session(9, true);
    story.next(9, &[run(0, 2, 0, 0)]);
    story.next(9, &[]);
    let judged = by(Invariant::FlushedSurvives, story);
    assert_eq!((judged.checked, judged.at_risk), (1, 0));
}

#[test]
fn never_returned() {
    let mut story = Story::new();
    story.begin(1, 0, Call::Append { first: 0, count: 1, ack: Ack::Flushed });
    assert_eq!(anomalies(Invariant::Progress, story), ["never-returned"]);
    assert_eq!(anomalies(Invariant::Progress, killed(&[run(0, 3, 0, 0)])), [""; 0]);
}

#[test]
fn call_failed() {
    for (kind, seen) in [(Kind::Corrupt, 1), (Kind::Retry, 1), (Kind::Trimmed, 0)] {
        let mut story = Story::new();
        story.fail(51, 1, Call::Next { count: 1, wait_us: 0 }, kind);
        assert_eq!(by(Invariant::Progress, story).violations, seen, "{kind:?}");
    }
}

#[test]
fn writers_are_closed_only_where_somebody_closed_them() {
    let append = Call::Append { first: 0, count: 1, ack: Ack::Flushed };
    let mut story = Story::new();
    story.fail(0, 0, append.clone(), Kind::Closed);
    assert_eq!(anomalies(Invariant::Progress, story), ["call-failed"]);

    let mut story = Story::new();
    story.ok(3, 0, Call::CloseWriter, crate::history::Reply::Done);
    story.fail(0, 0, append, Kind::Closed);
    assert_eq!(anomalies(Invariant::Progress, story), [""; 0]);
}
