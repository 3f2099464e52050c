//! Failures of calls where the disk failed: I0, and the holes of I3.

use super::story::Story;
use super::*;
use crate::history::{Call, Event, Failure, Kind, Outcome, Reply};
use crate::plan::{FaultClass, Zone};

fn fault(story: &mut Story, class: FaultClass) {
    let call = Call::Fault { number: 3, class, zone: Zone::Segment, damage: None };
    story.ok(Event::DRIVER, 0, call, Reply::Done);
}

fn flush_fails(story: &mut Story, kind: Kind, text: &str) {
    let index = story.begin(0, 0, Call::Flush { fsync: true });
    story.finish(index, Outcome::Unknown(Failure { kind, text: text.into() }));
}

fn read_is_corrupt(story: &mut Story) {
    let index = story.begin(50, 5, Call::Next { count: 1, wait_us: 0 });
    let failure = Failure { kind: Kind::Corrupt, text: "no whole message".into() };
    story.finish(index, Outcome::Unknown(failure));
}

#[test]
fn a_failure_that_names_a_fault_of_its_process_is_expected() {
    let mut story = Story::new();
    fault(&mut story, FaultClass::SyncKeepsPages);
    flush_fails(&mut story, Kind::Poisoned, "fdatasync: the disk failed (fault #3)");
    assert_eq!(by(Invariant::Progress, story).violations, 0);
}

#[test]
fn another_failure_is_not() {
    // No fault at all, one of another number, one in another process, one that came later.
    let text = "fdatasync: the disk failed (fault #3)";
    let mut story = Story::new();
    flush_fails(&mut story, Kind::Poisoned, text);
    assert_eq!(anomalies(Invariant::Progress, story), ["call-failed"]);

    for text in ["fdatasync: the disk failed (fault #33)", "fdatasync"] {
        let mut story = Story::new();
        fault(&mut story, FaultClass::SyncKeepsPages);
        flush_fails(&mut story, Kind::Poisoned, text);
        assert_eq!(anomalies(Invariant::Progress, story), ["call-failed"], "{text}");
    }

    let mut story = Story::new();
    fault(&mut story, FaultClass::SyncKeepsPages);
    story.process = 1;
    flush_fails(&mut story, Kind::Poisoned, text);
    assert_eq!(anomalies(Invariant::Progress, story), ["call-failed"]);

    let mut story = Story::new();
    flush_fails(&mut story, Kind::Poisoned, text);
    fault(&mut story, FaultClass::SyncKeepsPages);
    assert_eq!(anomalies(Invariant::Progress, story), ["call-failed"]);
}

#[test]
fn what_a_failed_sync_dropped_is_reported_as_missing() {
    let mut story = Story::new();
    fault(&mut story, FaultClass::SyncDropsPages);
    read_is_corrupt(&mut story);
    let judged = (by(Invariant::Progress, story.clone()), by(Invariant::Prefix, story));
    assert_eq!((judged.0.violations, judged.1.violations), (0, 0));

    let mut story = Story::new();
    fault(&mut story, FaultClass::SyncKeepsPages);
    read_is_corrupt(&mut story);
    assert_eq!(anomalies(Invariant::Prefix, story.clone()), ["hole"]);
    assert_eq!(anomalies(Invariant::Progress, story), ["call-failed"]);
}
