//! Silences: I2.

use super::story::{Story, report, run};
use super::*;
use crate::history::{Call, Reply, Report};

/// Three messages, of which session 5 read two; then a silence.
fn silent() -> Story {
    let mut story = Story::new();
    story.append(0, 0, 3, 0);
    story.open_session(5, false);
    story.next(5, &[run(0, 2, 0, 0)]);
    story.ok(crate::history::Event::DRIVER, 0, Call::Silence, Reply::Done);
    story
}

fn looked_up(catch_ups: u32) -> Story {
    let mut story = silent();
    let call = Call::LookupId { id: Some(story.id(0, 2)), all: false };
    let found = [story.entry(2, 0, 2)];
    story.lookup(call, &found, Report { catch_ups, ..report(3, 3) });
    story
}

#[test]
fn sessions_read_on_to_the_end() {
    let mut story = silent();
    story.next(5, &[run(2, 1, 0, 2)]);
    story.next(5, &[]);
    let judged = by(Invariant::AfterSilence, story);
    assert_eq!((judged.verdict(), judged.checked, judged.at_risk), (Verdict::Pass, 1, 1));
}

#[test]
fn two_catch_ups_are_enough() {
    let judged = by(Invariant::AfterSilence, looked_up(2));
    assert_eq!((judged.verdict(), judged.checked, judged.at_risk), (Verdict::Pass, 1, 1));
    assert_eq!(by(Invariant::AfterSilence, looked_up(0)).at_risk, 0, "nothing was stale");
}

#[test]
fn many_catch_ups() {
    assert_eq!(anomalies(Invariant::AfterSilence, looked_up(3)), ["many-catch-ups"]);
}

#[test]
fn unseen_after_silence() {
    let mut story = silent();
    story.next(5, &[]);
    assert_eq!(anomalies(Invariant::AfterSilence, story), ["unseen-after-silence"]);

    let mut story = silent();
    let (place, sequence) = (super::story::place(2), Some(2));
    let call = Call::LookupPosition { place, sequence };
    story.fail(70, 7, call, crate::history::Kind::NotFound);
    assert_eq!(anomalies(Invariant::AfterSilence, story), ["unseen-after-silence"]);

    let mut story = silent();
    story.lookup(Call::LookupId { id: None, all: false }, &[], report(2, 2));
    assert_eq!(anomalies(Invariant::AfterSilence, story), ["unseen-after-silence"]);
}

#[test]
fn what_other_processes_do_is_not_asked() {
    let mut story = silent();
    story.kill();
    story.open_session(6, false);
    story.next(6, &[]);
    let judged = by(Invariant::AfterSilence, story);
    assert_eq!((judged.verdict(), judged.checked), (Verdict::Inconclusive, 0));
}
