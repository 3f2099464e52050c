//! Damage of files: what it excuses, and what not.

use super::story::{Story, appended};
use super::*;
use crate::history::{Call, Failure, Kind, MarksSeen, Outcome, Reply};
use crate::plan::{Ack, Fault, FaultClass, Zone};

const FILE: &str = "/log/t/0/1.seg";

impl Story {
    fn synced(&mut self, first: u64) {
        let call = Call::Append { first, count: 2, ack: Ack::Synced };
        self.ok(0, 0, call, appended(first));
    }

    /// A segment rots; it is repaired at `until_us`.
    fn rot(&mut self, class: FaultClass, until_us: u64) {
        let file = Some(FILE.into());
        let call = Call::Fault { number: 3, class, zone: Zone::Segment, file };
        self.ok(0, 0, call, Reply::Done);
        self.last().returned_us = until_us;
    }

    fn open_at(&mut self, end: u64) {
        let marks = MarksSeen { high_watermark: end, log_end: end, ..MarksSeen::default() };
        self.ok(0, 0, Call::OpenWriter, Reply::Marks(marks));
    }

    fn refused(&mut self, file: &str) {
        let index = self.begin(0, 0, Call::OpenWriter);
        let text = format!("{file:?}: damaged at byte 64").into();
        self.finish(index, Outcome::Fail(Failure { kind: Kind::Corrupt, text }));
    }
}

/// Messages are synced, and so are those of a second append where `is_proven`; a segment rots behind
/// the death of the process, and the next opening finds messages up to `end`.
fn cut(is_proven: bool, end: u64) -> Story {
    let mut story = Story::new();
    story.synced(0);
    if is_proven {
        story.synced(2);
    }
    story.kill();
    story.process -= 1;
    story.rot(FaultClass::RotAtRest, 1_000);
    story.process += 1;
    story.open_at(end);
    story
}

#[test]
fn what_a_later_frame_proves_is_not_cut_without_a_word() {
    assert_eq!(anomalies(Invariant::SyncedSurvives, cut(true, 0)), ["lost-synced"]);
    assert!(anomalies(Invariant::SyncedSurvives, cut(true, 2)).is_empty());
    assert!(anomalies(Invariant::SyncedSurvives, cut(false, 0)).is_empty());
}

#[test]
fn what_an_opening_found_is_synced_from_then_on() {
    let mut story = cut(true, 4);
    story.synced(4);
    story.lose_power(2);
    assert_eq!(anomalies(Invariant::SyncedSurvives, story), ["lost-synced"]);
}

#[test]
fn an_error_is_expected_where_it_names_what_is_damaged_while_it_is() {
    let damaged = |file: &str, until_us| {
        let mut story = Story::new();
        story.rot(FaultClass::BitRot, until_us);
        story.refused(file);
        anomalies(Invariant::Progress, story)
    };
    assert!(damaged(FILE, 1_000).is_empty());
    assert_eq!(damaged("/log/t/0/2.seg", 1_000), ["call-failed"]);
    assert_eq!(damaged(FILE, 1), ["call-failed"]);
}

/// Where damage ends a lifetime while a partition is opened, what fails the opening comes behind it.
#[test]
fn an_opening_under_way_may_meet_a_fault_behind_damage() {
    let failed = |named: u32| {
        let mut story = Story::new();
        let opening = story.begin(0, 0, Call::OpenWriter);
        story.rot(FaultClass::MisdirectedWrite, 1_000);
        let class = FaultClass::SyncForgetsPages;
        let call = Call::Fault { number: 7, class, zone: Zone::Segment, file: None };
        story.ok(0, 0, call, Reply::Done);
        let text = Fault::tag(named).into();
        story.finish(opening, Outcome::Unknown(Failure { kind: Kind::Poisoned, text }));
        anomalies(Invariant::Progress, story)
    };
    assert!(failed(7).is_empty());
    assert_eq!(failed(8), ["call-failed"]);
}
